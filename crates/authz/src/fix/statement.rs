//! Statements that are to be written, and the literals in them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::policy::{Policy, Version};

/// A statement that allows, in the order in which people write its elements.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NewStatement {
    pub(super) sid: String,
    pub(super) effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) principal: Option<NewPrincipal>,
    pub(super) action: Values,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<String>,
    #[serde(skip_serializing_if = "Conditions::is_empty")]
    pub(super) condition: Conditions,
}

/// Operators, keys, values.
pub(super) type Conditions = BTreeMap<String, BTreeMap<String, Values>>;

/// A list, or its only value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Values {
    One(String),
    Many(Vec<String>),
}

impl From<Vec<String>> for Values {
    fn from(mut values: Vec<String>) -> Self {
        match (values.len(), values.pop()) {
            (1, Some(only)) => Self::One(only),
            (_, last) => Self::Many(values.into_iter().chain(last).collect()),
        }
    }
}

/// Whom a new statement names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) enum NewPrincipal {
    /// An account, user, role or session.
    #[serde(rename = "AWS")]
    Aws(String),
    /// A service.
    Service(String),
    /// An identity provider.
    Federated(String),
}

impl NewPrincipal {
    /// The type's name in a `Principal` element.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Aws(_) => "AWS",
            Self::Service(_) => "Service",
            Self::Federated(_) => "Federated",
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Aws(name) | Self::Service(name) | Self::Federated(name) => name,
        }
    }
}

/// A whole policy of one statement.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NewPolicy {
    version: &'static str,
    statement: [NewStatement; 1],
}

impl NewPolicy {
    pub(super) const fn of(statement: NewStatement) -> Self {
        Self { version: "2012-10-17", statement: [statement] }
    }
}

/// An id for a new statement that no other of the policy has: letters and digits, as IAM takes them.
pub(super) fn sid(action_name: &str, beside: Option<&Policy>) -> String {
    let name: String = action_name.chars().filter(char::is_ascii_alphanumeric).collect();
    let is_taken = |sid: &str| {
        let statements = beside.map_or([].as_slice(), Policy::statements);
        statements.iter().any(|statement| statement.sid.as_ref().is_some_and(|taken| taken.value == sid))
    };
    let plain = format!("Allow{name}");
    if !is_taken(&plain) {
        return plain;
    }
    // One of so many is free: there are fewer statements.
    let count = beside.map_or(0, |policy| policy.statements().len());
    (2..=count + 2).map(|number| format!("{plain}{number}")).find(|sid| !is_taken(sid)).unwrap_or(plain)
}

/// A text as a pattern that only it fits. `None` where the language has no way to write it: in that of 2008, wildcards
/// cannot be escaped.
///
/// Source: IAM User Guide, "IAM policy elements: Variables and tags" > "Special characters".
pub(super) fn literal(text: &str, version: Version) -> Option<String> {
    let is_special = |character| matches!(character, '*' | '?' | '$');
    match version {
        _ if !text.contains(is_special) => Some(text.to_owned()),
        Version::V2008 => None,
        Version::V2012 => Some(text.chars().fold(String::new(), |mut written, character| {
            if is_special(character) {
                written.extend(['$', '{', character, '}']);
            } else {
                written.push(character);
            }
            written
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_a_wildcard_is_written_as_itself() {
        assert_eq!(literal("arn:aws:s3:::b/${x}*", Version::V2012).as_deref(), Some("arn:aws:s3:::b/${$}{x}${*}"));
        assert_eq!(literal("arn:aws:s3:::b/*", Version::V2008), None);
        assert_eq!(literal("arn:aws:s3:::b/c", Version::V2008).as_deref(), Some("arn:aws:s3:::b/c"));
    }
}
