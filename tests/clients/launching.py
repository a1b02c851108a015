"""Somebody who launches in an account: what they may, and each of their calls with the `aws` CLI.

A permission is an action (`iam:PassRole`), or an action on one type of EC2's resources (`ec2:RunInstances on subnet`).

`CLAVIGER_ENDPOINT` and `CLAVIGER_CREDENTIALS` are as `volume_keys.py` takes them.
"""

import contextlib
import json
import re
import time

from volume_keys import CLUSTER, REGION, aws, cluster, document

NODE = f"arn:aws:iam::{CLUSTER}:role/Node"
LAUNCHER = f"arn:aws:sts::{CLUSTER}:assumed-role/Launcher/me"
# ARNs of these name no account.
SHARED = ("image", "snapshot")


class Refused(Exception):
    """A call that was refused, with its code and message."""

    def __init__(self, operation, code, message):
        super().__init__(f"{operation}: {code}: {message}")
        self.operation, self.code, self.message = operation, code, message


class Place:
    """The account, and what a launch in it takes."""

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
        self.snapshot = cluster("ec2", "create-snapshot", "--volume-id", volume)["SnapshotId"]
        mapping = json.dumps([{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": self.snapshot}}])
        self.image = cluster("ec2", "register-image", "--name", "launched", "--root-device-name", "/dev/xvda", "--architecture",
                             "x86_64", "--block-device-mappings", mapping)["ImageId"]
        self.subnet = cluster("ec2", "describe-subnets")["Subnets"][0]["SubnetId"]
        self.group = cluster("ec2", "describe-security-groups")["SecurityGroups"][0]["GroupId"]
        role = f"arn:aws:iam::{CLUSTER}:role/Launcher"
        self.session = cluster("sts", "assume-role", "--role-arn", role, "--role-session-name", "me")["Credentials"]
        # What the launcher has called since this was last emptied.
        self.called = set()
        # Who looks at each call before it is made.
        self.watch = None

    @staticmethod
    def allow(permissions):
        statements = []
        for permission in permissions:
            action, _, kind = permission.partition(" on ")
            resource = f"arn:aws:ec2:*:{'' if kind in SHARED else '*'}:{kind}/*" if kind else "*"
            resource = NODE if action == "iam:PassRole" else resource
            statements.append({"Effect": "Allow", "Action": action, "Resource": resource})
        cluster("iam", "put-role-policy", "--role-name", "Launcher", "--policy-name", "may", "--policy-document", document(*statements))

    def call(self, *words):
        """A call of the launcher's."""
        service, command = words[:2]
        operation = "".join(word.capitalize() for word in command.split("-"))
        self.called.add((service, operation))
        if self.watch:
            self.watch(operation, words)
        return self.made(*words)

    def made(self, *words):
        """The call, of which nobody is told. What a fleet could not launch it tells: that is refused, too."""
        try:
            answer = aws(self.session, *words)
        except AssertionError as error:
            told = re.search(r"An error occurred \(([\w.]+)\) when calling the (\w+) operation: (.*)", str(error), re.DOTALL)
            if not told:
                raise
            raise Refused(told[2], told[1], told[3]) from error
        for error in answer["Errors"] if words[1] == "create-fleet" else ():
            raise Refused("RunInstances", error["ErrorCode"], error["ErrorMessage"])
        return answer

    def call_but(self, code, *words):
        """A call that is refused with this code, or answered."""
        try:
            return self.call(*words)
        except Refused as refused:
            if refused.code != code:
                raise
            return None


def settle(see, holds):
    deadline = time.monotonic() + 30
    while True:
        seen = see()
        if holds(seen):
            return seen
        assert time.monotonic() < deadline, seen
        time.sleep(0.05)


def newest_in_trail(called):
    """The newest event of an operation in the trail of the region where its service is."""
    return trail(called, 1)[0]


def trail(called, count):
    """The newest events of an operation, the newest first."""
    is_of_iam = called in ("CreateServiceLinkedRole", "GetRole", "ListAttachedRolePolicies") or called.endswith(("InstanceProfile", "InstanceProfiles"))
    attribute = f"AttributeKey=EventName,AttributeValue={called}"
    newest = cluster("cloudtrail", "lookup-events", "--max-items", str(count), "--lookup-attributes", attribute,
                     region="us-east-1" if is_of_iam else REGION)["Events"]
    assert len(newest) == count, f"the trail has {len(newest)} of {called}"
    return [json.loads(event["CloudTrailEvent"]) for event in newest]


def without_role(name):
    """Deletes a service-linked role, so that the next one who needs it has it made."""
    if name in [role["RoleName"] for role in cluster("iam", "list-roles")["Roles"]]:
        task = cluster("iam", "delete-service-linked-role", "--role-name", name)["DeletionTaskId"]
        status = lambda: cluster("iam", "get-service-linked-role-deletion-status", "--deletion-task-id", task)["Status"]
        settle(status, lambda status: status == "SUCCEEDED")


def without(*commands):
    """Deletes what may not be there."""
    for words in commands:
        with contextlib.suppress(AssertionError):
            cluster(*words)
