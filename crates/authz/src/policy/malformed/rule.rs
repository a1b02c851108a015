//! By which rule of the ledger AWS does not take a policy.

use super::Flaw;
use crate::{
    policy::{InvalidPrincipal, PolicyKind},
    rules::{self, Rule},
};

impl Flaw {
    /// The rule, if the ledger has it: it leaves out bounds of requests, and what only single kinds of policies may not
    /// say.
    pub(super) fn rule(&self, kind: PolicyKind) -> Option<&'static Rule> {
        Some(match self {
            Self::Json(_) | Self::NoObject => &rules::IAM_POLICY_JSON,
            Self::Character(_) => &rules::IAM_POLICY_CHARACTERS,
            Self::UnknownElement { .. } => &rules::IAM_POLICY_ELEMENTS,
            Self::WrongType { what, .. } => return of_type(what),
            Self::Duplicate(_) => &rules::IAM_POLICY_DUPLICATE_KEY,
            Self::Missing(element) => return of_missing(element),
            Self::Both(element, _) => return of_choice(element),
            Self::Empty(element) => match element.as_bytes() {
                b"Statement" => &rules::IAM_POLICY_STATEMENTS,
                _ => &rules::IAM_POLICY_LISTS,
            },
            Self::Prohibited(element) => return of_prohibited(element, kind),
            Self::Version(_) => &rules::IAM_POLICY_VERSION,
            Self::OldVersion => &rules::IAM_POLICY_VERSION_MANAGED,
            Self::Effect(_) => &rules::IAM_POLICY_EFFECT,
            Self::SidCharacters(_) => &rules::IAM_POLICY_SID,
            Self::SidTwice(_) => &rules::IAM_POLICY_SID_UNIQUE,
            Self::Action(_) => &rules::IAM_POLICY_ACTION_VENDOR,
            Self::Principal { name, .. } if name.contains("${") => &rules::IAM_VARIABLE_NOT_ELSEWHERE,
            Self::Principal { why: InvalidPrincipal::Wildcard, .. } => &rules::IAM_PRINCIPAL_NO_PATTERN,
            Self::Principal { why: InvalidPrincipal::Group, .. } => &rules::IAM_PRINCIPAL_NO_GROUP,
            Self::Operator(_) => &rules::IAM_POLICY_CONDITION_OPERATOR,
            Self::ConditionValue(_) => &rules::IAM_POLICY_CONDITION_DATE,
            Self::OverlyPermissive(_) => &rules::IAM_POLICY_FOR_ALL_CONTEXT,
            Self::Resource(_) | Self::Partition(_) => &rules::IAM_POLICY_RESOURCE_ARN,
            Self::TooLong { .. }
            | Self::TooDeep
            | Self::ActionOfTrust(_)
            | Self::PrincipalShape(_)
            | Self::BarePrincipal
            | Self::Principal { .. }
            | Self::NotPrincipalAllows
            | Self::NotEverybody
            | Self::ResourceControlAllows
            | Self::EveryAction => return None,
        })
    }
}

const fn of_type(what: &str) -> Option<&'static Rule> {
    Some(match what.as_bytes() {
        b"a condition's value" => &rules::IAM_POLICY_CONDITION_VALUE,
        b"a statement" => &rules::IAM_POLICY_STATEMENTS,
        b"Action" | b"NotAction" | b"Resource" | b"NotResource" => &rules::IAM_POLICY_LISTS,
        _ => return None,
    })
}

const fn of_missing(element: &str) -> Option<&'static Rule> {
    match element.as_bytes() {
        b"Statement" => Some(&rules::IAM_POLICY_STATEMENTS),
        b"Effect" => Some(&rules::IAM_POLICY_EFFECT),
        _ => of_choice(element),
    }
}

/// Elements that have a `Not` form, of which one of the two has to be there.
const fn of_choice(element: &str) -> Option<&'static Rule> {
    Some(match element.as_bytes() {
        b"Action" => &rules::IAM_POLICY_ACTION_OR_NOT,
        b"Resource" => &rules::IAM_POLICY_RESOURCE_OR_NOT,
        b"Principal" => &rules::IAM_POLICY_PRINCIPAL_RESOURCE,
        _ => return None,
    })
}

const fn of_prohibited(element: &str, kind: PolicyKind) -> Option<&'static Rule> {
    Some(match element.as_bytes() {
        b"Principal" | b"NotPrincipal" if !kind.has_principals() => &rules::IAM_POLICY_PRINCIPAL_IDENTITY,
        b"Resource" | b"NotResource" => &rules::IAM_POLICY_TRUST_NO_RESOURCE,
        b"Id" => &rules::IAM_POLICY_ID,
        _ => return None,
    })
}
