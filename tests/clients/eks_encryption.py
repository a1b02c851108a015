"""Encryption of EKS clusters with keys of the customer's, by the Amazon EKS API Reference and the Amazon EKS User Guide,
"Encrypt Kubernetes secrets with KMS on existing clusters".

moto makes no calls of KMS for a cluster.
"""

import json

from contract import case
from eks import SUBNETS, active, eks, new_cluster, new_role, trust
from eks_access import allow, role_of, session_of
from session import REGION

ONLY_HERE = "moto makes no calls of KMS for a cluster"


def config(key):
    return {"encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": key}}]}


def new_key(aws, account=None, region=REGION, **more):
    return aws.kms(account or aws.accounts[0], region).create_key(**more)["KeyMetadata"]["Arn"]


def grants_of(aws, key):
    return aws.kms(aws.accounts[0]).list_grants(KeyId=key)["Grants"]


def newest_event(aws, name, key):
    """The newest event of this name that is of a key."""
    asked = [{"AttributeKey": "EventName", "AttributeValue": name}]
    events = aws.client("cloudtrail").lookup_events(LookupAttributes=asked)["Events"]
    told = [json.loads(event["CloudTrailEvent"]) for event in events]
    return next(event for event in told if key in json.dumps(event))


@case(local_only=ONLY_HERE)
def a_cluster_is_encrypted_with_a_key_for_good(aws):
    cluster, key = new_cluster(aws, "sealed"), new_key(aws)
    update = eks(aws).associate_encryption_config(clusterName="sealed", **config(key))["update"]
    assert (update["type"], update["status"], update["errors"]) == ("AssociateEncryptionConfig", "InProgress", []), update
    [parameter] = update["params"]
    assert parameter["type"] == "EncryptionConfig" and json.loads(parameter["value"]) == config(key)["encryptionConfig"], parameter
    assert active(aws, "sealed")["encryptionConfig"] == config(key)["encryptionConfig"]
    told = eks(aws).describe_update(name="sealed", updateId=update["id"])["update"]
    assert told["status"] == "Successful", told
    [grant] = grants_of(aws, key)
    assert grant["GranteePrincipal"] == cluster["roleArn"] and {"Encrypt", "Decrypt"} <= set(grant["Operations"]), grant
    for name in ("DescribeKey", "CreateGrant"):
        event = newest_event(aws, name, key)
        identity = event["userIdentity"]
        assert (identity["type"], identity["invokedBy"]) == ("Root", "eks.amazonaws.com"), event
        assert event["sourceIPAddress"] == event["userAgent"] == "eks.amazonaws.com", event
    for again in (key, new_key(aws)):
        with aws.refuses("InvalidParameterException", "Encryption is already enabled on the cluster", 400):
            eks(aws).associate_encryption_config(clusterName="sealed", **config(again))
    with aws.refuses("ResourceNotFoundException", "No cluster found for name: none", 404):
        eks(aws).associate_encryption_config(clusterName="none", **config(key))
    eks(aws).delete_cluster(name="sealed")
    assert grants_of(aws, key) == []

    # From the beginning, by an alias.
    aws.kms(aws.accounts[0]).create_alias(AliasName="alias/sealed", TargetKeyId=key)
    alias = key.split(":key/")[0] + ":alias/sealed"
    assert new_cluster(aws, "born-sealed", **config(alias))["encryptionConfig"] == config(alias)["encryptionConfig"]
    assert [grant["GranteePrincipal"] for grant in grants_of(aws, key)] == [cluster["roleArn"]]
    # A request that comes twice makes no second grant.
    asked = {"name": "twice", "roleArn": cluster["roleArn"], "resourcesVpcConfig": SUBNETS, "clientRequestToken": "t", **config(key)}
    for _ in range(2):
        eks(aws).create_cluster(**asked)
    assert len(grants_of(aws, key)) == 2


