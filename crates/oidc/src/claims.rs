//! What a token says.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::algorithm::Algorithms;

/// How many characters a subject has at most.
///
/// Source: OpenID Connect Core 1.0, section 2, `sub`; AWS STS API Reference, "AssumeRoleWithWebIdentity",
/// `SubjectFromWebIdentityToken` (at most 255). A service account's is longer where namespace and name are: 22 characters of
/// `system:serviceaccount:` and a colon, 63 and 253 (Kubernetes, "Object Names and IDs").
const LONGEST_SUBJECT: usize = 255;

/// The claims of a token. Those that every ID token has are typed; the others are as they came.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    /// `iss`: who issued it.
    pub issuer: String,
    /// `sub`: whom it is about.
    pub subject: String,
    /// `aud`: for whom it was issued, one at least.
    pub audiences: Vec<String>,
    /// `azp`: to whom it was issued, where that is told.
    pub authorized_party: Option<String>,
    /// `amr`: how whom it is about was authenticated.
    pub methods: Vec<String>,
    /// `iat`: since when it is there.
    pub issued: Timestamp,
    /// `exp`: from when on it is not to be accepted.
    pub expires: Timestamp,
    /// `nbf`: before when it is not to be accepted.
    pub not_before: Option<Timestamp>,
    all: Map<String, Value>,
}

/// A claim that is absent or of another type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidClaim {
    /// It must be there.
    #[error("the claim `{0}` is missing")]
    Missing(&'static str),
    /// It is of the wrong type.
    #[error("the claim `{name}` is not {wanted}")]
    Type {
        /// Which.
        name: &'static str,
        /// What it must be.
        wanted: &'static str,
    },
    /// It is too long.
    #[error("the claim `{name}` is longer than {most} characters")]
    Long {
        /// Which.
        name: &'static str,
        /// How long it may be.
        most: usize,
    },
}

/// A token is not to be accepted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutOfTime {
    /// Its time is over.
    #[error("the token expired at {0}")]
    Expired(Timestamp),
    /// Its time is yet to come.
    #[error("the token is not valid before {0}")]
    Early(Timestamp),
}

impl Claims {
    pub(crate) fn of(all: Map<String, Value>, algorithms: Algorithms) -> Result<Self, InvalidClaim> {
        let claims = Self {
            issuer: text(&all, "iss")?.ok_or(InvalidClaim::Missing("iss"))?,
            subject: text(&all, "sub")?.ok_or(InvalidClaim::Missing("sub"))?,
            audiences: texts(&all, "aud")?,
            authorized_party: text(&all, "azp")?,
            methods: texts(&all, "amr")?,
            issued: time(&all, "iat")?.ok_or(InvalidClaim::Missing("iat"))?,
            expires: time(&all, "exp")?.ok_or(InvalidClaim::Missing("exp"))?,
            not_before: time(&all, "nbf")?,
            all,
        };
        if claims.audiences.is_empty() {
            return Err(InvalidClaim::Missing("aud"));
        }
        if algorithms == Algorithms::Aws && claims.subject.chars().count() > LONGEST_SUBJECT {
            return Err(InvalidClaim::Long { name: "sub", most: LONGEST_SUBJECT });
        }
        Ok(claims)
    }

    /// Any claim, as it came.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.all.get(name)
    }

    /// All claims, as they came.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.all.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether the token is to be accepted at `now`, by clocks that differ by `leeway` at most.
    ///
    /// # Errors
    /// [`OutOfTime`] tells which end was passed.
    pub fn check_time(&self, now: Timestamp, leeway: SignedDuration) -> Result<(), OutOfTime> {
        if now.duration_since(self.expires) >= leeway {
            return Err(OutOfTime::Expired(self.expires));
        }
        let begins = self.not_before.map_or(self.issued, |not_before| not_before.max(self.issued));
        if begins.duration_since(now) > leeway {
            return Err(OutOfTime::Early(begins));
        }
        Ok(())
    }
}

fn text(all: &Map<String, Value>, name: &'static str) -> Result<Option<String>, InvalidClaim> {
    match all.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
        Some(_) => Err(InvalidClaim::Type { name, wanted: "a text" }),
    }
}

/// One text, or a list of them.
fn texts(all: &Map<String, Value>, name: &'static str) -> Result<Vec<String>, InvalidClaim> {
    let wrong = InvalidClaim::Type { name, wanted: "a text or a list of texts" };
    match all.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text.clone()]),
        Some(Value::Array(values)) => {
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<_>>().ok_or(wrong)
        }
        Some(_) => Err(wrong),
    }
}

/// A whole number of seconds: AWS takes no fractions.
///
/// Source: AWS STS API Reference, "AssumeRoleWithWebIdentity", `WebIdentityToken` ("formatted as either an integer or a
/// long integer").
fn time(all: &Map<String, Value>, name: &'static str) -> Result<Option<Timestamp>, InvalidClaim> {
    match all.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let at = value.as_i64().and_then(|seconds| Timestamp::from_second(seconds).ok());
            at.map(Some).ok_or(InvalidClaim::Type { name, wanted: "a whole number of seconds since 1970" })
        }
    }
}
