"""What users sign in with beside access keys, and the report of it, by the IAM API Reference."""

import base64
import csv
import hashlib
import hmac
import io
import json
import time

from contract import case
from session import pages_of
from iam_users import keys_of

GOOD = "Marked-Passw0rd-{}"


def codes(seed, steps_from_now=0):
    """Two codes of a device, one behind the other (RFC 6238)."""
    key, now = base64.b32decode(seed), int(time.time()) // 30 + steps_from_now

    def code(step):
        digest = hmac.digest(key, step.to_bytes(8, "big"), hashlib.sha1)
        at = digest[-1] & 0xF
        return f"{(int.from_bytes(digest[at:at + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"

    return {"AuthenticationCode1": code(now), "AuthenticationCode2": code(now + 1)}


@case()
def a_login_profile_is_there_until_it_is_deleted(aws):
    iam = aws.iam()
    iam.create_user(UserName="console")
    made = iam.create_login_profile(UserName="console", Password=GOOD.format(1), PasswordResetRequired=True)["LoginProfile"]
    told = iam.get_login_profile(UserName="console")["LoginProfile"]
    with aws.moto_departs("forgets whether the password must be reset (CreateLoginProfile, PasswordResetRequired)"):
        assert (made["UserName"], made["PasswordResetRequired"]) == ("console", True), made
        assert told == made, told
    with aws.moto_may_depart("its messages are its own"):
        with aws.refuses("EntityAlreadyExists", "^Login Profile for user console already exists.$", 409):
            iam.create_login_profile(UserName="console", Password=GOOD.format(2))
    with aws.moto_departs("takes a password away that is not given (UpdateLoginProfile: what is not given stays)"):
        iam.update_login_profile(UserName="console", PasswordResetRequired=False)
        assert not iam.get_login_profile(UserName="console")["LoginProfile"]["PasswordResetRequired"]
        iam.update_login_profile(UserName="console", Password=GOOD.format(2))
    with aws.moto_departs("deletes users who have passwords (DeleteUser: the password must be deleted first)"):
        with aws.refuses("DeleteConflict", "^Cannot delete entity, must delete login profile first.$", 409):
            iam.delete_user(UserName="console")
    with aws.moto_may_depart("it deleted the user"):
        iam.delete_login_profile(UserName="console")
    with aws.moto_may_depart("its messages are its own"):
        for call, more in ((iam.get_login_profile, {}), (iam.update_login_profile, {"Password": GOOD.format(1)}), (iam.delete_login_profile, {})):
            with aws.refuses("NoSuchEntity", "^Login Profile for User console cannot be found.$", 404):
                call(UserName="console", **more)
        for call, more in (
            (iam.create_login_profile, {"Password": GOOD.format(1)}), (iam.get_login_profile, {}), (iam.update_login_profile, {}),
            (iam.delete_login_profile, {}),
        ):
            with aws.refuses("NoSuchEntity", "^The user with name nobody cannot be found.$", 404):
                call(UserName="nobody", **more)
        with aws.refuses("ValidationError", "", 400):
            iam.create_login_profile(UserName="console")
        with aws.refuses("ValidationError", "console sessions", 400):
            iam.create_login_profile(UserName="console", Password=GOOD.format(1), MaxSigninSessionDuration=3600)


@case()
def the_password_policy_is_the_accounts(aws):
    iam = aws.iam()
    none = f"^The Password Policy with domain name {aws.accounts[0]} cannot be found.$"
    with aws.refuses("NoSuchEntity", none, 404):
        iam.get_account_password_policy()
    with aws.refuses("NoSuchEntity", "^The account policy with name PasswordPolicy cannot be found.$", 404):
        iam.delete_account_password_policy()
    iam.update_account_password_policy(MinimumPasswordLength=12, RequireSymbols=True, MaxPasswordAge=90, PasswordReusePrevention=2)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    expected = {
        "MinimumPasswordLength": 12, "RequireSymbols": True, "RequireNumbers": False, "RequireUppercaseCharacters": False,
        "RequireLowercaseCharacters": False, "AllowUsersToChangePassword": False, "ExpirePasswords": True, "MaxPasswordAge": 90,
        "PasswordReusePrevention": 2,
    }
    assert {name: policy.get(name) for name in expected} == expected, policy
    # What is not given has its default again.
    iam.update_account_password_policy(RequireNumbers=True)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["RequireSymbols"], policy["RequireNumbers"], policy["ExpirePasswords"]) == (6, False, True, False), policy
    with aws.moto_departs("tells ages that were not given (GetAccountPasswordPolicy, MaxPasswordAge: at least 1)"):
        assert "MaxPasswordAge" not in policy, policy
    with aws.moto_departs("takes any length (UpdateAccountPasswordPolicy, MinimumPasswordLength: 6 to 128)"):
        with aws.refuses("ValidationError", "inimumPasswordLength", 400):
            iam.update_account_password_policy(MinimumPasswordLength=5)
    iam.delete_account_password_policy()
    with aws.refuses("NoSuchEntity", none, 404):
        iam.get_account_password_policy()


