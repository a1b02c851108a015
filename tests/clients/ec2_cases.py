"""Amazon EC2, by its API Reference: volumes, snapshots, images, launch templates and instances."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

from contract import case
from session import REGION, tokens_of
from trail_cases import by, events

KEYS = "it launches whatever the key (Amazon EBS User Guide, Amazon EBS encryption)"
OWN = "it is about what the embedded AWS has from the start, and moto has otherwise"
INVALID_KEY = "Client.InvalidKMSKey.InvalidState"


def ec2(aws, account=0, **more):
    return aws.client("ec2", aws.accounts[account], **more)


def settled(client, instance):
    """The instance, when it is pending no more."""
    deadline = time.monotonic() + 20
    while True:
        [reservation] = client.describe_instances(InstanceIds=[instance])["Reservations"]
        [told] = reservation["Instances"]
        if told["State"]["Name"] not in ("pending", "shutting-down"):
            return told
        assert time.monotonic() < deadline, told
        time.sleep(0.1)


def new_snapshot(client, size=8, **more):
    volume = client.create_volume(AvailabilityZone=f"{REGION}a", Size=size, **more)["VolumeId"]
    return client.create_snapshot(VolumeId=volume)["SnapshotId"]


def new_image(client, name, **more):
    root = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": new_snapshot(client, **more), "VolumeType": "gp3"}}
    return client.register_image(
        Name=name, RootDeviceName="/dev/xvda", Architecture="x86_64", VirtualizationType="hvm", BlockDeviceMappings=[root],
    )["ImageId"]


def run(client, image, **more):
    return client.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="m5.large", **more)["Instances"][0]


def under(key):
    return [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "KmsKeyId": key}}]


@case(local_only=OWN)
def an_account_has_a_network_from_the_start(aws):
    client = ec2(aws)
    zones = client.describe_availability_zones()["AvailabilityZones"]
    assert [zone["ZoneName"] for zone in zones] == [f"{REGION}{letter}" for letter in "abc"], zones
    assert zones[0]["ZoneId"] == "usw2-az1", zones
    [vpc] = client.describe_vpcs()["Vpcs"]
    assert vpc["IsDefault"] and vpc["CidrBlock"] == "172.31.0.0/16", vpc
    subnets = tokens_of(client.describe_subnets, "Subnets", most=5)
    assert {subnet["AvailabilityZone"] for subnet in subnets} == {zone["ZoneName"] for zone in zones}, subnets
    assert all(subnet["VpcId"] == vpc["VpcId"] and subnet["DefaultForAz"] for subnet in subnets), subnets
    [group] = client.describe_security_groups(GroupNames=["default"])["SecurityGroups"]
    assert group["VpcId"] == vpc["VpcId"] and group["OwnerId"] == aws.accounts[0], group
    client.create_tags(Resources=[subnets[0]["SubnetId"], group["GroupId"]], Tags=[{"Key": "discovery", "Value": "demo"}])
    found = client.describe_subnets(Filters=[{"Name": "tag:discovery", "Values": ["dem*"]}])["Subnets"]
    assert [subnet["SubnetId"] for subnet in found] == [subnets[0]["SubnetId"]], found
    assert client.describe_subnets(Filters=[{"Name": "tag-key", "Values": ["nothing"]}])["Subnets"] == []
    # Another account has its own.
    [other] = ec2(aws, 1).describe_vpcs()["Vpcs"]
    assert other["VpcId"] != vpc["VpcId"], other
    with aws.refuses("InvalidVpcID.NotFound", vpc["VpcId"], 400):
        ec2(aws, 1).describe_vpcs(VpcIds=[vpc["VpcId"]])
    with aws.refuses("InvalidParameterValue", "The filter 'odd' is invalid", 400):
        client.describe_subnets(Filters=[{"Name": "odd", "Values": ["x"]}])


@case(local_only=KEYS)
def an_instance_runs_until_it_is_terminated(aws):
    client = ec2(aws)
    image = new_image(client, "plain")
    tags = [{"ResourceType": kind, "Tags": [{"Key": "team", "Value": kind}]} for kind in ("instance", "volume")]
    begun = run(client, image, ClientToken="once", TagSpecifications=tags)
    assert begun["State"] == {"Code": 0, "Name": "pending"} and begun["StateTransitionReason"] == "", begun
    again = run(client, image, ClientToken="once", TagSpecifications=tags)
    assert again["InstanceId"] == begun["InstanceId"], again
    told = settled(client, begun["InstanceId"])
    assert told["State"] == {"Code": 16, "Name": "running"} and told["ImageId"] == image, told
    assert told["SecurityGroups"][0]["GroupName"] == "default" and told["Tags"] == [{"Key": "team", "Value": "instance"}], told
    [mapping] = told["BlockDeviceMappings"]
    [volume] = client.describe_volumes(VolumeIds=[mapping["Ebs"]["VolumeId"]])["Volumes"]
    assert (volume["State"], volume["Encrypted"], volume["VolumeType"]) == ("in-use", False, "gp3"), volume
    assert volume["Tags"] == [{"Key": "team", "Value": "volume"}], volume
    with aws.refuses("VolumeInUse", "is currently attached", 400):
        client.delete_volume(VolumeId=volume["VolumeId"])
    spare = client.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
    client.get_waiter("volume_available").wait(VolumeIds=[spare], WaiterConfig={"Delay": 1})
    client.delete_volume(VolumeId=spare)
    [status] = client.describe_instance_status(InstanceIds=[begun["InstanceId"]])["InstanceStatuses"]
    assert status["InstanceStatus"]["Status"] == "ok", status
    ended = client.terminate_instances(InstanceIds=[begun["InstanceId"]])["TerminatingInstances"]
    assert ended[0]["CurrentState"]["Name"] == "shutting-down" and ended[0]["PreviousState"]["Name"] == "running", ended
    gone = settled(client, begun["InstanceId"])
    assert gone["State"]["Name"] == "terminated" and gone["StateReason"]["Code"] == "Client.UserInitiatedShutdown", gone
    assert gone["StateTransitionReason"].startswith("User initiated (") and gone["BlockDeviceMappings"] == [], gone
    with aws.refuses("InvalidVolume.NotFound", "", 400):
        client.describe_volumes(VolumeIds=[volume["VolumeId"]])
    running = {"Name": "instance-state-name", "Values": ["pending", "running"]}
    assert client.describe_instances(InstanceIds=[begun["InstanceId"]], Filters=[running])["Reservations"] == []


@case(local_only=KEYS)
def a_launch_under_a_key_calls_kms_and_the_trail_has_it(aws):
    client, key = ec2(aws), aws.kms().create_key()["KeyMetadata"]["Arn"]
    begun = run(client, new_image(client, "of a plain snapshot"), BlockDeviceMappings=under(key))
    instance, [mapping] = begun["InstanceId"], begun["BlockDeviceMappings"]
    volume = mapping["Ebs"]["VolumeId"]
    assert settled(client, instance)["State"]["Name"] == "running"
    [told] = client.describe_volumes(VolumeIds=[volume])["Volumes"]
    assert told["KmsKeyId"] == key and told["Encrypted"], told
    grants = aws.kms().list_grants(KeyId=key)["Grants"]
    assert len(grants) == 2 and all(grant["Operations"] == ["Decrypt"] for grant in grants), grants
    constraint = {"EncryptionContextSubset": {"aws:ebs:id": volume}}
    grantee = f"arn:aws:sts::{aws.accounts[0]}:assumed-role/aws:ec2-infrastructure/{instance}"
    assert all((grant["Constraints"], grant["GranteePrincipal"]) == (constraint, grantee) for grant in grants), grants
    found = [event["CloudTrailEvent"] for event in events(aws, **by("ResourceName", key))]
    calls = [record for record in reversed(found) if record.get("sourceIPAddress") == "ec2.amazonaws.com" or "infrastructure" in
             record["userIdentity"].get("arn", "")]
    names = ["CreateGrant", "GenerateDataKeyWithoutPlaintext", "Decrypt", "CreateGrant", "Decrypt"]
    assert [record["eventName"] for record in calls] == names, [record["eventName"] for record in found]
    made = calls[1]
    assert made["userIdentity"]["type"] == "Root" and made["userIdentity"]["invokedBy"] == "ec2.amazonaws.com", made
    assert made["requestParameters"] == {
        "keyId": key, "numberOfBytes": 64, "encryptionContext": {"aws:ebs:id": volume},
    }, made
    opened = calls[2]["userIdentity"]
    assert opened["arn"] == grantee and "aws:ec2-infrastructure" in opened["principalId"], opened
    assert opened["sessionContext"]["sessionIssuer"]["userName"] == "aws:ec2-infrastructure", opened
    # What the volume needed is over with it.
    client.terminate_instances(InstanceIds=[instance])
    assert aws.kms().list_grants(KeyId=key)["Grants"] == []


@case(local_only=KEYS)
def a_launch_whose_key_is_disabled_dies_and_says_so(aws):
    client, key = ec2(aws), aws.kms().create_key()["KeyMetadata"]["Arn"]
    image = new_image(client, "under a key that is disabled", Encrypted=True, KmsKeyId=key)
    aws.kms().disable_key(KeyId=key)
    begun = run(client, image)
    assert begun["State"]["Name"] == "pending", begun
    dead = settled(client, begun["InstanceId"])
    assert dead["State"] == {"Code": 48, "Name": "terminated"}, dead
    assert dead["StateReason"] == {
        "Code": INVALID_KEY, "Message": f"{INVALID_KEY}: The KMS key provided is in an incorrect state",
    }, dead
    assert dead["StateTransitionReason"] == INVALID_KEY, dead
    with aws.refuses("InvalidVolume.NotFound", "", 400):
        client.describe_volumes(VolumeIds=[begun["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]])
    [refused, *_] = events(aws, **by("ResourceName", key))
    assert refused["CloudTrailEvent"]["errorCode"] == "DisabledException", refused
    # The call that makes a volume succeeds as well.
    volume = client.create_volume(AvailabilityZone=f"{REGION}a", Size=1, Encrypted=True, KmsKeyId=key)
    assert volume["State"] == "creating" and volume["KmsKeyId"] == key, volume
    deadline = time.monotonic() + 20
    while client.describe_volumes(Filters=[{"Name": "volume-id", "Values": [volume["VolumeId"]]}])["Volumes"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@case(local_only=KEYS)
def the_keys_of_an_account_are_the_default_ones(aws):
    client = ec2(aws)
    assert client.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is False
    assert client.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    assert client.enable_ebs_encryption_by_default()["EbsEncryptionByDefault"] is True
    volume = client.create_volume(AvailabilityZone=f"{REGION}b", Size=1)
    managed = aws.kms().describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]
    assert managed["KeyManager"] == "AWS" and volume["KmsKeyId"] == managed["Arn"], (managed, volume)
    own = aws.kms().create_key()["KeyMetadata"]["Arn"]
    assert client.modify_ebs_default_kms_key_id(KmsKeyId=own)["KmsKeyId"] == own
    assert client.create_volume(AvailabilityZone=f"{REGION}b", Size=1)["KmsKeyId"] == own
    assert client.reset_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    assert client.disable_ebs_encryption_by_default()["EbsEncryptionByDefault"] is False
    assert "KmsKeyId" not in client.create_volume(AvailabilityZone=f"{REGION}b", Size=1)
    with aws.refuses("InvalidParameterDependency", "KmsKeyId requires the parameter Encrypted", 400):
        client.create_volume(AvailabilityZone=f"{REGION}b", Size=1, KmsKeyId=own)
    # Snapshots under it are for nobody else.
    snapshot = new_snapshot(client, Encrypted=True)
    with aws.refuses("InvalidParameter", "AWS Managed CMK", 400):
        client.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Add": [{"UserId": aws.accounts[1]}]})


@case(local_only=KEYS)
def images_and_snapshots_are_seen_by_whom_they_are_shared_with(aws):
    client, other = ec2(aws), ec2(aws, 1)
    image = new_image(client, "shared")
    [told] = client.describe_images(Owners=["self"], Filters=[{"Name": "name", "Values": ["shar*"]}])["Images"]
    [mapping] = told["BlockDeviceMappings"]
    snapshot = mapping["Ebs"]["SnapshotId"]
    assert told["ImageId"] == image and told["State"] == "available" and not told["Public"], told
    with aws.refuses("InvalidAMIID.NotFound", image, 400):
        other.describe_images(ImageIds=[image])
    with aws.refuses("AuthFailure", rf"^Not authorized for images: \[{image}\]$", 403):
        run(other, image)
    client.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": aws.accounts[1]}]})
    permissions = client.describe_image_attribute(ImageId=image, Attribute="launchPermission")["LaunchPermissions"]
    assert permissions == [{"UserId": aws.accounts[1]}], permissions
    assert [one["ImageId"] for one in other.describe_images(ExecutableUsers=["self"])["Images"]] == [image]
    # A launch takes the image's snapshots whether they are shared or not.
    assert settled(other, run(other, image)["InstanceId"])["State"]["Name"] == "running"
    with aws.refuses("InvalidSnapshot.NotFound", snapshot, 400):
        other.create_volume(AvailabilityZone=f"{REGION}a", SnapshotId=snapshot)
    client.modify_snapshot_attribute(
        SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add", UserIds=[aws.accounts[1]],
    )
    shared = client.describe_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")
    assert shared["CreateVolumePermissions"] == [{"UserId": aws.accounts[1]}], shared
    assert other.create_volume(AvailabilityZone=f"{REGION}a", SnapshotId=snapshot)["Size"] == 8
    [seen] = other.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    assert seen["OwnerId"] == aws.accounts[0] and seen["State"] == "completed", seen
    with aws.refuses("InvalidSnapshot.InUse", image, 400):
        client.delete_snapshot(SnapshotId=snapshot)
    client.modify_image_attribute(ImageId=image, LaunchPermission={"Remove": [{"UserId": aws.accounts[1]}]})
    assert other.describe_images(ExecutableUsers=["self"])["Images"] == []
    client.deregister_image(ImageId=image)
    client.delete_snapshot(SnapshotId=snapshot)
    with aws.refuses("InvalidAMIID.NotFound", image, 400):
        client.describe_images(ImageIds=[image])
    with aws.refuses("InvalidBlockDeviceMapping", "is smaller than snapshot", 400):
        client.create_volume(AvailabilityZone=f"{REGION}a", SnapshotId=new_snapshot(client, size=9), Size=8)


@case(local_only=KEYS)
def a_launch_template_says_what_is_launched(aws):
    client, key = ec2(aws), aws.kms().create_key()["KeyMetadata"]["Arn"]
    image = new_image(client, "of a template")
    data = {"ImageId": image, "InstanceType": "c5.large", "BlockDeviceMappings": under(key), "UserData": "aGVsbG8="}
    tags = [{"ResourceType": "launch-template", "Tags": [{"Key": "cluster", "Value": "demo"}]}]
    made = client.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData=data, TagSpecifications=tags)
    template = made["LaunchTemplate"]
    assert (template["DefaultVersionNumber"], template["LatestVersionNumber"]) == (1, 1), template
    with aws.refuses("InvalidLaunchTemplateName.AlreadyExistsException", "", 400):
        client.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData=data)
    version = client.create_launch_template_version(
        LaunchTemplateName="nodes", SourceVersion="1", LaunchTemplateData={"InstanceType": "c5.xlarge"},
    )["LaunchTemplateVersion"]
    assert version["VersionNumber"] == 2 and version["LaunchTemplateData"] == {**data, "InstanceType": "c5.xlarge"}, version
    versions = client.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])
    assert [one["VersionNumber"] for one in versions["LaunchTemplateVersions"]] == [2, 1], versions
    found = client.describe_launch_templates(Filters=[{"Name": "tag:cluster", "Values": ["demo"]}])["LaunchTemplates"]
    assert [one["LaunchTemplateName"] for one in found] == ["nodes"], found
    by_name = {"LaunchTemplateName": "nodes", "Version": "$Latest"}
    begun = client.run_instances(LaunchTemplate=by_name, MinCount=1, MaxCount=1)["Instances"][0]
    told = settled(client, begun["InstanceId"])
    assert (told["State"]["Name"], told["InstanceType"]) == ("running", "c5.xlarge"), told
    [volume] = client.describe_volumes(VolumeIds=[told["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]])["Volumes"]
    assert volume["KmsKeyId"] == key, volume
    with aws.refuses("InvalidLaunchTemplateName.NotFoundException", "", 400):
        client.describe_launch_templates(LaunchTemplateNames=["others"])
    with aws.refuses("InvalidLaunchTemplateId.VersionNotFound", "", 400):
        client.run_instances(LaunchTemplate={**by_name, "Version": "7"}, MinCount=1, MaxCount=1)
    client.delete_launch_template(LaunchTemplateName="nodes")
    assert client.describe_launch_templates(Filters=[{"Name": "tag:cluster", "Values": ["demo"]}])["LaunchTemplates"] == []


@case(local_only="it launches without the template's disks and tags (karpenter-provider-aws's launches)")
def an_instant_fleet_answers_what_it_launched(aws):
    client, key = ec2(aws), aws.kms().create_key()["KeyMetadata"]["Arn"]
    image = new_image(client, "of a fleet")
    data = {"BlockDeviceMappings": under(key), "TagSpecifications": [{"ResourceType": "volume", "Tags": [{"Key": "of", "Value": "it"}]}]}
    template = client.create_launch_template(LaunchTemplateName="fleet", LaunchTemplateData=data)["LaunchTemplate"]["LaunchTemplateId"]
    subnets = [subnet["SubnetId"] for subnet in client.describe_subnets()["Subnets"]]
    overrides = [
        {"InstanceType": "m5.xlarge", "SubnetId": subnets[0], "ImageId": image, "Priority": 2.0},
        {"InstanceType": "m5.large", "SubnetId": subnets[1], "ImageId": image, "Priority": 1.0},
    ]
    fleet = {
        "Type": "instant",
        "LaunchTemplateConfigs": [{
            "LaunchTemplateSpecification": {"LaunchTemplateName": "fleet", "Version": "$Latest"}, "Overrides": overrides,
        }],
        "TargetCapacitySpecification": {"DefaultTargetCapacityType": "on-demand", "TotalTargetCapacity": 1},
        "OnDemandOptions": {"AllocationStrategy": "prioritized"},
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "node"}]}],
    }
    with aws.refuses("DryRunOperation", "", 412):
        client.create_fleet(**fleet, DryRun=True)
    launched = client.create_fleet(**fleet)
    assert launched["Errors"] == [] and launched["FleetId"].startswith("fleet-"), launched
    [one] = launched["Instances"]
    assert (one["InstanceType"], one["Lifecycle"]) == ("m5.large", "on-demand"), one
    assert one["LaunchTemplateAndOverrides"] == {
        "LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "$Latest"}, "Overrides": overrides[1],
    }, one
    told = settled(client, one["InstanceIds"][0])
    assert told["State"]["Name"] == "running" and told["SubnetId"] == subnets[1], told
    tags = {tag["Key"]: tag["Value"] for tag in told["Tags"]}
    assert tags == {
        "Name": "node", "aws:ec2:fleet-id": launched["FleetId"], "aws:ec2launchtemplate:id": template, "aws:ec2launchtemplate:version": "1",
    }, tags
    [volume] = client.describe_volumes(VolumeIds=[told["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]])["Volumes"]
    assert volume["KmsKeyId"] == key and volume["Tags"] == [{"Key": "of", "Value": "it"}], volume
    spot = {"DefaultTargetCapacityType": "spot", "TotalTargetCapacity": 1}
    [one] = client.create_fleet(**{**fleet, "TargetCapacitySpecification": spot})["Instances"]
    assert one["Lifecycle"] == "spot" and settled(client, one["InstanceIds"][0])["InstanceLifecycle"] == "spot", one
    overrides[1]["ImageId"] = "ami-0123"
    [failed], [one] = (client.create_fleet(**fleet)[member] for member in ("Errors", "Instances"))
    assert failed["ErrorCode"] == "InvalidAMIID.NotFound" and one["InstanceType"] == "m5.xlarge", failed


def session(aws, *statements):
    """A session of an administrator's that may no more than this."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    role = f"arn:aws:iam::{aws.accounts[0]}:role/Launcher"
    return aws.sts().assume_role(RoleArn=role, RoleSessionName="launching", Policy=policy)["Credentials"]


