"""Amazon EC2 Auto Scaling, by its API Reference: groups, their instances, and what is done for them."""

import json
import re
import time

from contract import case
from ec2_cases import ec2, new_image, settled, under
from session import REGION, tokens_of
from trail_cases import by, events

BESIDE = "what groups do beside all calls, moto does in them"
INVALID_KEY = "Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state"
UNHEALTHY = f"Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: {INVALID_KEY}"
CREATED = r"^At \S+Z a user request created an AutoScalingGroup changing the desired capacity from 0 to {0}\.  " \
    r"At \S+Z an instance was started in response to a difference between desired and actual capacity, increasing the capacity " \
    r"from 0 to {0}\.$"


def groups(aws, account=0, **more):
    return aws.client("autoscaling", aws.accounts[account], **more)


def role_of(aws, account=0):
    path = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    return f"arn:aws:iam::{aws.accounts[account]}:{path}"


def new_template(aws, name, **more):
    client = ec2(aws)
    data = {"ImageId": new_image(client, name), "InstanceType": "m5.large", **more}
    client.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    return {"LaunchTemplateName": name, "Version": "$Latest"}


def new_group(aws, name, size, template, **more):
    group = {"AutoScalingGroupName": name, "MinSize": 0, "MaxSize": 10, "DesiredCapacity": size, "LaunchTemplate": template}
    if "VPCZoneIdentifier" not in more:
        group["AvailabilityZones"] = [f"{REGION}{letter}" for letter in "abc"]
    groups(aws).create_auto_scaling_group(**{**group, **more})


def told(aws, name):
    [group] = groups(aws).describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return group


def awaited(see, holds):
    """What is seen when it holds."""
    deadline = time.monotonic() + 30
    while True:
        seen = see()
        if holds(seen):
            return seen
        assert time.monotonic() < deadline, seen
        time.sleep(0.1)


def in_service(aws, name, size):
    """The group's instances, when so many are in service and no others there."""
    def holds(group):
        return [instance["LifecycleState"] for instance in group["Instances"]] == ["InService"] * size
    return awaited(lambda: told(aws, name), holds)["Instances"]


def activities(aws, name, **more):
    return groups(aws).describe_scaling_activities(AutoScalingGroupName=name, **more)["Activities"]


def called(aws, operation):
    """The records of its calls, newest first."""
    return [event["CloudTrailEvent"] for event in events(aws, **by("EventName", operation))]


