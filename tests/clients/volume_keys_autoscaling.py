"""The cross-account volume key, cell by cell, for Auto Scaling, with the `aws` CLI.

The groups of one account launch under a key of another account, by the service-linked role of theirs. Who may what of the
key is changed from one group to the next. A group is always made; what comes of it its activities tell, and why the trail, in
AWS's words. The managed policy of the role has no action of KMS, so that in another account's key policy naming it is inert
(Amazon EC2 Auto Scaling User Guide, "Required AWS KMS key policy for use with encrypted volumes"), and a grant is enough, alone.

`CLAVIGER_ENDPOINT` and `CLAVIGER_CREDENTIALS` are as `volume_keys.py` takes them.
"""

import json
import sys
import time

from volume_keys import CLUSTER, INVALID_KEY, OPERATIONS, OWNER, REGION, World, aws, cluster, document, no_identity, owner

ROLE = f"arn:aws:iam::{CLUSTER}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
SESSION = f"arn:aws:sts::{CLUSTER}:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling"
DIED = "Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: " \
    f"{INVALID_KEY}: The KMS key provided is in an incorrect state"

# What is used of the eight operations, by image and by whether the launch template names the key. Decrypt the role does not
# call: it hands it on, in the grant that it makes, and no grant hands on what it does not have.
USED = {
    ("encrypted", True): ("GenerateDataKeyWithoutPlaintext", "CreateGrant", "Decrypt"),
    ("plain", True): ("CreateGrant", "GenerateDataKeyWithoutPlaintext", "Decrypt"),
    # The volume is under the account's own aws/ebs, and the image's key is only read.
    ("encrypted", False): ("ReEncryptFrom",),
}
# The call that is refused first without an operation.
REFUSED = {"Decrypt": "CreateGrant"}


