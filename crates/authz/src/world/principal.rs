//! Users, roles and the policies that they carry.

use std::{collections::BTreeMap, sync::Arc};

use aws_model::Arn;
use jiff::SignedDuration;

use crate::policy::Policy;

/// What users and roles have in common.
#[derive(Clone, Debug)]
pub struct Identity {
    /// `arn:aws:iam::ACCOUNT:user/PATH/NAME` or `.../role/PATH/NAME`.
    pub arn: Arn,
    /// `AIDA...` or `AROA...`: a new one each time an identity of this name is made.
    pub unique_id: Box<str>,
    /// Inline and managed policies, for users those of their groups too.
    pub policies: Vec<AttachedPolicy>,
    /// The permissions boundary.
    pub boundary: Option<AttachedPolicy>,
    /// Tells `aws:PrincipalTag`.
    pub tags: BTreeMap<String, String>,
}

impl Identity {
    /// An identity without policies, boundary and tags.
    #[must_use]
    pub fn new(arn: Arn, unique_id: &str) -> Self {
        Self { arn, unique_id: unique_id.into(), policies: Vec::new(), boundary: None, tags: BTreeMap::new() }
    }

    /// The name behind the path.
    #[must_use]
    pub fn name(&self) -> &str {
        name_in(&self.arn)
    }
}

impl Role {
    /// Whether a service made it for itself: the organization's policies do not bind it, and nobody but the service
    /// can change it.
    ///
    /// Source: IAM User Guide, "Create a service-linked role" (the path is `/aws-service-role/SERVICE/`).
    #[must_use]
    pub fn is_service_linked(&self) -> bool {
        self.identity.arn.resource().starts_with("role/aws-service-role/")
    }
}

/// The name behind the path of an IAM ARN.
pub(super) fn name_in(arn: &Arn) -> &str {
    arn.resource().rsplit('/').next().unwrap_or_default()
}

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    /// Name, policies, tags.
    pub identity: Identity,
}

/// A role.
#[derive(Clone, Debug)]
pub struct Role {
    /// Name, policies, tags.
    pub identity: Identity,
    /// Who may assume it.
    pub trust: ResourcePolicy,
    /// How long a session may be at most.
    pub max_session: SignedDuration,
}

/// A policy that an identity carries, and how.
#[derive(Clone, Debug)]
pub struct AttachedPolicy {
    /// Where it comes from.
    pub origin: PolicyOrigin,
    /// The policy itself, shared by all who carry it.
    pub policy: Arc<Policy>,
}

/// How a policy got to an identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyOrigin {
    /// Written into the identity, under this name.
    Inline(Box<str>),
    /// A managed policy, by its ARN.
    Managed(Box<str>),
    /// Written into a group of the user.
    GroupInline {
        /// The group's name.
        group: Box<str>,
        /// The policy's name.
        name: Box<str>,
    },
    /// A managed policy that a group of the user has.
    GroupManaged {
        /// The group's name.
        group: Box<str>,
        /// The policy's ARN.
        arn: Box<str>,
    },
}

impl PolicyOrigin {
    /// The policy's own name or ARN.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Inline(name) | Self::GroupInline { name, .. } => name,
            Self::Managed(arn) | Self::GroupManaged { arn, .. } => arn,
        }
    }
}

/// The policy of a resource, with what the names in it meant when it was saved.
///
/// AWS turns a user's or role's ARN in a `Principal` element into its unique id when the policy is saved, so an
/// identity that is deleted and made again under the same name is not meant any more.
///
/// Source: IAM User Guide, "AWS JSON policy elements: Principal" > "IAM role principals".
#[derive(Clone, Debug)]
pub struct ResourcePolicy {
    /// The policy itself.
    pub policy: Arc<Policy>,
    /// Unique ids by ARN, of the users and roles that it names. An ARN that is not here is taken by its name.
    pub saved_ids: BTreeMap<Box<str>, Box<str>>,
}