def gone(aws, name):
    groups(aws).delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    client = groups(aws)
    awaited(lambda: client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"], lambda found: not found)


@case(local_only=BESIDE)
def a_group_is_kept_at_its_size(aws):
    template = new_template(aws, "kept")
    subnets = [subnet["SubnetId"] for subnet in ec2(aws).describe_subnets()["Subnets"]]
    tags = [{"Key": "team", "Value": "blue", "PropagateAtLaunch": True}, {"Key": "kept", "Value": "", "PropagateAtLaunch": False}]
    new_group(aws, "kept", 3, template, VPCZoneIdentifier=",".join(subnets), Tags=tags)
    instances = in_service(aws, "kept", 3)
    group = told(aws, "kept")
    assert re.fullmatch(
        rf"arn:aws:autoscaling:{REGION}:{aws.accounts[0]}:autoScalingGroup:[0-9a-f-]{{36}}:autoScalingGroupName/kept",
        group["AutoScalingGroupARN"],
    ), group
    assert group["ServiceLinkedRoleARN"] == role_of(aws) and group["HealthCheckType"] == "EC2", group
    assert group["LaunchTemplate"]["Version"] == "$Latest" and group["LaunchTemplate"]["LaunchTemplateName"] == "kept", group
    assert group["VPCZoneIdentifier"].split(",") == subnets and len(group["AvailabilityZones"]) == 3, group
    # One in each zone.
    assert {instance["AvailabilityZone"] for instance in instances} == set(group["AvailabilityZones"]), instances
    assert {instance["HealthStatus"] for instance in instances} == {"Healthy"}, instances
    assert instances[0]["LaunchTemplate"]["Version"] == "1" and instances[0]["InstanceType"] == "m5.large", instances
    [of_ec2] = ec2(aws).describe_instances(InstanceIds=[instances[0]["InstanceId"]])["Reservations"][0]["Instances"]
    tags = {tag["Key"]: tag["Value"] for tag in of_ec2["Tags"]}
    assert tags["aws:autoscaling:groupName"] == "kept" and tags["team"] == "blue" and "kept" not in tags, tags
    done = activities(aws, "kept")
    assert len(done) == 3 and {each["StatusCode"] for each in done} == {"Successful"}, done
    assert {each["Description"] for each in done} == \
        {f"Launching a new EC2 instance: {instance['InstanceId']}" for instance in instances}, done
    assert all(re.search(CREATED.format(3), each["Cause"]) and each["Progress"] == 100 for each in done), done
    assert set(json.loads(done[0]["Details"])) == {"Subnet ID", "Availability Zone"}, done
    ids = [instance["InstanceId"] for instance in instances]
    client = groups(aws)
    listed = client.describe_auto_scaling_instances(InstanceIds=[*ids, "i-0123456789abcdef0"])["AutoScalingInstances"]
    assert {each["InstanceId"] for each in listed} == set(ids) and listed[0]["HealthStatus"] == "HEALTHY", listed
    listed = tokens_of(client.describe_auto_scaling_instances, "AutoScalingInstances", most=1, size="MaxRecords")
    assert set(ids) <= {each["InstanceId"] for each in listed}, listed
    # The role launched, and nobody else; the service made it.
    event = called(aws, "RunInstances")[0]
    assert event["userIdentity"]["arn"] == \
        f"arn:aws:sts::{aws.accounts[0]}:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling", event
    assert event["userIdentity"]["invokedBy"] == event["sourceIPAddress"] == "autoscaling.amazonaws.com", event
    gone(aws, "kept")
    assert settled(ec2(aws), ids[0])["State"]["Name"] == "terminated"
    with aws.refuses("ValidationError", "AutoScalingGroup name not found", 400):
        activities(aws, "kept")
    left = activities(aws, "kept", IncludeDeletedGroups=True)
    assert len(left) == 6 and {each["AutoScalingGroupState"] for each in left} == {"Deleted"}, left
    assert re.search("user request force deleted AutoScalingGroup changing the desired capacity from 3 to 0.  At ", left[0]["Cause"]), left
    assert re.search("shrinking the capacity from 3 to 0.  At .* was selected for termination.$", left[0]["Cause"]), left


@case(local_only=BESIDE)
def capacity_is_set_and_instances_go(aws):
    client = groups(aws)
    new_group(aws, "sized", 1, new_template(aws, "sized"))
    in_service(aws, "sized", 1)
    named = {"AutoScalingGroupName": "sized"}
    with aws.refuses("ScalingActivityInProgress", "is in progress and blocks this action", 400):
        client.set_desired_capacity(**named, DesiredCapacity=2, HonorCooldown=True)
    for wanted, bound in ((-1, "below min value 0"), (11, "above max value 10")):
        with aws.refuses("ValidationError", f"New SetDesiredCapacity value {wanted} is {bound} for the AutoScalingGroup.", 400):
            client.set_desired_capacity(**named, DesiredCapacity=wanted)
    client.set_desired_capacity(**named, DesiredCapacity=2)
    first, second = in_service(aws, "sized", 2)
    newest = activities(aws, "sized", MaxRecords=1)[0]
    assert re.search(r"explicitly set group desired capacity changing the desired capacity from 1 to 2\.  At ", newest["Cause"]), newest
    going = client.terminate_instance_in_auto_scaling_group(InstanceId=first["InstanceId"], ShouldDecrementDesiredCapacity=True)
    going = going["Activity"]
    assert going["StatusCode"] == "InProgress" and going["Description"] == f"Terminating EC2 instance: {first['InstanceId']}", going
    assert re.search(rf"instance {first['InstanceId']} was taken out of service in response to a user request, shrinking the "
                     r"capacity from 2 to 1\.$", going["Cause"]), going
    again = {"InstanceId": first["InstanceId"], "ShouldDecrementDesiredCapacity": False}
    with aws.refuses("ScalingActivityInProgress", going["ActivityId"], 400):
        client.terminate_instance_in_auto_scaling_group(**again)
    assert told(aws, "sized")["DesiredCapacity"] == 1
    assert [left["InstanceId"] for left in in_service(aws, "sized", 1)] == [second["InstanceId"]]
    with aws.refuses("ValidationError", "No managed instance found for instance ID: i-", 400):
        client.terminate_instance_in_auto_scaling_group(**again)
    # Without a decrement another one comes.
    client.terminate_instance_in_auto_scaling_group(InstanceId=second["InstanceId"], ShouldDecrementDesiredCapacity=False)
    [third] = in_service(aws, "sized", 1)
    assert third["InstanceId"] not in (first["InstanceId"], second["InstanceId"]), third
    client.update_auto_scaling_group(**named, MinSize=1, MaxSize=1)
    with aws.refuses("ValidationError", r"desiredSize equals minSize \(1\)", 400):
        client.terminate_instance_in_auto_scaling_group(InstanceId=third["InstanceId"], ShouldDecrementDesiredCapacity=True)
    client.update_auto_scaling_group(**named, MinSize=2, MaxSize=4)
    in_service(aws, "sized", 2)
    newest = activities(aws, "sized", MaxRecords=1)[0]
    assert re.search(r"update of AutoScalingGroup constraints to min: 2, max: 4, desired: 2 changing the desired capacity from 1 "
                     r"to 2\.", newest["Cause"]), newest
    with aws.refuses("ResourceInUse", "while there are instances", 400):
        client.delete_auto_scaling_group(**named)
    client.update_auto_scaling_group(**named, MinSize=0, MaxSize=4, DesiredCapacity=3, TerminationPolicies=["NewestInstance"],
                                     NewInstancesProtectedFromScaleIn=True, DefaultCooldown=60, HealthCheckGracePeriod=10)
    protected = [each["InstanceId"] for each in in_service(aws, "sized", 3) if each["ProtectedFromScaleIn"]]
    assert len(protected) == 1, protected
    client.set_desired_capacity(**named, DesiredCapacity=0)
    assert [left["InstanceId"] for left in in_service(aws, "sized", 1)] == protected
    client.delete_auto_scaling_group(**named, ForceDelete=True)
    for refused in (client.update_auto_scaling_group, lambda **of: client.set_desired_capacity(**of, DesiredCapacity=0)):
        with aws.refuses("ScalingActivityInProgress", "", 400):
            refused(**named)
    assert told(aws, "sized")["Status"] == "Delete in progress"
    with aws.refuses("ScalingActivityInProgress", "scaling activities in progress for that group", 400):
        client.delete_auto_scaling_group(**named)
    awaited(lambda: client.describe_auto_scaling_groups(**{"AutoScalingGroupNames": ["sized"]})["AutoScalingGroups"], lambda seen: not seen)


@case(moves_clock=True)
def a_launch_that_dies_by_its_key_is_tried_again(aws):
    """The managed policy of the role has no action of KMS, so that the key's policy or a grant must let it."""
    client, kms = groups(aws), aws.kms()
    key = kms.create_key()["KeyMetadata"]["Arn"]
    new_group(aws, "sealed", 1, new_template(aws, "sealed", BlockDeviceMappings=under(key)))

    def cancelled(many):
        found = awaited(lambda: activities(aws, "sealed"), lambda seen: sum(each["StatusCode"] == "Cancelled" for each in seen) >= many)
        assert len(found) == many, found
        return found
    [died] = cancelled(1)
    assert died["StatusMessage"] == UNHEALTHY and died["Progress"] == 100, died
    assert re.fullmatch(rf"Launching a new EC2 instance: i-[0-9a-f]+\.  Status Reason: {re.escape(UNHEALTHY)}", died["Description"]), died
    assert re.search(CREATED.format(1), died["Cause"]), died
    assert told(aws, "sealed")["Instances"] == []
    denied = next(event for event in called(aws, "CreateGrant") if key in json.dumps(event["requestParameters"]))
    session = f"arn:aws:sts::{aws.accounts[0]}:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling"
    assert denied["userIdentity"]["arn"] == session and denied["errorCode"] == "AccessDenied", denied
    assert denied["errorMessage"].startswith(f"User: {session} is not authorized to perform: kms:CreateGrant on resource: {key}"), denied
    # Not before it is time; then once, then after twice as long.
    aws.admin("clock", advance="PT30S")
    cancelled(1)
    aws.admin("clock", advance="PT31S")
    newest = cancelled(2)[0]
    assert re.match(r"^At \S+Z an instance was started in response to a difference between desired and actual capacity, increasing "
                    r"the capacity from 0 to 1\.$", newest["Cause"]), newest
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    allowed = ["kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext"]
    policy["Statement"].append({"Effect": "Allow", "Principal": {"AWS": role_of(aws)}, "Action": allowed, "Resource": "*"})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    aws.admin("clock", advance="PT61S")
    cancelled(2)
    aws.admin("clock", advance="PT61S")
    [instance] = in_service(aws, "sealed", 1)
    found = [each["StatusCode"] for each in activities(aws, "sealed")]
    assert found == ["Successful", "Cancelled", "Cancelled"], found
    status = {"Name": "Status", "Values": ["Successful"]}
    [lives] = activities(aws, "sealed", Filters=[status])
    assert instance["InstanceId"] in lives["Description"], lives
    since = {"Name": "StartTimeLowerBound", "Values": [lives["StartTime"].isoformat().replace("+00:00", "Z")]}
    assert activities(aws, "sealed", Filters=[since]) == [lives]
    gone(aws, "sealed")
    with aws.refuses("ValidationError", "Invalid filter name: odd", 400):
        client.describe_scaling_activities(Filters=[{"Name": "odd", "Values": ["x"]}])


@case(moves_clock=True)
def an_instance_that_is_gone_is_replaced(aws):
    new_group(aws, "replaced", 2, new_template(aws, "replaced"))
    one, other = in_service(aws, "replaced", 2)
    ec2(aws).terminate_instances(InstanceIds=[one["InstanceId"]])
    aws.admin("clock", advance="PT31S")
    left = in_service(aws, "replaced", 2)
    assert other["InstanceId"] in [each["InstanceId"] for each in left] and one not in left, left
    started, ended = activities(aws, "replaced", MaxRecords=2)
    if started["Description"].startswith("Terminating"):
        started, ended = ended, started
    assert started["Cause"].endswith("an instance was launched in response to an unhealthy instance needing to be replaced."), started
    assert ended["Cause"].endswith("an instance was taken out of service in response to an EC2 health check indicating it has been "
                                   "terminated or stopped."), ended
    assert ended["Description"] == f"Terminating EC2 instance: {one['InstanceId']}", ended
    # What cannot be launched any more, is said.
    ec2(aws).delete_launch_template(LaunchTemplateName="replaced")
    groups(aws).set_desired_capacity(AutoScalingGroupName="replaced", DesiredCapacity=3)
    failed = awaited(lambda: activities(aws, "replaced", MaxRecords=1), lambda seen: seen[0]["StatusCode"] == "Failed")[0]
    assert re.search(r"does not exist\. Launching EC2 instance failed\.$", failed["StatusMessage"]), failed
    assert failed["Description"] == f"Launching a new EC2 instance.  Status Reason: {failed['StatusMessage']}", failed
    gone(aws, "replaced")


@case(local_only=BESIDE)
def a_policy_mixes_types_and_spot(aws):
    template = new_template(aws, "mixed")
    other = {"LaunchTemplateSpecification": new_template(aws, "mixed-2", InstanceType="c5.large")}
    overrides = [{"InstanceType": "m5.xlarge"}, {"InstanceType": "c5.large", **other}]
    policy = {
        "LaunchTemplate": {"LaunchTemplateSpecification": template, "Overrides": overrides},
        "InstancesDistribution": {"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 50},
    }
    client = groups(aws)
    client.create_auto_scaling_group(
        AutoScalingGroupName="mixed", MinSize=0, MaxSize=9, DesiredCapacity=4, MixedInstancesPolicy=policy,
        AvailabilityZones=[f"{REGION}a"],
    )
    instances = in_service(aws, "mixed", 4)
    assert {each["InstanceType"] for each in instances} == {"m5.xlarge"}, instances
    reservations = ec2(aws).describe_instances(InstanceIds=[each["InstanceId"] for each in instances])["Reservations"]
    spot = [each for of in reservations for each in of["Instances"] if each.get("InstanceLifecycle") == "spot"]
    assert len(spot) == 1, reservations
    # One instant fleet for each.
    tags = [{tag["Key"]: tag["Value"] for tag in each["Tags"]} for of in reservations for each in of["Instances"]]
    fleets = ec2(aws).describe_fleets(FleetIds=[tag["aws:ec2:fleet-id"] for tag in tags])["Fleets"]
    assert {tag["aws:autoscaling:groupName"] for tag in tags} == {"mixed"} and len(fleets) == 4, tags
    assert sorted(fleet["TargetCapacitySpecification"]["DefaultTargetCapacityType"] for fleet in fleets) == ["on-demand"] * 3 + ["spot"]
    [asked] = [event for event in called(aws, "CreateFleet") if fleets[0]["ClientToken"] in json.dumps(event["requestParameters"])]
    role = f"arn:aws:sts::{aws.accounts[0]}:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling"
    assert asked["userIdentity"]["arn"] == role and asked["userIdentity"]["invokedBy"] == "autoscaling.amazonaws.com", asked
    assert len(asked["requestParameters"]["launchTemplateConfigs"]) == 2, asked
    group = told(aws, "mixed")
    assert "LaunchTemplate" not in group, group
    shares = group["MixedInstancesPolicy"]["InstancesDistribution"]
    assert shares["OnDemandAllocationStrategy"] == "prioritized" and shares["OnDemandBaseCapacity"] == 1, shares
    assert len(group["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"]) == 2, group
    # Weighed, two instances are six units.
    policy["LaunchTemplate"]["Overrides"] = [{"InstanceType": "m5.xlarge", "WeightedCapacity": "3"}]
    client.create_auto_scaling_group(
        AutoScalingGroupName="weighed", MinSize=0, MaxSize=9, DesiredCapacity=5, MixedInstancesPolicy=policy,
        AvailabilityZones=[f"{REGION}a"],
    )
    assert {each["WeightedCapacity"] for each in in_service(aws, "weighed", 2)} == {"3"}
    gone(aws, "weighed")
    gone(aws, "mixed")


@case(local_only=BESIDE)
def tags_of_groups_are_listed_and_changed(aws):
    client, template = groups(aws), new_template(aws, "tagged")
    for name in ("tagged-a", "tagged-b"):
        new_group(aws, name, 0, template, Tags=[{"Key": "of", "Value": name, "PropagateAtLaunch": True}])
    tag = {"ResourceType": "auto-scaling-group", "Key": "more", "Value": "1", "PropagateAtLaunch": False}
    client.create_or_update_tags(Tags=[{**tag, "ResourceId": "tagged-a"}, {**tag, "ResourceId": "tagged-b", "Value": "2"}])
    of_a = {"Name": "auto-scaling-group", "Values": ["tagged-a"]}
    listed = client.describe_tags(Filters=[of_a])["Tags"]
    assert [(each["Key"], each["Value"], each["PropagateAtLaunch"]) for each in listed] == \
        [("more", "1", False), ("of", "tagged-a", True)], listed
    paged = tokens_of(client.describe_tags, "Tags", most=1, size="MaxRecords",
                      Filters=[{"Name": "key", "Values": ["more"]}, {"Name": "propagate-at-launch", "Values": ["false"]}])
    assert [each["Value"] for each in paged] == ["1", "2"], paged
    found = client.describe_auto_scaling_groups(Filters=[{"Name": "tag:more", "Values": ["2"]}])["AutoScalingGroups"]
    assert [group["AutoScalingGroupName"] for group in found] == ["tagged-b"], found
    names = {"AutoScalingGroupNames": ["tagged-a", "tagged-b", "nothing"]}
    paged = tokens_of(client.describe_auto_scaling_groups, "AutoScalingGroups", most=1, size="MaxRecords", **names)
    assert [group["AutoScalingGroupName"] for group in paged] == ["tagged-a", "tagged-b"], paged
    client.delete_tags(Tags=[{"ResourceId": "tagged-a", "ResourceType": "auto-scaling-group", "Key": "more"}])
    assert [each["Key"] for each in client.describe_tags(Filters=[of_a])["Tags"]] == ["of"]
    many = [{**tag, "ResourceId": "tagged-a", "Key": f"k{index}"} for index in range(51)]
    with aws.refuses("LimitExceeded", "", 400):
        client.create_or_update_tags(Tags=many)
    with aws.refuses("ValidationError", "", 400):
        client.create_or_update_tags(Tags=[{**tag, "ResourceId": "tagged-a", "Key": "aws:mine"}])
    with aws.refuses("ValidationError", "AutoScalingGroup name not found", 400):
        client.create_or_update_tags(Tags=[{**tag, "ResourceId": "nothing"}])
    for refused in (client.describe_tags, client.describe_auto_scaling_groups, client.describe_auto_scaling_instances,
                    client.describe_scaling_activities):
        with aws.refuses("InvalidNextToken", "", 400):
            refused(NextToken="*")
        with aws.refuses("ValidationError", "at 'maxRecords' failed to satisfy constraint", 400):
            refused(MaxRecords=101)
    for name in ("tagged-a", "tagged-b"):
        client.delete_auto_scaling_group(AutoScalingGroupName=name)


@case(local_only=BESIDE)
def what_makes_no_group_is_refused(aws):
    client, template = groups(aws), new_template(aws, "whole")
    group = {"AutoScalingGroupName": "refused", "MinSize": 0, "MaxSize": 1, "LaunchTemplate": template,
             "AvailabilityZones": [f"{REGION}a"]}
    for change, message in (
        ({"LaunchTemplate": None}, "Valid requests must contain either LaunchTemplate"),
        ({"AvailabilityZones": []}, "At least one Availability Zone or VPC Subnet is required."),
        ({"AvailabilityZones": ["mars-1a"]}, "Invalid availability zones"),
        ({"VPCZoneIdentifier": "subnet-0123456789abcdef0"}, "The subnet ID 'subnet-0123456789abcdef0' does not exist"),
        ({"MinSize": 2}, "Max bound, 1, must be greater than or equal to min bound, 2"),
        ({"DesiredCapacity": 3}, "Desired capacity:3 must be between the specified min size:0 and max size:1"),
        ({"MaxSize": 20000, "DesiredCapacity": 20000}, "at most 10000"),
        ({"LaunchTemplate": {"LaunchTemplateName": "nothing"}}, "valid fully-formed launch template"),
        ({"LaunchTemplate": {**template, "Version": "7"}}, "Could not find the specified version 7"),
        ({"LaunchTemplate": {"Version": "7"}}, "either launchTemplateId or LaunchTemplateName"),
        ({"ServiceLinkedRoleARN": f"arn:aws:iam::{aws.accounts[0]}:role/other"}, "ARN specified for Service-Linked Role does not exist."),
        ({"LaunchConfigurationName": "old"}, "does not have what LaunchConfigurationName asks for"),
        ({"TargetGroupARNs": ["arn:aws:elasticloadbalancing:us-west-2:1:x"]}, "TargetGroupARNs"),
        ({"HealthCheckType": "ELB"}, "ELB"),
        ({"AutoScalingGroupName": "a:b"}, "colon"),
    ):
        asked = {name: value for name, value in {**group, **change}.items() if value is not None}
        with aws.refuses("ValidationError", message, 400):
            client.create_auto_scaling_group(**asked)
    # A template that cannot be launched.
    ec2(aws).create_launch_template(LaunchTemplateName="part", LaunchTemplateData={"InstanceType": "m5.large"})
    with aws.refuses("ValidationError", "You must use a valid fully-formed launch template. The request must contain the parameter ImageId", 400):
        client.create_auto_scaling_group(**{**group, "LaunchTemplate": {"LaunchTemplateName": "part"}})
    client.create_auto_scaling_group(**group)
    with aws.refuses("AlreadyExists", "A group with the name refused already exists", 400):
        client.create_auto_scaling_group(**group)
    for index in range(500):
        try:
            client.create_auto_scaling_group(**{**group, "AutoScalingGroupName": f"many-{index:03}"})
        except client.exceptions.LimitExceededFault:
            break
    else:
        raise AssertionError("there is no limit")
    for found in tokens_of(client.describe_auto_scaling_groups, "AutoScalingGroups", most=100, size="MaxRecords"):
        if found["AutoScalingGroupName"].startswith(("many-", "refused")):
            client.delete_auto_scaling_group(AutoScalingGroupName=found["AutoScalingGroupName"])


@case(local_only=BESIDE)
def the_role_was_made_at_need(aws):
    name = "AWSServiceRoleForAutoScaling"
    role = aws.iam().get_role(RoleName=name)["Role"]
    assert role["Arn"] == role_of(aws), role
    [attached] = aws.iam().list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert attached["PolicyName"] == "AutoScalingServiceRolePolicy", attached
    # Others make it themselves.
    aws.iam().delete_service_linked_role(RoleName=name)
