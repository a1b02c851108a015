//! What the organizations of the caller and of the resource let through at most.
//!
//! Source: AWS Organizations User Guide, "Service control policies (SCPs)", "SCP evaluation", "Resource control
//! policies (RCPs)", "RCP evaluation".

use aws_model::AccountId;

use crate::{
    decision::Gate,
    principal::Principal,
    rules,
    world::{AttachedPolicy, OrganizationNode},
};

use super::{derive::Facts, observer::Observer, statements::Said, target::TargetKind};

/// The services whose resources RCPs bind, as of January 2026. AWS adds to the list every few months.
///
/// Source: AWS Organizations User Guide, "Resource control policies (RCPs)" > "List of AWS services that support RCPs".
const UNDER_RESOURCE_CONTROL: [&str; 10] =
    ["aoss", "cognito-identity", "cognito-idp", "ecr", "kms", "logs", "s3", "secretsmanager", "sqs", "sts"];

/// Whether RCPs bind the resources of a service.
pub(super) fn is_under_resource_control(service: &str) -> bool {
    UNDER_RESOURCE_CONTROL.contains(&service)
}

impl Facts<'_> {
    /// What the levels above the resource's account let through.
    pub(super) fn resource_control<O: Observer>(&self, observer: &mut O) -> Said {
        if !is_under_resource_control(self.request.action.service()) {
            return Said::OPEN;
        }
        let Some(owner) = self.target.owner.filter(|owner| self.is_bound(*owner)) else { return Said::OPEN };
        if self.is_free_of_resource_control(observer) {
            return Said::OPEN;
        }
        if self.caller.is_infrastructure()
            && !self.assumed(self.assumptions.org_rcp_infrastructure, &rules::ORG_RCP_INFRASTRUCTURE, observer)
        {
            return Said::OPEN;
        }
        self.levels(owner, Gate::ResourceControl, |node| node.resource_control.as_deref(), observer)
    }

    /// Source: AWS Organizations User Guide, "Resource control policies (RCPs)" > "Resources and entities not
    /// restricted by RCPs".
    fn is_free_of_resource_control<O: Observer>(&self, observer: &mut O) -> bool {
        let rule = if self.caller.is_service_linked() || self.assumes_service_linked_role() {
            &rules::ORG_RCP_SERVICE_LINKED
        } else if self.request.action.lower() == "kms:retiregrant" {
            &rules::ORG_RCP_RETIRE_GRANT
        } else if self.target.is_aws_managed_key() {
            &rules::ORG_RCP_AWS_MANAGED_KEY
        } else {
            return false;
        };
        observer.rule(rule);
        true
    }

    fn assumes_service_linked_role(&self) -> bool {
        matches!(self.target.kind, TargetKind::Role(Some(role)) if role.is_service_linked())
    }

    /// What the levels above the caller's account let through.
    pub(super) fn service_control<O: Observer>(&self, observer: &mut O) -> Said {
        let is_principal_of_account = matches!(
            self.caller.principal,
            Principal::Root(_) | Principal::User(_) | Principal::Session(_) | Principal::FederatedUser(_)
        );
        let bound = self.caller.account.filter(|account| is_principal_of_account && self.is_bound(*account));
        let Some(account) = bound else { return Said::OPEN };
        if self.caller.is_service_linked() {
            observer.rule(&rules::ORG_SCP_SERVICE_LINKED);
            return Said::OPEN;
        }
        if self.caller.is_infrastructure()
            && self.assumed(self.assumptions.org_scp_infrastructure, &rules::ORG_SCP_INFRASTRUCTURE, observer)
        {
            return Said::OPEN;
        }
        self.levels(account, Gate::ServiceControl, |node| node.service_control.as_deref(), observer)
    }

    /// Whether the organization's policies bind an account: its members, except the management account.
    pub(super) fn is_bound(&self, account: AccountId) -> bool {
        self.world.organization().is_some_and(|organization| {
            organization.management_account != account && organization.accounts.contains_key(&account)
        })
    }

    /// Every level must let through; at one level any policy may.
    fn levels<O: Observer>(
        &self,
        account: AccountId,
        gate: Gate,
        policies: impl Fn(&OrganizationNode) -> Option<&[AttachedPolicy]>,
        observer: &mut O,
    ) -> Said {
        let path = self.world.organization().and_then(|organization| organization.accounts.get(&account));
        let mut said = Said::OPEN;
        let mut was_asked = false;
        for node in path.iter().flat_map(|path| &path.levels) {
            let Some(attached) = policies(node) else { continue };
            was_asked = true;
            let at_level = self.any_of(attached, Some(&node.id), observer);
            said = Said { denies: said.denies.or(at_level.denies), allows: said.allows.and(at_level.allows) };
            if !O::EXAMINES && said.denies.is_true() {
                break;
            }
        }
        if was_asked {
            observer.gate(gate, Some(account), &said.denies, &said.allows);
            let [allow, deny] = rules_of(gate);
            observer.rule(allow);
            if !said.denies.is_false() {
                observer.rule(deny);
            }
        }
        said
    }
}

/// The rules that had a say in what the levels say.
const fn rules_of(gate: Gate) -> [&'static rules::Rule; 2] {
    match gate {
        Gate::ServiceControl => [&rules::ORG_SCP_EVERY_LEVEL, &rules::ORG_SCP_DENY_ANY_LEVEL],
        _ => [&rules::ORG_RCP_OWNER, &rules::ORG_RCP_DENY_ANY_LEVEL],
    }
}
