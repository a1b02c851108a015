"""Managed policies, boundaries and the simulator, by the IAM API Reference."""

import json

from contract import case
from session import pages_of
from iam_roles import new_role, trusting_account
from iam_users import keys_of


def allow(*actions, **more):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}]}


READ = allow("kms:DescribeKey")


def new_policy(aws, name, document=READ, **more):
    return aws.iam().create_policy(PolicyName=name, PolicyDocument=json.dumps(document), **more)["Policy"]


@case(moto_departs="deletes a policy that has versions (DeletePolicy: DeleteConflict)")
def a_policy_and_its_versions(aws):
    iam = aws.iam()
    made = new_policy(aws, "Versions", Path="/team/", Description="versions", Tags=[{"Key": "a", "Value": "b"}])
    arn = made["Arn"]
    assert arn == f"arn:aws:iam::{aws.accounts[0]}:policy/team/Versions", made
    with aws.moto_departs("has unique ids of its own form (IAM identifiers > Unique identifiers)"):
        assert made["PolicyId"].startswith("ANPA"), made
    assert (made["DefaultVersionId"], made["AttachmentCount"], made["IsAttachable"]) == ("v1", 0, True), made
    told = iam.get_policy(PolicyArn=arn)["Policy"]
    assert told["Description"] == "versions" and told["Tags"] == [{"Key": "a", "Value": "b"}], told
    with aws.refuses("EntityAlreadyExists", "^A policy called Versions already exists. Duplicate names are not allowed.$", 409):
        new_policy(aws, "Versions", Path="/team/")
    for number in range(2, 6):
        version = iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(READ), SetAsDefault=number == 2)["PolicyVersion"]
        assert (version["VersionId"], version["IsDefaultVersion"]) == (f"v{number}", number == 2), version
    limit = "^A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.$"
    with aws.refuses("LimitExceeded", limit, 409):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(READ))
    with aws.moto_departs("tells the oldest first (ListPolicyVersions, as recorded: the newest)"):
        assert [each["VersionId"] for each in pages_of(iam.list_policy_versions, "Versions", PolicyArn=arn)] == ["v5", "v4", "v3", "v2", "v1"]
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]
    assert version["Document"] == READ and version["IsDefaultVersion"], version
    with aws.refuses("DeleteConflict", "^Cannot delete the default version of a policy.$", 409):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    with aws.refuses("DeleteConflict", "^This policy has more than one version. Before you delete a policy, you must delete", 409):
        iam.delete_policy(PolicyArn=arn)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v5")
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v5"
    for number in range(1, 5):
        iam.delete_policy_version(PolicyArn=arn, VersionId=f"v{number}")
    assert iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(READ))["PolicyVersion"]["VersionId"] == "v6"
    iam.delete_policy_version(PolicyArn=arn, VersionId="v6")
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    iam.untag_policy(PolicyArn=arn, TagKeys=["a"])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == [{"Key": "c", "Value": "d"}]
    with aws.moto_departs("counts the tags of one call only (IAM and AWS STS quotas: 50 tags)"):
        with aws.refuses("LimitExceeded", "number of tags", 409):
            iam.tag_policy(PolicyArn=arn, Tags=[{"Key": f"k{at}", "Value": "v"} for at in range(50)])
    iam.delete_policy(PolicyArn=arn)