@case(local_only="it is about denials, which moto makes on request alone")
def a_dry_run_tells_who_may(aws):
    image = new_image(ec2(aws), "of a dry run")
    launch = {"ImageId": image, "MinCount": 1, "MaxCount": 1, "DryRun": True}
    with aws.refuses("DryRunOperation", "^Request would have succeeded, but DryRun flag is set.$", 412):
        ec2(aws).run_instances(**launch)
    everything = {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
    no_large = {
        "Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "arn:aws:ec2:*:*:instance/*",
        "Condition": {"StringEquals": {"ec2:InstanceType": "m5.large"}},
    }
    narrow = ec2(aws, credentials=session(aws, everything, no_large))
    with aws.refuses("DryRunOperation"):
        narrow.run_instances(**launch)
    with aws.refuses("UnauthorizedOperation", r"^You are not authorized to perform this operation\. User: .* with an explicit deny in a session policy.* Encoded auth", 403):
        narrow.run_instances(**launch, InstanceType="m5.large")
    reader = session(aws, {"Effect": "Allow", "Action": ["ec2:Describe*", "sts:Decode*"], "Resource": "*"})
    client = ec2(aws, credentials=reader)
    client.describe_instances()
    try:
        client.run_instances(**{**launch, "DryRun": False})
    except client.exceptions.ClientError as error:
        message = error.response["Error"]["Message"]
    assert "is not authorized to perform: ec2:RunInstances on resource: " in message and f"::image/{image}" in message, message
    encoded = message.split("Encoded authorization failure message: ")[1]
    decoded = json.loads(aws.sts(credentials=reader).decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])
    assert decoded["context"]["action"] == "ec2:RunInstances" and not decoded["allowed"], decoded
    denied = [event["CloudTrailEvent"] for event in events(aws, **by("EventName", "RunInstances"))]
    assert denied[0]["errorCode"] == "Client.UnauthorizedOperation" and denied[0]["userIdentity"]["type"] == "AssumedRole", denied[0]


@case(local_only=KEYS)
def what_is_no_launch_is_refused(aws):
    client = ec2(aws)
    image = new_image(client, "of refusals")
    with aws.refuses("MissingParameter", "^The request must contain the parameter ImageId$", 400):
        client.run_instances(MinCount=1, MaxCount=1)
    with aws.refuses("MissingParameter", "^The request must contain the parameter MaxCount$", 400):
        client.run_instances(ImageId=image, MinCount=1)
    with aws.refuses("InvalidAMIID.NotFound", r"The image id '\[ami-0123\]' does not exist", 400):
        run(client, "ami-0123")
    with aws.refuses("InvalidSubnetID.NotFound", "", 400):
        run(client, image, SubnetId="subnet-0123")
    with aws.refuses("InvalidParameterValue", "Invalid IAM Instance Profile name", 400):
        run(client, image, IamInstanceProfile={"Name": "nobody"})
    with aws.refuses("InvalidInstanceID.NotFound", "", 400):
        client.terminate_instances(InstanceIds=["i-0123"])
    with aws.refuses("InvalidID", "", 400):
        client.create_tags(Resources=["odd"], Tags=[{"Key": "a", "Value": "b"}])
    with aws.refuses("AuthFailure", "^AWS was not able to validate the provided access credentials$", 401):
        nobody = {"AccessKeyId": "AKIAAAAAAAAAAAAAAAAA", "SecretAccessKey": "x"}
        ec2(aws, credentials=nobody).describe_instances()


@case(local_only=KEYS)
def instances_are_told_page_by_page(aws):
    client = ec2(aws)
    image = new_image(client, "of many")
    launched = client.run_instances(ImageId=image, MinCount=7, MaxCount=7)
    assert len({one["InstanceId"] for one in launched["Instances"]}) == 7, launched
    mine = [{"Name": "image-id", "Values": [image]}]
    found, token = [], {}
    while True:
        page = client.describe_instances(Filters=mine, MaxResults=5, **token)
        found += [one["InstanceId"] for reservation in page["Reservations"] for one in reservation["Instances"]]
        if "NextToken" not in page:
            break
        assert len(found) == 5, page
        token = {"NextToken": page["NextToken"]}
    assert sorted(found) == sorted(one["InstanceId"] for one in launched["Instances"]), found
    with aws.refuses("InvalidParameterValue", "Value \\( 1 \\) for parameter maxResults", 400):
        client.describe_instances(MaxResults=1)
    with aws.refuses("InvalidParameterCombination", "instancesSet cannot be used with the parameter maxResults", 400):
        client.describe_instances(InstanceIds=found, MaxResults=5)
    with aws.refuses("InvalidParameterValue", "The token is not valid", 400):
        client.describe_instances(MaxResults=5, NextToken="odd")
    client.terminate_instances(InstanceIds=found)


@case(local_only=KEYS)
def a_page_goes_on_where_what_was_told_last_is_gone(aws):
    client = ec2(aws)
    spec = [{"ResourceType": "volume", "Tags": [{"Key": "paged", "Value": "yes"}]}]
    made = [client.create_volume(AvailabilityZone=f"{REGION}a", Size=1, TagSpecifications=spec)["VolumeId"] for _ in range(7)]
    client.get_waiter("volume_available").wait(VolumeIds=made, WaiterConfig={"Delay": 1})
    mine = {"Filters": [{"Name": "tag:paged", "Values": ["yes"]}], "MaxResults": 5}
    first = client.describe_volumes(**mine)
    found = [volume["VolumeId"] for volume in first["Volumes"]]
    client.delete_volume(VolumeId=found[-1])
    second = client.describe_volumes(**mine, NextToken=first["NextToken"])
    found += [volume["VolumeId"] for volume in second["Volumes"]]
    assert sorted(found) == sorted(made) and "NextToken" not in second, (found, second)
    with aws.refuses("InvalidParameterValue", "The token is not valid", 400):
        client.describe_volumes(**mine, NextToken="odd")
    for wrong in ([{"Name": "size", "Values": ["1"] * 201}], [{"Name": "size", "Values": ["1"]}] * 51):
        with aws.refuses("FilterLimitExceeded", "at most 50 filters, of at most 200 values", 400):
            client.describe_volumes(Filters=wrong)


@case(local_only=KEYS)
def calls_with_one_token_at_the_same_time_launch_once(aws):
    client, key = ec2(aws), aws.kms().create_key()["KeyMetadata"]["Arn"]
    image = new_image(client, "of many at once")
    # So many that a call takes long enough for the others to come in between.
    ebs = {"VolumeSize": 1, "Encrypted": True, "KmsKeyId": key}
    disks = under(key) + [{"DeviceName": f"/dev/xvd{first}{second}", "Ebs": ebs} for first in "bcde" for second in "abcdefgh"]
    with ThreadPoolExecutor(8) as pool:
        begun = list(pool.map(lambda _: run(client, image, ClientToken="at once", BlockDeviceMappings=disks), range(8)))
    assert len({one["InstanceId"] for one in begun}) == 1, [one["InstanceId"] for one in begun]
    told = client.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [begun[0]["InstanceId"]]}])["Volumes"]
    granted = [grant["Constraints"]["EncryptionContextSubset"]["aws:ebs:id"] for grant in aws.kms().list_grants(KeyId=key, Limit=100)["Grants"]]
    assert set(granted) == {volume["VolumeId"] for volume in told} and len(told) == 33, (len(granted), len(told))


@case(local_only="its volumes, templates and copies take no client's token, and its instances any")
def what_was_made_with_a_token_is_told_again(aws):
    client, key = ec2(aws), aws.kms().create_key()["KeyMetadata"]["Arn"]
    image = new_image(client, "of one token")
    data = {"ImageId": image, "InstanceType": "t3.micro"}
    other = "^Arguments on this idempotent request are inconsistent with arguments used in previous request\\(s\\)"
    volume = {"AvailabilityZone": f"{REGION}a", "Encrypted": True, "KmsKeyId": key, "ClientToken": "volume once"}
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: client.create_volume(Size=1, **volume)["VolumeId"], range(8)))
    assert len(set(made)) == 1, made
    with aws.refuses("IdempotentParameterMismatch", other, 400):
        client.create_volume(Size=2, **volume)
    # Another account's tokens are its own.
    assert ec2(aws, 1).create_volume(Size=2, AvailabilityZone=f"{REGION}a", ClientToken="volume once")["VolumeId"] != made[0]
    template = {"LaunchTemplateName": "of-one-token", "ClientToken": "template once"}
    first, again = (client.create_launch_template(LaunchTemplateData=data, **template)["LaunchTemplate"] for _ in range(2))
    assert first == again, (first, again)
    with aws.refuses("IdempotentParameterMismatch", other, 400):
        client.create_launch_template(LaunchTemplateData={"ImageId": image}, **template)
    version = {"LaunchTemplateName": "of-one-token", "ClientToken": "version once"}
    made = [client.create_launch_template_version(LaunchTemplateData=data, **version)["LaunchTemplateVersion"] for _ in range(2)]
    assert made[0] == made[1] and made[0]["VersionNumber"] == 2, made
    with aws.refuses("IdempotentParameterMismatch", other, 400):
        client.create_launch_template_version(LaunchTemplateData={"ImageId": image}, **version)
    copy = {"SourceImageId": image, "SourceRegion": REGION, "Encrypted": True, "KmsKeyId": key, "ClientToken": "copy once"}
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: client.copy_image(Name="once", **copy)["ImageId"], range(8)))
    assert len(set(made)) == 1, made
    with aws.refuses("IdempotentParameterMismatch", other, 400):
        client.copy_image(Name="twice", **copy)
    client.deregister_image(ImageId=made[0])
    assert client.copy_image(Name="once", **copy)["ImageId"] != made[0]
    launched = run(client, image, ClientToken="instance once")
    assert run(client, image, ClientToken="instance once")["InstanceId"] == launched["InstanceId"]
    with aws.refuses("IdempotentParameterMismatch", other, 400):
        run(client, image, ClientToken="instance once", UserData="other")
    client.terminate_instances(InstanceIds=[launched["InstanceId"]])
    # What is gone is not told again: there is another one.
    client.delete_launch_template(LaunchTemplateId=first["LaunchTemplateId"])
    assert client.create_launch_template(LaunchTemplateData=data, **template)["LaunchTemplate"] != first


@case(local_only=KEYS)
def what_would_make_too_much_at_once_is_refused(aws):
    client = ec2(aws)
    image = new_image(client, "of many volumes")
    disks = [{"DeviceName": f"/dev/xvd{letter}", "Ebs": {"VolumeSize": 1}} for letter in "bcdefg"]
    with aws.refuses("VolumeLimitExceeded", "at most 5000 volumes", 400):
        client.run_instances(ImageId=image, MinCount=1000, MaxCount=1000, BlockDeviceMappings=disks)
    with aws.refuses("InstanceLimitExceeded", "1001", 400):
        client.run_instances(ImageId=image, MinCount=1, MaxCount=1001)
    name = client.create_launch_template(LaunchTemplateName="too-much", LaunchTemplateData={"ImageId": image})["LaunchTemplate"]["LaunchTemplateName"]
    config = {"LaunchTemplateSpecification": {"LaunchTemplateName": name, "Version": "$Latest"}}
    for target in ({"TotalTargetCapacity": -(2**63), "OnDemandTargetCapacity": 1}, {"TotalTargetCapacity": 2**63 - 1, "SpotTargetCapacity": -1}):
        told = client.create_fleet(Type="instant", LaunchTemplateConfigs=[config], TargetCapacitySpecification={
            **target, "DefaultTargetCapacityType": "spot"})
        launched = [instance for each in told["Instances"] for instance in each["InstanceIds"]]
        assert len(launched) <= 1, told
        if launched:
            client.terminate_instances(InstanceIds=launched)
