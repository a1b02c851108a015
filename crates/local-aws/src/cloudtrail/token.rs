//! Where a listing of events goes on.

use aws_lc_rs::digest;
use aws_model::{AccountId, Region};
use base64::{Engine, prelude::BASE64_STANDARD};

/// How much of the digest is in a token: it tells mistakes, not attacks, since a token opens nothing.
const CHECK_LEN: usize = 16;

/// What a token must be used with again.
///
/// Source: AWS CloudTrail API Reference, "LookupEvents", `NextToken`.
pub(super) struct Asked([u8; CHECK_LEN]);

impl Asked {
    /// The same parameters, by the same account, in the same region.
    pub(super) fn of(account: AccountId, region: &Region, parameters: &str) -> Self {
        let text = format!("{account} {region} {parameters}");
        let digest = digest::digest(&digest::SHA256, text.as_bytes());
        Self(digest.as_ref().first_chunk().copied().unwrap_or_default())
    }

    /// A token for the events older than the one numbered `before`.
    pub(super) fn token(&self, before: u64) -> String {
        BASE64_STANDARD.encode([before.to_be_bytes().as_slice(), &self.0].concat())
    }

    /// The number in a token, if it was made for the same.
    pub(super) fn before(&self, token: &str) -> Option<u64> {
        let bytes = BASE64_STANDARD.decode(token).ok()?;
        let (number, check) = bytes.split_first_chunk()?;
        (*check == self.0).then(|| u64::from_be_bytes(*number))
    }
}
