//! Grant tokens: self-contained, so that nothing has to be kept for them.
//!
//! ```text
//!   base64url( 1 || salt (16) || grant id (32) || key ARN || authenticator (32) )
//! ```
//! The authenticator is made with a secret that every replica shares and rotation keeps. A token gives no permission: whoever shows it must be the grantee, or may retire the grant, all the same.

use aws_model::KeyArn;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

use crate::{
    kms::key::Key,
    sealing::{Purpose, SealError, random_bytes},
};

const VERSION: u8 = 1;
const SALT_LEN: usize = 16;
const ID_LEN: usize = 32;
const AUTHENTICATOR_LEN: usize = 32;

/// What a token names.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::kms) struct GrantToken {
    pub(in crate::kms) key: KeyArn,
    pub(in crate::kms) grant_id: String,
    signed: Vec<u8>,
    authenticator: [u8; AUTHENTICATOR_LEN],
}

/// A token for a grant of `key`; no two are the same.
pub(in crate::kms) fn issue(key: &Key, grant_id: &str) -> Result<String, SealError> {
    let mut token = vec![VERSION];
    token.extend_from_slice(random_bytes(SALT_LEN)?.expose());
    token.extend_from_slice(&id_bytes(grant_id).ok_or(SealError)?);
    token.extend_from_slice(key.arn.as_str().as_bytes());
    let authenticator = authenticator(key, &token).ok_or(SealError)?;
    token.extend_from_slice(&authenticator);
    Ok(BASE64_URL_SAFE_NO_PAD.encode(token))
}

impl GrantToken {
    /// Reads a token; nothing when this is none. Whether it is true shows with [`is_of`](Self::is_of).
    pub(in crate::kms) fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, authenticator) = bytes.split_last_chunk::<AUTHENTICATOR_LEN>()?;
        let [VERSION, rest @ ..] = signed else { return None };
        let (_salt, rest) = rest.split_first_chunk::<SALT_LEN>()?;
        let (id, arn) = rest.split_first_chunk::<ID_LEN>()?;
        let key = std::str::from_utf8(arn).ok()?.parse().ok()?;
        let grant_id = id.iter().map(|byte| format!("{byte:02x}")).collect();
        Some(Self { key, grant_id, signed: signed.to_vec(), authenticator: *authenticator })
    }

    /// Whether it was issued for a grant of this key.
    pub(in crate::kms) fn is_of(&self, key: &Key) -> bool {
        authenticator(key, &self.signed).is_some_and(|own| own.ct_eq(&self.authenticator).into())
    }
}

fn authenticator(key: &Key, signed: &[u8]) -> Option<[u8; AUTHENTICATOR_LEN]> {
    key.family.with_token_key(|secret| secret.authenticator(Purpose::GrantToken, signed))
}

fn id_bytes(id: &str) -> Option<[u8; ID_LEN]> {
    id.parse::<crate::kms::key_id::MaterialId>().ok().map(|id| *id.as_bytes())
}
