"""AWS Security Token Service, by its API Reference."""

import base64
import binascii
from datetime import datetime, timezone

from contract import case
from session import CONFIG, REGION

import botocore.session
import urllib.request
import xml.etree.ElementTree as xml

ROLE = "arn:aws:iam::{}:role/service/Guest"


def assume(aws, client=None, **parameters):
    account = parameters.pop("account", aws.accounts[0])
    parameters = {"RoleArn": ROLE.format(account), "RoleSessionName": "me", **parameters}
    return (client or aws.sts()).assume_role(**parameters)


def lasts(credentials):
    return (credentials["Expiration"] - datetime.now(timezone.utc)).total_seconds()


@case(moto_departs="any key is the user `moto` of one account (GetCallerIdentity: the ARN of the calling entity)")
def root_users_know_themselves(aws):
    for account in aws.accounts:
        identity = aws.sts(account).get_caller_identity()
        assert identity["Account"] == account and identity["UserId"] == account, identity
        assert identity["Arn"] == f"arn:aws:iam::{account}:root", identity


@case(moto_departs="its presigned answers are the user `moto`'s too (GetCallerIdentity: the ARN of the calling entity)")
def a_presigned_identity_can_be_handed_on(aws):
    # As aws-iam-authenticator and `aws eks get-token` do, with a signed header of their own.
    client = aws.sts()
    client.meta.events.register_first("before-sign.sts.GetCallerIdentity", name_cluster, unique_id="cluster")
    try:
        url = client.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    finally:
        client.meta.events.unregister("before-sign.sts.GetCallerIdentity", unique_id="cluster")
    assert "x-k8s-aws-id" in url, url
    with urllib.request.urlopen(urllib.request.Request(url, headers={"x-k8s-aws-id": "demo"}), timeout=10) as answer:
        text = answer.read().decode()
    assert f"<Arn>arn:aws:iam::{aws.accounts[0]}:root</Arn>" in text, text


def name_cluster(request, **_):
    request.headers["x-k8s-aws-id"] = "demo"


@case()
def a_role_is_assumed_and_the_session_knows_itself(aws):
    answer = assume(aws, RoleSessionName="a+=,.@-b")
    user, credentials = answer["AssumedRoleUser"], answer["Credentials"]
    arn = f"arn:aws:sts::{aws.accounts[0]}:assumed-role/Guest/a+=,.@-b"
    assert user["Arn"] == arn, user
    assert user["AssumedRoleId"].startswith("AROA") and user["AssumedRoleId"].endswith(":a+=,.@-b"), user
    assert credentials["AccessKeyId"].startswith("ASIA") and len(credentials["SecretAccessKey"]) == 40
    assert 3590 < lasts(credentials) <= 3600, credentials["Expiration"]
    identity = aws.sts(credentials=credentials).get_caller_identity()
    assert identity["Arn"] == arn, identity
    with aws.moto_departs("gives a session two ids (GetCallerIdentity, UserId)"):
        assert identity["UserId"] == user["AssumedRoleId"], identity


@case(moto_departs="any token will do (IAM User Guide, Request temporary security credentials: the token is required)")
def a_session_without_its_token_is_nobody(aws):
    credentials = dict(assume(aws)["Credentials"])
    other = assume(aws)["Credentials"]["SessionToken"]
    for token in (other, credentials["SessionToken"][:-8] + "AAAAAAA="):
        # A client of its own each time: the cache knows keys, not tokens.
        client = botocore.session.get_session().create_client(
            "sts", region_name=REGION, endpoint_url=aws.endpoint, config=CONFIG,
            aws_access_key_id=credentials["AccessKeyId"], aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=token,
        )
        with aws.refuses("InvalidClientTokenId", "security token included in the request is invalid", 403):
            client.get_caller_identity()


@case()
def durations_have_bounds(aws):
    assert 895 < lasts(assume(aws, DurationSeconds=900)["Credentials"]) <= 900
    assert 43195 < lasts(assume(aws, DurationSeconds=43200)["Credentials"]) <= 43200
    with aws.moto_departs("takes durations of any length (AssumeRole, DurationSeconds: 900 to 43200)"):
        for seconds, bound in ((899, "greater than or equal to 900"), (43201, "less than or equal to 43200")):
            with aws.refuses("ValidationError", f"Value '{seconds}' at 'durationSeconds' failed .* {bound}", 400):
                assume(aws, DurationSeconds=seconds)
        with aws.refuses("ValidationError", "greater than or equal to 900"):
            aws.sts().get_session_token(DurationSeconds=899)


@case(moto_departs="chains for longer than an hour (IAM User Guide, Role chaining: one hour at most)")
def role_chaining_lasts_an_hour_at_most(aws):
    chained = aws.sts(credentials=assume(aws)["Credentials"])
    assert lasts(assume(aws, chained, DurationSeconds=3600)["Credentials"]) <= 3600
    with aws.refuses("ValidationError", "exceeds the 1 hour session limit for roles assumed by role chaining", 400):
        assume(aws, chained, DurationSeconds=3601)
    # A session that is no role's does not chain.
    session = aws.sts(credentials=aws.sts().get_session_token()["Credentials"])
    assert lasts(assume(aws, session, DurationSeconds=3601)["Credentials"]) > 3590


