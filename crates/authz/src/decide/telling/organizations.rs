//! Rules about whom and what an organization's policies bind.

use aws_model::AccountId;

use crate::{
    decision::Verdict,
    policy::PolicyKind,
    principal::Principal,
    rules::{self, Rule},
};

use super::{
    super::{derive::Facts, gates::Gates, observer::Observer, organization, relation::Relation},
    keys::chosen,
};

impl Facts<'_> {
    pub(in super::super) fn tell_of_organization<O: Observer>(
        &self,
        relation: Relation,
        gates: &Gates,
        verdict: &Verdict,
        observer: &mut O,
    ) {
        if self.world.organization().is_none() {
            return;
        }
        let told = [self.about_service_control(relation, gates, verdict), self.about_resource_control(relation)];
        for rule in told.into_iter().flatten() {
            observer.rule(rule);
        }
    }

    fn is_management(&self, account: Option<AccountId>) -> bool {
        let management = self.world.organization().map(|organization| organization.management_account);
        account.is_some() && account == management
    }

    fn about_service_control(&self, relation: Relation, gates: &Gates, verdict: &Verdict) -> Vec<&'static Rule> {
        let principal = self.caller.principal;
        let is_bound = self.caller.account.is_some_and(|account| self.is_bound(account));
        let levels = self.caller.account.and_then(|account| self.world.organization()?.accounts.get(&account));
        let is_choice = levels.is_some_and(|path| {
            path.levels.iter().any(|node| node.service_control.as_ref().is_some_and(|policies| policies.len() > 1))
        });
        let said = &gates.service_control;
        let is_shut = said.allows.is_false() || !said.denies.is_false();
        chosen([
            (self.is_management(self.caller.account), &rules::ORG_SCP_MANAGEMENT),
            (is_bound && matches!(principal, Principal::Root(_)), &rules::ORG_SCP_ROOT_USER),
            (matches!(principal, Principal::Service(_)), &rules::ORG_SCP_SERVICE),
            (relation == Relation::Foreign, &rules::ORG_SCP_CALLER),
            (is_bound && !self.request.through.is_empty(), &rules::ORG_SCP_FORWARDED),
            (is_bound && is_choice, &rules::ORG_SCP_ONE_OF_A_LEVEL),
            (is_bound && !is_shut && matches!(verdict, Verdict::Denied(_)), &rules::ORG_SCP_GRANTS_NOTHING),
            (is_shut && !gates.resource.allows.is_nobody(), &rules::ORG_SCP_RESOURCE_POLICY),
        ])
    }

    fn about_resource_control(&self, relation: Relation) -> Vec<&'static Rule> {
        let principal = self.caller.principal;
        let is_supported = organization::is_under_resource_control(self.request.action.service());
        let is_bound = self.target.owner.is_some_and(|owner| self.is_bound(owner));
        let binds = is_supported && is_bound;
        let is_of_bound = self.caller.account.is_some_and(|account| self.is_bound(account));
        chosen([
            (is_supported && self.is_management(self.target.owner), &rules::ORG_RCP_MANAGEMENT),
            (is_bound && !is_supported, &rules::ORG_RCP_SERVICES),
            (binds, &rules::ORG_RCP_PRINCIPAL),
            (binds, &rules::ORG_RCP_DENY_ONLY),
            (binds && matches!(principal, Principal::Root(_)), &rules::ORG_RCP_ROOT_USER),
            (binds && matches!(principal, Principal::Service(_)), &rules::ORG_RCP_SERVICE),
            (binds && self.target.policy_kind() == PolicyKind::Trust, &rules::ORG_RCP_TRUST),
            (relation == Relation::Foreign && is_supported && is_of_bound, &rules::ORG_RCP_NOT_ELSEWHERE),
        ])
    }
}
