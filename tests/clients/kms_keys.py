"""Keys and what stands beside them: metadata, states, aliases, tags, policies. By the KMS API Reference."""

import json

from contract import case
from session import REGION, pages

NOWHERE = "00000000-0000-4000-8000-000000000000"


def new_key(aws, client=None, **parameters):
    return (client or aws.kms()).create_key(**parameters)["KeyMetadata"]


@case()
def a_new_key_is_described_as_it_was_made(aws):
    kms, account = aws.kms(), aws.accounts[0]
    made = new_key(aws, Description="orders", Tags=[{"TagKey": "team", "TagValue": "blue"}])
    assert made["Arn"] == f"arn:aws:kms:{REGION}:{account}:key/{made['KeyId']}", made
    expected = {
        "AWSAccountId": account, "Enabled": True, "Description": "orders", "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": "Enabled", "Origin": "AWS_KMS", "KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT", "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"], "MultiRegion": False,
    }
    with aws.moto_departs("leaves members out (KeyMetadata)"):
        assert {name: made.get(name) for name in expected} == expected, made
    assert {name: made.get(name, expected[name]) for name in expected} == expected, made
    with aws.moto_departs("names no key material (CreateKey, KeyMetadata.CurrentKeyMaterialId)"):
        assert len(made["CurrentKeyMaterialId"]) == 64, made
    assert kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"] == made
    assert kms.describe_key(KeyId=made["Arn"])["KeyMetadata"] == made


@case()
def a_key_that_cannot_be_made_is_refused(aws):
    kms = aws.kms()
    with aws.refuses("ValidationException", "'[kK]eySpec' failed to satisfy constraint: Member must satisfy enum value set"):
        kms.create_key(KeySpec="AES_1")
    with aws.moto_departs("makes keys whose spec and usage do not fit (CreateKey, KeyUsage)"):
        with aws.refuses("ValidationException"):
            kms.create_key(KeyUsage="SIGN_VERIFY")
    with aws.moto_departs("has keys that AWS has in China only (CreateKey, KeySpec)"):
        with aws.refuses("UnsupportedOperationException", "SM2"):
            kms.create_key(KeySpec="SM2", KeyUsage="SIGN_VERIFY")
    with aws.moto_departs("takes descriptions of any length (CreateKey, Description: up to 8192)"):
        with aws.refuses("ValidationException", "'description' failed .* less than or equal to 8192"):
            kms.create_key(Description="x" * 8193)
    with aws.moto_departs("refuses nothing with TagException (CreateKey: TagException)"):
        with aws.refuses("TagException"):
            kms.create_key(Tags=[{"TagKey": "a", "TagValue": "1"}, {"TagKey": "a", "TagValue": "2"}])
        with aws.refuses("TagException"):
            kms.create_key(Tags=[{"TagKey": "aws:a", "TagValue": "1"}])


@case()
def keys_are_listed_in_pages(aws):
    made = {new_key(aws)["Arn"] for _ in range(3)}
    listed = aws.kms().list_keys(Limit=1000)["Keys"]
    with aws.moto_departs("lists in one page (ListKeys, Limit: no more than the specified number)"):
        listed = pages(aws.kms().list_keys, "Keys")
    assert made <= {key["KeyArn"] for key in listed}
    assert all(key["KeyArn"].endswith(key["KeyId"]) for key in listed)
    assert len(listed) == len({key["KeyId"] for key in listed})
    with aws.moto_departs("looks at no marker (ListKeys: InvalidMarkerException)"), aws.refuses("InvalidMarkerException"):
        aws.kms().list_keys(Marker="nonsense")
    with aws.moto_departs("takes any limit (ListKeys, Limit: 1 to 1000)"):
        with aws.refuses("ValidationException", "'limit' failed .* less than or equal to 1000"):
            aws.kms().list_keys(Limit=1001)


@case(on_aws=True)
def a_description_is_replaced(aws):
    key = new_key(aws, Description="old")["KeyId"]
    aws.kms().update_key_description(KeyId=key, Description="new")
    assert aws.kms().describe_key(KeyId=key)["KeyMetadata"]["Description"] == "new"


