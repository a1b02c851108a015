"""Each permission of a launch path removed in turn, with the `aws` CLI: what of EC2, IAM, Auto Scaling, EKS, SQS and Systems Manager
who launches must be allowed. (`volume_keys.py` does so for the key of the volumes.)

A path is what somebody who launches calls, in order. With all of its permissions it goes to its end. Without one of them one
call of it is refused, to just that caller, and the trail has the refusal in AWS's words; or the permission is used by no step,
which the last line says.

Sources: Amazon EC2 Auto Scaling User Guide, "Control Amazon EC2 launch template usage in Auto Scaling groups" and
"Service-linked roles for Amazon EC2 Auto Scaling"; Karpenter, "CloudFormation" (the actions of its controller's policies).

`CLAVIGER_ENDPOINT` and `CLAVIGER_CREDENTIALS` are as `volume_keys.py` takes them.
"""

import contextlib
import json
import re
import sys
import time

from volume_keys import CLUSTER, REGION, aws, cluster, document

NODE = f"arn:aws:iam::{CLUSTER}:role/Node"
LAUNCHER = f"arn:aws:sts::{CLUSTER}:assumed-role/Launcher/me"
SERVICE_ROLE = ("AWSServiceRoleForAutoScaling", "autoscaling.amazonaws.com")


class Refused(Exception):
    """A call that was refused, with its code and message."""

    def __init__(self, operation, code, message):
        super().__init__(f"{operation}: {code}: {message}")
        self.operation, self.code, self.message = operation, code, message


