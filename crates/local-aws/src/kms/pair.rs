//! Key pairs: what is made of a private key for the one use that its KMS key has.
//!
//! A private key is kept as PKCS #8, sealed like all material. In memory it is aws-lc's own, which wipes whatever memory
//! it frees.

mod agreeing;
mod encrypting;
mod signing;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    error::Unspecified,
    rsa,
    signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, PqdsaKeyPair},
};
use aws_model::SecretBytes;

use self::{
    agreeing::Agreeing,
    signing::{Signing, curve, lattice},
};
pub(super) use self::{
    encrypting::Encrypting,
    signing::{Message, digest_len},
};
use super::kind::{KeySpec, KeyUsage};

/// The private half of a key and the public one beside it.
#[derive(Debug)]
pub(super) struct KeyPair {
    /// An X.509 `SubjectPublicKeyInfo` in DER.
    public: Vec<u8>,
    private: Private,
}

/// What the private half can do: one thing.
#[derive(Debug)]
enum Private {
    Signing(Signing),
    Encrypting(Encrypting),
    Agreeing(Agreeing),
}

/// The bytes are no private key of this spec, or the library has no such keys.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("not a private key of this key spec")]
pub(super) struct NotSuchAKey;

/// The library failed where nothing that a caller does makes it fail.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the cryptographic library failed")]
pub(super) struct CryptoFailed;

impl From<Unspecified> for CryptoFailed {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

/// Whether there are keys of this spec. The library has no SM2, which AWS has in China alone, and of ML-KEM nothing that
/// private keys could be written down in.
pub(super) const fn is_known(spec: KeySpec) -> bool {
    !matches!(spec, KeySpec::Sm2 | KeySpec::MlKem512 | KeySpec::MlKem768 | KeySpec::MlKem1024)
}

/// A new private key in PKCS #8. For RSA this takes up to seconds.
pub(super) fn generate(spec: KeySpec) -> Result<SecretBytes, CryptoFailed> {
    let rsa = |size| -> Result<SecretBytes, CryptoFailed> { rsa_pkcs8(&rsa::KeyPair::generate(size)?) };
    match spec {
        KeySpec::Rsa2048 => rsa(rsa::KeySize::Rsa2048),
        KeySpec::Rsa3072 => rsa(rsa::KeySize::Rsa3072),
        KeySpec::Rsa4096 => rsa(rsa::KeySize::Rsa4096),
        KeySpec::EccNistEdwards25519 => Ok(secret(Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref())),
        KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 => {
            let lattice = lattice(spec).ok_or(CryptoFailed)?;
            Ok(secret(PqdsaKeyPair::generate(lattice)?.to_pkcs8v1()?.as_ref()))
        }
        spec => {
            let curve = curve(spec).ok_or(CryptoFailed)?;
            Ok(secret(EcdsaKeyPair::generate(curve)?.to_pkcs8v1()?.as_ref()))
        }
    }
}

/// The one spelling in which a private key is kept, of any that PKCS #8 allows.
pub(super) fn canonical(spec: KeySpec, pkcs8: &[u8]) -> Result<SecretBytes, NotSuchAKey> {
    match spec {
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => {
            let pair = rsa_of(spec, pkcs8)?;
            rsa_pkcs8(&pair).map_err(|CryptoFailed| NotSuchAKey)
        }
        KeySpec::EccNistEdwards25519 => {
            let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| NotSuchAKey)?;
            Ok(secret(pair.to_pkcs8v1().map_err(|Unspecified| NotSuchAKey)?.as_ref()))
        }
        KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 => {
            let pair = ml_dsa_of(spec, pkcs8)?;
            Ok(secret(pair.to_pkcs8v1().map_err(|Unspecified| NotSuchAKey)?.as_ref()))
        }
        spec => {
            let curve = curve(spec).ok_or(NotSuchAKey)?;
            let pair = EcdsaKeyPair::from_pkcs8(curve, pkcs8).map_err(|_| NotSuchAKey)?;
            Ok(secret(pair.to_pkcs8v1().map_err(|Unspecified| NotSuchAKey)?.as_ref()))
        }
    }
}