@case(moto_departs="looks for the policy before the key (GetKeyPolicy: NotFoundException names the key)")
def a_key_that_is_not_there_is_not_found(aws):
    kms, grant = aws.kms(), "0" * 64
    for call, parameters in (
        (kms.describe_key, {}), (kms.enable_key, {}), (kms.disable_key, {}), (kms.schedule_key_deletion, {}),
        (kms.cancel_key_deletion, {}), (kms.update_key_description, {"Description": ""}),
        (kms.tag_resource, {"Tags": [{"TagKey": "a", "TagValue": "b"}]}), (kms.untag_resource, {"TagKeys": ["a"]}),
        (kms.list_resource_tags, {}), (kms.list_aliases, {}), (kms.get_key_policy, {}), (kms.list_key_policies, {}),
        (kms.put_key_policy, {"Policy": "{}"}), (kms.encrypt, {"Plaintext": b"x"}), (kms.generate_data_key, {"KeySpec": "AES_256"}),
        (kms.generate_data_key_without_plaintext, {"KeySpec": "AES_256"}),
        (kms.create_grant, {"GranteePrincipal": f"arn:aws:iam::{aws.accounts[0]}:root", "Operations": ["Decrypt"]}),
        (kms.list_grants, {}), (kms.revoke_grant, {"GrantId": grant}), (kms.retire_grant, {"GrantId": grant}),
        (kms.enable_key_rotation, {}), (kms.disable_key_rotation, {}), (kms.get_key_rotation_status, {}),
        (kms.list_key_rotations, {}), (kms.rotate_key_on_demand, {}), (kms.replicate_key, {"ReplicaRegion": "eu-west-1"}),
        (kms.update_primary_region, {"PrimaryRegion": "eu-west-1"}),
    ):
        arn = f"arn:aws:kms:{REGION}:{aws.accounts[0]}:key/{NOWHERE}"
        if call in (kms.revoke_grant, kms.retire_grant):
            parameters = {**parameters, "KeyId": arn}
        with aws.refuses("NotFoundException", f"^Key '{arn}' does not exist$", 400):
            call(**{"KeyId": NOWHERE, **parameters})
    for call, parameters in ((kms.create_alias, {"AliasName": "alias/nowhere"}), (kms.update_alias, {"AliasName": "alias/nowhere"})):
        with aws.refuses("NotFoundException"):
            call(TargetKeyId=NOWHERE, **parameters)
    with aws.refuses("NotFoundException", "Alias arn:aws:kms:.*:alias/nowhere is not found."):
        kms.encrypt(KeyId="alias/nowhere", Plaintext=b"x")
    with aws.refuses("NotFoundException", "Alias arn:aws:kms:.*:alias/nowhere is not found."):
        kms.delete_alias(AliasName="alias/nowhere")
    ciphertext = kms.encrypt(KeyId=new_key(aws)["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    with aws.refuses("NotFoundException"):
        kms.re_encrypt(CiphertextBlob=ciphertext, DestinationKeyId=NOWHERE)
    with aws.refuses("NotFoundException"):
        kms.decrypt(CiphertextBlob=ciphertext, KeyId=NOWHERE)


@case(moto_departs="reads an ARN by its end (InvalidArnException of each operation)")
def an_arn_that_is_none_is_invalid(aws):
    kms, arn = aws.kms(), f"arn:aws:kms:{REGION}:not-an-account:key/{NOWHERE}"
    for call, parameters in (
        (kms.describe_key, {}), (kms.enable_key, {}), (kms.disable_key, {}), (kms.schedule_key_deletion, {}),
        (kms.cancel_key_deletion, {}), (kms.update_key_description, {"Description": ""}),
        (kms.tag_resource, {"Tags": [{"TagKey": "a", "TagValue": "b"}]}), (kms.untag_resource, {"TagKeys": ["a"]}),
        (kms.list_resource_tags, {}), (kms.list_aliases, {}), (kms.get_key_policy, {}), (kms.list_key_policies, {}),
        (kms.put_key_policy, {"Policy": "{}"}), (kms.list_grants, {}), (kms.revoke_grant, {"GrantId": "0" * 64}),
        (kms.retire_grant, {"GrantId": "0" * 64}), (kms.enable_key_rotation, {}), (kms.disable_key_rotation, {}),
        (kms.get_key_rotation_status, {}), (kms.list_key_rotations, {}), (kms.rotate_key_on_demand, {}),
        (kms.replicate_key, {"ReplicaRegion": "eu-west-1"}), (kms.update_primary_region, {"PrimaryRegion": "eu-west-1"}),
        (kms.create_grant, {"GranteePrincipal": f"arn:aws:iam::{aws.accounts[0]}:root", "Operations": ["Decrypt"]}),
    ):
        with aws.refuses("InvalidArnException", "[Ii]nvalid arn", 400):
            call(KeyId=arn, **parameters)
    with aws.refuses("InvalidArnException"):
        kms.list_retirable_grants(RetiringPrincipal="arn:aws:iam::nobody:root/x")


@case(moto_departs="lets disabled keys be granted and rotated (Key states of AWS KMS keys)")
def states_allow_what_the_table_says(aws):
    kms = aws.kms()
    key = new_key(aws, MultiRegion=True)["KeyId"]
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    ciphertext = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    grantee = {"GranteePrincipal": f"arn:aws:iam::{aws.accounts[0]}:root", "Operations": ["Decrypt"]}
    token = kms.create_grant(KeyId=key, **grantee)
    aes = {"KeySpec": "AES_256"}
    other = kms.encrypt(KeyId=new_key(aws)["KeyId"], Plaintext=b"y")["CiphertextBlob"]
    works = (
        lambda: kms.encrypt(KeyId=key, Plaintext=b"x"),
        lambda: kms.decrypt(CiphertextBlob=ciphertext),
        lambda: kms.re_encrypt(CiphertextBlob=ciphertext, DestinationKeyId=key),
        lambda: kms.re_encrypt(CiphertextBlob=other, DestinationKeyId=key),
        lambda: kms.generate_data_key(KeyId=key, **aes),
        lambda: kms.generate_data_key_without_plaintext(KeyId=key, **aes),
        lambda: kms.create_grant(KeyId=key, **grantee),
        lambda: kms.enable_key_rotation(KeyId=key),
        lambda: kms.disable_key_rotation(KeyId=key),
        lambda: kms.rotate_key_on_demand(KeyId=key),
        lambda: kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1"),
        lambda: kms.update_primary_region(KeyId=key, PrimaryRegion="eu-west-1"),
    )
    kms.disable_key(KeyId=key)
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (metadata["KeyState"], metadata["Enabled"]) == ("Disabled", False), metadata
    for call in works:
        with aws.refuses("DisabledException", f"^{arn} is disabled.$", 400):
            call()
    reads = (
        lambda: kms.get_key_policy(KeyId=key), lambda: kms.list_grants(KeyId=key), lambda: kms.list_aliases(KeyId=key),
        lambda: kms.list_resource_tags(KeyId=key), lambda: kms.list_key_policies(KeyId=key),
        lambda: kms.describe_key(KeyId=key), lambda: kms.list_key_rotations(KeyId=key),
    )
    labels = (
        lambda: kms.update_key_description(KeyId=key, Description="d"),
        lambda: kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}]),
        lambda: kms.untag_resource(KeyId=key, TagKeys=["a"]),
        lambda: kms.create_alias(AliasName=f"alias/{key}", TargetKeyId=key),
        lambda: kms.update_alias(AliasName=f"alias/{key}", TargetKeyId=key),
    )
    for call in reads + labels:
        call()
    kms.enable_key(KeyId=key)
    kms.encrypt(KeyId=key, Plaintext=b"x")

    scheduled = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert (scheduled["KeyId"], scheduled["KeyState"], scheduled["PendingWindowInDays"]) == (arn, "PendingDeletion", 7)
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert metadata["DeletionDate"] == scheduled["DeletionDate"] and not metadata["Enabled"], metadata
    pending = labels + works + (
        lambda: kms.enable_key(KeyId=key), lambda: kms.disable_key(KeyId=key), lambda: kms.schedule_key_deletion(KeyId=key),
    )
    for call in pending:
        with aws.refuses("KMSInvalidStateException", f"^{arn} is pending deletion.$", 400):
            call()
    for call in reads:
        call()
    kms.retire_grant(GrantToken=token["GrantToken"])
    assert kms.cancel_key_deletion(KeyId=key)["KeyId"] == arn
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"
    with aws.refuses("KMSInvalidStateException", f"^{arn} is not pending deletion.$", 400):
        kms.cancel_key_deletion(KeyId=key)