@case(moto_departs="takes every password (CreateLoginProfile, UpdateLoginProfile: PasswordPolicyViolation)")
def passwords_keep_the_policy(aws):
    iam = aws.iam()
    iam.create_user(UserName="policed")
    for policy, password, message in (
        (None, "Aa1-567", "minimum length of 8"),
        (None, "aaaa1111", "at least three of"),
        ({"MinimumPasswordLength": 10}, "aaaaaaaaa", "minimum length of 10"),
        ({"RequireUppercaseCharacters": True}, "aaaa11!!", "at least one uppercase letter"),
        ({"RequireLowercaseCharacters": True}, "AAAA11!!", "at least one lowercase letter"),
        ({"RequireNumbers": True}, "aaaaAA!!", "at least one number"),
        ({"RequireSymbols": True}, "aaaaAA11", "at least one symbol"),
    ):
        if policy:
            iam.update_account_password_policy(**policy)
        with aws.refuses("PasswordPolicyViolation", f"^Password should have .*{message}", 400):
            iam.create_login_profile(UserName="policed", Password=password)
    iam.update_account_password_policy(PasswordReusePrevention=2)
    iam.create_login_profile(UserName="policed", Password=GOOD.format(1))
    for number in (2, 3):
        iam.update_login_profile(UserName="policed", Password=GOOD.format(number))
    for number in (3, 2):
        with aws.refuses("PasswordPolicyViolation", "last 2", 400):
            iam.update_login_profile(UserName="policed", Password=GOOD.format(number))
    iam.update_login_profile(UserName="policed", Password=GOOD.format(1))
    iam.delete_account_password_policy()


@case(moto_departs="has no ChangePassword (IAM API Reference)")
def users_change_their_own_password(aws):
    iam = aws.iam()
    iam.create_user(UserName="changer")
    own = aws.iam(credentials=keys_of(aws, "changer"))
    change = {"OldPassword": GOOD.format(1), "NewPassword": GOOD.format(2)}
    with aws.refuses("AccessDenied", "iam:ChangePassword on resource: .*:user/changer because no identity-based policy", 403):
        own.change_password(**change)
    # The policy of the account lets all of its users do so.
    iam.update_account_password_policy(AllowUsersToChangePassword=True, MinimumPasswordLength=8)
    assert own.get_account_password_policy()["PasswordPolicy"]["AllowUsersToChangePassword"]
    with aws.refuses("NoSuchEntity", "^Login Profile for User changer cannot be found.$", 404):
        own.change_password(**change)
    iam.create_login_profile(UserName="changer", Password=GOOD.format(1), PasswordResetRequired=True)
    with aws.refuses("AccessDenied", "^The old password was incorrect.$", 403):
        own.change_password(**{**change, "OldPassword": GOOD.format(9)})
    with aws.refuses("PasswordPolicyViolation", "minimum length of 8", 400):
        own.change_password(**{**change, "NewPassword": "short"})
    own.change_password(**change)
    assert not iam.get_login_profile(UserName="changer")["LoginProfile"]["PasswordResetRequired"]
    with aws.refuses("AccessDenied", "^The old password was incorrect.$", 403):
        own.change_password(**change)
    own.change_password(OldPassword=GOOD.format(2), NewPassword=GOOD.format(3))
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:ChangePassword", "Resource": "*"}]}
    iam.put_user_policy(UserName="changer", PolicyName="deny", PolicyDocument=json.dumps(deny))
    with aws.refuses("AccessDenied", "explicit deny", 403):
        own.change_password(OldPassword=GOOD.format(3), NewPassword=GOOD.format(4))
    with aws.refuses("InvalidUserType", "^Only IAM Users can change their own password$", 400):
        iam.change_password(**change)
    iam.delete_account_password_policy()


