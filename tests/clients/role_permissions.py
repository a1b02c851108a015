"""Each permission of the service-linked roles that launch removed in turn, with the `aws` CLI: of Auto Scaling's, of fleets', of Spot
requests'. Without one of them one call is refused to the role, whoever asked for the launch tells why, and the trail has the refusal
in AWS's words. Those that are used by no step are removed all at once, and nothing is missing; the last lines say which they are.

Sources: AWS Managed Policy Reference, "AutoScalingServiceRolePolicy", "AWSEC2FleetServiceRolePolicy", "AWSEC2SpotServiceRolePolicy".

`CLAVIGER_ENDPOINT` and `CLAVIGER_CREDENTIALS` are as `volume_keys.py` takes them.
"""

import itertools
import json
import sys

from launching import CLUSTER, REGION, Place, cluster, settle, without_role
from role_policies import RolePolicy, admin, denied, newest

TAGS = [{"ResourceType": kind, "Tags": [{"Key": "team", "Value": "blue"}]} for kind in ("instance", "volume")]
SPOT = "AWSServiceRoleForEC2Spot"
SPOT_NOT_MADE = "The provided credentials do not have permission to create the service-linked role for EC2 Spot Instances."


class Way:
    """What a role launches, from its beginning to its end. All of it is asked for by the account's root user."""

    numbers = itertools.count()

    def __init__(self, place):
        self.place, self.name = place, type(self).__name__
        self.who = f"arn:aws:sts::{CLUSTER}:assumed-role/{self.role}/{self.session}"
        self.data = {"ImageId": place.image, "InstanceType": "m5.large", "IamInstanceProfile": {"Name": "Node"}, "TagSpecifications": TAGS}

    def after(self):
        """What is left to be seen once the role has all of its permissions again."""

    def template(self):
        name = f"of-roles-{next(self.numbers)}"
        cluster("ec2", "create-launch-template", "--launch-template-name", name, "--launch-template-data", json.dumps(self.data))
        return name

    def refused(self, told, permission):
        """That the role was refused for want of this alone, by what was told and by the trail."""
        called, action = self.used[permission], permission[1]
        if action == "iam:CreateServiceLinkedRole":
            assert SPOT_NOT_MADE in told, told
        else:
            assert f"{self.who} is not authorized to perform: {action} on resource" in told, told
        if called == "CreateFleet" and action != "ec2:CreateFleet":
            # The fleet is made, and tells what it could not launch.
            event = newest(called)
            assert event["userIdentity"]["arn"] == self.who and "errorCode" not in event, event
            assert f"is not authorized to perform: {action}" in json.dumps(event["responseElements"]), event
            return
        denied(called, action, self.who, self.service)


class OfGroup(Way):
    """A group that launches one instance, and then is to have none."""

    role, session, service, policy = "AWSServiceRoleForAutoScaling", "AutoScaling", "autoscaling.amazonaws.com", "AutoScalingServiceRolePolicy"

    def run(self):
        """What the first activity that failed tells."""
        name = f"group-{next(self.numbers)}"
        cluster("autoscaling", "create-auto-scaling-group", "--auto-scaling-group-name", name, "--min-size", "0", "--max-size", "1",
                "--desired-capacity", "1", "--availability-zones", f"{REGION}a", "--tags", "Key=of,Value=group,PropagateAtLaunch=true",
                *self.of_template())

        def done(count):
            see = lambda: cluster("autoscaling", "describe-scaling-activities", "--auto-scaling-group-name", name)["Activities"]
            is_done = lambda told: len(told) == count and told[0]["StatusCode"] not in ("InProgress", "PreInService")
            return settle(see, is_done)[0]

        launch = done(1)
        if launch["StatusCode"] == "Failed":
            cluster("autoscaling", "delete-auto-scaling-group", "--auto-scaling-group-name", name, "--force-delete")
            return launch["StatusMessage"]
        assert launch["StatusCode"] == "Successful", launch
        cluster("autoscaling", "set-desired-capacity", "--auto-scaling-group-name", name, "--desired-capacity", "0")
        end = done(2)
        if end["StatusCode"] == "Failed":
            return end["StatusMessage"]
        cluster("autoscaling", "delete-auto-scaling-group", "--auto-scaling-group-name", name, "--force-delete")
        return None


