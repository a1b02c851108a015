//! The port to whoever begins the sessions of roles.

use std::fmt;

use async_trait::async_trait;
use eks_auth::Assumption;
use jiff::SignedDuration;

use super::session::{Session, SessionKeys};

/// Begins sessions of roles: STS.
#[async_trait]
pub trait RoleAssumer: fmt::Debug + Send + Sync + 'static {
    /// A session as it is wanted, but of `lasts`; by the session whose keys `by` are, else by the broker's own identity.
    /// It ends in a few seconds, whatever the other side does.
    ///
    /// # Errors
    /// [`AssumeError`] says what it was about.
    async fn assume(
        &self,
        by: Option<&SessionKeys>,
        wanted: &Assumption<'_>,
        lasts: SignedDuration,
    ) -> Result<Session, AssumeError>;

    /// Who the broker is, as far as that is known.
    fn identity(&self) -> Option<Identity>;

    /// Looks again for what calls are signed with. What is in force stays so where nothing better is found.
    async fn reload(&self) {}
}

/// Who the broker is to AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// As `GetCallerIdentity` tells it.
    pub arn: String,
}

/// No session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AssumeError {
    /// What it means.
    pub kind: AssumeErrorKind,
    /// Who said what.
    pub message: String,
}

/// What a failure was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssumeErrorKind {
    /// Whoever assumes may not assume the role, or not with these tags.
    Denied,
    /// The role's sessions do not last that long.
    TooLong,
    /// Tags and policies are too large together.
    PackedTooLarge,
    /// Something else in what was asked for is refused.
    Invalid,
    /// Too many calls.
    Throttled,
    /// What the broker signs with is absent, over or unknown.
    OwnCredentials,
    /// No answer, or that of a service which is ill.
    Away,
    /// An answer that cannot be true.
    Untrue,
}

impl Identity {
    /// Whether it is a role's session: then the sessions that it begins last an hour at most.
    ///
    /// Source: IAM User Guide, "Methods to assume a role" > "Role chaining".
    #[must_use]
    pub fn is_role(&self) -> bool {
        self.arn.split(':').nth(2) == Some("sts") && self.arn.contains(":assumed-role/")
    }
}

impl AssumeErrorKind {
    /// Its name in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::TooLong => "too_long",
            Self::PackedTooLarge => "packed_too_large",
            Self::Invalid => "invalid",
            Self::Throttled => "throttled",
            Self::OwnCredentials => "own_credentials",
            Self::Away => "away",
            Self::Untrue => "untrue",
        }
    }
}
