//! What a pod's token must be before anybody is asked about it.
//!
//! Where the cluster's keys can be had, its signature, audience and pod count; else only its form and its time, as the peer
//! looks at it, and the rest is for EKS Auth to say.

use std::sync::Arc;

use eks_auth::{InvalidPodToken, PodToken};
use jiff::{SignedDuration, Timestamp};
use oidc::{Algorithms, Claims, OutOfTime, Token, Unverified};

use crate::cluster_keys::ClusterKeys;

/// How far ahead of this node's clock the apiserver's may be: a token may be asked with in the second in which it was
/// issued.
const AHEAD: SignedDuration = SignedDuration::from_secs(60);

/// The longest token that is taken. Those of pods have 1 to 2 KiB.
const LONGEST: usize = 16 * 1024;

/// Decides what tokens are passed on.
#[derive(Clone, Debug, Default)]
pub struct Validator {
    keys: Option<Arc<ClusterKeys>>,
}

/// Whose token it is, as far as it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// `system:serviceaccount:NAMESPACE:NAME`.
    pub subject: String,
    /// From when on the token is none.
    pub expires: Timestamp,
    /// The unique id of its pod, where it says one.
    pub pod_uid: Option<String>,
}

/// A token that is not passed on. The texts are those of the peer, as far as it has one for the matter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBearer {
    /// There is none.
    #[error("Service account token cannot be empty")]
    Empty,
    /// It is no token, or of a kind that is not taken.
    #[error("Service account token cannot be parsed: {0}")]
    Unreadable(String),
    /// Its time is over or yet to come.
    #[error("Service account token failed basic claim validations: {0}")]
    OutOfTime(&'static str),
    /// The cluster did not sign it.
    #[error("Service account token failed signature validation: {0}")]
    Unverified(Unverified),
    /// It is for somebody else, or of no pod.
    #[error("Service account token failed claim validations: {0}")]
    NoPod(InvalidPodToken),
}

impl Validator {
    /// One that looks at form and time alone.
    #[must_use]
    pub fn basic() -> Self {
        Self::default()
    }

    /// One that verifies, whenever `keys` has any.
    #[must_use]
    pub fn with_keys(keys: Arc<ClusterKeys>) -> Self {
        Self { keys: Some(keys) }
    }

    /// Whose token `text` is at `now`, by the keys at hand.
    ///
    /// # Errors
    /// [`InvalidBearer`], without anything of the token but the names of its claims and its algorithm.
    pub fn validate(&self, text: &str, now: Timestamp) -> Result<Bearer, InvalidBearer> {
        if text.is_empty() {
            return Err(InvalidBearer::Empty);
        }
        if text.len() > LONGEST {
            return Err(InvalidBearer::Unreadable(format!("it is longer than {LONGEST} characters")));
        }
        let token = Token::parse_as(text, Algorithms::All);
        let token = token.map_err(|invalid| InvalidBearer::Unreadable(invalid.to_string()))?;
        in_time(token.unverified(), now)?;
        let claims = token.unverified();
        if let Some(kept) = self.keys.as_ref().and_then(|keys| keys.kept()) {
            match token.verify(&kept.keys) {
                Ok(claims) => drop(PodToken::of(claims).map_err(InvalidBearer::NoPod)?),
                // The key may be newer than those that could be had.
                Err(Unverified::NoSuchKey) if kept.is_stale => {}
                Err(unverified) => return Err(InvalidBearer::Unverified(unverified)),
            }
        }
        let pod_uid = claims.get("kubernetes.io").and_then(|private| private.pointer("/pod/uid")?.as_str());
        Ok(Bearer { subject: claims.subject.clone(), expires: claims.expires, pod_uid: pod_uid.map(str::to_owned) })
    }

    /// The same, once more with newer keys where the token's is not among those at hand.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub async fn validate_with_newest(&self, text: &str, now: Timestamp) -> Result<Bearer, InvalidBearer> {
        match (self.validate(text, now), &self.keys) {
            (Err(InvalidBearer::Unverified(Unverified::NoSuchKey)), Some(keys)) => {
                keys.look_again().await;
                self.validate(text, now)
            }
            (validated, _) => validated,
        }
    }
}

/// An expired token is one at once, since whoever is asked next says so, too.
fn in_time(claims: &Claims, now: Timestamp) -> Result<(), InvalidBearer> {
    match claims.check_time(now, SignedDuration::ZERO) {
        Ok(()) => Ok(()),
        Err(OutOfTime::Expired(_)) => Err(InvalidBearer::OutOfTime("token is expired")),
        Err(OutOfTime::Early(begins)) if begins.duration_since(now) <= AHEAD => Ok(()),
        Err(OutOfTime::Early(_)) => Err(InvalidBearer::OutOfTime("token is not valid yet")),
    }
}
