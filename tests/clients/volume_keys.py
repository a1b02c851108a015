"""The cross-account volume key, cell by cell, with the `aws` CLI.

Instances are launched in one account by a role of Karpenter's controller, under a key of another account. Who may what of
the key is changed from one launch to the next: the key policy alone, IAM alone, both, both but for one permission, a
grant. Each launch is accepted; what comes of it is told by the instance, and why by the trail, in AWS's words.

`CLAVIGER_ENDPOINT` and `CLAVIGER_CREDENTIALS` are as `run.py` takes them: the first account launches, the second has the
key. Both are open: what makes them closed is made here.
"""

import contextlib
import io
import json
import os
import sys
import time

from awscli.clidriver import create_clidriver

ENDPOINT = os.environ["CLAVIGER_ENDPOINT"]
CREDENTIALS = json.loads(os.environ["CLAVIGER_CREDENTIALS"])
CLUSTER, OWNER = sorted(CREDENTIALS)
REGION = "us-west-2"
INVALID_KEY = "Client.InvalidKMSKey.InvalidState"

# What the seeds have a controller be allowed on the key.
OPERATIONS = (
    "Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "DescribeKey",
    "CreateGrant",
)
# What is used of it: by the controller. What EC2 decrypts, it decrypts by the grant that the controller made.
USED = ("CreateGrant", "GenerateDataKeyWithoutPlaintext")
USED_TO_READ = ("ReEncryptFrom",)

driver = create_clidriver()


def aws(credentials, *words):
    """Runs the CLI and reads what it prints."""
    driver.session.set_credentials(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials.get("SessionToken"),
    )
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = driver.main([*words, "--endpoint-url", ENDPOINT, "--region", REGION, "--output", "json"])
    assert code == 0, (words, err.getvalue())
    return json.loads(out.getvalue()) if out.getvalue().strip() else None


def cluster(*words):
    return aws(CREDENTIALS[CLUSTER], *words)


