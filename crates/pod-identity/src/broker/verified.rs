//! A token of a cluster's service account, verified.

use jiff::{SignedDuration, Timestamp};
use oidc::{Algorithms, Claims, InvalidToken, OutOfTime, Token, Unverified};

use super::{
    cluster::Cluster,
    metrics::Outcome,
    refusal::{Code, Refusal},
};
use crate::cluster_keys::NotVerified;

/// How far ahead of this clock the apiserver's may be: a token may be shown in the second in which it was issued.
const AHEAD: SignedDuration = SignedDuration::from_secs(60);

/// A token that is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotBelieved {
    #[error(transparent)]
    Unreadable(InvalidToken),
    #[error("the token was not issued by the cluster: its issuer is another one than `{0}`")]
    Issuer(String),
    #[error(transparent)]
    OutOfTime(OutOfTime),
    #[error("{0}")]
    Unverified(Unverified),
    /// Nothing is wrong with it that is known.
    #[error("the cluster's keys cannot be had, so that its tokens cannot be verified")]
    NoKeys,
}

/// What a token of the cluster says at `now`.
pub(super) async fn claims(cluster: &Cluster, text: &str, now: Timestamp) -> Result<Claims, NotBelieved> {
    let token = Token::parse_as(text, Algorithms::All).map_err(NotBelieved::Unreadable)?;
    if token.issuer() != cluster.issuer {
        return Err(NotBelieved::Issuer(cluster.issuer.clone()));
    }
    // Before the keys are looked for, which an old token is no reason for.
    in_time(token.unverified(), now).map_err(NotBelieved::OutOfTime)?;
    cluster.keys.verify(&token).await.map_err(|failed| match failed {
        NotVerified::Unverified(unverified) => NotBelieved::Unverified(unverified),
        NotVerified::NoKeys => NotBelieved::NoKeys,
    })
}

/// An expired token is one at once.
fn in_time(claims: &Claims, now: Timestamp) -> Result<(), OutOfTime> {
    match claims.check_time(now, SignedDuration::ZERO) {
        Err(OutOfTime::Early(begins)) if begins.duration_since(now) <= AHEAD => Ok(()),
        checked => checked,
    }
}

impl NotBelieved {
    /// What is answered where it is the pod's token.
    pub(super) fn refusal(&self) -> Refusal {
        let code = match self {
            Self::OutOfTime(OutOfTime::Expired(_)) => Code::ExpiredToken,
            Self::NoKeys => Code::ServiceUnavailable,
            _ => Code::InvalidToken,
        };
        let refusal = Refusal::new(code, self.to_string());
        if code == Code::ServiceUnavailable { refusal.counted(Outcome::NotReady) } else { refusal }
    }
}
