//! Who may retire a grant.
//!
//! Source: AWS KMS Developer Guide, "Retiring and revoking grants"; AWS KMS API Reference, "RetireGrant".

use std::sync::Arc;

use crate::{
    decision::{Gate, GrantMiss, GrantReport},
    formula::Formula,
    rules::{self, Rule},
    world::{Grant, GrantOperation, Key},
};

use super::super::{derive::Facts, fact::fact, naming::Named, observer::Observer};

/// How the caller may be let to retire a grant: as its retiring principal, as its grantee, by the account that made it.
const WAYS: [&Rule; 3] =
    [&rules::KMS_GRANT_RETIRE_RETIRING, &rules::KMS_GRANT_RETIRE_GRANTEE, &rules::KMS_GRANT_RETIRE_ACCOUNT];

impl Facts<'_> {
    /// Whether the grant itself lets the caller retire it: the principal named for it, or the grantee if the grant
    /// permits it, or an account by its own policies. No policy alone does.
    pub(in super::super) fn may_retire<O: Observer>(&self, key: Option<&Key>, observer: &mut O) -> Named {
        let id = self.request.kms.grant_id.as_deref();
        let is_told = |key: &&Key| !key.untold.grants || id.is_some_and(|id| key.grants.get(id).is_some());
        let (Some(key), Some(id)) = (key.filter(is_told), id) else {
            for rule in WAYS {
                observer.rule(rule);
            }
            return Named::direct(fact("kms:GrantId", || "the grant lets the caller retire it".to_owned()));
        };
        let may = key.grants.get(id).map_or(Named::NOT, |grant| self.retires(grant, observer));
        if O::EXAMINES {
            observer.gate(Gate::Grants, self.target.owner, &Formula::False, &may.clone().any());
        }
        may
    }

    fn retires<O: Observer>(&self, grant: &Arc<Grant>, observer: &mut O) -> Named {
        let named = grant.retiring.as_ref().map_or(Named::NOT, |retiring| self.granted_to(retiring));
        let permits = grant.operations.contains(GrantOperation::RetireGrant);
        let by_grant = self.grantee(grant).and(&self.is_same_grantee(grant, observer)).and(&permits.into());
        let is_issuer = grant.issuing_account.is_some() && grant.issuing_account == self.caller.account;
        let by_account = Named::account(is_issuer.into());
        for (rule, way) in WAYS.into_iter().zip([&named, &by_grant, &by_account]) {
            if !way.is_nobody() {
                observer.rule(rule);
            }
        }
        if is_issuer {
            observer.rule(&rules::KMS_GRANT_ISSUER);
        }
        if !by_grant.is_nobody() && grant.constraints.encryption_context.is_some() {
            observer.rule(&rules::KMS_GRANT_CONTEXT_IGNORED);
        }
        if !by_grant.is_nobody() && grant.constraints.source_arn.is_some() {
            observer.rule(&rules::KMS_GRANT_SOURCE_ARN_RETIRE);
        }
        let may = named.or(by_grant).or(by_account);
        let (is_nobody, has_spread) = (may.is_nobody(), self.has_spread(grant));
        let may = may.and(&has_spread);
        if O::EXAMINES {
            if !is_nobody {
                self.tell_of_propagation(grant, observer);
            }
            let other = is_nobody.then_some(GrantMiss::OtherGrantee);
            let misses = other.into_iter().chain(has_spread.is_false().then_some(GrantMiss::Propagation)).collect();
            observer.grant(GrantReport { grant: Arc::clone(grant), gives: may.clone().any(), misses });
        }
        may
    }
}