def owner(*words):
    return aws(CREDENTIALS[OWNER], *words)


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class World:
    """The two accounts."""

    def __init__(self):
        self.key = owner("kms", "create-key")["KeyMetadata"]["Arn"]
        self.images = {"encrypted": self.image("encrypted", "--encrypted", "--kms-key-id", self.key), "plain": self.image("plain")}
        ec2 = {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
        for role, service in (("KarpenterController", "pods.eks"), ("KarpenterNode", "ec2")):
            principal = {"AWS": f"arn:aws:iam::{CLUSTER}:root"} if role.endswith("Controller") else {"Service": f"{service}.amazonaws.com"}
            trust = document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})
            cluster("iam", "create-role", "--role-name", role, "--assume-role-policy-document", trust)
        self.controller = f"arn:aws:iam::{CLUSTER}:role/KarpenterController"
        node = f"arn:aws:iam::{CLUSTER}:role/KarpenterNode"
        passes = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": node}
        self.put_role_policy("launches", ec2, passes)
        cluster("iam", "create-instance-profile", "--instance-profile-name", "KarpenterNode")
        cluster("iam", "add-role-to-instance-profile", "--instance-profile-name", "KarpenterNode", "--role-name", "KarpenterNode")
        begun = cluster("sts", "assume-role", "--role-arn", self.controller, "--role-session-name", "karpenter")
        self.session = begun["Credentials"]
        self.session_arn = f"arn:aws:sts::{CLUSTER}:assumed-role/KarpenterController/karpenter"

    def image(self, name, *of_volume):
        """An image of the key's account, which it shares."""
        volume = owner("ec2", "create-volume", "--availability-zone", f"{REGION}a", "--size", "20", *of_volume)
        snapshot = owner("ec2", "create-snapshot", "--volume-id", volume["VolumeId"])["SnapshotId"]
        mapping = json.dumps([{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}])
        image = owner("ec2", "register-image", "--name", name, "--root-device-name", "/dev/xvda", "--architecture", "x86_64",
                      "--block-device-mappings", mapping)["ImageId"]
        permission = f"Add=[{{UserId={CLUSTER}}}]"
        owner("ec2", "modify-image-attribute", "--image-id", image, "--launch-permission", permission)
        return image

    def put_role_policy(self, name, *statements):
        cluster("iam", "put-role-policy", "--role-name", "KarpenterController", "--policy-name", name,
                "--policy-document", document(*statements))

    def iam_allows(self, *operations):
        """What the controller's role may do with the key."""
        if operations:
            actions = [f"kms:{operation}" for operation in operations]
            self.put_role_policy("key", {"Effect": "Allow", "Action": actions, "Resource": self.key})
        else:
            names = cluster("iam", "list-role-policies", "--role-name", "KarpenterController")["PolicyNames"]
            if "key" in names:
                cluster("iam", "delete-role-policy", "--role-name", "KarpenterController", "--policy-name", "key")

    def key_allows(self, *operations):
        """What the key's policy lets the cluster's account do."""
        statements = [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"}, "Action": "kms:*", "Resource": "*"}]
        if operations:
            statements.append({
                "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{CLUSTER}:root"},
                "Action": [f"kms:{operation}" for operation in operations], "Resource": "*",
            })
        owner("kms", "put-key-policy", "--key-id", self.key, "--policy-name", "default", "--policy", document(*statements))

    def launch(self, image, names_key):
        """The instance as RunInstances told it, and as it came to be."""
        words = ["ec2", "run-instances", "--image-id", self.images[image], "--instance-type", "m5.large", "--count", "1",
                 "--iam-instance-profile", "Name=KarpenterNode"]
        if names_key:
            mapping = [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "KmsKeyId": self.key}}]
            words += ["--block-device-mappings", json.dumps(mapping)]
        [begun] = aws(self.session, *words)["Instances"]
        assert begun["State"]["Name"] == "pending", begun
        return begun, self.settled(begun)

    def fleet(self, image, names_key):
        """The same, launched as Karpenter does: a launch template, and an instant fleet of one."""
        assert names_key
        data = {
            "ImageId": self.images[image], "InstanceType": "m5.large", "IamInstanceProfile": {"Name": "KarpenterNode"},
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "KmsKeyId": self.key}}],
        }
        aws(self.session, "ec2", "create-launch-template", "--launch-template-name", "karpenter",
            "--launch-template-data", json.dumps(data))
        config = [{"LaunchTemplateSpecification": {"LaunchTemplateName": "karpenter", "Version": "$Latest"}}]
        fleet = aws(self.session, "ec2", "create-fleet", "--type", "instant", "--launch-template-configs", json.dumps(config),
                    "--target-capacity-specification", "TotalTargetCapacity=1,DefaultTargetCapacityType=on-demand")
        aws(self.session, "ec2", "delete-launch-template", "--launch-template-name", "karpenter")
        [instance] = fleet["Instances"][0]["InstanceIds"]
        told = cluster("ec2", "describe-instances", "--instance-ids", instance)["Reservations"][0]["Instances"][0]
        return told, self.settled(told)

    @staticmethod
    def settled(begun):
        deadline = time.monotonic() + 30
        while True:
            told = cluster("ec2", "describe-instances", "--instance-ids", begun["InstanceId"])
            [told] = told["Reservations"][0]["Instances"]
            if told["State"]["Name"] != "pending":
                return told
            assert time.monotonic() < deadline, told
            time.sleep(0.1)

    def lives(self, image, names_key=True, by_fleet=False):
        begun, told = (self.fleet if by_fleet else self.launch)(image, names_key)
        assert told["State"]["Name"] == "running", told
        [mapping] = told["BlockDeviceMappings"]
        volume = mapping["Ebs"]["VolumeId"]
        assert begun["BlockDeviceMappings"][0]["Ebs"]["VolumeId"] == volume, begun
        [volume] = cluster("ec2", "describe-volumes", "--volume-ids", volume)["Volumes"]
        assert volume["State"] == "in-use" and (volume["KmsKeyId"] == self.key) == names_key, volume
        cluster("ec2", "terminate-instances", "--instance-ids", begun["InstanceId"])

    def dies(self, image, operation, why, names_key=True, code="AccessDenied", by_fleet=False):
        """By the refusal of this operation, to the controller's session, in these words."""
        begun, told = (self.fleet if by_fleet else self.launch)(image, names_key)
        assert told["State"]["Name"] == "terminated", told
        reason = {"Code": INVALID_KEY, "Message": f"{INVALID_KEY}: The KMS key provided is in an incorrect state"}
        assert told["StateReason"] == reason and told["StateTransitionReason"] == INVALID_KEY, told
        # A fleet tells no volumes, and an instance that is dead by the time that it is asked for has none.
        volume = "".join(mapping["Ebs"]["VolumeId"] for mapping in begun["BlockDeviceMappings"])
        left = cluster("ec2", "describe-volumes", "--filters", f"Name=volume-id,Values={volume or 'none'}")["Volumes"]
        assert left == [], left
        called = {"ReEncryptFrom": "ReEncrypt"}.get(operation, operation)
        attribute = f"AttributeKey=EventName,AttributeValue={called}"
        newest = cluster("cloudtrail", "lookup-events", "--max-items", "1", "--lookup-attributes", attribute)["Events"][0]
        event = json.loads(newest["CloudTrailEvent"])
        assert event["userIdentity"]["arn"] == self.session_arn, event
        assert event["userIdentity"]["invokedBy"] == event["sourceIPAddress"] == "ec2.amazonaws.com", event
        assert event["errorCode"] == code, event
        if code == "AccessDenied":
            words = f"User: {self.session_arn} is not authorized to perform: kms:{operation} on "
            assert event["errorMessage"].startswith(words) and why in event["errorMessage"], event
        assert volume in json.dumps(event["requestParameters"]), event


