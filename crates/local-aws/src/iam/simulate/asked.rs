//! The requests that are simulated, and what is decided of each.

use std::{collections::BTreeSet, sync::Arc};

use authz::{
    context::{Context, Others, Told},
    decision::{Denial, DenialEffect, Explanation, Gate, GateReport, StatementReport, Verdict},
    formula::{Asks, Formula},
    policy::{Effect, Policy, Statement},
    principal::Principal,
    request::{Action, KmsDetail, Request, Resource},
    rules::Assumptions,
    text::Span,
    world::{PolicyOrigin, World},
};
use aws_model::AccountId;
use serde::Deserialize;

use super::{
    super::fault,
    work::{Budget, Documents, Texts},
};
use crate::ServiceError;

/// What is asked about.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Asked {
    action_names: Vec<String>,
    #[serde(default)]
    resource_arns: Vec<String>,
    #[serde(default)]
    context_entries: Vec<ContextEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContextEntry {
    context_key_name: String,
    #[serde(default)]
    context_key_values: Vec<String>,
}

pub(super) struct Simulation<'a> {
    pub(super) world: &'a World,
    pub(super) assumptions: &'a Assumptions,
    pub(super) principal: &'a Principal,
    pub(super) owner: Owner,
    pub(super) asked: &'a Asked,
    pub(super) documents: Documents,
}

/// Whose the resources are.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    pub(super) account: AccountId,
    /// Whether they have a policy, which then takes part.
    pub(super) has_policy: bool,
}

impl Asked {
    pub(super) fn resources(&self) -> &[String] {
        &self.resource_arns
    }

    /// The actions in their order.
    pub(super) fn actions(&self) -> Result<Vec<(&str, Action)>, ServiceError> {
        let parsed = self.action_names.iter().map(|name| {
            let action = name.parse().map_err(|_| fault::invalid_input(format!("Invalid action name: {name}")))?;
            Ok((name.as_str(), action))
        });
        parsed.collect()
    }

    /// What is held against the policies, with this resource.
    fn texts(&self, resource: &str) -> Texts {
        let context = self.context_entries.iter().flat_map(|entry| {
            std::iter::once(entry.context_key_name.len()).chain(entry.context_key_values.iter().map(String::len))
        });
        let of_request = Texts { octets: resource.len(), values: 1 };
        context.fold(of_request, |Texts { octets, values }, more| Texts { octets: octets + more, values: values + 1 })
    }
}

/// What is said of one action, on each resource that was asked about.
pub(super) struct ActionResult {
    pub(super) action: String,
    pub(super) on: Vec<Outcome>,
}

/// What is said of one action on one resource.
pub(super) struct Outcome {
    pub(super) resource: String,
    pub(super) decision: Decision,
    pub(super) matched: Vec<Matched>,
    pub(super) missing: BTreeSet<String>,
    /// Whether the permissions boundary lets it through, where there is one.
    pub(super) by_boundary: Option<bool>,
    /// Whether the organization does.
    pub(super) by_organization: Option<bool>,
}

/// From the widest to the narrowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Decision {
    Allowed,
    ImplicitDeny,
    ExplicitDeny,
}

/// A statement that decided.
pub(super) struct Matched {
    pub(super) origin: Option<PolicyOrigin>,
    /// Whether it is of the resource's policy.
    pub(super) of_resource: bool,
    pub(super) policy: Arc<Policy>,
    pub(super) span: Span,
}

