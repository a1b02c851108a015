//! A role's session, and whom it was made for.

use std::fmt;

use jiff::Timestamp;
use zeroize::Zeroizing;

/// A session as STS began it.
#[derive(Clone, Debug)]
pub struct Session {
    /// What signs for it.
    pub keys: SessionKeys,
    /// `arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION`
    pub arn: String,
    /// The role's id, and the session's name.
    pub id: String,
    /// When it ends.
    pub expires: Timestamp,
    /// How much of what STS packs its tags and policies take, in percent.
    pub packed: Option<u32>,
}

/// Credentials. Wiped when they are dropped, and shown by nothing.
#[derive(Clone)]
pub struct SessionKeys {
    /// The access key's id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Zeroizing<String>,
    /// The session's token.
    pub session_token: Zeroizing<String>,
}

impl fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKeys(..)")
    }
}
