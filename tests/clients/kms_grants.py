"""Grants, by the KMS Developer Guide, "Grants in AWS KMS"."""

from contract import case
from kms_keys import new_key
from session import pages


def role(account, name="Reader"):
    return f"arn:aws:iam::{account}:role/{name}"


def session_of(aws, account, name="Reader"):
    answer = aws.sts(account).assume_role(RoleArn=role(account, name), RoleSessionName="me")
    return aws.kms(credentials=answer["Credentials"])


@case(moto_departs="grants let nobody in (Grants: a grantee of another account needs no more than the grant)")
def a_grantee_of_another_account_does_what_was_granted(aws):
    kms, other = aws.kms(), aws.accounts[1]
    key = new_key(aws)["Arn"]
    grantee = session_of(aws, other)
    with aws.refuses("AccessDeniedException"):
        grantee.encrypt(KeyId=key, Plaintext=b"x")
    grant = kms.create_grant(KeyId=key, GranteePrincipal=role(other), Operations=["Encrypt", "Decrypt", "DescribeKey"])
    tokens = [grant["GrantToken"]]
    sealed = grantee.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=tokens)["CiphertextBlob"]
    assert grantee.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    assert grantee.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    with aws.refuses("AccessDeniedException"):
        grantee.generate_data_key(KeyId=key, KeySpec="AES_256", GrantTokens=tokens)
    with aws.refuses("AccessDeniedException"):
        session_of(aws, other, "Writer").decrypt(CiphertextBlob=sealed)
    kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
    with aws.refuses("AccessDeniedException"):
        grantee.decrypt(CiphertextBlob=sealed)


@case(moto_departs="constraints constrain nothing (GrantConstraints)")
def constraints_hold_the_context(aws):
    kms, other = aws.kms(), aws.accounts[1]
    key = new_key(aws)["Arn"]
    grantee = session_of(aws, other)
    for constraint, fits, misfits in (
        ("EncryptionContextEquals", [{"a": "1"}, {"A": "1"}], [{}, {"a": "2"}, {"a": "1", "b": "2"}]),
        ("EncryptionContextSubset", [{"a": "1"}, {"a": "1", "b": "2"}], [{}, {"a": "2"}]),
    ):
        grant = kms.create_grant(KeyId=key, GranteePrincipal=role(other), Operations=["Encrypt"], Constraints={constraint: {"a": "1"}})
        for context in fits:
            grantee.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context, GrantTokens=[grant["GrantToken"]])
        for context in misfits:
            with aws.refuses("AccessDeniedException"):
                grantee.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context, GrantTokens=[grant["GrantToken"]])
        kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"])


@case()
def grants_are_listed_and_retired(aws):
    kms, account, other = aws.kms(), *aws.accounts[:2]
    key = new_key(aws)["Arn"]
    made = [
        kms.create_grant(KeyId=key, GranteePrincipal=role(other, f"R{at}"), RetiringPrincipal=role(account, "Retirer"),
                         Operations=["Decrypt"], Constraints={"EncryptionContextSubset": {"a": "b"}})
        for at in range(3)
    ]
    listed = kms.list_grants(KeyId=key)["Grants"]
    with aws.moto_departs("lists in one page (ListGrants, Limit: no more than the specified number)"):
        listed = pages(kms.list_grants, "Grants", KeyId=key)
    assert {grant["GrantId"] for grant in listed} == {grant["GrantId"] for grant in made}
    one = kms.list_grants(KeyId=key, GrantId=made[0]["GrantId"])["Grants"]
    assert [grant["GranteePrincipal"] for grant in one] == [role(other, "R0")], one
    assert one[0]["Constraints"] == {"EncryptionContextSubset": {"a": "b"}}, one
    with aws.moto_departs("does not say who made a grant (GrantListEntry, IssuingAccount and KeyId)"):
        assert one[0]["IssuingAccount"] == f"arn:aws:iam::{account}:root" and one[0]["KeyId"] == key, one
    with aws.moto_departs("lists the grants of all grantees (ListGrants, GranteePrincipal)"):
        of_one = kms.list_grants(KeyId=key, GranteePrincipal=role(other, "R1"))["Grants"]
        assert [grant["GrantId"] for grant in of_one] == [made[1]["GrantId"]], of_one
    retirer = session_of(aws, account, "Retirer")
    retirable = retirer.list_retirable_grants(RetiringPrincipal=role(account, "Retirer"))["Grants"]
    with aws.moto_departs("lists in one page (ListRetirableGrants, Limit: no more than the specified number)"):
        retirable = pages(retirer.list_retirable_grants, "Grants", RetiringPrincipal=role(account, "Retirer"))
    assert {grant["GrantId"] for grant in made} <= {grant["GrantId"] for grant in retirable}
    retirer.retire_grant(GrantToken=made[0]["GrantToken"])
    retirer.retire_grant(KeyId=key, GrantId=made[1]["GrantId"])
    assert [grant["GrantId"] for grant in kms.list_grants(KeyId=key)["Grants"]] == [made[2]["GrantId"]]
    with aws.moto_departs("lets anyone retire a grant (RetireGrant, required permissions)"):
        with aws.refuses("AccessDeniedException"):
            session_of(aws, other, "R9").retire_grant(KeyId=key, GrantId=made[2]["GrantId"])
    for call in (kms.list_grants, kms.list_retirable_grants):
        target = {"KeyId": key} if call == kms.list_grants else {"RetiringPrincipal": role(account, "Retirer")}
        with aws.moto_departs("looks at no marker (ListGrants, ListRetirableGrants)"), aws.refuses("InvalidMarkerException"):
            call(Marker="nonsense", **target)


