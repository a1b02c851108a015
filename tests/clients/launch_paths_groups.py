"""What a group of Auto Scaling takes of who makes and changes it.

Sources: Amazon EC2 Auto Scaling User Guide, "Control Amazon EC2 launch template usage in Auto Scaling groups" and
"Service-linked roles for Amazon EC2 Auto Scaling".
"""

import json

from launching import REGION, cluster, settle, without, without_role


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
