"""What EC2 takes of who launches: by RunInstances, by a fleet of each type, by a request for Spot Instances.

Sources: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2"; Amazon EC2 User Guide, "Example
policies to control access to the Amazon EC2 API" > "Launch instances (RunInstances)", "EC2 Fleet prerequisites", "Service-linked
role for Spot Instance requests"; AWS Managed Policy Reference, "AWSEC2FleetServiceRolePolicy".
"""

import json

from launching import CLUSTER, cluster, newest_in_trail, without, without_role

NOT_MADE = "The provided credentials do not have permission to create the service-linked role for "


def on(action, operation, *kinds):
    return {f"{action} on {kind}": operation for kind in kinds}


def tagged(*kinds):
    return [f"ResourceType={kind},Tags=[{{Key=team,Value=blue}}]" for kind in kinds]


class OfEc2:
    """Spot Instances of a launch template that names a role, launched in a way of EC2's."""

    invoked_by = "ec2.amazonaws.com"
    by_service = {"iam:CreateServiceLinkedRole": ("CreateServiceLinkedRole", f"{NOT_MADE}EC2 Spot Instances.")}
    told_by = {}

    def __init__(self, place):
        self.place, self.name, self.has_launched = place, type(self).__name__, False
        self.data = {"ImageId": place.image, "InstanceType": "m5.large", "IamInstanceProfile": {"Name": "Node"}}
        template = ("ec2", "delete-launch-template", "--launch-template-name", "launched")
        without(template)
        cluster("ec2", "create-launch-template", "--launch-template-name", "launched", "--launch-template-data", json.dumps(self.data))

    def run(self):
        self.launch(self.place.call)
        self.has_launched = True

    def clean(self):
        """What is refused makes no role, and nothing that uses one."""
        if not self.has_launched:
            return
        self.has_launched = False
        fleets = [fleet["FleetId"] for fleet in cluster("ec2", "describe-fleets")["Fleets"] if fleet["FleetState"] == "active"]
        if fleets:
            cluster("ec2", "delete-fleets", "--terminate-instances", "--fleet-ids", *fleets)
        told = cluster("ec2", "describe-instances", "--filters", "Name=instance-state-name,Values=pending,running")["Reservations"]
        if alive := [instance["InstanceId"] for reservation in told for instance in reservation["Instances"]]:
            cluster("ec2", "terminate-instances", "--instance-ids", *alive)
        without_role("AWSServiceRoleForEC2Fleet")
        without_role("AWSServiceRoleForEC2Spot")


class RunInstances(OfEc2):
    takes = {
        **on("ec2:RunInstances", "RunInstances", "image", "instance", "key-pair", "launch-template", "network-interface",
             "security-group", "snapshot", "subnet", "volume"),
        **on("ec2:CreateTags", "RunInstances", "instance", "network-interface", "volume"),
        "iam:PassRole": "RunInstances",
        "iam:CreateServiceLinkedRole": "RunInstances",
        "ec2:RequestSpotInstances": None,
        "ec2:DescribeInstances": None,
        "iam:GetInstanceProfile": None,
    }

    def launch(self, call):
        more = json.dumps([{"DeviceName": "/dev/xvdb", "Ebs": {"SnapshotId": self.place.snapshot}}])
        answer = call("ec2", "run-instances", "--launch-template", "LaunchTemplateName=launched", "--subnet-id", self.place.subnet,
                      "--security-group-ids", self.place.group, "--key-name", "own", "--block-device-mappings", more,
                      "--instance-market-options", "MarketType=spot", "--tag-specifications",
                      *tagged("instance", "volume", "network-interface"))
        assert answer["Instances"][0]["InstanceLifecycle"] == "spot", answer


