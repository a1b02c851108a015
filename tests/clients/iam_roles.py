"""Roles, by the IAM API Reference."""

import json

from contract import case
from session import pages_of

TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:DescribeKey", "Resource": "*"}]}


def new_role(aws, name, trust=TRUST, **more):
    return aws.iam().create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), **more)["Role"]


def trusting_account(account):
    principal = {"AWS": f"arn:aws:iam::{account}:root"}
    actions = ["sts:AssumeRole", "sts:TagSession"]
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": actions}]}


@case()
def a_role_is_what_it_was_made(aws):
    made = new_role(aws, "Whole", Path="/team/", Description="whole", MaxSessionDuration=7200, Tags=[{"Key": "team", "Value": "blue"}])
    assert made["RoleId"].startswith("AROA") and len(made["RoleId"]) == 21, made
    assert made["Arn"] == f"arn:aws:iam::{aws.accounts[0]}:role/team/Whole", made
    assert made["AssumeRolePolicyDocument"] == TRUST and made["Tags"] == [{"Key": "team", "Value": "blue"}], made
    role = aws.iam().get_role(RoleName="Whole")["Role"]
    assert role["RoleId"] == made["RoleId"] and role["AssumeRolePolicyDocument"] == TRUST, role
    assert (role["Description"], role["MaxSessionDuration"], role["Path"]) == ("whole", 7200, "/team/"), role
    assert role["RoleLastUsed"] == {}, role
    [listed] = aws.iam().list_roles(PathPrefix="/team/")["Roles"]
    assert listed["RoleName"] == "Whole" and listed["MaxSessionDuration"] == 7200, listed
    assert "Tags" not in listed and "RoleLastUsed" not in listed, listed


@case()
def a_role_is_updated(aws):
    new_role(aws, "Updated")
    aws.iam().update_role(RoleName="Updated", Description="new", MaxSessionDuration=3601)
    assert aws.iam().update_role_description(RoleName="Updated", Description="newer")["Role"]["Description"] == "newer"
    trust = trusting_account(aws.accounts[0])
    aws.iam().update_assume_role_policy(RoleName="Updated", PolicyDocument=json.dumps(trust))
    role = aws.iam().get_role(RoleName="Updated")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("newer", 3601), role
    assert role["AssumeRolePolicyDocument"] == trust, role


@case()
def names_are_taken_once_and_without_case(aws):
    new_role(aws, "Taken")
    with aws.refuses("EntityAlreadyExists", "^Role with name Taken already exists.$", 409):
        new_role(aws, "Taken")
    with aws.moto_departs("takes names that differ by case (IAM name requirements: unique without case)"):
        with aws.refuses("EntityAlreadyExists", "^Role with name TAKEN already exists.$", 409):
            new_role(aws, "TAKEN")


@case()
def what_is_not_there_is_not_found(aws):
    iam, missing = aws.iam(), "^The role with name Nobody cannot be found.$"
    named = {"RoleName": "Nobody"}
    arn = f"arn:aws:iam::{aws.accounts[0]}:policy/none"
    document = json.dumps(READ)
    for call, more in (
        (iam.get_role, {}), (iam.delete_role, {}), (iam.update_role, {}), (iam.update_role_description, {"Description": "x"}),
        (iam.update_assume_role_policy, {"PolicyDocument": json.dumps(TRUST)}),
        (iam.tag_role, {"Tags": [{"Key": "a", "Value": "b"}]}), (iam.untag_role, {"TagKeys": ["a"]}), (iam.list_role_tags, {}),
        (iam.put_role_policy, {"PolicyName": "p", "PolicyDocument": document}), (iam.get_role_policy, {"PolicyName": "p"}),
        (iam.list_role_policies, {}), (iam.delete_role_policy, {"PolicyName": "p"}),
        (iam.attach_role_policy, {"PolicyArn": arn}), (iam.detach_role_policy, {"PolicyArn": arn}),
        (iam.list_attached_role_policies, {}), (iam.list_instance_profiles_for_role, {}),
        (iam.put_role_permissions_boundary, {"PermissionsBoundary": arn}), (iam.delete_role_permissions_boundary, {}),
        (iam.delete_service_linked_role, {}),
    ):
        with aws.moto_may_depart("its messages are its own"):
            with aws.refuses("NoSuchEntity", missing, 404):
                call(**named, **more)


