//! Private keys that sign.

use aws_lc_rs::{
    digest::{self, Digest},
    rsa,
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1,
        ECDSA_P256K1_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_ASN1_SIGNING,
        ECDSA_P521_SHA512_ASN1, ECDSA_P521_SHA512_ASN1_SIGNING, ED25519, EcdsaKeyPair, EcdsaSigningAlgorithm,
        Ed25519KeyPair, ML_DSA_44, ML_DSA_44_SIGNING, ML_DSA_65, ML_DSA_65_SIGNING, ML_DSA_87, ML_DSA_87_SIGNING,
        PqdsaKeyPair, PqdsaSigningAlgorithm, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
        RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256,
        RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
        RsaEncoding, UnparsedPublicKey, VerificationAlgorithm,
    },
};
use aws_model::SecretBytes;

use super::{CryptoFailed, KeyPair, NotSuchAKey, ml_dsa_of, rsa_of};
use crate::kms::kind::{KeySpec, SigningAlgorithm};

/// A private key that signs.
#[derive(Debug)]
pub(in crate::kms) enum Signing {
    Rsa(rsa::KeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    MlDsa(PqdsaKeyPair),
}

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub(in crate::kms) enum Message<'a> {
    /// The message itself.
    Raw(&'a [u8]),
    /// What the algorithm's hash function makes of it.
    Digest(&'a [u8]),
}

impl Signing {
    pub(super) fn read(spec: KeySpec, pkcs8: &SecretBytes) -> Result<Self, NotSuchAKey> {
        let pkcs8 = pkcs8.expose();
        Ok(match spec {
            KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => Self::Rsa(rsa_of(spec, pkcs8)?),
            KeySpec::EccNistEdwards25519 => Self::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| NotSuchAKey)?),
            KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 => Self::MlDsa(ml_dsa_of(spec, pkcs8)?),
            spec => {
                let curve = curve(spec).ok_or(NotSuchAKey)?;
                Self::Ecdsa(EcdsaKeyPair::from_pkcs8(curve, pkcs8).map_err(|_| NotSuchAKey)?)
            }
        })
    }

    /// A signature. That key and algorithm go together was checked before, and a digest's length, too.
    pub(in crate::kms) fn sign(
        &self,
        algorithm: SigningAlgorithm,
        message: Message<'_>,
    ) -> Result<Vec<u8>, CryptoFailed> {
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let padding = padding(algorithm).ok_or(CryptoFailed)?;
                pair.sign_digest(padding, &digest(algorithm, message)?, &mut signature)?;
                Ok(signature)
            }
            Self::Ecdsa(pair) => Ok(pair.sign_digest(&digest(algorithm, message)?)?.as_ref().to_vec()),
            Self::Ed25519(pair) => Ok(pair.try_sign(raw(message)?)?.as_ref().to_vec()),
            Self::MlDsa(pair) => {
                let mut signature = vec![0; pair.algorithm().signature_len()];
                let len = pair.sign(raw(message)?, &mut signature)?;
                signature.truncate(len);
                Ok(signature)
            }
        }
    }
}

impl KeyPair {
    /// Whether the signature is the key's, over just this message.
    pub(in crate::kms) fn verify(
        &self,
        spec: KeySpec,
        algorithm: SigningAlgorithm,
        message: Message<'_>,
        signature: &[u8],
    ) -> Result<bool, CryptoFailed> {
        let verifying = verification(spec, algorithm).ok_or(CryptoFailed)?;
        let public = UnparsedPublicKey::new(verifying, self.public());
        let verified = match hash(algorithm) {
            Some(_) => public.verify_digest(&digest(algorithm, message)?, signature),
            None => public.verify(raw(message)?, signature),
        };
        Ok(verified.is_ok())
    }
}

/// The algorithm that signs with keys on the curve, which each has one of.
pub(super) fn curve(spec: KeySpec) -> Option<&'static EcdsaSigningAlgorithm> {
    Some(match spec {
        KeySpec::EccNistP256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
        KeySpec::EccNistP384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
        KeySpec::EccNistP521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
        KeySpec::EccSecgP256k1 => &ECDSA_P256K1_SHA256_ASN1_SIGNING,
        _ => return None,
    })
}