impl Simulation<'_> {
    /// What is said of an action on each of the resources.
    pub(super) fn of_action(
        &self,
        name: &str,
        action: &Action,
        budget: &mut Budget,
    ) -> Result<ActionResult, ServiceError> {
        let everything = ["*".to_owned()];
        let resources = match self.asked.resource_arns.as_slice() {
            [] => &everything[..],
            given => given,
        };
        let on = resources.iter().map(|resource| self.of_resource(action, resource, budget));
        Ok(ActionResult { action: name.to_owned(), on: on.collect::<Result<_, _>>()? })
    }

    fn of_resource(&self, action: &Action, resource: &str, budget: &mut Budget) -> Result<Outcome, ServiceError> {
        budget.ask(self.documents, self.asked.texts(resource))?;
        let said = self.explain(action, resource, Others::Absent);
        let gates: Vec<&GateReport> = said.gates.iter().filter(|report| self.takes_part(report.gate)).collect();
        let denied = gates.iter().any(|report| report.denies.is_true());
        let decision = if self.owner.has_policy {
            // The two sides together, as of any call.
            match &said.verdict {
                Verdict::Allowed => Decision::Allowed,
                Verdict::Denied(Denial { effect: DenialEffect::Explicit, .. }) => Decision::ExplicitDeny,
                Verdict::Denied(_) | Verdict::AllowedIff(_) => Decision::ImplicitDeny,
            }
        } else if denied {
            Decision::ExplicitDeny
        } else if !gates.is_empty() && gates.iter().all(|report| report.allows.is_true()) {
            Decision::Allowed
        } else {
            Decision::ImplicitDeny
        };
        let wanted = if denied { Effect::Deny } else { Effect::Allow };
        let lets_through = |gate: Gate| {
            let report = gates.iter().find(|report| report.gate == gate)?;
            Some(report.allows.is_true() && !report.denies.is_true())
        };
        let matched: Vec<Matched> = gates.iter().flat_map(|report| matched(report, wanted)).collect();
        matched.iter().try_for_each(|statement| budget.tell(statement.policy.source().text().len()))?;
        let missing = self.missing(&self.explain(action, resource, Others::Unknown));
        missing.iter().try_for_each(|key| budget.tell(key.len()))?;
        Ok(Outcome {
            resource: resource.to_owned(),
            decision,
            matched,
            missing,
            by_boundary: lets_through(Gate::Boundary),
            by_organization: lets_through(Gate::ServiceControl),
        })
    }

    fn explain(&self, action: &Action, resource: &str, others: Others) -> Explanation {
        let mut context = Context::new(others);
        for ContextEntry { context_key_name, context_key_values } in &self.asked.context_entries {
            context.tell(context_key_name, Told::Values(context_key_values.clone()));
        }
        let request = Request {
            principal: self.principal.clone(),
            through: Vec::new(),
            action: action.clone(),
            resource: Resource { arn: resource.into(), owner: Some(self.owner.account), tags: Default::default() },
            region: None,
            kms: KmsDetail::default(),
            context,
        };
        self.world.explain(&request, self.assumptions)
    }

    const fn takes_part(&self, gate: Gate) -> bool {
        match gate {
            Gate::ServiceControl | Gate::Identity | Gate::Boundary | Gate::Session => true,
            Gate::Resource(_) => self.owner.has_policy,
            Gate::ResourceControl | Gate::Grants => false,
        }
    }

    /// The condition keys that statements about the action and resource ask for, and that nobody told.
    fn missing(&self, said: &Explanation) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        let reports = said.gates.iter().filter(|report| self.takes_part(report.gate));
        for statement in reports.flat_map(|report| &report.policies).flat_map(|policy| &policy.statements) {
            if !statement.action.is_false() && !statement.resource.is_false() {
                statement.conditions.iter().for_each(|condition| unknown_keys(condition, &mut keys));
            }
        }
        keys
    }
}

fn matched(report: &GateReport, wanted: Effect) -> impl Iterator<Item = Matched> {
    let of_resource = matches!(report.gate, Gate::Resource(_));
    report.policies.iter().flat_map(move |policy| {
        let statements = policy.policy.statements();
        let is_it = move |said: &&StatementReport| {
            said.matches.is_true()
                && statements.get(said.index).is_some_and(|statement| statement.effect.value == wanted)
        };
        policy.statements.iter().filter(is_it).filter_map(move |said| {
            let Statement { span, .. } = statements.get(said.index)?;
            Some(Matched {
                origin: policy.origin.clone(),
                of_resource,
                policy: Arc::clone(&policy.policy),
                span: *span,
            })
        })
    })
}

fn unknown_keys(formula: &Formula, keys: &mut BTreeSet<String>) {
    match formula {
        Formula::True | Formula::False => {}
        Formula::Atom(atom) => {
            if !matches!(atom.asks, Asks::Fact(_)) {
                keys.insert(atom.key.as_str().to_owned());
            }
        }
        Formula::All(all) | Formula::Any(all) => all.iter().for_each(|one| unknown_keys(one, keys)),
        Formula::Not(other) => unknown_keys(other, keys),
    }
}
