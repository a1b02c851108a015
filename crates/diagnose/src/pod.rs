//! Why a pod has no AWS credentials, or may not do something with them.
//!
//! ```text
//!   pod - service account - association - injection - token - agent - connection - upstream - role - trust policy - target role
//!     - permission
//! ```
//!
//! Each link is looked at whether or not those before it hold, as far as what it needs is known: who mends one thing should
//! not find the next one afterwards.
//!
//! Sources: Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services" and the pages below it;
//! AWS SDKs and Tools Reference Guide, "Container credential provider" and "Standardized credential providers".

mod agent;
mod association;
mod connection;
mod injection;
mod node;
mod permission;
mod roles;
mod seen;
mod token;

use std::sync::Arc;

use authz::{
    request::{Action, Resource},
    rules::Assumptions,
    world::World,
};
use aws_model::Arn;
use eks_auth::{Associations, Cluster, Grant, Packed, PodToken};

pub use self::{
    agent::{Agent, Asks},
    connection::{Behind, Calls, FarEnd, Service, Way},
    injection::{Decision, Injection},
    seen::{Container, Pod, ProjectedToken, ServiceAccount, Unreadable},
};
use crate::chain::{Chain, Known, Link};

/// What is known.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The pod; where it is not there, whose it would be.
    pub pod: &'a Pod,
    /// Its service account.
    pub service_account: Known<ServiceAccount>,
    /// The cluster that associations are of.
    pub cluster: Cluster<'a>,
    /// All associations of the cluster.
    pub associations: Known<Arc<Associations>>,
    /// What the webhook makes of the pod.
    pub injection: Known<Injection>,
    /// Who makes sessions for the cluster's pods.
    pub upstream: Upstream,
    /// The agent on the pod's node.
    pub agent: Known<Agent>,
    /// The way from it to whom it asks.
    pub way: Way,
    /// The accounts, as far as they were looked at.
    pub world: &'a World,
    /// What AWS has not published and what is assumed of it.
    pub assumptions: &'a Assumptions,
    /// What the pod is to do, if that is asked.
    pub wish: Option<Wish>,
}

/// Who makes sessions for pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// EKS Auth, which the agent calls as the node's role.
    EksAuth {
        /// The role of the pod's node.
        node_role: Known<Arn>,
    },
    /// The broker, which assumes roles as this role or user.
    Broker {
        /// Who it is to AWS.
        identity: Known<Arn>,
    },
}

/// Something that a pod is to do.
#[derive(Clone, Debug)]
pub struct Wish {
    /// What.
    pub action: Action,
    /// To what.
    pub resource: Resource,
}

/// A session's name ends with a UUID that nobody can tell beforehand.
const SOME_UUID: &str = "00000000-0000-4000-8000-000000000000";

/// Follows a pod's credentials from its service account to what they permit.
#[must_use]
pub fn diagnose(facts: &Facts<'_>) -> Chain {
    let pod = facts.pod;
    let mut links = vec![the_pod(pod), association::service_account(facts)];
    let (mut association, found) = association::link(facts);
    let token = PodToken {
        namespace: pod.namespace.clone(),
        service_account: pod.service_account.clone(),
        pod_name: pod.name.clone(),
        pod_uid: pod.uid.clone(),
        node: None,
    };
    let grant: Option<Grant<'_>> =
        found.as_ref().map(|association| eks_auth::grant(facts.cluster, &token, association, SOME_UUID));
    // With this pod's own names.
    if let Some(packed) = grant.as_ref().map(|grant| Packed::of(&grant.role)).filter(Packed::may_be_refused) {
        association = association.detail(format_args!("STS may refuse it: {packed}")).help(Packed::HELP, []);
    }
    links.push(association);
    links.push(injection::link(pod, &facts.injection));
    links.push(token::link(pod));
    links.push(node::agent(facts));
    links.push(connection::link(facts));
    links.push(node::upstream(facts));
    links.extend(roles::links(facts, grant.as_ref()));
    links.push(permission::link(facts, grant.as_ref()));
    Chain { links }
}

fn the_pod(pod: &Pod) -> Link {
    const NAME: &str = "pod";
    let Pod { namespace, name, node, service_account, .. } = pod;
    match node {
        Some(node) => {
            Link::ok(NAME, format_args!("{namespace}/{name} is on node {node}, as service account {service_account}"))
        }
        None => Link::ok(NAME, format_args!("{namespace}/{name}, as service account {service_account}"))
            .detail("it is on no node yet, so that none of its containers runs"),
    }
}
