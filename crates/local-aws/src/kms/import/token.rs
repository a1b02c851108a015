//! Import tokens: the wrapping key's private half, sealed, so that nothing has to be kept for it.
//!
//! ```text
//!   seal( 1 || wrapping algorithm (1) || valid to, in seconds (8) || PKCS #8 of the wrapping key )
//! ```
//! They are sealed under the secret that authenticates the key's grant tokens, and bound to the key's ARN.

use aws_model::SecretBytes;
use jiff::Timestamp;

use super::wrapping::WrappingAlgorithm;
use crate::{
    kms::key::Key,
    sealing::{Purpose, SealError},
};

const VERSION: u8 = 1;
const AAD: &[u8] = b"import token of ";

/// What a token holds.
#[derive(Debug)]
pub(super) struct ImportToken {
    pub(super) algorithm: WrappingAlgorithm,
    pub(super) valid_to: Timestamp,
    /// The wrapping key in PKCS #8.
    pub(super) private: SecretBytes,
}

impl ImportToken {
    pub(super) fn seal(&self, key: &Key) -> Result<Vec<u8>, SealError> {
        let header = [VERSION, self.algorithm.code()];
        let valid_to = self.valid_to.as_second().to_be_bytes();
        let plaintext = SecretBytes::new([&header[..], &valid_to, self.private.expose()].concat());
        let mut token = Vec::new();
        let sealed = key
            .family
            .with_token_key(|secret| secret.seal(Purpose::ImportToken, &aad(key), plaintext.expose(), &mut token));
        sealed.ok_or(SealError)??;
        Ok(token)
    }

    /// Nothing when it was not sealed for this key.
    pub(super) fn open(key: &Key, token: &[u8]) -> Option<Self> {
        let plaintext =
            key.family.with_token_key(|secret| secret.open(Purpose::ImportToken, &aad(key), token)).flatten()?;
        let ([VERSION, algorithm], rest) = plaintext.expose().split_first_chunk()? else { return None };
        let (valid_to, private) = rest.split_first_chunk()?;
        Some(Self {
            algorithm: WrappingAlgorithm::of_code(*algorithm)?,
            valid_to: Timestamp::from_second(i64::from_be_bytes(*valid_to)).ok()?,
            private: SecretBytes::new(private.to_vec()),
        })
    }
}

fn aad(key: &Key) -> Vec<u8> {
    [AAD, key.arn.as_str().as_bytes()].concat()
}
