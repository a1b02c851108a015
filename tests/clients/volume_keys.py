"""The cross-account volume key, permission by permission, with the `aws` CLI.

Instances are launched in one account by a role of Karpenter's controller, under a key of another account. Who may what of
the key is changed from one launch to the next: the key policy alone, IAM alone, both, both but for one permission, a
grant. Each launch is accepted; what comes of it is told by the instance, and why by the trail, in AWS's words. The same
goes for volumes that are made and attached, copies, starts, and for what service-linked roles launch.

Each permission that is removed in vain is used by no step of its path; the last line says which.

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


def aws(credentials, *words, region=REGION):
    """Runs the CLI and reads what it prints."""
    driver.session.set_credentials(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials.get("SessionToken"),
    )
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = driver.main([*words, "--endpoint-url", ENDPOINT, "--region", region, "--output", "json"])
    assert code == 0, (words, err.getvalue())
    return json.loads(out.getvalue()) if out.getvalue().strip() else None


def refusal(credentials, *words):
    """What the CLI prints of a call that must be refused."""
    try:
        aws(credentials, *words)
    except AssertionError as error:
        return str(error)
    raise AssertionError(f"{words} was not refused")


def cluster(*words, **options):
    return aws(CREDENTIALS[CLUSTER], *words, **options)


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
        for service in ("ec2fleet", "spot"):
            cluster("iam", "create-service-linked-role", "--aws-service-name", f"{service}.amazonaws.com")
        self.own_image = self.image("of the cluster", by=cluster)
        begun = cluster("sts", "assume-role", "--role-arn", self.controller, "--role-session-name", "karpenter")
        self.session = begun["Credentials"]
        self.session_arn = f"arn:aws:sts::{CLUSTER}:assumed-role/KarpenterController/karpenter"

    def image(self, name, *of_volume, by=owner):
        """An image of the key's account, which it shares."""
        volume = by("ec2", "create-volume", "--availability-zone", f"{REGION}a", "--size", "20", *of_volume)
        snapshot = by("ec2", "create-snapshot", "--volume-id", volume["VolumeId"])["SnapshotId"]
        mapping = json.dumps([{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}])
        image = by("ec2", "register-image", "--name", name, "--root-device-name", "/dev/xvda", "--architecture", "x86_64",
                      "--block-device-mappings", mapping)["ImageId"]
        permission = f"Add=[{{UserId={CLUSTER}}}]"
        by("ec2", "modify-image-attribute", "--image-id", image, "--launch-permission", permission)
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

    def template(self, data):
        aws(self.session, "ec2", "create-launch-template", "--launch-template-name", "karpenter",
            "--launch-template-data", json.dumps(data))

    def fleet(self, image, names_key):
        """The same, launched as Karpenter does: a launch template, and an instant fleet of one."""
        assert names_key
        data = {
            "ImageId": self.images[image], "InstanceType": "m5.large", "IamInstanceProfile": {"Name": "KarpenterNode"},
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "KmsKeyId": self.key}}],
        }
        self.template(data)
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
            if told["State"]["Name"] not in ("pending", "stopping"):
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
        self.denied(operation, why, volume, code=code)

    def denied(self, operation, why, thing, who=None, code="AccessDenied"):
        """The newest call of this operation was refused, to the session of the controller or of another role, in these words."""
        called = {"ReEncryptFrom": "ReEncrypt", "ReEncryptTo": "ReEncrypt"}.get(operation, operation)
        attribute = f"AttributeKey=EventName,AttributeValue={called}"
        newest = cluster("cloudtrail", "lookup-events", "--max-items", "1", "--lookup-attributes", attribute)["Events"][0]
        event = json.loads(newest["CloudTrailEvent"])
        session = event["userIdentity"]["arn"]
        assert session.startswith(who or self.session_arn), event
        assert event["userIdentity"]["invokedBy"] == event["sourceIPAddress"] == "ec2.amazonaws.com", event
        assert event["errorCode"] == code, event
        if code == "AccessDenied":
            words = f"User: {session} is not authorized to perform: kms:{operation} on "
            assert event["errorMessage"].startswith(words) and why in event["errorMessage"], event
        assert thing in json.dumps(event["requestParameters"]), event