@case(moto_departs="has no service-specific credentials (CreateServiceSpecificCredential)")
def credentials_for_one_service(aws):
    iam, service = aws.iam(), "codecommit.amazonaws.com"
    iam.create_user(UserName="git")
    made = [iam.create_service_specific_credential(UserName="git", ServiceName=service)["ServiceSpecificCredential"] for _ in range(2)]
    first, second = made
    assert (first["UserName"], first["ServiceName"], first["Status"]) == ("git", service, "Active"), first
    assert first["ServiceUserName"] == f"git-at-{aws.accounts[0]}" != second["ServiceUserName"], made
    assert first["ServiceSpecificCredentialId"].startswith("ACCA") and len(first["ServicePassword"]) == 44, first
    assert first["ServicePassword"] != second["ServicePassword"]
    with aws.refuses("LimitExceeded", "ServiceSpecificCredentialsPerUser: 2$", 409):
        iam.create_service_specific_credential(UserName="git", ServiceName=service)
    bedrock = iam.create_service_specific_credential(UserName="git", ServiceName="bedrock.amazonaws.com", CredentialAgeDays=30)
    bedrock = bedrock["ServiceSpecificCredential"]
    assert bedrock["ServiceCredentialSecret"].startswith("ABSK") and bedrock["ServiceCredentialAlias"].startswith("git"), bedrock
    assert (bedrock["ExpirationDate"] - bedrock["CreateDate"]).days == 30 and "ServicePassword" not in bedrock, bedrock
    listed = pages_of(iam.list_service_specific_credentials, "ServiceSpecificCredentials", UserName="git")
    ids = sorted(each["ServiceSpecificCredentialId"] for each in (*made, bedrock))
    assert [each["ServiceSpecificCredentialId"] for each in listed] == ids, listed
    assert not any("ServicePassword" in each or "ServiceCredentialSecret" in each for each in listed), listed
    assert len(iam.list_service_specific_credentials(UserName="git", ServiceName=service)["ServiceSpecificCredentials"]) == 2
    assert len(iam.list_service_specific_credentials(AllUsers=True)["ServiceSpecificCredentials"]) == 3
    of = {"UserName": "git", "ServiceSpecificCredentialId": first["ServiceSpecificCredentialId"]}
    again = iam.reset_service_specific_credential(**of)["ServiceSpecificCredential"]
    assert again["ServicePassword"] != first["ServicePassword"] and again["ServiceUserName"] == first["ServiceUserName"], again
    iam.update_service_specific_credential(**of, Status="Inactive")
    listed = iam.list_service_specific_credentials(UserName="git", ServiceName=service)["ServiceSpecificCredentials"]
    assert {each["Status"] for each in listed} == {"Active", "Inactive"}, listed
    with aws.refuses("DeleteConflict", "^Cannot delete entity, must remove referenced objects first.$", 409):
        iam.delete_user(UserName="git")
    # Policies may speak of the service.
    keys = keys_of(aws, "git")
    only = {"Effect": "Allow", "Action": "iam:*ServiceSpecificCredential", "Resource": "*",
            "Condition": {"StringEquals": {"iam:ServiceSpecificCredentialServiceName": "bedrock.amazonaws.com"}}}
    iam.put_user_policy(UserName="git", PolicyName="only", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [only]}))
    with aws.refuses("AccessDenied", "iam:ResetServiceSpecificCredential", 403):
        aws.iam(credentials=keys).reset_service_specific_credential(**of)
    aws.iam(credentials=keys).reset_service_specific_credential(ServiceSpecificCredentialId=bedrock["ServiceSpecificCredentialId"])
    iam.delete_service_specific_credential(**of)
    for call, more in (
        (iam.update_service_specific_credential, {"Status": "Active"}), (iam.reset_service_specific_credential, {}),
        (iam.delete_service_specific_credential, {}),
    ):
        with aws.refuses("NoSuchEntity", "", 404):
            call(**of, **more)
    with aws.refuses("NoSuchEntity", "user with name nobody", 404):
        iam.create_service_specific_credential(UserName="nobody", ServiceName=service)
    with aws.refuses("NoSuchEntity", "user with name nobody", 404):
        iam.list_service_specific_credentials(UserName="nobody")
    for call in (iam.create_service_specific_credential, iam.list_service_specific_credentials):
        with aws.refuses("NotSupportedService", "ec2.amazonaws.com", 404):
            call(UserName="git", ServiceName="ec2.amazonaws.com")
    with aws.refuses("ValidationError", "CredentialAgeDays", 400):
        iam.create_service_specific_credential(UserName="git", ServiceName=service, CredentialAgeDays=1)