@case(local_only=ONLY_HERE)
def a_key_is_symmetric_enabled_and_of_the_region(aws):
    new_cluster(aws, "keys")
    key, disabled = new_key(aws), new_key(aws)
    aws.kms(aws.accounts[0]).disable_key(KeyId=disabled)
    for wrong, words in (
        (config(new_key(aws, KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")), "symmetric"),
        (config(new_key(aws, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")), "symmetric"),
        (config(new_key(aws, region="eu-west-1")), "same region"),
        (config(disabled), "enabled"),
        (config(key[:-12] + "000000000000"), "000000000000"),
        (config("k"), "invalid"), (config(key.replace(":kms:", ":iam:")), "invalid"),
        ({"encryptionConfig": [{"resources": ["secrets"], "provider": {}}]}, "KeyArn is required"),
        ({"encryptionConfig": []}, "KeyArn is required"),
        ({"encryptionConfig": [{"resources": ["pods"], "provider": {"keyArn": key}}]}, "secrets"),
    ):
        with aws.refuses("InvalidParameterException", words, 400):
            eks(aws).associate_encryption_config(clusterName="keys", **wrong)
    assert grants_of(aws, key) == [] and "encryptionConfig" not in eks(aws).describe_cluster(name="keys")["cluster"]


@case(local_only=ONLY_HERE)
def who_encrypts_a_cluster_may_describe_the_key_and_grant_it(aws):
    new_cluster(aws, "grants")
    key = new_key(aws)
    through = {"StringEquals": {"kms:ViaService": f"eks.{REGION}.amazonaws.com"}}
    of_eks = allow("eks:AssociateEncryptionConfig", StringLike={"eks:encryptionConfigProviderKeyArns": "arn:aws:kms:*"})
    describes, grants = allow("kms:DescribeKey", **through), allow("kms:CreateGrant", **through)

    def caller(name, *statements):
        return aws.client("eks", credentials=session_of(aws, role_of(aws, name, of_eks, *statements)))

    for name, statements, refused in (
        ("grants-none", [], "DescribeKey"), ("grants-describes", [describes], "CreateGrant"),
        ("grants-grants", [grants], "DescribeKey"),
        ("grants-elsewhere", [allow("kms:*", StringEquals={"kms:ViaService": f"ec2.{REGION}.amazonaws.com"})], "DescribeKey"),
    ):
        with aws.refuses("InvalidRequestException", f"User not authorized to perform kms:{refused} operation", 400):
            caller(name, *statements).associate_encryption_config(clusterName="grants", **config(key))
        event = newest_event(aws, refused, name)
        assert event["errorCode"] == "AccessDenied" and event["userIdentity"]["invokedBy"] == "eks.amazonaws.com", event
        assert f"is not authorized to perform: kms:{refused}" in event["errorMessage"], event
    assert grants_of(aws, key) == []
    with aws.refuses("AccessDeniedException", "eks:AssociateEncryptionConfig", 403):
        aws.client("eks", credentials=session_of(aws, role_of(aws, "grants-not", allow("kms:*")))).associate_encryption_config(
            clusterName="grants", **config(key))
    caller("grants-both", describes, grants).associate_encryption_config(clusterName="grants", **config(key))
    assert len(grants_of(aws, key)) == 1

    # A key of another account, which lets this one in.
    new_cluster(aws, "foreign")
    foreign = new_key(aws, aws.accounts[1])
    both = caller("grants-foreign", describes, grants)
    with aws.refuses("InvalidRequestException", "kms:DescribeKey"):
        both.associate_encryption_config(clusterName="foreign", **config(foreign))
    lets_in = [allow("kms:*") | {"Principal": {"AWS": f"arn:aws:iam::{account}:root"}} for account in aws.accounts[:2]]
    policy = json.dumps({"Version": "2012-10-17", "Statement": lets_in})
    aws.kms(aws.accounts[1]).put_key_policy(KeyId=foreign, PolicyName="default", Policy=policy)
    both.associate_encryption_config(clusterName="foreign", **config(foreign))
    assert active(aws, "foreign")["encryptionConfig"][0]["provider"]["keyArn"] == foreign


@case(local_only=ONLY_HERE, moves_clock=True)
def a_cluster_is_not_encrypted_while_it_is_made(aws):
    new_role(aws, "unsealed", trust({"Service": "eks.amazonaws.com"}, actions=["sts:AssumeRole"]))
    key, role = new_key(aws), f"arn:aws:iam::{aws.accounts[0]}:role/unsealed"
    aws.admin("clock", freeze=aws.admin("clock")["now"])
    eks(aws).create_cluster(name="unsealed", roleArn=role, resourcesVpcConfig=SUBNETS)
    with aws.refuses("ResourceInUseException", "CREATING", 409):
        eks(aws).associate_encryption_config(clusterName="unsealed", **config(key))
    assert grants_of(aws, key) == []
    aws.admin("clock", advance="PT1S")
    eks(aws).associate_encryption_config(clusterName="unsealed", **config(key))