@case(on_aws=True)
def a_deletion_waits_7_to_30_days(aws):
    key = new_key(aws)["KeyId"]
    with aws.moto_departs("takes windows of any length (ScheduleKeyDeletion, PendingWindowInDays: 7 to 30)"):
        for days in (6, 31):
            with aws.refuses("ValidationException"):
                aws.kms().schedule_key_deletion(KeyId=key, PendingWindowInDays=days)
        assert aws.kms().schedule_key_deletion(KeyId=key)["PendingWindowInDays"] == 30
    key = new_key(aws)["KeyId"]
    aws.kms().schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert aws.kms().describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"


@case(moves_clock=True)
def a_key_is_gone_when_its_window_is_over(aws):
    kms = aws.kms()
    key = new_key(aws)["KeyId"]
    alias = f"alias/{key}"
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    ciphertext = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    try:
        aws.admin("clock", advance="P6DT23H")
        assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
        aws.admin("clock", advance="P1D")
        with aws.refuses("NotFoundException"):
            kms.describe_key(KeyId=key)
        with aws.refuses("NotFoundException"):
            kms.describe_key(KeyId=alias)
        with aws.refuses("AccessDeniedException", "ciphertext refers to a customer master key that does not exist"):
            kms.decrypt(CiphertextBlob=ciphertext)
    finally:
        aws.admin("clock", real=True)


