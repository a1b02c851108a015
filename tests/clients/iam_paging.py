"""Lists of IAM, page by page: nothing is told twice or left out, whatever is deleted between two pages.

Source: IAM API Reference, `MaxItems`, `Marker` and `IsTruncated` of each list. A marker has 320 characters at most
(`markerType`), however long the names, paths and tag keys are that it stands for.
"""

import json

from contract import case
from iam_refusals import OURS
from iam_roles import READ, TRUST
from session import pages_of

# As long as AWS has them.
PATH = f"/{'p' * 510}/"
NAMES = [f"Paged{letter}{'n' * 58}" for letter in "ABCDE"]
KEYS = ["\u6f22" * 127 + letter for letter in "ABCDE"]


class List:
    """One list, with five things that it tells of."""

    def __init__(self, call, member, given, name, things, delete):
        self.call, self.member, self.given, self.name = call, member, given, name
        self.things, self.delete = things, delete

    def page(self, **more):
        answer = self.call(**self.given, MaxItems=2, **more)
        assert all(len(answer[member]) <= 2 for member in self.members()), answer
        assert answer["IsTruncated"] == ("Marker" in answer), answer
        assert len(answer.get("Marker", "")) <= 320, answer["Marker"]
        told = [self.name(each) for member in self.members() for each in answer[member]]
        return told, answer.get("Marker")

    def members(self):
        return (self.member,) if isinstance(self.member, str) else self.member

    def is_told_in_pages(self):
        """All of it, then again while the last of the first page is deleted, and one that is still to come."""
        told, marker = self.page()
        first, second = list(told), marker
        while marker:
            page, marker = self.page(Marker=marker)
            assert page, self.call
            told += page
        assert sorted(told) == sorted(self.things), (self.call, told)
        assert len(first) == 2 and len(told) == 5, (self.call, told)
        self.delete(told[1])
        self.delete(told[3])
        page, marker = self.page(Marker=second)
        assert page == [told[2], told[4]] and marker is None, (self.call, page)


