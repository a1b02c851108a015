//! The port to whoever gives credentials for a pod's token.

use std::fmt;

use async_trait::async_trait;
use eks_auth::NamePattern;
use http::StatusCode;

use super::credentials::Credentials;
use crate::bearer::BearerToken;

/// Gives credentials for tokens: EKS Auth, or the broker of a cluster outside EKS.
#[async_trait]
pub trait CredentialSource: fmt::Debug + Send + Sync + 'static {
    /// The credentials of the pod whose token it is. It ends in a few seconds, whatever the other side does.
    ///
    /// # Errors
    /// [`SourceError`] says who refused, with what, and whether asking again may help.
    async fn issue(&self, token: &BearerToken) -> Result<Issued, SourceError>;

    /// Waits until credentials that were given are taken back. For ever, where nobody tells that.
    async fn taken_back(&self) -> TakenBack {
        std::future::pending().await
    }

    /// Looks again for what calls are signed with. What is in force stays so where nothing better is found.
    async fn reload(&self) {}
}

/// Credentials, and whom they are for.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The credentials.
    pub credentials: Credentials,
    /// For which service account: `system:serviceaccount:NAMESPACE:NAME`.
    pub subject: String,
    /// By which association or rule, for the log.
    pub by: String,
    /// Whether they may be kept for the next pod that shows the token. Not where they may be taken back already.
    pub may_be_kept: bool,
}

/// Whose credentials are no longer what they should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenBack {
    /// Everybody's, as far as is known.
    All,
    /// Those of the service accounts that match: namespace and name.
    Of(Vec<(NamePattern, NamePattern)>),
}

impl TakenBack {
    /// Whether those of `system:serviceaccount:NAMESPACE:NAME` are.
    pub(super) fn has(&self, subject: &str) -> bool {
        let Self::Of(patterns) = self else { return true };
        let named = subject.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
        // Whose name cannot be read cannot be told from those that are meant.
        named.is_none_or(|(namespace, name)| {
            patterns.iter().any(|(namespaces, names)| namespaces.matches(namespace) && names.matches(name))
        })
    }
}

/// No credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    /// What it means for the next call.
    pub class: SourceErrorClass,
    /// What the pod is answered.
    pub status: StatusCode,
    /// The upstream's code, where it gave one.
    pub code: Option<String>,
    /// What the pod is told: who said what.
    pub message: String,
}

/// What an error means for the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceErrorClass {
    /// The pod has no credentials, and none that it had before.
    Refused,
    /// Too many calls.
    Throttled,
    /// No answer, or that of a service which is ill.
    Away,
    /// An answer that cannot be true.
    Untrue,
}

impl SourceError {
    /// Whether the next call would end the same way.
    pub(super) fn is_lasting(&self) -> bool {
        self.class == SourceErrorClass::Refused
    }
}

impl SourceErrorClass {
    /// Its name in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Throttled => "throttled",
            Self::Away => "away",
            Self::Untrue => "untrue",
        }
    }
}