@case()
def policies_are_refused_in_aws_words(aws):
    iam = aws.iam()
    arn, none = new_policy(aws, "Refused")["Arn"], f"arn:aws:iam::{aws.accounts[0]}:policy/none"
    twice = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    with aws.refuses("InvalidInput", "^Duplicate tag keys found.", 400):
        new_policy(aws, "Twice", Tags=twice)
    with aws.refuses("InvalidInput", "^Duplicate tag keys found.", 400):
        iam.tag_policy(PolicyArn=arn, Tags=twice)
    large = {**READ, "Statement": [{**READ["Statement"][0], "Sid": f"S{at}"} for at in range(120)]}
    for put in (
        lambda document: iam.create_policy(PolicyName="Large", PolicyDocument=document),
        lambda document: iam.create_policy_version(PolicyArn=arn, PolicyDocument=document),
    ):
        with aws.moto_may_depart("reads policies otherwise"):
            with aws.refuses("MalformedPolicyDocument", "^Syntax errors in policy.$", 400):
                put("{}")
            with aws.refuses("MalformedPolicyDocument", "^Policy document must be version 2012-10-17 or greater.$", 400):
                put(json.dumps({**READ, "Version": "2008-10-17"}))
            with aws.refuses("LimitExceeded", "^Cannot exceed quota for PolicySize: 6144$", 409):
                put(json.dumps(large))
    with aws.moto_may_depart("its messages are its own"):
        for call, more in (
            (iam.get_policy, {}), (iam.delete_policy, {}), (iam.create_policy_version, {"PolicyDocument": json.dumps(READ)}),
            (iam.list_policy_versions, {}), (iam.list_entities_for_policy, {}), (iam.tag_policy, {"Tags": twice[:1]}),
            (iam.untag_policy, {"TagKeys": ["a"]}), (iam.list_policy_tags, {}),
        ):
            with aws.refuses("NoSuchEntity", f"^Policy {none} was not found.$", 404):
                call(PolicyArn=none, **more)
            with aws.refuses("InvalidInput", "^ARN this-is-none-of-a-policy is not valid.$", 400):
                call(PolicyArn="this-is-none-of-a-policy", **more)
        for call in (iam.get_policy_version, iam.delete_policy_version, iam.set_default_policy_version):
            for policy, version in ((none, "v1"), (arn, "v9")):
                with aws.refuses("NoSuchEntity", f"^Policy {policy} version {version} does not exist or is not attachable.$", 404):
                    call(PolicyArn=policy, VersionId=version)
            with aws.refuses("InvalidInput", "is not valid", 400):
                call(PolicyArn="this-is-none-of-a-policy", VersionId="v1")
            with aws.refuses("ValidationError", "'versionId' failed .* regular expression pattern", 400):
                call(PolicyArn=arn, VersionId="1")


@case(moto_departs="says otherwise what is no ARN of a policy (AttachRolePolicy, as recorded)")
def policies_are_attached_and_counted(aws):
    iam = aws.iam()
    new_role(aws, "Attached")
    iam.create_user(UserName="attached")
    iam.create_group(GroupName="attached")
    arn = new_policy(aws, "Attached")["Arn"]
    none = f"arn:aws:iam::{aws.accounts[0]}:policy/none"
    fillers = [new_policy(aws, f"Filler{at}", Path="/fill/")["Arn"] for at in range(10)]
    for kind, name, attach, detach, attached, destroy in (
        ("Role", "Attached", iam.attach_role_policy, iam.detach_role_policy, iam.list_attached_role_policies, iam.delete_role),
        ("User", "attached", iam.attach_user_policy, iam.detach_user_policy, iam.list_attached_user_policies, iam.delete_user),
        ("Group", "attached", iam.attach_group_policy, iam.detach_group_policy, iam.list_attached_group_policies, iam.delete_group),
    ):
        of = {f"{kind}Name": name}
        attach(**of, PolicyArn=arn)
        attach(**of, PolicyArn=arn)
        assert attached(**of)["AttachedPolicies"] == [{"PolicyName": "Attached", "PolicyArn": arn}]
        with aws.refuses("DeleteConflict", "^Cannot delete entity, must detach all policies first.$", 409):
            destroy(**of)
        with aws.refuses("NoSuchEntity", f"^Policy {none} does not exist or is not attachable.$", 404):
            attach(**of, PolicyArn=none)
        with aws.refuses("NoSuchEntity", f"^Policy {none} was not found.$", 404):
            detach(**of, PolicyArn=none)
        for call in (attach, detach):
            with aws.refuses("ValidationError", "^ARN this-is-none-of-a-policy is not valid.$", 400):
                call(**of, PolicyArn="this-is-none-of-a-policy")
        for each in fillers[:9]:
            attach(**of, PolicyArn=each)
        with aws.refuses("LimitExceeded", f"^Cannot exceed quota for PoliciesPer{kind}: 10$", 409):
            attach(**of, PolicyArn=fillers[9])
        assert len(pages_of(attached, "AttachedPolicies", **of)) == 10
        assert len(attached(**of, PathPrefix="/fill/")["AttachedPolicies"]) == 9
        with aws.refuses("PolicyNotAttachable", "Service Role Policy", 400):
            attach(**of, PolicyArn="arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy")
        for each in fillers[:9]:
            detach(**of, PolicyArn=each)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 3
    entities = iam.list_entities_for_policy(PolicyArn=arn)
    assert [each["RoleName"] for each in entities["PolicyRoles"]] == ["Attached"], entities
    assert [each["UserName"] for each in entities["PolicyUsers"]] == ["attached"], entities
    assert [each["GroupName"] for each in entities["PolicyGroups"]] == ["attached"], entities
    only = iam.list_entities_for_policy(PolicyArn=arn, EntityFilter="Role")
    assert only["PolicyRoles"] and not only["PolicyUsers"] and not only["PolicyGroups"], only
    with aws.refuses("DeleteConflict", "^Cannot delete a policy attached to entities.$", 409):
        iam.delete_policy(PolicyArn=arn)
    local = [each["PolicyName"] for each in pages_of(iam.list_policies, "Policies", Scope="Local", OnlyAttached=True)]
    assert "Attached" in local and "Filler0" not in local, local
    assert [each["PolicyName"] for each in iam.list_policies(Scope="Local", PathPrefix="/fill/")["Policies"]] == [f"Filler{at}" for at in range(10)]
    iam.detach_role_policy(RoleName="Attached", PolicyArn=arn)
    iam.detach_user_policy(UserName="attached", PolicyArn=arn)
    iam.detach_group_policy(GroupName="attached", PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)


