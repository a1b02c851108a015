"""Each permission that a managed node group's life takes removed in turn, with the `aws` CLI: of whoever calls EKS, and of the policy of
EKS's service-linked role, by which it makes, changes and deletes what a node group is of.

With all of them a node group is made, changed, replaced and deleted. Without one of them one call is refused, to just that caller, and
the trail has the refusal in AWS's words. Those that are used by no step are removed all at once, and nothing is missing; the last line
says which they are.

Sources: Amazon EKS User Guide, "Using roles for Amazon EKS node groups" and "AWS managed policies for Amazon EKS"; what callers need
beside `eks:*`, as users who lacked it tell (aws-controllers-k8s/community #2164, terraform-aws-modules/terraform-aws-eks #823,
aws-samples/terraform-eks-code #13).

`CLAVIGER_ENDPOINT` and `CLAVIGER_CREDENTIALS` are as `volume_keys.py` takes them.
"""

import contextlib
import json
import sys

from launch_calls import each_call
from launching import LAUNCHER, NODE, Place, Refused, settle as awaited
from role_policies import RolePolicy, denied
from volume_keys import CLUSTER, cluster

ROLE = "AWSServiceRoleForAmazonEKSNodegroup"
SESSION = f"arn:aws:sts::{CLUSTER}:assumed-role/{ROLE}/EKS"
SERVICES = (ROLE, "AWSServiceRoleForAutoScaling")
GROUP = ("--cluster-name", "demo", "--nodegroup-name", "nodes")
ALL = "(all that are used by no step)"


def known():
    return cluster("eks", "describe-nodegroup", *GROUP)["nodegroup"]


def settled(busy):
    return awaited(known, lambda group: group["status"] != busy)


def cleaned():
    """Nothing is left of a run, and the service-linked roles have to be made again."""
    with contextlib.suppress(AssertionError):
        cluster("eks", "delete-nodegroup", *GROUP)
    awaited(lambda: cluster("eks", "list-nodegroups", "--cluster-name", "demo")["nodegroups"], lambda left: not left)


def without_roles(*names):
    roles = [role["RoleName"] for role in cluster("iam", "list-roles")["Roles"]]
    for name in set(names) & set(roles):
        task = cluster("iam", "delete-service-linked-role", "--role-name", name)["DeletionTaskId"]
        status = lambda task=task: cluster("iam", "get-service-linked-role-deletion-status", "--deletion-task-id", task)["Status"]
        awaited(status, lambda status: status == "SUCCEEDED")


class Life:
    """What is called for a node group from its beginning to its end, in order."""

    def __init__(self, world):
        self.world, self.subnet = world, cluster("ec2", "describe-subnets")["Subnets"][0]["SubnetId"]
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "blue"}]}]
        for create, kind in (("create-launch-template", "m5.large"), ("create-launch-template-version", "m5.xlarge")):
            cluster("ec2", create, "--launch-template-name", "customers", "--launch-template-data",
                    json.dumps({"InstanceType": kind, "TagSpecifications": tags}))

    def run(self, call):
        made = call("eks", "create-nodegroup", *GROUP, "--node-role", NODE, "--subnets", self.subnet, "--tags", "team=blue",
                    "--scaling-config", "minSize=1,maxSize=2,desiredSize=1", "--launch-template", "name=customers,version=1")
        assert made["nodegroup"]["status"] == "CREATING", made
        assert (group := settled("CREATING"))["status"] == "ACTIVE", group
        assert call("eks", "describe-nodegroup", *GROUP)["nodegroup"]["status"] == "ACTIVE"
        assert call("eks", "list-nodegroups", "--cluster-name", "demo")["nodegroups"] == ["nodes"]
        call("eks", "update-nodegroup-config", *GROUP, "--scaling-config", "maxSize=3")
        update = call("eks", "update-nodegroup-version", *GROUP, "--launch-template", "name=customers,version=2")["update"]["id"]
        of = ("--name", "demo", "--nodegroup-name", "nodes")
        assert update in call("eks", "list-updates", *of)["updateIds"]
        see = lambda: call("eks", "describe-update", *of, "--update-id", update)["update"]
        ended = awaited(see, lambda update: update["status"] != "InProgress")
        assert ended["status"] == "Successful", ended["errors"]
        call("eks", "delete-nodegroup", *GROUP)
        left = awaited(self.left, lambda group: group is None or group["status"] != "DELETING")
        assert left is None, left

    @staticmethod
    def left():
        names = cluster("eks", "list-nodegroups", "--cluster-name", "demo")["nodegroups"]
        with contextlib.suppress(AssertionError):
            return known() if names else None
        return None