@case()
def trust_policies_are_read_as_they_are_put(aws):
    for trust, message in (
        ("{", "^This policy contains invalid Json$"),
        (json.dumps({**TRUST, "Statement": [{**TRUST["Statement"][0], "Resource": "*"}]}), "^Has prohibited field Resource$"),
        (json.dumps({**TRUST, "Statement": [{**TRUST["Statement"][0], "Action": "kms:Encrypt"}]}), "only specify STS AssumeRole actions"),
    ):
        with aws.moto_may_depart("reads trust policies less strictly"):
            with aws.refuses("MalformedPolicyDocument", message, 400):
                aws.iam().create_role(RoleName="Refused", AssumeRolePolicyDocument=trust)
    new_role(aws, "Malformed")
    with aws.moto_may_depart("its messages are its own"):
        with aws.refuses("MalformedPolicyDocument", "^This policy contains invalid Json$", 400):
            aws.iam().update_assume_role_policy(RoleName="Malformed", PolicyDocument="{")
    nobody = {"AWS": f"arn:aws:iam::{aws.accounts[0]}:role/NotThere"}
    unknown = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": nobody}]}
    with aws.moto_departs("takes principals that are not there (Principal: a role must exist when the policy is saved)"):
        with aws.refuses("MalformedPolicyDocument", 'Invalid principal in policy: "AWS":"arn:aws:iam::.*:role/NotThere"', 400):
            new_role(aws, "Unknown", unknown)
    large = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Sid": f"S{at}"} for at in range(30)]}
    with aws.moto_departs("takes trust policies of any size (IAM and AWS STS quotas: 2,048 characters)"):
        with aws.refuses("LimitExceeded", "^Cannot exceed quota for ACLSizePerRole: 2048$", 409):
            new_role(aws, "Large", large)
        with aws.refuses("LimitExceeded", "^Cannot exceed quota for ACLSizePerRole: 2048$", 409):
            aws.iam().update_assume_role_policy(RoleName="Malformed", PolicyDocument=json.dumps(large))


@case()
def inputs_are_held_against_the_model(aws):
    with aws.moto_may_depart("validates in words of its own"):
        for more, message in (
            ({"RoleName": "a" * 65}, "'roleName' failed .* less than or equal to 64"),
            ({"RoleName": "a b"}, "^The specified value for roleName is invalid. It must contain only alphanumeric "),
            ({"RoleName": "a", "Path": "team"}, "^The specified value for path is invalid. It must begin and end with / "),
            ({"RoleName": "a", "MaxSessionDuration": 3599}, "'maxSessionDuration' failed .* greater than or equal to 3600"),
            ({"RoleName": "a", "MaxSessionDuration": 43201}, "'maxSessionDuration' failed .* less than or equal to 43200"),
        ):
            with aws.refuses("ValidationError", message, 400):
                aws.iam().create_role(AssumeRolePolicyDocument=json.dumps(TRUST), **more)
    with aws.moto_departs("takes any path (CreateServiceLinkedRole: the path is of service-linked roles)"):
        with aws.refuses("InvalidInput", "aws-service-role", 400):
            new_role(aws, "a", Path="/aws-service-role/eks.amazonaws.com/")


