//! How material is wrapped on its way here.
//!
//! Source: AWS KMS Developer Guide, "Download the wrapping public key and import token" > "Select a wrapping algorithm".

use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use aws_model::SecretBytes;
use zeroize::Zeroizing;

use crate::kms::{
    kind::{EncryptionAlgorithm, KeySpec},
    pair::{Encrypting, public_of},
};

/// A wrapping algorithm that KMS takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WrappingAlgorithm {
    /// RSA encrypts the material itself.
    Oaep(EncryptionAlgorithm),
    /// RSA encrypts an AES key, which wraps the material (RFC 5649).
    AesKeyWrap(EncryptionAlgorithm),
}

use EncryptionAlgorithm::{RsaesOaepSha1, RsaesOaepSha256};
use WrappingAlgorithm::{AesKeyWrap, Oaep};

const ALL: [(u8, &str, WrappingAlgorithm); 4] = [
    (1, "RSAES_OAEP_SHA_1", Oaep(RsaesOaepSha1)),
    (2, "RSAES_OAEP_SHA_256", Oaep(RsaesOaepSha256)),
    (3, "RSA_AES_KEY_WRAP_SHA_1", AesKeyWrap(RsaesOaepSha1)),
    (4, "RSA_AES_KEY_WRAP_SHA_256", AesKeyWrap(RsaesOaepSha256)),
];

impl WrappingAlgorithm {
    /// None for those that KMS takes no more, or in China only.
    pub(super) fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|(_, known, _)| *known == name).map(|(_, _, algorithm)| algorithm)
    }

    pub(super) fn of_code(code: u8) -> Option<Self> {
        ALL.into_iter().find(|(known, ..)| *known == code).map(|(_, _, algorithm)| algorithm)
    }

    pub(super) fn code(self) -> u8 {
        ALL.into_iter().find(|(_, _, known)| *known == self).map_or(0, |(code, ..)| code)
    }

    /// Whether material of a key spec can be wrapped so, under a wrapping key of this one. An RSA private key is too long
    /// for RSA, and so is one on P-521 for the shortest wrapping key; AES wraps private keys only.
    pub(super) fn suits(self, material: KeySpec, wrapping: KeySpec) -> bool {
        match self {
            Oaep(_) if material.is_rsa() => false,
            Oaep(_) => (material, wrapping) != (KeySpec::EccNistP521, KeySpec::Rsa2048),
            AesKeyWrap(_) => material.is_asymmetric(),
        }
    }

    /// The material; nothing when it was wrapped otherwise, or under another key.
    pub(super) fn unwrap(self, private: &SecretBytes, wrapped: &[u8]) -> Option<SecretBytes> {
        let rsa = [KeySpec::Rsa2048, KeySpec::Rsa3072, KeySpec::Rsa4096];
        let public = rsa.into_iter().find_map(|spec| public_of(spec, private).ok())?;
        let key = Encrypting::read(private, &public).ok()?;
        match self {
            Oaep(oaep) => key.decrypt(oaep, wrapped),
            AesKeyWrap(oaep) => {
                let (aes_key, material) = wrapped.split_at_checked(key.ciphertext_len())?;
                let aes_key = key.decrypt(oaep, aes_key)?;
                let mut unwrapped = Zeroizing::new(vec![0; material.len()]);
                let kek = AesKek::new(&AES_256, aes_key.expose()).ok()?;
                let material = kek.unwrap_with_padding(material, &mut unwrapped).ok()?;
                Some(SecretBytes::new(material.to_vec()))
            }
        }
    }
}
