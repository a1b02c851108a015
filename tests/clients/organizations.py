"""Organizations, by the AWS Organizations API Reference: one organization, from its first call to its last."""

import json
import time

from contract import case
from session import tokens_of

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
FULL = "p-FullAWSAccess"
SERVICE = "config-multiaccountsetup.amazonaws.com"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


DENY = document({"Effect": "Deny", "Action": "kms:Encrypt", "Resource": "*"})
DENY_RCP = document({"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"})


def orgs(aws, account=0):
    return aws.client("organizations", aws.accounts[account])


def root_of(aws):
    return orgs(aws).list_roots()["Roots"][0]["Id"]


def new_policy(aws, name, content=DENY, kind=SCP, **more):
    made = orgs(aws).create_policy(Name=name, Description=f"of {name}", Content=content, Type=kind, **more)["Policy"]
    return made["PolicySummary"]["Id"]


def new_unit(aws, name, parent=None, **more):
    return orgs(aws).create_organizational_unit(ParentId=parent or root_of(aws), Name=name, **more)["OrganizationalUnit"]


def new_account(aws, name, **more):
    asked = orgs(aws).create_account(Email=f"{name}@example.com", AccountName=name, **more)["CreateAccountStatus"]
    deadline = time.monotonic() + 30
    while asked["State"] == "IN_PROGRESS":
        assert time.monotonic() < deadline, asked
        asked = orgs(aws).describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
    return asked


def invite(aws, **more):
    target = {"Id": aws.accounts[1], "Type": "ACCOUNT"}
    return orgs(aws).invite_account_to_organization(Target=target, **more)["Handshake"]


def join(aws):
    """The second account joins, and leaves with `part`."""
    orgs(aws, 1).accept_handshake(HandshakeId=invite(aws)["Id"])


def part(aws):
    orgs(aws).remove_account_from_organization(AccountId=aws.accounts[1])


