"""Sealing and opening, by the KMS API Reference."""

from botocore.exceptions import ClientError

from contract import case
from kms_keys import NOWHERE, new_key

CONTEXT = {"cluster": "demo", "purpose": "etcd"}


@case(on_aws=True)
def what_is_encrypted_is_decrypted(aws):
    kms, key = aws.kms(), new_key(aws)
    for plaintext in (b"x", bytes(range(256)) * 16):
        sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=plaintext, EncryptionContext=CONTEXT)
        assert sealed["KeyId"] == key["Arn"], sealed
        with aws.moto_departs("names no algorithm (Encrypt, EncryptionAlgorithm)"):
            assert sealed["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT", sealed
        for named in ({}, {"KeyId": key["KeyId"]}, {"KeyId": key["Arn"]}):
            opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=CONTEXT, **named)
            assert opened["Plaintext"] == plaintext
            assert opened["KeyId"] == key["Arn"], opened
            with aws.moto_departs("names neither algorithm nor material (Decrypt, EncryptionAlgorithm, KeyMaterialId)"):
                assert opened["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT", opened
                assert opened["KeyMaterialId"] == key["CurrentKeyMaterialId"], opened
    other = new_key(aws)["KeyId"]
    with aws.moto_departs("tells another key's ciphertext as no access (Decrypt and ReEncrypt: IncorrectKeyException)"):
        with aws.refuses("IncorrectKeyException", "", 400):
            kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=CONTEXT, KeyId=other)
        with aws.refuses("IncorrectKeyException", "", 400):
            kms.re_encrypt(
                CiphertextBlob=sealed["CiphertextBlob"], SourceEncryptionContext=CONTEXT, SourceKeyId=other,
                DestinationKeyId=key["KeyId"],
            )


@case(on_aws=True)
def plaintext_has_bounds(aws):
    kms, key = aws.kms(), new_key(aws)["KeyId"]
    for plaintext in (b"", b"x" * 4097):
        with aws.refuses("ValidationException", "at 'plaintext' failed to satisfy constraint", 400):
            kms.encrypt(KeyId=key, Plaintext=plaintext)


@case(moto_departs="takes any algorithm (InvalidKeyUsageException of each operation)", on_aws=True)
def only_what_suits_the_key_is_done_with_it(aws):
    kms, key = aws.kms(), new_key(aws)["KeyId"]
    sealed, rsa = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"], "RSAES_OAEP_SHA_256"
    for call in (
        lambda: kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionAlgorithm=rsa),
        lambda: kms.decrypt(CiphertextBlob=sealed, EncryptionAlgorithm=rsa),
        lambda: kms.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=key, SourceEncryptionAlgorithm=rsa),
        lambda: kms.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=key, DestinationEncryptionAlgorithm=rsa),
    ):
        with aws.refuses("InvalidKeyUsageException", "is incompatible with key spec SYMMETRIC_DEFAULT.$", 400):
            call()


@case(on_aws=True)
def a_ciphertext_is_bound_to_its_context(aws):
    kms, key = aws.kms(), new_key(aws)["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=CONTEXT)["CiphertextBlob"]
    for context in ({}, {"cluster": "demo"}, {**CONTEXT, "purpose": "Etcd"}, {**CONTEXT, "more": ""}):
        with aws.refuses("InvalidCiphertextException", "", 400):
            kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)
        with aws.refuses("InvalidCiphertextException", "", 400):
            kms.re_encrypt(CiphertextBlob=sealed, SourceEncryptionContext=context, DestinationKeyId=key)
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext=dict(reversed(CONTEXT.items())))["Plaintext"] == b"x"


@case(moto_departs="tells ciphertexts that are none as no access (Decrypt: InvalidCiphertextException)", on_aws=True)
def a_ciphertext_cannot_be_altered(aws):
    kms, key = aws.kms(), new_key(aws)["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    for at in range(0, len(sealed), 7):
        altered = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1:]
        try:
            assert kms.decrypt(CiphertextBlob=altered) is None, f"byte {at} can be altered"
        except ClientError as refused:
            # The part that names the key can be altered to name another.
            assert refused.response["Error"]["Code"] in ("InvalidCiphertextException", "AccessDeniedException"), refused
    for blob in (b"x", sealed[:-1], sealed + b"x"):
        with aws.refuses("InvalidCiphertextException", "", 400):
            kms.decrypt(CiphertextBlob=blob)
    with aws.refuses("ValidationException", "'ciphertextBlob' failed .* less than or equal to 6144"):
        kms.decrypt(CiphertextBlob=b"x" * 6145)


@case(on_aws=True)
def re_encryption_changes_key_and_context(aws):
    kms, one, two = aws.kms(), new_key(aws), new_key(aws)
    sealed = kms.encrypt(KeyId=one["KeyId"], Plaintext=b"x", EncryptionContext=CONTEXT)["CiphertextBlob"]
    moved = kms.re_encrypt(
        CiphertextBlob=sealed, SourceEncryptionContext=CONTEXT, SourceKeyId=one["KeyId"],
        DestinationKeyId=two["KeyId"], DestinationEncryptionContext={"now": "here"},
    )
    assert (moved["SourceKeyId"], moved["KeyId"]) == (one["Arn"], two["Arn"]), moved
    with aws.moto_departs("names no material (ReEncrypt, SourceKeyMaterialId and DestinationKeyMaterialId)"):
        assert moved["SourceKeyMaterialId"] == one["CurrentKeyMaterialId"], moved
        assert moved["DestinationKeyMaterialId"] == two["CurrentKeyMaterialId"], moved
    opened = kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"now": "here"})
    assert (opened["Plaintext"], opened["KeyId"]) == (b"x", two["Arn"])


