"""What a managed node group takes of who makes it, and what a volume takes that is made for an instance and attached to it.

Sources: Amazon EKS User Guide, "Using roles for Amazon EKS node groups"; Service Authorization Reference, "Actions, resources, and
condition keys for Amazon EKS" and "for Amazon EC2"; the EBS CSI driver's policy, "AmazonEBSCSIDriverPolicy".
"""

from launching import LAUNCHER, NODE, REGION, cluster, settle, without, without_role
from launch_paths_ec2 import on, tagged


class NodeGroup:
    """A managed node group: EKS and Auto Scaling launch by roles of their own, whatever who calls may launch."""

    takes = {
        "eks:CreateNodegroup": "CreateNodegroup",
        "iam:PassRole": "CreateNodegroup",
        # EKS looks at these as the caller.
        "iam:GetRole": "CreateNodegroup",
        "iam:ListAttachedRolePolicies": "CreateNodegroup",
        "ec2:DescribeSubnets": "CreateNodegroup",
        "iam:CreateServiceLinkedRole": "CreateNodegroup",
        "eks:DescribeNodegroup": "DescribeNodegroup",
        "eks:DeleteNodegroup": "DeleteNodegroup",
        "ec2:RunInstances": None,
        "ec2:CreateLaunchTemplate": None,
        "autoscaling:CreateAutoScalingGroup": None,
    }
    by_service = {
        **{f"{service}:{called}": (called, f"{LAUNCHER} is not authorized to perform: {service}:{called} on resource")
           for service, called in (("iam", "ListAttachedRolePolicies"), ("ec2", "DescribeSubnets"), ("iam", "CreateServiceLinkedRole"))},
        "iam:GetRole": ("GetRole", "Failed to validate if SLR: AWSServiceRoleForAmazonEKSNodegroup already exists due to missing"),
    }
    invoked_by = "eks.amazonaws.com"
    told_by = {}
    each = {
        "CreateNodegroup": ("iam:CreateServiceLinkedRole", "eks:CreateNodegroup", "iam:PassRole", "iam:GetRole",
                            "iam:ListAttachedRolePolicies", "ec2:DescribeSubnets"),
        "DescribeNodegroup": ("eks:DescribeNodegroup",),
        "DeleteNodegroup": ("eks:DeleteNodegroup",),
    }
    polled = ("DescribeNodegroup",)

    def __init__(self, place):
        self.place, self.name, self.is_made = place, "Node group", False

    def run(self):
        call, named = self.place.call, ("--cluster-name", "demo", "--nodegroup-name", "nodes")
        call("eks", "create-nodegroup", *named, "--node-role", NODE, "--subnets", self.place.subnet, "--scaling-config",
             "minSize=1,maxSize=1,desiredSize=1")
        self.is_made = True
        see = lambda: call("eks", "describe-nodegroup", *named)["nodegroup"]
        known = settle(see, lambda known: known["status"] != "CREATING")
        assert known["status"] == "ACTIVE", known
        call("eks", "delete-nodegroup", *named)

    def clean(self):
        if not self.is_made:
            return
        self.is_made = False
        without(("eks", "delete-nodegroup", "--cluster-name", "demo", "--nodegroup-name", "nodes"))
        settle(lambda: cluster("eks", "list-nodegroups", "--cluster-name", "demo")["nodegroups"], lambda names: not names)
        without_role("AWSServiceRoleForAmazonEKSNodegroup")


class Volume:
    """A volume of a snapshot, for an instance that is stopped and started with it."""

    takes = {
        **on("ec2:CreateVolume", "CreateVolume", "snapshot", "volume"),
        "ec2:CreateTags on volume": "CreateVolume",
        **on("ec2:AttachVolume", "AttachVolume", "instance", "volume"),
        "ec2:StopInstances on instance": "StopInstances",
        "ec2:StartInstances on instance": "StartInstances",
        **on("ec2:DetachVolume", "DetachVolume", "instance", "volume"),
        "ec2:DeleteVolume on volume": "DeleteVolume",
        "ec2:DescribeVolumes": None,
        "ec2:DescribeInstances": None,
    }
    by_service, told_by, invoked_by, polled = {}, {}, None, ()

    def __init__(self, place):
        self.place, self.name, self.volume = place, "Volume", None
        self.each = {called: [permission for permission, of in self.takes.items() if of == called] for called in self.takes.values()}
        [begun] = cluster("ec2", "run-instances", "--image-id", place.image, "--instance-type", "m5.large", "--placement",
                          f"AvailabilityZone={REGION}a")["Instances"]
        self.instance = begun["InstanceId"]
        self.comes_to("running")

    def comes_to(self, state):
        see = lambda: cluster("ec2", "describe-instances", "--instance-ids", self.instance)["Reservations"][0]["Instances"][0]
        settle(see, lambda told: told["State"]["Name"] == state)

    def run(self):
        call = self.place.call
        self.volume = call("ec2", "create-volume", "--availability-zone", f"{REGION}a", "--snapshot-id", self.place.snapshot,
                           "--tag-specifications", *tagged("volume"))["VolumeId"]
        see = lambda: cluster("ec2", "describe-volumes", "--volume-ids", self.volume)["Volumes"][0]["State"]
        settle(see, lambda state: state == "available")
        call("ec2", "attach-volume", "--volume-id", self.volume, "--instance-id", self.instance, "--device", "/dev/sdf")
        call("ec2", "stop-instances", "--instance-ids", self.instance)
        self.comes_to("stopped")
        call("ec2", "start-instances", "--instance-ids", self.instance)
        self.comes_to("running")
        call("ec2", "detach-volume", "--volume-id", self.volume, "--instance-id", self.instance)
        settle(see, lambda state: state == "available")
        call("ec2", "delete-volume", "--volume-id", self.volume)
        self.volume = None

    def clean(self):
        if self.volume:
            without(("ec2", "detach-volume", "--volume-id", self.volume), ("ec2", "start-instances", "--instance-ids", self.instance))
            self.comes_to("running")
            self.volume = None