@case(moto_departs="roles of any account can be assumed (IAM User Guide, Cross-account access: both must allow)")
def a_role_of_a_strange_account_is_denied(aws):
    with aws.refuses("AccessDenied", "^User: .* is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam", 403):
        assume(aws, account="999999999999")
    for arn in (f"arn:aws:iam::{aws.accounts[0]}:user/me", f"arn:aws-cn:iam::{aws.accounts[0]}:role/Reader"):
        with aws.refuses("AccessDenied", "not authorized to perform: sts:AssumeRole"):
            assume(aws, RoleArn=arn)


@case()
def a_role_of_a_named_account_is_assumed_across(aws):
    other = aws.accounts[1]
    identity = aws.sts(credentials=assume(aws, account=other)["Credentials"]).get_caller_identity()
    assert identity["Account"] == other, identity


@case()
def names_and_arns_are_checked(aws):
    with aws.refuses("ValidationError", "'roleSessionName' failed to satisfy constraint: .*length less than or +equal to 64"):
        assume(aws, RoleSessionName="x" * 65)
    with aws.moto_departs("checks little of ARNs and names (AssumeRole, RoleArn, RoleSessionName and ExternalId)"):
        with aws.refuses("ValidationError", "this-is-not-an-arn-at-all is invalid", 400):
            assume(aws, RoleArn="this-is-not-an-arn-at-all")
        for name, why in (("x", "length greater than or equal to 2"), ("a b", "regular expression pattern")):
            with aws.refuses("ValidationError", f"'roleSessionName' failed to satisfy constraint: .*{why}"):
                assume(aws, RoleSessionName=name)
        with aws.refuses("ValidationError", "'externalId' failed"):
            assume(aws, ExternalId="x")
    assume(aws, ExternalId="tenant:42/blue")


@case(moto_departs="looks at no session tag (IAM User Guide, Pass session tags: keys are not case-sensitive)")
def session_tags_follow_their_rules(aws):
    tags = [{"Key": "Team", "Value": "blue"}, {"Key": "Cost", "Value": ""}]
    first = assume(aws, Tags=tags, TransitiveTagKeys=["team"])
    assert 0 < first["PackedPolicySize"] <= 100, first
    assert first["SessionTokenSize"] == len(first["Credentials"]["SessionToken"]), first
    assert first["SessionTokenUtilization"] == first["PackedPolicySize"], first
    with aws.refuses("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."):
        assume(aws, Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])
    with aws.refuses("InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."):
        assume(aws, Tags=tags, TransitiveTagKeys=["Other"])
    chained = aws.sts(credentials=first["Credentials"])
    assume(aws, chained, Tags=[{"Key": "cost", "Value": "mine now"}])
    with aws.refuses("InvalidParameterValue", "conflicts with a transitive tag key from the calling session"):
        assume(aws, chained, Tags=[{"Key": "TEAM", "Value": "red"}])
    second = aws.sts(credentials=assume(aws, chained)["Credentials"])
    with aws.refuses("InvalidParameterValue", "conflicts with a transitive tag key from the calling session"):
        assume(aws, second, Tags=[{"Key": "team", "Value": "red"}])
    with aws.refuses("ValidationError", "'tags.1.member.value' failed"):
        assume(aws, Tags=[{"Key": "a", "Value": "x" * 257}])


@case(moto_departs="looks at no session policy (AssumeRole, errors: MalformedPolicyDocument, PackedPolicyTooLarge)")
def session_policies_are_read_and_have_a_size(aws):
    policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}'
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert assume(aws, Policy=policy, PolicyArns=[{"arn": arn}])["PackedPolicySize"] > 0
    assert "PackedPolicySize" not in assume(aws)
    with aws.refuses("MalformedPolicyDocument", "The policy is not in the valid JSON format.", 400):
        assume(aws, Policy="{")
    with aws.refuses("PackedPolicyTooLarge", r"consumes \d+% of allotted space", 400):
        assume(aws, Policy='{"Statement": "' + "x" * 2048 + '"}')
    many = [{"Key": f"key-{at}", "Value": binascii.hexlify(bytes([at]) * 128).decode()} for at in range(50)]
    with aws.refuses("PackedPolicyTooLarge", r"Packed size of session tags consumes \d+% of allotted space", 400):
        assume(aws, Tags=many)
    with aws.refuses("ValidationError", "ARN arn:aws:s3:::bucket-name is not valid."):
        assume(aws, PolicyArns=[{"arn": "arn:aws:s3:::bucket-name"}])
    with aws.refuses("ValidationError"):
        assume(aws, PolicyArns=[{"arn": arn}] * 11)
    with aws.refuses("InvalidContextAssertion", "", 400):
        assume(aws, ProvidedContexts=[{"ProviderArn": "arn:aws:iam::aws:contextProvider/X", "ContextAssertion": "assertion"}])