class Groups(World):
    """The two accounts, and the launch templates of the groups."""

    def __init__(self):
        super().__init__()
        cluster("iam", "create-service-linked-role", "--aws-service-name", "autoscaling.amazonaws.com")
        self.own_key = cluster("kms", "create-key")["KeyMetadata"]["Arn"]
        policy = json.loads(cluster("kms", "get-key-policy", "--key-id", self.own_key, "--policy-name", "default")["Policy"])
        actions = [f"kms:{operation}" for operation in ("CreateGrant", "GenerateDataKeyWithoutPlaintext", "ReEncryptTo")]
        policy["Statement"].append({"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": actions, "Resource": "*"})
        cluster("kms", "put-key-policy", "--key-id", self.own_key, "--policy-name", "default", "--policy", json.dumps(policy))
        # Their keys: the foreign one, the account's own, or none.
        keys = {True: self.key, "own": self.own_key, False: None, "default": "default"}
        for image in ("encrypted", "plain"):
            for names, key in keys.items():
                ebs = {"Encrypted": True}
                if key not in (None, "default"):
                    ebs["KmsKeyId"] = key
                data = {"ImageId": self.images[image], "InstanceType": "m5.large"}
                if key:
                    data["BlockDeviceMappings"] = [{"DeviceName": "/dev/xvda", "Ebs": ebs}]
                cluster("ec2", "create-launch-template", "--launch-template-name", f"{image}-{names}",
                        "--launch-template-data", json.dumps(data))
        self.groups = 0

    def grant(self, *operations, by=owner, key=None, more=()):
        """As seed 000 has it: `aws kms create-grant --region us-west-2 --key-id .. --grantee-principal .. --operations ..`."""
        granted = by("kms", "create-grant", "--key-id", key or self.key, "--grantee-principal", ROLE, "--operations", *operations, *more)
        return granted["GrantId"]

    def revoke(self, grant):
        owner("kms", "revoke-grant", "--key-id", self.key, "--grant-id", grant)

    def begun(self, image, names_key, by=cluster):
        self.groups += 1
        name = f"group-{self.groups}"
        by("autoscaling", "create-auto-scaling-group", "--auto-scaling-group-name", name, "--min-size", "0", "--max-size", "1",
           "--desired-capacity", "1", "--launch-template", f"LaunchTemplateName={image}-{names_key}",
           "--availability-zones", f"{REGION}a")
        return name

    @staticmethod
    def activity(name):
        """The first thing that was done for a group, when it is done."""
        deadline = time.monotonic() + 30
        while True:
            done = cluster("autoscaling", "describe-scaling-activities", "--auto-scaling-group-name", name)["Activities"]
            if done and done[-1]["StatusCode"] not in ("InProgress", "PreInService"):
                return done[-1]
            assert time.monotonic() < deadline, done
            time.sleep(0.1)

    @staticmethod
    def ended(name):
        cluster("autoscaling", "delete-auto-scaling-group", "--auto-scaling-group-name", name, "--force-delete")

    def lives(self, image, names_key=True, key=None):
        name = self.begun(image, names_key)
        done = self.activity(name)
        assert done["StatusCode"] == "Successful" and "StatusMessage" not in done, done
        [group] = cluster("autoscaling", "describe-auto-scaling-groups", "--auto-scaling-group-names", name)["AutoScalingGroups"]
        [instance] = group["Instances"]
        assert instance["LifecycleState"] == "InService", group
        attached = f"Name=attachment.instance-id,Values={instance['InstanceId']}"
        [volume] = cluster("ec2", "describe-volumes", "--filters", attached)["Volumes"]
        expected = key or {True: self.key, "own": self.own_key}.get(names_key)
        assert volume["State"] == "in-use" and (expected is None or volume["KmsKeyId"] == expected), volume
        self.ended(name)

    def dies(self, image, operation, why, names_key=True, code="AccessDenied"):
        """By the refusal of this operation, to the role's session, in these words."""
        name = self.begun(image, names_key)
        done = self.activity(name)
        assert done["StatusCode"] == "Cancelled" and done["StatusMessage"] == DIED, done
        instance = done["Description"].split(": ")[1].split(".")[0]
        [told] = cluster("ec2", "describe-instances", "--instance-ids", instance)["Reservations"][0]["Instances"]
        assert told["State"]["Name"] == "terminated" and told["StateReason"]["Code"] == INVALID_KEY, told
        assert {"Key": "aws:autoscaling:groupName", "Value": name} in told["Tags"], told
        called = {"ReEncryptFrom": "ReEncrypt", "ReEncryptTo": "ReEncrypt"}.get(operation, operation)
        attribute = f"AttributeKey=EventName,AttributeValue={called}"
        newest = cluster("cloudtrail", "lookup-events", "--max-items", "1", "--lookup-attributes", attribute)["Events"][0]
        event = json.loads(newest["CloudTrailEvent"])
        assert event["userIdentity"]["arn"] == SESSION and event["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == ROLE, event
        assert event["userIdentity"]["invokedBy"] == event["sourceIPAddress"] == "ec2.amazonaws.com", event
        assert event["errorCode"] == code, event
        if code == "AccessDenied":
            assert event["errorMessage"].startswith(f"User: {SESSION} is not authorized to perform: kms:{operation} on "), event
            assert why in event["errorMessage"], event
        self.ended(name)


def cells(world):
    """Each cell: its name, and what is checked in it. Nothing is granted but what it grants."""
    for (image, names), used in USED.items():
        first = used[0]
        path = f"{image}{'' if names else ', no key named'}"

        def with_policies(of_key, of_controller, image=image, names=names, first=first, to=None):
            if to:
                statement = {"Effect": "Allow", "Principal": {"AWS": to}, "Action": "kms:*", "Resource": "*"}
                own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"}, "Action": "kms:*", "Resource": "*"}
                owner("kms", "put-key-policy", "--key-id", world.key, "--policy-name", "default", "--policy", document(own, statement))
            else:
                world.key_allows(*of_key)
            world.iam_allows(*of_controller)
            # The account's key policy statement lets its policies decide, and the role's has no action of KMS.
            why = no_identity(first) if of_key or to else "no resource-based polic"
            world.dies(image, first, why, names_key=names)
            world.key_allows()
            world.iam_allows()

        yield f"{path}: neither", lambda check=with_policies: check((), ())
        # What lets Karpenter's controller launch lets no group.
        yield f"{path}: key policy and IAM of the controller", lambda check=with_policies: check(OPERATIONS, OPERATIONS)
        yield f"{path}: key policy that names the role", lambda check=with_policies: check((), (), to=ROLE)

        def by_grant(*operations, image=image, names=names, dies=None):
            grant = world.grant(*operations)
            try:
                if dies:
                    world.dies(image, dies, "no resource-based polic", names_key=names)
                else:
                    world.lives(image, names_key=names)
            finally:
                world.revoke(grant)

        yield f"{path}: the seed's grant", lambda check=by_grant: check(*OPERATIONS)
        yield f"{path}: a grant of what is used alone", lambda check=by_grant, used=used: check(*used)
        for removed in OPERATIONS:
            rest = tuple(operation for operation in OPERATIONS if operation != removed)
            dies = REFUSED.get(removed, removed) if removed in used else None
            yield f"{path}: the grant without {removed}", lambda check=by_grant, rest=rest, dies=dies: check(*rest, dies=dies)


def under_another_key(world):
    """The image's snapshot under the foreign key, and the volume under the account's own: the foreign one is only read."""
    grant = world.grant("ReEncryptFrom")
    world.lives("encrypted", names_key="own")
    world.revoke(grant)
    world.dies("encrypted", "ReEncryptFrom", "no resource-based polic", names_key="own")
    # The own key's policy names the role. Without each action in turn it is not enough.
    grant = world.grant("ReEncryptFrom")
    policy = json.loads(cluster("kms", "get-key-policy", "--key-id", world.own_key, "--policy-name", "default")["Policy"])
    for removed in ("GenerateDataKeyWithoutPlaintext", "ReEncryptTo", "CreateGrant"):
        rest = json.loads(json.dumps(policy))
        rest["Statement"][-1]["Action"].remove(f"kms:{removed}")
        put = ("kms", "put-key-policy", "--key-id", world.own_key, "--policy-name", "default", "--policy")
        cluster(*put, json.dumps(rest))
        world.dies("encrypted", removed, no_identity(removed), names_key="own")
        cluster(*put, json.dumps(policy))
    world.lives("plain", names_key="own")
    world.revoke(grant)


def under_the_default_key(world):
    """aws/ebs lets everybody of the account by whom EC2 calls: a plain image needs nothing."""
    world.lives("plain", names_key="default")
    world.lives("plain", names_key=False)


def by_the_accounts_own_grant(world):
    """AWS's advice: the account that has the group makes the grant, which the key's policy lets it."""
    world.key_allows("CreateGrant", "DescribeKey")
    grant = world.grant(*OPERATIONS, by=cluster)
    world.lives("encrypted")
    world.lives("plain")
    world.revoke(grant)
    # With the condition that guides have for services, a person makes none.
    statement = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{CLUSTER}:root"}, "Action": "kms:CreateGrant", "Resource": "*",
                 "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}}}
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"}, "Action": "kms:*", "Resource": "*"}
    owner("kms", "put-key-policy", "--key-id", world.key, "--policy-name", "default", "--policy", document(own, statement))
    try:
        world.grant(*OPERATIONS, by=cluster)
    except AssertionError as refused:
        assert "AccessDenied" in str(refused), refused
    else:
        raise AssertionError("kms:GrantIsForAWSResource held for a person")
    world.key_allows()


def by_state(world):
    """A key that is disabled ends a launch as a denial does; the trail tells them apart."""
    grant = world.grant(*OPERATIONS)
    owner("kms", "disable-key", "--key-id", world.key)
    world.dies("encrypted", "GenerateDataKeyWithoutPlaintext", "", code="DisabledException")
    world.dies("plain", "CreateGrant", "", code="DisabledException")
    owner("kms", "enable-key", "--key-id", world.key)
    world.lives("encrypted")
    world.revoke(grant)


def by_who_makes_the_group(world):
    """Each permission of who makes it, removed in turn: the call is refused in AWS's words; or it is used by no step."""
    actions = ["autoscaling:CreateAutoScalingGroup", "ec2:RunInstances", "iam:CreateServiceLinkedRole", "ec2:DescribeLaunchTemplates",
               "kms:CreateGrant"]
    trust = document({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{CLUSTER}:root"}, "Action": "sts:AssumeRole"})
    cluster("iam", "create-role", "--role-name", "Maker", "--assume-role-policy-document", trust)
    begun = cluster("sts", "assume-role", "--role-arn", f"arn:aws:iam::{CLUSTER}:role/Maker", "--role-session-name", "maker")
    session = begun["Credentials"]
    maker = f"arn:aws:sts::{CLUSTER}:assumed-role/Maker/maker"

    def may(*actions):
        allowed = document({"Effect": "Allow", "Action": list(actions), "Resource": "*"})
        cluster("iam", "put-role-policy", "--role-name", "Maker", "--policy-name", "all", "--policy-document", allowed)

    def made():
        name = world.begun("plain", False, by=lambda *words: aws(session, *words))
        assert world.activity(name)["StatusCode"] == "Successful"
        world.ended(name)

    def refused(code, words):
        try:
            made()
        except AssertionError as error:
            assert code in str(error) and words in str(error), error
        else:
            raise AssertionError(f"{words} was not said")

    may(*actions)
    made()
    for unused in ("ec2:DescribeLaunchTemplates", "iam:CreateServiceLinkedRole", "kms:CreateGrant"):
        # The role is there; the group's role launches, and nobody else.
        may(*(action for action in actions if action != unused))
        made()
    may(*(action for action in actions if action != "autoscaling:CreateAutoScalingGroup"))
    refused("AccessDenied", f"User: {maker} is not authorized to perform: autoscaling:CreateAutoScalingGroup on resource: "
                            f"arn:aws:autoscaling:{REGION}:{CLUSTER}:autoScalingGroup:*:autoScalingGroupName/group-{world.groups + 1}")
    may(*(action for action in actions if action != "ec2:RunInstances"))
    refused("AccessDenied", "You are not authorized to use launch template: plain-False")


def by_the_role_itself(world):
    """A grant is of the role that there is: one that is made again has none."""
    grant = world.grant(*OPERATIONS)
    world.lives("plain")
    # While a group uses it, it stays.
    groups = cluster("autoscaling", "describe-auto-scaling-groups")["AutoScalingGroups"]
    for group in groups:
        world.ended(group["AutoScalingGroupName"])
    deadline = time.monotonic() + 30
    while cluster("autoscaling", "describe-auto-scaling-groups")["AutoScalingGroups"]:
        assert time.monotonic() < deadline, groups
        time.sleep(0.1)
    cluster("iam", "delete-service-linked-role", "--role-name", "AWSServiceRoleForAutoScaling")
    try:
        world.grant(*OPERATIONS)
    except AssertionError as refused:
        assert "InvalidArnException" in str(refused), refused
    else:
        raise AssertionError("a grant to a role that is not there")
    # Made anew with the next group, at need and as its caller; not for who may not.
    may_not = document({"Effect": "Allow", "Action": ["autoscaling:*", "ec2:*"], "Resource": "*"})
    cluster("iam", "put-role-policy", "--role-name", "Maker", "--policy-name", "all", "--policy-document", may_not)
    begun = cluster("sts", "assume-role", "--role-arn", f"arn:aws:iam::{CLUSTER}:role/Maker", "--role-session-name", "maker")
    try:
        world.begun("plain", True, by=lambda *words: aws(begun["Credentials"], *words))
    except AssertionError as refused:
        told = str(refused)
        assert "The default Service-Linked Role for Auto Scaling could not be created." in told, told
        assert f"is not authorized to perform: iam:CreateServiceLinkedRole on resource: {ROLE}" in told, told
    else:
        raise AssertionError("the role was made by nobody who may")
    world.dies("plain", "CreateGrant", "no resource-based polic")
    attribute = "AttributeKey=EventName,AttributeValue=CreateServiceLinkedRole"
    newest = cluster("cloudtrail", "lookup-events", "--max-items", "1", "--lookup-attributes", attribute, region="us-east-1")
    event = json.loads(newest["Events"][0]["CloudTrailEvent"])
    assert event["userIdentity"]["invokedBy"] == "autoscaling.amazonaws.com" and "errorCode" not in event, event
    world.revoke(grant)
    grant = world.grant(*OPERATIONS)
    world.lives("plain")
    world.revoke(grant)


def main():
    world, failures, checked = Groups(), [], 0
    world.key_allows()
    checks = [*cells(world)]
    checks += [(check.__name__, lambda check=check: check(world)) for check in (
        under_another_key, under_the_default_key, by_the_accounts_own_grant, by_state, by_who_makes_the_group, by_the_role_itself,
    )]
    for name, check in checks:
        checked += 1
        try:
            check()
        except AssertionError as error:
            failures.append(f"{name}: {error}")
    print("\n".join(failures) or f"{checked} cells hold")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