@case()
def tags_are_kept_without_case(aws):
    iam = aws.iam()
    new_role(aws, "Tagged")
    iam.tag_role(RoleName="Tagged", Tags=[{"Key": "team", "Value": "blue"}, {"Key": "cost", "Value": ""}])
    with aws.moto_departs("tells keys of different case apart (Tags for IAM resources: keys are not case sensitive)"):
        iam.tag_role(RoleName="Tagged", Tags=[{"Key": "TEAM", "Value": "red"}])
        assert iam.list_role_tags(RoleName="Tagged")["Tags"] == [{"Key": "cost", "Value": ""}, {"Key": "TEAM", "Value": "red"}]
        iam.untag_role(RoleName="Tagged", TagKeys=["team"])
        assert iam.list_role_tags(RoleName="Tagged")["Tags"] == [{"Key": "cost", "Value": ""}]
    twice = [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]
    with aws.refuses("InvalidInput", "^Duplicate tag keys found. Please note that Tag keys are case insensitive.$", 400):
        iam.tag_role(RoleName="Tagged", Tags=twice)
    with aws.refuses("InvalidInput", "^Duplicate tag keys found", 400):
        new_role(aws, "TaggedTwice", Tags=twice)
    many = [{"Key": f"k{at}", "Value": "v"} for at in range(51)]
    with aws.moto_may_depart("tells the bound otherwise"):
        with aws.refuses("ValidationError", "'tags' failed .* less than or equal to 50", 400):
            iam.tag_role(RoleName="Tagged", Tags=many)
    iam.untag_role(RoleName="Tagged", TagKeys=["cost"])
    iam.tag_role(RoleName="Tagged", Tags=many[:50])
    with aws.moto_departs("counts the tags of one call only (IAM and AWS STS quotas: 50 tags)"):
        with aws.refuses("LimitExceeded", "^The number of tags has reached the maximum limit.$", 409):
            iam.tag_role(RoleName="Tagged", Tags=many[50:])
        assert len(pages_of(iam.list_role_tags, "Tags", RoleName="Tagged")) == 50


@case()
def inline_policies_of_a_role(aws):
    iam, document = aws.iam(), json.dumps(READ)
    new_role(aws, "Inline")
    for name in ("one", "two"):
        iam.put_role_policy(RoleName="Inline", PolicyName=name, PolicyDocument=document)
    policy = iam.get_role_policy(RoleName="Inline", PolicyName="one")
    assert (policy["RoleName"], policy["PolicyName"], policy["PolicyDocument"]) == ("Inline", "one", READ), policy
    assert pages_of(iam.list_role_policies, "PolicyNames", RoleName="Inline") == ["one", "two"]
    with aws.refuses("MalformedPolicyDocument", "Syntax errors in policy", 400):
        iam.put_role_policy(RoleName="Inline", PolicyName="three", PolicyDocument="{}")
    large = {**READ, "Statement": [{**READ["Statement"][0], "Sid": f"S{at}"} for at in range(200)]}
    with aws.moto_departs("takes inline policies of any size (IAM and AWS STS quotas: 10,240 characters of a role)"):
        with aws.refuses("LimitExceeded", "^Maximum policy size of 10240 bytes exceeded for role Inline$", 409):
            iam.put_role_policy(RoleName="Inline", PolicyName="two", PolicyDocument=json.dumps(large))
    with aws.refuses("DeleteConflict", "^Cannot delete entity, must delete policies first.$", 409):
        iam.delete_role(RoleName="Inline")
    for name in ("one", "two"):
        iam.delete_role_policy(RoleName="Inline", PolicyName=name)
    gone = "^The role policy with name one cannot be found.$"
    with aws.moto_may_depart("its messages are its own"):
        with aws.refuses("NoSuchEntity", gone, 404):
            iam.get_role_policy(RoleName="Inline", PolicyName="one")
        with aws.refuses("NoSuchEntity", gone, 404):
            iam.delete_role_policy(RoleName="Inline", PolicyName="one")
    iam.delete_role(RoleName="Inline")