@case()
def a_named_grant_is_made_once(aws):
    kms, key = aws.kms(), new_key(aws)["KeyId"]
    grant = {"KeyId": key, "GranteePrincipal": role(aws.accounts[1]), "Operations": ["Decrypt"], "Name": "once"}
    one, two = kms.create_grant(**grant), kms.create_grant(**grant)
    with aws.moto_departs("makes a new grant each time (CreateGrant, Name: a retry returns the same grant)"):
        assert one["GrantId"] == two["GrantId"]
    other = kms.create_grant(**{**grant, "Operations": ["Encrypt"]})
    assert other["GrantId"] != one["GrantId"]
    with aws.moto_departs("looks at no grant token (Encrypt: InvalidGrantTokenException)"):
        with aws.refuses("InvalidGrantTokenException"):
            kms.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[one["GrantToken"][:-4] + "AAAA"])


@case(moto_departs="checks neither principals nor operations (CreateGrant)")
def a_grant_must_make_sense(aws):
    kms, key = aws.kms(), new_key(aws)["KeyId"]
    grant = {"KeyId": key, "GranteePrincipal": role(aws.accounts[1]), "Operations": ["Decrypt"]}
    for change, code in (
        ({"Operations": ["Sign"]}, "ValidationException"), ({"Operations": ["Frobnicate"]}, "ValidationException"),
        ({"GranteePrincipal": "not-an-arn"}, "InvalidArnException"),
        ({"Name": "with space"}, "ValidationException"),
    ):
        with aws.refuses(code, "", 400):
            kms.create_grant(**{**grant, **change})


@case(moto_departs="knows no services in grants (CreateGrant, GranteeServicePrincipal)")
def a_grant_is_for_a_service(aws):
    kms, key, service = aws.kms(), new_key(aws)["Arn"], "dynamodb.amazonaws.com"
    table = f"arn:aws:dynamodb:us-east-1:{aws.accounts[0]}:table/orders"
    grant = {"KeyId": key, "GranteeServicePrincipal": service, "RetiringServicePrincipal": service,
             "Operations": ["Encrypt", "Decrypt"], "Constraints": {"SourceArn": table, "EncryptionContextSubset": {"a": "b"}}}
    kms.create_grant(**grant)
    [listed] = kms.list_grants(KeyId=key)["Grants"]
    assert "GranteePrincipal" not in listed and "RetiringPrincipal" not in listed, listed
    for member in ("GranteeServicePrincipal", "RetiringServicePrincipal", "Constraints"):
        assert listed[member] == grant[member], listed
    for without in ("Constraints", "RetiringServicePrincipal", "GranteeServicePrincipal"):
        with aws.refuses("ValidationException", "", 400):
            kms.create_grant(**{name: value for name, value in grant.items() if name != without})
    for change in (
        {"Constraints": {"SourceArn": "arn:aws:s3:::bucket"}}, {"GranteeServicePrincipal": "dynamodb"},
        {"GranteePrincipal": role(aws.accounts[1])}, {"RetiringPrincipal": role(aws.accounts[1])},
        {"Constraints": {"SourceArn": table, "EncryptionContextSubset": {"a": "b"}, "EncryptionContextEquals": {"a": "b"}}},
    ):
        with aws.refuses("ValidationException", "", 400):
            kms.create_grant(**{**grant, **change})


@case(moto_departs="finds no grant that is not there (RevokeGrant, RetireGrant: NotFoundException)")
def a_grant_that_is_not_there(aws):
    kms, key = aws.kms(), new_key(aws)["Arn"]
    for call in (kms.revoke_grant, kms.retire_grant):
        with aws.refuses("NotFoundException", "", 400):
            call(KeyId=key, GrantId="0" * 64)
    with aws.refuses("NotFoundException", "", 400):
        kms.list_grants(KeyId=key, GrantId="0" * 64)
    for parameters in ({}, {"KeyId": key}, {"KeyId": key, "GrantId": "0" * 64, "GrantToken": "both"}):
        with aws.refuses("ValidationException", "", 400):
            kms.retire_grant(**parameters)
