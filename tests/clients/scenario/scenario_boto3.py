"""The scenario of README.md in boto3."""

import json
import os

import boto3
from botocore.exceptions import ClientError

REGION = "us-west-2"
OPENED = {"purpose": "scenario"}
CREDENTIALS = json.loads(os.environ["CLAVIGER_CREDENTIALS"])
KEYS_ACCOUNT, ROLES_ACCOUNT = sorted(CREDENTIALS)


def client(service, credentials):
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=os.environ["CLAVIGER_ENDPOINT"],
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials.get("SessionToken"),
    )


def tell(step, **results):
    print(json.dumps({"step": step, **results}))


def refused(call, **parameters):
    """The code and message that a call is refused with."""
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]
    raise AssertionError(f"{call} was not refused")


def events(trail, name, value):
    """The events of an attribute, oldest first."""
    pages = trail.get_paginator("lookup_events").paginate(
        LookupAttributes=[{"AttributeKey": name, "AttributeValue": value}], PaginationConfig={"PageSize": 2},
    )
    return [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]][::-1]


def main():
    keys, trail = client("kms", CREDENTIALS[KEYS_ACCOUNT]), client("cloudtrail", CREDENTIALS[KEYS_ACCOUNT])
    iam, sts = client("iam", CREDENTIALS[ROLES_ACCOUNT]), client("sts", CREDENTIALS[ROLES_ACCOUNT])

    key = keys.create_key(Description="scenario", Tags=[{"TagKey": "team", "TagValue": "blue"}])["KeyMetadata"]["Arn"]
    keys.create_alias(AliasName="alias/scenario", TargetKeyId=key)
    metadata = keys.describe_key(KeyId="alias/scenario")["KeyMetadata"]
    tell("key", arn=metadata["Arn"], state=metadata["KeyState"])

    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ROLES_ACCOUNT}:root"}, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName="Scenario", Path="/team/", AssumeRolePolicyDocument=json.dumps(trust))
    role = iam.get_role(RoleName="Scenario")["Role"]
    tell("role", arn=role["Arn"], trusts=role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"])

    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:GenerateRandom", "Resource": "*"}]}
    policy = iam.create_policy(PolicyName="Scenario", PolicyDocument=json.dumps(allowed))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="Scenario", PolicyArn=policy)
    attached = iam.list_attached_role_policies(RoleName="Scenario")["AttachedPolicies"]
    tell("policy", attached=[each["PolicyArn"] for each in attached])

    session = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="client")["Credentials"]
    kms = client("kms", session)
    arn = client("sts", session).get_caller_identity()["Arn"]
    tell("session", arn=arn, random=len(kms.generate_random(NumberOfBytes=16)["Plaintext"]))

    error = refused(kms.list_keys)
    tell("denied by the policy", code=error["Code"], message=error["Message"])
    error = refused(kms.encrypt, KeyId=key, Plaintext=b"hello", EncryptionContext=OPENED)
    tell("denied for want of a grant", code=error["Code"], message=error["Message"])

    grant = keys.create_grant(KeyId=key, GranteePrincipal=role["Arn"], Operations=["Encrypt", "Decrypt"],
                              Constraints={"EncryptionContextSubset": OPENED})
    [listed] = keys.list_grants(KeyId=key)["Grants"]
    tell("grant", grantee=listed["GranteePrincipal"], operations=sorted(listed["Operations"]))

    tokens = [grant["GrantToken"]]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"hello", EncryptionContext=OPENED, GrantTokens=tokens)["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=sealed, EncryptionContext=OPENED, GrantTokens=tokens)
    tell("sealed and opened", key=opened["KeyId"], plaintext=opened["Plaintext"].decode())

    error = refused(kms.decrypt, CiphertextBlob=sealed, EncryptionContext={"purpose": "another"}, GrantTokens=tokens)
    tell("denied for another context", code=error["Code"], message=error["Message"])

    keys.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
    error = refused(kms.decrypt, CiphertextBlob=sealed, EncryptionContext=OPENED)
    tell("denied after the grant", code=error["Code"], message=error["Message"])

    told = events(trail, "ResourceName", key)
    tell("trail of the key", events=[[each["eventName"], each["userIdentity"]["type"]] for each in told])
    told = events(client("cloudtrail", CREDENTIALS[ROLES_ACCOUNT]), "Username", "client")
    tell("trail of the session", events=[[each["eventName"], each.get("errorCode")] for each in told])

    state = keys.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)["KeyState"]
    keys.delete_alias(AliasName="alias/scenario")
    iam.detach_role_policy(RoleName="Scenario", PolicyArn=policy)
    iam.delete_policy(PolicyArn=policy)
    iam.delete_role(RoleName="Scenario")
    error = refused(iam.get_role, RoleName="Scenario")
    tell("cleaned up", state=state, code=error["Code"], message=error["Message"])


if __name__ == "__main__":
    main()
