"""The `aws` CLI drives every operation that the embedded AWS says it answers.

`CLAVIGER_ENDPOINT` and `CLAVIGER_CREDENTIALS` are as `run.py` takes them. Scenarios run beside one another: each call
starts the CLI anew, which takes most of a second. `cli.py pods` runs these scenarios alone.
"""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import iam_credentials
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import load_der_public_key

import issuer

ENDPOINT = os.environ["CLAVIGER_ENDPOINT"]
CREDENTIALS = json.loads(os.environ["CLAVIGER_CREDENTIALS"])
ACCOUNT = sorted(CREDENTIALS)[0]
# The first role that IAM makes closes its account to roles that nobody made.
IAM_ACCOUNT = sorted(CREDENTIALS)[1]
REGION = "us-west-2"

driven = set()
lock = threading.Lock()


def aws(service, operation, *arguments, credentials=None, region=REGION, refused=None, environment=None):
    """Runs the CLI; returns its JSON, or checks that it was refused with this code (v2 exits with 254, v1 with 255).

    It has the credentials in its environment; where that is given, what it tells instead.
    """
    credentials = credentials or CREDENTIALS[ACCOUNT]
    if environment is None:
        environment = {
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        }
        if "SessionToken" in credentials:
            environment["AWS_SESSION_TOKEN"] = credentials["SessionToken"]
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": ENDPOINT,
        "AWS_DEFAULT_REGION": region,
        "AWS_MAX_ATTEMPTS": "1",
        **environment,
    }
    command = [str(Path(sys.executable).parent / "aws"), service, operation, "--output", "json", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    with lock:
        driven.add((service, operation))
    if refused:
        assert done.returncode in (254, 255) and f"An error occurred ({refused})" in done.stderr, (operation, done)
        return None
    assert done.returncode == 0, (operation, arguments, done.stderr)
    return json.loads(done.stdout) if done.stdout.strip() else None


def kms(operation, *arguments, **options):
    return aws("kms", operation, *arguments, **options)


def sts(operation, *arguments, **options):
    return aws("sts", operation, *arguments, **options)


def iam(operation, *arguments, **options):
    return aws("iam", operation, *arguments, **{"credentials": CREDENTIALS[IAM_ACCOUNT], **options})


def new_key(*arguments):
    return kms("create-key", *arguments)["KeyMetadata"]


def sealing_and_opening():
    with tempfile.TemporaryDirectory() as directory:
        plain, sealed = Path(directory, "plain"), Path(directory, "sealed")
        plain.write_bytes(b"\x00secret\xff")
        key = new_key("--description", "sealing")["KeyId"]
        kms("create-alias", "--alias-name", "alias/cli", "--target-key-id", key)
        context = ("--encryption-context", "cluster=demo,purpose=etcd")
        answer = kms("encrypt", "--key-id", "alias/cli", "--plaintext", f"fileb://{plain}", *context)
        sealed.write_bytes(base64.b64decode(answer["CiphertextBlob"]))
        opened = kms("decrypt", "--ciphertext-blob", f"fileb://{sealed}", *context)
        assert base64.b64decode(opened["Plaintext"]) == plain.read_bytes(), opened
        kms("decrypt", "--ciphertext-blob", f"fileb://{sealed}", refused="InvalidCiphertextException")
        moved = kms("re-encrypt", "--ciphertext-blob", f"fileb://{sealed}", "--destination-key-id", key,
                    "--source-encryption-context", "cluster=demo,purpose=etcd")
        assert moved["KeyId"].endswith(key), moved
    data_key = kms("generate-data-key", "--key-id", key, "--key-spec", "AES_256")
    assert len(base64.b64decode(data_key["Plaintext"])) == 32, data_key
    assert "Plaintext" not in kms("generate-data-key-without-plaintext", "--key-id", key, "--number-of-bytes", "64")
    assert len(base64.b64decode(kms("generate-random", "--number-of-bytes", "12")["Plaintext"])) == 12
    other = new_key()["KeyId"]
    kms("update-alias", "--alias-name", "alias/cli", "--target-key-id", other)
    [alias] = kms("list-aliases", "--key-id", other)["Aliases"]
    assert alias["AliasName"] == "alias/cli", alias
    kms("delete-alias", "--alias-name", "alias/cli")
    kms("describe-key", "--key-id", "alias/cli", refused="NotFoundException")


def a_keys_life():
    key = new_key("--tags", "TagKey=team,TagValue=blue")["KeyId"]
    kms("update-key-description", "--key-id", key, "--description", "renamed")
    assert kms("describe-key", "--key-id", key)["KeyMetadata"]["Description"] == "renamed"
    kms("tag-resource", "--key-id", key, "--tags", "TagKey=cost,TagValue=42")
    kms("untag-resource", "--key-id", key, "--tag-keys", "team")
    assert kms("list-resource-tags", "--key-id", key)["Tags"] == [{"TagKey": "cost", "TagValue": "42"}]
    policy = kms("get-key-policy", "--key-id", key, "--policy-name", "default")["Policy"]
    kms("put-key-policy", "--key-id", key, "--policy-name", "default", "--policy", policy)
    assert kms("list-key-policies", "--key-id", key)["PolicyNames"] == ["default"]
    kms("disable-key", "--key-id", key)
    kms("generate-data-key", "--key-id", key, "--key-spec", "AES_256", refused="DisabledException")
    kms("enable-key", "--key-id", key)
    kms("schedule-key-deletion", "--key-id", key, "--pending-window-in-days", "7")
    kms("enable-key", "--key-id", key, refused="KMSInvalidStateException")
    kms("cancel-key-deletion", "--key-id", key)
    # The CLI walks through the pages by itself.
    assert key in [each["KeyId"] for each in kms("list-keys", "--page-size", "1")["Keys"]]


def rotation_and_regions():
    key = new_key("--multi-region")["KeyId"]
    kms("enable-key-rotation", "--key-id", key, "--rotation-period-in-days", "90")
    assert kms("get-key-rotation-status", "--key-id", key)["RotationPeriodInDays"] == 90
    kms("disable-key-rotation", "--key-id", key)
    kms("rotate-key-on-demand", "--key-id", key)
    [rotation] = kms("list-key-rotations", "--key-id", key)["Rotations"]
    assert rotation["RotationType"] == "ON_DEMAND", rotation
    kms("replicate-key", "--key-id", key, "--replica-region", "eu-west-1")
    replica = kms("describe-key", "--key-id", key, region="eu-west-1")["KeyMetadata"]
    assert replica["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA", replica
    while replica["KeyState"] == "Creating":
        replica = kms("describe-key", "--key-id", key, region="eu-west-1")["KeyMetadata"]
    kms("update-primary-region", "--key-id", key, "--primary-region", "eu-west-1")


def grants():
    key = new_key()["Arn"]
    role = f"arn:aws:iam::{ACCOUNT}:role/Reader"
    make = ("create-grant", "--key-id", key, "--grantee-principal", role, "--retiring-principal", role, "--operations", "Decrypt")
    one, two = kms(*make), kms(*make)
    assert len(kms("list-grants", "--key-id", key)["Grants"]) == 2
    retirable = kms("list-retirable-grants", "--retiring-principal", role)["Grants"]
    assert {one["GrantId"], two["GrantId"]} <= {grant["GrantId"] for grant in retirable}
    kms("retire-grant", "--grant-token", one["GrantToken"])
    kms("revoke-grant", "--key-id", key, "--grant-id", two["GrantId"])
    assert kms("list-grants", "--key-id", key)["Grants"] == []


def signing_and_agreeing():
    with tempfile.TemporaryDirectory() as directory:
        message, signature, public = (Path(directory, name) for name in ("message", "signature", "public.der"))
        message.write_bytes(b"what is signed")
        key = ("--key-id", new_key("--key-spec", "ECC_NIST_P384", "--key-usage", "SIGN_VERIFY")["KeyId"])
        use = (*key, "--message", f"fileb://{message}", "--signing-algorithm", "ECDSA_SHA_384")
        signature.write_bytes(base64.b64decode(kms("sign", *use)["Signature"]))
        assert kms("verify", *use, "--signature", f"fileb://{signature}")["SignatureValid"] is True
        public.write_bytes(base64.b64decode(kms("get-public-key", *key)["PublicKey"]))
        load_der_public_key(public.read_bytes()).verify(signature.read_bytes(), message.read_bytes(), ec.ECDSA(hashes.SHA384()))
        signature.write_bytes(b"x")
        kms("verify", *use, "--signature", f"fileb://{signature}", refused="KMSInvalidSignatureException")
        one, two = (new_key("--key-spec", "ECC_NIST_P384", "--key-usage", "KEY_AGREEMENT")["KeyId"] for _ in range(2))
        secrets = []
        for ours, theirs in ((one, two), (two, one)):
            public.write_bytes(base64.b64decode(kms("get-public-key", "--key-id", theirs)["PublicKey"]))
            agree = ("--key-id", ours, "--key-agreement-algorithm", "ECDH", "--public-key", f"fileb://{public}")
            secrets.append(kms("derive-shared-secret", *agree)["SharedSecret"])
        assert secrets[0] == secrets[1]


def codes_and_pairs():
    with tempfile.TemporaryDirectory() as directory:
        message, made = Path(directory, "message"), Path(directory, "mac")
        message.write_bytes(b"x")
        mac = ("--message", f"fileb://{message}", "--mac-algorithm", "HMAC_SHA_256")
        key = ("--key-id", new_key("--key-spec", "HMAC_256", "--key-usage", "GENERATE_VERIFY_MAC")["KeyId"])
        made.write_bytes(base64.b64decode(kms("generate-mac", *key, *mac)["Mac"]))
        assert kms("verify-mac", *key, *mac, "--mac", f"fileb://{made}")["MacValid"] is True
        kms("verify-mac", *key, *mac, "--mac", f"fileb://{message}", refused="KMSInvalidMacException")
    key = ("--key-id", new_key()["KeyId"])
    pair = kms("generate-data-key-pair", *key, "--key-pair-spec", "RSA_2048")
    assert pair["PrivateKeyPlaintext"] and pair["PublicKey"], pair
    blind = kms("generate-data-key-pair-without-plaintext", *key, "--key-pair-spec", "ECC_NIST_P256")
    assert "PrivateKeyPlaintext" not in blind, blind
    assert kms("get-key-last-usage", *key)["KeyLastUsage"]["Operation"] == "GenerateDataKeyPairWithoutPlaintext"


def importing():
    with tempfile.TemporaryDirectory() as directory:
        public, material, sealed, token = (Path(directory, name) for name in ("public.der", "material", "sealed", "token"))
        material.write_bytes(os.urandom(32))
        key = ("--key-id", new_key("--origin", "EXTERNAL")["KeyId"])
        wrapping = ("--wrapping-algorithm", "RSAES_OAEP_SHA_256", "--wrapping-key-spec", "RSA_2048")
        parameters = kms("get-parameters-for-import", *key, *wrapping)
        public.write_bytes(base64.b64decode(parameters["PublicKey"]))
        token.write_bytes(base64.b64decode(parameters["ImportToken"]))
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        sealed.write_bytes(load_der_public_key(public.read_bytes()).encrypt(material.read_bytes(), oaep))
        bring = ("--import-token", f"fileb://{token}", "--encrypted-key-material", f"fileb://{sealed}")
        kms("import-key-material", *key, *bring, "--expiration-model", "KEY_MATERIAL_DOES_NOT_EXPIRE")
        kms("encrypt", *key, "--plaintext", "eA==")
        kms("delete-imported-key-material", *key)
        kms("encrypt", *key, "--plaintext", "eA==", refused="KMSInvalidStateException")


def key_stores():
    assert kms("describe-custom-key-stores")["CustomKeyStores"] == []
    store, missing = ("--custom-key-store-id", "cks-1234567890abcdef0"), "CustomKeyStoreNotFoundException"
    for operation in ("connect", "disconnect", "delete", "update"):
        kms(f"{operation}-custom-key-store", *store, refused=missing)
    kms("create-custom-key-store", "--custom-key-store-name", "vault", "--cloud-hsm-cluster-id", "cluster-a2b3c4d5e6f",
        "--key-store-password", "kmsPswd", "--trust-anchor-certificate", "-----BEGIN CERTIFICATE-----",
        refused="CloudHsmClusterNotFoundException")


def sessions():
    assert sts("get-caller-identity")["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    role = f"arn:aws:iam::{ACCOUNT}:role/Reader"
    begun = sts("assume-role", "--role-arn", role, "--role-session-name", "cli", "--tags", "Key=a,Value=b")["Credentials"]
    arn = sts("get-caller-identity", credentials=begun)["Arn"]
    assert arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/Reader/cli", arn
    sts("get-session-token", credentials=begun, refused="AccessDenied")
    sts("get-session-token", "--duration-seconds", "900")
    federated = sts("get-federation-token", "--name", "ann")["FederatedUser"]["Arn"]
    assert federated == f"arn:aws:sts::{ACCOUNT}:federated-user/ann", federated
    sts("decode-authorization-message", "--encoded-message", "none", refused="InvalidAuthorizationMessageException")
    assert sts("get-access-key-info", "--access-key-id", begun["AccessKeyId"])["Account"] == ACCOUNT
    sts("get-caller-identity", credentials={**begun, "SecretAccessKey": "wrong"}, refused="SignatureDoesNotMatch")


def web_identities():
    """A pod's service account, as EKS's webhook sets its environment: nothing else is told to the client."""
    token = issuer.Issuer().token()
    provider = iam("create-open-id-connect-provider", "--url", issuer.URL, "--client-id-list", issuer.AUDIENCE)["OpenIDConnectProviderArn"]
    role = iam("create-role", "--role-name", "CliWeb", "--assume-role-policy-document", issuer.trust(provider))["Role"]["Arn"]
    begun = sts("assume-role-with-web-identity", "--role-arn", role, "--role-session-name", "cli", "--web-identity-token", token)
    assert begun["Provider"] == provider, begun
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "token"
        file.write_text(token)
        environment = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(file), "AWS_ROLE_ARN": role, "AWS_ROLE_SESSION_NAME": "pod"}
        arn = sts("get-caller-identity", environment=environment)["Arn"]
    assert arn.endswith(":assumed-role/CliWeb/pod"), arn
    iam("delete-role", "--role-name", "CliWeb")
    iam("delete-open-id-connect-provider", "--open-id-connect-provider-arn", provider)


def the_trail():
    key = new_key("--description", "trailed")["Arn"]
    role = f"arn:aws:iam::{ACCOUNT}:role/Trailed"
    begun = sts("assume-role", "--role-arn", role, "--role-session-name", "trailed")["Credentials"]
    kms("disable-key", "--key-id", key, credentials=begun)
    attribute = ("--lookup-attributes", f"AttributeKey=ResourceName,AttributeValue={key}")
    # The CLI walks through the pages by itself.
    events = aws("cloudtrail", "lookup-events", "--page-size", "1", *attribute)["Events"]
    assert [(event["EventName"], event["Username"]) for event in events] == [("DisableKey", "trailed"), ("CreateKey", "root")], events
    [event] = aws("cloudtrail", "lookup-events", "--max-items", "1", *attribute)["Events"]
    identity = json.loads(event["CloudTrailEvent"])["userIdentity"]
    assert (identity["type"], identity["sessionContext"]["sessionIssuer"]["arn"]) == ("AssumedRole", role), identity


def a_trails_settings():
    aws("cloudtrail", "create-trail", "--name", "cli", "--s3-bucket-name", "cli-bucket")
    aws("cloudtrail", "start-logging", "--name", "cli")
    assert aws("cloudtrail", "get-trail-status", "--name", "cli")["IsLogging"]
    aws("cloudtrail", "stop-logging", "--name", "cli")
    aws("cloudtrail", "update-trail", "--name", "cli", "--s3-key-prefix", "logs")
    trail = aws("cloudtrail", "get-trail", "--name", "cli")["Trail"]
    assert trail["S3KeyPrefix"] == "logs" and trail["HomeRegion"] == REGION, trail
    assert aws("cloudtrail", "describe-trails")["trailList"] == [trail]
    assert [each["TrailARN"] for each in aws("cloudtrail", "list-trails")["Trails"]] == [trail["TrailARN"]]
    aws("cloudtrail", "delete-trail", "--name", "cli")
    aws("cloudtrail", "get-trail", "--name", "cli", refused="TrailNotFoundException")


TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{IAM_ACCOUNT}:root"}, "Action": "sts:AssumeRole"}]})
READ = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"}]})
TAGS = ("--tags", "Key=team,Value=blue")


def tagging(kind, *of):
    iam(f"tag-{kind}", *of, *TAGS)
    assert iam(f"list-{kind}-tags", *of)["Tags"] == [{"Key": "team", "Value": "blue"}]
    iam(f"untag-{kind}", *of, "--tag-keys", "team")


def policies_of(kind, *of):
    inline = (*of, "--policy-name", "read")
    iam(f"put-{kind}-policy", *inline, "--policy-document", READ)
    assert iam(f"get-{kind}-policy", *inline)["PolicyDocument"] == json.loads(READ)
    assert iam(f"list-{kind}-policies", *of)["PolicyNames"] == ["read"]
    iam(f"delete-{kind}-policy", *inline)
    arn = iam("create-policy", "--policy-name", f"of-{kind}", "--policy-document", READ)["Policy"]["Arn"]
    iam(f"attach-{kind}-policy", *of, "--policy-arn", arn)
    assert [each["PolicyArn"] for each in iam(f"list-attached-{kind}-policies", *of)["AttachedPolicies"]] == [arn]
    return arn


def roles():
    of = ("--role-name", "Cli")
    role = iam("create-role", *of, "--assume-role-policy-document", TRUST)["Role"]
    assert iam("get-role", *of)["Role"]["AssumeRolePolicyDocument"] == json.loads(TRUST)
    iam("put-role-policy", *of, "--policy-name", "first", "--policy-document", READ)
    begun = sts("assume-role", "--role-arn", role["Arn"], "--role-session-name", "cli", credentials=CREDENTIALS[IAM_ACCOUNT])["Credentials"]
    kms("list-keys", credentials=begun)
    iam("delete-role-policy", *of, "--policy-name", "first")
    kms("list-keys", credentials=begun, refused="AccessDeniedException")
    assert "Cli" in [each["RoleName"] for each in iam("list-roles", "--page-size", "1")["Roles"]]
    iam("update-role", *of, "--max-session-duration", "7200")
    iam("update-role-description", *of, "--description", "described")
    iam("update-assume-role-policy", *of, "--policy-document", TRUST)
    tagging("role", *of)
    arn = policies_of("role", *of)
    iam("put-role-permissions-boundary", *of, "--permissions-boundary", arn)
    iam("delete-role-permissions-boundary", *of)
    profile = ("--instance-profile-name", "Cli")
    iam("create-instance-profile", *profile)
    iam("add-role-to-instance-profile", *profile, *of)
    assert iam("get-instance-profile", *profile)["InstanceProfile"]["Roles"][0]["RoleName"] == "Cli"
    assert len(iam("list-instance-profiles")["InstanceProfiles"]) == 1
    assert len(iam("list-instance-profiles-for-role", *of)["InstanceProfiles"]) == 1
    tagging("instance-profile", *profile)
    iam("remove-role-from-instance-profile", *profile, *of)
    iam("delete-instance-profile", *profile)
    iam("delete-role", *of, refused="DeleteConflict")
    iam("detach-role-policy", *of, "--policy-arn", arn)
    iam("delete-role", *of)


def users_and_groups():
    of, group = ("--user-name", "cli"), ("--group-name", "cli")
    arn = iam("create-user", *of)["User"]["Arn"]
    assert iam("get-user", *of)["User"]["Arn"] == arn and "cli" in [user["UserName"] for user in iam("list-users")["Users"]]
    tagging("user", *of)
    keys = iam("create-access-key", *of)["AccessKey"]
    assert sts("get-caller-identity", credentials=keys)["Arn"] == arn
    iam("get-user", credentials=keys, refused="AccessDenied")
    assert iam("get-access-key-last-used", "--access-key-id", keys["AccessKeyId"])["UserName"] == "cli"
    assert len(iam("list-access-keys", *of)["AccessKeyMetadata"]) == 1
    iam("update-access-key", *of, "--access-key-id", keys["AccessKeyId"], "--status", "Inactive")
    sts("get-caller-identity", credentials=keys, refused="InvalidClientTokenId")
    iam("delete-access-key", *of, "--access-key-id", keys["AccessKeyId"])
    policy = policies_of("user", *of)
    iam("put-user-permissions-boundary", *of, "--permissions-boundary", policy)
    iam("delete-user-permissions-boundary", *of)
    iam("detach-user-policy", *of, "--policy-arn", policy)
    iam("create-group", *group)
    iam("add-user-to-group", *group, *of)
    assert len(iam("get-group", *group)["Users"]) == 1 and len(iam("list-groups")["Groups"]) == 1
    assert len(iam("list-groups-for-user", *of)["Groups"]) == 1
    iam("remove-user-from-group", *group, *of)
    iam("detach-group-policy", *group, "--policy-arn", policies_of("group", *group))
    iam("update-group", *group, "--new-group-name", "cli2")
    iam("delete-group", "--group-name", "cli2")
    iam("update-user", *of, "--new-user-name", "cli2")
    iam("delete-user", "--user-name", "cli2")


def the_rest_of_iam():
    arn = iam("create-policy", "--policy-name", "Cli", "--policy-document", READ)["Policy"]["Arn"]
    of = ("--policy-arn", arn)
    assert iam("get-policy", *of)["Policy"]["DefaultVersionId"] == "v1"
    iam("create-policy-version", *of, "--policy-document", READ)
    assert len(iam("list-policy-versions", *of)["Versions"]) == 2
    assert iam("get-policy-version", *of, "--version-id", "v2")["PolicyVersion"]["Document"] == json.loads(READ)
    iam("set-default-policy-version", *of, "--version-id", "v2")
    iam("delete-policy-version", *of, "--version-id", "v1")
    assert iam("list-entities-for-policy", *of)["PolicyRoles"] == []
    assert arn in [each["Arn"] for each in iam("list-policies", "--scope", "Local")["Policies"]]
    tagging("policy", *of)
    iam("delete-policy", *of)
    url = "https://oidc.example.com/cli"
    arn = iam("create-open-id-connect-provider", "--url", url, "--thumbprint-list", "a" * 40)["OpenIDConnectProviderArn"]
    of = ("--open-id-connect-provider-arn", arn)
    iam("add-client-id-to-open-id-connect-provider", *of, "--client-id", "sts.amazonaws.com")
    assert iam("get-open-id-connect-provider", *of)["ClientIDList"] == ["sts.amazonaws.com"]
    iam("remove-client-id-from-open-id-connect-provider", *of, "--client-id", "sts.amazonaws.com")
    web_identities()
    iam("update-open-id-connect-provider-thumbprint", *of, "--thumbprint-list", "b" * 40)
    assert len(iam("list-open-id-connect-providers")["OpenIDConnectProviderList"]) == 1
    tagging("open-id-connect-provider", *of)
    iam("delete-open-id-connect-provider", *of)
    name = iam("create-service-linked-role", "--aws-service-name", "ecs.amazonaws.com")["Role"]["RoleName"]
    task = iam("delete-service-linked-role", "--role-name", name)["DeletionTaskId"]
    assert iam("get-service-linked-role-deletion-status", "--deletion-task-id", task)["Status"] == "SUCCEEDED"
    alias = ("--account-alias", "claviger-cli")
    iam("create-account-alias", *alias)
    assert iam("list-account-aliases")["AccountAliases"] == ["claviger-cli"]
    iam("delete-account-alias", *alias)
    assert iam("get-account-summary")["SummaryMap"]["RolesQuota"] == 1000
    assert "RoleDetailList" in iam("get-account-authorization-details")
    asked = ("--policy-input-list", READ, "--action-names", "kms:ListKeys")
    assert iam("simulate-custom-policy", *asked)["EvaluationResults"][0]["EvalDecision"] == "allowed"
    assert iam("get-context-keys-for-custom-policy", "--policy-input-list", READ)["ContextKeyNames"] == []
    source = ("--policy-source-arn", iam("create-user", "--user-name", "source")["User"]["Arn"])
    said = iam("simulate-principal-policy", *source, "--action-names", "kms:ListKeys")["EvaluationResults"]
    assert said[0]["EvalDecision"] == "implicitDeny", said
    assert iam("get-context-keys-for-principal-policy", *source)["ContextKeyNames"] == []
    iam("list-organizations-features", refused="InvalidAction")


def what_users_sign_in_with():
    of = ("--user-name", "signs")
    iam("create-user", *of)
    iam("update-account-password-policy", "--allow-users-to-change-password")
    assert iam("get-account-password-policy")["PasswordPolicy"]["AllowUsersToChangePassword"]
    iam("create-login-profile", *of, "--password", "Abcdefg-1")
    iam("update-login-profile", *of, "--password", "Abcdefg-2")
    passwords = ("--old-password", "Abcdefg-2", "--new-password", "Abcdefg-3")
    iam("change-password", *passwords, credentials=iam("create-access-key", *of)["AccessKey"])
    assert iam("get-login-profile", *of)["LoginProfile"]["UserName"] == "signs"
    iam("delete-login-profile", *of)
    iam("delete-account-password-policy")
    made = iam("create-service-specific-credential", *of, "--service-name", "codecommit.amazonaws.com")["ServiceSpecificCredential"]
    named = (*of, "--service-specific-credential-id", made["ServiceSpecificCredentialId"])
    again = iam("reset-service-specific-credential", *named)["ServiceSpecificCredential"]
    assert again["ServicePassword"] != made["ServicePassword"]
    iam("update-service-specific-credential", *named, "--status", "Inactive")
    assert iam("list-service-specific-credentials", *of)["ServiceSpecificCredentials"][0]["Status"] == "Inactive"
    iam("delete-service-specific-credential", *named)
    with tempfile.TemporaryDirectory() as folder:
        seed = Path(folder) / "seed"
        bootstrap = ("--outfile", str(seed), "--bootstrap-method", "Base32StringSeed")
        made = iam("create-virtual-mfa-device", "--virtual-mfa-device-name", "signs", *bootstrap)["VirtualMFADevice"]
        codes = iam_credentials.codes(seed.read_bytes())
    device = ("--serial-number", made["SerialNumber"])
    codes = ("--authentication-code1", codes["AuthenticationCode1"], "--authentication-code2", codes["AuthenticationCode2"])
    tagging("mfa-device", *device)
    iam("enable-mfa-device", *of, *device, *codes)
    iam("resync-mfa-device", *of, *device, *codes)
    assert len(iam("list-mfa-devices", *of)["MFADevices"]) == 1
    assert iam("get-mfa-device", *of, *device)["UserName"] == "signs"
    assert iam("list-virtual-mfa-devices")["VirtualMFADevices"][0]["SerialNumber"] == made["SerialNumber"]
    iam("deactivate-mfa-device", *of, *device)
    iam("delete-virtual-mfa-device", *device)
    assert iam("generate-credential-report")["State"] == "STARTED"
    assert iam("get-credential-report")["ReportFormat"] == "text/csv"


def orgs(operation, *arguments, **options):
    return aws("organizations", operation, *arguments, **{"region": "us-east-1", **options})


def an_organization():
    """Run by itself, before the others: they would be in it."""
    scp, second = "SERVICE_CONTROL_POLICY", {"credentials": CREDENTIALS[IAM_ACCOUNT]}
    made = orgs("create-organization", "--feature-set", "ALL")["Organization"]
    assert orgs("describe-organization")["Organization"] == made
    root = orgs("list-roots")["Roots"][0]["Id"]
    of_type = ("--root-id", root, "--policy-type", "RESOURCE_CONTROL_POLICY")
    orgs("enable-policy-type", *of_type)
    orgs("disable-policy-type", *of_type)
    unit = orgs("create-organizational-unit", "--parent-id", root, "--name", "cli")["OrganizationalUnit"]["Id"]
    of_unit = ("--organizational-unit-id", unit)
    orgs("update-organizational-unit", *of_unit, "--name", "renamed")
    assert orgs("describe-organizational-unit", *of_unit)["OrganizationalUnit"]["Name"] == "renamed"
    assert len(orgs("list-organizational-units-for-parent", "--parent-id", root)["OrganizationalUnits"]) == 1

    deny = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "kms:ListKeys", "Resource": "*"}]})
    policy = ("--type", scp, "--name", "cli", "--description", "", "--content", deny)
    policy = orgs("create-policy", *policy)["Policy"]["PolicySummary"]["Id"]
    orgs("update-policy", "--policy-id", policy, "--description", "new")
    assert orgs("describe-policy", "--policy-id", policy)["Policy"]["PolicySummary"]["Description"] == "new"
    assert len(orgs("list-policies", "--filter", scp)["Policies"]) == 2

    # The second account declines, sees an invitation taken back, and joins.
    invited = ("--target", f"Id={IAM_ACCOUNT},Type=ACCOUNT")
    for answer, options in (("decline-handshake", second), ("cancel-handshake", {}), ("accept-handshake", second)):
        handshake = ("--handshake-id", orgs("invite-account-to-organization", *invited)["Handshake"]["Id"])
        assert orgs("describe-handshake", *handshake, **second)["Handshake"]["State"] == "OPEN"
        orgs(answer, *handshake, **options)
    assert len(orgs("list-handshakes-for-account", **second)["Handshakes"]) == 3
    assert len(orgs("list-handshakes-for-organization")["Handshakes"]) == 3
    account = ("--account-id", IAM_ACCOUNT)
    orgs("move-account", *account, "--source-parent-id", root, "--destination-parent-id", unit)
    assert orgs("describe-account", *account)["Account"]["Status"] == "ACTIVE"
    assert orgs("list-parents", "--child-id", IAM_ACCOUNT)["Parents"][0]["Id"] == unit
    assert len(orgs("list-children", "--parent-id", unit, "--child-type", "ACCOUNT")["Children"]) == 1
    assert len(orgs("list-accounts-for-parent", "--parent-id", unit)["Accounts"]) == 1
    assert len(orgs("list-accounts")["Accounts"]) == 2

    target = ("--policy-id", policy, "--target-id", unit)
    kms("list-keys", **second)
    orgs("attach-policy", *target)
    kms("list-keys", refused="AccessDeniedException", **second)
    assert len(orgs("list-targets-for-policy", "--policy-id", policy)["Targets"]) == 1
    assert len(orgs("list-policies-for-target", "--target-id", unit, "--filter", scp)["Policies"]) == 2
    orgs("detach-policy", *target)
    kms("list-keys", **second)
    orgs("delete-policy", "--policy-id", policy)

    resource = ("--resource-id", unit)
    orgs("tag-resource", *resource, "--tags", "Key=a,Value=b")
    assert len(orgs("list-tags-for-resource", *resource)["Tags"]) == 1
    orgs("untag-resource", *resource, "--tag-keys", "a")
    service = ("--service-principal", "config.amazonaws.com")
    orgs("enable-aws-service-access", *service)
    assert len(orgs("list-aws-service-access-for-organization")["EnabledServicePrincipals"]) == 1
    orgs("register-delegated-administrator", *account, *service)
    assert len(orgs("list-delegated-administrators")["DelegatedAdministrators"]) == 1
    assert len(orgs("list-delegated-services-for-account", *account)["DelegatedServices"]) == 1
    orgs("deregister-delegated-administrator", *account, *service)
    orgs("disable-aws-service-access", *service)

    request = orgs("create-account", "--email", "cli@example.com", "--account-name", "cli")["CreateAccountStatus"]["Id"]
    status = orgs("describe-create-account-status", "--create-account-request-id", request)["CreateAccountStatus"]
    assert len(orgs("list-create-account-status")["CreateAccountStatuses"]) == 1
    new = ("--account-id", status["AccountId"])
    orgs("close-account", *new)
    orgs("remove-account-from-organization", *new)
    orgs("leave-organization", **second)
    orgs("delete-organizational-unit", *of_unit)
    orgs("delete-organization")
    orgs("enable-all-features", refused="UnknownOperationException")