/// The algorithm that signs with ML-DSA keys of the spec.
pub(super) fn lattice(spec: KeySpec) -> Option<&'static PqdsaSigningAlgorithm> {
    Some(match spec {
        KeySpec::MlDsa44 => &ML_DSA_44_SIGNING,
        KeySpec::MlDsa65 => &ML_DSA_65_SIGNING,
        KeySpec::MlDsa87 => &ML_DSA_87_SIGNING,
        _ => return None,
    })
}

/// How long a digest must be for an algorithm; none for one that takes no digest.
pub(in crate::kms) fn digest_len(algorithm: SigningAlgorithm) -> Option<usize> {
    hash(algorithm).map(digest::Algorithm::output_len)
}

fn hash(algorithm: SigningAlgorithm) -> Option<&'static digest::Algorithm> {
    use SigningAlgorithm as A;
    match algorithm {
        A::RsassaPkcs1V15Sha256 | A::RsassaPssSha256 | A::EcdsaSha256 => Some(&digest::SHA256),
        A::RsassaPkcs1V15Sha384 | A::RsassaPssSha384 | A::EcdsaSha384 => Some(&digest::SHA384),
        A::RsassaPkcs1V15Sha512 | A::RsassaPssSha512 | A::EcdsaSha512 | A::Ed25519PhSha512 => Some(&digest::SHA512),
        A::Ed25519Sha512 | A::MlDsaShake256 | A::Sm2Dsa => None,
    }
}

/// The message of an algorithm that takes it whole.
fn raw(message: Message<'_>) -> Result<&[u8], CryptoFailed> {
    match message {
        Message::Raw(message) => Ok(message),
        Message::Digest(_) => Err(CryptoFailed),
    }
}

fn digest(algorithm: SigningAlgorithm, message: Message<'_>) -> Result<Digest, CryptoFailed> {
    let hash = hash(algorithm).ok_or(CryptoFailed)?;
    match message {
        Message::Raw(message) => Ok(digest::digest(hash, message)),
        Message::Digest(digest) => Ok(Digest::import_less_safe(digest, hash)?),
    }
}

fn padding(algorithm: SigningAlgorithm) -> Option<&'static dyn RsaEncoding> {
    use SigningAlgorithm as A;
    Some(match algorithm {
        A::RsassaPkcs1V15Sha256 => &RSA_PKCS1_SHA256,
        A::RsassaPkcs1V15Sha384 => &RSA_PKCS1_SHA384,
        A::RsassaPkcs1V15Sha512 => &RSA_PKCS1_SHA512,
        A::RsassaPssSha256 => &RSA_PSS_SHA256,
        A::RsassaPssSha384 => &RSA_PSS_SHA384,
        A::RsassaPssSha512 => &RSA_PSS_SHA512,
        _ => return None,
    })
}

fn verification(spec: KeySpec, algorithm: SigningAlgorithm) -> Option<&'static dyn VerificationAlgorithm> {
    use SigningAlgorithm as A;
    Some(match (spec, algorithm) {
        (_, A::RsassaPkcs1V15Sha256) => &RSA_PKCS1_2048_8192_SHA256,
        (_, A::RsassaPkcs1V15Sha384) => &RSA_PKCS1_2048_8192_SHA384,
        (_, A::RsassaPkcs1V15Sha512) => &RSA_PKCS1_2048_8192_SHA512,
        (_, A::RsassaPssSha256) => &RSA_PSS_2048_8192_SHA256,
        (_, A::RsassaPssSha384) => &RSA_PSS_2048_8192_SHA384,
        (_, A::RsassaPssSha512) => &RSA_PSS_2048_8192_SHA512,
        (KeySpec::EccSecgP256k1, A::EcdsaSha256) => &ECDSA_P256K1_SHA256_ASN1,
        (_, A::EcdsaSha256) => &ECDSA_P256_SHA256_ASN1,
        (_, A::EcdsaSha384) => &ECDSA_P384_SHA384_ASN1,
        (_, A::EcdsaSha512) => &ECDSA_P521_SHA512_ASN1,
        (_, A::Ed25519Sha512) => &ED25519,
        (KeySpec::MlDsa44, A::MlDsaShake256) => &ML_DSA_44,
        (KeySpec::MlDsa65, A::MlDsaShake256) => &ML_DSA_65,
        (KeySpec::MlDsa87, A::MlDsaShake256) => &ML_DSA_87,
        _ => return None,
    })
}
