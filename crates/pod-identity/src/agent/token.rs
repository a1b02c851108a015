//! What a pod's token must be before anybody is asked about it.

use jiff::{SignedDuration, Timestamp};
use oidc::{OutOfTime, Token};

/// How far ahead of this node's clock the apiserver's may be: a token may be asked with in the second in which it was
/// issued.
const AHEAD: SignedDuration = SignedDuration::from_secs(60);

/// The longest token that is taken. Those of pods have 1 to 2 KiB.
pub(super) const LONGEST: usize = 16 * 1024;

/// Decides what tokens are passed on.
#[derive(Debug, Default)]
pub struct Validator;

/// Whose token it is, as far as it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// `system:serviceaccount:NAMESPACE:NAME`.
    pub subject: String,
    /// From when on the token is none.
    pub expires: Timestamp,
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
}

impl Validator {
    /// Whose token `text` is at `now`.
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
        let token = Token::parse(text).map_err(|invalid| InvalidBearer::Unreadable(invalid.to_string()))?;
        let claims = token.unverified();
        in_time(claims, now)?;
        Ok(Bearer { subject: claims.subject.clone(), expires: claims.expires })
    }
}

/// An expired token is one at once, since whoever is asked next says so, too.
fn in_time(claims: &oidc::Claims, now: Timestamp) -> Result<(), InvalidBearer> {
    match claims.check_time(now, SignedDuration::ZERO) {
        Ok(()) => Ok(()),
        Err(OutOfTime::Expired(_)) => Err(InvalidBearer::OutOfTime("token is expired")),
        Err(OutOfTime::Early(begins)) if begins.duration_since(now) <= AHEAD => Ok(()),
        Err(OutOfTime::Early(_)) => Err(InvalidBearer::OutOfTime("token is not valid yet")),
    }
}