class SingleGroup(OfGroup):
    """Of a launch template, by RunInstances."""

    used = {
        ("EC2InstanceManagement", "ec2:RunInstances"): "RunInstances",
        ("EC2InstanceManagement", "ec2:CreateTags"): "RunInstances",
        ("EC2InstanceProfileManagement", "iam:PassRole"): "RunInstances",
        ("EC2InstanceManagement", "ec2:TerminateInstances"): "TerminateInstances",
    }

    def of_template(self):
        return ("--launch-template", f"LaunchTemplateName={self.template()}")


class MixedGroup(OfGroup):
    """Of a mixed instances policy, of Spot Instances, by CreateFleet."""

    used = {
        ("EC2InstanceManagement", "ec2:CreateFleet"): "CreateFleet",
        ("EC2InstanceManagement", "ec2:RunInstances"): "CreateFleet",
        ("EC2InstanceManagement", "ec2:CreateTags"): "CreateFleet",
        ("EC2InstanceProfileManagement", "iam:PassRole"): "CreateFleet",
        ("EC2SpotManagement", "iam:CreateServiceLinkedRole"): "CreateServiceLinkedRole",
        ("EC2InstanceManagement", "ec2:TerminateInstances"): "TerminateInstances",
    }

    def of_template(self):
        policy = {
            "LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateName": self.template(), "Version": "1"}},
            "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 0},
        }
        return ("--mixed-instances-policy", json.dumps(policy))


class Fleet(Way):
    """A fleet that is maintained, of two Spot Instances and then of one, and is deleted with it."""

    role, session, service, policy = "AWSServiceRoleForEC2Fleet", "EC2Fleet", "ec2fleet.amazonaws.com", "AWSEC2FleetServiceRolePolicy"
    # Its statements have numbers but for one: what is looked at, launched; handed over; tagged, instances and then volumes; terminated.
    used = {
        ("0", "ec2:RunInstances"): "RunInstances",
        ("EC2SpotManagement", "iam:CreateServiceLinkedRole"): "CreateServiceLinkedRole",
        ("2", "iam:PassRole"): "RunInstances",
        ("3", "ec2:CreateTags"): "RunInstances",
        ("4", "ec2:CreateTags"): "RunInstances",
        ("5", "ec2:TerminateInstances"): "TerminateInstances",
    }
    # A fleet whose instances the role might not terminate, and these.
    left = None

    def run(self):
        config = [{"LaunchTemplateSpecification": {"LaunchTemplateName": self.template(), "Version": "1"}}]
        fleet = cluster("ec2", "create-fleet", "--type", "maintain", "--launch-template-configs", json.dumps(config),
                        "--target-capacity-specification", "TotalTargetCapacity=2,DefaultTargetCapacityType=spot")["FleetId"]
        launched = self.instances(fleet)
        errors = self.errors(fleet)
        assert len(launched) == (0 if errors else 2), errors
        if launched:
            errors = self.shrunk(fleet, launched)
        cluster("ec2", "delete-fleets", "--terminate-instances", "--fleet-ids", fleet)
        if launched and errors:
            self.lives_on(fleet, launched)
        elif launched:
            event = newest("TerminateInstances")
            assert (event["userIdentity"]["arn"], event["userIdentity"]["invokedBy"]) == (self.who, self.service), event
            assert self.instances(fleet) == [], fleet
        return errors[0] if errors else None

    def instances(self, fleet):
        told = cluster("ec2", "describe-fleet-instances", "--fleet-id", fleet)["ActiveInstances"]
        return [instance["InstanceId"] for instance in told]

    def errors(self, fleet):
        """What the role was refused, as the API Reference tells it (EventInformation)."""
        history = cluster("ec2", "describe-fleet-history", "--fleet-id", fleet, "--start-time", "2020-01-01T00:00:00Z")["HistoryRecords"]
        errors = [record["EventInformation"] for record in history if record["EventType"] == "service-error"]
        for error in errors:
            is_role = error["EventSubType"] == "iamFleetRoleInvalid"
            assert is_role == ("is not authorized to perform" in error["EventDescription"]), error
        return [error["EventDescription"] for error in errors]

    def shrunk(self, fleet, launched):
        """It is to have one less, which ends, or lives on where the role may not end it: what it was refused."""
        cluster("ec2", "modify-fleet", "--fleet-id", fleet, "--target-capacity-specification",
                "TotalTargetCapacity=1,DefaultTargetCapacityType=spot")
        errors = self.errors(fleet)
        assert len(self.instances(fleet)) == (2 if errors else 1), (launched, errors)
        return errors

    def lives_on(self, fleet, launched):
        """It is deleted, and goes on terminating its instances until the role may."""
        assert self.state(fleet) == "deleted_terminating" and self.instances(fleet) == sorted(launched), fleet
        self.left = fleet, launched

    def state(self, fleet):
        return cluster("ec2", "describe-fleets", "--fleet-ids", fleet)["Fleets"][0]["FleetState"]

    def after(self):
        """The role may again, and the fleet tries again."""
        assert self.left, "no instances lived on"
        fleet, launched = self.left
        admin("clock", {"advance": "PT1M"})
        settle(lambda: self.state(fleet), lambda told: told == "deleted")
        told = cluster("ec2", "describe-instances", "--instance-ids", *launched)["Reservations"]
        states = {instance["State"]["Name"] for each in told for instance in each["Instances"]}
        assert states == {"terminated"}, told