WORKER = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"


@case()
def policies_of_aws_are_as_aws_publishes_them(aws):
    iam = aws.iam()
    policy = iam.get_policy(PolicyArn=WORKER)["Policy"]
    assert (policy["PolicyName"], policy["Path"], policy["DefaultVersionId"]) == ("AmazonEKSWorkerNodePolicy", "/", "v3"), policy
    assert policy["IsAttachable"] and policy["AttachmentCount"] == 0 and len(policy["PolicyId"]) == 21, policy
    times = [f"{policy[member]:%Y-%m-%dT%H:%M:%SZ}" for member in ("CreateDate", "UpdateDate")]
    assert times == ["2018-05-27T21:09:01Z", "2023-11-27T00:06:13Z"], times
    with aws.moto_may_depart("tells no version of a policy of AWS as its default"):
        [version] = iam.list_policy_versions(PolicyArn=WORKER)["Versions"]
        assert (version["VersionId"], version["IsDefaultVersion"]) == ("v3", True), version
    document = iam.get_policy_version(PolicyArn=WORKER, VersionId="v3")["PolicyVersion"]["Document"]
    assert "eks-auth:AssumeRoleForPodIdentity" in document["Statement"][0]["Action"], document
    names = [each["PolicyName"] for page in iam.get_paginator("list_policies").paginate(Scope="AWS") for each in page["Policies"]]
    assert len(names) == len(set(names)) > 1500 and "ReadOnlyAccess" in names, len(names)
    listed = iam.list_policies(Scope="AWS", PathPrefix="/job-function/")["Policies"]
    assert "ViewOnlyAccess" in [each["PolicyName"] for each in listed] and {each["Path"] for each in listed} == {"/job-function/"}, listed
    everything = pages_of(lambda **more: iam.list_policies(PathPrefix="/job-function/", **more), "Policies")
    assert [each["Arn"] for each in everything] == [each["Arn"] for each in listed], everything


