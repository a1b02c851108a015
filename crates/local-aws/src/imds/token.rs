//! Session tokens of IMDSv2. Nothing of them is kept: a token tells until when it is good, and for which instance, under an
//! authenticator that only this process makes. So nobody fills the memory by asking for them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_URL_SAFE};

use crate::sealing::{MATERIAL_LEN, random_bytes};

/// How long a token may be good, in seconds.
///
/// Source: Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata" > "How Instance Metadata Service
/// Version 2 works": from one second to six hours.
const LIVES: std::ops::RangeInclusive<u64> = 1..=21_600;

const EXPIRY_LEN: usize = 8;
const NONCE_LEN: usize = 8;
const TAG_LEN: usize = 24;

/// The machine has no randomness for the secret of tokens.
#[derive(Debug, thiserror::Error)]
#[error("cannot make the secret of instance metadata's tokens: the operating system's random generator failed")]
pub struct NoTokens;

/// Makes tokens, and knows its own.
pub(super) struct Tokens(hmac::Key);

/// For how long a token is good, as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life(u64);

impl Life {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|seconds| is_plain && LIVES.contains(seconds)).map(Self)
    }

    pub(super) fn seconds(self) -> u64 {
        self.0
    }
}

impl Tokens {
    pub(super) fn new() -> Result<Self, NoTokens> {
        let secret = random_bytes(MATERIAL_LEN).map_err(|_| NoTokens)?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret.expose())))
    }

    /// A token for an instance. By the machine's clock, not by the one that tests move: clients keep tokens by theirs.
    pub(super) fn make(&self, instance: &str, life: Life) -> Option<String> {
        let mut token = (now() + life.0).to_be_bytes().to_vec();
        token.extend_from_slice(random_bytes(NONCE_LEN).ok()?.expose());
        let tag = self.tag(instance, &token);
        token.extend_from_slice(tag.as_ref().get(..TAG_LEN)?);
        Some(BASE64_URL_SAFE.encode(token))
    }

    /// How many seconds a token is good for an instance yet, if it is.
    pub(super) fn left(&self, instance: &str, token: &[u8]) -> Option<u64> {
        // As long as each is; no longer one is decoded.
        if token.len() != (EXPIRY_LEN + NONCE_LEN + TAG_LEN).div_ceil(3) * 4 {
            return None;
        }
        let token = BASE64_URL_SAFE.decode(token).ok()?;
        let (said, tag) = token.split_at_checked(EXPIRY_LEN + NONCE_LEN)?;
        let is_own = subtle::ConstantTimeEq::ct_eq(self.tag(instance, said).as_ref().get(..TAG_LEN)?, tag);
        let expires = u64::from_be_bytes(*said.first_chunk()?);
        expires.checked_sub(now()).filter(|left| bool::from(is_own) && *left > 0)
    }

    fn tag(&self, instance: &str, said: &[u8]) -> hmac::Tag {
        let mut mac = hmac::Context::with_key(&self.0);
        mac.update(said);
        mac.update(instance.as_bytes());
        mac.sign()
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<tokens>")
    }
}

/// Seconds since the epoch.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_instance_and_with_every_bit_of_it() {
        let tokens = Tokens::new().unwrap();
        let token = tokens.make("i-1", Life::parse("60").unwrap()).unwrap();
        assert_eq!(token.len(), 56, "as long as AWS's");
        assert!(tokens.left("i-1", token.as_bytes()).is_some_and(|left| (1..=60).contains(&left)));
        assert_eq!(tokens.left("i-2", token.as_bytes()), None);
        assert_eq!(Tokens::new().unwrap().left("i-1", token.as_bytes()), None);
        for at in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(tokens.left("i-1", &other), None, "{at}");
        }
        for cut in 0..token.len() {
            assert_eq!(tokens.left("i-1", &token.as_bytes()[..cut]), None);
        }
        let mut over = (now() - 1).to_be_bytes().to_vec();
        over.extend([0; NONCE_LEN]);
        let tag = tokens.tag("i-1", &over);
        over.extend(&tag.as_ref()[..TAG_LEN]);
        assert_eq!(tokens.left("i-1", BASE64_URL_SAFE.encode(over).as_bytes()), None);
    }

    #[test]
    fn a_token_lives_for_a_second_to_six_hours() {
        for (text, seconds) in [("1", Some(1)), ("21600", Some(21_600)), ("060", Some(60))] {
            assert_eq!(Life::parse(text).map(Life::seconds), seconds);
        }
        for text in ["", "0", "21601", "-1", "+1", " 1", "1.5", "sixty", "99999999999999999999999"] {
            assert_eq!(Life::parse(text), None, "{text}");
        }
    }
}
