"""Sessions of whom somebody else vouches for: web identities and federated users, by the STS API Reference."""

import functools
import json
import time

import botocore
from botocore.config import Config

import boto3

from contract import case
from issuer import AUDIENCE, SUBJECT, URL, Issuer, trust
from session import CONFIG, REGION
from sts_cases import lasts

NO_KEY = "^Couldn't retrieve verification key from your identity provider,  please reference "
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
LIST_KEYS = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"}]})
# What fits the 2,048 characters that the model lets through, and is too much with a managed policy's ARN.
LONG = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "x" * 1900, "Resource": "*"}]})


@functools.cache
def issuer():
    return Issuer()


@functools.cache
def provider(aws):
    return aws.iam().create_open_id_connect_provider(Url=URL, ClientIDList=[AUDIENCE])["OpenIDConnectProviderArn"]


def role(aws, name, *actions, **conditions):
    document = trust(provider(aws), *actions, **conditions)
    made = aws.iam().create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]
    aws.iam().put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=ALLOW)
    return made["Arn"]


@functools.cache
def unsigned(aws):
    """Nobody: the operation takes no signature."""
    config = CONFIG.merge(Config(signature_version=botocore.UNSIGNED))
    client = boto3.client("sts", region_name=REGION, endpoint_url=aws.endpoint, config=config)
    client.meta.events.register("before-parse", aws._remember)
    return client


def assume(aws, arn, token, **parameters):
    parameters = {"RoleArn": arn, "RoleSessionName": "web", "WebIdentityToken": token, **parameters}
    return unsigned(aws).assume_role_with_web_identity(**parameters)


@case(moto_departs="takes any token for one of any issuer (AssumeRoleWithWebIdentity, errors: InvalidIdentityToken)")
def a_token_assumes_the_role_that_trusts_it(aws):
    arn = role(aws, "Web")
    answer = assume(aws, arn, issuer().token())
    assert answer["SubjectFromWebIdentityToken"] == SUBJECT and answer["Audience"] == AUDIENCE, answer
    assert answer["Provider"] == provider(aws), answer
    assert 3590 < lasts(answer["Credentials"]) <= 3600
    session = answer["Credentials"]
    assert aws.sts(credentials=session).get_caller_identity()["Arn"].endswith(":assumed-role/Web/web")
    aws.kms(credentials=session).list_keys()
    with aws.refuses("AccessDenied", "^Not authorized to perform sts:AssumeRoleWithWebIdentity$", 403):
        assume(aws, arn, issuer().token(sub="system:serviceaccount:default:other"))
    with aws.refuses("InvalidIdentityToken", "^Incorrect token audience$", 400):
        assume(aws, arn, issuer().token(aud="other"))
    with aws.refuses("InvalidIdentityToken", "^No OpenIDConnect provider found in your account for https://other.example$"):
        assume(aws, arn, issuer().token(iss="https://other.example"))
    with aws.refuses("InvalidIdentityToken", "^The ID Token provided is not a valid JWT"):
        assume(aws, arn, "none")
    with aws.refuses("InvalidIdentityToken", "^Missing a required claim: exp$"):
        assume(aws, arn, issuer().token(exp=None))
    with aws.refuses("ExpiredTokenException", "^Token expired: current date/time .* must be before the expiration", 400):
        assume(aws, arn, issuer().token(exp=int(time.time()) - 400))
    with aws.refuses("InvalidIdentityToken", "signature is not of the key"):
        header, payload, _ = issuer().token().split(".")
        assume(aws, arn, ".".join([header, payload, issuer().token(sub="other").split(".")[2]]))
    with aws.refuses("InvalidIdentityToken", NO_KEY, 400):
        assume(aws, arn, issuer().token(key_id="two"))
    with aws.refuses("ValidationError", "^Request ARN is invalid$"):
        assume(aws, arn.replace(":role/", ":user/"), issuer().token())
    with aws.refuses("MalformedPolicyDocument"):
        assume(aws, arn, issuer().token(), Policy="{")
    with aws.refuses("PackedPolicyTooLarge"):
        assume(aws, arn, issuer().token(), Policy=LONG, PolicyArns=[{"arn": f"arn:aws:iam::aws:policy/{'x' * 120}"}] * 2)


@case(moto_departs="reads no token (IAM User Guide, Pass session tags: AssumeRoleWithWebIdentity passes them in the token)")
def tags_and_a_source_identity_come_in_the_token(aws):
    tags = {"principal_tags": {"Team": ["blue"]}, "transitive_tag_keys": ["Team"]}
    claims = {"https://aws.amazon.com/tags": tags, "https://aws.amazon.com/source_identity": "ann"}
    untagged = role(aws, "WebUntagged")
    assume(aws, untagged, issuer().token())
    for (name, value), action in zip(claims.items(), ("sts:TagSession", "sts:SetSourceIdentity")):
        with aws.refuses("AccessDenied", f"not authorized to perform: {action} on resource", 403):
            assume(aws, untagged, issuer().token(**{name: value}))
    arn = role(aws, "WebTagged", "sts:TagSession", "sts:SetSourceIdentity",
               **{"ForAllValues:StringEquals": {"aws:TagKeys": "Team"}})
    answer = assume(aws, arn, issuer().token(**claims))
    assert answer["SourceIdentity"] == "ann" and answer["PackedPolicySize"] > 0, answer