@case()
def policies_of_aws_are_attached_like_any_others(aws):
    iam = aws.iam()
    new_role(aws, "OfAws")
    iam.attach_role_policy(RoleName="OfAws", PolicyArn=WORKER)
    assert iam.get_policy(PolicyArn=WORKER)["Policy"]["AttachmentCount"] == 1
    assert WORKER in [each["Arn"] for each in iam.list_policies(Scope="AWS", OnlyAttached=True)["Policies"]]
    assert [each["RoleName"] for each in iam.list_entities_for_policy(PolicyArn=WORKER)["PolicyRoles"]] == ["OfAws"]
    details = iam.get_account_authorization_details(Filter=["AWSManagedPolicy"])
    assert not details["RoleDetailList"], details
    with aws.moto_departs("tells all policies of AWS, and not those that are in use (GetAccountAuthorizationDetails)"):
        assert all(each["AttachmentCount"] + each["PermissionsBoundaryUsageCount"] for each in details["Policies"]), details
        [told] = [each for each in details["Policies"] if each["Arn"] == WORKER]
        assert told["PolicyVersionList"][0]["Document"]["Statement"], told
    with aws.moto_departs("takes them for the account's (Service Authorization Reference: a policy of AWS is no resource of the account)"):
        with aws.refuses("AccessDenied", "iam:DeletePolicy", 403):
            iam.delete_policy(PolicyArn="arn:aws:iam::aws:policy/AWSDenyAll")
    none = "arn:aws:iam::aws:policy/AmazonNothingAccess"
    with aws.moto_may_depart("its messages are its own"):
        with aws.refuses("NoSuchEntity", f"^Policy {none} does not exist or is not attachable.$", 404):
            iam.attach_role_policy(RoleName="OfAws", PolicyArn=none)
        with aws.refuses("NoSuchEntity", f"^Policy {none} was not found.$", 404):
            iam.get_policy(PolicyArn=none)
    iam.detach_role_policy(RoleName="OfAws", PolicyArn=WORKER)
    assert iam.get_policy(PolicyArn=WORKER)["Policy"]["AttachmentCount"] == 0


@case(moto_departs="decides by its own rules for its one user (AWS managed policies)")
def policies_of_aws_decide(aws):
    iam, read = aws.iam(), "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    trust = json.dumps(trusting_account(aws.accounts[0]))
    iam.create_role(RoleName="Reads", AssumeRolePolicyDocument=trust)
    session = aws.sts().assume_role(RoleArn=f"arn:aws:iam::{aws.accounts[0]}:role/Reads", RoleSessionName="me")["Credentials"]
    reader = aws.iam(credentials=session)
    with aws.refuses("AccessDenied", "no identity-based policy allows the iam:GetRole action", 403):
        reader.get_role(RoleName="Reads")
    iam.attach_role_policy(RoleName="Reads", PolicyArn=read)
    assert reader.get_role(RoleName="Reads")["Role"]["RoleName"] == "Reads"
    with aws.refuses("AccessDenied", "no identity-based policy allows the iam:DeleteRole action", 403):
        reader.delete_role(RoleName="Reads")
    source = f"arn:aws:iam::{aws.accounts[0]}:role/Reads"
    [said] = iam.simulate_principal_policy(PolicySourceArn=source, ActionNames=["iam:ListUsers"])["EvaluationResults"]
    assert said["EvalDecision"] == "allowed", said
    assert (said["MatchedStatements"][0]["SourcePolicyId"], said["MatchedStatements"][0]["SourcePolicyType"]) == ("IAMReadOnlyAccess", "aws-managed"), said
    iam.put_role_permissions_boundary(RoleName="Reads", PermissionsBoundary="arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess")
    with aws.refuses("AccessDenied", "no permissions boundary allows the iam:GetRole action", 403):
        reader.get_role(RoleName="Reads")


@case(moto_departs="decides by its own rules for its one user (Policies and permissions in IAM)")
def a_new_default_version_decides_at_once(aws):
    iam = aws.iam()
    arn = new_policy(aws, "Decides")["Arn"]
    iam.create_user(UserName="decided")
    iam.attach_user_policy(UserName="decided", PolicyArn=arn)
    key = aws.kms().create_key()["KeyMetadata"]["KeyId"]
    kms = aws.kms(credentials=keys_of(aws, "decided"))
    kms.describe_key(KeyId=key)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(allow("kms:ListKeys")), SetAsDefault=True)
    with aws.refuses("AccessDeniedException", "no identity-based policy allows"):
        kms.describe_key(KeyId=key)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    kms.describe_key(KeyId=key)
    iam.detach_user_policy(UserName="decided", PolicyArn=arn)
    with aws.refuses("AccessDeniedException", "no identity-based policy allows"):
        kms.describe_key(KeyId=key)