def no_identity(operation):
    return f"because no identity-based policy allows the kms:{operation} action"


def no_resource(_):
    return "no resource-based policies allow access, or a resource-based policy explicitly denies access"


def cells(world):
    """Each cell: its name, and what is checked in it."""
    # The first call of each path that is refused.
    first = {"encrypted": "GenerateDataKeyWithoutPlaintext", "plain": "CreateGrant"}
    for image in ("encrypted", "plain"):
        yield f"{image}: neither", (), (), lambda image=image: world.dies(image, first[image], no_resource(""))
        yield f"{image}: key policy alone", OPERATIONS, (), lambda image=image: world.dies(image, first[image], no_identity(first[image]))
        yield f"{image}: IAM alone", (), OPERATIONS, lambda image=image: world.dies(image, first[image], no_resource(first[image]))
        yield f"{image}: both", OPERATIONS, OPERATIONS, lambda image=image: world.lives(image)
        yield f"{image}: what is used alone", USED, USED, lambda image=image: world.lives(image)
        for removed in OPERATIONS:
            rest = tuple(operation for operation in OPERATIONS if operation != removed)
            if removed in USED:
                dies = lambda image=image, removed=removed: world.dies(image, removed, no_identity(removed))
                yield f"{image}: IAM without {removed}", OPERATIONS, rest, dies
                dies = lambda image=image, removed=removed: world.dies(image, removed, no_resource(removed))
                yield f"{image}: key policy without {removed}", rest, OPERATIONS, dies
            else:
                # Used by no step of these paths.
                yield f"{image}: IAM without {removed}", OPERATIONS, rest, lambda image=image: world.lives(image)
                yield f"{image}: key policy without {removed}", rest, OPERATIONS, lambda image=image: world.lives(image)
    # A fleet's launch template names the key, as Karpenter's does.
    yield "fleet: both", OPERATIONS, OPERATIONS, lambda: world.lives("plain", by_fleet=True)
    yield "fleet: IAM alone", (), OPERATIONS, lambda: world.dies("plain", "CreateGrant", no_resource("CreateGrant"), by_fleet=True)
    yield "fleet: key policy alone", OPERATIONS, (), lambda: world.dies("plain", "CreateGrant", no_identity("CreateGrant"), by_fleet=True)
    # No key named: the volume is under the cluster's own aws/ebs, and the image's key is only read.
    yield "encrypted, no key named: both", OPERATIONS, OPERATIONS, lambda: world.lives("encrypted", names_key=False)
    yield "encrypted, no key named: what is used alone", USED_TO_READ, USED_TO_READ, lambda: world.lives("encrypted", names_key=False)
    rest = tuple(operation for operation in OPERATIONS if operation != "ReEncryptFrom")
    dies = lambda: world.dies("encrypted", "ReEncryptFrom", no_identity("ReEncryptFrom"), names_key=False)
    yield "encrypted, no key named: IAM without ReEncryptFrom", OPERATIONS, rest, dies


def by_grant(world):
    """A grant of the key's account to the controller's role is enough, alone."""
    world.key_allows()
    world.iam_allows()
    granted = owner("kms", "create-grant", "--key-id", world.key, "--grantee-principal", world.controller,
                    "--operations", *OPERATIONS)
    world.lives("encrypted")
    world.lives("plain")
    owner("kms", "revoke-grant", "--key-id", world.key, "--grant-id", granted["GrantId"])
    world.dies("encrypted", "GenerateDataKeyWithoutPlaintext", no_resource(""))


def by_state(world):
    """A key that is disabled ends a launch as a denial does; the trail tells them apart."""
    world.key_allows(*OPERATIONS)
    world.iam_allows(*OPERATIONS)
    owner("kms", "disable-key", "--key-id", world.key)
    world.dies("encrypted", "GenerateDataKeyWithoutPlaintext", "", code="DisabledException")
    world.dies("plain", "CreateGrant", "", code="DisabledException")
    owner("kms", "enable-key", "--key-id", world.key)
    world.lives("encrypted")


def main():
    world, failures, checked = World(), [], 0
    for name, of_key, of_role, check in cells(world):
        world.key_allows(*of_key)
        world.iam_allows(*of_role)
        checked += 1
        try:
            check()
        except AssertionError as error:
            failures.append(f"{name}: {error}")
    for check in (by_grant, by_state):
        checked += 1
        try:
            check(world)
        except AssertionError as error:
            failures.append(f"{check.__name__}: {error}")
    print("\n".join(failures) or f"{checked} cells hold")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