@case()
def lists_come_in_pages(aws):
    names = [f"Page{at}" for at in range(5)]
    for name in names:
        new_role(aws, name, Path="/pages/")
    found = [role["RoleName"] for role in pages_of(aws.iam().list_roles, "Roles", PathPrefix="/pages/")]
    assert sorted(found) == names, found
    with aws.moto_may_depart("lists in no order"):
        assert found == names, found
    with aws.moto_may_depart("answers a marker that is none with a server error"):
        with aws.refuses("ValidationError", "^Invalid Marker.$", 400):
            aws.iam().list_roles(Marker="!")


@case(moto_departs="does not ask the trust policy of whoever calls (Roles terms and concepts: both must allow)")
def a_role_is_assumed_at_once_and_its_policies_decide(aws):
    iam, account = aws.iam(), aws.accounts[0]
    role = new_role(aws, "Assumed", trusting_account(account), MaxSessionDuration=3600)
    begin = {"RoleArn": role["Arn"], "RoleSessionName": "me"}
    session = aws.sts().assume_role(**begin)
    assert session["AssumedRoleUser"]["AssumedRoleId"] == f"{role['RoleId']}:me", session
    with aws.refuses("ValidationError", "exceeds the MaxSessionDuration set for this role"):
        aws.sts().assume_role(**begin, DurationSeconds=3601)
    key = aws.kms().create_key()["KeyMetadata"]["KeyId"]
    kms = aws.kms(credentials=session["Credentials"])
    denied = "not authorized to perform: kms:DescribeKey .* because no identity-based policy allows the kms:DescribeKey action"
    with aws.refuses("AccessDeniedException", denied):
        kms.describe_key(KeyId=key)
    iam.put_role_policy(RoleName="Assumed", PolicyName="read", PolicyDocument=json.dumps(READ))
    kms.describe_key(KeyId=key)
    used = iam.get_role(RoleName="Assumed")["Role"]["RoleLastUsed"]
    assert used["Region"] == "us-west-2" and "LastUsedDate" in used, used
    iam.delete_role_policy(RoleName="Assumed", PolicyName="read")
    with aws.refuses("AccessDeniedException", denied):
        kms.describe_key(KeyId=key)
    # Nobody is the role any more when it is gone, nor when there is another of its name.
    iam.delete_role(RoleName="Assumed")
    with aws.refuses("UnrecognizedClientException"):
        kms.describe_key(KeyId=key)
    with aws.refuses("AccessDenied", "not authorized to perform: sts:AssumeRole on resource: "):
        aws.sts().assume_role(**begin)
    again = new_role(aws, "Assumed", trusting_account(account))
    assert again["RoleId"] != role["RoleId"] and again["Arn"] == role["Arn"], again
    with aws.refuses("UnrecognizedClientException"):
        kms.describe_key(KeyId=key)
    aws.sts().assume_role(**begin)


@case(moto_departs="knows no unique ids in trust policies (IAM role principals: a deleted one shows its unique id)")
def a_trust_policy_means_whom_it_meant_when_it_was_saved(aws):
    trusted = new_role(aws, "Trusted", trusting_account(aws.accounts[0]))
    by_name = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": {"AWS": trusted["Arn"]}}]}
    trusting = new_role(aws, "Trusting", by_name)
    assume = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]}

    def as_trusted():
        aws.iam().put_role_policy(RoleName="Trusted", PolicyName="assume", PolicyDocument=json.dumps(assume))
        session = aws.sts().assume_role(RoleArn=trusted["Arn"], RoleSessionName="me")["Credentials"]
        return aws.sts(credentials=session)

    as_trusted().assume_role(RoleArn=trusting["Arn"], RoleSessionName="me")
    aws.iam().delete_role_policy(RoleName="Trusted", PolicyName="assume")
    aws.iam().delete_role(RoleName="Trusted")
    new_role(aws, "Trusted", trusting_account(aws.accounts[0]))
    told = aws.iam().get_role(RoleName="Trusting")["Role"]["AssumeRolePolicyDocument"]
    assert told["Statement"][0]["Principal"] == {"AWS": trusted["RoleId"]}, told
    with aws.refuses("AccessDenied", "sts:AssumeRole", 403):
        as_trusted().assume_role(RoleArn=trusting["Arn"], RoleSessionName="me")
    aws.iam().update_assume_role_policy(RoleName="Trusting", PolicyDocument=json.dumps(by_name))
    as_trusted().assume_role(RoleArn=trusting["Arn"], RoleSessionName="me")


