//! Private keys that agree on secrets: ECDH. The cofactor of NIST's curves is 1, so this is the primitive with cofactor.

use aws_lc_rs::agreement::{
    self, ECDH_P256, ECDH_P384, ECDH_P521, ParsedPublicKey, ParsedPublicKeyFormat, PrivateKey, UnparsedPublicKey,
};
use aws_model::SecretBytes;

use super::NotSuchAKey;
use crate::kms::kind::KeySpec;

/// A private key that agrees on secrets.
#[derive(Debug)]
pub(in crate::kms) struct Agreeing(PrivateKey);

impl Agreeing {
    pub(super) fn read(spec: KeySpec, pkcs8: &SecretBytes) -> Result<Self, NotSuchAKey> {
        let algorithm = match spec {
            KeySpec::EccNistP256 => &ECDH_P256,
            KeySpec::EccNistP384 => &ECDH_P384,
            KeySpec::EccNistP521 => &ECDH_P521,
            _ => return Err(NotSuchAKey),
        };
        PrivateKey::from_private_key_der(algorithm, pkcs8.expose()).map(Self).map_err(|_| NotSuchAKey)
    }

    /// The raw secret that it shares with the peer, whose public key is in DER; nothing when that is no key on the same
    /// curve.
    pub(in crate::kms) fn agree(&self, peer: &[u8]) -> Option<SecretBytes> {
        let peer = ParsedPublicKey::try_from(UnparsedPublicKey::new(self.0.algorithm(), peer)).ok()?;
        // The library takes bare points, too; KMS does not.
        if peer.format() != ParsedPublicKeyFormat::X509 {
            return None;
        }
        agreement::agree(&self.0, peer, (), |secret| Ok(SecretBytes::new(secret.to_vec()))).ok()
    }
}
