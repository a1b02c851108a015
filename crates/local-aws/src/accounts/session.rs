//! What a session token says: who its bearer is, until when, and what the session was narrowed to.

use std::collections::BTreeMap;

use aws_model::{AccountId, Arn};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A session that STS began. The token carries it whole, sealed, as AWS's do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) account: AccountId,
    pub(crate) identity: SessionIdentity,
    /// Seconds since the epoch.
    expires: i64,
    #[serde(default, skip_serializing_if = "SessionContext::is_empty")]
    pub(crate) context: SessionContext,
}

/// Who the session is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SessionIdentity {
    /// The account's root user.
    Root,
    /// A role.
    Role { arn: Arn, id: String, session_name: String },
}

/// What was passed when the session began. It makes up most of the token's size, which AWS limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionContext {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) policies: Vec<String>,
    /// By the key in lower case: session tags' keys are not case-sensitive.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, SessionTag>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source_identity: Option<String>,
    /// Bytes without meaning, where the caller wants a longer token.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) padding: String,
}

/// A session tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionTag {
    pub(crate) key: String,
    pub(crate) value: String,
    /// Whether sessions that this one begins inherit it.
    pub(crate) transitive: bool,
}

impl SessionContext {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Session {
    /// A session that ends at `expires`, which is cut to the second.
    pub(crate) fn new(account: AccountId, identity: SessionIdentity, expires: Timestamp) -> Self {
        Self { account, identity, expires: expires.as_second(), context: SessionContext::default() }
    }

    /// When it ends.
    pub(crate) fn expires(&self) -> Timestamp {
        // INVARIANT: the number came from a timestamp, so it is in a timestamp's range.
        Timestamp::from_second(self.expires).unwrap_or(Timestamp::MIN)
    }

    /// Whether it has ended by `now`.
    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        now >= self.expires()
    }
}
