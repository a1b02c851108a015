"""Amazon EC2, by its API Reference and User Guide: fleets that are asked for and maintained, and Spot requests."""

import time

from contract import case
from ec2_cases import KEYS, REGION, ec2, new_image, run, settled, under
from ec2_volumes import in_state, new_key
from trail_cases import by, events

FLEET = "assumed-role/AWSServiceRoleForEC2Fleet"
SPOT = "assumed-role/AWSServiceRoleForEC2Spot"


def fleet_of(client, name, kind, count, **more):
    data = more.pop("data", {})
    client.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    return {
        "Type": kind,
        "LaunchTemplateConfigs": [{"LaunchTemplateSpecification": {"LaunchTemplateName": name, "Version": "$Latest"}}],
        "TargetCapacitySpecification": {"DefaultTargetCapacityType": "on-demand", "TotalTargetCapacity": count}, **more,
    }


def one_fleet(client, fleet):
    [told] = client.describe_fleets(FleetIds=[fleet])["Fleets"]
    return told


def active(client, fleet, count):
    """The fleet's instances, once there are so many."""
    deadline = time.monotonic() + 30
    while True:
        told = [one["InstanceId"] for one in client.describe_fleet_instances(FleetId=fleet)["ActiveInstances"]]
        if len(told) == count:
            return told
        assert time.monotonic() < deadline, told
        time.sleep(0.1)


def callers_of_grants(aws, key):
    """Who made the grants of a key."""
    made = [event["CloudTrailEvent"] for event in events(aws, **by("EventName", "CreateGrant"))]
    # A call that was refused before it was read has no parameters.
    of_key = [record for record in made if (record["requestParameters"] or {}).get("keyId") == key]
    return {record["userIdentity"]["arn"].split(":", 5)[5].rsplit("/", 1)[0] for record in of_key}


@case(local_only=KEYS)
def a_fleet_is_kept_at_its_size(aws):
    client, key = ec2(aws), new_key(aws)
    data = {"ImageId": new_image(client, "of fleets"), "InstanceType": "m5.large", "BlockDeviceMappings": under(key)}
    asked = fleet_of(client, "kept-fleet", "maintain", 2, data=data, TagSpecifications=[
        {"ResourceType": "fleet", "Tags": [{"Key": "of", "Value": "fleet"}]},
        {"ResourceType": "instance", "Tags": [{"Key": "of", "Value": "instance"}]},
    ])
    with aws.refuses("DryRunOperation", "", 412):
        client.create_fleet(**asked, DryRun=True)
    made = client.create_fleet(**asked, ClientToken="kept")
    fleet = made["FleetId"]
    assert client.create_fleet(**asked, ClientToken="kept")["FleetId"] == fleet
    with aws.refuses("IdempotentParameterMismatch", "the token kept", 400):
        client.create_fleet(**{**asked, "Type": "request"}, ClientToken="kept")
    launched = active(client, fleet, 2)
    told = one_fleet(client, fleet)
    assert (told["FleetState"], told["ActivityStatus"], told["FulfilledCapacity"]) == ("active", "fulfilled", 2.0), told
    assert told["Type"] == "maintain" and told["Tags"] == [{"Key": "of", "Value": "fleet"}] and told["ClientToken"] == "kept", told
    assert told["TargetCapacitySpecification"]["OnDemandTargetCapacity"] == 2, told
    instance = in_state(client, launched[0], "running")
    tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
    assert tags["of"] == "instance" and tags["aws:ec2:fleet-id"] == fleet, tags
    # The keys are asked for by the service-linked role, not by whoever made the fleet.
    assert callers_of_grants(aws, key) == {FLEET}, callers_of_grants(aws, key)
    client.terminate_instances(InstanceIds=launched[:1])
    replaced = active(client, fleet, 2)
    deadline = time.monotonic() + 20
    while launched[0] in replaced or len(replaced) < 2:
        assert time.monotonic() < deadline, replaced
        time.sleep(0.1)
        replaced = active(client, fleet, 2)
    assert launched[1] in replaced, replaced
    client.modify_fleet(FleetId=fleet, TargetCapacitySpecification={"TotalTargetCapacity": 3})
    assert len(active(client, fleet, 3)) == 3
    client.modify_fleet(FleetId=fleet, TargetCapacitySpecification={"TotalTargetCapacity": 1})
    [last] = active(client, fleet, 1)
    history = client.describe_fleet_history(FleetId=fleet, StartTime=told["CreateTime"])
    subs = [record["EventInformation"]["EventSubType"] for record in history["HistoryRecords"]]
    assert subs[:4] == ["submitted", "active", "launched", "launched"] and subs.count("launched") == 4, subs
    assert subs.count("terminated") == 3 and "modify_successful" in subs, subs
    changes = client.describe_fleet_history(FleetId=fleet, StartTime=told["CreateTime"], EventType="fleet-change")["HistoryRecords"]
    assert {record["EventType"] for record in changes} == {"fleet-change"}, changes
    assert fleet in [one["FleetId"] for one in client.describe_fleets(Filters=[{"Name": "fleet-state", "Values": ["active"]}])["Fleets"]]
    deleted = client.delete_fleets(FleetIds=[fleet, "fleet-0"], TerminateInstances=True)
    assert deleted["SuccessfulFleetDeletions"] == [
        {"FleetId": fleet, "PreviousFleetState": "active", "CurrentFleetState": "deleted_terminating"},
    ] and deleted["UnsuccessfulFleetDeletions"][0]["Error"]["Code"] == "fleetIdDoesNotExist", deleted
    in_state(client, last, "terminated")
    assert one_fleet(client, fleet)["FleetState"] == "deleted"
    with aws.refuses("InvalidFleetState", "is deleted", 400):
        client.modify_fleet(FleetId=fleet, TargetCapacitySpecification={"TotalTargetCapacity": 1})
    with aws.refuses("InvalidFleetId.NotFound", "", 400):
        client.describe_fleets(FleetIds=["fleet-0"])
    assert aws.kms().list_grants(KeyId=key)["Grants"] == []