@case(moto_departs="looks at no boundary that is set (PutRolePermissionsBoundary: InvalidInput)")
def boundaries_are_set_and_taken_away(aws):
    iam = aws.iam()
    arn, none = new_policy(aws, "Boundary")["Arn"], f"arn:aws:iam::{aws.accounts[0]}:policy/none"
    new_role(aws, "Bounded", PermissionsBoundary=arn)
    iam.create_user(UserName="bounded", PermissionsBoundary=arn)
    told = iam.get_role(RoleName="Bounded")["Role"]["PermissionsBoundary"]
    assert told["PermissionsBoundaryArn"] == arn, told
    for kind, name, put, delete, get in (
        ("Role", "Bounded", iam.put_role_permissions_boundary, iam.delete_role_permissions_boundary, iam.get_role),
        ("User", "bounded", iam.put_user_permissions_boundary, iam.delete_user_permissions_boundary, iam.get_user),
    ):
        of = {f"{kind}Name": name}
        delete(**of)
        assert "PermissionsBoundary" not in get(**of)[kind]
        put(**of, PermissionsBoundary=arn)
        assert get(**of)[kind]["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
        invalid = f"arn:aws:iam::{aws.accounts[0]}:not_a_policy/x"
        with aws.refuses("InvalidInput", f"^ARN {invalid} is not valid.$", 400):
            put(**of, PermissionsBoundary=invalid)
        with aws.refuses("NoSuchEntity", f"^Scope ARN: {none} does not exist or is not attachable.$", 404):
            put(**of, PermissionsBoundary=none)
    for make in (lambda: new_role(aws, "b", PermissionsBoundary=none), lambda: iam.create_user(UserName="b", PermissionsBoundary=none)):
        with aws.refuses("NoSuchEntity", f"^Scope ARN: {none} does not exist", 404):
            make()
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 2
    with aws.refuses("DeleteConflict", "^Cannot delete a policy attached to entities.$", 409):
        iam.delete_policy(PolicyArn=arn)
    bounded = iam.list_entities_for_policy(PolicyArn=arn, PolicyUsageFilter="PermissionsBoundary")
    assert [each["RoleName"] for each in bounded["PolicyRoles"]] == ["Bounded"], bounded


@case(moto_departs="decides by its own rules for its one user (Permissions boundaries for IAM entities)")
def a_boundary_caps_what_its_role_may(aws):
    iam = aws.iam()
    boundary = new_policy(aws, "Cap", allow("kms:DescribeKey"))["Arn"]
    role = new_role(aws, "Capped", trusting_account(aws.accounts[0]), PermissionsBoundary=boundary)
    iam.put_role_policy(RoleName="Capped", PolicyName="all", PolicyDocument=json.dumps(allow("kms:*")))
    session = aws.sts().assume_role(RoleArn=role["Arn"], RoleSessionName="me")["Credentials"]
    key = aws.kms().create_key()["KeyMetadata"]["KeyId"]
    aws.kms(credentials=session).describe_key(KeyId=key)
    with aws.refuses("AccessDeniedException", "because no permissions boundary allows the kms:DisableKey action"):
        aws.kms(credentials=session).disable_key(KeyId=key)
    iam.delete_role_permissions_boundary(RoleName="Capped")
    aws.kms(credentials=session).disable_key(KeyId=key)


@case(moto_departs="decides by its own rules for its one user (Actions, resources, and condition keys for IAM)")
def iam_itself_is_asked(aws):
    iam, account = aws.iam(), aws.accounts[0]
    iam.create_user(UserName="admin")
    boundary = new_policy(aws, "Required")["Arn"]
    statements = [
        {"Effect": "Allow", "Action": "iam:CreateRole", "Resource": f"arn:aws:iam::{account}:role/team/*",
         "Condition": {"StringEquals": {"iam:PermissionsBoundary": boundary}}},
        {"Effect": "Allow", "Action": ["iam:GetRole", "iam:PutRolePolicy"], "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:PutRolePolicy", "Resource": "*", "Condition": {"StringNotEquals": {"iam:PermissionsBoundary": boundary}}},
        {"Effect": "Allow", "Action": "iam:AttachRolePolicy", "Resource": "*", "Condition": {"ArnEquals": {"iam:PolicyARN": boundary}}},
        {"Effect": "Allow", "Action": ["iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile"], "Resource": "*"},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="admin", PolicyName="admin", PolicyDocument=document)
    admin = aws.iam(credentials=keys_of(aws, "admin"))
    trust = json.dumps(trusting_account(account))
    user = f"User: arn:aws:iam::{account}:user/admin"
    by_nobody = f"^{user} is not authorized to perform: iam:CreateRole on resource: .* because no identity-based policy allows the iam:CreateRole action$"
    with aws.refuses("AccessDenied", by_nobody, 403):
        admin.create_role(RoleName="Elsewhere", AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary)
    with aws.refuses("AccessDenied", by_nobody, 403):
        admin.create_role(RoleName="Unbounded", Path="/team/", AssumeRolePolicyDocument=trust)
    with aws.refuses("AccessDenied", "iam:TagRole", 403):
        admin.create_role(RoleName="B", Path="/team/", AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary, Tags=[{"Key": "a", "Value": "b"}])
    admin.create_role(RoleName="B", Path="/team/", AssumeRolePolicyDocument=trust, PermissionsBoundary=boundary)
    admin.put_role_policy(RoleName="B", PolicyName="p", PolicyDocument=json.dumps(READ))
    new_role(aws, "Free")
    with aws.refuses("AccessDenied", f"^{user} is not authorized to perform: iam:PutRolePolicy .* with an explicit deny in an identity-based policy$", 403):
        admin.put_role_policy(RoleName="Free", PolicyName="p", PolicyDocument=json.dumps(READ))
    admin.attach_role_policy(RoleName="B", PolicyArn=boundary)
    with aws.refuses("AccessDenied", "iam:AttachRolePolicy", 403):
        admin.attach_role_policy(RoleName="B", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    admin.create_instance_profile(InstanceProfileName="Passed")
    with aws.refuses("AccessDenied", "iam:PassRole", 403):
        admin.add_role_to_instance_profile(InstanceProfileName="Passed", RoleName="B")
    # Another account's administrator sees and changes nothing here.
    other = aws.iam(account=aws.accounts[1])
    with aws.refuses("NoSuchEntity", "", 404):
        other.get_role(RoleName="B")
    with aws.refuses("AccessDenied", "iam:GetPolicy", 403):
        other.get_policy(PolicyArn=boundary)


@case(moto_departs="has no simulator worth the name (SimulatePrincipalPolicy)")
def the_simulator_says_what_would_be(aws):
    iam, account = aws.iam(), aws.accounts[0]
    iam.create_user(UserName="simulated")
    key = f"arn:aws:kms:us-west-2:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
        {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": key},
    ]}
    iam.put_user_policy(UserName="simulated", PolicyName="kms", PolicyDocument=json.dumps(policy))
    source = f"arn:aws:iam::{account}:user/simulated"
    mfa = [{"ContextKeyName": "aws:MultiFactorAuthPresent", "ContextKeyValues": ["true"], "ContextKeyType": "boolean"}]

    def decisions(operation=iam.simulate_principal_policy, **more):
        results = operation(ActionNames=["kms:Encrypt", "kms:Decrypt"], ResourceArns=[key], **more)["EvaluationResults"]
        return {result["EvalActionName"]: result["EvalDecision"] for result in results}, results

    said, results = decisions(PolicySourceArn=source)
    assert said == {"kms:Encrypt": "implicitDeny", "kms:Decrypt": "explicitDeny"}, said
    assert [key.lower() for key in results[0]["MissingContextValues"]] == ["aws:multifactorauthpresent"], results
    said, results = decisions(PolicySourceArn=source, ContextEntries=mfa)
    assert said == {"kms:Encrypt": "allowed", "kms:Decrypt": "explicitDeny"}, said
    assert len(results[0]["MatchedStatements"]) == 1 and results[0]["MatchedStatements"][0]["StartPosition"]["Line"] == 1, results
    assert results[0]["ResourceSpecificResults"][0]["EvalResourceDecision"] == "allowed", results
    boundary = json.dumps(allow("kms:Decrypt"))
    said, results = decisions(PolicySourceArn=source, ContextEntries=mfa, PermissionsBoundaryPolicyInputList=[boundary])
    assert said["kms:Encrypt"] == "implicitDeny", said
    assert results[0]["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}, results
    custom = {"PolicyInputList": [json.dumps(allow("kms:Encrypt"))]}
    said, _ = decisions(iam.simulate_custom_policy, **custom)
    assert said == {"kms:Encrypt": "allowed", "kms:Decrypt": "implicitDeny"}, said
    # What is asked about changes nothing.
    assert iam.list_user_policies(UserName="simulated")["PolicyNames"] == ["kms"]
    pages = pages_of(iam.simulate_custom_policy, "EvaluationResults", ActionNames=["kms:A", "kms:B", "kms:Encrypt"], **custom)
    assert [page["EvalDecision"] for page in pages] == ["implicitDeny", "implicitDeny", "allowed"], pages
    assert iam.get_context_keys_for_principal_policy(PolicySourceArn=source)["ContextKeyNames"] == ["aws:multifactorauthpresent"]
    asks = json.dumps(allow("s3:GetObject", Condition={"StringEquals": {"aws:PrincipalTag/team": "${aws:username}"}}))
    assert iam.get_context_keys_for_custom_policy(PolicyInputList=[asks])["ContextKeyNames"] == ["aws:principaltag/team", "aws:username"]
    for call, more in (
        (iam.simulate_principal_policy, {"PolicySourceArn": source, "ActionNames": ["nothing"]}),
        (iam.simulate_custom_policy, {"PolicyInputList": ["{}"], "ActionNames": ["kms:Encrypt"]}),
        (iam.get_context_keys_for_custom_policy, {"PolicyInputList": ["{}"]}),
        (iam.get_context_keys_for_principal_policy, {"PolicySourceArn": "this-is-no-principal"}),
    ):
        with aws.refuses("InvalidInput", "", 400):
            call(**more)
    for call, more in ((iam.simulate_principal_policy, {"ActionNames": ["kms:Encrypt"]}), (iam.get_context_keys_for_principal_policy, {})):
        with aws.refuses("NoSuchEntity", "user with name nobody", 404):
            call(PolicySourceArn=f"arn:aws:iam::{account}:user/nobody", **more)


@case(moto_departs="has no simulator worth the name (SimulateCustomPolicy)")
def the_simulator_takes_organizations_resources_and_callers(aws):
    iam, account = aws.iam(), aws.accounts[0]
    custom = {"PolicyInputList": [json.dumps(allow("s3:*"))], "ActionNames": ["s3:GetObject"]}

    def levels(*documents):
        return [{"ServiceControlPolicyInputList": [json.dumps(document)]} for document in documents]

    def said(call=iam.simulate_custom_policy, **more):
        [result] = call(**{**custom, **more})["EvaluationResults"]
        return result["EvalDecision"], result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations"), result

    assert said()[:2] == ("allowed", None)
    everything = allow("*")
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}]}
    for hierarchy, expected in (
        (levels(everything), ("allowed", True)),
        (levels(everything, everything, everything), ("allowed", True)),
        (levels(everything, allow("kms:*"), everything), ("implicitDeny", False)),
        (levels(deny), ("explicitDeny", False)),
    ):
        assert said(OrderedOrganizationPolicyInputList=hierarchy)[:2] == expected, hierarchy
    # The policy of a resource lets in whom it names; of another account it takes both sides.
    ann = f"arn:aws:iam::{account}:user/ann"
    resource = "arn:aws:s3:::simulated/key"

    def of_resource(effect, who=ann):
        statement = {"Effect": effect, "Principal": {"AWS": who}, "Action": "s3:GetObject", "Resource": resource}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    nothing = {"PolicyInputList": [json.dumps(allow("kms:*"))], "ResourceArns": [resource], "CallerArn": ann}
    assert said(**nothing)[0] == "implicitDeny"
    decision, _, result = said(**nothing, ResourcePolicy=of_resource("Allow"))
    assert decision == "allowed", result
    assert [each["SourcePolicyType"] for each in result["MatchedStatements"]] == ["resource"], result
    assert said(**nothing, ResourcePolicy=of_resource("Allow", f"arn:aws:iam::{account}:user/bob"))[0] == "implicitDeny"
    both = {**nothing, "PolicyInputList": custom["PolicyInputList"]}
    assert said(**both, ResourcePolicy=of_resource("Deny"))[0] == "explicitDeny"
    abroad = {"ResourceOwner": f"arn:aws:iam::{aws.accounts[1]}:root"}
    assert said(**nothing, **abroad, ResourcePolicy=of_resource("Allow"))[0] == "implicitDeny"
    assert said(**both, **abroad, ResourcePolicy=of_resource("Allow"))[0] == "allowed"
    # Another caller, as if it had the policies of the first.
    iam.create_user(UserName="lends", Tags=[{"Key": "team", "Value": "blue"}])
    iam.create_user(UserName="borrows", Tags=[{"Key": "team", "Value": "red"}])
    red = allow("s3:GetObject", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
    iam.put_user_policy(UserName="lends", PolicyName="red", PolicyDocument=json.dumps(red))
    source = {"PolicySourceArn": f"arn:aws:iam::{account}:user/lends", "PolicyInputList": []}
    assert said(iam.simulate_principal_policy, **source)[0] == "implicitDeny"
    assert said(iam.simulate_principal_policy, **source, CallerArn=f"arn:aws:iam::{account}:user/borrows")[0] == "allowed"
    for more in (
        {"ResourcePolicy": of_resource("Allow"), "ResourceArns": [resource]}, {"CallerArn": f"arn:aws:sts::{account}:assumed-role/a/b"},
        {"CallerArn": f"arn:aws:iam::{account}:role/a"}, {"CallerArn": f"arn:aws:iam::{account}:group/a"},
        {"CallerArn": ann, "ResourcePolicy": "{}", "ResourceArns": [resource]}, {"CallerArn": ann, "ResourcePolicy": of_resource("Allow")},
        {"CallerArn": ann, "ResourcePolicy": of_resource("Allow"), "ResourceArns": [resource], "ResourceOwner": "nobody"},
        {"OrderedOrganizationPolicyInputList": [{"ServiceControlPolicyInputList": ["{}"]}]},
    ):
        with aws.refuses("InvalidInput", "", 400):
            iam.simulate_custom_policy(**custom, **more)
    # Who calls is a user, also where a role's policies are simulated, and of whichever account.
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName="lends", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="lends", PolicyName="s3", PolicyDocument=json.dumps(allow("s3:GetObject")))
    source = {"PolicySourceArn": f"arn:aws:iam::{account}:role/lends", "PolicyInputList": []}
    assert said(iam.simulate_principal_policy, **source)[0] == "allowed"
    assert said(iam.simulate_principal_policy, **source, CallerArn=f"arn:aws:iam::{aws.accounts[1]}:user/far")[0] == "allowed"
    resource_policy = {"ResourcePolicy": of_resource("Allow"), "ResourceArns": [resource]}
    with aws.refuses("InvalidInput", "needs a CallerArn", 400):
        iam.simulate_principal_policy(**source, **resource_policy, ActionNames=["s3:GetObject"])
    assert said(iam.simulate_principal_policy, **source, **resource_policy, CallerArn=ann)[0] == "allowed"


