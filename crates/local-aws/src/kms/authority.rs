//! Who may do what with a key. The one place that decides it, until the authorization model does.
//!
//! For now: callers of the account that owns the key may do everything; everybody else what a grant gives them.
//! Key policies are kept and validated, not yet evaluated. That a grant alone is enough across accounts is a strong
//! inference from `AutoScalingServiceRolePolicy`, which holds no `kms:` action.

use std::sync::Arc;

use aws_model::EncryptionContext;

use super::{
    call::Call,
    fault,
    grants::{Grant, GrantConstraints, GrantOperation},
    key::Key,
};
use crate::{Caller, CallerKind, ServiceError};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access<'a> {
    /// The IAM action behind `kms:`.
    pub(super) action: &'static str,
    by_grant: ByGrant<'a>,
}

#[derive(Clone, Copy, Debug)]
enum ByGrant<'a> {
    /// No grant gives this.
    Never,
    /// A grant of this operation, whose constraints this context meets.
    Operation(GrantOperation, Option<&'a EncryptionContext>),
    /// A grant of CreateGrant that covers the grant to be made.
    Child(&'a [GrantOperation], &'a GrantConstraints),
}

impl<'a> Access<'a> {
    /// An operation that only the owning account performs.
    pub(super) const fn owner(action: &'static str) -> Self {
        Self { action, by_grant: ByGrant::Never }
    }

    /// An operation that grants can give and whose constraints look at a context.
    pub(super) fn with_context(operation: GrantOperation, context: &'a EncryptionContext) -> Self {
        Self { action: operation.as_str(), by_grant: ByGrant::Operation(operation, Some(context)) }
    }

    /// An operation that grants can give and that constraints do not touch.
    pub(super) fn plain(operation: GrantOperation) -> Self {
        Self { action: operation.as_str(), by_grant: ByGrant::Operation(operation, None) }
    }

    /// Making a grant, which a grant can give within its own bounds.
    pub(super) fn create_grant(operations: &'a [GrantOperation], constraints: &'a GrantConstraints) -> Self {
        Self { action: GrantOperation::CreateGrant.as_str(), by_grant: ByGrant::Child(operations, constraints) }
    }
}

/// Whether the caller has this access to the key.
pub(super) fn check(call: &Call<'_>, key: &Key, access: &Access<'_>) -> Result<(), ServiceError> {
    if call.account() == key.account() {
        return Ok(());
    }
    let gives = |grant: &Arc<Grant>| match access.by_grant {
        ByGrant::Never => false,
        ByGrant::Operation(operation, context) => {
            grant.operations.contains(&operation) && context.is_none_or(|context| grant.constraints.met_by(context))
        }
        ByGrant::Child(operations, constraints) => {
            grant.operations.contains(&GrantOperation::CreateGrant)
                && operations.iter().all(|operation| grant.operations.contains(operation))
                && constraints.at_least_as_strict_as(&grant.constraints)
        }
    };
    let grants = key.grants();
    let given = principals(call.ctx.caller)
        .find_map(|principal| grants.of_grantee(&principal, None).find(|grant| gives(grant)).cloned());
    match given {
        Some(grant) => {
            call.see(grant.ticket);
            Ok(())
        }
        None => Err(fault::denied_across_accounts(call, access.action)),
    }
}

/// Whether a principal named in a grant is the caller.
pub(super) fn is_caller(caller: &Caller, principal: &str) -> bool {
    principals(caller).any(|own| own == principal)
}

/// The ARNs that mean the caller: its own, its role's, its account's.
pub(super) fn principals(caller: &Caller) -> impl Iterator<Item = String> {
    let partition = caller.arn.split(':').nth(1).unwrap_or("aws");
    let role = match &caller.kind {
        CallerKind::AssumedRole { role_arn, .. } => Some(role_arn.to_string()),
        CallerKind::Root | CallerKind::RootSession => None,
    };
    let root = format!("arn:{partition}:iam::{}:root", caller.account);
    [Some(caller.arn.clone()), role, Some(root)].into_iter().flatten()
}
