"""What IAM refuses for what there is: one too many of something, a name that is taken, and what is in use still.

Sources, as in `iam_refusals`. The quotas are of the IAM User Guide, "IAM and AWS STS quotas"; those of whole accounts take
too long by the wire, so `cargo test -p local-aws --lib iam` and `tests/iam/refusals.rs` reach them.
"""

import json

from contract import case
from iam_refusals import ASSUMED, OURS, RECORDED, REPORTED, Scene
from iam_roles import READ, TRUST

USER, ROLE, GROUP = {"UserName": "Examined"}, {"RoleName": "Examined"}, {"GroupName": "Examined"}
PROFILE = {"InstanceProfileName": "Examined"}


def long_policy(characters):
    """A policy of so many characters, white space left out, and a kilobyte of white space."""
    empty = json.dumps({**READ, "Statement": [{**READ["Statement"][0], "Sid": ""}]}, separators=(",", ":"))
    sid = "S" * (characters - len(empty))
    return json.dumps({**READ, "Statement": [{**READ["Statement"][0], "Sid": sid}]}, indent=100)


def long_trust(characters):
    empty = json.dumps({**TRUST, "Statement": [{**TRUST["Statement"][0], "Sid": ""}]}, separators=(",", ":"))
    return json.dumps({**TRUST, "Statement": [{**TRUST["Statement"][0], "Sid": "S" * (characters - len(empty))}]}, indent=9)