@case()
def a_virtual_mfa_device_is_made_enabled_and_deleted(aws):
    iam = aws.iam()
    iam.create_user(UserName="mfa")
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone", Path="/team/", Tags=[{"Key": "a", "Value": "b"}])["VirtualMFADevice"]
    serial, seed = made["SerialNumber"], made["Base32StringSeed"]
    assert serial == f"arn:aws:iam::{aws.accounts[0]}:mfa/team/phone", made
    with aws.moto_may_depart("its messages are its own"):
        with aws.refuses("EntityAlreadyExists", "^MFA device already exists.$", 409):
            iam.create_virtual_mfa_device(VirtualMFADeviceName="phone", Path="/team/")
    assert serial in [each["SerialNumber"] for each in iam.list_virtual_mfa_devices(AssignmentStatus="Unassigned")["VirtualMFADevices"]]
    with aws.moto_departs("takes any codes, and has no tags (EnableMFADevice: InvalidAuthenticationCode; ListMFADeviceTags)"):
        assert len(base64.b32decode(seed)) == 40
        of = {"UserName": "mfa", "SerialNumber": serial}
        for wrong in ({"AuthenticationCode1": "000000", "AuthenticationCode2": "000000"}, codes(seed, 100)):
            with aws.refuses("InvalidAuthenticationCode", "^Authentication code for device is not valid.$", 403):
                iam.enable_mfa_device(**of, **wrong)
        iam.enable_mfa_device(**of, **codes(seed))
        with aws.refuses("EntityAlreadyExists", "already in use", 409):
            iam.enable_mfa_device(**of, **codes(seed))
        [device] = iam.list_mfa_devices(UserName="mfa")["MFADevices"]
        assert (device["UserName"], device["SerialNumber"]) == ("mfa", serial), device
        told = iam.get_mfa_device(SerialNumber=serial, UserName="mfa")
        assert told["EnableDate"] == device["EnableDate"] and told["UserName"] == "mfa", told
        [assigned] = [each for each in iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"] if each["SerialNumber"] == serial]
        assert assigned["User"]["UserName"] == "mfa" and "Base32StringSeed" not in assigned, assigned
        iam.resync_mfa_device(**of, **codes(seed))
        with aws.refuses("InvalidAuthenticationCode", "", 403):
            iam.resync_mfa_device(**of, **codes(seed, 100))
        iam.update_user(UserName="mfa", NewUserName="mfa2")
        assert iam.list_mfa_devices(UserName="mfa2")["MFADevices"] == [{**device, "UserName": "mfa2"}]
        with aws.refuses("DeleteConflict", "^Cannot delete entity, must delete MFA device first.$", 409):
            iam.delete_user(UserName="mfa2")
        with aws.refuses("DeleteConflict", "^MFA VirtualDevice in use. Must deactivate first.$", 409):
            iam.delete_virtual_mfa_device(SerialNumber=serial)
        iam.tag_mfa_device(SerialNumber=serial, Tags=[{"Key": "c", "Value": "d"}])
        iam.untag_mfa_device(SerialNumber=serial, TagKeys=["a"])
        assert iam.list_mfa_device_tags(SerialNumber=serial)["Tags"] == [{"Key": "c", "Value": "d"}]
        twice = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
        with aws.refuses("InvalidInput", "^Duplicate tag keys found.", 400):
            iam.create_virtual_mfa_device(VirtualMFADeviceName="other", Tags=twice)
        with aws.refuses("InvalidInput", "^Duplicate tag keys found.", 400):
            iam.tag_mfa_device(SerialNumber=serial, Tags=twice)
        with aws.refuses("LimitExceeded", "number of tags", 409):
            iam.tag_mfa_device(SerialNumber=serial, Tags=[{"Key": f"k{at}", "Value": "v"} for at in range(50)])
        iam.create_user(UserName="many")
        for at in range(9):
            many = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"many{at}")["VirtualMFADevice"]
            enable = {"UserName": "many", "SerialNumber": many["SerialNumber"], **codes(many["Base32StringSeed"])}
            if at < 8:
                iam.enable_mfa_device(**enable)
        with aws.refuses("LimitExceeded", "^Cannot exceed quota for MFADevicesPerUser: 8$", 409):
            iam.enable_mfa_device(**enable)
        iam.deactivate_mfa_device(UserName="mfa2", SerialNumber=serial)
        any_codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "123456"}
        for call, more in ((iam.deactivate_mfa_device, {}), (iam.get_mfa_device, {}), (iam.resync_mfa_device, any_codes)):
            with aws.refuses("NoSuchEntity", "", 404):
                call(UserName="mfa2", SerialNumber=serial, **more)
            with aws.refuses("NoSuchEntity", "user with name nobody", 404):
                call(UserName="nobody", SerialNumber=serial, **more)
        iam.delete_virtual_mfa_device(SerialNumber=serial)
        for call, more in (
            (iam.delete_virtual_mfa_device, {}), (iam.enable_mfa_device, {"UserName": "mfa2", **any_codes}), (iam.list_mfa_device_tags, {}),
            (iam.tag_mfa_device, {"Tags": twice[:1]}), (iam.untag_mfa_device, {"TagKeys": ["a"]}),
        ):
            with aws.refuses("NoSuchEntity", f"^MFA Device with serial number {serial} does not exist.$", 404):
                call(SerialNumber=serial, **more)
        # Made again it is another device.
        assert iam.create_virtual_mfa_device(VirtualMFADeviceName="phone", Path="/team/")["VirtualMFADevice"]["Base32StringSeed"] != seed
    with aws.moto_may_depart("its messages are its own"):
        with aws.refuses("NoSuchEntity", "user with name nobody", 404):
            iam.list_mfa_devices(UserName="nobody")


