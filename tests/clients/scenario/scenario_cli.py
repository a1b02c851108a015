"""The scenario of README.md with the `aws` CLI, as a script would drive it."""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

CREDENTIALS = json.loads(os.environ["CLAVIGER_CREDENTIALS"])
KEYS_ACCOUNT, ROLES_ACCOUNT = sorted(CREDENTIALS)
OPENED = ("--encryption-context", "purpose=scenario")


def run(credentials, *arguments):
    """Runs the CLI as whoever holds the credentials."""
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_ENDPOINT_URL": os.environ["CLAVIGER_ENDPOINT"],
        "AWS_DEFAULT_REGION": "us-west-2",
    }
    if "SessionToken" in credentials:
        environment["AWS_SESSION_TOKEN"] = credentials["SessionToken"]
    command = [str(Path(sys.executable).parent / "aws"), *arguments, "--output", "json"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def aws(credentials, *arguments):
    """The answer of a call."""
    done = run(credentials, *arguments)
    assert done.returncode == 0, (arguments, done.stderr)
    return json.loads(done.stdout) if done.stdout.strip() else None


def refused(credentials, *arguments):
    """The code and message that a call is refused with."""
    done = run(credentials, *arguments)
    told = re.search(r"An error occurred \((\w+)\) when calling the \w+ operation: (.*)", done.stderr)
    assert done.returncode in (254, 255) and told, (arguments, done)
    return {"code": told[1], "message": told[2]}


def tell(step, **results):
    print(json.dumps({"step": step, **results}))


def events(account, name, value):
    """The events of an attribute, oldest first. The CLI walks through the pages by itself."""
    attribute = f"AttributeKey={name},AttributeValue={value}"
    answer = aws(CREDENTIALS[account], "cloudtrail", "lookup-events", "--page-size", "2", "--lookup-attributes", attribute)
    return [json.loads(event["CloudTrailEvent"]) for event in answer["Events"]][::-1]


def main(directory):
    def keys(*arguments):
        return aws(CREDENTIALS[KEYS_ACCOUNT], "kms", *arguments)

    def iam(*arguments):
        return aws(CREDENTIALS[ROLES_ACCOUNT], "iam", *arguments)

    sealed = directory / "sealed"
    key = keys("create-key", "--description", "scenario", "--tags", "TagKey=team,TagValue=blue")["KeyMetadata"]["Arn"]
    keys("create-alias", "--alias-name", "alias/scenario", "--target-key-id", key)
    metadata = keys("describe-key", "--key-id", "alias/scenario")["KeyMetadata"]
    tell("key", arn=metadata["Arn"], state=metadata["KeyState"])

    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ROLES_ACCOUNT}:root"}, "Action": "sts:AssumeRole"}]}
    of = ("--role-name", "Scenario")
    iam("create-role", *of, "--path", "/team/", "--assume-role-policy-document", json.dumps(trust))
    role = iam("get-role", *of)["Role"]
    tell("role", arn=role["Arn"], trusts=role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"])

    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:GenerateRandom", "Resource": "*"}]}
    made = iam("create-policy", "--policy-name", "Scenario", "--policy-document", json.dumps(allowed))
    policy = ("--policy-arn", made["Policy"]["Arn"])
    iam("attach-role-policy", *of, *policy)
    attached = iam("list-attached-role-policies", *of)["AttachedPolicies"]
    tell("policy", attached=[each["PolicyArn"] for each in attached])

    assume = ("assume-role", "--role-arn", role["Arn"], "--role-session-name", "client")
    session = aws(CREDENTIALS[ROLES_ACCOUNT], "sts", *assume)["Credentials"]
    arn = aws(session, "sts", "get-caller-identity")["Arn"]
    random = aws(session, "kms", "generate-random", "--number-of-bytes", "16")["Plaintext"]
    tell("session", arn=arn, random=len(base64.b64decode(random)))

    tell("denied by the policy", **refused(session, "kms", "list-keys"))
    plain = directory / "plain"
    plain.write_bytes(b"hello")
    encrypt = ("kms", "encrypt", "--key-id", key, "--plaintext", f"fileb://{plain}", *OPENED)
    tell("denied for want of a grant", **refused(session, *encrypt))

    grant = keys("create-grant", "--key-id", key, "--grantee-principal", role["Arn"], "--operations", "Encrypt", "Decrypt",
                 "--constraints", "EncryptionContextSubset={purpose=scenario}")
    [listed] = keys("list-grants", "--key-id", key)["Grants"]
    tell("grant", grantee=listed["GranteePrincipal"], operations=sorted(listed["Operations"]))

    tokens = ("--grant-tokens", grant["GrantToken"])
    sealed.write_bytes(base64.b64decode(aws(session, *encrypt, *tokens)["CiphertextBlob"]))
    decrypt = ("kms", "decrypt", "--ciphertext-blob", f"fileb://{sealed}")
    opened = aws(session, *decrypt, *OPENED, *tokens)
    tell("sealed and opened", key=opened["KeyId"], plaintext=base64.b64decode(opened["Plaintext"]).decode())

    tell("denied for another context", **refused(session, *decrypt, "--encryption-context", "purpose=another", *tokens))

    keys("revoke-grant", "--key-id", key, "--grant-id", grant["GrantId"])
    tell("denied after the grant", **refused(session, *decrypt, *OPENED))

    told = events(KEYS_ACCOUNT, "ResourceName", key)
    tell("trail of the key", events=[[each["eventName"], each["userIdentity"]["type"]] for each in told])
    told = events(ROLES_ACCOUNT, "Username", "client")
    tell("trail of the session", events=[[each["eventName"], each.get("errorCode")] for each in told])

    state = keys("schedule-key-deletion", "--key-id", key, "--pending-window-in-days", "7")["KeyState"]
    keys("delete-alias", "--alias-name", "alias/scenario")
    iam("detach-role-policy", *of, *policy)
    iam("delete-policy", *policy)
    iam("delete-role", *of)
    tell("cleaned up", state=state, **refused(CREDENTIALS[ROLES_ACCOUNT], "iam", "get-role", *of))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        main(Path(home))