class World:
    def __init__(self):
        trust = document({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{CLUSTER}:root"}, "Action": "sts:AssumeRole"})
        cluster("iam", "create-role", "--role-name", "Launcher", "--assume-role-policy-document", trust)
        for role, service in (("Node", "ec2"), ("ClusterRole", "eks")):
            trust = document({"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"})
            cluster("iam", "create-role", "--role-name", role, "--assume-role-policy-document", trust)
        cluster("iam", "create-instance-profile", "--instance-profile-name", "Node")
        cluster("iam", "add-role-to-instance-profile", "--instance-profile-name", "Node", "--role-name", "Node")
        cluster("eks", "create-cluster", "--name", "demo", "--role-arn", f"arn:aws:iam::{CLUSTER}:role/ClusterRole",
                "--resources-vpc-config", "subnetIds=subnet-1,subnet-2")
        self.queue = cluster("sqs", "create-queue", "--queue-name", "interruptions")["QueueUrl"]
        volume = cluster("ec2", "create-volume", "--availability-zone", f"{REGION}a", "--size", "8")["VolumeId"]
        snapshot = cluster("ec2", "create-snapshot", "--volume-id", volume)["SnapshotId"]
        mapping = json.dumps([{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}])
        self.image = cluster("ec2", "register-image", "--name", "launched", "--root-device-name", "/dev/xvda", "--architecture",
                             "x86_64", "--block-device-mappings", mapping)["ImageId"]
        role = f"arn:aws:iam::{CLUSTER}:role/Launcher"
        self.session = cluster("sts", "assume-role", "--role-arn", role, "--role-session-name", "me")["Credentials"]

    @staticmethod
    def allow(actions):
        statements = [{"Effect": "Allow", "Action": action, "Resource": NODE if action == "iam:PassRole" else "*"} for action in actions]
        cluster("iam", "put-role-policy", "--role-name", "Launcher", "--policy-name", "may", "--policy-document", document(*statements))

    def call(self, *words):
        """A call of the launcher's."""
        try:
            return aws(self.session, *words)
        except AssertionError as error:
            told = re.search(r"An error occurred \(([\w.]+)\) when calling the (\w+) operation: (.*)", str(error), re.DOTALL)
            if not told:
                raise
            raise Refused(told[2], told[1], told[3]) from error


def awaited(see, holds):
    deadline = time.monotonic() + 30
    while True:
        seen = see()
        if holds(seen):
            return seen
        assert time.monotonic() < deadline, seen
        time.sleep(0.05)


class AutoScaling:
    """A group of a launch template with a role and tags: made, changed, scaled, and deleted."""

    # What it takes, and which call is refused without it.
    takes = {
        "ec2:CreateLaunchTemplate": "CreateLaunchTemplate",
        "ec2:CreateLaunchTemplateVersion": "CreateLaunchTemplateVersion",
        "ec2:RunInstances": "CreateAutoScalingGroup",
        "ec2:CreateTags": "CreateAutoScalingGroup",
        "iam:PassRole": "CreateAutoScalingGroup",
        "iam:CreateServiceLinkedRole": "CreateAutoScalingGroup",
        "autoscaling:CreateAutoScalingGroup": "CreateAutoScalingGroup",
        "autoscaling:CreateOrUpdateTags": "CreateAutoScalingGroup",
        "autoscaling:DescribeAutoScalingGroups": "DescribeAutoScalingGroups",
        "autoscaling:DescribeScalingActivities": "DescribeScalingActivities",
        "autoscaling:UpdateAutoScalingGroup": "UpdateAutoScalingGroup",
        "autoscaling:TerminateInstanceInAutoScalingGroup": "TerminateInstanceInAutoScalingGroup",
        "autoscaling:SetDesiredCapacity": "SetDesiredCapacity",
        "autoscaling:DeleteAutoScalingGroup": "DeleteAutoScalingGroup",
        "ec2:DeleteLaunchTemplate": "DeleteLaunchTemplate",
        # The group's role does these.
        "ec2:TerminateInstances": None,
        "ec2:DescribeInstances": None,
        # A console looks at these.
        "ec2:DescribeLaunchTemplates": None,
        "ec2:DescribeLaunchTemplateVersions": None,
    }
    # What the launcher does by another service, which refuses in words of its own; the trail has the call that was refused.
    by_service = {
        "ec2:RunInstances": ("RunInstances", "You are not authorized to use launch template: nodes"),
        "ec2:CreateTags": ("RunInstances", "You are not authorized to use launch template: nodes"),
        "iam:PassRole": ("RunInstances", "You are not authorized to use launch template: nodes"),
        "iam:CreateServiceLinkedRole": ("CreateServiceLinkedRole", "The default Service-Linked Role for Auto Scaling could not be created."),
    }
    invoked_by = "autoscaling.amazonaws.com"
    told_by = {}

    def __init__(self, world):
        self.world = world

    def run(self):
        call = self.world.call
        data = {
            "ImageId": self.world.image, "InstanceType": "m5.large", "IamInstanceProfile": {"Name": "Node"},
            "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "blue"}]}],
        }
        call("ec2", "create-launch-template", "--launch-template-name", "nodes", "--launch-template-data", json.dumps(data))
        call("autoscaling", "create-auto-scaling-group", "--auto-scaling-group-name", "group", "--min-size", "0", "--max-size", "2",
             "--desired-capacity", "1", "--launch-template", "LaunchTemplateName=nodes", "--availability-zones", f"{REGION}a",
             "--tags", "Key=of,Value=group,PropagateAtLaunch=true")
        see = lambda: call("autoscaling", "describe-auto-scaling-groups", "--auto-scaling-group-names", "group")["AutoScalingGroups"][0]
        in_service = lambda group: [instance["LifecycleState"] for instance in group["Instances"]] == ["InService"]
        instance = awaited(see, in_service)["Instances"][0]["InstanceId"]
        [done] = call("autoscaling", "describe-scaling-activities", "--auto-scaling-group-name", "group")["Activities"]
        assert done["StatusCode"] == "Successful" and instance in done["Description"], done
        [told] = cluster("ec2", "describe-instances", "--instance-ids", instance)["Reservations"][0]["Instances"]
        assert {"team": "blue", "of": "group"}.items() <= {tag["Key"]: tag["Value"] for tag in told["Tags"]}.items(), told
        call("ec2", "create-launch-template-version", "--launch-template-name", "nodes", "--source-version", "1",
             "--launch-template-data", json.dumps({"InstanceType": "m5.xlarge"}))
        call("autoscaling", "update-auto-scaling-group", "--auto-scaling-group-name", "group", "--launch-template",
             "LaunchTemplateName=nodes,Version=2")
        call("autoscaling", "terminate-instance-in-auto-scaling-group", "--instance-id", instance, "--should-decrement-desired-capacity")
        call("autoscaling", "set-desired-capacity", "--auto-scaling-group-name", "group", "--desired-capacity", "0")
        call("autoscaling", "delete-auto-scaling-group", "--auto-scaling-group-name", "group", "--force-delete")
        call("ec2", "delete-launch-template", "--launch-template-name", "nodes")

    @staticmethod
    def clean():
        with contextlib.suppress(AssertionError):
            cluster("autoscaling", "delete-auto-scaling-group", "--auto-scaling-group-name", "group", "--force-delete")
        with contextlib.suppress(AssertionError):
            cluster("ec2", "delete-launch-template", "--launch-template-name", "nodes")
        awaited(lambda: cluster("autoscaling", "describe-auto-scaling-groups")["AutoScalingGroups"], lambda groups: not groups)
        # So that the next group's has to be made.
        roles = [role["RoleName"] for role in cluster("iam", "list-roles")["Roles"]]
        if SERVICE_ROLE[0] in roles:
            task = cluster("iam", "delete-service-linked-role", "--role-name", SERVICE_ROLE[0])["DeletionTaskId"]
            status = lambda: cluster("iam", "get-service-linked-role-deletion-status", "--deletion-task-id", task)["Status"]
            awaited(status, lambda status: status == "SUCCEEDED")


class Karpenter:
    """What Karpenter's controller calls for a node, from its start to the node's end, in its order."""

    takes = {
        "eks:DescribeCluster": "DescribeCluster",
        "ec2:DescribeInstanceTypes": "DescribeInstanceTypes",
        "ec2:DescribeInstanceTypeOfferings": "DescribeInstanceTypeOfferings",
        "ec2:DescribeSpotPriceHistory": "DescribeSpotPriceHistory",
        "ec2:DescribeSubnets": "DescribeSubnets",
        "ec2:DescribeSecurityGroups": "DescribeSecurityGroups",
        "ec2:DescribeCapacityReservations": "DescribeCapacityReservations",
        "ssm:GetParameter": "GetParameter",
        "ec2:DescribeImages": "DescribeImages",
        "iam:GetInstanceProfile": "GetInstanceProfile",
        "iam:CreateInstanceProfile": "CreateInstanceProfile",
        "iam:TagInstanceProfile": "CreateInstanceProfile",
        "iam:AddRoleToInstanceProfile": "AddRoleToInstanceProfile",
        "iam:PassRole": "AddRoleToInstanceProfile",
        "ec2:DescribeLaunchTemplates": "DescribeLaunchTemplates",
        "ec2:CreateLaunchTemplate": "CreateLaunchTemplate",
        "ec2:CreateTags": "CreateLaunchTemplate",
        "ec2:CreateFleet": "CreateFleet",
        "ec2:RunInstances": "RunInstances",
        "ec2:DescribeInstances": "DescribeInstances",
        "ec2:DescribeInstanceStatus": "DescribeInstanceStatus",
        "sqs:GetQueueUrl": "GetQueueUrl",
        "sqs:ReceiveMessage": "ReceiveMessage",
        "sqs:DeleteMessage": "DeleteMessage",
        "ec2:TerminateInstances": "TerminateInstances",
        "ec2:DeleteLaunchTemplate": "DeleteLaunchTemplate",
        "iam:ListInstanceProfiles": "ListInstanceProfiles",
        "iam:RemoveRoleFromInstanceProfile": "RemoveRoleFromInstanceProfile",
        "iam:DeleteInstanceProfile": "DeleteInstanceProfile",
        # Zones come with the subnets, and prices on demand are not asked for where the VPC is isolated.
        "ec2:DescribeAvailabilityZones": None,
        "pricing:GetProducts": None,
    }
    by_service = {}
    invoked_by = None
    # The call whose answer tells it, while the call itself succeeds.
    told_by = {"ec2:RunInstances": "CreateFleet"}

    def __init__(self, world):
        self.world = world

    def run(self):
        call = self.world.call
        call("eks", "describe-cluster", "--name", "demo")
        call("ec2", "describe-instance-types", "--instance-types", "m5.large")
        call("ec2", "describe-instance-type-offerings", "--location-type", "availability-zone", "--max-results", "5")
        call("ec2", "describe-spot-price-history", "--product-descriptions", "Linux/UNIX", "--max-results", "5")
        subnet = call("ec2", "describe-subnets")["Subnets"][0]
        group = call("ec2", "describe-security-groups")["SecurityGroups"][0]["GroupId"]
        call("ec2", "describe-capacity-reservations")
        call("ssm", "get-parameter", "--name",
             "/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id")
        call("ec2", "describe-images", "--image-ids", self.world.image)
        try:
            call("iam", "get-instance-profile", "--instance-profile-name", "karpenter")
        except Refused as refused:
            if refused.code != "NoSuchEntity":
                raise
        call("iam", "create-instance-profile", "--instance-profile-name", "karpenter", "--tags", "Key=cluster,Value=demo")
        call("iam", "add-role-to-instance-profile", "--instance-profile-name", "karpenter", "--role-name", "Node")
        try:
            call("ec2", "describe-launch-templates", "--launch-template-names", "nodes")
        except Refused as refused:
            if refused.code != "InvalidLaunchTemplateName.NotFoundException":
                raise
        tags = "Tags=[{Key=cluster,Value=demo}]"
        data = {
            "ImageId": self.world.image, "IamInstanceProfile": {"Name": "karpenter"},
            "NetworkInterfaces": [{"DeviceIndex": 0, "Groups": [group]}],
        }
        call("ec2", "create-launch-template", "--launch-template-name", "nodes", "--launch-template-data", json.dumps(data),
             "--tag-specifications", f"ResourceType=launch-template,{tags}")
        config = [{
            "LaunchTemplateSpecification": {"LaunchTemplateName": "nodes", "Version": "$Latest"},
            "Overrides": [{"InstanceType": "m5.large", "SubnetId": subnet["SubnetId"]}],
        }]
        fleet = call("ec2", "create-fleet", "--type", "instant", "--launch-template-configs", json.dumps(config),
                     "--target-capacity-specification", "TotalTargetCapacity=1,DefaultTargetCapacityType=on-demand",
                     "--tag-specifications", f"ResourceType=instance,{tags}")
        for error in fleet.get("Errors", []):
            # The fleet is made, and tells what it could not launch.
            raise Refused("RunInstances", error["ErrorCode"], error["ErrorMessage"])
        [instance] = fleet["Instances"][0]["InstanceIds"]
        call("ec2", "describe-instances", "--instance-ids", instance)
        call("ec2", "describe-instance-status", "--instance-ids", instance)
        call("ec2", "create-tags", "--resources", instance, "--tags", "Key=Name,Value=node")
        call("sqs", "get-queue-url", "--queue-name", "interruptions")
        cluster("sqs", "send-message", "--queue-url", self.world.queue, "--message-body", "{}")
        [message] = call("sqs", "receive-message", "--queue-url", self.world.queue)["Messages"]
        call("sqs", "delete-message", "--queue-url", self.world.queue, "--receipt-handle", message["ReceiptHandle"])
        call("ec2", "terminate-instances", "--instance-ids", instance)
        call("ec2", "delete-launch-template", "--launch-template-name", "nodes")
        call("iam", "list-instance-profiles")
        call("iam", "remove-role-from-instance-profile", "--instance-profile-name", "karpenter", "--role-name", "Node")
        call("iam", "delete-instance-profile", "--instance-profile-name", "karpenter")

    def clean(self):
        for words in (
            ("ec2", "delete-launch-template", "--launch-template-name", "nodes"),
            ("iam", "remove-role-from-instance-profile", "--instance-profile-name", "karpenter", "--role-name", "Node"),
            ("iam", "delete-instance-profile", "--instance-profile-name", "karpenter"),
            ("sqs", "purge-queue", "--queue-url", self.world.queue),
        ):
            with contextlib.suppress(AssertionError):
                cluster(*words)


# Calls that read or send data, which the trail has not.
UNTRAILED = ("ReceiveMessage", "DeleteMessage")


def check(path, removed, refused):
    """The call that is refused for want of a permission, and what the trail says of it."""
    expected = path.takes[removed]
    words = f"{LAUNCHER} is not authorized to perform: {removed} on resource"
    why = f"because no identity-based policy allows the {removed} action"
    assert refused.operation == expected, f"{expected} was to be refused, and was not: {refused}"
    called, own_words = path.by_service.get(removed, (expected, words))
    assert own_words in refused.message, refused
    if called in UNTRAILED:
        return
    called = path.told_by.get(removed, called)
    attribute = f"AttributeKey=EventName,AttributeValue={called}"
    # IAM is where its home is.
    region = "us-east-1" if called == "CreateServiceLinkedRole" or called.endswith(("InstanceProfile", "InstanceProfiles")) else REGION
    newest = cluster("cloudtrail", "lookup-events", "--max-items", "1", "--lookup-attributes", attribute, region=region)["Events"]
    assert newest, f"the trail has no {called}"
    event = json.loads(newest[0]["CloudTrailEvent"])
    assert event["userIdentity"]["arn"] == LAUNCHER, event
    if removed in path.told_by:
        assert "errorCode" not in event and words in json.dumps(event["responseElements"]), event
        return
    assert event["errorCode"] in ("AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation"), event
    assert words in event["errorMessage"] and why in event["errorMessage"], event
    if removed in path.by_service:
        assert event["userIdentity"]["invokedBy"] == path.invoked_by, event


def main():
    world, failures, unused, checked = World(), [], [], 0
    for path in (AutoScaling(world), Karpenter(world)):
        name = type(path).__name__
        for removed in (None, *path.takes):
            world.allow([action for action in path.takes if action != removed])
            checked += 1
            try:
                path.run()
                if removed:
                    unused.append(f"{name}: {removed}")
                    assert path.takes[removed] is None, f"{path.takes[removed]} was to be refused, and was not"
            except Refused as refused:
                try:
                    assert removed, refused
                    check(path, removed, refused)
                except AssertionError as error:
                    failures.append(f"{name} without {removed}: {error}")
            except AssertionError as error:
                failures.append(f"{name} without {removed}: {error}")
            finally:
                path.clean()
    if failures:
        sys.exit("\n".join(failures))
    print(f"{checked} runs hold; used by no step: {', '.join(unused)}")


if __name__ == "__main__":
    main()