@functools.cache
def key(aws):
    """The access key of a user that may federate, list keys and users, and begin sessions of itself."""
    document = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["kms:List*", "iam:ListUsers", "sts:*"], "Resource": "*"},
        {"Effect": "Deny", "Action": "sts:GetFederationToken", "Resource": "arn:aws:sts::*:federated-user/eve"},
        {"Effect": "Deny", "Action": "sts:TagSession", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/team": "red"}}},
    ]})
    aws.iam().create_user(UserName="broker")
    aws.iam().put_user_policy(UserName="broker", PolicyName="federate", PolicyDocument=document)
    return aws.iam().create_access_key(UserName="broker")["AccessKey"]


def user(aws):
    return aws.sts(credentials=key(aws))


@case(moto_departs="knows one caller, the user `moto` (GetFederationToken: of the user or root user who calls)")
def a_federated_user_may_what_both_policies_allow(aws):
    account = aws.accounts[0]
    answer = user(aws).get_federation_token(Name="ann", Policy=LIST_KEYS)
    assert answer["FederatedUser"] == {
        "FederatedUserId": f"{account}:ann", "Arn": f"arn:aws:sts::{account}:federated-user/ann"}, answer
    assert answer["PackedPolicySize"] > 0 and 43_190 < lasts(answer["Credentials"]) <= 43_200, answer
    ann = answer["Credentials"]
    assert aws.sts(credentials=ann).get_caller_identity()["Arn"] == answer["FederatedUser"]["Arn"]
    aws.kms(credentials=ann).list_keys()
    with aws.refuses("AccessDeniedException", "because no session policy allows the kms:ListAliases action"):
        aws.kms(credentials=ann).list_aliases()
    more = user(aws).get_federation_token(Name="ann", Policy=ALLOW)["Credentials"]
    with aws.refuses("AccessDeniedException", "because no identity-based policy allows the kms:CreateKey action"):
        aws.kms(credentials=more).create_key()
    # Without any session policy it may nothing that its user may.
    with aws.refuses("AccessDeniedException", "because no session policy allows the kms:ListKeys action"):
        aws.kms(credentials=user(aws).get_federation_token(Name="ann")["Credentials"]).list_keys()
    # What its user may in IAM and STS, it may not.
    aws.iam(credentials=key(aws)).list_users()
    with aws.refuses("AccessDenied", "iam:ListUsers", 403):
        aws.iam(credentials=more).list_users()
    user(aws).get_session_token()
    with aws.refuses("AccessDenied", "GetSessionToken", 403):
        aws.sts(credentials=more).get_session_token()
    with aws.refuses("AccessDenied", "GetFederationToken", 403):
        aws.sts(credentials=more).get_federation_token(Name="ann")


@case(moto_departs="looks at no policy and no bound (GetFederationToken: DurationSeconds, errors, Permissions)")
def federation_has_its_permissions_and_bounds(aws):
    client = user(aws)
    with aws.refuses("AccessDenied", "GetFederationToken on resource: arn:aws:sts::.*:federated-user/eve with an explicit deny", 403):
        client.get_federation_token(Name="eve")
    client.get_federation_token(Name="ann", Tags=[{"Key": "team", "Value": "blue"}])
    with aws.refuses("AccessDenied", "sts:TagSession", 403):
        client.get_federation_token(Name="ann", Tags=[{"Key": "team", "Value": "red"}])
    assert 895 < lasts(client.get_federation_token(Name="ann", DurationSeconds=900)["Credentials"]) <= 900
    assert lasts(client.get_federation_token(Name="ann", DurationSeconds=129_600)["Credentials"]) > 129_590
    for seconds in (899, 129_601):
        with aws.refuses("ValidationError", "'durationSeconds' failed"):
            client.get_federation_token(Name="ann", DurationSeconds=seconds)
    # Sessions of the root user end after an hour.
    assert 3590 < lasts(aws.sts().get_federation_token(Name="ann", DurationSeconds=129_600)["Credentials"]) <= 3600
    with aws.refuses("ValidationError", "'name' failed"):
        client.get_federation_token(Name="x" * 33)
    with aws.refuses("MalformedPolicyDocument"):
        client.get_federation_token(Name="ann", Policy="{")
    with aws.refuses("PackedPolicyTooLarge"):
        client.get_federation_token(Name="ann", Policy=LONG, PolicyArns=[{"arn": f"arn:aws:iam::aws:policy/{'x' * 120}"}] * 2)
    session = client.get_session_token()["Credentials"]
    with aws.refuses("AccessDenied", "^Cannot call GetFederationToken with session credentials$", 403):
        aws.sts(credentials=session).get_federation_token(Name="ann")


@case(moto_departs="takes anything for a message (DecodeAuthorizationMessage, errors: InvalidAuthorizationMessageException)")
def what_is_no_authorization_message_is_not_decoded(aws):
    with aws.refuses("InvalidAuthorizationMessageException", "", 400):
        aws.sts().decode_authorization_message(EncodedMessage="none")
    ann = user(aws).get_federation_token(Name="ann", Policy=LIST_KEYS)["Credentials"]
    with aws.refuses("AccessDenied", "sts:DecodeAuthorizationMessage", 403):
        aws.sts(credentials=ann).decode_authorization_message(EncodedMessage="none")
