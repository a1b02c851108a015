//! The kinds of flaws, in our words.

use std::borrow::Cow;

use crate::policy::{Comparison, InvalidConditionValue, InvalidPrincipal, PolicyKind, PrincipalType};

/// What is wrong with a policy. Texts from the policy are cut and escaped, fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// No JSON.
    #[error("this is no JSON: {0}")]
    Json(&'static str),
    /// More characters than any policy may have.
    #[error("this is longer than the {limit} characters that a policy may have here")]
    TooLong {
        /// How many it may have.
        limit: usize,
    },
    /// Nested deeper than any policy is.
    #[error("this nests deeper than any policy does")]
    TooDeep,
    /// A character that policies of this kind do not have.
    #[error("such a policy cannot hold the character U+{:04X}", u32::from(*.0))]
    Character(char),
    /// The whole is no object.
    #[error("a policy is a JSON object")]
    NoObject,
    /// Of another JSON type.
    #[error("{what} has to be {wants}")]
    WrongType {
        /// What was read.
        what: &'static str,
        /// The types that it may have.
        wants: &'static str,
    },
    /// An element that the language does not have.
    #[error("{of} has no element `{name}`")]
    UnknownElement {
        /// What was written.
        name: String,
        /// In what: "a statement".
        of: &'static str,
        /// What could have been written.
        known: &'static [&'static str],
    },
    /// The same name twice in one object.
    #[error("`{0}` is there twice")]
    Duplicate(String),
    /// An element that has to be there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// An element that is there and holds nothing.
    #[error("`{0}` names nothing")]
    Empty(&'static str),
    /// Two elements of which only one may be there.
    #[error("`{0}` and `{1}` exclude each other")]
    Both(&'static str, &'static str),
    /// An element that policies of this kind do not have.
    #[error("such a policy has no `{0}`")]
    Prohibited(&'static str),
    /// No version of the language that policies of this kind may have.
    #[error("`{0}` is no version of the policy language that such a policy may have")]
    Version(String),
    /// Neither `Allow` nor `Deny`.
    #[error("`{0}` is no effect")]
    Effect(String),
    /// A statement's id that holds what it may not.
    #[error("the statement's id `{0}` holds more than letters and digits")]
    SidCharacters(String),
    /// Two statements of one id.
    #[error("another statement has the id `{0}` too")]
    SidTwice(String),
    /// No pattern of actions.
    #[error("`{0}` names no action")]
    Action(String),
    /// An action that a trust policy is not about.
    #[error("a trust policy is not about `{0}`")]
    ActionOfTrust(String),
    /// Neither `"*"` nor an object.
    #[error("`{0}` is no principal")]
    PrincipalShape(String),
    /// `"Principal": "*"` in a trust policy.
    #[error("a trust policy has no bare `*` as its principal")]
    BarePrincipal,
    /// No principal.
    #[error("{why}")]
    Principal {
        /// As what it was named.
        principal: PrincipalType,
        /// How it was named.
        name: String,
        /// Why that is none.
        why: InvalidPrincipal,
    },
    /// `NotPrincipal` that allows: it would allow everybody else, also who is not signed in.
    #[error("`NotPrincipal` cannot allow")]
    NotPrincipalAllows,
    /// A resource control policy that is about somebody.
    #[error("a resource control policy is about everybody")]
    NotEverybody,
    /// A resource control policy that allows and is not `RCPFullAWSAccess`.
    #[error("a resource control policy does not allow")]
    ResourceControlAllows,
    /// A resource control policy that is about every action.
    #[error("a resource control policy names the services that it is about")]
    EveryAction,
    /// No condition operator.
    #[error("there is no condition operator `{0}`")]
    Operator(String),
    /// No value of its operator.
    #[error(transparent)]
    ConditionValue(InvalidConditionValue),
    /// `ForAllValues` over a key that has one value at most: it also holds where the request lacks the key.
    #[error("`ForAllValues` lets every request through that lacks `{0}`, which has one value at most")]
    OverlyPermissive(String),
    /// No pattern of resources.
    #[error("`{0}` is neither `*` nor an ARN")]
    Resource(String),
    /// A resource in a partition that does not exist.
    #[error("there is no partition of AWS like that of `{0}`")]
    Partition(String),
    /// A managed policy in the language of 2008.
    #[error("a managed policy is written in version `2012-10-17`")]
    OldVersion,
}

impl Flaw {
    /// What to do about it.
    pub(super) fn help(&self, kind: PolicyKind) -> Option<Cow<'static, str>> {
        let help = match self {
            Self::UnknownElement { name, known, .. } => return Some(unknown(name, known).into()),
            Self::Operator(name) => return Some(unknown_operator(name).into()),
            Self::Json(_) | Self::TooDeep | Self::WrongType { .. } | Self::NoObject | Self::ConditionValue(_) => {
                return None;
            }
            Self::TooLong { .. } => "split it; most policies may have far fewer, see AWS's quotas",
            Self::Character(_) => "use U+0020 to U+00FF, tabs and line breaks",
            Self::Duplicate(_) => "merge the two; AWS would not say which of them counts",
            Self::Missing("Version") => "add `\"Version\": \"2012-10-17\"`",
            Self::Missing("Principal") => "add `\"Principal\"`: whom it is about, as in `{\"AWS\": \"111122223333\"}`",
            Self::Missing("Effect") => "add `\"Effect\": \"Allow\"` or `\"Effect\": \"Deny\"`",
            Self::Missing("Action") => "add `\"Action\"` or `\"NotAction\"`",
            Self::Missing("Resource") if kind == PolicyKind::Key => {
                "add `\"Resource\": \"*\"`, which is the key itself"
            }
            Self::Missing("Resource") => "add `\"Resource\"` or `\"NotResource\"`",
            Self::Missing(_) => "add it",
            Self::Empty(_) => "name at least one, or remove the statement: it would do nothing",
            Self::Both(..) => "keep one of them, or make two statements",
            Self::Prohibited("Principal" | "NotPrincipal") if kind == PolicyKind::ServiceControl => {
                "remove it; use a condition on `aws:PrincipalArn` to except somebody"
            }
            Self::Prohibited("Principal" | "NotPrincipal") if !kind.has_principals() => {
                "remove it: the policy is about whom it is attached to; only the policies of resources and roles' \
                 trust policies have it"
            }
            Self::Prohibited("NotPrincipal") => "use `Principal` and a condition on `aws:PrincipalArn`",
            Self::Prohibited("Resource" | "NotResource") => "remove it: a trust policy is about the role that has it",
            Self::Prohibited("CanonicalUser") => "only bucket policies have it; name the account instead",
            Self::Prohibited(_) => "remove it",
            Self::Version(_) if kind.is_of_organizations() => "write `2012-10-17`",
            Self::Version(_) => "write `2012-10-17`, or `2008-10-17` for the language without variables",
            Self::Effect(_) => "write `Allow` or `Deny`, in this case",
            Self::SidCharacters(_) => "use A to Z, a to z and 0 to 9 alone",
            Self::SidTwice(_) => "give each statement an id of its own, or none",
            Self::Action(_) => "write `SERVICE:NAME`, as in `kms:Decrypt` or `kms:*`, or `*`",
            Self::ActionOfTrust(_) => "write `sts:AssumeRole` or another `sts:` action by which roles are assumed",
            Self::PrincipalShape(_) => "write `\"*\"`, or an object as in `{\"AWS\": \"111122223333\"}`",
            Self::BarePrincipal => "write `{\"AWS\": \"*\"}` if you mean everybody, and add a condition",
            Self::Principal { why, .. } => why.help(),
            Self::NotPrincipalAllows => "name whom you allow in `Principal`, or deny with `NotPrincipal`",
            Self::NotEverybody => "write `\"Principal\": \"*\"`; use conditions to except somebody",
            Self::ResourceControlAllows => {
                "write `Deny`; only AWS's own `RCPFullAWSAccess` allows, everything to everybody"
            }
            Self::OverlyPermissive(_) => "remove `ForAllValues:`",
            Self::Resource(_) => "write `*`, or an ARN as in `arn:aws:kms:us-east-1:111122223333:key/*`",
            Self::Partition(_) => "write `aws`, `aws-cn` or `aws-us-gov` behind `arn:`, or a wildcard",
            Self::OldVersion => "write `\"Version\": \"2012-10-17\"`; `${` then begins a variable",
            Self::EveryAction => "write the service, as in `kms:*`",
        };
        Some(help.into())
    }
}