@case(moto_departs="tells no tag keys apart by case (Tags for IAM resources: those of users and roles alone are not case sensitive)")
def tag_keys_of_all_but_users_and_roles_have_case(aws):
    iam, account = aws.iam(), aws.accounts[0]
    both = [{"Key": "Team", "Value": "red"}, {"Key": "team", "Value": "blue"}]
    arn = new_policy(aws, "Cased")["Arn"]
    iam.create_instance_profile(InstanceProfileName="Cased")
    provider = {"OpenIDConnectProviderArn": f"arn:aws:iam::{account}:oidc-provider/cased.example.com"}
    iam.create_open_id_connect_provider(Url="https://cased.example.com")
    iam.create_virtual_mfa_device(VirtualMFADeviceName="Cased")
    device = {"SerialNumber": f"arn:aws:iam::{account}:mfa/Cased"}
    profile = {"InstanceProfileName": "Cased"}
    for named, tag, untag, tags in (
        ({"PolicyArn": arn}, iam.tag_policy, iam.untag_policy, iam.list_policy_tags),
        (profile, iam.tag_instance_profile, iam.untag_instance_profile, iam.list_instance_profile_tags),
        (provider, iam.tag_open_id_connect_provider, iam.untag_open_id_connect_provider, iam.list_open_id_connect_provider_tags),
        (device, iam.tag_mfa_device, iam.untag_mfa_device, iam.list_mfa_device_tags),
    ):
        tag(**named, Tags=both)
        assert tags(**named)["Tags"] == both, named
        with aws.refuses("InvalidInput", "^Duplicate tag keys found.$", 400):
            tag(**named, Tags=[both[0], both[0]])
        untag(**named, TagKeys=["team"])
        assert tags(**named)["Tags"] == both[:1], named
    iam.delete_policy(PolicyArn=arn)
    iam.delete_instance_profile(**profile)
    iam.delete_open_id_connect_provider(**provider)
    iam.delete_virtual_mfa_device(**device)
