//! What a case expects, and whether a verdict is it.

use std::fmt;

use aws_model::AccountId;

use super::super::{FileError, Problem, field::Field};
use crate::{
    decision::{DenialEffect, Gate, KeyStateVerdict, Verdict},
    policy::PolicyKind,
};

/// The verdict that is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Yes, whatever is unknown.
    Allowed,
    /// No, whatever is unknown.
    Denied {
        /// Refused or not allowed.
        effect: DenialEffect,
        /// The first gate that surely stops it.
        gate: Gate,
        /// Whose policies; any, if the case does not say.
        account: Option<AccountId>,
    },
    /// Exactly if this holds, as the residual prints itself.
    AllowedIff(String),
}

/// What is expected of the key's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectedKeyState {
    /// It lets the operation through.
    Ok,
    /// AWS's error for it.
    Error(String),
}

const EFFECTS: [DenialEffect; 2] = [DenialEffect::Explicit, DenialEffect::Implicit];

const GATES: [Gate; 9] = [
    Gate::ResourceControl,
    Gate::ServiceControl,
    Gate::Resource(PolicyKind::Trust),
    Gate::Resource(PolicyKind::Key),
    Gate::Resource(PolicyKind::Resource),
    Gate::Grants,
    Gate::Identity,
    Gate::Boundary,
    Gate::Session,
];

/// A gate by its word.
pub(super) fn gate(field: &Field<'_>) -> Result<Gate, FileError> {
    field.word(&GATES.map(|gate| (gate.as_str(), gate)))
}

impl Expected {
    pub(super) fn read(field: &Field<'_>) -> Result<Self, FileError> {
        if field.text().is_ok() {
            return field.word(&[("allowed", ())]).map(|()| Self::Allowed);
        }
        let fields = field.clone().fields(&["denied", "gate", "account", "allowedIff"])?;
        match (fields.get("denied"), fields.get("allowedIff")) {
            (Some(denied), None) => Ok(Self::Denied {
                effect: denied.word(&EFFECTS.map(|effect| (effect.as_str(), effect)))?,
                gate: gate(&fields.need("gate")?)?,
                account: fields.parse("account")?,
            }),
            (None, Some(iff)) => Ok(Self::AllowedIff(iff.text()?.trim().to_owned())),
            _ => Err(field.refuse(Problem::Value("write one of `denied` and `allowedIff`".to_owned()))),
        }
    }

    /// Whether a verdict is the expected one.
    #[must_use]
    pub fn is_met_by(&self, verdict: &Verdict) -> bool {
        match (self, verdict) {
            (Self::Allowed, Verdict::Allowed) => true,
            (Self::Denied { effect, gate, account }, Verdict::Denied(denial)) => {
                *effect == denial.effect && *gate == denial.gate && (account.is_none() || *account == denial.account)
            }
            (Self::AllowedIff(text), Verdict::AllowedIff(residual)) => *text == residual.to_string(),
            _ => false,
        }
    }

    /// A verdict as a case would expect it.
    #[must_use]
    pub fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Allowed => Self::Allowed,
            Verdict::Denied(denial) => {
                Self::Denied { effect: denial.effect, gate: denial.gate, account: denial.account }
            }
            Verdict::AllowedIff(residual) => Self::AllowedIff(residual.to_string()),
        }
    }
}

/// As a case writes it.
impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed => f.write_str("allowed"),
            Self::Denied { effect, gate, account } => {
                write!(f, "{{denied: {}, gate: {}", effect.as_str(), gate.as_str())?;
                account.map_or(Ok(()), |account| write!(f, ", account: \"{account}\""))?;
                f.write_str("}")
            }
            Self::AllowedIff(text) => write!(f, "{{allowedIff: '{}'}}", text.replace('\'', "''")),
        }
    }
}

impl ExpectedKeyState {
    pub(super) fn read(field: &Field<'_>) -> Result<Self, FileError> {
        Ok(match field.text()? {
            "ok" => Self::Ok,
            error => Self::Error(error.to_owned()),
        })
    }

    /// Whether this is what a key's state says of the operation.
    #[must_use]
    pub fn is_met_by(&self, verdict: Option<&KeyStateVerdict>) -> bool {
        match self {
            Self::Ok => verdict.is_some_and(|verdict| verdict.error.is_none()),
            Self::Error(error) => verdict.is_some_and(|verdict| verdict.error == Some(error.as_str())),
        }
    }
}
