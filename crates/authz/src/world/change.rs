//! Why a change cannot be made.

use std::fmt;

use crate::policy::{Policy, PolicyKind};

/// A change that cannot be made. The world is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// What is to be changed is not there.
    #[error("the world has no {thing} `{name}`{}", did_you_mean(.nearest.as_deref()))]
    Missing {
        /// What kind of thing.
        thing: Thing,
        /// By which name.
        name: String,
        /// What is there by nearly this name.
        nearest: Option<String>,
    },
    /// An ARN is not that of such a thing.
    #[error("`{arn}` is not the ARN of a {thing}: it looks like {}", thing.looks_like())]
    NoArnOf {
        /// What it should be.
        thing: Thing,
        /// What it is.
        arn: String,
    },
    /// Something else has the name already.
    #[error("the account has a {thing} of the name `{name}`: {by}; names are unique whatever the path and the case")]
    NameTaken {
        /// What kind of thing.
        thing: Thing,
        /// The name.
        name: String,
        /// The ARN of what has it.
        by: String,
    },
    /// A level of the organization would be below itself.
    #[error("`{level}` cannot be put below itself in the organization")]
    BelowItself {
        /// Its id.
        level: String,
    },
    /// A level of the organization is still in use.
    #[error("`{level}` is not empty: `{below}` is below it in the organization; move or remove that first")]
    NotEmpty {
        /// Its id.
        level: String,
        /// The id of something below it.
        below: String,
    },
    /// A policy was read as one kind and is put where another belongs.
    #[error("`{policy}` was read as {} and cannot be put where {} belongs", of_kind(*.found), of_kind(*.wanted))]
    WrongKind {
        /// What the policy is called.
        policy: String,
        /// As what it was read.
        found: PolicyKind,
        /// What belongs there.
        wanted: PolicyKind,
    },
}

/// What can be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is what its name says")]
pub enum Thing {
    User,
    Role,
    Group,
    Identity,
    InlinePolicy,
    ManagedPolicy,
    Key,
    Grant,
    Organization,
    OrganizationLevel,
    OrganizationPolicy,
}

impl Thing {
    const fn looks_like(self) -> &'static str {
        match self {
            Self::User => "`arn:aws:iam::ACCOUNT:user/NAME`",
            Self::Role => "`arn:aws:iam::ACCOUNT:role/NAME`",
            Self::Group => "`arn:aws:iam::ACCOUNT:group/NAME`",
            Self::Identity => "`arn:aws:iam::ACCOUNT:role/NAME`, or with `user/` or `group/`",
            Self::ManagedPolicy | Self::InlinePolicy => "`arn:aws:iam::ACCOUNT:policy/NAME`",
            Self::Key | Self::Grant => "`arn:aws:kms:REGION:ACCOUNT:key/KEY-ID`",
            Self::Organization | Self::OrganizationLevel | Self::OrganizationPolicy => "`arn:aws:organizations::...`",
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Role => "role",
            Self::Group => "group",
            Self::Identity => "user, role or group",
            Self::InlinePolicy => "inline policy",
            Self::ManagedPolicy => "managed policy",
            Self::Key => "key",
            Self::Grant => "grant",
            Self::Organization => "organization",
            Self::OrganizationLevel => "root, organizational unit or account in the organization",
            Self::OrganizationPolicy => "policy of the organization there",
        })
    }
}

/// What is not there, with the nearest of what is.
pub(super) fn missing<'a>(thing: Thing, name: &str, known: impl Iterator<Item = &'a str>) -> ChangeError {
    ChangeError::Missing { thing, name: name.to_owned(), nearest: nearest(name, known).map(str::to_owned) }
}

/// The name that was probably meant: at most three slips of the finger away, and less than half of the name.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate))
        .filter(|(slips, _)| *slips <= 3 && slips * 2 < name.len())
        .min()
        .map(|(_, candidate)| candidate)
}

pub(super) fn expect_kind(policy: &Policy, wanted: PolicyKind) -> Result<(), ChangeError> {
    if policy.kind() == wanted {
        return Ok(());
    }
    Err(ChangeError::WrongKind { policy: policy.source().name().to_owned(), found: policy.kind(), wanted })
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"))
}

const fn of_kind(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Identity => "an identity-based policy",
        PolicyKind::Session => "a session policy",
        PolicyKind::Trust => "a trust policy",
        PolicyKind::Key => "a key policy",
        PolicyKind::Resource => "a resource-based policy",
        PolicyKind::ServiceControl => "a service control policy",
        PolicyKind::ResourceControl => "a resource control policy",
    }
}