@case()
def an_organization_is_made_with_its_root_and_its_first_account(aws):
    client, account = orgs(aws), aws.accounts[0]
    made = client.create_organization()["Organization"]
    assert made["FeatureSet"] == "ALL" and made["MasterAccountId"] == account, made
    assert made["Arn"] == f"arn:aws:organizations::{account}:organization/{made['Id']}", made
    assert made["MasterAccountArn"] == f"arn:aws:organizations::{account}:account/{made['Id']}/{account}", made
    assert client.describe_organization()["Organization"] == made
    with aws.refuses("AlreadyInOrganizationException", "is already a member of an organization.$", 400):
        client.create_organization(FeatureSet="ALL")
    [root] = client.list_roots()["Roots"]
    assert root["Name"] == "Root" and root["Arn"] == f"arn:aws:organizations::{account}:root/{made['Id']}/{root['Id']}", root
    with aws.moto_departs("enables no type of policy (CreateOrganization: SCPs are enabled with all features)"):
        assert root["PolicyTypes"] == [{"Type": SCP, "Status": "ENABLED"}], root
    [own] = client.list_accounts()["Accounts"]
    assert own["Id"] == account and own["Arn"] == made["MasterAccountArn"] and own["Email"] == made["MasterAccountEmail"], own
    assert own["Status"] == "ACTIVE", own
    with aws.moto_departs("says that it made the management account (Account, JoinedMethod)"):
        assert own["JoinedMethod"] == "INVITED", own
    [full] = client.list_policies(Filter=SCP)["Policies"]
    assert full == {
        "Id": FULL, "Arn": f"arn:aws:organizations::aws:policy/service_control_policy/{FULL}", "Name": "FullAWSAccess",
        "Description": "Allows access to every operation", "Type": SCP, "AwsManaged": True,
    } or aws.is_moto, full
    content = json.loads(client.describe_policy(PolicyId=FULL)["Policy"]["Content"])
    assert content["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}], content


@case()
def types_of_policies_are_enabled_and_disabled(aws):
    client, root = orgs(aws), root_of(aws)
    if aws.is_moto:
        client.enable_policy_type(RootId=root, PolicyType=SCP)
    with aws.refuses("PolicyTypeAlreadyEnabledException", "^The specified policy type is already enabled.$", 400):
        client.enable_policy_type(RootId=root, PolicyType=SCP)
    with aws.refuses("PolicyTypeNotEnabledException", "^This operation can be performed only for enabled policy types.$", 400):
        client.disable_policy_type(RootId=root, PolicyType=RCP)
    enabled = client.enable_policy_type(RootId=root, PolicyType=RCP)["Root"]
    types = {each["Type"]: each["Status"] for each in enabled["PolicyTypes"]}
    assert types[RCP] in ("ENABLED", "PENDING_ENABLE"), enabled
    on_root = client.list_policies_for_target(TargetId=root, Filter=RCP)["Policies"]
    assert [each["Name"] for each in on_root] == ["RCPFullAWSAccess"], on_root
    with aws.moto_departs("detaches it all the same (User Guide, RCPs: RCPFullAWSAccess can't be detached)"):
        with aws.refuses("InvalidInputException", "RCPFullAWSAccess", 400):
            client.detach_policy(PolicyId="p-RCPFullAWSAccess", TargetId=root)
    policy = new_policy(aws, "typed", DENY_RCP, RCP)
    client.attach_policy(PolicyId=policy, TargetId=root)
    left = client.disable_policy_type(RootId=root, PolicyType=RCP)["Root"]
    assert [each["Type"] for each in left["PolicyTypes"]] == [SCP], left
    with aws.moto_departs("leaves its policies where they are (DisablePolicyType: all of the type are detached)"):
        assert client.list_targets_for_policy(PolicyId=policy)["Targets"] == []
    with aws.moto_departs("attaches policies of a type that is not enabled (PolicyTypeNotEnabledException)"):
        with aws.refuses("PolicyTypeNotEnabledException"):
            client.attach_policy(PolicyId=policy, TargetId=root)
    with aws.moto_departs("knows other types (ours: those that are enforced)"):
        with aws.refuses("PolicyTypeNotAvailableForOrganizationException"):
            client.enable_policy_type(RootId=root, PolicyType="TAG_POLICY")
    for operation in (client.enable_policy_type, client.disable_policy_type):
        with aws.refuses("RootNotFoundException", "^You specified a root that doesn't exist.$", 400):
            operation(RootId="r-zzzz", PolicyType=SCP)


@case()
def a_policy_is_made_changed_and_deleted(aws):
    client = orgs(aws)
    made = client.create_policy(Name="made", Description="first", Content=DENY, Type=SCP)["Policy"]
    summary, organization = made["PolicySummary"], client.describe_organization()["Organization"]["Id"]
    arn = f"arn:aws:organizations::{aws.accounts[0]}:policy/{organization}/service_control_policy/{summary['Id']}"
    assert (summary["Arn"], summary["AwsManaged"], made["Content"]) == (arn, False, DENY), made
    assert client.describe_policy(PolicyId=summary["Id"])["Policy"] == made
    with aws.refuses("DuplicatePolicyException", "already exists.$", 400):
        new_policy(aws, "made")
    policy = new_policy(aws, "other")
    with aws.moto_departs("gives a policy the name of another (UpdatePolicy: DuplicatePolicyException)"):
        with aws.refuses("DuplicatePolicyException"):
            client.update_policy(PolicyId=policy, Name="made")
    updated = client.update_policy(PolicyId=policy, Name="renamed", Description="second", Content=DENY_ALL)["Policy"]
    assert (updated["PolicySummary"]["Name"], updated["Content"]) == ("renamed", DENY_ALL), updated
    assert client.update_policy(PolicyId=policy, Description="third")["Policy"]["Content"] == DENY_ALL
    client.delete_policy(PolicyId=policy)
    for operation in (client.describe_policy, client.delete_policy, client.update_policy, client.list_targets_for_policy):
        with aws.refuses("PolicyNotFoundException", "", 400):
            operation(PolicyId=policy)
    client.delete_policy(PolicyId=summary["Id"])


DENY_ALL = document({"Sid": "All of it", "Effect": "Deny", "Action": "*", "Resource": "*"})


@case()
def a_document_that_is_none_or_too_long_is_refused(aws):
    client, policy = orgs(aws), new_policy(aws, "checked")
    words = "^The provided policy document does not meet the requirements of the specified policy type.$"
    someone = {"Principal": {"AWS": aws.accounts[1]}}
    bad = [
        (SCP, "{}"), (SCP, "no JSON"),
        (SCP, document({"Effect": "Deny", "Action": "kms:*", "Resource": "*", "Principal": "*"})),
        (SCP, document({"Effect": "Deny", "Action": "*:*:*", "Resource": "*"})),
        (RCP, document({"Effect": "Deny", "Action": "kms:*", "Resource": "*"} | someone)),
        (RCP, document({"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"})),
        (RCP, document({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"})),
        (RCP, document({"Effect": "Deny", "Principal": "*", "NotAction": "kms:*", "Resource": "*"})),
    ]
    with aws.moto_departs("reads no document (CreatePolicy: MalformedPolicyDocumentException)"):
        for kind, content in bad:
            with aws.refuses("MalformedPolicyDocumentException", words, 400):
                new_policy(aws, "bad", content, kind)
    with aws.moto_departs("reads no document (UpdatePolicy: MalformedPolicyDocumentException)"):
        with aws.refuses("MalformedPolicyDocumentException", words, 400):
            client.update_policy(PolicyId=policy, Content="{}")
    # Quotas: 10,240 characters of an SCP, 5,120 of an RCP, with white space.
    with aws.moto_departs("knows no sizes (Quotas for AWS Organizations)"):
        for kind, content, most in ((SCP, DENY, 10240), (RCP, DENY_RCP, 5120)):
            with aws.refuses("ConstraintViolationException", "^You have exceeded the maximum policy size.$", 400):
                new_policy(aws, "long", content + " " * (most + 1 - len(content)), kind)
            client.delete_policy(PolicyId=new_policy(aws, "long", content + " " * (most - len(content)), kind))
        with aws.refuses("ConstraintViolationException"):
            client.update_policy(PolicyId=policy, Content=DENY + " " * 10240)
    with aws.moto_departs("changes AWS's own (InvalidInputException, IMMUTABLE_POLICY)"):
        with aws.refuses("InvalidInputException", "managed by AWS", 400):
            client.update_policy(PolicyId=FULL, Name="mine")
        with aws.refuses("InvalidInputException", "managed by AWS", 400):
            client.delete_policy(PolicyId=FULL)


@case()
def policies_are_attached_and_detached(aws):
    client, root, unit = orgs(aws), root_of(aws), new_unit(aws, "attached")
    policy = new_policy(aws, "attached")
    client.attach_policy(PolicyId=policy, TargetId=unit["Id"])
    assert {each["Id"] for each in client.list_policies_for_target(TargetId=unit["Id"], Filter=SCP)["Policies"]} == {policy, FULL}
    [target] = client.list_targets_for_policy(PolicyId=policy)["Targets"]
    assert target == {"TargetId": unit["Id"], "Arn": unit["Arn"], "Name": "attached", "Type": "ORGANIZATIONAL_UNIT"}, target
    with aws.moto_departs("attaches it twice (DuplicatePolicyAttachmentException)"):
        with aws.refuses("DuplicatePolicyAttachmentException", "", 400):
            client.attach_policy(PolicyId=policy, TargetId=unit["Id"])
    with aws.refuses("PolicyInUseException", "attached to one or more", 400):
        client.delete_policy(PolicyId=policy)
    client.detach_policy(PolicyId=policy, TargetId=unit["Id"])
    with aws.moto_departs("detaches what is not attached (PolicyNotAttachedException)"):
        with aws.refuses("PolicyNotAttachedException", "", 400):
            client.detach_policy(PolicyId=policy, TargetId=unit["Id"])
    with aws.moto_departs("detaches the last one (ConstraintViolationException, MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED)"):
        with aws.refuses("ConstraintViolationException", "^You cannot remove the last policy attached to the specified target.", 400):
            client.detach_policy(PolicyId=FULL, TargetId=unit["Id"])
    for operation in (client.attach_policy, client.detach_policy):
        with aws.moto_departs("calls it an account (TargetNotFoundException)"):
            with aws.refuses("TargetNotFoundException", "^You specified a target that doesn't exist.$", 400):
                operation(PolicyId=FULL, TargetId="999999999999")
        with aws.refuses("PolicyNotFoundException", "", 400):
            operation(PolicyId="p-zzzzzzzz", TargetId=root)
    with aws.moto_departs("calls it an account (TargetNotFoundException)"):
        with aws.refuses("TargetNotFoundException", "", 400):
            client.list_policies_for_target(TargetId="999999999999", Filter=SCP)


@case(moto_departs="bounds nothing (Quotas for AWS Organizations: ten SCPs on a root, unit or account since May 2026, five RCPs)")
def as_many_policies_are_attached_as_the_quota_lets(aws):
    client, unit = orgs(aws), new_unit(aws, "full")["Id"]
    client.enable_policy_type(RootId=root_of(aws), PolicyType=RCP)
    for kind, content, most in ((SCP, DENY, 10), (RCP, DENY_RCP, 5)):
        policies = [new_policy(aws, f"full{number}", content, kind) for number in range(most)]
        for policy in policies[1:]:
            client.attach_policy(PolicyId=policy, TargetId=unit)
        with aws.refuses("ConstraintViolationException", "^You have attached the maximum number of policies to the specified target.$"):
            client.attach_policy(PolicyId=policies[0], TargetId=unit)
    listed = tokens_of(client.list_policies_for_target, "Policies", TargetId=unit, Filter=SCP)
    assert len(listed) == len({each["Id"] for each in listed}) == 10, listed
    assert len(tokens_of(client.list_policies, "Policies", Filter=SCP)) > 10
    client.disable_policy_type(RootId=root_of(aws), PolicyType=RCP)


@case()
def units_are_made_below_one_another(aws):
    client, root = orgs(aws), root_of(aws)
    made = new_unit(aws, "outer")
    organization = client.describe_organization()["Organization"]["Id"]
    assert made["Arn"] == f"arn:aws:organizations::{aws.accounts[0]}:ou/{organization}/{made['Id']}", made
    assert made["Id"].startswith(f"ou-{root[2:]}-"), made
    outer = made["Id"]
    inner = new_unit(aws, "inner", outer)
    assert client.describe_organizational_unit(OrganizationalUnitId=inner["Id"])["OrganizationalUnit"] == inner
    with aws.moto_departs("tells no paths (OrganizationalUnit, Path)"):
        assert inner["Path"] == f"{organization}/{root}/{outer}/{inner['Id']}/", inner
    assert client.list_parents(ChildId=inner["Id"])["Parents"] == [{"Id": outer, "Type": "ORGANIZATIONAL_UNIT"}]
    assert client.list_parents(ChildId=aws.accounts[0])["Parents"] == [{"Id": root, "Type": "ROOT"}]
    assert client.list_children(ParentId=outer, ChildType="ORGANIZATIONAL_UNIT")["Children"] == [
        {"Id": inner["Id"], "Type": "ORGANIZATIONAL_UNIT"}]
    assert client.list_organizational_units_for_parent(ParentId=outer)["OrganizationalUnits"] == [inner]
    assert client.list_accounts_for_parent(ParentId=outer)["Accounts"] == []
    renamed = client.update_organizational_unit(OrganizationalUnitId=inner["Id"], Name="renamed")["OrganizationalUnit"]
    assert renamed["Name"] == "renamed", renamed
    new_unit(aws, "taken", outer)
    with aws.refuses("DuplicateOrganizationalUnitException", "", 400):
        client.update_organizational_unit(OrganizationalUnitId=inner["Id"], Name="taken")
    with aws.moto_departs("makes units of one name (DuplicateOrganizationalUnitException)"):
        with aws.refuses("DuplicateOrganizationalUnitException", "^An OU with the same name already exists.$", 400):
            new_unit(aws, "taken", outer)
    with aws.moto_departs("deletes what is not empty (OrganizationalUnitNotEmptyException)"):
        with aws.refuses("OrganizationalUnitNotEmptyException", "not empty", 400):
            client.delete_organizational_unit(OrganizationalUnitId=outer)
    client.delete_organizational_unit(OrganizationalUnitId=inner["Id"])
    for operation in (client.describe_organizational_unit, client.delete_organizational_unit):
        with aws.refuses("OrganizationalUnitNotFoundException", "^You specified an organizational unit that doesn't exist.$", 400):
            operation(OrganizationalUnitId=inner["Id"])
    with aws.refuses("OrganizationalUnitNotFoundException"):
        client.update_organizational_unit(OrganizationalUnitId=inner["Id"], Name="x")
    for operation, more in (
        (client.list_organizational_units_for_parent, {}), (client.list_accounts_for_parent, {}),
        (client.list_children, {"ChildType": "ACCOUNT"}),
    ):
        with aws.refuses("ParentNotFoundException", "", 400):
            operation(ParentId=inner["Id"], **more)
    with aws.moto_departs("looks for no parent (ParentNotFoundException)"):
        with aws.refuses("ParentNotFoundException", "", 400):
            new_unit(aws, "lost", inner["Id"])
    with aws.moto_departs("calls it an account or unit (ChildNotFoundException)"):
        with aws.refuses("ChildNotFoundException", "", 400):
            client.list_parents(ChildId="999999999999")


@case(moto_departs="bounds nothing (Quotas for AWS Organizations: five levels of units below the root)")
def units_nest_as_deep_as_the_quota_lets(aws):
    below = None
    for depth in range(5):
        below = new_unit(aws, f"depth{depth}", below)["Id"]
    with aws.refuses("ConstraintViolationException", "would exceed the max depth", 400):
        new_unit(aws, "too deep", below)


@case()
def an_account_is_made_and_its_role_can_be_assumed(aws):
    client = orgs(aws)
    with aws.moto_departs("is done at once (CreateAccount: asynchronous, IN_PROGRESS in its examples)"):
        asked = client.create_account(Email="first@example.com", AccountName="first")["CreateAccountStatus"]
        assert asked["State"] == "IN_PROGRESS" and "AccountId" not in asked, asked
    made = new_account(aws, "second", Tags=[{"Key": "team", "Value": "blue"}])
    assert made["State"] == "SUCCEEDED" and made["AccountName"] == "second", made
    account = client.describe_account(AccountId=made["AccountId"])["Account"]
    assert (account["Name"], account["Email"], account["JoinedMethod"]) == ("second", "second@example.com", "CREATED"), account
    assert client.list_parents(ChildId=made["AccountId"])["Parents"] == [{"Id": root_of(aws), "Type": "ROOT"}]
    assert [each["Id"] for each in client.list_policies_for_target(TargetId=made["AccountId"], Filter=SCP)["Policies"]] == [FULL]
    assert client.list_tags_for_resource(ResourceId=made["AccountId"])["Tags"] == [{"Key": "team", "Value": "blue"}]
    role = f"arn:aws:iam::{made['AccountId']}:role/OrganizationAccountAccessRole"
    session = aws.sts().assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    assert aws.sts(credentials=session).get_caller_identity()["Account"] == made["AccountId"]
    assert aws.client("kms", credentials=session).create_key()["KeyMetadata"]["AWSAccountId"] == made["AccountId"]
    assert "OrganizationAccountAccessRole" in [each["RoleName"] for each in aws.iam(credentials=session).list_roles()["Roles"]]
    named = new_account(aws, "third", RoleName="Door")
    aws.sts().assume_role(RoleArn=f"arn:aws:iam::{named['AccountId']}:role/Door", RoleSessionName="me")
    with aws.moto_departs("takes an address twice (CreateAccountStatus, FailureReason: EMAIL_ALREADY_EXISTS)"):
        again = new_account(aws, "second")
        assert (again["State"], again["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS"), again
        [failed] = client.list_create_account_status(States=["FAILED"])["CreateAccountStatuses"]
        assert failed["Id"] == again["Id"], failed
        assert len(tokens_of(client.list_create_account_status, "CreateAccountStatuses")) == 4
    assert len(tokens_of(client.list_accounts, "Accounts")) >= 3
    with aws.moto_departs("calls it an account (CreateAccountStatusNotFoundException)"):
        with aws.refuses("CreateAccountStatusNotFoundException", "", 400):
            client.describe_create_account_status(CreateAccountRequestId="car-zzzzzzzz")


@case()
def an_account_moves_and_is_closed(aws):
    client, root, unit = orgs(aws), root_of(aws), new_unit(aws, "moving")["Id"]
    account = new_account(aws, "moving")["AccountId"]
    move = {"AccountId": account, "SourceParentId": root, "DestinationParentId": unit}
    client.move_account(**move)
    assert [each["Id"] for each in client.list_accounts_for_parent(ParentId=unit)["Accounts"]] == [account]
    assert client.list_children(ParentId=unit, ChildType="ACCOUNT")["Children"] == [{"Id": account, "Type": "ACCOUNT"}]
    with aws.moto_departs("looks at no source (SourceParentNotFoundException)"):
        with aws.refuses("SourceParentNotFoundException", "", 400):
            client.move_account(**move)
    with aws.moto_departs("moves it to where it is (DuplicateAccountException)"):
        with aws.refuses("DuplicateAccountException", "", 400):
            client.move_account(**(move | {"SourceParentId": unit}))
    with aws.moto_departs("calls it a parent (DestinationParentNotFoundException)"):
        with aws.refuses("DestinationParentNotFoundException", "", 400):
            client.move_account(AccountId=account, SourceParentId=unit, DestinationParentId=f"ou-{root[2:]}-zzzzzzzz")
    with aws.refuses("AccountNotFoundException", "^You specified an account that doesn't exist.$", 400):
        client.move_account(**(move | {"AccountId": "999999999999"}))
    client.close_account(AccountId=account)
    closed = client.describe_account(AccountId=account)["Account"]
    assert closed["Status"] in ("PENDING_CLOSURE", "SUSPENDED"), closed
    with aws.refuses("AccountAlreadyClosedException", "", 400):
        client.close_account(AccountId=account)
    with aws.moto_departs("delegates to suspended accounts (ConstraintViolationException)"):
        with aws.refuses("ConstraintViolationException", "suspended", 400):
            client.register_delegated_administrator(AccountId=account, ServicePrincipal=SERVICE)
    with aws.moto_departs("closes it (ConstraintViolationException, CANNOT_CLOSE_MANAGEMENT_ACCOUNT)"):
        with aws.refuses("ConstraintViolationException", "management account", 400):
            client.close_account(AccountId=aws.accounts[0])
    for operation in (client.describe_account, client.close_account):
        with aws.refuses("AccountNotFoundException", "", 400):
            operation(AccountId="999999999999")
    with aws.moto_departs("removes whatever it is told (RemoveAccountFromOrganization, errors)"):
        with aws.refuses("AccountNotFoundException", "", 400):
            client.remove_account_from_organization(AccountId="999999999999")
        with aws.refuses("MasterCannotLeaveOrganizationException", "", 400):
            client.remove_account_from_organization(AccountId=aws.accounts[0])
        with aws.refuses("MasterCannotLeaveOrganizationException", "", 400):
            client.leave_organization()


@case(moto_departs="has no handshakes (InviteAccountToOrganization)")
def an_account_is_invited_and_joins(aws):
    client, invited = orgs(aws), orgs(aws, 1)
    organization = client.describe_organization()["Organization"]
    made = invite(aws, Notes="welcome", Tags=[{"Key": "team", "Value": "red"}])
    assert (made["State"], made["Action"]) == ("OPEN", "INVITE"), made
    assert made["Arn"] == f"arn:aws:organizations::{aws.accounts[0]}:handshake/{organization['Id']}/invite/{made['Id']}", made
    assert (made["ExpirationTimestamp"] - made["RequestedTimestamp"]).days == 15, made
    assert {"Type": "ORGANIZATION", "Id": organization["Id"]} in made["Parties"], made
    of_organization = next(each for each in made["Resources"] if each["Type"] == "ORGANIZATION")
    assert {"Type": "MASTER_EMAIL", "Value": organization["MasterAccountEmail"]} in of_organization["Resources"], made
    assert {"Type": "NOTES", "Value": "welcome"} in made["Resources"], made
    assert client.describe_handshake(HandshakeId=made["Id"])["Handshake"] == made
    assert invited.describe_handshake(HandshakeId=made["Id"])["Handshake"] == made
    assert invited.list_handshakes_for_account()["Handshakes"] == [made]
    assert invited.list_handshakes_for_account(Filter={"ActionType": "ENABLE_ALL_FEATURES"})["Handshakes"] == []
    assert client.list_handshakes_for_organization(Filter={"ActionType": "INVITE"})["Handshakes"] == [made]
    with aws.refuses("DuplicateHandshakeException", "", 400):
        invite(aws)
    for operation in (client.accept_handshake, client.decline_handshake, invited.cancel_handshake):
        with aws.refuses("AccessDeniedException", "^You don't have permissions to access this resource.$", 400):
            operation(HandshakeId=made["Id"])
    assert client.cancel_handshake(HandshakeId=made["Id"])["Handshake"]["State"] == "CANCELED"
    with aws.refuses("HandshakeAlreadyInStateException", "", 400):
        client.cancel_handshake(HandshakeId=made["Id"])
    for operation in (invited.accept_handshake, invited.decline_handshake):
        with aws.refuses("InvalidHandshakeTransitionException", "", 400):
            operation(HandshakeId=made["Id"])
    declined = invite(aws)["Id"]
    assert invited.decline_handshake(HandshakeId=declined)["Handshake"]["State"] == "DECLINED"
    with aws.refuses("HandshakeAlreadyInStateException", "", 400):
        invited.decline_handshake(HandshakeId=declined)
    with aws.refuses("InvalidHandshakeTransitionException", "", 400):
        client.cancel_handshake(HandshakeId=declined)
    accepted = invite(aws, Tags=[{"Key": "team", "Value": "red"}])["Id"]
    assert invited.accept_handshake(HandshakeId=accepted)["Handshake"]["State"] == "ACCEPTED"
    account = client.describe_account(AccountId=aws.accounts[1])["Account"]
    assert account["JoinedMethod"] == "INVITED", account
    assert client.list_tags_for_resource(ResourceId=aws.accounts[1])["Tags"] == [{"Key": "team", "Value": "red"}]
    assert invited.describe_organization()["Organization"] == organization
    with aws.refuses("AlreadyInOrganizationException"):
        invited.create_organization()
    with aws.refuses("HandshakeConstraintViolationException", "already a member", 400):
        invite(aws)
    invited.leave_organization()
    with aws.refuses("AWSOrganizationsNotInUseException", "^Your account is not a member of an organization.$", 400):
        invited.describe_organization()
    # By the address: the one that the account has in the organization.
    email = {"Id": account["Email"], "Type": "EMAIL"}
    handshake = client.invite_account_to_organization(Target=email)["Handshake"]
    assert {"Id": account["Email"], "Type": "EMAIL"} in handshake["Parties"], handshake
    other = client.invite_account_to_organization(Target={"Id": "nobody@example.net", "Type": "EMAIL"})["Handshake"]["Id"]
    client.cancel_handshake(HandshakeId=other)
    invited.accept_handshake(HandshakeId=handshake["Id"])
    with aws.refuses("HandshakeConstraintViolationException", "already a member", 400):
        invited.accept_handshake(HandshakeId=handshake["Id"])
    part(aws)
    with aws.refuses("HandshakeAlreadyInStateException", "", 400):
        invited.accept_handshake(HandshakeId=handshake["Id"])
    for client, operation in ((client, "describe_handshake"), (client, "cancel_handshake"), (invited, "accept_handshake"),
                              (invited, "decline_handshake")):
        with aws.refuses("HandshakeNotFoundException", "", 400):
            getattr(client, operation)(HandshakeId="h-zzzzzzzz")


@case()
def roots_units_accounts_and_policies_have_tags(aws):
    client = orgs(aws)
    unit, policy = new_unit(aws, "tagged", Tags=[{"Key": "b", "Value": "1"}])["Id"], new_policy(aws, "tagged", Tags=[{"Key": "b", "Value": "1"}])
    for resource in (root_of(aws), aws.accounts[0], unit, policy):
        client.tag_resource(ResourceId=resource, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}, {"Key": "B", "Value": "3"}])
        client.untag_resource(ResourceId=resource, TagKeys=["a", "absent"])
        tags = client.list_tags_for_resource(ResourceId=resource)["Tags"]
        assert sorted((tag["Key"], tag["Value"]) for tag in tags) == [("B", "3"), ("b", "2")], tags
    missing = "ou-zzzz-zzzzzzzz"
    with aws.refuses("TargetNotFoundException", "", 400):
        client.list_tags_for_resource(ResourceId=missing)
    with aws.refuses("TargetNotFoundException", "", 400):
        client.tag_resource(ResourceId=missing, Tags=[])
    with aws.refuses("TargetNotFoundException", "", 400):
        client.untag_resource(ResourceId=missing, TagKeys=[])
    with aws.moto_departs("looks at no key (InvalidInputException: DUPLICATE_TAG_KEY, INVALID_SYSTEM_TAGS_PARAMETER)"):
        with aws.refuses("InvalidInputException", "unique", 400):
            client.tag_resource(ResourceId=unit, Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])
        with aws.refuses("InvalidInputException", "aws:", 400):
            client.tag_resource(ResourceId=unit, Tags=[{"Key": "aws:x", "Value": "1"}])
    many = [{"Key": f"k{number}", "Value": ""} for number in range(51)]
    with aws.moto_departs("counts no tags (ConstraintViolationException, MAX_TAG_LIMIT_EXCEEDED)"):
        for make in (
            lambda: client.tag_resource(ResourceId=unit, Tags=many), lambda: new_unit(aws, "many", Tags=many),
            lambda: new_policy(aws, "many", Tags=many), lambda: new_account(aws, "many", Tags=many), lambda: invite(aws, Tags=many),
        ):
            with aws.refuses("ConstraintViolationException", "number of tags", 400):
                make()


@case()
def services_may_act_and_accounts_administer_them(aws):
    client = orgs(aws)
    account = new_account(aws, "delegate")["AccountId"]
    early = {"AccountId": new_account(aws, "early")["AccountId"], "ServicePrincipal": SERVICE}
    with aws.moto_departs("asks for no access of the service (ConstraintViolationException, SERVICE_ACCESS_NOT_ENABLED)"):
        with aws.refuses("ConstraintViolationException", "before you enable service access", 400):
            client.register_delegated_administrator(**early)
    client.enable_aws_service_access(ServicePrincipal=SERVICE)
    client.enable_aws_service_access(ServicePrincipal="ram.amazonaws.com")
    with aws.moto_departs("has one page (MaxResults)"):
        listed = tokens_of(client.list_aws_service_access_for_organization, "EnabledServicePrincipals", most=1)
        assert [each["ServicePrincipal"] for each in listed] == [SERVICE, "ram.amazonaws.com"], listed
    client.disable_aws_service_access(ServicePrincipal="ram.amazonaws.com")
    listed = client.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    assert [each["ServicePrincipal"] for each in listed] == [SERVICE], listed
    client.register_delegated_administrator(AccountId=account, ServicePrincipal=SERVICE)
    for more in ({}, {"ServicePrincipal": SERVICE}):
        delegates = client.list_delegated_administrators(**more)["DelegatedAdministrators"]
        [delegate] = [each for each in delegates if each["Id"] == account]
        assert (delegate["Id"], delegate["Name"]) == (account, "delegate") and delegate["DelegationEnabledDate"], delegate
    [service] = client.list_delegated_services_for_account(AccountId=account)["DelegatedServices"]
    assert service["ServicePrincipal"] == SERVICE, service
    with aws.refuses("AccountAlreadyRegisteredException", "already a delegated administrator", 400):
        client.register_delegated_administrator(AccountId=account, ServicePrincipal=SERVICE)
    with aws.refuses("ConstraintViolationException", "master account", 400):
        client.register_delegated_administrator(AccountId=aws.accounts[0], ServicePrincipal=SERVICE)
    client.deregister_delegated_administrator(AccountId=account, ServicePrincipal=SERVICE)
    with aws.refuses("AccountNotRegisteredException", "", 400):
        client.deregister_delegated_administrator(AccountId=account, ServicePrincipal=SERVICE)
    with aws.refuses("AccountNotRegisteredException", "", 400):
        client.list_delegated_services_for_account(AccountId=account)
    for operation in (client.register_delegated_administrator, client.deregister_delegated_administrator):
        with aws.refuses("AccountNotFoundException", "", 400):
            operation(AccountId="999999999999", ServicePrincipal=SERVICE)
    with aws.moto_departs("says that there is no organization (ListDelegatedServicesForAccount, AccountNotFoundException)"):
        with aws.refuses("AccountNotFoundException", "", 400):
            client.list_delegated_services_for_account(AccountId="999999999999")
    with aws.refuses("InvalidInputException", "unrecognized service principal", 400):
        client.enable_aws_service_access(ServicePrincipal="nobody.example.com")
    client.register_delegated_administrator(AccountId=account, ServicePrincipal=SERVICE)
    with aws.moto_departs("removes it (ConstraintViolationException, CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG)"):
        with aws.refuses("ConstraintViolationException", "delegated administrator", 400):
            client.remove_account_from_organization(AccountId=account)
        client.deregister_delegated_administrator(AccountId=account, ServicePrincipal=SERVICE)


# An input of each operation that every member of a request fits, and one whose form is wrong.
ID = {"account": "999999999999", "unit": "ou-zzzz-zzzzzzzz", "root": "r-zzzz", "policy": "p-zzzzzzzz", "handshake": "h-zzzzzzzz"}
INPUTS = {
    "accept_handshake": {"HandshakeId": ID["handshake"]},
    "attach_policy": {"PolicyId": ID["policy"], "TargetId": ID["root"]},
    "cancel_handshake": {"HandshakeId": ID["handshake"]},
    "close_account": {"AccountId": ID["account"]},
    "create_account": {"Email": "a@example.com", "AccountName": "a"},
    "create_organizational_unit": {"ParentId": ID["root"], "Name": "a"},
    "create_policy": {"Name": "a", "Description": "", "Content": DENY, "Type": SCP},
    "decline_handshake": {"HandshakeId": ID["handshake"]},
    "delete_organization": {},
    "delete_organizational_unit": {"OrganizationalUnitId": ID["unit"]},
    "delete_policy": {"PolicyId": ID["policy"]},
    "deregister_delegated_administrator": {"AccountId": ID["account"], "ServicePrincipal": SERVICE},
    "describe_account": {"AccountId": ID["account"]},
    "describe_create_account_status": {"CreateAccountRequestId": "car-zzzzzzzz"},
    "describe_handshake": {"HandshakeId": ID["handshake"]},
    "describe_organization": {},
    "describe_organizational_unit": {"OrganizationalUnitId": ID["unit"]},
    "describe_policy": {"PolicyId": ID["policy"]},
    "detach_policy": {"PolicyId": ID["policy"], "TargetId": ID["root"]},
    "disable_aws_service_access": {"ServicePrincipal": SERVICE},
    "disable_policy_type": {"RootId": ID["root"], "PolicyType": SCP},
    "enable_aws_service_access": {"ServicePrincipal": SERVICE},
    "enable_policy_type": {"RootId": ID["root"], "PolicyType": SCP},
    "invite_account_to_organization": {"Target": {"Id": ID["account"], "Type": "ACCOUNT"}},
    "leave_organization": {},
    "list_aws_service_access_for_organization": {},
    "list_accounts": {},
    "list_accounts_for_parent": {"ParentId": ID["root"]},
    "list_children": {"ParentId": ID["root"], "ChildType": "ACCOUNT"},
    "list_create_account_status": {},
    "list_delegated_administrators": {},
    "list_delegated_services_for_account": {"AccountId": ID["account"]},
    "list_handshakes_for_account": {},
    "list_handshakes_for_organization": {},
    "list_organizational_units_for_parent": {"ParentId": ID["root"]},
    "list_parents": {"ChildId": ID["account"]},
    "list_policies": {"Filter": SCP},
    "list_policies_for_target": {"TargetId": ID["root"], "Filter": SCP},
    "list_roots": {},
    "list_tags_for_resource": {"ResourceId": ID["root"]},
    "list_targets_for_policy": {"PolicyId": ID["policy"]},
    "move_account": {"AccountId": ID["account"], "SourceParentId": ID["root"], "DestinationParentId": ID["unit"]},
    "register_delegated_administrator": {"AccountId": ID["account"], "ServicePrincipal": SERVICE},
    "remove_account_from_organization": {"AccountId": ID["account"]},
    "tag_resource": {"ResourceId": ID["root"], "Tags": []},
    "untag_resource": {"ResourceId": ID["root"], "TagKeys": []},
    "update_organizational_unit": {"OrganizationalUnitId": ID["unit"], "Name": "a"},
    "update_policy": {"PolicyId": ID["policy"]},
}
# What every account may call, and what every member may.
OF_ANYBODY = {"accept_handshake", "cancel_handshake", "create_organization", "decline_handshake", "describe_handshake", "list_handshakes_for_account"}
OF_MEMBERS = {"describe_organization", "leave_organization"}
READS = {name for name in INPUTS if name.startswith(("describe", "list"))}


@case(moto_departs="lets anybody (each operation: from the management account, from a member account)")
def accounts_call_what_their_standing_lets(aws):
    outside = orgs(aws, 1)
    for name, given in INPUTS.items():
        if name not in OF_ANYBODY:
            with aws.refuses("AWSOrganizationsNotInUseException", "^Your account is not a member of an organization.$", 400):
                getattr(outside, name)(**given)
    join(aws)
    for name, given in INPUTS.items():
        if name not in OF_ANYBODY | OF_MEMBERS:
            with aws.refuses("AccessDeniedException", "^You don't have permissions to access this resource.$", 400):
                getattr(outside, name)(**given)
    # Who administers a service for the organization may read it.
    orgs(aws).enable_aws_service_access(ServicePrincipal=SERVICE)
    orgs(aws).register_delegated_administrator(AccountId=aws.accounts[1], ServicePrincipal=SERVICE)
    for name in ("list_accounts", "list_roots", "describe_organization"):
        getattr(outside, name)()
    with aws.refuses("AccessDeniedException"):
        outside.create_organizational_unit(ParentId=ID["root"], Name="a")
    orgs(aws).deregister_delegated_administrator(AccountId=aws.accounts[1], ServicePrincipal=SERVICE)
    part(aws)


@case(moto_departs="enforces nothing (IAM User Guide, Policy evaluation logic)")
def what_ones_own_policies_do_not_allow_is_denied(aws):
    nothing = document({"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"})
    role = f"arn:aws:iam::{aws.accounts[0]}:role/Nothing"
    session = aws.sts().assume_role(RoleArn=role, RoleSessionName="me", Policy=nothing)["Credentials"]
    client = aws.client("organizations", credentials=session)
    words = r"^User: \S+ is not authorized to perform: organizations:\w+ (on resource: \S+ )?because no session policy allows"
    for name, given in (INPUTS | {"create_organization": {}}).items():
        with aws.refuses("AccessDeniedException", words, 400):
            getattr(client, name)(**given)


@case(moto_departs="looks at few values (each operation, InvalidInputException)")
def what_the_model_does_not_take_is_refused_as_invalid_input(aws):
    client = orgs(aws)
    words = "^You provided a value that does not match the required pattern.$"
    for name, given in INPUTS.items():
        # The first id that is given, as something else.
        named = [member for member, value in given.items() if member.endswith("Id") and isinstance(value, str)]
        for member in named:
            with aws.refuses("InvalidInputException", words, 400):
                getattr(client, name)(**(given | {member: "x y"}))
        if name.startswith("list") and name != "list_tags_for_resource":
            with aws.refuses("InvalidInputException", "^You provided a numeric value that is larger than allowed.$", 400):
                getattr(client, name)(**(given | {"MaxResults": 21}))
    for name, given, words in (
        ("create_organization", {"FeatureSet": "SOME"}, "^You specified an invalid value.$"),
        ("create_account", {"Email": "nobody", "AccountName": "a"}, words),
        ("create_policy", INPUTS["create_policy"] | {"Type": "OTHER"}, "^You specified an invalid value.$"),
        ("create_policy", {}, "^You must include a value for all required parameters.$"),
        ("invite_account_to_organization", {"Target": {"Id": "x", "Type": "ORGANIZATION"}}, "wrong type of entity"),
        ("invite_account_to_organization", {"Target": {"Id": "x", "Type": "ACCOUNT"}}, words),
        ("disable_aws_service_access", {"ServicePrincipal": "a b"}, words),
        ("update_policy", {"PolicyId": FULL, "Name": ""}, "^You provided a string parameter that is shorter than allowed.$"),
        ("update_policy", {"PolicyId": FULL, "Name": "n" * 129}, "^You provided a string parameter that is longer than allowed.$"),
        ("list_accounts", {"NextToken": "!"}, "nextToken"),
    ):
        with aws.refuses("InvalidInputException", words, 400):
            getattr(client, name)(**given)


@case(moto_departs="enforces nothing (User Guide, SCP evaluation)")
def a_denial_holds_for_the_very_next_call_of_a_member(aws):
    client = orgs(aws)
    join(aws)
    key = aws.kms(aws.accounts[1]).create_key()["KeyMetadata"]["Arn"]
    policy = new_policy(aws, "enforced")
    arn = client.describe_policy(PolicyId=policy)["Policy"]["PolicySummary"]["Arn"]
    aws.kms(aws.accounts[1]).encrypt(KeyId=key, Plaintext=b"x")
    client.attach_policy(PolicyId=policy, TargetId=aws.accounts[1])
    with aws.refuses("AccessDeniedException", f"with an explicit deny in a service control policy: {arn}$", 400):
        aws.kms(aws.accounts[1]).encrypt(KeyId=key, Plaintext=b"x")
    client.detach_policy(PolicyId=policy, TargetId=aws.accounts[1])
    aws.kms(aws.accounts[1]).encrypt(KeyId=key, Plaintext=b"x")
    part(aws)


@case()
def an_organization_ends_when_its_members_have_left(aws):
    client = orgs(aws)
    with aws.refuses("OrganizationNotEmptyException", "first remove all member accounts", 400):
        client.delete_organization()
    for account in tokens_of(client.list_accounts, "Accounts"):
        if account["Id"] != aws.accounts[0]:
            client.remove_account_from_organization(AccountId=account["Id"])
    client.delete_organization()
    with aws.refuses("AWSOrganizationsNotInUseException", "^Your account is not a member of an organization.$", 400):
        client.describe_organization()


@case(moto_departs="keeps the types of policies apart from the features (CreateOrganization, FeatureSet)")
def one_of_bills_alone_has_no_policies(aws):
    client = orgs(aws)
    made = client.create_organization(FeatureSet="CONSOLIDATED_BILLING")["Organization"]
    assert made["FeatureSet"] == "CONSOLIDATED_BILLING" and made["AvailablePolicyTypes"] == [], made
    root = client.list_roots()["Roots"][0]
    assert root["PolicyTypes"] == [], root
    with aws.refuses("PolicyTypeNotAvailableForOrganizationException"):
        client.enable_policy_type(RootId=root["Id"], PolicyType=SCP)
    with aws.refuses("PolicyTypeNotAvailableForOrganizationException"):
        new_policy(aws, "none")
    assert client.list_policies(Filter=SCP)["Policies"] == []
    with aws.refuses("ConstraintViolationException", "The embedded AWS has one organization"):
        orgs(aws, 1).create_organization()
    client.delete_organization()