class SpotRequest(OfEc2):
    takes = {
        **on("ec2:RequestSpotInstances", "RequestSpotInstances", "image", "key-pair", "security-group", "snapshot",
             "spot-instances-request", "subnet"),
        "ec2:CreateTags on spot-instances-request": "RequestSpotInstances",
        "iam:PassRole": "RequestSpotInstances",
        "iam:CreateServiceLinkedRole": "RequestSpotInstances",
        # The service-linked role launches.
        "ec2:RunInstances": None,
    }

    def launch(self, call):
        mappings = [{"DeviceName": "/dev/xvdb", "Ebs": {"SnapshotId": self.place.snapshot}}]
        data = self.data | {"SubnetId": self.place.subnet, "SecurityGroupIds": [self.place.group], "KeyName": "own",
                            "BlockDeviceMappings": mappings}
        answer = call("ec2", "request-spot-instances", "--launch-specification", json.dumps(data), "--tag-specifications",
                      *tagged("spot-instances-request"))
        assert len(answer["SpotInstanceRequests"]) == 1, answer
        event = newest_in_trail("RunInstances")
        assert event["userIdentity"]["arn"] == f"arn:aws:sts::{CLUSTER}:assumed-role/AWSServiceRoleForEC2Spot/EC2Spot", event
        assert event["userIdentity"]["invokedBy"] == "spot.amazonaws.com" and "errorCode" not in event, event


class OfFleet(OfEc2):
    """A fleet whose override names an image and a subnet."""

    of_fleet = {
        **on("ec2:CreateFleet", "CreateFleet", "fleet", "image", "instance", "launch-template", "subnet"),
        "ec2:CreateTags on fleet": "CreateFleet",
        "iam:CreateServiceLinkedRole": "CreateFleet",
        # EC2's own role, or who calls, does these by other calls.
        "ec2:RequestSpotInstances": None,
        "iam:ListRoles": None,
        "iam:ListInstanceProfiles": None,
    }

    def create(self, call, kind, *tagged_too):
        config = [{
            "LaunchTemplateSpecification": {"LaunchTemplateName": "launched", "Version": "$Latest"},
            "Overrides": [{"ImageId": self.place.image, "SubnetId": self.place.subnet}],
        }]
        return call("ec2", "create-fleet", "--type", kind, "--launch-template-configs", json.dumps(config),
                    "--target-capacity-specification", "TotalTargetCapacity=1,DefaultTargetCapacityType=spot",
                    "--tag-specifications", *tagged("fleet", *tagged_too))


class InstantFleet(OfFleet):
    """Who calls launches: the fleet is made, and tells what it could not launch."""

    of_launch = {
        **on("ec2:RunInstances", "RunInstances", "image", "instance", "launch-template", "network-interface", "security-group",
             "subnet", "volume"),
        "ec2:CreateTags on instance": "RunInstances",
        "iam:PassRole": "RunInstances",
        "iam:CreateServiceLinkedRole": "RunInstances",
    }
    takes = OfFleet.of_fleet | of_launch
    told_by = dict.fromkeys(of_launch, "CreateFleet")

    def launch(self, call):
        fleet = self.create(call, "instant", "instance")
        assert len(fleet["Instances"][0]["InstanceIds"]) == 1, fleet


class KeptFleet(OfFleet):
    """`AWSServiceRoleForEC2Fleet` launches, whatever who calls may launch."""

    by_service = {"iam:CreateServiceLinkedRole": ("CreateServiceLinkedRole", f"{NOT_MADE}EC2 Fleet.")}
    takes = OfFleet.of_fleet | {
        "iam:PassRole": "CreateFleet",
        "ec2:RunInstances": None,
        "ec2:CreateTags on instance": None,
    }

    def launch(self, call):
        fleet = self.create(call, self.kind)["FleetId"]
        told = cluster("ec2", "describe-instances", "--filters", f"Name=tag:aws:ec2:fleet-id,Values={fleet}")["Reservations"]
        assert [instance["InstanceLifecycle"] for of in told for instance in of["Instances"]] == ["spot"], told
        # The fleet's role launches, and has the one of Spot Instances made.
        launch, made = newest_in_trail("RunInstances"), newest_in_trail("CreateServiceLinkedRole")
        role = f"arn:aws:sts::{CLUSTER}:assumed-role/AWSServiceRoleForEC2Fleet/EC2Fleet"
        for event in (launch, made):
            assert event["userIdentity"]["arn"] == role and "errorCode" not in event, event
            assert event["userIdentity"]["invokedBy"] == event["sourceIPAddress"] == "ec2fleet.amazonaws.com", event
        assert made["requestParameters"]["aWSServiceName"] == "spot.amazonaws.com", made
        assert told[0]["Instances"][0]["InstanceId"] in json.dumps(launch["responseElements"]), launch


class RequestFleet(KeptFleet):
    kind = "request"


class MaintainFleet(KeptFleet):
    kind = "maintain"