# What the caller must be allowed, which call of EKS is refused without it, and which call of another service that EKS makes for the caller.
CALLER = {
    "eks:CreateNodegroup": ("CreateNodegroup", None),
    "iam:PassRole": ("CreateNodegroup", None),
    "iam:GetRole": ("CreateNodegroup", "GetRole"),
    "iam:ListAttachedRolePolicies": ("CreateNodegroup", "ListAttachedRolePolicies"),
    "ec2:DescribeSubnets": ("CreateNodegroup", "DescribeSubnets"),
    "ec2:RunInstances": ("CreateNodegroup", "RunInstances"),
    "ec2:CreateTags": ("CreateNodegroup", "RunInstances"),
    "iam:CreateServiceLinkedRole": ("CreateNodegroup", "CreateServiceLinkedRole"),
    "eks:DescribeNodegroup": ("DescribeNodegroup", None),
    "eks:ListNodegroups": ("ListNodegroups", None),
    "eks:UpdateNodegroupConfig": ("UpdateNodegroupConfig", None),
    "eks:UpdateNodegroupVersion": ("UpdateNodegroupVersion", None),
    "eks:ListUpdates": ("ListUpdates", None),
    "eks:DescribeUpdate": ("DescribeUpdate", None),
    "eks:DeleteNodegroup": ("DeleteNodegroup", None),
}
# EKS's role does these; who calls it need not be allowed them. Documents and tools that name them are of other ways to have nodes.
CALLER_UNUSED = (
    "autoscaling:CreateAutoScalingGroup", "autoscaling:UpdateAutoScalingGroup", "autoscaling:DeleteAutoScalingGroup",
    "ec2:CreateLaunchTemplate", "ec2:CreateLaunchTemplateVersion", "ec2:DeleteLaunchTemplate", "ec2:DescribeLaunchTemplates",
    "ec2:DescribeLaunchTemplateVersions", "ec2:DescribeSecurityGroups", "iam:CreateInstanceProfile",
    "iam:AddRoleToInstanceProfile", "eks:TagResource", "eks:DescribeCluster",
)


class ByCall:
    """The same life, call by call."""

    by_service = {
        "iam:GetRole": ("GetRole", f"Failed to validate if SLR: {ROLE} already exists due to missing"),
        **{f"{service}:{called}": (called, f"{LAUNCHER} is not authorized to perform: {service}:{called} on resource")
           for service, called in (("iam", "ListAttachedRolePolicies"), ("ec2", "DescribeSubnets"), ("iam", "CreateServiceLinkedRole"))},
        **{action: ("RunInstances", "You are not authorized to launch instances with this launch template.")
           for action in ("ec2:RunInstances", "ec2:CreateTags")},
    }
    invoked_by = "eks.amazonaws.com"
    polled = ("DescribeUpdate",)
    takes = (*CALLER, *CALLER_UNUSED)
    each = {operation: tuple(action for action, (of, _) in CALLER.items() if of == operation) for operation, _ in CALLER.values()}
    # The role is made before the launch template is tried out.
    each["CreateNodegroup"] = ("iam:CreateServiceLinkedRole", *(action for action in each["CreateNodegroup"] if "ServiceLinked" not in action))
    each["UpdateNodegroupVersion"] = ("eks:UpdateNodegroupVersion", "ec2:RunInstances", "ec2:CreateTags")

    def __init__(self, world, life):
        self.place, self.life, self.name = world, life, "caller"

    def run(self):
        cleaned()
        without_roles(*SERVICES)
        self.life.run(self.place.call)

    @staticmethod
    def clean():
        cleaned()