@case(moto_departs="answers no token size (AssumeRole, MinimumSessionTokenSize)")
def a_token_is_as_long_as_the_caller_wants(aws):
    for size in (1, 2000, 4096):
        answer = assume(aws, MinimumSessionTokenSize=size)
        assert len(answer["Credentials"]["SessionToken"]) >= size, size
        assert base64.b64decode(answer["Credentials"]["SessionToken"], validate=True)
        assert answer["SessionTokenSize"] <= 4096, answer
    assert aws.sts().get_session_token(MinimumSessionTokenSize=3000)["SessionTokenSize"] >= 3000


@case(moto_departs="keeps no source identity (IAM User Guide, Monitor and control actions taken with assumed roles)")
def a_source_identity_stays(aws):
    first = assume(aws, SourceIdentity="alice")
    assert first["SourceIdentity"] == "alice", first
    chained = aws.sts(credentials=first["Credentials"])
    assert assume(aws, chained)["SourceIdentity"] == "alice"
    with aws.refuses("AccessDenied", "", 403):
        assume(aws, chained, SourceIdentity="bob")
    with aws.refuses("ValidationError"):
        assume(aws, SourceIdentity="aws:alice")


@case(moto_departs="begins sessions from sessions (GetSessionToken: needs long-term credentials)")
def a_session_token_comes_from_long_term_credentials(aws):
    credentials = aws.sts().get_session_token()["Credentials"]
    session = aws.sts(credentials=credentials)
    assert session.get_caller_identity()["Arn"] == f"arn:aws:iam::{aws.accounts[0]}:root"
    for client in (session, aws.sts(credentials=assume(aws)["Credentials"])):
        with aws.refuses("AccessDenied", "^Cannot call GetSessionToken with session credentials$", 403):
            client.get_session_token()


@case(moto_departs="gives a root user 12 hours (GetSessionToken, DurationSeconds: account owners get one hour)")
def a_root_users_session_lasts_an_hour_at_most(aws):
    assert 3590 < lasts(aws.sts().get_session_token(DurationSeconds=129600)["Credentials"]) <= 3600
    assert 895 < lasts(aws.sts().get_session_token(DurationSeconds=900)["Credentials"]) <= 900


@case(moto_departs="takes any MFA code (GetSessionToken, SerialNumber and TokenCode)")
def there_is_no_mfa_device(aws):
    device = {"SerialNumber": f"arn:aws:iam::{aws.accounts[0]}:mfa/me", "TokenCode": "123456"}
    for call in (lambda: aws.sts().get_session_token(**device), lambda: assume(aws, **device)):
        with aws.refuses("AccessDenied", "^MultiFactorAuthentication failed", 403):
            call()


@case(moto_departs="knows one account for all keys (GetAccessKeyInfo: the account to which the keys belong)")
def an_access_key_tells_its_account(aws):
    first, second = aws.accounts[:2]
    for account in (first, second):
        key = aws.credentials[account]["AccessKeyId"]
        assert aws.sts(first).get_access_key_info(AccessKeyId=key)["Account"] == account
    key = assume(aws, account=second)["Credentials"]["AccessKeyId"]
    assert aws.sts(first).get_access_key_info(AccessKeyId=key)["Account"] == second
    # Published with its account by A. Steele and T. Be'ery; AWS needs no such key to exist either.
    assert aws.sts().get_access_key_info(AccessKeyId="ASIAY34FZKBOKMUTVV7A")["Account"] == "609629065308"
    with aws.refuses("ValidationError"):
        aws.sts().get_access_key_info(AccessKeyId="short")
    with aws.refuses("ValidationError"):
        aws.sts().get_access_key_info(AccessKeyId="A" * 20)


@case(moto_departs="takes any signature (IAM User Guide, Signature Version 4: requests are authenticated)")
def a_wrong_secret_is_refused(aws):
    wrong = {**aws.credentials[aws.accounts[0]], "SecretAccessKey": "wrong"}
    with aws.refuses("SignatureDoesNotMatch", "^The request signature we calculated does not match", 403):
        aws.sts(credentials=wrong).get_caller_identity()
    with aws.refuses("InvalidSignatureException", "^The request signature we calculated does not match", 400):
        aws.kms(credentials=wrong).list_keys()
    nobody = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "wrong"}
    with aws.refuses("InvalidClientTokenId", "", 403):
        aws.sts(credentials=nobody).get_caller_identity()
    with aws.refuses("UnrecognizedClientException", "", 400):
        aws.kms(credentials=nobody).list_keys()


@case(moves_clock=True)
def a_session_is_over_when_it_said(aws):
    credentials = assume(aws, DurationSeconds=900)["Credentials"]
    aws.sts(credentials=credentials).get_caller_identity()
    aws.admin("clock", advance="PT15M")
    try:
        with aws.refuses("ExpiredToken", "^The security token included in the request is expired$", 403):
            aws.sts(credentials=credentials).get_caller_identity()
        with aws.refuses("ExpiredTokenException", "^The security token included in the request is expired$", 400):
            aws.kms(credentials=credentials).list_keys()
    finally:
        aws.admin("clock", real=True)