class Spot(Way):
    """A request for a Spot Instance."""

    role, session, service, policy = SPOT, "EC2Spot", "spot.amazonaws.com", "AWSEC2SpotServiceRolePolicy"
    used = {("0", "ec2:RunInstances"): "RunInstances", ("2", "iam:PassRole"): "RunInstances"}

    def run(self):
        data = {name: value for name, value in self.data.items() if name != "TagSpecifications"}
        try:
            [request] = cluster("ec2", "request-spot-instances", "--launch-specification", json.dumps(data))["SpotInstanceRequests"]
        except AssertionError as refused:
            return str(refused)
        requests = lambda: cluster("ec2", "describe-spot-instance-requests", "--spot-instance-request-ids", request["SpotInstanceRequestId"])
        told = settle(lambda: requests()["SpotInstanceRequests"][0], lambda told: told["State"] == "active")
        cluster("ec2", "terminate-instances", "--instance-ids", told["InstanceId"])
        return None


def removed_in_turn(ways):
    """What did not hold of a role, and which permissions are used by no step."""
    policy, failures = RolePolicy(ways[0].role, ways[0].service, ways[0].policy), []
    used = {permission for way in ways for permission in way.used}
    assert used <= set(policy.permissions()), used - set(policy.permissions())
    unused = [permission for permission in policy.permissions() if permission not in used]
    for way in ways:
        for removed in ((), unused, *([permission] for permission in way.used)):
            policy.is_without(removed)
            if ("EC2SpotManagement", "iam:CreateServiceLinkedRole") in way.used:
                without_role(SPOT)
            try:
                told = way.run()
                if len(removed) == 1 and removed[0] in used:
                    assert told, f"{way.used[removed[0]]} was to be refused, and was not"
                    way.refused(told, removed[0])
                else:
                    assert told is None, told
            except AssertionError as error:
                failures.append(f"{way.name} without {removed}: {error}")
    policy.is_without(())
    for way in ways:
        try:
            way.after()
        except AssertionError as error:
            failures.append(f"{way.name} with all again: {error}")
    return failures, unused


def main():
    place, failures = Place(), []
    # Spot's role comes to stay with its policy: last.
    for of in ((Fleet,), (SingleGroup, MixedGroup), (Spot,)):
        ways = [way(place) for way in of]
        failed, unused = removed_in_turn(ways)
        failures += failed
        runs = sum(2 + len(way.used) for way in ways)
        print(f"{ways[0].role}: {runs} runs; used by no step: {', '.join('/'.join(permission) for permission in unused)}")
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