@case()
def aliases_name_keys(aws):
    kms = aws.kms()
    one, two = new_key(aws), new_key(aws)
    alias = f"alias/{one['KeyId']}"
    kms.create_alias(AliasName=alias, TargetKeyId=one["KeyId"])
    kms.create_alias(AliasName=f"{alias}/second", TargetKeyId=one["Arn"])
    with aws.refuses("AlreadyExistsException", "already exists$", 400):
        kms.create_alias(AliasName=alias, TargetKeyId=two["KeyId"])
    listed = kms.list_aliases(KeyId=one["KeyId"])["Aliases"]
    with aws.moto_departs("lists in one page (ListAliases, Limit: no more than the specified number)"):
        assert pages(kms.list_aliases, "Aliases") and listed == pages(kms.list_aliases, "Aliases", KeyId=one["KeyId"])
    assert [each["AliasName"] for each in listed] == [alias, f"{alias}/second"], listed
    assert listed[0]["AliasArn"] == f"arn:aws:kms:{REGION}:{aws.accounts[0]}:{alias}", listed
    assert listed[0]["TargetKeyId"] == one["KeyId"], listed
    for name in (alias, listed[0]["AliasArn"]):
        assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == one["KeyId"]
    kms.update_alias(AliasName=alias, TargetKeyId=two["KeyId"])
    assert kms.encrypt(KeyId=alias, Plaintext=b"x")["KeyId"] == two["Arn"]
    kms.delete_alias(AliasName=alias)
    with aws.refuses("NotFoundException"):
        kms.describe_key(KeyId=alias)
    with aws.refuses("ValidationException", '^Alias must start with the prefix "alias/"|^Invalid identifier$'):
        kms.create_alias(AliasName="no-prefix", TargetKeyId=one["KeyId"])
    with aws.moto_departs("lets anyone have AWS's aliases (CreateAlias, AliasName: alias/aws/ is reserved)"):
        with aws.refuses("NotAuthorizedException"):
            kms.create_alias(AliasName="alias/aws/mine", TargetKeyId=one["KeyId"])
    for at in range(49):
        kms.create_alias(AliasName=f"{alias}/{at}", TargetKeyId=one["KeyId"])
    kms.create_alias(AliasName=alias, TargetKeyId=two["KeyId"])
    with aws.moto_departs("has no quota of aliases (Quotas: 50 for each key)"):
        with aws.refuses("LimitExceededException", "", 400):
            kms.create_alias(AliasName=f"{alias}/50", TargetKeyId=one["KeyId"])
        with aws.refuses("LimitExceededException", "", 400):
            kms.update_alias(AliasName=alias, TargetKeyId=one["KeyId"])
    with aws.refuses("ValidationException"):
        kms.create_alias(AliasName="alias/with space", TargetKeyId=one["KeyId"])
    with aws.moto_departs("looks at no marker (ListAliases: InvalidMarkerException)"), aws.refuses("InvalidMarkerException"):
        kms.list_aliases(Marker="nonsense")


