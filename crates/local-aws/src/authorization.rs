//! Who may do what: every call is put to one authorization model before it is answered.
//!
//! ```text
//!   caller, region, peer ---.                        KMS and STS tell what changes
//!   operation, input -- catalog's table --> Request        |
//!                                              |           v
//!                                              +-------> World --> allowed, or AWS's own denial
//! ```
//!
//! Nothing here decides: [`authz`] does, over facts that are kept up to date change by change.

pub(crate) mod named;
mod open;
mod propagation;
mod request;
#[cfg(test)]
mod tests;

use std::{
    collections::HashSet,
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use authz::{
    decision::{Denial, DenialEffect, Explanation, Gate, Verdict},
    policy::PolicyKind,
    request::Request,
    rules::Assumptions,
    world::World,
};
use aws_model::AccountId;

pub(crate) use propagation::Spreading;
pub(crate) use request::Asked;

pub(crate) use self::open::{root_stand_in, without_stand_ins};
use self::{open::Administrators, propagation::Propagation};
use crate::{
    error::ServiceError,
    store::{AtomicTicket, Ticket},
};

/// The model, over the facts of one embedded AWS.
#[derive(Debug)]
pub(crate) struct Authorizer {
    world: RwLock<World>,
    assumptions: Assumptions,
    administrators: Administrators,
    /// The accounts whose users and roles had not to be declared, until IAM made the first.
    closed: RwLock<HashSet<AccountId>>,
    /// The newest change of users, roles and policies.
    identities: AtomicTicket,
    propagation: Propagation,
}

impl Authorizer {
    /// Decides over this world to begin with.
    pub(crate) fn new(world: World) -> Self {
        Self::under(Assumptions::default(), world)
    }

    /// The same, with some assumptions not held.
    pub(crate) fn under(assumptions: Assumptions, world: World) -> Self {
        Self {
            world: RwLock::new(world),
            assumptions,
            administrators: Administrators::new(),
            closed: RwLock::default(),
            identities: AtomicTicket::default(),
            propagation: Propagation::default(),
        }
    }

    /// As what a policy is read that was kept: as one that was taken, whatever was assumed then.
    pub(crate) fn kept() -> Assumptions {
        Assumptions { iam_policy_condition_date: false, iam_policy_trust_no_resource: false, ..Assumptions::default() }
    }

    /// What of AWS nobody has published holds.
    pub(crate) fn assumptions(&self) -> &Assumptions {
        &self.assumptions
    }

    /// Whether the request is allowed.
    ///
    /// # Errors
    /// AWS's own denial.
    pub(crate) fn check(&self, request: &Request) -> Result<(), ServiceError> {
        match self.verdict(request) {
            Verdict::Allowed => Ok(()),
            Verdict::Denied(denial) => Err(self.error(&denial, request)),
            Verdict::AllowedIff(residual) => {
                // Who serves a request knows all of it, so what nobody told is of a resource that is not there.
                tracing::debug!(action = %request.action, resource = %request.resource.arn, %residual, "not decided");
                Err(self.absent(request))
            }
        }
    }

    /// Whether `request` is allowed as soon as `stand_in` is. A denial is told as that of `request`.
    ///
    /// # Errors
    /// AWS's own denial.
    pub(crate) fn check_as(&self, stand_in: &Request, request: &Request) -> Result<(), ServiceError> {
        match self.verdict(stand_in) {
            Verdict::Allowed => Ok(()),
            Verdict::Denied(denial) => Err(self.error(&denial, request)),
            Verdict::AllowedIff(_) => Err(self.absent(request)),
        }
    }

    /// The verdict itself.
    pub(crate) fn verdict(&self, request: &Request) -> Verdict {
        self.world().decide(request, &self.assumptions)
    }

    /// The verdict and everything that led to it.
    pub(crate) fn explain(&self, request: &Request) -> Explanation {
        self.world().explain(request, &self.assumptions)
    }

    /// The denial of a request about a resource of another account that is not there. It must not differ from that of
    /// one that is there and lets nobody in.
    pub(crate) fn absent_abroad(&self, request: &Request) -> ServiceError {
        match self.verdict(request) {
            // What comes before the resource's policy is asked, whether it is there or not.
            Verdict::Denied(denial)
                if denial.effect == DenialEffect::Explicit || denial.gate == Gate::ServiceControl =>
            {
                self.error(&denial, request)
            }
            _ => self.absent(request),
        }
    }

    /// What is answered of a resource that is not there, to who may not know that: what one would answer that is there
    /// and lets nobody in.
    pub(crate) fn absent(&self, request: &Request) -> ServiceError {
        let kind = match request.action.service() {
            "kms" => PolicyKind::Key,
            "sts" => PolicyKind::Trust,
            _ => PolicyKind::Resource,
        };
        let denial = Denial { effect: DenialEffect::Implicit, gate: Gate::Resource(kind), account: None, policy: None };
        self.error(&denial, request)
    }

    /// What must be durable before anything is told that rests on users, roles and their policies.
    pub(crate) fn rests_on(&self) -> Ticket {
        self.identities.get()
    }

    /// Notes a change of users, roles or policies, before the facts are told of it: whoever it lets in waits for it.
    pub(crate) fn will_rest_on(&self, ticket: Ticket) {
        self.identities.raise(ticket);
    }

    /// The facts, to be looked at and let go at once.
    pub(crate) fn world(&self) -> RwLockReadGuard<'_, World> {
        self.world.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the facts.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut World) -> R) -> R {
        change(&mut self.world.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn error(&self, denial: &Denial, request: &Request) -> ServiceError {
        let denied = denial.error(request, &self.assumptions);
        let (code, status) = match (denied.code, request.action.service()) {
            (Some(code), _) => (code.name, code.status),
            // Source: AWS CloudTrail API Reference, "Common Error Types"; AWS Organizations API Reference, the errors of
            // each operation; AWS Systems Manager API Reference and Amazon SQS API Reference, "Common errors".
            (None, "cloudtrail" | "organizations" | "ssm" | "sqs") => ("AccessDeniedException", 400),
            // Source: Amazon EKS API Reference, "Common Errors" of EKS, and "AssumeRoleForPodIdentity" of EKS Auth.
            (None, "eks") => ("AccessDeniedException", 403),
            (None, "eks-auth") => ("AccessDeniedException", 400),
            (None, _) => ("AccessDenied", 403),
        };
        ServiceError::new(code, denied.message).with_status(status)
    }
}
