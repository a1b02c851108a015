//! What kinds of keys there are: what each is made of, what it is for, and which algorithms it knows.
//!
//! Sources: AWS KMS Developer Guide, "Key spec reference"; AWS KMS API Reference, "CreateKey", `KeySpec` and `KeyUsage`.

use serde::{Deserialize, Serialize};

use super::fault;
use crate::ServiceError;

/// An enumeration of AWS's, by its names on the wire, which are those that are kept, too.
macro_rules! names {
    ($(#[$about:meta])* $vis:vis enum $Name:ident { $($Variant:ident = $text:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        $vis enum $Name { $(#[serde(rename = $text)] $Variant),* }

        impl $Name {
            /// The name on the wire.
            $vis const fn as_str(self) -> &'static str {
                match self { $(Self::$Variant => $text),* }
            }
        }
    };
}

names! {
    /// What a key is made of.
    pub(super) enum KeySpec {
        SymmetricDefault = "SYMMETRIC_DEFAULT",
        Hmac224 = "HMAC_224",
        Hmac256 = "HMAC_256",
        Hmac384 = "HMAC_384",
        Hmac512 = "HMAC_512",
        Rsa2048 = "RSA_2048",
        Rsa3072 = "RSA_3072",
        Rsa4096 = "RSA_4096",
        EccNistP256 = "ECC_NIST_P256",
        EccNistP384 = "ECC_NIST_P384",
        EccNistP521 = "ECC_NIST_P521",
        EccSecgP256k1 = "ECC_SECG_P256K1",
        EccNistEdwards25519 = "ECC_NIST_EDWARDS25519",
        MlDsa44 = "ML_DSA_44",
        MlDsa65 = "ML_DSA_65",
        MlDsa87 = "ML_DSA_87",
        MlKem512 = "ML_KEM_512",
        MlKem768 = "ML_KEM_768",
        MlKem1024 = "ML_KEM_1024",
        Sm2 = "SM2",
    }
}

names! {
    /// What a key is for.
    pub(super) enum KeyUsage {
        EncryptDecrypt = "ENCRYPT_DECRYPT",
        SignVerify = "SIGN_VERIFY",
        GenerateVerifyMac = "GENERATE_VERIFY_MAC",
        KeyAgreement = "KEY_AGREEMENT",
        EncapsulateDecapsulate = "ENCAPSULATE_DECAPSULATE",
    }
}

names! {
    /// Where a key's material comes from.
    pub(super) enum Origin {
        AwsKms = "AWS_KMS",
        External = "EXTERNAL",
        AwsCloudHsm = "AWS_CLOUDHSM",
        ExternalKeyStore = "EXTERNAL_KEY_STORE",
    }
}

names! {
    /// How a message is signed.
    pub(super) enum SigningAlgorithm {
        RsassaPkcs1V15Sha256 = "RSASSA_PKCS1_V1_5_SHA_256",
        RsassaPkcs1V15Sha384 = "RSASSA_PKCS1_V1_5_SHA_384",
        RsassaPkcs1V15Sha512 = "RSASSA_PKCS1_V1_5_SHA_512",
        RsassaPssSha256 = "RSASSA_PSS_SHA_256",
        RsassaPssSha384 = "RSASSA_PSS_SHA_384",
        RsassaPssSha512 = "RSASSA_PSS_SHA_512",
        EcdsaSha256 = "ECDSA_SHA_256",
        EcdsaSha384 = "ECDSA_SHA_384",
        EcdsaSha512 = "ECDSA_SHA_512",
        Ed25519Sha512 = "ED25519_SHA_512",
        Ed25519PhSha512 = "ED25519_PH_SHA_512",
        MlDsaShake256 = "ML_DSA_SHAKE_256",
        Sm2Dsa = "SM2DSA",
    }
}

names! {
    /// How a message authentication code is made.
    pub(super) enum MacAlgorithm {
        HmacSha224 = "HMAC_SHA_224",
        HmacSha256 = "HMAC_SHA_256",
        HmacSha384 = "HMAC_SHA_384",
        HmacSha512 = "HMAC_SHA_512",
    }
}

names! {
    /// How a plaintext is encrypted.
    pub(super) enum EncryptionAlgorithm {
        SymmetricDefault = "SYMMETRIC_DEFAULT",
        RsaesOaepSha1 = "RSAES_OAEP_SHA_1",
        RsaesOaepSha256 = "RSAES_OAEP_SHA_256",
        Sm2Pke = "SM2PKE",
    }
}

#[expect(clippy::derivable_impls, reason = "the variants are the macro's, which marks none of them")]
impl Default for EncryptionAlgorithm {
    fn default() -> Self {
        Self::SymmetricDefault
    }
}

/// What never changes of a key, in no region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeyKind {
    pub(super) spec: KeySpec,
    pub(super) usage: KeyUsage,
    pub(super) origin: Origin,
}