@case()
def service_linked_roles_are_their_services(aws):
    iam = aws.iam()
    made = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com", Description="launches")["Role"]
    name, arn = "AWSServiceRoleForAutoScaling", f"arn:aws:iam::{aws.accounts[0]}:role/aws-service-role/autoscaling.amazonaws.com"
    assert made["RoleName"] == name and made["Arn"] == f"{arn}/{name}", made
    principal = made["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"]
    assert principal in ("autoscaling.amazonaws.com", ["autoscaling.amazonaws.com"]), made
    with aws.moto_departs("makes a role twice (CreateServiceLinkedRole: InvalidInput)"):
        with aws.refuses("InvalidInput", f"^Service role name {name} has been taken in this account", 400):
            iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
        suffixed = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com", CustomSuffix="mine")["Role"]
        assert suffixed["RoleName"] == f"{name}_mine", suffixed
    with aws.moto_departs("makes a role for any service (AWS services that work with IAM)"):
        with aws.refuses("AccessDenied", "^Cannot find Service Linked Role template for nobody.amazonaws.com$", 403):
            iam.create_service_linked_role(AWSServiceName="nobody.amazonaws.com")
    with aws.moto_departs("lets customers change it (Create a service-linked role: only its service does)"):
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        assert [each["PolicyName"] for each in attached] == ["AutoScalingServiceRolePolicy"], attached
        protected = f"^Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS$"
        aws_policy = "arn:aws:iam::aws:policy/ReadOnlyAccess"
        iam.create_instance_profile(InstanceProfileName="Protected")
        for call, more in (
            (iam.delete_role, {}), (iam.update_role, {"MaxSessionDuration": 7200}),
            (iam.update_assume_role_policy, {"PolicyDocument": json.dumps(TRUST)}),
            (iam.put_role_policy, {"PolicyName": "p", "PolicyDocument": json.dumps(READ)}),
            (iam.delete_role_policy, {"PolicyName": "p"}),
            (iam.attach_role_policy, {"PolicyArn": aws_policy}), (iam.detach_role_policy, {"PolicyArn": attached[0]["PolicyArn"]}),
            (iam.put_role_permissions_boundary, {"PermissionsBoundary": aws_policy}), (iam.delete_role_permissions_boundary, {}),
            (iam.add_role_to_instance_profile, {"InstanceProfileName": "Protected"}),
            (iam.remove_role_from_instance_profile, {"InstanceProfileName": "Protected"}),
        ):
            with aws.refuses("UnmodifiableEntity", protected, 400):
                call(RoleName=name, **more)
        task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
        assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
        with aws.refuses("NoSuchEntity"):
            iam.get_role(RoleName=name)
        with aws.refuses("NoSuchEntity"):
            iam.get_service_linked_role_deletion_status(DeletionTaskId=task[:-12] + "0" * 12)
        with aws.refuses("InvalidInput"):
            iam.get_service_linked_role_deletion_status(DeletionTaskId="task")


