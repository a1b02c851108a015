"""Keys whose material is brought along, by the KMS Developer Guide: wrapped by the Python package `cryptography`."""

import os
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from cryptography.hazmat.primitives.serialization import (
    Encoding, NoEncryption, PrivateFormat, PublicFormat, load_der_public_key,
)

from contract import case
from kms_keys import NOWHERE, new_key
from kms_pairs import MESSAGE, rfc_2104, verify

FOREVER = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}


def wrapped(aws, key, material, algorithm="RSAES_OAEP_SHA_256", spec="RSA_2048"):
    """What is imported into a key."""
    parameters = aws.kms().get_parameters_for_import(KeyId=key["KeyId"], WrappingAlgorithm=algorithm, WrappingKeySpec=spec)
    public = load_der_public_key(parameters["PublicKey"])
    assert public.key_size == int(spec[-4:]), parameters
    chosen = hashes.SHA1() if algorithm.endswith("SHA_1") else hashes.SHA256()
    oaep = padding.OAEP(padding.MGF1(chosen), chosen, None)
    if algorithm.startswith("RSA_AES"):
        aes = os.urandom(32)
        sealed = public.encrypt(aes, oaep) + aes_key_wrap_with_padding(aes, material)
    else:
        sealed = public.encrypt(material, oaep)
    return {"KeyId": key["KeyId"], "ImportToken": parameters["ImportToken"], "EncryptedKeyMaterial": sealed}


