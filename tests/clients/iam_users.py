"""Users, their access keys, and groups, by the IAM API Reference."""

import json

from contract import case
from session import pages_of

READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:DescribeKey", "Resource": "*"}]}


def keys_of(aws, user):
    """A new access key of a user, as clients take it."""
    made = aws.iam().create_access_key(UserName=user)["AccessKey"]
    return {"AccessKeyId": made["AccessKeyId"], "SecretAccessKey": made["SecretAccessKey"]}


@case()
def a_user_is_what_it_was_made(aws):
    iam = aws.iam()
    made = iam.create_user(UserName="ann", Path="/team/", Tags=[{"Key": "team", "Value": "blue"}])["User"]
    with aws.moto_departs("has unique ids of its own form (IAM identifiers > Unique identifiers)"):
        assert made["UserId"].startswith("AIDA"), made
    assert made["Arn"] == f"arn:aws:iam::{aws.accounts[0]}:user/team/ann", made
    user = iam.get_user(UserName="ann")["User"]
    assert user["UserId"] == made["UserId"] and user["Tags"] == [{"Key": "team", "Value": "blue"}], user
    [listed] = iam.list_users(PathPrefix="/team/")["Users"]
    assert listed["UserName"] == "ann", listed
    assert "Tags" not in listed, listed
    with aws.moto_may_depart("its messages are its own"):
        with aws.refuses("EntityAlreadyExists", "^User with name ann already exists.$", 409):
            iam.create_user(UserName="ann")
    iam.tag_user(UserName="ann", Tags=[{"Key": "cost", "Value": "1"}])
    iam.untag_user(UserName="ann", TagKeys=["team"])
    assert iam.list_user_tags(UserName="ann")["Tags"] == [{"Key": "cost", "Value": "1"}]
    twice = [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]
    with aws.moto_departs("takes tags twice (CreateUser, TagUser: InvalidInput)"):
        with aws.refuses("InvalidInput", "Duplicate tag keys", 400):
            iam.tag_user(UserName="ann", Tags=twice)
        with aws.refuses("InvalidInput", "Duplicate tag keys", 400):
            iam.create_user(UserName="twice", Tags=twice)
    with aws.moto_departs("counts the tags of one call only (IAM and AWS STS quotas: 50 tags)"):
        with aws.refuses("LimitExceeded", "number of tags", 409):
            iam.tag_user(UserName="ann", Tags=[{"Key": f"k{at}", "Value": "v"} for at in range(50)])
    iam.delete_user(UserName="ann")
    with aws.refuses("NoSuchEntity", "^The user with name ann cannot be found.$", 404):
        iam.get_user(UserName="ann")


@case()
def what_is_not_there_is_not_found(aws):
    iam, arn, document = aws.iam(), f"arn:aws:iam::{aws.accounts[0]}:policy/none", json.dumps(READ)
    for kind, calls in (
        ("user", (
            (iam.get_user, {}), (iam.delete_user, {}), (iam.update_user, {}), (iam.tag_user, {"Tags": [{"Key": "a", "Value": "b"}]}),
            (iam.untag_user, {"TagKeys": ["a"]}), (iam.list_user_tags, {}), (iam.put_user_policy, {"PolicyName": "p", "PolicyDocument": document}),
            (iam.get_user_policy, {"PolicyName": "p"}), (iam.list_user_policies, {}), (iam.delete_user_policy, {"PolicyName": "p"}),
            (iam.attach_user_policy, {"PolicyArn": arn}), (iam.detach_user_policy, {"PolicyArn": arn}), (iam.list_attached_user_policies, {}),
            (iam.put_user_permissions_boundary, {"PermissionsBoundary": arn}), (iam.delete_user_permissions_boundary, {}),
            (iam.create_access_key, {}), (iam.list_access_keys, {}), (iam.list_groups_for_user, {}),
            (iam.update_access_key, {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "Status": "Active"}),
            (iam.delete_access_key, {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}),
        )),
        ("group", (
            (iam.get_group, {}), (iam.delete_group, {}), (iam.update_group, {}), (iam.put_group_policy, {"PolicyName": "p", "PolicyDocument": document}),
            (iam.get_group_policy, {"PolicyName": "p"}), (iam.list_group_policies, {}), (iam.delete_group_policy, {"PolicyName": "p"}),
            (iam.attach_group_policy, {"PolicyArn": arn}), (iam.detach_group_policy, {"PolicyArn": arn}), (iam.list_attached_group_policies, {}),
        )),
    ):
        for call, more in calls:
            with aws.moto_may_depart("its messages are its own"):
                with aws.refuses("NoSuchEntity", f"^The {kind} with name nobody cannot be found.$", 404):
                    call(**{f"{kind.capitalize()}Name": "nobody"}, **more)


