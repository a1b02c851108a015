//! Changes in words.

use std::fmt;

use crate::world::{Grant, PolicyOrigin};

use super::{Change, Edit, How, NewKeyGrant, NotAsked, PolicyEdit, PolicyPlace, RequestEdit};

/// What is to be done, as an order: `add a statement to the key policy of arn:...`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.edit, f)
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy(edit) => fmt::Display::fmt(edit, f),
            Self::Grant(new) => fmt::Display::fmt(&**new, f),
            Self::Request(edit) => fmt::Display::fmt(edit, f),
        }
    }
}

impl fmt::Display for PolicyEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = &self.place;
        match self.how {
            How::PolicyMade => write!(f, "make {place}"),
            How::StatementAdded => write!(f, "add a statement to {place}"),
            How::StatementWidened => write!(f, "widen a statement of {place}"),
            How::DenyNarrowed => write!(f, "let a statement that denies spare the request, in {place}"),
            How::DenyRemoved => write!(f, "take a statement that denies out of {place}"),
            How::SavedAgain => write!(f, "save {place} again as it is, so that it means the principal of today"),
        }
    }
}

/// What people call it, to be read behind a verb.
impl fmt::Display for PolicyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline { identity, name } => write!(f, "the inline policy `{name}` of {identity}"),
            Self::Managed(arn) => write!(f, "the managed policy {arn}"),
            Self::Trust(role) => write!(f, "the trust policy of {role}"),
            Self::Key(key) => write!(f, "the key policy of {key}"),
            Self::Resource { arn, .. } => write!(f, "the policy of {arn}"),
            Self::Organization { origin, levels } => {
                let PolicyOrigin::Managed(name) = origin else { return f.write_str("a policy of the organization") };
                write!(f, "the organization's policy `{name}` at {}", levels.join(", "))
            }
        }
    }
}

impl fmt::Display for NewKeyGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Grant { grantee, operations, constraints, .. } = &self.grant;
        let operations: Vec<_> = operations.iter().map(|operation| operation.as_str()).collect();
        write!(f, "grant {grantee} {} on {}", operations.join(", "), self.key)?;
        let is_constrained = constraints.encryption_context.is_some() || constraints.source_arn.is_some();
        if is_constrained { f.write_str(", constrained to what the request tells") } else { Ok(()) }
    }
}

impl fmt::Display for RequestEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EncryptionContext { key, value } => write!(f, "pass the encryption context {key}={value}"),
            Self::GrantToken { grant, token } => write!(f, "pass the token of grant {grant}: {token}"),
            Self::SessionTag { key, value } => write!(f, "begin the session with the tag {key}={value}"),
            Self::SessionPolicy { how: How::DenyRemoved | How::DenyNarrowed, .. } => {
                f.write_str("begin the session with a policy that does not deny the request")
            }
            Self::SessionPolicy { .. } => f.write_str("begin the session with a policy that allows the request"),
            Self::Context { key, value } => write!(f, "make the call such that {key} is {value}"),
        }
    }
}

impl fmt::Display for NotAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Actions(pattern) => write!(f, "what else `{pattern}` stands for"),
            Self::Resources(pattern) => write!(f, "resources of `{pattern}` that the world does not know"),
            Self::Identities(account) => write!(f, "users and roles of {account} that the world does not know"),
            Self::Questions(count) => write!(f, "{count} questions more than the bound"),
        }
    }
}