@case(moves_clock=True)
def the_credential_report_tells_all_users(aws):
    iam = aws.iam(account=aws.accounts[1])
    with aws.refuses("ReportNotPresent", "", 410):
        iam.get_credential_report()
    iam.create_user(UserName="reported", Path="/team/")
    key = iam.create_access_key(UserName="reported")["AccessKey"]
    iam.create_login_profile(UserName="reported", Password=GOOD.format(1))
    iam.update_account_password_policy(MaxPasswordAge=10)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="reported")["VirtualMFADevice"]
    iam.enable_mfa_device(UserName="reported", SerialNumber=device["SerialNumber"], **codes(device["Base32StringSeed"]))
    iam.create_user(UserName="bare")
    first = iam.generate_credential_report()
    assert first["State"] == "STARTED" and first["Description"].startswith("No report exists. Starting"), first
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    report = iam.get_credential_report()
    assert report["ReportFormat"] == "text/csv", report
    users = {row["user"]: row for row in csv.DictReader(io.StringIO(report["Content"].decode()))}
    assert users["<root_account>"]["arn"] == f"arn:aws:iam::{aws.accounts[1]}:root", users
    row, bare = users["reported"], users["bare"]
    assert row["arn"].endswith(":user/team/reported") and row["user_creation_time"].endswith("+00:00"), row
    assert (row["password_enabled"], row["password_last_used"], row["mfa_active"]) == ("true", "no_information", "true"), row
    assert row["password_last_changed"] < row["password_next_rotation"], row
    assert (row["access_key_1_active"], row["access_key_1_last_used_date"], row["access_key_2_active"]) == ("true", "N/A", "false"), row
    assert f"{key['CreateDate']:%Y-%m-%dT%H:%M:%S+00:00}" == row["access_key_1_last_rotated"], row
    assert (bare["password_enabled"], bare["password_last_changed"], bare["mfa_active"], bare["access_key_1_active"]) == ("false", "N/A", "false", "false"), bare
    assert all(len(each) == 22 and None not in each.values() for each in users.values()), users
    # It is good for four hours, and of its time.
    iam.delete_user(UserName="bare")
    assert "bare" in iam.get_credential_report()["Content"].decode()
    aws.admin("clock", advance="PT4H")
    with aws.refuses("ReportExpired", "", 410):
        iam.get_credential_report()
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert "bare" not in iam.get_credential_report()["Content"].decode()