@case(moto_departs="takes any key for the same user of the account (Managing access keys for IAM users)")
def a_users_access_keys_sign(aws):
    iam = aws.iam()
    user = iam.create_user(UserName="signer")["User"]
    keys = keys_of(aws, "signer")
    identity = aws.sts(credentials=keys).get_caller_identity()
    assert (identity["Arn"], identity["UserId"]) == (user["Arn"], user["UserId"]), identity
    assert iam.get_access_key_last_used(AccessKeyId=keys["AccessKeyId"])["UserName"] == "signer"
    key = aws.kms().create_key()["KeyMetadata"]["KeyId"]
    denied = f"^User: {user['Arn']} is not authorized to perform: kms:DescribeKey .* because no identity-based policy allows"
    with aws.refuses("AccessDeniedException", denied):
        aws.kms(credentials=keys).describe_key(KeyId=key)
    iam.put_user_policy(UserName="signer", PolicyName="read", PolicyDocument=json.dumps(READ))
    aws.kms(credentials=keys).describe_key(KeyId=key)
    used = iam.get_access_key_last_used(AccessKeyId=keys["AccessKeyId"])["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("kms", "us-west-2"), used
    # A user who calls may leave out its own name, if it may ask at all.
    own = {"Effect": "Allow", "Action": ["iam:GetUser", "iam:ListAccessKeys"], "Resource": user["Arn"]}
    iam.put_user_policy(UserName="signer", PolicyName="own", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [own]}))
    assert aws.iam(credentials=keys).get_user()["User"]["UserName"] == "signer"
    assert len(aws.iam(credentials=keys).list_access_keys()["AccessKeyMetadata"]) == 1
    with aws.refuses("ValidationError", "^Must specify userName when calling with non-User credentials$", 400):
        iam.get_user()
    with aws.refuses("AccessDenied", "iam:DeleteUser on resource: .*:user/signer because no identity-based policy", 403):
        aws.iam(credentials=keys).delete_user(UserName="signer")
    iam.update_access_key(UserName="signer", AccessKeyId=keys["AccessKeyId"], Status="Inactive")
    with aws.refuses("InvalidClientTokenId", "security token included in the request is invalid", 403):
        aws.sts(credentials=keys).get_caller_identity()
    iam.update_access_key(UserName="signer", AccessKeyId=keys["AccessKeyId"], Status="Active")
    # A new name is another ARN of the same user.
    iam.update_user(UserName="signer", NewUserName="renamed", NewPath="/new/")
    identity = aws.sts(credentials=keys).get_caller_identity()
    assert identity["Arn"].endswith(":user/new/renamed") and identity["UserId"] == user["UserId"], identity
    aws.kms(credentials=keys).describe_key(KeyId=key)
    iam.delete_access_key(UserName="renamed", AccessKeyId=keys["AccessKeyId"])
    with aws.refuses("InvalidClientTokenId", "", 403):
        aws.sts(credentials=keys).get_caller_identity()
    with aws.refuses("AccessDenied", "^User: .* is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key AKIA", 403):
        iam.get_access_key_last_used(AccessKeyId=keys["AccessKeyId"])


