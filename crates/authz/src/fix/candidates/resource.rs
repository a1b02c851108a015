//! The resource's side: its key policy, trust policy or other policy.

use std::sync::Arc;

use crate::{
    decide::{Relation, Standing, TargetKind, works_across_accounts},
    decision::Gate,
    nearest::Differing,
    policy::{Policy, PolicyKind},
    principal::Principal,
};

use super::{
    super::{Edit, How, Obstacle, PolicyEdit, PolicyPlace, statement::NewPrincipal},
    Candidates,
    allow::Added,
    place::Where,
};

/// An account instead of a principal.
const ACCOUNT: usize = 4;

/// Where an account's own policies could do, its resources' policies stay as they are.
const BESIDE_OWN: usize = 1;

/// Services whose resources may get a policy that they do not have yet.
///
/// Source: IAM User Guide, "AWS services that work with IAM", column "Resource-based policies".
const HAVE_POLICIES: [&str; 7] = ["ecr", "elasticfilesystem", "lambda", "s3", "secretsmanager", "sns", "sqs"];

impl Candidates<'_> {
    /// A statement in the resource's policy that names the caller or its account, the nearest one widened, or the
    /// policy saved again.
    pub(super) fn resource(&mut self) {
        let place = match self.place_of_resource() {
            Ok(place) => place,
            Err(obstacle) => return self.note(obstacle),
        };
        if self.is_in_vain() {
            return;
        }
        let policy = self.facts.target.policy().map(|policy| &policy.policy);
        let (gate, kind) = match (&place, policy) {
            (PolicyPlace::Key(_), _) => (Gate::Resource(PolicyKind::Key), PolicyKind::Key),
            (PolicyPlace::Trust(_), _) => (Gate::Resource(PolicyKind::Trust), PolicyKind::Trust),
            (_, Some(_)) => (Gate::Resource(PolicyKind::Resource), PolicyKind::Resource),
            (_, None) if self.could_have_policy() => (Gate::Resource(PolicyKind::Resource), PolicyKind::Resource),
            (_, None) => {
                if self.facts.relation() != Relation::Within {
                    self.note(Obstacle::NoPolicyOfItsOwn(self.facts.request.resource.arn.clone()));
                }
                return;
            }
        };
        self.save_again(gate, &place);
        let Some(caller) = self.named_caller() else { return };
        let beside_own = if self.facts.relation() == Relation::Within { BESIDE_OWN } else { 0 };
        let delegation = self.delegation(gate).map(|account| (account, ACCOUNT));
        for (principal, width) in [(caller, beside_own)].into_iter().chain(delegation) {
            self.widen(gate, Some(&principal), false);
            self.add(&Added {
                gate,
                place: Where::World(place.clone()),
                before: policy,
                name: format!("policy of {}", self.facts.request.resource.arn),
                kind,
                principal: Some(principal),
                loosens_limit: false,
                width,
            });
        }
    }

    /// Whether nothing in the resource's policy could help, with why.
    fn is_in_vain(&mut self) -> bool {
        let is_key = matches!(self.facts.target.kind, TargetKind::Key { .. });
        if self.facts.relation() != Relation::Foreign {
            return false;
        }
        if is_key && !works_across_accounts(&self.facts.request.action) {
            self.note(Obstacle::NotAcrossAccounts(self.facts.request.action.clone()));
            return true;
        }
        match self.facts.caller.principal {
            Principal::Session(session) if self.facts.caller.is_service_linked() => {
                let role = session.role.clone();
                self.note(if is_key { Obstacle::NamingIsInert(role) } else { Obstacle::ServiceLinkedRole(role) });
                true
            }
            _ => false,
        }
    }

    fn could_have_policy(&self) -> bool {
        HAVE_POLICIES.contains(&self.facts.request.action.service()) && &*self.facts.request.resource.arn != "*"
    }

    /// The caller as a policy of a resource names it. Nobody who does not exist can be named.
    ///
    /// Source: IAM User Guide, "AWS JSON policy elements: Principal" (a policy that names a principal that is not there
    /// is refused).
    fn named_caller(&mut self) -> Option<NewPrincipal> {
        if matches!(self.facts.caller.standing, Standing::Gone) {
            self.note_absence();
            return None;
        }
        Some(match self.facts.caller.principal {
            Principal::Root(_) | Principal::User(_) | Principal::FederatedUser(_) => {
                NewPrincipal::Aws(self.facts.caller.principal.to_string())
            }
            Principal::Session(session) => NewPrincipal::Aws(session.role.to_string()),
            Principal::Federated { provider } => NewPrincipal::Federated(provider.to_string()),
            Principal::Service(service) => NewPrincipal::Service(service.to_string()),
            // Whoever is nobody is everybody.
            Principal::Anonymous => {
                self.note(Obstacle::Unsigned);
                return None;
            }
        })
    }

    /// The caller's account, where it is not let in yet and has policies that could let the caller.
    fn delegation(&self, gate: Gate) -> Option<NewPrincipal> {
        let has_policies = matches!(
            self.facts.caller.principal,
            Principal::User(_) | Principal::Session(_) | Principal::FederatedUser(_)
        );
        let is_let_in = self.report(gate).is_some_and(|report| report.allows.is_true());
        let belongs = gate == Gate::Resource(PolicyKind::Resource) && self.facts.relation() == Relation::Within;
        let account = self.facts.caller.account.filter(|_| has_policies && !is_let_in && !belongs)?;
        Some(NewPrincipal::Aws(format!("arn:{}:iam::{account}:root", self.partition())))
    }

    fn partition(&self) -> &str {
        let partition = self.facts.request.resource.arn.split(':').nth(1);
        partition.filter(|partition| !partition.is_empty()).unwrap_or("aws")
    }

    /// Where a statement names a principal that was made again since, saving the policy again is enough.
    fn save_again(&mut self, gate: Gate, place: &PolicyPlace) {
        let near = self.near_statements(gate);
        let recreated = near.iter().find(
            |(miss, _)| matches!(miss.differs.as_slice(), [only] if only.element == Differing::PrincipalRecreated),
        );
        let Some((_, near)) = recreated else { return };
        let edit = PolicyEdit {
            place: place.clone(),
            how: How::SavedAgain,
            before: Some(Arc::<Policy>::clone(&near.policy)),
            after: Arc::clone(&near.policy),
            statement: near.statement().map(|statement| statement.span),
        };
        self.offer(Edit::Policy(edit), false, 0);
    }
}