@case(local_only=OURS)
def one_more_than_a_quota_is_refused(aws):
    scene = Scene(aws)
    iam = scene.iam
    document = json.dumps(READ)

    def exceeds(operation, given, quota, source):
        scene.refuses(operation, given, "LimitExceeded", f"Cannot exceed quota for {quota}", 409, source)

    iam.create_access_key(**USER)
    exceeds("CreateAccessKey", USER, "AccessKeysPerUser: 2", RECORDED)
    groups = [f"Examined{at}" for at in range(11)]
    for name in groups:
        iam.create_group(GroupName=name)
    for name in groups[:10]:
        iam.add_user_to_group(**USER, GroupName=name)
    exceeds("AddUserToGroup", {**USER, "GroupName": groups[10]}, "GroupsPerUser: 10", ASSUMED)
    iam.add_user_to_group(**USER, GroupName=groups[0])
    policies = [iam.create_policy(PolicyName=f"Examined{at}", PolicyDocument=document)["Policy"]["Arn"] for at in range(11)]
    for kind, named, source in (("User", USER, REPORTED), ("Role", ROLE, REPORTED), ("Group", GROUP, REPORTED)):
        attach = getattr(iam, f"attach_{kind.lower()}_policy")
        for arn in policies[:10]:
            attach(**named, PolicyArn=arn)
        # One that is attached already is none more.
        attach(**named, PolicyArn=policies[0])
        exceeds(f"Attach{kind}Policy", {**named, "PolicyArn": policies[10]}, f"PoliciesPer{kind}: 10", source)
        for arn in policies[:10]:
            getattr(iam, f"detach_{kind.lower()}_policy")(**named, PolicyArn=arn)
    for _ in range(4):
        iam.create_policy_version(PolicyArn=policies[0], PolicyDocument=document)
    scene.refuses("CreatePolicyVersion", {"PolicyArn": policies[0], "PolicyDocument": document}, "LimitExceeded",
                  "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing "
                  "version.", 409, RECORDED)
    for number in range(2, 6):
        iam.delete_policy_version(PolicyArn=policies[0], VersionId=f"v{number}")
    iam.add_role_to_instance_profile(**PROFILE, **ROLE)
    exceeds("AddRoleToInstanceProfile", {**PROFILE, **ROLE}, "InstanceSessionsPerInstanceProfile: 1", RECORDED)
    iam.remove_role_from_instance_profile(**PROFILE, **ROLE)
    iam.create_service_specific_credential(**USER, ServiceName="codecommit.amazonaws.com")
    exceeds("CreateServiceSpecificCredential", {**USER, "ServiceName": "codecommit.amazonaws.com"},
            "ServiceSpecificCredentialsPerUser: 2", ASSUMED)
    clients = [f"c{at}" for at in range(101)]
    exceeds("CreateOpenIDConnectProvider", {"Url": "https://many.example.com", "ClientIDList": clients},
            "ClientIdsPerOpenIdConnectProvider: 100", RECORDED)
    provider = {"OpenIDConnectProviderArn": scene.there["OpenIDConnectProviderArn"]}
    for operation, given in (("CreateOpenIDConnectProvider", {"Url": "https://many.example.com"}),
                             ("UpdateOpenIDConnectProviderThumbprint", provider)):
        scene.refuses(operation, {**given, "ThumbprintList": [f"{at}" * 40 for at in range(6)]}, "InvalidInput",
                      "Thumbprint list must contain fewer than 5 entries.", 400, RECORDED)

    # Sizes, in which white space does not count.
    for kind, named, most in (("user", USER, 2048), ("group", GROUP, 5120), ("role", ROLE, 10240)):
        put = getattr(iam, f"put_{kind}_policy")
        put(**named, PolicyName="whole", PolicyDocument=long_policy(most))
        put(**named, PolicyName="whole", PolicyDocument=long_policy(most // 2))
        # They count together.
        given = {**named, "PolicyName": "half", "PolicyDocument": long_policy(most // 2 + 1)}
        scene.refuses(f"Put{kind.title()}Policy", given, "LimitExceeded",
                      f"Maximum policy size of {most} bytes exceeded for {kind} Examined", 409, REPORTED)
        getattr(iam, f"delete_{kind}_policy")(**named, PolicyName="whole")
    iam.create_policy_version(PolicyArn=policies[1], PolicyDocument=long_policy(6144))
    iam.delete_policy_version(PolicyArn=policies[1], VersionId="v2")
    for operation, given in (("CreatePolicyVersion", {"PolicyArn": policies[1]}), ("CreatePolicy", {"PolicyName": "Large"})):
        exceeds(operation, {**given, "PolicyDocument": long_policy(6145)}, "PolicySize: 6144", REPORTED)
    iam.update_assume_role_policy(**ROLE, PolicyDocument=long_trust(2048))
    exceeds("UpdateAssumeRolePolicy", {**ROLE, "PolicyDocument": long_trust(2049)}, "ACLSizePerRole: 2048", REPORTED)
    exceeds("CreateRole", {"RoleName": "Large", "AssumeRolePolicyDocument": long_trust(2049)}, "ACLSizePerRole: 2048", REPORTED)

    # Tags: fifty, and those that are changed are none more.
    fifty = [{"Key": f"k{at}", "Value": "v"} for at in range(50)]
    for operation, member in (("Role", "RoleName"), ("User", "UserName"), ("Policy", "PolicyArn"),
                              ("InstanceProfile", "InstanceProfileName"), ("MFADevice", "SerialNumber"),
                              ("OpenIDConnectProvider", "OpenIDConnectProviderArn")):
        named = {member: scene.there[member]}
        for _ in range(2):
            scene.call(f"Tag{operation}", {**named, "Tags": fifty})
        scene.refuses(f"Tag{operation}", {**named, "Tags": [{"Key": "more", "Value": "v"}]}, "LimitExceeded",
                      "The number of tags has reached the maximum limit.", 409, RECORDED)

    for name in groups[:10]:
        iam.remove_user_from_group(**USER, GroupName=name)
    for name in groups:
        iam.delete_group(GroupName=name)
    for arn in policies:
        iam.delete_policy(PolicyArn=arn)
    for key in iam.list_access_keys(**USER)["AccessKeyMetadata"]:
        if key["AccessKeyId"] != scene.there["AccessKeyId"]:
            iam.delete_access_key(**USER, AccessKeyId=key["AccessKeyId"])
    for each in iam.list_service_specific_credentials(**USER)["ServiceSpecificCredentials"]:
        if each["ServiceSpecificCredentialId"] != scene.there["ServiceSpecificCredentialId"]:
            iam.delete_service_specific_credential(**USER, ServiceSpecificCredentialId=each["ServiceSpecificCredentialId"])
    scene.end()


@case(local_only=OURS)
def a_name_that_is_taken_is_refused_whatever_its_case(aws):
    scene = Scene(aws)
    document, trust = json.dumps(READ), json.dumps(TRUST)
    scene.iam.create_login_profile(**USER, Password="Passw0rd!")
    for operation, given, message, source in (
        ("CreateUser", {"UserName": "Examined"}, "User with name Examined already exists.", RECORDED),
        ("CreateUser", {"UserName": "EXAMINED"}, "User with name EXAMINED already exists.", REPORTED),
        ("CreateRole", {"RoleName": "EXAMINED", "AssumeRolePolicyDocument": trust},
         "Role with name EXAMINED already exists.", REPORTED),
        ("CreateGroup", {"GroupName": "EXAMINED"}, "Group with name EXAMINED already exists.", RECORDED),
        ("CreateInstanceProfile", {"InstanceProfileName": "EXAMINED"}, "Instance Profile EXAMINED already exists.", RECORDED),
        ("CreatePolicy", {"PolicyName": "EXAMINED", "PolicyDocument": document, "Path": "/elsewhere/"},
         "A policy called EXAMINED already exists. Duplicate names are not allowed.", RECORDED),
        ("CreateOpenIDConnectProvider", {"Url": "https://examined.example.com"},
         "Provider with url https://examined.example.com already exists.", RECORDED),
        ("CreateVirtualMFADevice", {"VirtualMFADeviceName": "Examined"}, "MFA device already exists.", RECORDED),
        ("CreateLoginProfile", {"UserName": "Examined", "Password": "Passw0rd!"},
         "Login Profile for user Examined already exists.", RECORDED),
    ):
        scene.refuses(operation, given, "EntityAlreadyExists", message, 409, source)
    scene.iam.create_user(UserName="ExaminedToo")
    scene.refuses("UpdateUser", {"UserName": "ExaminedToo", "NewUserName": "EXAMINED"}, "EntityAlreadyExists",
                  "User with name EXAMINED already exists.", 409, REPORTED)
    scene.iam.delete_user(UserName="ExaminedToo")
    scene.iam.create_group(GroupName="ExaminedToo")
    scene.refuses("UpdateGroup", {"GroupName": "ExaminedToo", "NewGroupName": "Examined"}, "EntityAlreadyExists",
                  "Group with name Examined already exists.", 409, RECORDED)
    scene.iam.delete_group(GroupName="ExaminedToo")
    # Its own name, in another case, is nobody's else: assumed.
    scene.iam.update_group(GroupName="Examined", NewGroupName="EXAMINED")
    scene.iam.update_group(GroupName="EXAMINED", NewGroupName="Examined")
    scene.iam.delete_login_profile(**USER)
    scene.end()


@case(local_only=OURS)
def what_is_in_use_is_not_deleted(aws):
    scene = Scene(aws)
    iam, arn = scene.iam, scene.there["PolicyArn"]
    document = json.dumps(READ)

    def conflicts(operation, given, message, source):
        scene.refuses(operation, given, "DeleteConflict", message, 409, source)

    detach = "Cannot delete entity, must detach all policies first."
    policies = "Cannot delete entity, must delete policies first."
    # Keys and a credential for a service the scene has made; what is told first of several is assumed.
    for kind, named in (("user", USER), ("role", ROLE), ("group", GROUP)):
        operation = f"Delete{kind.title()}"
        getattr(iam, f"put_{kind}_policy")(**named, PolicyName="p", PolicyDocument=document)
        conflicts(operation, named, policies, RECORDED)
        getattr(iam, f"delete_{kind}_policy")(**named, PolicyName="p")
        getattr(iam, f"attach_{kind}_policy")(**named, PolicyArn=arn)
        conflicts(operation, named, detach, RECORDED)
        conflicts("DeletePolicy", {"PolicyArn": arn}, "Cannot delete a policy attached to entities.", REPORTED)
        getattr(iam, f"detach_{kind}_policy")(**named, PolicyArn=arn)
    iam.add_user_to_group(**GROUP, **USER)
    for operation, named in (("DeleteUser", USER), ("DeleteGroup", GROUP)):
        conflicts(operation, named, "Cannot delete entity, must remove users from group first.", REPORTED)
    iam.remove_user_from_group(**GROUP, **USER)
    conflicts("DeleteUser", USER, "Cannot delete entity, must delete access keys first.", REPORTED)
    iam.delete_access_key(**USER, AccessKeyId=scene.there["AccessKeyId"])
    iam.create_login_profile(**USER, Password="Passw0rd!")
    conflicts("DeleteUser", USER, "Cannot delete entity, must delete login profile first.", REPORTED)
    iam.delete_login_profile(**USER)
    conflicts("DeleteUser", USER, "Cannot delete entity, must remove referenced objects first.", REPORTED)
    iam.add_role_to_instance_profile(**PROFILE, **ROLE)
    for operation, named in (("DeleteRole", ROLE), ("DeleteInstanceProfile", PROFILE)):
        conflicts(operation, named, "Cannot delete entity, must remove roles from instance profile first.", RECORDED)
    iam.remove_role_from_instance_profile(**PROFILE, **ROLE)
    for kind, named in (("user", USER), ("role", ROLE)):
        # A boundary holds the policy, and not who has it.
        getattr(iam, f"put_{kind}_permissions_boundary")(**named, PermissionsBoundary=arn)
        conflicts("DeletePolicy", {"PolicyArn": arn}, "Cannot delete a policy attached to entities.", ASSUMED)
        getattr(iam, f"delete_{kind}_permissions_boundary")(**named)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document)
    conflicts("DeletePolicy", {"PolicyArn": arn}, "This policy has more than one version. Before you delete a policy, you must "
              "delete the policy's versions. The default version is deleted with the policy.", REPORTED)
    conflicts("DeletePolicyVersion", {"PolicyArn": arn, "VersionId": "v1"}, "Cannot delete the default version of a policy.",
              RECORDED)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    scene.there["AccessKeyId"] = iam.create_access_key(**USER)["AccessKey"]["AccessKeyId"]
    scene.end()
