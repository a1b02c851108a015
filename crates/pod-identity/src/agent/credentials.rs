//! Credentials, in the one form in which a pod gets them.

use std::{fmt, io};

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use zeroize::Zeroizing;

/// A session's credentials, as the answer that has them. Its octets are wiped when the last answer was written; the copies
/// that the HTTP and AWS libraries make in between are out of reach.
#[derive(Clone)]
pub struct Credentials {
    body: Bytes,
    expires: Timestamp,
}

/// What credentials are made of.
pub struct Keys<'a> {
    /// The access key's id.
    pub access_key_id: &'a str,
    /// Its secret.
    pub secret_access_key: &'a str,
    /// The session's token.
    pub session_token: &'a str,
    /// The account that the role is in.
    pub account: &'a str,
    /// When they end.
    pub expires: Timestamp,
}

/// Source: eks-pod-identity-agent, `pkg/credentials/model.go`: the members in this order, those that are empty left out;
/// RFC 3339, with no more digits than it takes.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    access_key_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    secret_access_key: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    token: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    account_id: &'a str,
    expiration: String,
}

/// How long it is what is written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, written: &[u8]) -> io::Result<usize> {
        self.0 += written.len();
        Ok(written.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Credentials {
    /// Writes the answer. `None` where they cannot be written, which texts always can.
    #[must_use]
    pub fn new(keys: &Keys<'_>) -> Option<Self> {
        let document = Document {
            access_key_id: keys.access_key_id,
            secret_access_key: keys.secret_access_key,
            token: keys.session_token,
            account_id: keys.account,
            expiration: keys.expires.to_string(),
        };
        let mut length = Length(0);
        serde_json::to_writer(&mut length, &document).ok()?;
        // Room for all of it, so that none is left behind where it grew out of; and no more, for thousands are kept.
        let mut body = Zeroizing::new(Vec::with_capacity(length.0));
        serde_json::to_writer(&mut *body, &document).ok()?;
        Some(Self { body: Bytes::from_owner(body), expires: keys.expires })
    }

    /// When they end.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// The answer's body.
    #[must_use]
    pub fn body(&self) -> Bytes {
        self.body.clone()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("expires", &self.expires).finish_non_exhaustive()
    }
}
