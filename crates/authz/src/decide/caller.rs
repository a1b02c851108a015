//! The caller as the world knows it: whose policies are asked.

use std::sync::Arc;

use aws_model::{AccountId, Arn};

use crate::{
    policy::Policy,
    principal::{FederatedUser, Principal, RoleSession},
    world::{Identity, World},
};

/// The role as which EC2 attaches volumes.
const INFRASTRUCTURE: &str = "role/aws:ec2-infrastructure";

/// A principal, with what the world knows of it.
pub(crate) struct Caller<'a> {
    pub(crate) principal: &'a Principal,
    pub(crate) account: Option<AccountId>,
    pub(crate) standing: Standing<'a>,
}

/// Where a caller's own permissions come from.
pub(crate) enum Standing<'a> {
    /// From nothing: the root user may everything that no other gate keeps from it.
    Root,
    /// From the policies of a user or role.
    Identity(&'a Identity),
    /// From the policies of a user or role that is not there any more, or never was: none.
    Gone,
    /// From policies that nobody told.
    Unknown,
    /// From nothing: services, identity providers' users and nobody may only what a resource's policy lets them.
    None,
}

impl<'a> Caller<'a> {
    pub(super) fn of(world: &'a World, principal: &'a Principal) -> Self {
        let account = principal.account();
        let standing = match principal {
            Principal::Root(_) => Standing::Root,
            // AWS's own role has no policies that the account knows of.
            Principal::Session(session) if session.role.resource() == INFRASTRUCTURE => Standing::Gone,
            Principal::User(arn) => user(world, account, arn),
            Principal::Session(session) => match account.and_then(|id| world.account(id)) {
                None => Standing::Unknown,
                Some(account) => match account.role(session.role.as_str()) {
                    Some(role) => Standing::Identity(&role.identity),
                    None if account.identities_are_partial => Standing::Unknown,
                    None => Standing::Gone,
                },
            },
            // A federated user has what its parent has, cut down by the session policies.
            // Source: IAM User Guide, "Permissions for GetFederationToken".
            Principal::FederatedUser(federated) => match &federated.parent {
                Some(parent) => user(world, account, parent),
                None => Standing::Root,
            },
            Principal::Federated { .. } | Principal::Service(_) | Principal::Anonymous => Standing::None,
        };
        Self { principal, account, standing }
    }

    /// The user or role behind the caller, if the world knows it.
    pub(crate) const fn identity(&self) -> Option<&'a Identity> {
        match self.standing {
            Standing::Identity(identity) => Some(identity),
            _ => None,
        }
    }

    pub(super) const fn session(&self) -> Option<&'a RoleSession> {
        match self.principal {
            Principal::Session(session) => Some(session),
            _ => None,
        }
    }

    pub(super) const fn federated_user(&self) -> Option<&'a FederatedUser> {
        match self.principal {
            Principal::FederatedUser(federated) => Some(federated),
            _ => None,
        }
    }

    /// The session's policies; `None` where none were passed and none are needed.
    pub(crate) fn session_policies(&self) -> Option<&'a [Arc<Policy>]> {
        match self.principal {
            Principal::Session(session) if !session.policies.is_empty() => Some(&session.policies),
            // Without session policies a federated user has no permissions of its own.
            // Source: IAM User Guide, "Permissions for GetFederationToken".
            Principal::FederatedUser(federated) => Some(&federated.policies),
            _ => None,
        }
    }

    /// Whether the caller is a service-linked role, which no policy of an organization binds.
    ///
    /// Source: AWS Organizations User Guide, "Service control policies" > "Tasks and entities not restricted by SCPs".
    pub(crate) fn is_service_linked(&self) -> bool {
        self.session().is_some_and(|session| session.role.resource().starts_with("role/aws-service-role/"))
    }

    /// Whether the caller is the role as which EC2 attaches volumes. It is AWS's own and in no account's list.
    pub(super) fn is_infrastructure(&self) -> bool {
        self.session().is_some_and(|session| session.role.resource() == INFRASTRUCTURE)
    }
}

fn user<'a>(world: &'a World, account: Option<AccountId>, arn: &Arn) -> Standing<'a> {
    match account.and_then(|id| world.account(id)) {
        None => Standing::Unknown,
        Some(account) => match account.user(arn.as_str()) {
            Some(user) => Standing::Identity(&user.identity),
            None if account.identities_are_partial => Standing::Unknown,
            None => Standing::Gone,
        },
    }
}

/// The friendly name: the last part of a path.
pub(super) fn friendly_name(arn: &Arn) -> &str {
    arn.resource().rsplit('/').next().unwrap_or_default()
}
