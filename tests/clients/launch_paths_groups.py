"""What a group of Auto Scaling takes of who makes and changes it.

Sources: Amazon EC2 Auto Scaling User Guide, "Control Amazon EC2 launch template usage in Auto Scaling groups" and
"Service-linked roles for Amazon EC2 Auto Scaling".
"""

import json

from launch_paths_ec2 import on
from launching import LAUNCHER, REGION, cluster, settle, trail, without, without_role

NOT_MADE = "The default Service-Linked Role for Auto Scaling could not be created."


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
        "iam:CreateServiceLinkedRole": ("CreateServiceLinkedRole", NOT_MADE),
    }
    invoked_by = "autoscaling.amazonaws.com"
    told_by = {}
    of_template = ("ec2:RunInstances", "ec2:CreateTags", "iam:PassRole")
    each = {
        **{operation.partition(":")[2]: (operation,) for operation, called in takes.items() if called == operation.partition(":")[2]},
        "CreateAutoScalingGroup": ("iam:CreateServiceLinkedRole", "autoscaling:CreateAutoScalingGroup",
                                   "autoscaling:CreateOrUpdateTags", *of_template),
        "UpdateAutoScalingGroup": ("autoscaling:UpdateAutoScalingGroup", *of_template),
    }
    polled = ("DescribeAutoScalingGroups",)

    def __init__(self, place):
        self.place, self.name = place, "Auto Scaling"

    def run(self):
        call = self.place.call
        data = {
            "ImageId": self.place.image, "InstanceType": "m5.large", "IamInstanceProfile": {"Name": "Node"},
            "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "blue"}]}],
        }
        call("ec2", "create-launch-template", "--launch-template-name", "nodes", "--launch-template-data", json.dumps(data))
        call("autoscaling", "create-auto-scaling-group", "--auto-scaling-group-name", "group", "--min-size", "0", "--max-size", "2",
             "--desired-capacity", "1", "--launch-template", "LaunchTemplateName=nodes", "--availability-zones", f"{REGION}a",
             "--tags", "Key=of,Value=group,PropagateAtLaunch=true")
        see = lambda: call("autoscaling", "describe-auto-scaling-groups", "--auto-scaling-group-names", "group")["AutoScalingGroups"][0]
        in_service = lambda group: [instance["LifecycleState"] for instance in group["Instances"]] == ["InService"]
        instance = settle(see, in_service)["Instances"][0]["InstanceId"]
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
        without(
            ("autoscaling", "delete-auto-scaling-group", "--auto-scaling-group-name", "group", "--force-delete"),
            ("ec2", "delete-launch-template", "--launch-template-name", "nodes"),
        )
        settle(lambda: cluster("autoscaling", "describe-auto-scaling-groups")["AutoScalingGroups"], lambda groups: not groups)
        without_role("AWSServiceRoleForAutoScaling")


class MixedGroup:
    """A group of a mixed instances policy, an override of which has a launch template of its own: both are tried out as the caller."""

    # What an instance of either template takes, and what one of the first, or of the second, alone.
    of_both = ("image", "instance", "launch-template", "network-interface", "security-group", "subnet", "volume")
    of_first = on("ec2:RunInstances", "CreateAutoScalingGroup", *of_both, "key-pair")
    of_second = on("ec2:RunInstances", "CreateAutoScalingGroup", "snapshot") | {
        "ec2:CreateTags on instance": "CreateAutoScalingGroup",
        "iam:PassRole": "CreateAutoScalingGroup",
    }
    takes = {
        "autoscaling:CreateAutoScalingGroup": "CreateAutoScalingGroup",
        "iam:CreateServiceLinkedRole": "CreateAutoScalingGroup",
        **of_first,
        **of_second,
        # The group's role asks for the fleet.
        "ec2:CreateFleet": None,
    }
    by_service = {
        **dict.fromkeys(of_first, ("RunInstances", "You are not authorized to use launch template: mixed-first")),
        **dict.fromkeys(of_second, ("RunInstances", "You are not authorized to use launch template: mixed-second")),
        "iam:CreateServiceLinkedRole": ("CreateServiceLinkedRole", NOT_MADE),
    }
    invoked_by = "autoscaling.amazonaws.com"
    told_by = {}
    templates = ("mixed-first", "mixed-second")

    def __init__(self, place):
        self.place, self.name, self.ids = place, "Mixed group", {}
        second = {
            "IamInstanceProfile": {"Name": "Node"}, "BlockDeviceMappings": [{"DeviceName": "/dev/xvdb", "Ebs": {"SnapshotId": place.snapshot}}],
            "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "blue"}]}],
        }
        for name, data in zip(self.templates, ({"KeyName": "own"}, second), strict=True):
            without(("ec2", "delete-launch-template", "--launch-template-name", name))
            made = cluster("ec2", "create-launch-template", "--launch-template-name", name, "--launch-template-data",
                           json.dumps({"ImageId": place.image, "InstanceType": "m5.large", **data}))
            self.ids[name] = made["LaunchTemplate"]["LaunchTemplateId"]

    def run(self):
        first, second = ({"LaunchTemplateName": name, "Version": "1"} for name in self.templates)
        policy = {"LaunchTemplate": {"LaunchTemplateSpecification": first, "Overrides": [
            {"InstanceType": "m5.large"}, {"InstanceType": "m5.xlarge", "LaunchTemplateSpecification": second},
        ]}}
        self.place.call("autoscaling", "create-auto-scaling-group", "--auto-scaling-group-name", "mixed", "--min-size", "0", "--max-size",
                        "1", "--mixed-instances-policy", json.dumps(policy), "--availability-zones", f"{REGION}a")
        tried = [event for event in trail("RunInstances", 2) if event["userIdentity"]["arn"] == LAUNCHER]
        of = [event["requestParameters"]["launchTemplate"]["launchTemplateId"] for event in tried]
        assert sorted(of) == sorted(self.ids.values()), tried

    @staticmethod
    def clean():
        without(("autoscaling", "delete-auto-scaling-group", "--auto-scaling-group-name", "mixed", "--force-delete"))
        without_role("AWSServiceRoleForAutoScaling")
