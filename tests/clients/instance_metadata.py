"""What an instance learns about itself, and whose credentials it gets: by boto3 and the `aws` CLI, which find them by themselves.

`CLAVIGER_METADATA` is the endpoint of the metadata; `CLAVIGER_ENDPOINT` and `CLAVIGER_CREDENTIALS` are as `run.py` takes them.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "us-west-2"
ENDPOINT, METADATA = os.environ["CLAVIGER_ENDPOINT"], os.environ["CLAVIGER_METADATA"]
CREDENTIALS = json.loads(os.environ["CLAVIGER_CREDENTIALS"])
ACCOUNT = min(CREDENTIALS)
KEYS = CREDENTIALS[ACCOUNT]
ONCE = Config(retries={"total_max_attempts": 1})
# What an SDK on the instance has: no keys, and where the metadata is.
ON_INSTANCE = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": METADATA, "AWS_ENDPOINT_URL": ENDPOINT, "AWS_DEFAULT_REGION": REGION}


def root(service):
    return boto3.client(service, region_name=REGION, endpoint_url=ENDPOINT, aws_access_key_id=KEYS["AccessKeyId"],
                        aws_secret_access_key=KEYS["SecretAccessKey"], config=ONCE)


def tell_of(**subject):
    request = urllib.request.Request(f"{ENDPOINT}/_claviger/imds", data=json.dumps(subject).encode(), method="PUT",
                                     headers={"content-type": "application/json"})
    assert json.load(urllib.request.urlopen(request, timeout=10)) == subject


def token():
    request = urllib.request.Request(f"{METADATA}/latest/api/token", method="PUT",
                                     headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})
    return urllib.request.urlopen(request, timeout=10).read().decode()


def told(path, with_token=True):
    headers = {"X-aws-ec2-metadata-token": token()} if with_token else {}
    request = urllib.request.Request(f"{METADATA}/latest/{path}", headers=headers)
    return urllib.request.urlopen(request, timeout=10).read().decode()


def is_missing(path, status=404, **how):
    try:
        told(path, **how)
    except urllib.error.HTTPError as error:
        assert error.code == status, (path, error.code)
    else:
        raise AssertionError(f"{path} is there")


def on_instance(service):
    """A client that nobody gave credentials."""
    os.environ.update(ON_INSTANCE)
    os.environ.pop("AWS_EC2_METADATA_DISABLED", None)
    return boto3.Session().client(service, config=ONCE)


def aws(*words):
    """The `aws` command on the instance."""
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")} | ON_INSTANCE
    command = [os.path.join(os.path.dirname(sys.executable), "aws"), *words, "--output", "json"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def trust(*services):
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def set_up():
    """Two keys, of which the role may describe one, as the instance, by credentials that a token got."""
    iam, kms, ec2 = root("iam"), root("kms"), root("ec2")
    key, other = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    iam.create_role(RoleName="Metadata", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    profile = iam.create_instance_profile(InstanceProfileName="metadata")["InstanceProfile"]
    iam.add_role_to_instance_profile(InstanceProfileName="metadata", RoleName="Metadata")
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    image = ec2.register_image(Name="metadata", Architecture="x86_64", RootDeviceName="/dev/xvda", BlockDeviceMappings=[
        {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}])["ImageId"]
    instance = ec2.run_instances(
        ImageId=image, InstanceType="m5.large", MinCount=1, MaxCount=1, UserData="#!/bin/sh\necho hello",
        IamInstanceProfile={"Arn": profile["Arn"]},
        MetadataOptions={"HttpTokens": "required", "InstanceMetadataTags": "enabled"},
        BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1}}],
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "n"}]}])["Instances"][0]
    arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{instance['InstanceId']}"
    condition = {"StringEquals": {"ec2:RoleDelivery": "2.0", "aws:Ec2InstanceSourceVpc": instance["VpcId"]},
                 "ArnEquals": {"ec2:SourceInstanceArn": arn}}
    allowed = [{"Effect": "Allow", "Action": "kms:DescribeKey", "Resource": key, "Condition": condition}]
    iam.put_role_policy(RoleName="Metadata", PolicyName="p",
                        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allowed}))
    return instance, profile, key, other


def facts(instance, profile):
    """The metadata is what EC2 tells of the instance."""
    names = {
        "ami-id": "ImageId", "instance-id": "InstanceId", "instance-type": "InstanceType", "hostname": "PrivateDnsName",
        "local-ipv4": "PrivateIpAddress",
    }
    for path, member in names.items():
        assert told(f"meta-data/{path}") == instance[member], path
    interface = instance["NetworkInterfaces"][0]
    macs = f"meta-data/network/interfaces/macs/{told('meta-data/mac')}"
    for path, member in {"subnet-id": "SubnetId", "vpc-id": "VpcId", "interface-id": "NetworkInterfaceId"}.items():
        assert told(f"{macs}/{path}") == interface[member], path
    assert told("meta-data/placement/availability-zone") == instance["Placement"]["AvailabilityZone"]
    zone = root("ec2").describe_availability_zones(ZoneNames=[f"{REGION}a"])["AvailabilityZones"][0]
    if instance["Placement"]["AvailabilityZone"] == zone["ZoneName"]:
        assert told("meta-data/placement/availability-zone-id") == zone["ZoneId"]
    assert told("meta-data/placement/region") == REGION
    assert told("meta-data/services/domain") == "amazonaws.com"
    assert told("meta-data/services/partition") == "aws"
    assert told("meta-data/block-device-mapping/").split() == ["ami", "ebs1", "root"]
    assert told("meta-data/block-device-mapping/ebs1") == "sdf"
    assert told("meta-data/tags/instance/Name") == "n"
    assert told("user-data") == "#!/bin/sh\necho hello"
    assert "iam/" in told("meta-data/").split("\n") and told("meta-data").split("\n")[0] == "ami-id"
    assert told("meta-data/iam/security-credentials/") == "Metadata"
    info = json.loads(told("meta-data/iam/info"))
    assert (info["Code"], info["InstanceProfileArn"]) == ("Success", profile["Arn"]), info
    assert info["InstanceProfileId"] == profile["InstanceProfileId"], info
    document = json.loads(told("dynamic/instance-identity/document"))
    assert (document["accountId"], document["instanceId"]) == (ACCOUNT, instance["InstanceId"]), document
    for path in ("meta-data/spot/instance-action", "meta-data/nothing", "meta-data/instance-id/x", "nothing", "meta-data/public-ipv4"):
        is_missing(path)
    is_missing("meta-data/instance-id", status=401, with_token=False)


def acts_as_the_instance(instance, key, other):
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/Metadata/{instance['InstanceId']}"
    caller = on_instance("sts").get_caller_identity()
    assert caller["Arn"] == arn, caller
    kms = on_instance("kms")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    try:
        kms.describe_key(KeyId=other)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException" and arn in str(error), error
    else:
        raise AssertionError("the role may describe the other key")
    of_cli = aws("sts", "get-caller-identity")
    assert json.loads(of_cli.stdout)["Arn"] == arn, of_cli
    assert json.loads(aws("kms", "describe-key", "--key-id", key).stdout)["KeyMetadata"]["Arn"] == key
    denied = aws("kms", "describe-key", "--key-id", other)
    assert denied.returncode != 0 and "AccessDenied" in denied.stderr, denied
    trail = root("cloudtrail")
    events = trail.lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "AssumeRole"}])["Events"]
    assumed = [json.loads(event["CloudTrailEvent"]) for event in events]
    # One session for all of them.
    assert len(assumed) == 1, assumed
    assert assumed[0]["userIdentity"] == {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}, assumed
    assert assumed[0]["requestParameters"]["roleSessionName"] == instance["InstanceId"], assumed
    events = trail.lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "DescribeKey"}])["Events"]
    described = [json.loads(event["CloudTrailEvent"])["userIdentity"] for event in events]
    assert described and all(of["arn"] == arn and of["sessionContext"]["ec2RoleDelivery"] == "2.0" for of in described), described


def credentials_end_with_their_role(instance):
    iam = root("iam")
    path = "meta-data/iam/security-credentials/Metadata"
    former = json.loads(told(path))
    assert former["Code"] == "Success" and former["Type"] == "AWS-HMAC" and former == json.loads(told(path)), former["Code"]
    iam.update_assume_role_policy(RoleName="Metadata", PolicyDocument=trust("lambda.amazonaws.com"))
    # What there is, stays good.
    assert json.loads(told(path)) == former
    iam.delete_role_policy(RoleName="Metadata", PolicyName="p")
    iam.remove_role_from_instance_profile(InstanceProfileName="metadata", RoleName="Metadata")
    is_missing(path)
    iam.delete_role(RoleName="Metadata")
    iam.create_role(RoleName="Metadata", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))
    iam.add_role_to_instance_profile(InstanceProfileName="metadata", RoleName="Metadata")
    # Another role of the same name.
    refused = json.loads(told(path))
    assert refused["Code"] == "AssumeRoleUnauthorizedAccess" and "AccessKeyId" not in refused, refused
    session = boto3.client("sts", region_name=REGION, endpoint_url=ENDPOINT, aws_access_key_id=former["AccessKeyId"],
                           aws_secret_access_key=former["SecretAccessKey"], aws_session_token=former["Token"], config=ONCE)
    try:
        session.get_caller_identity()
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InvalidClientTokenId", error
    else:
        raise AssertionError("a session of a role that was deleted is good")
    iam.update_assume_role_policy(RoleName="Metadata", PolicyDocument=trust("ec2.amazonaws.com"))
    renewed = json.loads(told(path))
    assert renewed["Code"] == "Success" and renewed["AccessKeyId"] != former["AccessKeyId"]
    root("ec2").terminate_instances(InstanceIds=[instance["InstanceId"]])
    try:
        token()
    except urllib.error.HTTPError as error:
        assert error.code == 404, error
    else:
        raise AssertionError("an instance that is terminated has metadata")


def without_tokens(instance):
    """An instance for which they are optional gets credentials of the first kind."""
    ec2 = root("ec2")
    image = instance["ImageId"]
    made = ec2.run_instances(ImageId=image, InstanceType="m5.large", MinCount=1, MaxCount=1,
                             IamInstanceProfile={"Name": "metadata"}, MetadataOptions={"HttpTokens": "optional"})["Instances"][0]
    tell_of(instance=made["InstanceId"])
    assert told("meta-data/instance-id", with_token=False) == made["InstanceId"]
    is_missing("meta-data/tags/")
    is_missing("user-data")
    path = "meta-data/iam/security-credentials/Metadata"
    first, second = (json.loads(told(path, with_token=with_token)) for with_token in (False, True))
    assert first["AccessKeyId"] != second["AccessKeyId"]
    off = ec2.run_instances(ImageId=image, InstanceType="m5.large", MinCount=1, MaxCount=1,
                            MetadataOptions={"HttpEndpoint": "disabled"})["Instances"][0]
    tell_of(instance=off["InstanceId"])
    is_missing("meta-data/instance-id", status=403, with_token=False)


def user_data_is_bounded(instance):
    ec2 = root("ec2")
    try:
        ec2.run_instances(ImageId=instance["ImageId"], InstanceType="m5.large", MinCount=1, MaxCount=1, UserData="x" * 16385)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InvalidParameterValue" and "16384" in str(error), error
    else:
        raise AssertionError("user data that is too long is taken")


def main():
    instance, profile, key, other = set_up()
    tell_of(instance=instance["InstanceId"])
    deadline = time.monotonic() + 60
    while root("ec2").describe_instances(InstanceIds=[instance["InstanceId"]])["Reservations"][0]["Instances"][0]["State"]["Name"] != "running":
        assert time.monotonic() < deadline, "the instance does not run"
        time.sleep(0.1)
    facts(instance, profile)
    acts_as_the_instance(instance, key, other)
    credentials_end_with_their_role(instance)
    without_tokens(instance)
    user_data_is_bounded(instance)
    print("instance metadata holds")


if __name__ == "__main__":
    main()