class Attaching:
    """A volume that a role makes under the key and attaches to an instance that runs, as the EBS CSI driver does."""

    used = ("GenerateDataKeyWithoutPlaintext", "CreateGrant")

    def __init__(self, world):
        self.world = world
        [begun] = cluster("ec2", "run-instances", "--image-id", world.own_image, "--instance-type", "m5.large")["Instances"]
        told = world.settled(begun)
        self.instance, self.zone = told["InstanceId"], told["Placement"]["AvailabilityZone"]

    def volume(self):
        asked = ("--availability-zone", self.zone, "--size", "1", "--encrypted", "--kms-key-id", self.world.key)
        return aws(self.world.session, "ec2", "create-volume", *asked)["VolumeId"]

    def available(self, volume):
        deadline = time.monotonic() + 30
        while True:
            told = cluster("ec2", "describe-volumes", "--filters", f"Name=volume-id,Values={volume}")["Volumes"]
            if not told or told[0]["State"] == "available":
                return bool(told)
            assert time.monotonic() < deadline, told
            time.sleep(0.1)

    def attach(self, volume):
        return ("ec2", "attach-volume", "--volume-id", volume, "--instance-id", self.instance, "--device", "/dev/sdf")

    def holds(self):
        volume = self.volume()
        assert self.available(volume), volume
        aws(self.world.session, *self.attach(volume))
        cluster("ec2", "detach-volume", "--volume-id", volume)

    def fails(self, operation, why):
        volume = self.volume()
        if operation == "CreateGrant":
            assert self.available(volume), volume
            assert "(CustomerKeyHasBeenRevoked)" in refusal(self.world.session, *self.attach(volume))
        else:
            # The answer comes before the key is looked at.
            assert not self.available(volume), volume
        self.world.denied(operation, why, volume)


class Starting:
    """An instance under the key that is started again."""

    used = ("CreateGrant",)

    def __init__(self, world):
        self.world = world
        world.key_allows(*OPERATIONS)
        world.iam_allows(*OPERATIONS)
        _, told = world.launch("plain", True)
        self.instance = told["InstanceId"]
        self.volume = told["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
        self.stop()

    def stop(self):
        cluster("ec2", "stop-instances", "--instance-ids", self.instance)
        assert self.world.settled({"InstanceId": self.instance})["State"]["Name"] == "stopped"

    def start(self):
        aws(self.world.session, "ec2", "start-instances", "--instance-ids", self.instance)
        return self.world.settled({"InstanceId": self.instance})

    def holds(self):
        told = self.start()
        assert told["State"]["Name"] == "running", told
        self.stop()

    def fails(self, operation, why):
        told = self.start()
        assert told["State"]["Name"] == "stopped" and told["StateReason"]["Code"] == "Client.InternalError", told
        self.world.denied(operation, why, self.volume)


class Copying:
    """A plain snapshot that is copied under the key."""

    used = ("DescribeKey", "CreateGrant", "GenerateDataKeyWithoutPlaintext")

    def __init__(self, world):
        self.world = world
        [image] = cluster("ec2", "describe-images", "--image-ids", world.own_image)["Images"]
        self.source = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]

    def copy(self):
        asked = ("--source-region", REGION, "--source-snapshot-id", self.source, "--encrypted", "--kms-key-id", self.world.key)
        copy = aws(self.world.session, "ec2", "copy-snapshot", *asked)["SnapshotId"]
        [told] = cluster("ec2", "describe-snapshots", "--snapshot-ids", copy)["Snapshots"]
        return told

    def holds(self):
        told = self.copy()
        assert told["State"] == "completed" and told["KmsKeyId"] == self.world.key, told

    def fails(self, operation, why):
        told = self.copy()
        assert told["State"] == "error" and told["StateMessage"].startswith("Given key ID is not accessible"), told
        self.world.denied(operation, why, "" if operation == "DescribeKey" else told["SnapshotId"])


class ReEncrypting(Copying):
    """A snapshot under the key that is copied under the account's own."""

    used = ("ReEncryptFrom",)

    def __init__(self, world):
        self.world = world
        [image] = owner("ec2", "describe-images", "--image-ids", world.images["encrypted"])["Images"]
        self.source = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
        share = f"Add=[{{UserId={CLUSTER}}}]"
        owner("ec2", "modify-snapshot-attribute", "--snapshot-id", self.source, "--create-volume-permission", share)

    def copy(self):
        copy = aws(self.world.session, "ec2", "copy-snapshot", "--source-region", REGION, "--source-snapshot-id", self.source)
        [told] = cluster("ec2", "describe-snapshots", "--snapshot-ids", copy["SnapshotId"])["Snapshots"]
        return told

    def holds(self):
        told = self.copy()
        assert told["State"] == "completed" and told["KmsKeyId"] != self.world.key, told