@case(on_aws=True)
def data_keys_come_sealed(aws):
    kms, key = aws.kms(), new_key(aws)
    for parameters, length in (({"KeySpec": "AES_256"}, 32), ({"KeySpec": "AES_128"}, 16), ({"NumberOfBytes": 1024}, 1024)):
        made = kms.generate_data_key(KeyId=key["KeyId"], EncryptionContext=CONTEXT, **parameters)
        assert len(made["Plaintext"]) == length and made["KeyId"] == key["Arn"], made
        opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=CONTEXT)
        assert opened["Plaintext"] == made["Plaintext"]
        blind = kms.generate_data_key_without_plaintext(KeyId=key["KeyId"], EncryptionContext=CONTEXT, **parameters)
        assert "Plaintext" not in blind, blind
        with aws.moto_departs("names no material (GenerateDataKey, KeyMaterialId)"):
            assert made["KeyMaterialId"] == blind["KeyMaterialId"] == key["CurrentKeyMaterialId"], (made, blind)
        opened = kms.decrypt(CiphertextBlob=blind["CiphertextBlob"], EncryptionContext=CONTEXT)
        assert len(opened["Plaintext"]) == length
    for call in (kms.generate_data_key, kms.generate_data_key_without_plaintext):
        for parameters in ({}, {"KeySpec": "AES_256", "NumberOfBytes": 32}, {"NumberOfBytes": 0}, {"NumberOfBytes": 1025}, {"KeySpec": "AES_512"}):
            with aws.refuses("ValidationException", "", 400):
                call(KeyId=key["KeyId"], **parameters)


@case(on_aws=True)
def random_bytes_are_random(aws):
    kms = aws.kms()
    one, two = (kms.generate_random(NumberOfBytes=1024)["Plaintext"] for _ in range(2))
    assert len(one) == len(two) == 1024 and one != two
    with aws.refuses("ValidationException", "", 400):
        kms.generate_random(NumberOfBytes=1025)
    with aws.moto_departs("fails inside without a length, and gives none of none (GenerateRandom, NumberOfBytes)"):
        for parameters in ({}, {"NumberOfBytes": 0}):
            with aws.refuses("ValidationException", "", 400):
                kms.generate_random(**parameters)
    with aws.moto_departs("looks at neither key store nor recipient (GenerateRandom: CustomKeyStoreNotFoundException)"):
        with aws.refuses("CustomKeyStoreNotFoundException", "", 400):
            kms.generate_random(NumberOfBytes=1, CustomKeyStoreId="cks-1234567890abcdef0")
        recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": b"x"}
        with aws.refuses("UnsupportedOperationException", "", 400):
            kms.generate_random(NumberOfBytes=1, Recipient=recipient)


@case(moto_departs="performs what is only to be tried (DryRun of each operation: DryRunOperationException)")
def a_dry_run_does_nothing(aws):
    kms, key = aws.kms(), new_key(aws)["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    grantee = {"GranteePrincipal": f"arn:aws:iam::{aws.accounts[0]}:root", "Operations": ["Decrypt"]}
    grant = kms.create_grant(KeyId=key, **grantee)
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    for call in (
        lambda: kms.encrypt(KeyId=key, Plaintext=b"x", DryRun=True),
        lambda: kms.decrypt(CiphertextBlob=sealed, DryRun=True),
        lambda: kms.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=key, DryRun=True),
        lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256", DryRun=True),
        lambda: kms.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_256", DryRun=True),
        lambda: kms.create_grant(KeyId=key, DryRun=True, **grantee),
        lambda: kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"], DryRun=True),
        lambda: kms.retire_grant(KeyId=arn, GrantId=grant["GrantId"], DryRun=True),
    ):
        with aws.refuses("DryRunOperationException", "would have succeeded", 400):
            call()
    assert [each["GrantId"] for each in kms.list_grants(KeyId=key)["Grants"]] == [grant["GrantId"]]
    with aws.refuses("NotFoundException"):
        kms.encrypt(KeyId=NOWHERE, Plaintext=b"x", DryRun=True)


@case(moto_departs="looks at no grant token (InvalidGrantTokenException of each operation)")
def a_grant_token_must_be_one(aws):
    kms, key = aws.kms(), new_key(aws)["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    tokens = {"GrantTokens": ["nonsense"]}
    grantee = {"GranteePrincipal": f"arn:aws:iam::{aws.accounts[0]}:root", "Operations": ["Decrypt"]}
    for call in (
        lambda: kms.encrypt(KeyId=key, Plaintext=b"x", **tokens),
        lambda: kms.decrypt(CiphertextBlob=sealed, **tokens),
        lambda: kms.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=key, **tokens),
        lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256", **tokens),
        lambda: kms.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_256", **tokens),
        lambda: kms.create_grant(KeyId=key, **grantee, **tokens),
        lambda: kms.retire_grant(GrantToken="nonsense"),
    ):
        with aws.refuses("InvalidGrantTokenException", "", 400):
            call()
