//! What the pod may do with its credentials.

use authz::{
    context::{Context, Others},
    policy::{Policy, PolicyKind},
    principal::Principal,
    request::{KmsDetail, Request},
    text::SourceText,
};
use eks_auth::Grant;

use super::{Facts, roles};
use crate::{chain::Link, decided};

const NAME: &str = "permission";

pub(super) fn link(facts: &Facts<'_>, grant: Option<&Grant<'_>>) -> Link {
    let Some(grant) = grant else { return Link::skipped(NAME, "without an association there are no credentials") };
    let Some(wish) = &facts.wish else { return Link::skipped(NAME, "nothing was asked that the pod is to do") };
    let last = grant.target.as_ref().unwrap_or(&grant.role);
    let mut session = roles::session(last, &grant.role.tags);
    session.chained = grant.target.is_some();
    if let Some(text) = last.policy {
        match Policy::parse_under(SourceText::new("session policy", text), PolicyKind::Session, facts.assumptions) {
            Ok(policy) => session.policies.push(policy.into()),
            Err(malformed) => {
                return Link::broken(NAME, format_args!("the association's session policy is none: {malformed}"));
            }
        }
    }
    let request = Request {
        principal: Principal::Session(Box::new(session)),
        through: Vec::new(),
        action: wish.action.clone(),
        resource: wish.resource.clone(),
        region: facts.cluster.arn.region().parse().ok(),
        kms: KmsDetail { encryption_context_is_partial: true, ..KmsDetail::default() },
        context: Context::new(Others::Unknown),
    };
    let may = format!("the pod may {} on {}", wish.action, wish.resource.arn);
    decided::link(NAME, facts.world, &request, facts.assumptions, &may)
}