class ByRole:
    """What a service-linked role launches under the key: it may what the key's account grants it."""

    used = USED

    def __init__(self, world):
        self.world = world
        data = {
            "ImageId": world.own_image, "InstanceType": "m5.large",
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "KmsKeyId": world.key}}],
        }
        self.data = data
        self.role = f"arn:aws:iam::{CLUSTER}:role/aws-service-role/{self.service}/{self.name}"
        self.who = f"arn:aws:sts::{CLUSTER}:assumed-role/{self.name}/"

    def under_grant(self, operations, check):
        granted = owner("kms", "create-grant", "--key-id", self.world.key, "--grantee-principal", self.role,
                        "--operations", *operations)
        try:
            check()
        finally:
            owner("kms", "revoke-grant", "--key-id", self.world.key, "--grant-id", granted["GrantId"])

    def holds(self):
        told = self.launched()
        assert told["State"]["Name"] == "running", told
        cluster("ec2", "terminate-instances", "--instance-ids", told["InstanceId"])

    def fails(self, operation, why):
        told = self.launched()
        assert told["State"]["Name"] == "terminated" and told["StateReason"]["Code"] == INVALID_KEY, told
        self.world.denied(operation, why, "", who=self.who)


class Fleet(ByRole):
    service, name = "ec2fleet.amazonaws.com", "AWSServiceRoleForEC2Fleet"

    def launched(self):
        self.world.template(self.data)
        config = [{"LaunchTemplateSpecification": {"LaunchTemplateName": "karpenter", "Version": "$Latest"}}]
        fleet = aws(self.world.session, "ec2", "create-fleet", "--type", "request", "--launch-template-configs", json.dumps(config),
                    "--target-capacity-specification", "TotalTargetCapacity=1,DefaultTargetCapacityType=on-demand")["FleetId"]
        aws(self.world.session, "ec2", "delete-launch-template", "--launch-template-name", "karpenter")
        filters = f"Name=tag:aws:ec2:fleet-id,Values={fleet}"
        [reservation] = cluster("ec2", "describe-instances", "--filters", filters)["Reservations"]
        return self.world.settled(reservation["Instances"][0])


class Spot(ByRole):
    service, name = "spot.amazonaws.com", "AWSServiceRoleForEC2Spot"

    def launched(self):
        asked = ("ec2", "request-spot-instances", "--launch-specification", json.dumps(self.data))
        [request] = aws(self.world.session, *asked)["SpotInstanceRequests"]
        names = ("--spot-instance-request-ids", request["SpotInstanceRequestId"])
        deadline = time.monotonic() + 30
        while True:
            [told] = cluster("ec2", "describe-spot-instance-requests", *names)["SpotInstanceRequests"]
            if told["State"] != "open":
                return self.world.settled(told)
            assert time.monotonic() < deadline, told
            time.sleep(0.1)


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


def without(removed):
    return tuple(operation for operation in OPERATIONS if operation != removed)


def by_path(world, unused):
    """Each permission removed in turn, from IAM and from the key policy, of what is no launch of the controller's."""
    for path in (Attaching, Starting, Copying, ReEncrypting):
        name, path = path.__name__.lower(), path(world)
        yield f"{name}: both", OPERATIONS, OPERATIONS, path.holds
        yield f"{name}: what is used alone", path.used, path.used, path.holds
        for removed in OPERATIONS:
            if removed in path.used:
                yield f"{name}: IAM without {removed}", OPERATIONS, without(removed), lambda path=path, removed=removed: path.fails(removed, no_identity(removed))
                yield f"{name}: key policy without {removed}", without(removed), OPERATIONS, lambda path=path, removed=removed: path.fails(removed, no_resource(removed))
            else:
                unused.append(f"{name}: {removed}")