@case(local_only=KEYS)
def a_fleet_that_is_asked_for_is_filled_once(aws):
    client = ec2(aws)
    data = {"ImageId": new_image(client, "of requests"), "InstanceType": "m5.large"}
    asked = fleet_of(client, "asked-for", "request", 2, data=data)
    fleet = client.create_fleet(**{**asked, "TargetCapacitySpecification": {
        "DefaultTargetCapacityType": "spot", "TotalTargetCapacity": 2, "OnDemandTargetCapacity": 1}})["FleetId"]
    launched = active(client, fleet, 2)
    lifecycles = sorted(in_state(client, one, "running").get("InstanceLifecycle", "") for one in launched)
    assert lifecycles == ["", "spot"], lifecycles
    client.terminate_instances(InstanceIds=launched[:1])
    settled(client, launched[0])
    assert active(client, fleet, 1) == launched[1:]
    assert one_fleet(client, fleet)["ActivityStatus"] == "pending_fulfillment"
    with aws.refuses("UnsupportedOperation", "type maintain", 400):
        client.modify_fleet(FleetId=fleet, TargetCapacitySpecification={"TotalTargetCapacity": 1})
    # What runs goes on, where nobody says otherwise.
    deleted = client.delete_fleets(FleetIds=[fleet], TerminateInstances=False)["SuccessfulFleetDeletions"]
    assert deleted[0]["CurrentFleetState"] == "deleted_running", deleted
    assert settled(client, launched[1])["State"]["Name"] == "running"
    client.terminate_instances(InstanceIds=launched[1:])
    # An instant fleet is told of to who names it.
    instant = client.create_fleet(**{**asked, "Type": "instant"}, ClientToken="instantly")
    assert client.create_fleet(**{**asked, "Type": "instant"}, ClientToken="instantly")["Instances"] == instant["Instances"]
    told = one_fleet(client, instant["FleetId"])
    assert told["Instances"][0]["InstanceIds"] == instant["Instances"][0]["InstanceIds"], told
    assert instant["FleetId"] not in [one["FleetId"] for one in client.describe_fleets()["Fleets"]]
    refused = client.delete_fleets(FleetIds=[instant["FleetId"]], TerminateInstances=False)["UnsuccessfulFleetDeletions"]
    assert refused[0]["Error"]["Code"] == "fleetNotInDeletableState", refused
    client.delete_fleets(FleetIds=[instant["FleetId"]], TerminateInstances=True)


