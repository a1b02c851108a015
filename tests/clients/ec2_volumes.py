"""Amazon EC2, by its API Reference and the EBS User Guide: copies, attachments, and instances that are stopped."""

import time

from contract import case
from ec2_cases import KEYS, REGION, ec2, new_image, new_snapshot, run, settled, under
from trail_cases import by, events

ELSEWHERE = "eu-west-1"


def copied(client, source, region=REGION, **more):
    """What comes of a copy."""
    copy = client.copy_snapshot(SourceRegion=region, SourceSnapshotId=source, **more)["SnapshotId"]
    [told] = client.describe_snapshots(SnapshotIds=[copy])["Snapshots"]
    return told


def default_key(aws, region=REGION, account=0):
    listed = aws.kms(aws.accounts[account], region).list_aliases(Limit=100)["Aliases"]
    [alias] = [alias for alias in listed if alias["AliasName"] == "alias/aws/ebs"]
    return f"arn:aws:kms:{region}:{aws.accounts[account]}:key/{alias['TargetKeyId']}"


def calls_about(aws, thing, region=REGION):
    """The calls to KMS that name something, in their order, and as whom."""
    found = []
    for event in events(aws, region=region, **by("EventSource", "kms.amazonaws.com")):
        record = event["CloudTrailEvent"]
        if thing in str(record["requestParameters"]):
            found.append((record["eventName"], record["userIdentity"]["arn"].split(":", 5)[5]))
    return found[::-1]


def new_key(aws, account=0, region=REGION):
    return aws.kms(aws.accounts[account], region).create_key()["KeyMetadata"]["Arn"]


@case(local_only=KEYS)
def a_copy_of_a_snapshot_is_under_the_key_that_is_named(aws):
    client = ec2(aws)
    key, other = new_key(aws), new_key(aws)
    plain, sealed = new_snapshot(client), new_snapshot(client, Encrypted=True, KmsKeyId=key)
    told = copied(client, plain, Description="of it", TagSpecifications=[
        {"ResourceType": "snapshot", "Tags": [{"Key": "copy", "Value": "yes"}]}])
    assert (told["State"], told["Encrypted"], told["Description"]) == ("completed", False, "of it"), told
    assert told["VolumeId"] == "vol-ffffffff" and told["Tags"] == [{"Key": "copy", "Value": "yes"}], told
    for source, more, under_key in (
        (plain, {"Encrypted": True}, None), (plain, {"Encrypted": True, "KmsKeyId": key}, key), (sealed, {}, None),
        (sealed, {"KmsKeyId": key}, key), (sealed, {"Encrypted": True, "KmsKeyId": other}, other),
    ):
        told = copied(client, source, **more)
        assert told["State"] == "completed" and told["KmsKeyId"] == (under_key or default_key(aws)), (more, told)
    copy, root, infrastructure = told["SnapshotId"], "root", f"assumed-role/aws:ec2-infrastructure/{told['SnapshotId']}"
    assert calls_about(aws, copy) == [
        ("GenerateDataKeyWithoutPlaintext", root), ("ReEncrypt", root), ("CreateGrant", root), ("Decrypt", infrastructure),
    ], calls_about(aws, copy)
    # What the grants were for is done.
    assert aws.kms().list_grants(KeyId=other)["Grants"] == []
    # A copy is as good as what it was made from.
    volume = client.create_volume(AvailabilityZone=f"{REGION}a", SnapshotId=copy)
    assert volume["KmsKeyId"] == other and volume["Size"] == 8, volume
    with aws.refuses("InvalidParameterCombination", "cannot be unencrypted", 400):
        copied(client, sealed, Encrypted=False)
    with aws.refuses("InvalidParameterDependency", "", 400):
        copied(client, plain, KmsKeyId=key)
    with aws.refuses("InvalidSnapshot.NotFound", "", 400):
        copied(client, plain, region=ELSEWHERE)
    with aws.refuses("InvalidParameterValue", "Invalid region", 400):
        copied(client, plain, region="no where")


@case(local_only=KEYS)
def a_copy_of_another_region_is_under_a_key_of_its_own(aws):
    there, key = ec2(aws, region=ELSEWHERE), new_key(aws)
    source = new_snapshot(ec2(aws), Encrypted=True, KmsKeyId=key)
    told = copied(there, source)
    assert told["State"] == "completed" and told["KmsKeyId"] == default_key(aws, ELSEWHERE), told
    # The source's key is used where it is, the copy's where the copy is.
    [read] = [event["CloudTrailEvent"] for event in events(aws, **by("EventName", "Decrypt"))
              if key in [resource["ARN"] for resource in event["CloudTrailEvent"]["resources"]]]
    assert read["userIdentity"]["invokedBy"] == "ec2.amazonaws.com" and read["awsRegion"] == REGION, read
    names = [name for name, _ in calls_about(aws, told["SnapshotId"], ELSEWHERE)]
    assert names == ["CreateGrant", "GenerateDataKeyWithoutPlaintext", "Decrypt"], names
    # A key of elsewhere is none that the copy could be under.
    assert copied(there, source, KmsKeyId=key)["State"] == "error"
    aws.kms().disable_key(KeyId=key)
    assert copied(there, source)["State"] == "error"


