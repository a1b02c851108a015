"""Keys that sign, encrypt with RSA, agree on secrets and make codes, by the KMS API Reference.

What they make is verified by the Python package `cryptography`, which knows nothing of KMS.
"""

import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key, load_der_public_key

from contract import case
from kms_keys import NOWHERE, new_key

MESSAGE = b"what is signed"
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
SIGNERS = {
    "ECC_NIST_P256": ["ECDSA_SHA_256"],
    "ECC_NIST_P384": ["ECDSA_SHA_384"],
    "ECC_NIST_P521": ["ECDSA_SHA_512"],
    "ECC_SECG_P256K1": ["ECDSA_SHA_256"],
    "RSA_2048": [f"RSASSA_{padding}_SHA_{bits}" for padding in ("PKCS1_V1_5", "PSS") for bits in HASHES],
    "RSA_3072": ["RSASSA_PSS_SHA_256"],
}


def signer(aws, spec="ECC_NIST_P256"):
    return new_key(aws, KeySpec=spec, KeyUsage="SIGN_VERIFY")


def public_key(aws, key):
    return load_der_public_key(aws.kms().get_public_key(KeyId=key["KeyId"])["PublicKey"])


def verify(public, algorithm, signature, message):
    """Raises unless it is the key's signature by this algorithm."""
    chosen = HASHES[algorithm[-3:]]
    if algorithm.startswith("ECDSA"):
        public.verify(signature, message, ec.ECDSA(chosen))
    elif "PSS" in algorithm:
        public.verify(signature, message, padding.PSS(padding.MGF1(chosen), salt_length=padding.PSS.DIGEST_LENGTH), chosen)
    else:
        public.verify(signature, message, padding.PKCS1v15(), chosen)


@case(moto_departs="tells that a signature is not valid, and refuses nothing (Verify: KMSInvalidSignatureException)", on_aws=True)
def signatures_are_verified_outside(aws):
    kms = aws.kms()
    for spec, algorithms in SIGNERS.items():
        key = signer(aws, spec)
        assert sorted(key["SigningAlgorithms"]) == sorted(algorithms) or spec == "RSA_3072", key
        public = public_key(aws, key)
        for algorithm in algorithms:
            digest = hashes.Hash(HASHES[algorithm[-3:]])
            digest.update(MESSAGE)
            digest = digest.finalize()
            for kind, message in (("RAW", MESSAGE), ("DIGEST", digest)):
                parameters = {"KeyId": key["KeyId"], "Message": message, "MessageType": kind, "SigningAlgorithm": algorithm}
                signed = kms.sign(**parameters)
                assert (signed["KeyId"], signed["SigningAlgorithm"]) == (key["Arn"], algorithm), signed
                verify(public, algorithm, signed["Signature"], MESSAGE)
                try:
                    verify(public, algorithm, signed["Signature"], MESSAGE + b".")
                    raise AssertionError("it verifies with anything")
                except InvalidSignature:
                    pass
                assert kms.verify(**parameters, Signature=signed["Signature"])["SignatureValid"] is True
                with aws.refuses("KMSInvalidSignatureException", "", 400):
                    kms.verify(**parameters, Signature=signed["Signature"][:-1] + b"\x00\x00")
            with aws.refuses("ValidationException", f"^Digest is invalid length for algorithm {algorithm}.$", 400):
                kms.sign(KeyId=key["KeyId"], Message=b"x" * 20, MessageType="DIGEST", SigningAlgorithm=algorithm)


@case(moto_departs="has no Edwards keys (CreateKey, KeySpec)", on_aws=True)
def an_edwards_key_signs(aws):
    kms, key = aws.kms(), signer(aws, "ECC_NIST_EDWARDS25519")
    signed = kms.sign(KeyId=key["KeyId"], Message=MESSAGE, SigningAlgorithm="ED25519_SHA_512")
    public = public_key(aws, key)
    assert isinstance(public, Ed25519PublicKey)
    public.verify(signed["Signature"], MESSAGE)