@case(local_only=KEYS)
def a_fleet_whose_key_is_refused_tries_again(aws):
    client, key = ec2(aws), new_key(aws)
    data = {"ImageId": new_image(client, "of failures"), "BlockDeviceMappings": under(key)}
    aws.kms().disable_key(KeyId=key)
    fleet = client.create_fleet(**fleet_of(client, "fails", "maintain", 1, data=data))["FleetId"]
    active(client, fleet, 0)
    assert one_fleet(client, fleet)["ActivityStatus"] == "error"
    [dead] = [one for page in client.describe_instances(Filters=[{"Name": "tag:aws:ec2:fleet-id", "Values": [fleet]}])["Reservations"]
              for one in page["Instances"]]
    assert dead["StateReason"]["Code"] == "Client.InvalidKMSKey.InvalidState", dead
    aws.kms().enable_key(KeyId=key)
    [alive] = active(client, fleet, 1)
    assert alive != dead["InstanceId"] and in_state(client, alive, "running")
    assert one_fleet(client, fleet)["ActivityStatus"] == "fulfilled"
    client.delete_fleets(FleetIds=[fleet], TerminateInstances=True)


@case(local_only=KEYS)
def a_spot_request_is_launched_by_its_service_linked_role(aws):
    client, key = ec2(aws), new_key(aws)
    specification = {"ImageId": new_image(client, "of spot"), "InstanceType": "m5.large", "BlockDeviceMappings": under(key)}
    tags = [{"ResourceType": "spot-instances-request", "Tags": [{"Key": "a", "Value": "b"}]}]
    asked = {"InstanceCount": 2, "LaunchSpecification": specification, "TagSpecifications": tags, "ClientToken": "spotted"}
    with aws.refuses("DryRunOperation", "", 412):
        client.request_spot_instances(**asked, DryRun=True)
    begun = client.request_spot_instances(**asked)["SpotInstanceRequests"]
    assert {(one["State"], one["Status"]["Code"]) for one in begun} == {("open", "pending-fulfillment")}, begun
    assert [one["Tags"] for one in begun] == [[{"Key": "a", "Value": "b"}]] * 2, begun
    names = [one["SpotInstanceRequestId"] for one in begun]
    again = client.request_spot_instances(**asked)["SpotInstanceRequests"]
    assert sorted(one["SpotInstanceRequestId"] for one in again) == sorted(names), again
    with aws.refuses("IdempotentParameterMismatch", "", 400):
        client.request_spot_instances(**{**asked, "InstanceCount": 1})
    client.get_waiter("spot_instance_request_fulfilled").wait(SpotInstanceRequestIds=names, WaiterConfig={"Delay": 1})
    told = client.describe_spot_instance_requests(SpotInstanceRequestIds=names)["SpotInstanceRequests"]
    assert {(one["State"], one["Status"]["Code"]) for one in told} == {("active", "fulfilled")}, told
    instances = [one["InstanceId"] for one in told]
    assert all(in_state(client, one, "running")["InstanceLifecycle"] == "spot" for one in instances)
    assert callers_of_grants(aws, key) == {SPOT}, callers_of_grants(aws, key)
    cancelled = client.cancel_spot_instance_requests(SpotInstanceRequestIds=names[:1])["CancelledSpotInstanceRequests"]
    assert cancelled == [{"SpotInstanceRequestId": names[0], "State": "cancelled"}], cancelled
    client.terminate_instances(InstanceIds=instances)
    found = client.describe_spot_instance_requests(Filters=[{"Name": "spot-instance-request-id", "Values": names}])["SpotInstanceRequests"]
    states = {one["SpotInstanceRequestId"]: (one["State"], one["Status"]["Code"]) for one in found}
    over = "instance-terminated-by-user"
    assert states == {names[0]: ("cancelled", over), names[1]: ("closed", over)}, states
    aws.kms().disable_key(KeyId=key)
    [begun] = client.request_spot_instances(LaunchSpecification=specification)["SpotInstanceRequests"]
    deadline = time.monotonic() + 20
    while True:
        [told] = client.describe_spot_instance_requests(SpotInstanceRequestIds=[begun["SpotInstanceRequestId"]])["SpotInstanceRequests"]
        if told["State"] != "open":
            break
        assert time.monotonic() < deadline, told
        time.sleep(0.1)
    assert (told["State"], told["Status"]["Code"]) == ("closed", "bad-parameters"), told
    with aws.refuses("InvalidSpotInstanceRequestID.NotFound", "", 400):
        client.describe_spot_instance_requests(SpotInstanceRequestIds=["sir-0"])
    with aws.refuses("MissingParameter", "LaunchSpecification", 400):
        client.request_spot_instances()
    with aws.refuses("UnsupportedOperation", "one-time alone", 400):
        client.request_spot_instances(LaunchSpecification=specification, Type="persistent")