/// A text from a policy, fit to be shown: not too long, and nothing in it that steers a terminal.
pub(in crate::policy) fn in_short(text: &str) -> String {
    const SHOWN: usize = 120;
    let mut short = String::new();
    let mut shown = 0;
    for character in text.chars() {
        if shown >= SHOWN {
            short.push_str("...");
            break;
        }
        if character.is_control() {
            shown += character.escape_default().count();
            short.extend(character.escape_default());
        } else {
            shown += 1;
            short.push(character);
        }
    }
    short
}

fn unknown(name: &str, known: &[&'static str]) -> String {
    match nearest(name, known) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("write one of {}", listed(known)),
    }
}

fn unknown_operator(name: &str) -> String {
    let (set, rest) = match name.rsplit_once(':') {
        Some((set, rest)) => (nearest(set, &["ForAllValues", "ForAnyValue"]), rest),
        None => (None, name),
    };
    let lower = rest.to_ascii_lowercase();
    let (bare, suffix) = lower.strip_suffix("ifexists").map_or((lower.as_str(), ""), |bare| (bare, "IfExists"));
    if bare == "null" {
        return "`Null` has no `IfExists`: it already asks whether the key is there".to_owned();
    }
    let names: Vec<&str> = Comparison::ALL.iter().map(|comparison| comparison.as_str()).collect();
    match nearest(bare, &names) {
        Some(nearest) => {
            let set = set.map(|set| format!("{set}:")).unwrap_or_default();
            format!("did you mean `{set}{nearest}{suffix}`?")
        }
        None => "write an operator as `StringEquals`, `ArnLike`, `Bool`, `Null`, perhaps with `ForAnyValue:` before \
                 and `IfExists` behind it"
            .to_owned(),
    }
}

/// The known name that was probably meant.
fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let lower = name.to_ascii_lowercase();
    let distance = |known: &&str| strsim::damerau_levenshtein(&lower, &known.to_ascii_lowercase());
    let (near, distance) = known.iter().map(|known| (*known, distance(known))).min_by_key(|(_, distance)| *distance)?;
    (distance <= near.chars().count().div_ceil(3)).then_some(near)
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
