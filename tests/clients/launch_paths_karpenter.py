"""What Karpenter's controller takes, of what its own policies allow it.

Nothing of it is listed by hand. The permissions are those of Karpenter's CloudFormation template (`karpenter_policies.json`), and
the calls are those that the real controller made, as the table of `docs/reference/karpenter.md` has them from a run of the test
`karpenter`: what runs here are these calls, no more and no fewer. What comes of each permission's removal is written to the same
page, and held against it.
"""

import json
import os
import pathlib
import re

from launching import cluster, without

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "docs/reference/karpenter.md"
BEGIN, END = "<!-- permissions: begin -->\n", "<!-- permissions: end -->\n"
POLICIES = json.loads((HERE / "karpenter_policies.json").read_text())["policies"]
# Data events, which the table has not.
OF_DATA = {("sqs", "ReceiveMessage"), ("sqs", "DeleteMessage")}


def made_by_the_controller():
    """The calls that the page's table has."""
    table = PAGE.read_text().split("<!-- calls: begin -->\n")[1].split("<!-- calls: end -->")[0]
    calls = set(re.findall(r"^\| `([\w-]+)` `(\w+)` \|", table, re.MULTILINE))
    assert len(calls) > 10, table
    return calls | OF_DATA


class Karpenter:
    """From the controller's start to its node's end, in its order."""

    # What each of the controller's calls takes: its own action, and these.
    more = {
        "CreateInstanceProfile": ("iam:TagInstanceProfile",),
        "AddRoleToInstanceProfile": ("iam:PassRole",),
        "CreateLaunchTemplate": ("ec2:CreateTags",),
        "CreateFleet": ("ec2:RunInstances", "ec2:CreateTags", "iam:PassRole"),
        "RunInstances": ("iam:PassRole",),
    }
    polled = ()
    # Which call is refused without each, the controller's calls say.
    takes = {permission: ... for policy in POLICIES.values() for permission in policy}
    by_service = {}
    invoked_by = None
    told_by = {}

    def __init__(self, place):
        self.place, self.name, self.calls = place, "Karpenter", made_by_the_controller()
        self.each = {called: (f"{service}:{called}", *self.more.get(called, ())) for service, called in self.calls}
        self.refused = {}

    def run(self):
        call, but = self.place.call, self.place.call_but
        self.place.called.clear()
        but("DryRunOperation", "ec2", "describe-instance-types", "--dry-run")
        call("eks", "describe-cluster", "--name", "demo")
        call("ec2", "describe-instance-types", "--instance-types", "m5.large")
        call("ec2", "describe-instance-type-offerings", "--location-type", "availability-zone", "--max-results", "5")
        call("sqs", "get-queue-url", "--queue-name", "interruptions")
        call("ec2", "describe-spot-price-history", "--product-descriptions", "Linux/UNIX", "--max-results", "5")
        call("ec2", "describe-images", "--image-ids", self.place.image)
        subnet = call("ec2", "describe-subnets")["Subnets"][0]["SubnetId"]
        group = call("ec2", "describe-security-groups")["SecurityGroups"][0]["GroupId"]
        but("NoSuchEntity", "iam", "get-instance-profile", "--instance-profile-name", "karpenter")
        call("iam", "create-instance-profile", "--instance-profile-name", "karpenter", "--tags", "Key=cluster,Value=demo")
        call("iam", "add-role-to-instance-profile", "--instance-profile-name", "karpenter", "--role-name", "Node")
        missing = "InvalidLaunchTemplateName.NotFoundException"
        but(missing, "ec2", "describe-launch-templates", "--launch-template-names", "nodes")
        tags = "Tags=[{Key=cluster,Value=demo}]"
        data = {
            "ImageId": self.place.image, "IamInstanceProfile": {"Name": "karpenter"},
            "NetworkInterfaces": [{"DeviceIndex": 0, "Groups": [group]}],
        }
        call("ec2", "create-launch-template", "--launch-template-name", "nodes", "--launch-template-data", json.dumps(data),
             "--tag-specifications", f"ResourceType=launch-template,{tags}")
        config = [{
            "LaunchTemplateSpecification": {"LaunchTemplateName": "nodes", "Version": "$Latest"},
            "Overrides": [{"InstanceType": "m5.large", "SubnetId": subnet}],
        }]
        fleet = ("ec2", "create-fleet", "--type", "instant", "--launch-template-configs", json.dumps(config),
                 "--target-capacity-specification", "TotalTargetCapacity=1,DefaultTargetCapacityType=on-demand",
                 "--tag-specifications", f"ResourceType=instance,{tags}")
        # The controller tries both before it launches.
        but("DryRunOperation", *fleet, "--dry-run")
        but("DryRunOperation", "ec2", "run-instances", "--launch-template", "LaunchTemplateName=nodes", "--instance-type", "m5.large",
            "--dry-run")
        answer = call(*fleet)
        [instance] = answer["Instances"][0]["InstanceIds"]
        call("ec2", "describe-instances", "--instance-ids", instance)
        call("ec2", "describe-instance-status", "--instance-ids", instance)
        call("ec2", "create-tags", "--resources", instance, "--tags", "Key=Name,Value=node")
        cluster("sqs", "send-message", "--queue-url", self.place.queue, "--message-body", "{}")
        [message] = call("sqs", "receive-message", "--queue-url", self.place.queue)["Messages"]
        call("sqs", "delete-message", "--queue-url", self.place.queue, "--receipt-handle", message["ReceiptHandle"])
        call("ec2", "terminate-instances", "--instance-ids", instance)
        call("ec2", "delete-launch-template", "--launch-template-name", "nodes")
        more, fewer = self.place.called - self.calls, self.calls - self.place.called
        assert not more and not fewer, f"the controller does not call {more}; it calls {fewer}"

    def clean(self):
        without(
            ("ec2", "delete-launch-template", "--launch-template-name", "nodes"),
            ("iam", "remove-role-from-instance-profile", "--instance-profile-name", "karpenter", "--role-name", "Node"),
            ("iam", "delete-instance-profile", "--instance-profile-name", "karpenter"),
            ("sqs", "purge-queue", "--queue-url", self.place.queue),
        )

    def came(self, permission, refused):
        """What came of a removal: the first call that was refused, or none."""
        takers = [called for called, takes in self.each.items() if permission in takes]
        assert refused in takers if takers else refused is None, f"without {permission}: {refused}, not the first of {takers}"
        self.refused[permission] = ", ".join(f"`{called}`" for called in [refused, *sorted(set(takers) - {refused})] if called)

    def told(self):
        """Holds the page against what came of all of them."""
        rows = [
            f"| {policy} | `{permission}` | {self.refused[permission]} |"
            for policy, permissions in POLICIES.items() for permission in permissions
        ]
        table = "\n".join(["| policy | permission | refused without it |", "|---|---|---|", *rows, ""])
        before, rest = PAGE.read_text().split(BEGIN)
        on_page, after = rest.split(END)
        if os.environ.get("UPDATE_DOCS"):
            PAGE.write_text(before + BEGIN + table + END + after)
        elif on_page != table:
            raise AssertionError(f"{PAGE.name} has another table of permissions: run this test with UPDATE_DOCS=1\n{table}")
