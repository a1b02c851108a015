//! The embedded AWS's Organizations: one organization, its tree of accounts, and the policies that bound them.
//!
//! ```text
//!   call ------> organization, policies, ...     one file for each family of operations
//!     |             |
//!     |          authorize                       who may by the authorization model
//!     |             |
//!     +--------> state: the organization, units, accounts, policies, handshakes; `standing` tells whose account may
//!                   |            |           read and change it
//!                 store       authorization      told of each level that a change touches, before anybody hears of it
//! ```
//!
//! The authorization model knows one organization, so there is one: who would make another is told so.
//!
//! Sources: AWS Organizations API Reference, the page of each operation; AWS Organizations User Guide; messages as the
//! service sends them, as far as people quote them.

mod accounts;
mod attachments;
mod authorize;
mod call;
mod creation;
mod delegation;
mod email;
mod fault;
mod handshakes;
mod organization;
mod paging;
mod policies;
mod quotas;
mod records;
mod service_access;
mod standing;
mod state;
mod tags;
#[cfg(test)]
mod tests;
mod units;

use std::sync::Arc;

use aws_model::{Partition, Region};
use serde_json::Value;

use crate::{CallContext, ServiceError, accounts::Accounts, iam::Iam, operations::operations};

use call::Call;
pub(crate) use fault::invalid;
use standing::Standing;
pub(crate) use state::{State, TABLES};

/// Organizations, as every account sees it. Clones share their state.
#[derive(Clone, Debug)]
pub(crate) struct Organizations {
    state: Arc<State>,
    accounts: Arc<Accounts>,
    iam: Iam,
}

/// The region that Organizations is in.
///
/// Source: AWS General Reference, "AWS Organizations endpoints and quotas"; botocore's `endpoints.json` for the other
/// partitions.
pub(crate) fn home_region(partition: Partition) -> Option<Region> {
    match partition.as_str() {
        "aws-cn" => "cn-northwest-1".parse().ok(),
        _ => crate::iam::home_region(partition),
    }
}

impl Organizations {
    /// The organization of a state. Accounts that it makes get their first role from `iam`.
    pub(crate) fn new(state: State, accounts: Arc<Accounts>, iam: Iam) -> Self {
        Self { state: Arc::new(state), accounts, iam }
    }
}

impl Organizations {
    /// Answers one operation. `input` was decoded and validated.
    pub(crate) fn call(&self, ctx: &CallContext<'_>, operation: &str, input: Value) -> Result<Value, ServiceError> {
        let Self { state, accounts, iam } = self;
        let call = Call { ctx, state, accounts, iam, standing: Standing::of(operation) };
        authorize::authorize(&call, operation, &input)?;
        Self::handle(&call, operation, input).unwrap_or_else(|| Err(fault::unsupported(operation)))
    }
}

operations! {
    pub(crate) impl Organizations, Call<'_>;
    "AcceptHandshake" => handshakes::accept,
    "AttachPolicy" => attachments::attach,
    "CancelHandshake" => handshakes::cancel,
    "CloseAccount" => accounts::close,
        lacks "an end to the calls of the account's own users",
    "CreateAccount" => creation::create,
        lacks "`IamUserAccessToBilling`, as there are no bills; the service-linked role of Organizations",
    "CreateOrganization" => organization::create,
        lacks "a second organization; the service-linked role of Organizations",
    "CreateOrganizationalUnit" => units::create,
    "CreatePolicy" => policies::create,
        lacks "types but service control policies and resource control policies",
    "DeclineHandshake" => handshakes::decline,
    "DeleteOrganization" => organization::delete,
    "DeleteOrganizationalUnit" => units::delete,
    "DeletePolicy" => policies::delete,
    "DeregisterDelegatedAdministrator" => delegation::deregister,
    "DescribeAccount" => accounts::describe,
    "DescribeCreateAccountStatus" => creation::describe,
    "DescribeHandshake" => handshakes::describe,
    "DescribeOrganization" => organization::describe,
    "DescribeOrganizationalUnit" => units::describe,
    "DescribePolicy" => policies::describe,
    "DetachPolicy" => attachments::detach,
    "DisableAWSServiceAccess" => service_access::disable,
    "DisablePolicyType" => organization::disable_policy_type,
    "EnableAWSServiceAccess" => service_access::enable,
    "EnablePolicyType" => organization::enable_policy_type,
        lacks "types but service control policies and resource control policies",
    "InviteAccountToOrganization" => handshakes::invite,
    "LeaveOrganization" => accounts::leave,
        lacks "what an account needs before it may leave: an age of seven days, a means of payment",
    "ListAWSServiceAccessForOrganization" => service_access::list,
    "ListAccounts" => accounts::list,
    "ListAccountsForParent" => accounts::list_for_parent,
    "ListChildren" => units::list_children,
    "ListCreateAccountStatus" => creation::list,
    "ListDelegatedAdministrators" => delegation::list_administrators,
    "ListDelegatedServicesForAccount" => delegation::list_services,
    "ListHandshakesForAccount" => handshakes::list_for_account,
    "ListHandshakesForOrganization" => handshakes::list_for_organization,
    "ListOrganizationalUnitsForParent" => units::list,
    "ListParents" => units::list_parents,
    "ListPolicies" => policies::list,
    "ListPoliciesForTarget" => attachments::list_policies,
    "ListRoots" => organization::list_roots,
    "ListTagsForResource" => tags::list,
    "ListTargetsForPolicy" => attachments::list_targets,
    "MoveAccount" => accounts::move_to,
    "RegisterDelegatedAdministrator" => delegation::register,
    "RemoveAccountFromOrganization" => accounts::remove,
        lacks "what an account needs before it may leave: an age of seven days, a means of payment",
    "TagResource" => tags::tag,
    "UntagResource" => tags::untag,
    "UpdateOrganizationalUnit" => units::update,
    "UpdatePolicy" => policies::update,
}