def of_eks(operation, *arguments, **options):
    """Calls of EKS are those of the account that has the roles which IAM made."""
    return aws("eks", operation, *arguments, **{"credentials": CREDENTIALS[IAM_ACCOUNT], **options})


def role_for(name, service):
    document = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": ["sts:AssumeRole", "sts:TagSession"]}]}
    return iam("create-role", "--role-name", name, "--assume-role-policy-document", json.dumps(document))["Role"]["Arn"]


def pods():
    """What a node does for its pods, and who set that up. Its account has the roles that IAM made."""
    of_account, eks, role = {"credentials": CREDENTIALS[IAM_ACCOUNT]}, of_eks, role_for
    vpc = ("--resources-vpc-config", "subnetIds=subnet-6782e71e,subnet-e7e761ac")
    made = eks("create-cluster", "--name", "cli", "--role-arn", role("cli-cluster", "eks.amazonaws.com"), *vpc)["cluster"]
    named = ("--cluster-name", "cli")
    eks("wait", "cluster-active", "--name", "cli")
    assert eks("describe-cluster", "--name", "cli")["cluster"]["status"] == "ACTIVE"
    assert eks("list-clusters")["clusters"] == ["cli"]
    eks("update-cluster-config", "--name", "cli", "--resources-vpc-config", "endpointPrivateAccess=true")
    eks("wait", "cluster-active", "--name", "cli")
    newer = f"1.{int(made['version'].split('.')[1]) + 1}"
    assert eks("update-cluster-version", "--name", "cli", "--kubernetes-version", newer)["update"]["type"] == "VersionUpdate"
    for_pods = (role("cli-pod", "pods.eks.amazonaws.com"), role("cli-pod-2", "pods.eks.amazonaws.com"))
    account = ("--namespace", "default", "--service-account", "api")

    offered = eks("describe-addon-versions", "--addon-name", "vpc-cni")["addons"][0]["addonVersions"][0]["addonVersion"]
    needed = eks("describe-addon-configuration", "--addon-name", "vpc-cni", "--addon-version", offered)["podIdentityConfiguration"]
    addon = (*named, "--addon-name", "vpc-cni")
    given = f"serviceAccount={needed[0]['serviceAccount']},roleArn={for_pods[0]}"
    owned = eks("create-addon", *addon, "--addon-version", offered, "--pod-identity-associations", given)["addon"]
    eks("wait", "addon-active", *addon)
    assert eks("describe-addon", *addon)["addon"]["podIdentityAssociations"] == owned["podIdentityAssociations"]
    update = eks("update-addon", *addon, "--pod-identity-associations", "[]")["update"]
    of_addon = ("--name", "cli", "--addon-name", "vpc-cni")
    assert eks("describe-update", *of_addon, "--update-id", update["id"])["update"]["type"] == "AddonUpdate"
    assert eks("list-updates", *of_addon)["updateIds"] == [update["id"]]
    assert eks("list-addons", *named)["addons"] == ["vpc-cni"]
    assert eks("delete-addon", *addon)["addon"]["status"] == "DELETING"
    eks("wait", "addon-deleted", *addon)

    association = eks("create-pod-identity-association", *named, *account, "--role-arn", for_pods[0])["association"]
    eks("create-pod-identity-association", *named, *account, "--role-arn", for_pods[0], refused="ResourceInUseException")
    which = (*named, "--association-id", association["associationId"])
    assert eks("describe-pod-identity-association", *which)["association"] == association
    changed = eks("update-pod-identity-association", *which, "--role-arn", for_pods[1])["association"]
    assert changed["roleArn"] == for_pods[1], changed
    assert len(eks("list-pod-identity-associations", *named, "--namespace", "default")["associations"]) == 1
    tagged = ("--resource-arn", made["arn"])
    eks("tag-resource", *tagged, "--tags", "a=b,c=d e")
    eks("untag-resource", *tagged, "--tag-keys", "a")
    assert eks("list-tags-for-resource", *tagged)["tags"] == {"c": "d e"}

    asked = {"cluster": made["arn"], "namespace": "default", "serviceAccount": "api"}
    asked = urllib.request.Request(
        f"{ENDPOINT}/_claviger/eks/token", json.dumps(asked).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        token = json.load(answer)["token"]
    given = aws("eks-auth", "assume-role-for-pod-identity", *named, "--token", token, **of_account)
    assert given["assumedRoleUser"]["arn"].split("/")[1] == "cli-pod-2", given
    assert given["podIdentityAssociation"]["associationId"] == association["associationId"], given
    eks("delete-pod-identity-association", *which)
    aws("eks-auth", "assume-role-for-pod-identity", *named, "--token", token, refused="ResourceNotFoundException", **of_account)
    oidc = "identityProviderConfigName=corp,issuerUrl=https://idp.example.com,clientId=kubernetes"
    update = eks("associate-identity-provider-config", *named, "--oidc", oidc)["update"]
    assert update["type"] == "AssociateIdentityProviderConfig", update
    of_provider = (*named, "--identity-provider-config", "type=oidc,name=corp")
    told = eks("describe-identity-provider-config", *of_provider)["identityProviderConfig"]["oidc"]
    assert told["clientId"] == "kubernetes", told
    assert eks("list-identity-provider-configs", *named)["identityProviderConfigs"] == [{"type": "oidc", "name": "corp"}]
    deadline = time.monotonic() + 30
    while eks("describe-update", "--name", "cli", "--update-id", update["id"])["update"]["status"] == "InProgress":
        assert time.monotonic() < deadline, update
    assert eks("disassociate-identity-provider-config", *of_provider)["update"]["type"] == "DisassociateIdentityProviderConfig"
    eks("describe-identity-provider-config", *of_provider, refused="ResourceNotFoundException")
    eks("delete-cluster", "--name", "cli")
    eks("describe-cluster", "--name", "cli", refused="ResourceNotFoundException")
    eks("list-insights", *named, refused="UnknownOperationException")


def who_enters_a_cluster():
    """And under which key it is, and where its pods run."""
    role = role_for("cli-entry", "eks-fargate-pods.amazonaws.com")
    named = ("--cluster-name", "cli-entries")
    newest = of_eks("describe-cluster-versions", "--default-only")["clusterVersions"][0]["clusterVersion"]
    of_eks("create-cluster", "--name", "cli-entries", "--kubernetes-version", newest, "--role-arn",
           role_for("cli-entries", "eks.amazonaws.com"), "--resources-vpc-config", "subnetIds=subnet-6782e71e",
           "--access-config", "authenticationMode=API")
    entry = (*named, "--principal-arn", role)
    made = of_eks("create-access-entry", *entry, "--kubernetes-groups", "viewers", "--tags", "a=b")["accessEntry"]
    of_eks("create-access-entry", *entry, refused="ResourceInUseException")
    assert of_eks("describe-access-entry", *entry)["accessEntry"] == made
    changed = of_eks("update-access-entry", *entry, "--kubernetes-groups", "editors", "--username", "cli")["accessEntry"]
    assert (changed["kubernetesGroups"], changed["username"]) == (["editors"], "cli"), changed
    policy = of_eks("list-access-policies", "--query", "accessPolicies[?name=='AmazonEKSViewPolicy'].arn | [0]")
    scope = ("--access-scope", "type=namespace,namespaces=default")
    told = of_eks("associate-access-policy", *entry, "--policy-arn", policy, *scope)["associatedAccessPolicy"]
    assert of_eks("list-associated-access-policies", *entry)["associatedAccessPolicies"] == [told]
    assert of_eks("list-access-entries", *named, "--associated-policy-arn", policy)["accessEntries"] == [role]
    of_eks("disassociate-access-policy", *entry, "--policy-arn", policy)
    of_eks("delete-access-entry", *entry)
    of_eks("describe-access-entry", *entry, refused="ResourceNotFoundException")

    of_eks("wait", "cluster-active", "--name", "cli-entries")
    key = kms("create-key", credentials=CREDENTIALS[IAM_ACCOUNT])["KeyMetadata"]["Arn"]
    config = json.dumps([{"resources": ["secrets"], "provider": {"keyArn": key}}])
    update = of_eks("associate-encryption-config", *named, "--encryption-config", config)["update"]
    assert update["type"] == "AssociateEncryptionConfig", update
    of_eks("associate-encryption-config", *named, "--encryption-config", config, refused="InvalidParameterException")

    profile = (*named, "--fargate-profile-name", "cli")
    selectors = ("--selectors", "namespace=default,labels={tier=back}")
    made = of_eks("create-fargate-profile", *profile, "--pod-execution-role-arn", role, *selectors)["fargateProfile"]
    of_eks("wait", "fargate-profile-active", *profile)
    assert of_eks("describe-fargate-profile", *profile)["fargateProfile"] == {**made, "status": "ACTIVE"}
    assert of_eks("list-fargate-profiles", *named)["fargateProfileNames"] == ["cli"]
    of_eks("delete-fargate-profile", *profile)
    of_eks("wait", "fargate-profile-deleted", *profile)
    of_eks("delete-cluster", "--name", "cli-entries")


def which_nodes_a_cluster_has():
    named = ("--cluster-name", "cli-nodes")
    of_eks("create-cluster", "--name", "cli-nodes", "--role-arn", role_for("cli-nodes-cluster", "eks.amazonaws.com"),
           "--resources-vpc-config", "subnetIds=subnet-6782e71e")
    of_eks("wait", "cluster-active", "--name", "cli-nodes")
    subnets = ec2("describe-subnets", "--query", "Subnets[].SubnetId", credentials=CREDENTIALS[IAM_ACCOUNT])
    nodes = (*named, "--nodegroup-name", "cli")
    made = of_eks("create-nodegroup", *nodes, "--node-role", role_for("cli-nodes", "ec2.amazonaws.com"), "--subnets", *subnets,
                  "--scaling-config", "minSize=1,maxSize=2,desiredSize=1")["nodegroup"]
    of_eks("wait", "nodegroup-active", *nodes)
    known = of_eks("describe-nodegroup", *nodes)["nodegroup"]
    assert (known["status"], known["nodegroupArn"]) == ("ACTIVE", made["nodegroupArn"]), known
    assert of_eks("list-nodegroups", *named)["nodegroups"] == ["cli"]
    update = of_eks("update-nodegroup-config", *nodes, "--labels", "addOrUpdateLabels={tier=back}")["update"]
    assert update["type"] == "ConfigUpdate", update
    assert of_eks("update-nodegroup-version", *nodes)["update"]["type"] == "VersionUpdate"
    of_eks("delete-cluster", "--name", "cli-nodes", refused="ResourceInUseException")
    of_eks("delete-nodegroup", *nodes)
    of_eks("wait", "nodegroup-deleted", *nodes)
    of_eks("delete-cluster", "--name", "cli-nodes")


def command_of(operation):
    """`GenerateDataKey` is `generate-data-key` on the command line."""
    words = operation.replace("OpenIDConnect", "OpenIdConnect").replace("ClientID", "ClientId").replace("MFA", "Mfa")
    words = words.replace("AWSService", "AwsService")
    return re.sub("(?<!^)(?=[A-Z])", "-", words).lower()


def ec2(operation, *arguments, **options):
    return aws("ec2", operation, *arguments, **options)


def what_a_launcher_finds():
    types = ("--instance-types", "m5.large", "c7g.large")
    found = ec2("describe-instance-types", *types, "--query", "InstanceTypes[].[InstanceType,VCpuInfo.DefaultVCpus]")
    assert found == [["c7g.large", 2], ["m5.large", 2]], found
    small = ("--filters", "Name=instance-type,Values=*.large", "Name=processor-info.supported-architecture,Values=arm64")
    found = ec2("describe-instance-types", *small, "--query", "length(InstanceTypes)")
    offers = ec2("describe-instance-type-offerings", "--location-type", "availability-zone", "--query", "length(InstanceTypeOfferings)")
    assert offers > 1000 and found > 10, (offers, found)
    assert ec2("describe-regions", "--region-names", "eu-west-1")["Regions"][0]["Endpoint"] == "ec2.eu-west-1.amazonaws.com"
    assert ec2("describe-spot-price-history", "--instance-types", "m5.large")["SpotPriceHistory"] == []
    assert ec2("describe-capacity-reservations")["CapacityReservations"] == []
    assert ec2("describe-placement-groups")["PlacementGroups"] == []


def public_parameters():
    path = "/aws/service/eks/optimized-ami/1.31/amazon-linux-2023/x86_64/standard/recommended"
    image = aws("ssm", "get-parameter", "--name", f"{path}/image_id", "--query", "Parameter.Value")
    assert ec2("describe-images", "--image-ids", image, "--query", "Images[].Architecture") == ["x86_64"], image
    assert aws("ssm", "get-parameters", "--names", f"{path}/image_id", "/none")["InvalidParameters"] == ["/none"]
    below = aws("ssm", "get-parameters-by-path", "--path", path, "--query", "Parameters[].Name")
    assert below == [f"{path}/image_id", f"{path}/image_name"], below


def a_queue():
    def sqs(operation, *arguments, **options):
        # The CLI's version 1 has hosts of its own for SQS, which only the flag overrides.
        return aws("sqs", operation, "--endpoint-url", ENDPOINT, *arguments, **options)

    url = sqs("create-queue", "--queue-name", "cli", "--attributes", "MessageRetentionPeriod=300")["QueueUrl"]
    queue = ("--queue-url", url)
    assert sqs("get-queue-url", "--queue-name", "cli")["QueueUrl"] == url
    assert url in sqs("list-queues", "--queue-name-prefix", "cl")["QueueUrls"]
    sqs("set-queue-attributes", *queue, "--attributes", "VisibilityTimeout=60")
    told = sqs("get-queue-attributes", *queue, "--attribute-names", "All")["Attributes"]
    assert told["VisibilityTimeout"] == "60", told
    for body in ("one", "two", "three"):
        sqs("send-message", *queue, "--message-body", body)
    one, two, _ = sqs("receive-message", *queue, "--max-number-of-messages", "10", "--wait-time-seconds", "1")["Messages"]
    sqs("delete-message", *queue, "--receipt-handle", one["ReceiptHandle"])
    sqs("change-message-visibility", *queue, "--receipt-handle", two["ReceiptHandle"], "--visibility-timeout", "0")
    [again] = sqs("receive-message", *queue)["Messages"]
    assert again["Body"] == "two", again
    entry = json.dumps([{"Id": "a", "ReceiptHandle": again["ReceiptHandle"]}])
    assert sqs("delete-message-batch", *queue, "--entries", entry)["Successful"] == [{"Id": "a"}]
    sqs("purge-queue", *queue)
    sqs("delete-queue", *queue)
    sqs("get-queue-url", "--queue-name", "cli", refused="AWS.SimpleQueueService.NonExistentQueue")


def a_launch():
    zones = ec2("describe-availability-zones")["AvailabilityZones"]
    vpc = ec2("describe-vpcs", "--query", "Vpcs[0].VpcId")
    subnet = ec2("describe-subnets", "--filters", f"Name=vpc-id,Values={vpc}")["Subnets"][0]
    group = ec2("describe-security-groups", "--group-names", "default")["SecurityGroups"][0]["GroupId"]
    key = new_key()["Arn"]
    zone = ("--availability-zone", zones[0]["ZoneName"])
    volume = ec2("create-volume", *zone, "--size", "8", "--encrypted", "--kms-key-id", key)["VolumeId"]
    tags = "ResourceType=snapshot,Tags=[{Key=of,Value=cli}]"
    snapshot = ec2("create-snapshot", "--volume-id", volume, "--tag-specifications", tags)["SnapshotId"]
    [told] = ec2("describe-snapshots", "--snapshot-ids", snapshot)["Snapshots"]
    assert told["KmsKeyId"] == key and told["Tags"] == [{"Key": "of", "Value": "cli"}], told
    mapping = f"DeviceName=/dev/xvda,Ebs={{SnapshotId={snapshot}}}"
    root = ("--architecture", "x86_64", "--root-device-name", "/dev/xvda", "--block-device-mappings", mapping)
    image = ec2("register-image", "--name", "of the cli", *root)["ImageId"]
    other = {"Add": [{"UserId": IAM_ACCOUNT}]}
    ec2("modify-image-attribute", "--image-id", image, "--launch-permission", json.dumps(other))
    told = ec2("describe-image-attribute", "--image-id", image, "--attribute", "launchPermission")
    assert told["LaunchPermissions"] == other["Add"], told
    ec2("modify-snapshot-attribute", "--snapshot-id", snapshot, "--create-volume-permission", json.dumps(other))
    told = ec2("describe-snapshot-attribute", "--snapshot-id", snapshot, "--attribute", "createVolumePermission")
    assert told["CreateVolumePermissions"] == other["Add"], told
    assert ec2("describe-images", "--owners", ACCOUNT, credentials=CREDENTIALS[IAM_ACCOUNT])["Images"][0]["ImageId"] == image
    data = json.dumps({"ImageId": image, "InstanceType": "m5.large", "SecurityGroupIds": [group]})
    ec2("create-launch-template", "--launch-template-name", "cli", "--launch-template-data", data)
    data = json.dumps({"InstanceType": "m5.xlarge"})
    ec2("create-launch-template-version", "--launch-template-name", "cli", "--source-version", "1", "--launch-template-data", data)
    versions = ec2("describe-launch-template-versions", "--launch-template-name", "cli")["LaunchTemplateVersions"]
    assert [version["VersionNumber"] for version in versions] == [2, 1], versions
    assert ec2("describe-launch-templates", "--launch-template-names", "cli")["LaunchTemplates"], versions
    launch = ("--launch-template", "LaunchTemplateName=cli,Version=2", "--subnet-id", subnet["SubnetId"])
    ec2("run-instances", *launch, "--dry-run", refused="DryRunOperation")
    [begun] = ec2("run-instances", *launch)["Instances"]
    ec2("create-tags", "--resources", begun["InstanceId"], "--tags", "Key=team,Value=blue", "Key=stage,Value=test")
    ec2("delete-tags", "--resources", begun["InstanceId"], "--tags", "Key=stage")
    tags = ec2("describe-tags", "--filters", f"Name=resource-id,Values={begun['InstanceId']}", "Name=key,Values=team,stage")["Tags"]
    assert [tag["Key"] for tag in tags] == ["team"], tags
    ec2("wait", "instance-running", "--instance-ids", begun["InstanceId"])
    found = ec2("describe-instances", "--filters", "Name=tag:team,Values=blue")["Reservations"][0]["Instances"]
    assert [instance["InstanceType"] for instance in found] == ["m5.xlarge"], found
    ec2("wait", "instance-status-ok", "--instance-ids", begun["InstanceId"])
    assert ec2("describe-instance-status", "--instance-ids", begun["InstanceId"])["InstanceStatuses"], begun
    attached = ec2("describe-volumes", "--filters", f"Name=attachment.instance-id,Values={begun['InstanceId']}")["Volumes"]
    assert [volume["State"] for volume in attached] == ["in-use"], attached
    config = json.dumps([{"LaunchTemplateSpecification": {"LaunchTemplateName": "cli", "Version": "1"}}])
    target = "TotalTargetCapacity=1,DefaultTargetCapacityType=on-demand"
    fleet = ec2("create-fleet", "--type", "instant", "--launch-template-configs", config, "--target-capacity-specification", target)
    assert fleet["Instances"][0]["InstanceType"] == "m5.large", fleet
    ec2("terminate-instances", "--instance-ids", begun["InstanceId"], *fleet["Instances"][0]["InstanceIds"])
    ec2("wait", "instance-terminated", "--instance-ids", begun["InstanceId"])
    ec2("delete-launch-template", "--launch-template-name", "cli")
    ec2("deregister-image", "--image-id", image)
    ec2("delete-snapshot", "--snapshot-id", snapshot)
    ec2("delete-volume", "--volume-id", volume)
    ec2("describe-volumes", "--volume-ids", volume, refused="InvalidVolume.NotFound")


def copies_and_attachments():
    key, zone = new_key()["Arn"], f"{REGION}a"
    volume = ec2("create-volume", "--availability-zone", zone, "--size", "8")["VolumeId"]
    snapshot = ec2("create-snapshot", "--volume-id", volume)["SnapshotId"]
    from_here = ("--source-region", REGION)
    copy = ec2("copy-snapshot", *from_here, "--source-snapshot-id", snapshot, "--encrypted", "--kms-key-id", key)["SnapshotId"]
    ec2("wait", "snapshot-completed", "--snapshot-ids", copy)
    assert ec2("describe-snapshots", "--snapshot-ids", copy)["Snapshots"][0]["KmsKeyId"] == key
    mapping = f"DeviceName=/dev/xvda,Ebs={{SnapshotId={snapshot}}}"
    image = ec2("register-image", "--name", "to copy", "--architecture", "x86_64", "--root-device-name", "/dev/xvda", "--block-device-mappings", mapping)["ImageId"]
    image = ec2("copy-image", *from_here, "--source-image-id", image, "--name", "copied", "--encrypted", "--kms-key-id", key)["ImageId"]
    ec2("wait", "image-available", "--image-ids", image)
    [begun] = ec2("run-instances", "--image-id", image, "--instance-type", "m5.large", "--placement", f"AvailabilityZone={zone}")["Instances"]
    instance = ("--instance-ids", begun["InstanceId"])
    ec2("wait", "instance-running", *instance)
    attached = ec2("attach-volume", "--instance-id", begun["InstanceId"], "--volume-id", volume, "--device", "/dev/sdf")
    assert attached["State"] == "attaching", attached
    ec2("wait", "volume-in-use", "--volume-ids", volume)
    ec2("detach-volume", "--volume-id", volume)
    ec2("stop-instances", *instance)
    ec2("wait", "instance-stopped", *instance)
    ec2("start-instances", *instance)
    ec2("terminate-instances", *instance)


def fleets_and_spot():
    volume = ec2("create-volume", "--availability-zone", f"{REGION}a", "--size", "8")["VolumeId"]
    snapshot = ec2("create-snapshot", "--volume-id", volume)["SnapshotId"]
    mapping = f"DeviceName=/dev/xvda,Ebs={{SnapshotId={snapshot}}}"
    image = ec2("register-image", "--name", "of fleets", "--architecture", "x86_64", "--root-device-name", "/dev/xvda",
                "--block-device-mappings", mapping)["ImageId"]
    data = json.dumps({"ImageId": image, "InstanceType": "m5.large"})
    ec2("create-launch-template", "--launch-template-name", "of-fleets", "--launch-template-data", data)
    config = json.dumps([{"LaunchTemplateSpecification": {"LaunchTemplateName": "of-fleets", "Version": "$Latest"}}])
    target = "TotalTargetCapacity=1,DefaultTargetCapacityType=on-demand"
    asked = ("--launch-template-configs", config, "--target-capacity-specification", target)
    fleet = ec2("create-fleet", "--type", "maintain", *asked)["FleetId"]
    [told] = ec2("describe-fleets", "--fleet-ids", fleet)["Fleets"]
    assert (told["Type"], told["FulfilledCapacity"]) == ("maintain", 1.0), told
    ec2("modify-fleet", "--fleet-id", fleet, "--target-capacity-specification", "TotalTargetCapacity=2")
    assert len(ec2("describe-fleet-instances", "--fleet-id", fleet)["ActiveInstances"]) == 2
    records = ec2("describe-fleet-history", "--fleet-id", fleet, "--start-time", "2020-01-01T00:00:00Z")["HistoryRecords"]
    assert [one["EventType"] for one in records].count("instance-change") == 2, records
    deleted = ec2("delete-fleets", "--fleet-ids", fleet, "--terminate-instances")
    assert deleted["SuccessfulFleetDeletions"][0]["CurrentFleetState"] == "deleted_terminating", deleted
    [request] = ec2("request-spot-instances", "--launch-specification", data)["SpotInstanceRequests"]
    named = ("--spot-instance-request-ids", request["SpotInstanceRequestId"])
    ec2("wait", "spot-instance-request-fulfilled", *named)
    [told] = ec2("describe-spot-instance-requests", *named)["SpotInstanceRequests"]
    assert ec2("cancel-spot-instance-requests", *named)["CancelledSpotInstanceRequests"][0]["State"] == "cancelled"
    ec2("terminate-instances", "--instance-ids", told["InstanceId"])


def a_group():
    def groups(operation, *arguments, **options):
        return aws("autoscaling", operation, *arguments, **options)

    zone = ("--availability-zone", f"{REGION}a")
    volume = ec2("create-volume", *zone, "--size", "8")["VolumeId"]
    snapshot = ec2("create-snapshot", "--volume-id", volume)["SnapshotId"]
    image = ec2("register-image", "--name", "of a group", "--architecture", "x86_64", "--root-device-name", "/dev/xvda",
                "--block-device-mappings",
                f"DeviceName=/dev/xvda,Ebs={{SnapshotId={snapshot}}}")["ImageId"]
    data = json.dumps({"ImageId": image, "InstanceType": "m5.large"})
    ec2("create-launch-template", "--launch-template-name", "group", "--launch-template-data", data)
    named = ("--auto-scaling-group-name", "cli")
    subnets = ec2("describe-subnets", "--query", "Subnets[].SubnetId")
    tag = "ResourceId=cli,ResourceType=auto-scaling-group,Key=team,Value=green,PropagateAtLaunch=true"
    groups("create-auto-scaling-group", *named, "--launch-template", "LaunchTemplateName=group", "--min-size", "1",
           "--max-size", "3", "--vpc-zone-identifier", ",".join(subnets), "--tags", tag)

    def seen(size):
        deadline = time.monotonic() + 60
        while True:
            [group] = groups("describe-auto-scaling-groups", "--auto-scaling-group-names", "cli")["AutoScalingGroups"]
            if [instance["LifecycleState"] for instance in group["Instances"]] == ["InService"] * size:
                return [instance["InstanceId"] for instance in group["Instances"]]
            assert time.monotonic() < deadline, group
    seen(1)
    groups("set-desired-capacity", *named, "--desired-capacity", "2")
    one, other = seen(2)
    listed = groups("describe-auto-scaling-instances", "--instance-ids", one, other)["AutoScalingInstances"]
    assert {instance["AutoScalingGroupName"] for instance in listed} == {"cli"}, listed
    gone = groups("terminate-instance-in-auto-scaling-group", "--instance-id", one, "--should-decrement-desired-capacity")
    assert gone["Activity"]["StatusCode"] == "InProgress", gone
    assert seen(1) == [other]
    done = groups("describe-scaling-activities", *named, "--max-items", "2")["Activities"]
    assert done[0]["Description"] == f"Terminating EC2 instance: {one}", done
    groups("update-auto-scaling-group", *named, "--default-cooldown", "10")
    groups("create-or-update-tags", "--tags", tag.replace("team", "more"))
    groups("delete-tags", "--tags", "ResourceId=cli,ResourceType=auto-scaling-group,Key=team")
    told = groups("describe-tags", "--filters", "Name=auto-scaling-group,Values=cli")["Tags"]
    assert [tag["Key"] for tag in told] == ["more"], told
    groups("delete-auto-scaling-group", *named, refused="ResourceInUse")
    groups("delete-auto-scaling-group", *named, "--force-delete")
    ec2("wait", "instance-terminated", "--instance-ids", other)


def encryption_by_default():
    elsewhere = {"region": "eu-central-1"}
    assert ec2("enable-ebs-encryption-by-default", **elsewhere) == {"EbsEncryptionByDefault": True}
    assert ec2("get-ebs-encryption-by-default", **elsewhere) == {"EbsEncryptionByDefault": True}
    key = kms("create-key", **elsewhere)["KeyMetadata"]["Arn"]
    assert ec2("modify-ebs-default-kms-key-id", "--kms-key-id", key, **elsewhere) == {"KmsKeyId": key}
    assert ec2("reset-ebs-default-kms-key-id", **elsewhere) == {"KmsKeyId": "alias/aws/ebs"}
    assert ec2("get-ebs-default-kms-key-id", **elsewhere) == {"KmsKeyId": "alias/aws/ebs"}
    assert ec2("disable-ebs-encryption-by-default", **elsewhere) == {"EbsEncryptionByDefault": False}


def attempt(scenario):
    try:
        scenario()
    except Exception:  # noqa: BLE001: whatever a scenario raises is its failure
        return f"{scenario.__name__}: {traceback.format_exc()}"
    return None


def main():
    scenarios = (
        sealing_and_opening, a_keys_life, rotation_and_regions, grants, signing_and_agreeing, codes_and_pairs, importing,
        key_stores, sessions, the_trail, a_trails_settings, a_launch, what_a_launcher_finds, copies_and_attachments,
        fleets_and_spot, a_group, public_parameters, a_queue, encryption_by_default,
    )
    scenarios += (roles, users_and_groups, what_users_sign_in_with, the_rest_of_iam, pods, who_enters_a_cluster, which_nodes_a_cluster_has)
    if chosen := sys.argv[1:]:
        # What the others would have driven is not missed.
        failures = [failure for scenario in scenarios if scenario.__name__ in chosen and (failure := attempt(scenario))]
        print("\n".join(failures) or f"{len(chosen)} scenarios hold")
        return 1 if failures else 0
    failures = [failure for failure in [attempt(an_organization)] if failure]
    with ThreadPoolExecutor(3) as pool:
        failures += [failure for failure in pool.map(attempt, scenarios) if failure]
    with urllib.request.urlopen(f"{ENDPOINT}/_claviger/health", timeout=10) as answer:
        operations = json.load(answer)["operations"]
    for service, names in operations.items():
        missing = {command_of(name) for name in names} - {command for of, command in driven if of == service}
        failures += [f"{service} {command} was not driven" for command in sorted(missing)]
    print("\n".join(failures) or f"{len(driven)} operations driven")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