@case(on_aws=True)
def what_is_signed_outside_verifies(aws):
    """A key pair made here, used outside, and imported nowhere: its public half is enough."""
    kms, key = aws.kms(), new_key(aws)
    with aws.moto_departs("names no material (GenerateDataKeyPair, KeyMaterialId)"):
        made = kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec="ECC_NIST_P256")
        assert made["KeyMaterialId"] == key["CurrentKeyMaterialId"], made
    with aws.moto_departs("makes no such pairs (GenerateDataKeyPair, KeyPairSpec)"):
        for spec in ("RSA_2048", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519"):
            made = kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec=spec, EncryptionContext={"a": "b"})
            private = load_der_private_key(made["PrivateKeyPlaintext"], None)
            public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            assert public == made["PublicKey"], spec
            opened = kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"], EncryptionContext={"a": "b"})
            assert opened["Plaintext"] == made["PrivateKeyPlaintext"], spec
        blind = kms.generate_data_key_pair_without_plaintext(KeyId=key["KeyId"], KeyPairSpec="ECC_NIST_P256")
        assert "PrivateKeyPlaintext" not in blind, blind
        opened = kms.decrypt(CiphertextBlob=blind["PrivateKeyCiphertextBlob"])
        public = load_der_private_key(opened["Plaintext"], None).public_key()
        assert public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == blind["PublicKey"]
        for call in (kms.generate_data_key_pair, kms.generate_data_key_pair_without_plaintext):
            with aws.refuses("UnsupportedOperationException", "SM2", 400):
                call(KeyId=key["KeyId"], KeyPairSpec="SM2")


@case(moto_departs="seals with symmetric material whatever the key (Encrypt and Decrypt: RSAES_OAEP)", on_aws=True)
def rsa_opens_what_is_sealed_outside(aws):
    kms = aws.kms()
    for spec, size in (("RSA_2048", 256), ("RSA_3072", 384)):
        key = new_key(aws, KeySpec=spec, KeyUsage="ENCRYPT_DECRYPT")
        assert sorted(key["EncryptionAlgorithms"]) == ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"], key
        public = public_key(aws, key)
        for algorithm, chosen, overhead in (("RSAES_OAEP_SHA_1", hashes.SHA1(), 42), ("RSAES_OAEP_SHA_256", hashes.SHA256(), 66)):
            oaep = padding.OAEP(padding.MGF1(chosen), chosen, None)
            use = {"KeyId": key["KeyId"], "EncryptionAlgorithm": algorithm}
            opened = kms.decrypt(CiphertextBlob=public.encrypt(b"outside", oaep), **use)
            assert opened["Plaintext"] == b"outside" and "KeyMaterialId" not in opened, opened
            longest = b"x" * (size - overhead)
            sealed = kms.encrypt(Plaintext=longest, **use)["CiphertextBlob"]
            assert len(sealed) == size and kms.decrypt(CiphertextBlob=sealed, **use)["Plaintext"] == longest
            with aws.refuses("ValidationException", f"cannot encrypt data larger than {len(longest)} bytes.$", 400):
                kms.encrypt(Plaintext=longest + b"x", **use)
            with aws.refuses("InvalidCiphertextException", "", 400):
                kms.decrypt(CiphertextBlob=b"\x01" * size, **use)
    with aws.refuses("InvalidKeyUsageException", "SYMMETRIC_DEFAULT is incompatible with key spec RSA_3072", 400):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")