/// The public half of a private key in PKCS #8.
pub(super) fn public_of(spec: KeySpec, pkcs8: &SecretBytes) -> Result<Vec<u8>, NotSuchAKey> {
    let pkcs8 = pkcs8.expose();
    let public = match spec {
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => rsa_of(spec, pkcs8)?.public_key().as_der(),
        KeySpec::EccNistEdwards25519 => {
            Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| NotSuchAKey)?.public_key().as_der()
        }
        KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 => ml_dsa_of(spec, pkcs8)?.public_key().as_der(),
        spec => {
            let curve = curve(spec).ok_or(NotSuchAKey)?;
            EcdsaKeyPair::from_pkcs8(curve, pkcs8).map_err(|_| NotSuchAKey)?.public_key().as_der()
        }
    };
    public.map(|der| der.as_ref().to_vec()).map_err(|Unspecified| NotSuchAKey)
}

impl KeyPair {
    /// The pair of a private key in PKCS #8, for one use.
    pub(super) fn read(spec: KeySpec, usage: KeyUsage, pkcs8: &SecretBytes) -> Result<Self, NotSuchAKey> {
        let public = public_of(spec, pkcs8)?;
        let private = match usage {
            KeyUsage::SignVerify => Private::Signing(Signing::read(spec, pkcs8)?),
            KeyUsage::EncryptDecrypt => Private::Encrypting(Encrypting::read(pkcs8, &public)?),
            KeyUsage::KeyAgreement => Private::Agreeing(Agreeing::read(spec, pkcs8)?),
            KeyUsage::GenerateVerifyMac | KeyUsage::EncapsulateDecapsulate => return Err(NotSuchAKey),
        };
        Ok(Self { public, private })
    }

    pub(super) fn public(&self) -> &[u8] {
        &self.public
    }

    pub(super) fn signing(&self) -> Option<&Signing> {
        match &self.private {
            Private::Signing(signing) => Some(signing),
            _ => None,
        }
    }

    pub(super) fn encrypting(&self) -> Option<&Encrypting> {
        match &self.private {
            Private::Encrypting(encrypting) => Some(encrypting),
            _ => None,
        }
    }

    pub(super) fn agreeing(&self) -> Option<&Agreeing> {
        match &self.private {
            Private::Agreeing(agreeing) => Some(agreeing),
            _ => None,
        }
    }
}

/// An RSA key of just this size.
fn rsa_of(spec: KeySpec, pkcs8: &[u8]) -> Result<rsa::KeyPair, NotSuchAKey> {
    let bytes = match spec {
        KeySpec::Rsa2048 => 256,
        KeySpec::Rsa3072 => 384,
        KeySpec::Rsa4096 => 512,
        _ => return Err(NotSuchAKey),
    };
    let pair = rsa::KeyPair::from_pkcs8(pkcs8).map_err(|_| NotSuchAKey)?;
    if pair.public_modulus_len() == bytes { Ok(pair) } else { Err(NotSuchAKey) }
}

fn ml_dsa_of(spec: KeySpec, pkcs8: &[u8]) -> Result<PqdsaKeyPair, NotSuchAKey> {
    PqdsaKeyPair::from_pkcs8(lattice(spec).ok_or(NotSuchAKey)?, pkcs8).map_err(|_| NotSuchAKey)
}

fn rsa_pkcs8(pair: &rsa::KeyPair) -> Result<SecretBytes, CryptoFailed> {
    let der: Pkcs8V1Der<'_> = pair.as_der()?;
    Ok(secret(der.as_ref()))
}

fn secret(bytes: &[u8]) -> SecretBytes {
    SecretBytes::new(bytes.to_vec())
}