@case(local_only=KEYS)
def a_copy_whose_key_is_refused_is_in_error(aws):
    client, key = ec2(aws), new_key(aws)
    source = new_snapshot(client)
    aws.kms().disable_key(KeyId=key)
    told = copied(client, source, Encrypted=True, KmsKeyId=key)
    assert told["State"] == "error" and told["StateMessage"].startswith("Given key ID is not accessible."), told
    assert copied(client, source, Encrypted=True, KmsKeyId="alias/nothing")["State"] == "error"
    with aws.refuses("IncorrectState", "not in the completed state", 400):
        client.create_volume(AvailabilityZone=f"{REGION}a", SnapshotId=told["SnapshotId"])
    with aws.refuses("IncorrectState", "not in the completed state", 400):
        copied(client, told["SnapshotId"])
    [begun] = [event["CloudTrailEvent"] for event in events(aws, **by("EventName", "GenerateDataKeyWithoutPlaintext"))
               if told["SnapshotId"] in str(event["CloudTrailEvent"]["requestParameters"])] or [None]
    granted = [event["CloudTrailEvent"] for event in events(aws, **by("EventName", "CreateGrant"))
               if told["SnapshotId"] in str(event["CloudTrailEvent"]["requestParameters"])]
    assert begun is None and granted[0]["errorCode"] == "DisabledException", (begun, granted)


@case(local_only=KEYS)
def a_shared_snapshot_is_copied_into_the_own_account(aws):
    client, other, key = ec2(aws), ec2(aws, 1), new_key(aws)
    source = new_snapshot(client, Encrypted=True, KmsKeyId=key)
    with aws.refuses("InvalidSnapshot.NotFound", source, 400):
        copied(other, source)
    client.modify_snapshot_attribute(SnapshotId=source, CreateVolumePermission={"Add": [{"UserId": aws.accounts[1]}]})
    # The snapshot is shared, its key is not.
    assert copied(other, source)["State"] == "error"
    statement = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{aws.accounts[1]}:root"}, "Action": "kms:ReEncryptFrom", "Resource": "*"}
    own = {**statement, "Principal": {"AWS": f"arn:aws:iam::{aws.accounts[0]}:root"}, "Action": "kms:*"}
    policy = str({"Version": "2012-10-17", "Statement": [own, statement]}).replace("'", '"')
    aws.kms().put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    told = copied(other, source)
    assert told["State"] == "completed" and told["OwnerId"] == aws.accounts[1], told
    assert told["KmsKeyId"] == default_key(aws, account=1), told
    # The copy is its own: the source may go.
    client.delete_snapshot(SnapshotId=source)
    assert other.create_volume(AvailabilityZone=f"{REGION}a", SnapshotId=told["SnapshotId"])["Encrypted"]