# What is used of the role's policy, by statement and action: what becomes of the node group, and which call is refused to the role.
MADE, CHANGED, REPLACED, DELETED = "CREATE_FAILED", "UpdateNodegroupConfig", "Failed", "DELETE_FAILED"
USED = {
    ("PermissionsToCreateAndManageInstanceProfiles", "iam:CreateInstanceProfile"): (MADE, "CreateInstanceProfile"),
    ("PermissionsToCreateAndManageInstanceProfiles", "iam:AddRoleToInstanceProfile"): (MADE, "AddRoleToInstanceProfile"),
    ("AllowPassRoleToEC2", "iam:PassRole"): (MADE, "AddRoleToInstanceProfile"),
    ("PermissionsToManageResourcesForNodegroups", "ec2:CreateLaunchTemplate"): (MADE, "CreateLaunchTemplate"),
    ("PermissionsToCreateEKSAndKubernetesTags", "ec2:CreateTags"): (MADE, "CreateLaunchTemplate"),
    ("AllowASGCreationByEKS", "autoscaling:CreateAutoScalingGroup"): (MADE, "CreateAutoScalingGroup"),
    ("AllowASGCreationByEKS", "autoscaling:CreateOrUpdateTags"): (MADE, "CreateAutoScalingGroup"),
    ("PermissionsToManageResourcesForNodegroups", "ec2:RunInstances"): (MADE, "RunInstances"),
    ("AllowTaggingEC2ResourcesOnlyDuringInstanceCreation", "ec2:CreateTags"): (MADE, "RunInstances"),
    ("AllowAutoscalingToCreateSLR", "iam:CreateServiceLinkedRole"): (MADE, "CreateServiceLinkedRole"),
    ("AutoscalingRelatedPermissions", "autoscaling:UpdateAutoScalingGroup"): (CHANGED, "UpdateAutoScalingGroup"),
    ("LaunchTemplateRelatedPermissions", "ec2:CreateLaunchTemplateVersion"): (REPLACED, "CreateLaunchTemplateVersion"),
    ("AutoscalingRelatedPermissions", "autoscaling:TerminateInstanceInAutoScalingGroup"):
        (REPLACED, "TerminateInstanceInAutoScalingGroup"),
    ("AutoscalingRelatedPermissions", "autoscaling:DeleteAutoScalingGroup"): (DELETED, "DeleteAutoScalingGroup"),
    ("LaunchTemplateRelatedPermissions", "ec2:DeleteLaunchTemplate"): (DELETED, "DeleteLaunchTemplate"),
    ("PermissionsToCreateAndManageInstanceProfiles", "iam:RemoveRoleFromInstanceProfile"): (DELETED, "RemoveRoleFromInstanceProfile"),
    ("PermissionsToCreateAndManageInstanceProfiles", "iam:DeleteInstanceProfile"): (DELETED, "DeleteInstanceProfile"),
}


def of_caller(world, life, removed):
    """A whole life by the launcher without a permission, or without those that are used by no step."""
    cleaned()
    without_roles(*SERVICES)
    world.allow([*(action for action in CALLER if action != removed), *(() if removed == ALL else CALLER_UNUSED)])
    try:
        life.run(world.call)
    except Refused as refused:
        assert removed in CALLER, refused
        operation, called = CALLER[removed]
        assert refused.operation == operation, f"{operation} was to be refused, and was not: {refused}"
        denied(called or operation, removed, LAUNCHER, "eks.amazonaws.com" if called else None)
        return
    assert removed not in CALLER, f"{CALLER[removed][0]} was to be refused, and was not"


def of_role(policy, life, removed):
    """A whole life by the account's root user, while the role's policy has not these."""
    policy.is_without(())
    cleaned()
    without_roles("AWSServiceRoleForAutoScaling")
    policy.is_without(removed)

    def call(*words):
        try:
            return cluster(*words)
        except AssertionError as error:
            raise Refused(words[1], "", str(error)) from error

    outcome = "Successful"
    try:
        life.run(call)
    except Refused as refused:
        assert "InvalidRequestException" in refused.message, refused
        outcome = {"update-nodegroup-config": CHANGED}.get(refused.operation, refused.message)
    except AssertionError as failed:
        # It tells the node group, or the errors of the update.
        group = life.left()
        status = group["status"] if group else None
        outcome = status if status in (MADE, DELETED) else REPLACED if "AccessDenied" in str(failed) else str(failed)
        if status in (MADE, DELETED):
            assert [issue["code"] for issue in group["health"]["issues"]] == ["AccessDenied"], group
    return outcome


def main():
    world, failures = Place(), []
    life = Life(world)
    runs = [None, ALL, *CALLER]
    for removed in runs:
        try:
            of_caller(world, life, removed)
        except AssertionError as error:
            failures.append(f"caller without {removed}: {error}")
    failed, tried = each_call(ByCall(world, life))
    failures += failed
    cleaned()
    policy = RolePolicy(ROLE, "eks-nodegroup.amazonaws.com", ROLE)
    unused = [permission for permission in policy.permissions() if permission not in USED]
    assert set(USED) <= set(policy.permissions()), set(USED) - set(policy.permissions())
    for removed in ((), unused, *([permission] for permission in USED)):
        expected, called = USED[removed[0]] if len(removed) == 1 else ("Successful", None)
        try:
            outcome = of_role(policy, life, removed)
            assert outcome == expected, f"{outcome} instead of {expected}"
            if called:
                denied(called, removed[0][1], SESSION)
        except AssertionError as error:
            failures.append(f"role without {removed}: {error}")
    policy.is_without(())
    cleaned()
    if failures:
        sys.exit("\n".join(failures))
    told = [*(f"caller: {action}" for action in CALLER_UNUSED), *(f"role: {sid}/{action}" for sid, action in unused)]
    print(f"{len(runs) + len(USED) + 2} runs and {tried} refusals call by call hold; used by no step: {', '.join(told)}")


if __name__ == "__main__":
    main()