impl Default for KeyKind {
    fn default() -> Self {
        Self { spec: KeySpec::SymmetricDefault, usage: KeyUsage::EncryptDecrypt, origin: Origin::AwsKms }
    }
}

impl KeySpec {
    /// What such a key can be for. Where it can be one thing only, that must be said all the same.
    pub(super) const fn usages(self) -> &'static [KeyUsage] {
        use KeyUsage::{EncapsulateDecapsulate, EncryptDecrypt, GenerateVerifyMac, KeyAgreement, SignVerify};
        match self {
            Self::SymmetricDefault => &[EncryptDecrypt],
            Self::Hmac224 | Self::Hmac256 | Self::Hmac384 | Self::Hmac512 => &[GenerateVerifyMac],
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &[EncryptDecrypt, SignVerify],
            Self::EccNistP256 | Self::EccNistP384 | Self::EccNistP521 => &[SignVerify, KeyAgreement],
            Self::EccSecgP256k1 | Self::EccNistEdwards25519 => &[SignVerify],
            Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => &[SignVerify],
            Self::MlKem512 | Self::MlKem768 | Self::MlKem1024 => &[EncapsulateDecapsulate],
            Self::Sm2 => &[EncryptDecrypt, SignVerify, KeyAgreement],
        }
    }

    /// Its name where `CustomerMasterKeySpec` still tells it: what AWS has added since that was deprecated it does not.
    pub(super) fn deprecated_name(self) -> Option<&'static str> {
        let is_newer = matches!(
            self,
            Self::EccNistEdwards25519
                | Self::MlDsa44
                | Self::MlDsa65
                | Self::MlDsa87
                | Self::MlKem512
                | Self::MlKem768
                | Self::MlKem1024
        );
        (!is_newer).then_some(self.as_str())
    }

    /// Whether it has a private and a public half.
    pub(super) const fn is_asymmetric(self) -> bool {
        !matches!(self, Self::SymmetricDefault | Self::Hmac224 | Self::Hmac256 | Self::Hmac384 | Self::Hmac512)
    }

    pub(super) const fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }

    /// Empty for a key that does not sign.
    pub(super) const fn signing_algorithms(self) -> &'static [SigningAlgorithm] {
        use SigningAlgorithm as A;
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &[
                A::RsassaPkcs1V15Sha256,
                A::RsassaPkcs1V15Sha384,
                A::RsassaPkcs1V15Sha512,
                A::RsassaPssSha256,
                A::RsassaPssSha384,
                A::RsassaPssSha512,
            ],
            Self::EccNistP256 | Self::EccSecgP256k1 => &[A::EcdsaSha256],
            Self::EccNistP384 => &[A::EcdsaSha384],
            Self::EccNistP521 => &[A::EcdsaSha512],
            Self::EccNistEdwards25519 => &[A::Ed25519Sha512, A::Ed25519PhSha512],
            Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => &[A::MlDsaShake256],
            Self::Sm2 => &[A::Sm2Dsa],
            _ => &[],
        }
    }

    /// Empty for a key that makes no codes.
    pub(super) const fn mac_algorithms(self) -> &'static [MacAlgorithm] {
        match self {
            Self::Hmac224 => &[MacAlgorithm::HmacSha224],
            Self::Hmac256 => &[MacAlgorithm::HmacSha256],
            Self::Hmac384 => &[MacAlgorithm::HmacSha384],
            Self::Hmac512 => &[MacAlgorithm::HmacSha512],
            _ => &[],
        }
    }

    /// Empty for a key that does not encrypt.
    pub(super) const fn encryption_algorithms(self) -> &'static [EncryptionAlgorithm] {
        use EncryptionAlgorithm::{RsaesOaepSha1, RsaesOaepSha256, Sm2Pke, SymmetricDefault};
        match self {
            Self::SymmetricDefault => &[SymmetricDefault],
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &[RsaesOaepSha1, RsaesOaepSha256],
            Self::Sm2 => &[Sm2Pke],
            _ => &[],
        }
    }
}

impl KeyKind {
    /// Whether it encrypts symmetrically: such keys alone have versions of their material, contexts and data keys.
    pub(super) fn is_symmetric_encryption(self) -> bool {
        self.spec == KeySpec::SymmetricDefault
    }

    pub(super) fn is_imported(self) -> bool {
        self.origin == Origin::External
    }

    /// Refuses an algorithm that keys of this spec do not know.
    pub(super) fn check_algorithm<A: PartialEq>(
        self,
        known: &[A],
        (algorithm, name): (A, &'static str),
    ) -> Result<(), ServiceError> {
        if known.contains(&algorithm) { Ok(()) } else { Err(fault::incompatible_algorithm(name, self.spec)) }
    }
}