def by_role(world, unused):
    """Each operation of the grant removed in turn: a foreign service-linked role is let in by nothing else."""
    for path in (Fleet, Spot):
        name, path = path.__name__.lower(), path(world)
        # The key policy lets the account in, and the role's own policy is AWS's, without any kms: action.
        yield f"{name}: key policy alone", OPERATIONS, (), lambda path=path: path.fails(FIRST, no_identity(FIRST))
        yield f"{name}: grant", (), (), lambda path=path: path.under_grant(OPERATIONS, path.holds)
        yield f"{name}: grant of what is used alone", (), (), lambda path=path: path.under_grant((*path.used, "Decrypt"), path.holds)
        for removed in OPERATIONS:
            if removed in path.used:
                check = lambda path=path, removed=removed: path.fails(removed, no_resource(removed))
                checked = lambda path=path, removed=removed, check=check: path.under_grant(without(removed), check)
                yield f"{name}: grant without {removed}", (), (), checked
            elif removed != "Decrypt":
                unused.append(f"{name}: {removed}")
        # Decrypt is what the child grant gives on: a grant without it cannot.
        check = lambda path=path: path.fails("CreateGrant", no_resource("CreateGrant"))
        checked = lambda path=path, check=check: path.under_grant(without("Decrypt"), check)
        yield f"{name}: grant without Decrypt", (), (), checked


# The first call of a volume from a plain snapshot.
FIRST = "CreateGrant"


def by_statement(world):
    """What the controller may of EC2 and IAM, each removed in turn: the launch is refused at once."""
    world.key_allows(*OPERATIONS)
    world.iam_allows(*OPERATIONS)
    node = f"arn:aws:iam::{CLUSTER}:role/KarpenterNode"
    tags = ("--tag-specifications", "ResourceType=instance,Tags=[{Key=a,Value=b}]")
    run = ("ec2", "run-instances", "--image-id", world.images["plain"], "--iam-instance-profile", "Name=KarpenterNode", *tags)
    template = {"ImageId": world.images["plain"], "IamInstanceProfile": {"Name": "KarpenterNode"}}
    world.template(template)
    config = json.dumps([{"LaunchTemplateSpecification": {"LaunchTemplateName": "karpenter", "Version": "$Latest"}}])
    fleet = ("ec2", "create-fleet", "--type", "instant", "--launch-template-configs", config, "--target-capacity-specification",
             "TotalTargetCapacity=1,DefaultTargetCapacityType=on-demand", *tags)
    actions = {"ec2:RunInstances": "*", "ec2:CreateFleet": "*", "ec2:CreateTags": "*", "iam:PassRole": node}
    try:
        for removed in actions:
            rest = [{"Effect": "Allow", "Action": action, "Resource": on} for action, on in actions.items() if action != removed]
            world.put_role_policy("launches", *rest)
            words = f"{world.session_arn} is not authorized to perform: {removed} on resource: "
            if removed != "ec2:CreateFleet":
                told = refusal(world.session, *run)
                assert "(UnauthorizedOperation)" in told and words in told and no_identity_of(removed) in told, told
            if removed == "ec2:CreateFleet":
                told = refusal(world.session, *fleet)
                assert "(UnauthorizedOperation)" in told and words in told, told
            else:
                # The fleet is made, and tells what it could not launch.
                [error] = aws(world.session, *fleet)["Errors"]
                assert error["ErrorCode"] == "UnauthorizedOperation" and words in error["ErrorMessage"], error
    finally:
        world.put_role_policy("launches", {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"},
                              {"Effect": "Allow", "Action": "iam:PassRole", "Resource": node})
        aws(world.session, "ec2", "delete-launch-template", "--launch-template-name", "karpenter")


def no_identity_of(action):
    return f"because no identity-based policy allows the {action} action"


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
    world, failures, unused, checked = World(), [], [], 0
    for name, of_key, of_role, check in (*cells(world), *by_path(world, unused), *by_role(world, unused)):
        world.key_allows(*of_key)
        world.iam_allows(*of_role)
        checked += 1
        try:
            check()
        except AssertionError as error:
            failures.append(f"{name}: {error}")
    for check in (by_grant, by_state, by_statement):
        checked += 1
        try:
            check(world)
        except AssertionError as error:
            failures.append(f"{check.__name__}: {error}")
    print("\n".join(failures) or f"{checked} cells hold; used by no step: {'; '.join(unused)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