@case(moto_departs="agrees on no secrets (DeriveSharedSecret)", on_aws=True)
def a_secret_is_shared_with_somebody_outside(aws):
    kms = aws.kms()
    for spec, curve in (("ECC_NIST_P256", ec.SECP256R1()), ("ECC_NIST_P384", ec.SECP384R1()), ("ECC_NIST_P521", ec.SECP521R1())):
        key = new_key(aws, KeySpec=spec, KeyUsage="KEY_AGREEMENT")
        assert key["KeyAgreementAlgorithms"] == ["ECDH"], key
        ours = ec.generate_private_key(curve)
        peer = ours.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        shared = kms.derive_shared_secret(KeyId=key["KeyId"], KeyAgreementAlgorithm="ECDH", PublicKey=peer)
        assert shared["SharedSecret"] == ours.exchange(ec.ECDH(), public_key(aws, key))
        assert (shared["KeyId"], shared["KeyOrigin"]) == (key["Arn"], "AWS_KMS"), shared
    with aws.refuses("ValidationException"):
        kms.derive_shared_secret(KeyId=key["KeyId"], KeyAgreementAlgorithm="ECDH", PublicKey=b"x")


@case(on_aws=True)
def codes_are_made_and_compared(aws):
    kms = aws.kms()
    for bits in ("224", "256", "384", "512"):
        key, algorithm = new_key(aws, KeySpec=f"HMAC_{bits}", KeyUsage="GENERATE_VERIFY_MAC"), f"HMAC_SHA_{bits}"
        with aws.moto_departs("tells no MAC algorithms (KeyMetadata, MacAlgorithms)"):
            assert key["MacAlgorithms"] == [algorithm] and "EncryptionAlgorithms" not in key, key
        parameters = {"KeyId": key["KeyId"], "Message": MESSAGE, "MacAlgorithm": algorithm}
        mac = kms.generate_mac(**parameters)["Mac"]
        assert len(mac) == int(bits) // 8
        assert kms.verify_mac(**parameters, Mac=mac)["MacValid"] is True
        with aws.refuses("KMSInvalidMacException", "", 400):
            kms.verify_mac(**parameters, Mac=b"x" * len(mac))
        with aws.moto_departs("takes any algorithm (GenerateMac: InvalidKeyUsageException)"):
            with aws.refuses("InvalidKeyUsageException", "is incompatible with key spec", 400):
                kms.generate_mac(**{**parameters, "MacAlgorithm": "HMAC_SHA_384" if bits != "384" else "HMAC_SHA_256"})