@case(local_only=KEYS)
def a_key_that_cannot_be_used_is_missed_when_it_is_used_again(aws):
    """AWS KMS Developer Guide, "How unusable KMS keys affect data keys"."""
    client, key = ec2(aws), new_key(aws)
    instance = run(client, new_image(client, "in use"), BlockDeviceMappings=under(key))["InstanceId"]
    told = in_state(client, instance, "running")
    volume = told["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    spare = client.create_volume(AvailabilityZone=told["Placement"]["AvailabilityZone"], Size=1, Encrypted=True, KmsKeyId=key)["VolumeId"]
    client.get_waiter("volume_available").wait(VolumeIds=[spare], WaiterConfig={"Delay": 1})
    client.attach_volume(VolumeId=spare, InstanceId=instance, Device="/dev/sdf")

    def goes_on():
        assert in_state(client, instance, "running")
        states = {one["VolumeId"]: one["State"] for one in client.describe_volumes(VolumeIds=[volume, spare])["Volumes"]}
        assert states == {volume: "in-use", spare: "in-use"}, states

    for grant in aws.kms().list_grants(KeyId=key)["Grants"]:
        aws.kms().revoke_grant(KeyId=key, GrantId=grant["GrantId"])
    goes_on()
    aws.kms().disable_key(KeyId=key)
    goes_on()
    aws.kms().schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    goes_on()
    client.detach_volume(VolumeId=spare)
    client.get_waiter("volume_available").wait(VolumeIds=[spare], WaiterConfig={"Delay": 1})
    with aws.refuses("CustomerKeyHasBeenRevoked", "", 400):
        client.attach_volume(VolumeId=spare, InstanceId=instance, Device="/dev/sdf")
    client.stop_instances(InstanceIds=[instance])
    in_state(client, instance, "stopped")
    client.start_instances(InstanceIds=[instance])
    assert in_state(client, instance, "stopped")["StateReason"]["Code"] == "Client.InternalError"
    aws.kms().cancel_key_deletion(KeyId=key)
    aws.kms().enable_key(KeyId=key)
    client.start_instances(InstanceIds=[instance])
    in_state(client, instance, "running")
    client.attach_volume(VolumeId=spare, InstanceId=instance, Device="/dev/sdf")
    assert len(aws.kms().list_grants(KeyId=key)["Grants"]) == 2
    client.terminate_instances(InstanceIds=[instance])
    assert aws.kms().list_grants(KeyId=key)["Grants"] == []
