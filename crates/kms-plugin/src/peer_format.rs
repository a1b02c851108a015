//! How ciphertexts are framed, ours and aws-encryption-provider's, and how they are told apart.
//!
//! | leading bytes | format | read on |
//! |---|---|---|
//! | `c1 01` | ours, version 1: what the key service gave follows | every API |
//! | `31` (`1`) | aws-encryption-provider's: what KMS gave follows | every API |
//! | anything else | aws-encryption-provider's before it had a prefix: KMS's own bytes | v1beta1 |
//!
//! `c1` begins neither UTF-8 text nor any ciphertext of AWS KMS (those of symmetric keys begin with `01`).
//!
//! Source: aws-encryption-provider 6d4f71e, `pkg/plugin/plugin.go` and `plugin_v2.go`: both seal with the prefix,
//! v1 opens with or without it, v2 only with it.

use aws_model::SecretBytes;

use crate::{caller::Api, policy::Refusal};

/// Our frame: a byte that no other format begins with, and the format's version.
const OURS: [u8; 2] = [0xc1, 1];

/// aws-encryption-provider's `StorageVersion`.
const PEER: u8 = b'1';

/// What an apiserver takes from an Encrypt, and keeps in etcd beside each value.
///
/// Source: kubernetes/apiserver, `pkg/storage/value/encrypt/envelope/kmsv2/envelope.go`, `encryptedDEKSourceMaxSize`.
pub const MAX_CIPHERTEXT: usize = 1024;

/// AWS KMS takes 6144 bytes to decrypt; nothing longer was ever sealed by anyone.
///
/// Source: AWS KMS API Reference, Decrypt, `CiphertextBlob`.
const MAX_TO_OPEN: usize = 6144;

/// In which frame Encrypt answers. Decrypt reads all of them, whatever is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SealFormat {
    /// Ours.
    #[default]
    Claviger,
    /// aws-encryption-provider's, for a roll-back to it.
    AwsEncryptionProvider,
}

impl SealFormat {
    /// Refuses what no key service seals to few enough bytes, before one is asked.
    pub(crate) fn check_plaintext(self, plaintext: &SecretBytes) -> Result<(), Refusal> {
        // No cipher makes its input shorter.
        Self::check_length(self.prefix().len() + plaintext.len())
    }

    /// What etcd will hold of what the key service gave.
    ///
    /// # Errors
    /// When an apiserver would not take it for its length.
    pub fn frame(self, sealed: &[u8]) -> Result<Vec<u8>, Refusal> {
        let prefix = self.prefix();
        Self::check_length(prefix.len() + sealed.len())?;
        Ok([prefix, sealed].concat())
    }

    fn prefix(self) -> &'static [u8] {
        match self {
            Self::Claviger => &OURS,
            Self::AwsEncryptionProvider => &[PEER],
        }
    }

    fn check_length(length: usize) -> Result<(), Refusal> {
        if length <= MAX_CIPHERTEXT {
            return Ok(());
        }
        Err(Refusal::invalid_request(format!(
            "the ciphertext would have {length} bytes or more, and an apiserver takes {MAX_CIPHERTEXT} at most: the \
             plaintext is too long for a data encryption key or seed"
        )))
    }
}

/// What the key service gave, out of whatever frame it is in. Never empty.
///
/// # Errors
/// When it is in none that is read on `api`.
pub fn unframe(ciphertext: &[u8], api: Api) -> Result<&[u8], Refusal> {
    if ciphertext.len() > MAX_TO_OPEN {
        let length = ciphertext.len();
        return Err(Refusal::invalid_request(format!(
            "a ciphertext of {length} bytes: no key service seals to more than {MAX_TO_OPEN}"
        )));
    }
    let sealed = match ciphertext {
        [] => return Err(Refusal::invalid_request("the ciphertext is empty")),
        [first, version, sealed @ ..] if [*first, *version] == OURS => sealed,
        [first, ..] if *first == OURS[0] => {
            return Err(Refusal::invalid_request(
                "the ciphertext is of a later format of Claviger: a newer version sealed it",
            ));
        }
        [PEER, sealed @ ..] => sealed,
        sealed if api == Api::V1Beta1 => sealed,
        _ => {
            return Err(Refusal::invalid_request(
                "the ciphertext is neither Claviger's nor aws-encryption-provider's: another plugin sealed it",
            ));
        }
    };
    if sealed.is_empty() { Err(Refusal::invalid_request("the ciphertext is cut short")) } else { Ok(sealed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_frame_opens_on_each_api_and_the_bare_one_on_v1beta1_only() {
        let sealed = b"\x01\x02sealed";
        for format in [SealFormat::Claviger, SealFormat::AwsEncryptionProvider] {
            let framed = format.frame(sealed).unwrap();
            for api in Api::ALL {
                assert_eq!(unframe(&framed, api).unwrap(), sealed);
            }
        }
        assert_eq!(unframe(sealed, Api::V1Beta1).unwrap(), sealed);
        assert!(unframe(sealed, Api::V2).is_err());
        assert!(unframe(sealed, Api::V2Alpha1).is_err());
    }

    #[test]
    fn the_peer_format_is_its_prefix_and_kms_own_bytes() {
        assert_eq!(SealFormat::AwsEncryptionProvider.frame(b"x").unwrap(), b"1x");
    }

    #[test]
    fn what_is_cut_short_too_long_or_of_a_later_format_is_refused() {
        for bad in [&b""[..], b"1", &[0xc1], &[0xc1, 1], &[0xc1, 2, 3], &[b'1'; MAX_TO_OPEN + 1]] {
            assert!(unframe(bad, Api::V1Beta1).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_an_apiserver_would_throw_away_is_never_answered() {
        assert!(SealFormat::Claviger.frame(&[0; MAX_CIPHERTEXT - 2]).is_ok());
        let refusal = SealFormat::Claviger.frame(&[0; MAX_CIPHERTEXT - 1]).unwrap_err();
        assert!(refusal.message.contains("1025 bytes"), "{refusal}");
    }
}