def der(private):
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@case(moto_departs="imports nothing (GetParametersForImport, ImportKeyMaterial)")
def imported_material_is_what_the_key_works_with(aws):
    kms = aws.kms()
    secret = os.urandom(32)
    key = new_key(aws, Origin="EXTERNAL", KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    assert (key["KeyState"], key["Enabled"], key["Origin"]) == ("PendingImport", False, "EXTERNAL"), key
    with aws.refuses("KMSInvalidStateException", f"^{key['Arn']} is pending import.$", 400):
        kms.generate_mac(KeyId=key["KeyId"], Message=MESSAGE, MacAlgorithm="HMAC_SHA_256")
    kms.import_key_material(**wrapped(aws, key, secret), **FOREVER)
    mac = kms.generate_mac(KeyId=key["KeyId"], Message=MESSAGE, MacAlgorithm="HMAC_SHA_256")["Mac"]
    assert mac == rfc_2104(secret, MESSAGE)

    private = rsa.generate_private_key(65537, 2048)
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for algorithm in ("RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"):
        key = new_key(aws, Origin="EXTERNAL", KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
        kms.import_key_material(**wrapped(aws, key, der(private), algorithm), **FOREVER)
        assert kms.get_public_key(KeyId=key["KeyId"])["PublicKey"] == public
        signed = kms.sign(KeyId=key["KeyId"], Message=MESSAGE, SigningAlgorithm="RSASSA_PSS_SHA_256")
        verify(private.public_key(), "RSASSA_PSS_SHA_256", signed["Signature"], MESSAGE)

    private = ec.generate_private_key(ec.SECP256K1())
    for algorithm, spec in (("RSAES_OAEP_SHA_1", "RSA_3072"), ("RSAES_OAEP_SHA_256", "RSA_2048"), ("RSA_AES_KEY_WRAP_SHA_256", "RSA_2048")):
        key = new_key(aws, Origin="EXTERNAL", KeySpec="ECC_SECG_P256K1", KeyUsage="SIGN_VERIFY")
        kms.import_key_material(**wrapped(aws, key, der(private), algorithm, spec), **FOREVER)
        signed = kms.sign(KeyId=key["KeyId"], Message=MESSAGE, SigningAlgorithm="ECDSA_SHA_256")
        verify(private.public_key(), "ECDSA_SHA_256", signed["Signature"], MESSAGE)


@case(moto_departs="imports nothing (ImportKeyMaterial, DeleteImportedKeyMaterial)")
def material_is_deleted_and_brought_again(aws):
    kms, key, material = aws.kms(), new_key(aws, Origin="EXTERNAL"), os.urandom(32)
    imported = kms.import_key_material(**wrapped(aws, key, material), **FOREVER)
    described = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert (described["KeyState"], described["ExpirationModel"]) == ("Enabled", "KEY_MATERIAL_DOES_NOT_EXPIRE"), described
    assert described["CurrentKeyMaterialId"] == imported["KeyMaterialId"], described
    sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    deleted = kms.delete_imported_key_material(KeyId=key["KeyId"])
    assert (deleted["KeyId"], deleted["KeyMaterialId"]) == (key["Arn"], imported["KeyMaterialId"]), deleted
    for call in (
        lambda: kms.decrypt(CiphertextBlob=sealed), lambda: kms.enable_key(KeyId=key["KeyId"]),
        lambda: kms.rotate_key_on_demand(KeyId=key["KeyId"]),
    ):
        with aws.refuses("KMSInvalidStateException", "is pending import.$", 400):
            call()
    with aws.refuses("IncorrectKeyMaterialException", "", 400):
        kms.import_key_material(**wrapped(aws, key, os.urandom(32)), **FOREVER)
    kms.import_key_material(**wrapped(aws, key, material), **FOREVER)
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    new = os.urandom(32)
    pending = kms.import_key_material(**wrapped(aws, key, new), **FOREVER, ImportType="NEW_KEY_MATERIAL")
    kms.rotate_key_on_demand(KeyId=key["KeyId"])
    described = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert described["CurrentKeyMaterialId"] == pending["KeyMaterialId"], described
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"


@case(moto_departs="imports nothing (each operation's errors)")
def what_cannot_be_imported_is_refused(aws):
    kms, key, other = aws.kms(), new_key(aws, Origin="EXTERNAL"), new_key(aws, Origin="EXTERNAL")
    mine, nowhere = wrapped(aws, key, b"x" * 32), {"KeyId": NOWHERE}
    wrapping = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    bytes_only = {"ImportToken": b"x", "EncryptedKeyMaterial": b"x", **FOREVER}
    for changed, code in (
        ({"ImportToken": b"x"}, "InvalidImportTokenException"),
        ({"KeyId": other["KeyId"]}, "InvalidImportTokenException"),
        ({"EncryptedKeyMaterial": b"x"}, "InvalidCiphertextException"),
    ):
        with aws.refuses(code, "", 400):
            kms.import_key_material(**{**mine, **changed}, **FOREVER)
    with aws.refuses("IncorrectKeyMaterialException", "31 bytes", 400):
        kms.import_key_material(**wrapped(aws, key, b"x" * 31), **FOREVER)
    with aws.refuses("ValidationException", "^A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES$", 400):
        kms.import_key_material(**mine)
    with aws.refuses("UnsupportedOperationException", "RSAES_PKCS1_V1_5", 400):
        kms.get_parameters_for_import(KeyId=key["KeyId"], WrappingAlgorithm="RSAES_PKCS1_V1_5", WrappingKeySpec="RSA_2048")
    for call in (kms.enable_key_rotation, kms.disable_key_rotation):
        with aws.refuses("UnsupportedOperationException", "origin is EXTERNAL which is not valid for this operation.$", 400):
            call(KeyId=key["KeyId"])
    for call, parameters in (
        (kms.get_parameters_for_import, wrapping), (kms.import_key_material, bytes_only), (kms.delete_imported_key_material, {}),
    ):
        with aws.refuses("UnsupportedOperationException", "origin is AWS_KMS which is not valid for this operation.$", 400):
            call(KeyId=new_key(aws)["KeyId"], **parameters)
        with aws.refuses("NotFoundException", "", 400):
            call(**nowhere, **parameters)
        with aws.refuses("InvalidArnException", "", 400):
            call(KeyId="arn:aws:kms:nowhere", **parameters)
    kms.schedule_key_deletion(KeyId=other["KeyId"])
    for call, parameters in ((kms.get_parameters_for_import, wrapping), (kms.import_key_material, bytes_only)):
        with aws.refuses("KMSInvalidStateException", "is pending deletion.$", 400):
            call(KeyId=other["KeyId"], **parameters)


@case(moves_clock=True)
def material_and_tokens_expire(aws):
    kms, key, material = aws.kms(), new_key(aws, Origin="EXTERNAL"), os.urandom(32)
    now = time.mktime(time.strptime(aws.admin("clock")["now"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    kms.import_key_material(**wrapped(aws, key, material), ValidTo=now + 3600)
    described = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert described["ExpirationModel"] == "KEY_MATERIAL_EXPIRES", described
    assert abs(described["ValidTo"].timestamp() - now - 3600) < 1, described
    kept = wrapped(aws, key, material)
    aws.admin("clock", advance="PT1H")
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "PendingImport"
    kms.import_key_material(**kept, **FOREVER)
    aws.admin("clock", advance="PT24H")
    with aws.refuses("ExpiredImportTokenException", "", 400):
        kms.import_key_material(**kept, **FOREVER)
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled"