@case()
def a_user_has_two_access_keys(aws):
    iam = aws.iam()
    iam.create_user(UserName="keys")
    made = sorted(keys_of(aws, "keys")["AccessKeyId"] for _ in range(2))
    assert all(each.startswith("AKIA") and len(each) == 20 for each in made), made
    listed = iam.list_access_keys(UserName="keys")["AccessKeyMetadata"]
    assert sorted(each["AccessKeyId"] for each in listed) == made and {each["Status"] for each in listed} == {"Active"}, listed
    with aws.refuses("LimitExceeded", "^Cannot exceed quota for AccessKeysPerUser: 2$", 409):
        iam.create_access_key(UserName="keys")
    with aws.moto_may_depart("its messages are its own"):
        unused = iam.get_access_key_last_used(AccessKeyId=made[0])["AccessKeyLastUsed"]
        assert (unused["ServiceName"], unused["Region"]) == ("N/A", "N/A"), unused
        missing = {"UserName": "keys", "AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}
        for call, more in ((iam.update_access_key, {"Status": "Active"}), (iam.delete_access_key, {})):
            with aws.refuses("NoSuchEntity", "^The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found.$", 404):
                call(**missing, **more)
        with aws.refuses("InvalidInput", "", 400):
            iam.update_access_key(UserName="keys", AccessKeyId=made[0], Status="Expired")
        with aws.refuses("DeleteConflict", "^Cannot delete entity, must delete access keys first.$", 409):
            iam.delete_user(UserName="keys")
    for each in made:
        iam.delete_access_key(UserName="keys", AccessKeyId=each)
    iam.delete_user(UserName="keys")


@case(moto_departs="takes a new name that is taken (UpdateUser: EntityAlreadyExists)")
def users_are_renamed(aws):
    iam = aws.iam()
    first = iam.create_user(UserName="first")["User"]
    iam.create_user(UserName="second")
    iam.create_group(GroupName="renamed")
    iam.add_user_to_group(GroupName="renamed", UserName="first")
    with aws.refuses("EntityAlreadyExists", "^User with name second already exists.$", 409):
        iam.update_user(UserName="first", NewUserName="second")
    iam.update_user(UserName="first", NewUserName="third", NewPath="/x/")
    third = iam.get_user(UserName="third")["User"]
    assert third["UserId"] == first["UserId"] and third["Arn"].endswith(":user/x/third"), third
    assert [user["UserName"] for user in iam.get_group(GroupName="renamed")["Users"]] == ["third"]
    assert [group["GroupName"] for group in iam.list_groups_for_user(UserName="third")["Groups"]] == ["renamed"]


@case(moto_departs="tells all members at once (GetGroup, MaxItems)")
def groups_and_their_members(aws):
    iam = aws.iam()
    made = iam.create_group(GroupName="Team", Path="/teams/")["Group"]
    assert made["Arn"].endswith(":group/teams/Team"), made
    with aws.moto_departs("has unique ids of its own form (IAM identifiers > Unique identifiers)"):
        assert made["GroupId"].startswith("AGPA"), made
    with aws.moto_may_depart("its messages are its own"):
        with aws.refuses("EntityAlreadyExists", "^Group with name Team already exists.$", 409):
            iam.create_group(GroupName="Team")
    members = ["member1", "member2", "member3"]
    for name in members:
        iam.create_user(UserName=name)
        iam.add_user_to_group(GroupName="Team", UserName=name)
    iam.add_user_to_group(GroupName="Team", UserName="member1")
    assert [user["UserName"] for user in pages_of(iam.get_group, "Users", GroupName="Team")] == members
    assert [group["GroupName"] for group in iam.list_groups(PathPrefix="/teams/")["Groups"]] == ["Team"]
    with aws.moto_may_depart("its messages are its own"):
        for group, user, message in (("Team", "nobody", "user with name nobody"), ("nobody", "member1", "group with name nobody")):
            for call in (iam.add_user_to_group, iam.remove_user_from_group):
                with aws.refuses("NoSuchEntity", f"^The {message} cannot be found.$", 404):
                    call(GroupName=group, UserName=user)
    with aws.refuses("DeleteConflict", "^Cannot delete entity, must remove users from group first.$", 409):
        iam.delete_group(GroupName="Team")
    with aws.moto_departs("deletes users that are in groups (DeleteUser: groups must be left first)"):
        with aws.refuses("DeleteConflict", "^Cannot delete entity, must remove users from group first.$", 409):
            iam.delete_user(UserName="member1")
    iam.create_group(GroupName="Other")
    with aws.moto_may_depart("its messages are its own"):
        with aws.refuses("EntityAlreadyExists", "^Group with name Other already exists.$", 409):
            iam.update_group(GroupName="Team", NewGroupName="Other")
    iam.update_group(GroupName="Team", NewGroupName="Crew", NewPath="/crews/")
    crew = iam.get_group(GroupName="Crew")
    assert crew["Group"]["GroupId"] == made["GroupId"] and len(crew["Users"]) == 3, crew
    for name in members:
        iam.remove_user_from_group(GroupName="Crew", UserName=name)
    with aws.moto_departs("refuses to take out who is not in (RemoveUserFromGroup: no error, as recorded)"):
        iam.remove_user_from_group(GroupName="Crew", UserName="member1")
    iam.delete_group(GroupName="Crew")
    with aws.moto_departs("lets users be in any number of groups (IAM and AWS STS quotas: 10 groups)"):
        for at in range(11):
            iam.create_group(GroupName=f"Many{at}")
            if at < 10:
                iam.add_user_to_group(GroupName=f"Many{at}", UserName="member2")
        with aws.refuses("LimitExceeded", "^Cannot exceed quota for GroupsPerUser: 10$", 409):
            iam.add_user_to_group(GroupName="Many10", UserName="member2")


@case()
def inline_policies_of_users_and_groups(aws):
    iam, document = aws.iam(), json.dumps(READ)
    iam.create_user(UserName="carrier")
    iam.create_group(GroupName="carriers")
    for kind, name, put, get, names, delete, destroy, most in (
        ("User", "carrier", iam.put_user_policy, iam.get_user_policy, iam.list_user_policies, iam.delete_user_policy, iam.delete_user, 2048),
        ("Group", "carriers", iam.put_group_policy, iam.get_group_policy, iam.list_group_policies, iam.delete_group_policy, iam.delete_group, 5120),
    ):
        of = {f"{kind}Name": name}
        put(**of, PolicyName="read", PolicyDocument=document)
        policy = get(**of, PolicyName="read")
        assert (policy[f"{kind}Name"], policy["PolicyName"], policy["PolicyDocument"]) == (name, "read", READ), policy
        assert names(**of)["PolicyNames"] == ["read"]
        with aws.moto_may_depart("bounds nothing, and deletes what carries policies"):
            with aws.refuses("MalformedPolicyDocument", "Syntax errors in policy", 400):
                put(**of, PolicyName="read", PolicyDocument="{}")
            large = {**READ, "Statement": [{**READ["Statement"][0], "Sid": f"S{at}"} for at in range(100)]}
            with aws.refuses("LimitExceeded", f"^Maximum policy size of {most} bytes exceeded for {kind.lower()} {name}$", 409):
                put(**of, PolicyName="read", PolicyDocument=json.dumps(large))
            with aws.refuses("DeleteConflict", "^Cannot delete entity, must delete policies first.$", 409):
                destroy(**of)
        delete(**of, PolicyName="read")
        with aws.moto_may_depart("its messages are its own"):
            for call in (get, delete):
                with aws.refuses("NoSuchEntity", f"^The {kind.lower()} policy with name read cannot be found.$", 404):
                    call(**of, PolicyName="read")
        destroy(**of)


@case(moto_departs="decides nothing by groups' policies for its one user (IAM user groups: members have their policies)")
def a_group_gives_its_policies_to_its_members(aws):
    iam = aws.iam()
    iam.create_user(UserName="grouped")
    iam.create_group(GroupName="Readers")
    iam.put_group_policy(GroupName="Readers", PolicyName="read", PolicyDocument=json.dumps(READ))
    key = aws.kms().create_key()["KeyMetadata"]["KeyId"]
    kms = aws.kms(credentials=keys_of(aws, "grouped"))
    with aws.refuses("AccessDeniedException", "no identity-based policy allows"):
        kms.describe_key(KeyId=key)
    iam.add_user_to_group(GroupName="Readers", UserName="grouped")
    kms.describe_key(KeyId=key)
    iam.update_group(GroupName="Readers", NewGroupName="Lectors")
    kms.describe_key(KeyId=key)
    iam.delete_group_policy(GroupName="Lectors", PolicyName="read")
    with aws.refuses("AccessDeniedException", "no identity-based policy allows"):
        kms.describe_key(KeyId=key)