def calls(aws):
    """Every operation of these keys: its name, a key that it suits, and what else it takes."""
    sign, agree = signer(aws), new_key(aws, KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")
    code, seal = new_key(aws, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC"), new_key(aws)
    kms = aws.kms()
    signing = {"Message": MESSAGE, "SigningAlgorithm": "ECDSA_SHA_256"}
    mac = {"Message": MESSAGE, "MacAlgorithm": "HMAC_SHA_256"}
    signature = kms.sign(KeyId=sign["KeyId"], **signing)["Signature"]
    made = kms.generate_mac(KeyId=code["KeyId"], **mac)["Mac"]
    peer = kms.get_public_key(KeyId=sign["KeyId"])["PublicKey"]
    pair = {"KeyPairSpec": "ECC_NIST_P256"}
    return [
        (kms.sign, sign, signing),
        (kms.verify, sign, {**signing, "Signature": signature}),
        (kms.get_public_key, sign, {}),
        (kms.derive_shared_secret, agree, {"KeyAgreementAlgorithm": "ECDH", "PublicKey": peer}),
        (kms.generate_mac, code, mac),
        (kms.verify_mac, code, {**mac, "Mac": made}),
        (kms.generate_data_key_pair, seal, pair),
        (kms.generate_data_key_pair_without_plaintext, seal, pair),
    ]


@case(moto_departs="has no such operations, or does not refuse (each operation's errors)")
def each_operation_refuses_what_it_must(aws):
    kms = aws.kms()
    hmac_key = new_key(aws, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyId"]
    p256 = signer(aws)["KeyId"]
    all_calls = calls(aws)
    for call, key, parameters in all_calls:
        call(KeyId=key["Arn"], **parameters)
        with aws.refuses("NotFoundException", "does not exist$", 400):
            call(KeyId=NOWHERE, **parameters)
        with aws.refuses("InvalidGrantTokenException", "", 400):
            call(KeyId=key["KeyId"], GrantTokens=["nonsense"], **parameters)
        if call != kms.get_public_key:
            with aws.refuses("DryRunOperationException", "would have succeeded", 400):
                call(KeyId=key["KeyId"], DryRun=True, **parameters)
            other = hmac_key if key["KeyUsage"] != "GENERATE_VERIFY_MAC" else p256
            with aws.refuses("InvalidKeyUsageException", "which is not valid for", 400):
                call(KeyId=other, **parameters)
    for key in {key["KeyId"]: key for _, key, _ in all_calls}.values():
        kms.disable_key(KeyId=key["KeyId"])
    for call, key, parameters in all_calls:
        with aws.refuses("DisabledException", f"^{key['Arn']} is disabled.$", 400):
            call(KeyId=key["KeyId"], **parameters)
    for key in {key["KeyId"]: key for _, key, _ in all_calls}.values():
        kms.schedule_key_deletion(KeyId=key["KeyId"])
    for call, key, parameters in all_calls:
        with aws.refuses("KMSInvalidStateException", f"^{key['Arn']} is pending deletion.$", 400):
            call(KeyId=key["KeyId"], **parameters)
    for call in (kms.generate_data_key, kms.generate_data_key_without_plaintext):
        with aws.refuses("InvalidKeyUsageException", "", 400):
            call(KeyId=p256, KeySpec="AES_256")
    with aws.refuses("UnsupportedOperationException", "", 400):
        kms.get_public_key(KeyId=hmac_key)
    for call in (kms.enable_key_rotation, kms.rotate_key_on_demand, kms.list_key_rotations):
        with aws.refuses("UnsupportedOperationException", "", 400):
            call(KeyId=p256)
    assert kms.get_key_rotation_status(KeyId=p256)["KeyRotationEnabled"] is False
    with aws.refuses("InvalidArnException", "", 400):
        kms.get_public_key(KeyId="arn:aws:kms:nowhere")


@case(moto_departs="tells no last usage, and has no key stores (GetKeyLastUsage, DescribeCustomKeyStores)")
def uses_are_noted_and_key_stores_are_none(aws):
    kms, key = aws.kms(), signer(aws)["KeyId"]
    assert kms.get_key_last_usage(KeyId=key)["KeyLastUsage"] == {}
    signed = kms.sign(KeyId=key, Message=MESSAGE, SigningAlgorithm="ECDSA_SHA_256")
    usage = kms.get_key_last_usage(KeyId=key)["KeyLastUsage"]
    assert (usage["Operation"], usage["KmsRequestId"]) == ("Sign", signed["ResponseMetadata"]["RequestId"]), usage
    with aws.refuses("NotFoundException"):
        kms.get_key_last_usage(KeyId=NOWHERE)
    with aws.refuses("InvalidArnException"):
        kms.get_key_last_usage(KeyId="arn:aws:kms:nowhere")
    assert kms.describe_custom_key_stores()["CustomKeyStores"] == []
    with aws.refuses("InvalidMarkerException"):
        kms.describe_custom_key_stores(Marker="nonsense")
    store = {"CustomKeyStoreId": "cks-1234567890abcdef0"}
    for call in (
        kms.describe_custom_key_stores, kms.connect_custom_key_store, kms.disconnect_custom_key_store,
        kms.delete_custom_key_store, kms.update_custom_key_store,
    ):
        with aws.refuses("CustomKeyStoreNotFoundException", "", 400):
            call(**store)
    with aws.refuses("CloudHsmClusterNotFoundException", "", 400):
        kms.create_custom_key_store(
            CustomKeyStoreName="vault", CloudHsmClusterId="cluster-a2b3c4d5e6f", KeyStorePassword="kmsPswd",
            TrustAnchorCertificate="-----BEGIN CERTIFICATE-----",
        )
    with aws.refuses("CustomKeyStoreNotFoundException", "", 400):
        kms.create_key(Origin="AWS_CLOUDHSM", **store)


def rfc_2104(secret, message):
    """The code that HMAC_SHA_256 makes, by Python's own module."""
    return hmac.new(secret, message, hashlib.sha256).digest()
