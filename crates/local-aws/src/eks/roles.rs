//! Roles that are handed to EKS: whether they are there, and trust whom they have to.

use authz::policy::{Effect, PrincipalPattern};
use aws_model::Arn;

use super::{call::Call, fault};
use crate::ServiceError;

/// Who assumes the roles of clusters.
pub(super) const CLUSTERS: &str = "eks.amazonaws.com";
/// Who assumes the roles of pods.
pub(super) const PODS: &str = "pods.eks.amazonaws.com";

/// Who runs pods on Fargate by the roles of profiles.
pub(super) const FARGATE: &str = "eks-fargate-pods.amazonaws.com";

/// A role's ARN.
pub(super) fn parsed(text: &str) -> Result<Arn, ServiceError> {
    let arn: Option<Arn> = text.parse().ok();
    let arn = arn.filter(|arn| arn.service() == "iam" && arn.resource().starts_with("role/"));
    arn.ok_or_else(|| fault::invalid_parameter("Role ARN is invalid"))
}

/// Refuses a role that is not there, is another account's, or does not let a service do what it has to. Conditions are not
/// looked at: what they ask about is known when the role is assumed.
///
/// Source: what users see of AWS's checks (hashicorp/terraform-provider-aws #41483); Amazon EKS User Guide, "Access AWS
/// Resources using EKS Pod Identity Target IAM Roles" (the role must be in the cluster's account).
pub(super) fn check(call: &Call<'_>, role: &Arn, service: &str, actions: &[&str]) -> Result<(), ServiceError> {
    if role.account() != call.account().as_str() {
        return Err(fault::invalid_parameter("Role ARN must be in the same account as the cluster."));
    }
    let authorizer = call.state.authorizer();
    authorizer.admit_role(role, call.ctx.region.partition());
    let world = authorizer.world();
    let known = world.role(role).ok_or_else(fault::no_role)?;
    let trusts = |action: &&str| {
        known.trust.policy.statements().iter().filter(|statement| statement.effect.value == Effect::Allow).any(
            |statement| {
                let principals = statement.principals.as_ref().is_some_and(|principals| {
                    let names = principals.patterns.iter().any(|pattern| match &pattern.value {
                        PrincipalPattern::Anyone => true,
                        PrincipalPattern::Service(named) => **named == *service,
                        _ => false,
                    });
                    names != principals.negated
                });
                let named = statement.actions.patterns.iter().any(|pattern| pattern.value.matches(action));
                principals && named != statement.actions.negated
            },
        )
    };
    if actions.iter().all(trusts) { Ok(()) } else { Err(fault::untrusting_role()) }
}