@case()
def tags_are_set_replaced_and_removed(aws):
    kms, key = aws.kms(), new_key(aws, Tags=[{"TagKey": "a", "TagValue": "1"}])["KeyId"]
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "2"}, {"TagKey": "b", "TagValue": ""}, {"TagKey": "c", "TagValue": "3"}])
    listed = kms.list_resource_tags(KeyId=key)["Tags"]
    with aws.moto_departs("lists in one page (ListResourceTags, Limit: no more than the specified number)"):
        listed = pages(kms.list_resource_tags, "Tags", KeyId=key)
    tags = {tag["TagKey"]: tag["TagValue"] for tag in listed}
    assert tags == {"a": "2", "b": "", "c": "3"}, tags
    kms.untag_resource(KeyId=key, TagKeys=["a", "absent"])
    assert [tag["TagKey"] for tag in kms.list_resource_tags(KeyId=key)["Tags"]] == ["b", "c"]
    with aws.moto_departs("refuses nothing with TagException (TagResource: TagException)"), aws.refuses("TagException"):
        kms.tag_resource(KeyId=key, Tags=[{"TagKey": "aws:a", "TagValue": "1"}])
    with aws.moto_departs("has no quota of tags (TagResource: LimitExceededException)"), aws.refuses("LimitExceededException"):
        kms.tag_resource(KeyId=key, Tags=[{"TagKey": f"k{at}", "TagValue": ""} for at in range(51)])
    with aws.moto_departs("looks at no marker (ListResourceTags)"), aws.refuses("InvalidMarkerException"):
        kms.list_resource_tags(KeyId=key, Marker="nonsense")
    with aws.moto_departs("takes tags of any length (Tag, TagKey: 1 to 128)"):
        with aws.refuses("ValidationException", "'tags.1.member.tagKey' failed"):
            kms.tag_resource(KeyId=key, Tags=[{"TagKey": "x" * 129, "TagValue": "1"}])


def policy(account, action="kms:*"):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Sid": "root", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": action, "Resource": "*"},
    ]})


@case()
def key_policies_are_kept_and_must_be_policies(aws):
    kms, account = aws.kms(), aws.accounts[0]
    default = new_key(aws)["KeyId"]
    answer = kms.get_key_policy(KeyId=default, PolicyName="default")
    with aws.moto_departs("needs the name, and answers none (GetKeyPolicy, PolicyName: `default` if absent)"):
        answer = kms.get_key_policy(KeyId=default)
        assert answer["PolicyName"] == "default", answer
    [statement] = json.loads(answer["Policy"])["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{account}:root"} and statement["Action"] == "kms:*", statement
    own = new_key(aws, Policy=policy(account))["KeyId"]
    assert json.loads(kms.get_key_policy(KeyId=own, PolicyName="default")["Policy"]) == json.loads(policy(account))
    kms.put_key_policy(KeyId=default, PolicyName="default", Policy=policy(account))
    assert json.loads(kms.get_key_policy(KeyId=default, PolicyName="default")["Policy"]) == json.loads(policy(account))
    assert kms.list_key_policies(KeyId=default)["PolicyNames"] == ["default"]
    locked = policy(account, "kms:Decrypt")
    with aws.moto_departs("takes any text for a policy (PutKeyPolicy: MalformedPolicyDocumentException)"):
        for text in ("{", "[]", '{"Statement": [{"Effect": "Perhaps"}]}'):
            with aws.refuses("MalformedPolicyDocumentException", "", 400):
                kms.put_key_policy(KeyId=default, PolicyName="default", Policy=text)
            with aws.refuses("MalformedPolicyDocumentException", "", 400):
                kms.create_key(Policy=text)
        with aws.refuses("MalformedPolicyDocumentException", "update the key policy in the future"):
            kms.put_key_policy(KeyId=default, Policy=locked)
    kms.put_key_policy(KeyId=own, PolicyName="default", Policy=locked, BypassPolicyLockoutSafetyCheck=True)
    long = policy(account).replace('"root"', '"' + "x" * 32769 + '"')
    with aws.moto_departs("takes policies of any length (Quotas: 32 KB)"):
        with aws.refuses("LimitExceededException", "", 400):
            kms.put_key_policy(KeyId=default, PolicyName="default", Policy=long)
        with aws.refuses("LimitExceededException", "", 400):
            kms.create_key(Policy=long)
    with aws.refuses("NotFoundException"):
        kms.get_key_policy(KeyId=default, PolicyName="other")


@case(moto_departs="lets other accounts in (Key policies: only principals of the account, unless it says otherwise)")
def a_stranger_is_denied(aws):
    stranger, key = aws.kms(aws.accounts[1]), new_key(aws)["Arn"]
    with aws.refuses("AccessDeniedException", "^User: .* is not authorized to perform: kms:Encrypt on (this )?resource", 400):
        stranger.encrypt(KeyId=key, Plaintext=b"x")
    ciphertext = aws.kms().encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    with aws.refuses("AccessDeniedException"):
        stranger.decrypt(CiphertextBlob=ciphertext)
    with aws.refuses("AccessDeniedException"):
        stranger.describe_key(KeyId=key)