@case(local_only=OURS)
def lists_go_on_behind_what_is_deleted(aws):
    iam = aws.iam()
    document, trust = json.dumps(READ), json.dumps(TRUST)
    below, user = {"PathPrefix": PATH}, {"UserName": "Paging"}
    iam.create_user(**user)
    iam.create_role(RoleName="Paging", AssumeRolePolicyDocument=trust)
    iam.create_group(GroupName="Paging")
    policy = iam.create_policy(PolicyName="Paging", PolicyDocument=document)["Policy"]["Arn"]

    def named(member):
        return lambda each: each[member]

    def made(make, member, **more):
        for name in NAMES:
            make(**{member: name}, Path=PATH, **more)
        return NAMES

    lists = [
        List(iam.list_users, "Users", below, named("UserName"), made(iam.create_user, "UserName"),
             lambda name: iam.delete_user(UserName=name)),
        List(iam.list_roles, "Roles", below, named("RoleName"),
             made(iam.create_role, "RoleName", AssumeRolePolicyDocument=trust), lambda name: iam.delete_role(RoleName=name)),
        List(iam.list_groups, "Groups", below, named("GroupName"), made(iam.create_group, "GroupName"),
             lambda name: iam.delete_group(GroupName=name)),
        List(iam.list_instance_profiles, "InstanceProfiles", below, named("InstanceProfileName"),
             made(iam.create_instance_profile, "InstanceProfileName"),
             lambda name: iam.delete_instance_profile(InstanceProfileName=name)),
    ]
    for each in lists:
        each.is_told_in_pages()
        for name in (name for page in [each.page()] for name in page[0]):
            each.delete(name)
        for name in each.page()[0]:
            each.delete(name)

    arns = [iam.create_policy(PolicyName=name, Path=PATH, PolicyDocument=document)["Policy"]["Arn"] for name in NAMES]
    for kind in ("User", "Role", "Group"):
        named_so, lower = {f"{kind}Name": "Paging"}, kind.lower()
        for arn in arns:
            getattr(iam, f"attach_{lower}_policy")(**named_so, PolicyArn=arn)
        List(getattr(iam, f"list_attached_{lower}_policies"), "AttachedPolicies", named_so, named("PolicyArn"), arns,
             lambda arn: getattr(iam, f"detach_{lower}_policy")(**named_so, PolicyArn=arn)).is_told_in_pages()
        for each in pages_of(getattr(iam, f"list_attached_{lower}_policies"), "AttachedPolicies", **named_so):
            getattr(iam, f"detach_{lower}_policy")(**named_so, PolicyArn=each["PolicyArn"])
        for name in NAMES:
            getattr(iam, f"put_{lower}_policy")(**named_so, PolicyName=name, PolicyDocument=document)
        List(getattr(iam, f"list_{lower}_policies"), "PolicyNames", named_so, str, NAMES,
             lambda name: getattr(iam, f"delete_{lower}_policy")(**named_so, PolicyName=name)).is_told_in_pages()
        for name in pages_of(getattr(iam, f"list_{lower}_policies"), "PolicyNames", **named_so):
            getattr(iam, f"delete_{lower}_policy")(**named_so, PolicyName=name)
    List(iam.list_policies, "Policies", {"PathPrefix": PATH}, named("Arn"), arns,
         lambda arn: iam.delete_policy(PolicyArn=arn)).is_told_in_pages()
    for each in pages_of(iam.list_policies, "Policies", PathPrefix=PATH):
        iam.delete_policy(PolicyArn=each["Arn"])

    for _ in range(4):
        iam.create_policy_version(PolicyArn=policy, PolicyDocument=document)
    # The default version is the last that is told.
    List(iam.list_policy_versions, "Versions", {"PolicyArn": policy}, named("VersionId"), [f"v{at}" for at in range(1, 6)],
         lambda version: iam.delete_policy_version(PolicyArn=policy, VersionId=version)).is_told_in_pages()
    for version in ("v3", "v5"):
        iam.delete_policy_version(PolicyArn=policy, VersionId=version)

    for name in NAMES:
        iam.create_group(GroupName=name)
        iam.add_user_to_group(**user, GroupName=name)
    List(iam.list_groups_for_user, "Groups", user, named("GroupName"), NAMES,
         lambda name: iam.remove_user_from_group(**user, GroupName=name)).is_told_in_pages()
    for name in NAMES:
        iam.remove_user_from_group(**user, GroupName=name)
        iam.delete_group(GroupName=name)
        iam.create_user(UserName=name)
        iam.add_user_to_group(UserName=name, GroupName="Paging")
        iam.attach_user_policy(UserName=name, PolicyArn=policy)
    List(iam.get_group, "Users", {"GroupName": "Paging"}, named("UserName"), NAMES,
         lambda name: iam.remove_user_from_group(UserName=name, GroupName="Paging")).is_told_in_pages()
    List(iam.list_entities_for_policy, "PolicyUsers", {"PolicyArn": policy}, named("UserName"), NAMES,
         lambda name: iam.detach_user_policy(UserName=name, PolicyArn=policy)).is_told_in_pages()
    for name in NAMES:
        for each in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
            iam.detach_user_policy(UserName=name, PolicyArn=each["PolicyArn"])
        iam.remove_user_from_group(UserName=name, GroupName="Paging")
        iam.delete_user(UserName=name)

    tags_in_pages(iam, policy)
    iam.delete_policy(PolicyArn=policy)
    iam.delete_user(**user)
    iam.delete_role(RoleName="Paging")
    iam.delete_group(GroupName="Paging")


def tags_in_pages(iam, policy):
    iam.create_instance_profile(InstanceProfileName="Paging")
    provider = iam.create_open_id_connect_provider(Url="https://paging.example.com")["OpenIDConnectProviderArn"]
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="Paging")["VirtualMFADevice"]["SerialNumber"]
    for kind, of in (
        ("user", {"UserName": "Paging"}), ("role", {"RoleName": "Paging"}), ("policy", {"PolicyArn": policy}),
        ("instance_profile", {"InstanceProfileName": "Paging"}), ("mfa_device", {"SerialNumber": device}),
        ("open_id_connect_provider", {"OpenIDConnectProviderArn": provider}),
    ):
        getattr(iam, f"tag_{kind}")(**of, Tags=[{"Key": key, "Value": ""} for key in KEYS])
        # Where the last of a page is gone, and all keys begin so, the page begins with the first that is left.
        tags = List(getattr(iam, f"list_{kind}_tags"), "Tags", of, lambda each: each["Key"], KEYS, lambda key: None)
        told, marker = tags.page()
        while marker:
            page, marker = tags.page(Marker=marker)
            told += page
        assert told == KEYS, told
    iam.delete_instance_profile(InstanceProfileName="Paging")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    iam.delete_virtual_mfa_device(SerialNumber=device)