@case(local_only=KEYS)
def an_image_is_copied_with_its_snapshots(aws):
    client, other, key = ec2(aws), ec2(aws, 1), new_key(aws)
    image = new_image(client, "to be copied", Encrypted=True, KmsKeyId=key)
    client.create_tags(Resources=[image], Tags=[{"Key": "of", "Value": "source"}])

    def copy(client, **more):
        copy = client.copy_image(SourceRegion=REGION, SourceImageId=image, Name="copy", **more)["ImageId"]
        [told] = client.describe_images(ImageIds=[copy])["Images"]
        [snapshot] = client.describe_snapshots(SnapshotIds=[told["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]])["Snapshots"]
        return told, snapshot

    # Its own encrypted snapshots stay under their key, where nothing else is said.
    told, snapshot = copy(client, CopyImageTags=True)
    assert told["State"] == "available" and snapshot["KmsKeyId"] == key, (told, snapshot)
    assert (told["SourceImageId"], told["SourceImageRegion"]) == (image, REGION), told
    assert told["Tags"] == [{"Key": "of", "Value": "source"}] and image in snapshot["Description"], (told, snapshot)
    second = new_key(aws)
    assert copy(client, Encrypted=True, KmsKeyId=second)[1]["KmsKeyId"] == second
    assert copy(ec2(aws, region=ELSEWHERE))[1]["KmsKeyId"] == default_key(aws, ELSEWHERE)
    assert settled(client, run(client, told["ImageId"])["InstanceId"])["State"]["Name"] == "running"
    # An image that is shared without its snapshots can be launched from, and not be copied.
    with aws.refuses("InvalidAMIID.NotFound", image, 400):
        copy(other)
    share = {"Add": [{"UserId": aws.accounts[1]}]}
    client.modify_image_attribute(ImageId=image, LaunchPermission=share)
    with aws.refuses("InvalidRequest", "^You do not have permission to access the storage of this ami$", 400):
        copy(other)
    source = client.describe_images(ImageIds=[image])["Images"][0]["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    client.modify_snapshot_attribute(SnapshotId=source, CreateVolumePermission=share)
    told, snapshot = copy(other)
    assert told["State"] == "failed" and snapshot["State"] == "error", (told, snapshot)
    assert told["StateReason"]["Message"].startswith("AMI snapshot copy failed with error: Given key ID"), told
    with aws.refuses("InvalidAMIID.Unavailable", "", 400):
        run(other, told["ImageId"])


def attachment(client, volume):
    [told] = client.describe_volumes(VolumeIds=[volume])["Volumes"]
    return told


def detached(client, volume):
    deadline = time.monotonic() + 20
    while attachment(client, volume)["State"] != "available":
        assert time.monotonic() < deadline, attachment(client, volume)
        time.sleep(0.05)


@case(local_only=KEYS)
def a_volume_is_attached_and_detached(aws):
    client, key = ec2(aws), new_key(aws)
    instance = run(client, new_image(client, "of attachments"))["InstanceId"]
    zone = settled(client, instance)["Placement"]["AvailabilityZone"]
    made = client.create_volume(AvailabilityZone=zone, Size=4, Encrypted=True, KmsKeyId=key)["VolumeId"]
    detached(client, made)
    named = {"InstanceId": instance, "VolumeId": made}
    told = client.attach_volume(**named, Device="/dev/sdf")
    assert (told["State"], told["Device"], told["DeleteOnTermination"]) == ("attaching", "/dev/sdf", False), told
    client.get_waiter("volume_in_use").wait(VolumeIds=[made], WaiterConfig={"Delay": 1})
    assert ("CreateGrant", "root") in calls_about(aws, made), calls_about(aws, made)
    assert calls_about(aws, made)[-1] == ("Decrypt", f"assumed-role/aws:ec2-infrastructure/{instance}")
    [grant] = aws.kms().list_grants(KeyId=key)["Grants"]
    assert grant["Constraints"] == {"EncryptionContextSubset": {"aws:ebs:id": made}}, grant
    [reservation] = client.describe_instances(Filters=[{"Name": "block-device-mapping.volume-id", "Values": [made]}])["Reservations"]
    mappings = {one["DeviceName"]: one["Ebs"]["VolumeId"] for one in reservation["Instances"][0]["BlockDeviceMappings"]}
    assert mappings["/dev/sdf"] == made and set(mappings) == {"/dev/xvda", "/dev/sdf"}, mappings
    second = client.create_volume(AvailabilityZone=zone, Size=1)["VolumeId"]
    elsewhere = client.create_volume(AvailabilityZone=REGION + ("b" if zone.endswith("a") else "a"), Size=1)["VolumeId"]
    with aws.refuses("IncorrectState", "is not 'available'", 400):
        client.attach_volume(InstanceId=instance, VolumeId=second, Device="/dev/sdf")
    detached(client, second)
    detached(client, elsewhere)
    with aws.refuses("VolumeInUse", "is already attached to an instance", 400):
        client.attach_volume(**named, Device="/dev/sdg")
    with aws.refuses("InvalidParameterValue", "Attachment point /dev/sdf is already in use", 400):
        client.attach_volume(InstanceId=instance, VolumeId=second, Device="/dev/sdf")
    with aws.refuses("InvalidParameterValue", "/dev/disk is not a valid EBS device name", 400):
        client.attach_volume(InstanceId=instance, VolumeId=second, Device="/dev/disk")
    with aws.refuses("InvalidVolume.ZoneMismatch", "", 400):
        client.attach_volume(InstanceId=instance, VolumeId=elsewhere, Device="/dev/sdg")
    with aws.refuses("IncorrectState", "is in the 'available' state", 400):
        client.detach_volume(VolumeId=second)
    with aws.refuses("InvalidAttachment.NotFound", "", 400):
        client.detach_volume(VolumeId=made, Device="/dev/sdx")
    with aws.refuses("OperationNotPermitted", "Unable to detach root volume '/dev/xvda' from instance", 400):
        client.detach_volume(VolumeId=mappings["/dev/xvda"])
    told = client.detach_volume(**named)
    assert told["State"] == "detaching", told
    detached(client, made)
    assert aws.kms().list_grants(KeyId=key)["Grants"] == [] and attachment(client, made)["Attachments"] == []
    # What may not use the key attaches nothing.
    aws.kms().disable_key(KeyId=key)
    with aws.refuses("CustomerKeyHasBeenRevoked", "", 400):
        client.attach_volume(**named, Device="/dev/sdf")
    client.delete_volume(VolumeId=made)
    client.terminate_instances(InstanceIds=[instance])
    settled(client, instance)
    with aws.refuses("IncorrectState", "is not 'running'", 400):
        client.attach_volume(InstanceId=instance, VolumeId=second, Device="/dev/sdg")


def in_state(client, instance, state):
    deadline = time.monotonic() + 20
    while True:
        [reservation] = client.describe_instances(InstanceIds=[instance])["Reservations"]
        [told] = reservation["Instances"]
        if told["State"]["Name"] == state:
            return told
        assert time.monotonic() < deadline, told
        time.sleep(0.05)


@case(local_only=KEYS)
def an_instance_that_is_started_needs_its_keys_again(aws):
    client, key = ec2(aws), new_key(aws)
    instance = run(client, new_image(client, "to be stopped"), BlockDeviceMappings=under(key))["InstanceId"]
    with aws.refuses("IncorrectInstanceState", "is not in a state from which it can be stopped", 400):
        client.stop_instances(InstanceIds=[instance])
    running = in_state(client, instance, "running")
    assert len(aws.kms().list_grants(KeyId=key)["Grants"]) == 2
    [told] = client.stop_instances(InstanceIds=[instance])["StoppingInstances"]
    assert (told["PreviousState"]["Name"], told["CurrentState"]) == ("running", {"Code": 64, "Name": "stopping"}), told
    with aws.refuses("IncorrectInstanceState", "is not in a state from which it can be started", 400):
        client.start_instances(InstanceIds=[instance])
    stopped = in_state(client, instance, "stopped")
    assert stopped["StateReason"]["Code"] == "Client.UserInitiatedShutdown", stopped
    assert stopped["BlockDeviceMappings"] and stopped["PrivateIpAddress"] == running["PrivateIpAddress"], stopped
    assert aws.kms().list_grants(KeyId=key)["Grants"] == []
    [told] = client.start_instances(InstanceIds=[instance])["StartingInstances"]
    assert (told["PreviousState"]["Name"], told["CurrentState"]["Name"]) == ("stopped", "pending"), told
    again = in_state(client, instance, "running")
    assert "StateReason" not in again and again["LaunchTime"] > running["LaunchTime"], again
    assert len(aws.kms().list_grants(KeyId=key)["Grants"]) == 1
    # Nothing changes for who asks for what is so.
    [told] = client.start_instances(InstanceIds=[instance])["StartingInstances"]
    assert told["PreviousState"] == told["CurrentState"] == {"Code": 16, "Name": "running"}, told
    client.stop_instances(InstanceIds=[instance])
    in_state(client, instance, "stopped")
    aws.kms().disable_key(KeyId=key)
    [told] = client.start_instances(InstanceIds=[instance])["StartingInstances"]
    assert told["CurrentState"]["Name"] == "pending", told
    refused = in_state(client, instance, "stopped")
    assert refused["StateReason"] == {
        "Code": "Client.InternalError", "Message": "Client.InternalError: Client error on launch",
    }, refused
    aws.kms().enable_key(KeyId=key)
    client.start_instances(InstanceIds=[instance])
    in_state(client, instance, "running")
    client.stop_instances(InstanceIds=[instance])
    in_state(client, instance, "stopped")
    # Of an instance that is stopped even the root volume is detached.
    [mapping] = refused["BlockDeviceMappings"]
    client.detach_volume(VolumeId=mapping["Ebs"]["VolumeId"])
    detached(client, mapping["Ebs"]["VolumeId"])
    client.attach_volume(VolumeId=mapping["Ebs"]["VolumeId"], InstanceId=instance, Device="/dev/xvda")
    client.terminate_instances(InstanceIds=[instance])
    in_state(client, instance, "terminated")
    spot = run(client, refused["ImageId"], InstanceMarketOptions={"MarketType": "spot"})["InstanceId"]
    in_state(client, spot, "running")
    with aws.refuses("UnsupportedOperation", "one-time Spot Instance request", 400):
        client.stop_instances(InstanceIds=[spot])
