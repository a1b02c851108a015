//! What is between a container and AWS: the agent on the pod's node, and whom the agent asks.

use authz::{
    context::{Context, Others},
    principal::{Principal, RoleSession},
    request::{Action, KmsDetail, Request, Resource},
};

use aws_model::Arn;

use super::{Agent, Facts, Upstream};
use crate::{
    chain::{Known, Link},
    decided,
};

/// Source: Amazon EKS User Guide, "AWS Fargate considerations"; "Learn how EKS Pod Identity grants pods access to AWS
/// services" > "EKS Pod Identity restrictions".
const FARGATE: &str = "eks.amazonaws.com/fargate-profile";

/// What the agent does, as its node's role.
///
/// Source: Amazon EKS User Guide, "Set up the Amazon EKS Pod Identity Agent".
const ASKS: &str = "eks-auth:AssumeRoleForPodIdentity";

pub(super) fn agent(facts: &Facts<'_>) -> Link {
    const NAME: &str = "agent";
    if let Some(profile) = facts.pod.labels.get(FARGATE) {
        return Link::broken(NAME, format_args!("the pod is on Fargate (profile {profile}), where no agent can run"))
            .help("give its service account a role by IRSA, or run it on a node", []);
    }
    let Some(node) = &facts.pod.node else { return Link::skipped(NAME, "the pod is on no node yet") };
    match &facts.agent {
        Known::Is(agent) if agent.is_ready => Link::ok(NAME, format_args!("{} is ready on node {node}", agent.pod())),
        Known::Is(agent) => {
            let Agent { namespace, name, .. } = agent;
            Link::broken(NAME, format_args!("{} on node {node} is not ready", agent.pod()))
                .help("see why", [format!("kubectl logs --namespace {namespace} {name}")])
        }
        Known::Absent => Link::broken(NAME, format_args!("no Pod Identity agent is on node {node}"))
            .help("install the agent, and see that its DaemonSet tolerates the node's taints", []),
        Known::Unknown(why) => {
            Link::unknown(NAME, format_args!("whether an agent is on node {node} is not known: {why}"))
        }
    }
}

pub(super) fn upstream(facts: &Facts<'_>) -> Link {
    const NAME: &str = "upstream";
    let node_role = match &facts.upstream {
        Upstream::EksAuth { node_role } => node_role,
        Upstream::Broker { identity } => {
            return match identity {
                Known::Is(arn) => broker(facts, NAME, arn),
                Known::Absent => Link::broken(NAME, "the broker has no AWS credentials of its own"),
                Known::Unknown(why) => {
                    Link::unknown(NAME, format_args!("who the broker is to AWS is not known: {why}"))
                }
            };
        }
    };
    let cluster = facts.cluster;
    let arn = match node_role {
        Known::Is(arn) => arn,
        Known::Absent => {
            return Link::broken(
                NAME,
                "the pod's node has no role, so that its agent has no credentials to ask EKS Auth with",
            );
        }
        Known::Unknown(why) => {
            let says = format_args!(
                "EKS Auth of cluster {}; whether the node's role may ask it is not known: {why}",
                cluster.name
            );
            return Link::unknown(NAME, says);
        }
    };
    let Ok(action) = ASKS.parse::<Action>() else { return Link::unknown(NAME, ASKS) };
    let request = Request {
        principal: Principal::Session(Box::new(RoleSession::of(arn.clone(), None))),
        through: Vec::new(),
        action,
        resource: Resource { arn: cluster.arn.as_str().into(), owner: None, tags: Default::default() },
        region: cluster.arn.region().parse().ok(),
        kms: KmsDetail::default(),
        context: Context::new(Others::Unknown),
    };
    let may = format!("the node's role {arn} may ask EKS Auth of cluster {}", cluster.name);
    decided::link(NAME, facts.world, &request, facts.assumptions, &may)
}

/// Only who it is said to be: whether it answers is another link.
fn broker(facts: &Facts<'_>, name: &'static str, arn: &Arn) -> Link {
    let account = arn.account().parse().ok().and_then(|id| facts.world.account(id));
    match account {
        None => Link::unknown(name, format_args!("the broker is said to be {arn}, of whose account nothing is known")),
        Some(account) if account.role(arn.as_str()).is_none() && account.user(arn.as_str()).is_none() => {
            Link::broken(name, format_args!("the broker is said to be {arn}, which is not there"))
        }
        Some(_) => Link::ok(name, format_args!("the broker, which is said to be {arn} to AWS")),
    }
}