@case(moto_departs="lists no tags of instance profiles (ListInstanceProfileTags)")
def instance_profiles_hold_one_role(aws):
    iam = aws.iam()
    made = iam.create_instance_profile(InstanceProfileName="Nodes", Path="/nodes/", Tags=[{"Key": "a", "Value": "b"}])["InstanceProfile"]
    assert made["Roles"] == [], made
    with aws.moto_departs("has unique ids of its own form (IAM identifiers > Unique identifiers)"):
        assert made["InstanceProfileId"].startswith("AIPA"), made
    assert made["Arn"] == f"arn:aws:iam::{aws.accounts[0]}:instance-profile/nodes/Nodes", made
    with aws.refuses("EntityAlreadyExists", "^Instance Profile Nodes already exists.$", 409):
        iam.create_instance_profile(InstanceProfileName="Nodes")
    for name in ("NodeRole", "OtherRole"):
        new_role(aws, name)
    add = {"InstanceProfileName": "Nodes", "RoleName": "NodeRole"}
    iam.add_role_to_instance_profile(**add)
    profile = iam.get_instance_profile(InstanceProfileName="Nodes")["InstanceProfile"]
    assert [role["RoleName"] for role in profile["Roles"]] == ["NodeRole"] and profile["Tags"] == [{"Key": "a", "Value": "b"}], profile
    with aws.moto_may_depart("counts roles otherwise"):
        with aws.refuses("LimitExceeded", "^Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1$", 409):
            iam.add_role_to_instance_profile(InstanceProfileName="Nodes", RoleName="OtherRole")
    assert [each["InstanceProfileName"] for each in iam.list_instance_profiles(PathPrefix="/nodes/")["InstanceProfiles"]] == ["Nodes"]
    assert [each["InstanceProfileName"] for each in iam.list_instance_profiles_for_role(RoleName="NodeRole")["InstanceProfiles"]] == ["Nodes"]
    with aws.refuses("DeleteConflict", "^Cannot delete entity, must remove roles from instance profile first.$", 409):
        iam.delete_instance_profile(InstanceProfileName="Nodes")
    with aws.refuses("DeleteConflict", "^Cannot delete entity, must remove roles from instance profile first.$", 409):
        iam.delete_role(RoleName="NodeRole")
    with aws.moto_may_depart("its messages are its own"):
        with aws.refuses("NoSuchEntity", "^Role OtherRole in Instance Profile Nodes cannot be found.$", 404):
            iam.remove_role_from_instance_profile(InstanceProfileName="Nodes", RoleName="OtherRole")
    iam.remove_role_from_instance_profile(**add)
    iam.tag_instance_profile(InstanceProfileName="Nodes", Tags=[{"Key": "c", "Value": "d"}])
    iam.untag_instance_profile(InstanceProfileName="Nodes", TagKeys=["a"])
    assert iam.list_instance_profile_tags(InstanceProfileName="Nodes")["Tags"] == [{"Key": "c", "Value": "d"}]
    twice = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    with aws.refuses("InvalidInput", "^Duplicate tag keys found.", 400):
        iam.tag_instance_profile(InstanceProfileName="Nodes", Tags=twice)
    with aws.refuses("InvalidInput", "^Duplicate tag keys found.", 400):
        iam.create_instance_profile(InstanceProfileName="Twice", Tags=twice)
    with aws.moto_departs("counts the tags of one call only (IAM and AWS STS quotas: 50 tags)"):
        with aws.refuses("LimitExceeded", "number of tags", 409):
            iam.tag_instance_profile(InstanceProfileName="Nodes", Tags=[{"Key": f"k{at}", "Value": "v"} for at in range(50)])
    iam.delete_instance_profile(InstanceProfileName="Nodes")
    missing = "^Instance Profile Nodes cannot be found.$"
    named = {"InstanceProfileName": "Nodes"}
    for call, more in (
        (iam.get_instance_profile, {}), (iam.delete_instance_profile, {}), (iam.tag_instance_profile, {"Tags": twice[:1]}),
        (iam.untag_instance_profile, {"TagKeys": ["a"]}), (iam.list_instance_profile_tags, {}),
        (iam.add_role_to_instance_profile, {"RoleName": "NodeRole"}), (iam.remove_role_from_instance_profile, {"RoleName": "NodeRole"}),
    ):
        with aws.moto_may_depart("its messages are its own"):
            with aws.refuses("NoSuchEntity", missing, 404):
                call(**named, **more)
