//! Whether whom the agent asks answers: by what stands at the other end, and by what the agent counts.

use std::collections::BTreeMap;

use super::{Agent, Asks, Facts};
use crate::chain::{Known, Link};

/// What was seen of the way from the agent to whom it asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// What answers there.
    pub far_end: Known<FarEnd>,
    /// What the agent counts of its calls.
    pub calls: Known<Calls>,
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FarEnd {
    /// A Service of the cluster.
    Service(Service),
    /// Anybody else, tried from where the diagnosis runs: that says nothing of the node.
    Elsewhere {
        /// `HOST:PORT`
        host: String,
        /// Whether it could be connected to, else why not.
        reached: Result<(), String>,
    },
}

/// A Service, and the pods that answer for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Endpoints that are ready. `Absent`: there is no such Service.
    pub ready: Known<usize>,
    /// The pods that its selector takes.
    pub pods: Vec<Behind>,
}

/// A pod behind a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Its name.
    pub name: String,
    /// Whether it is ready.
    pub is_ready: bool,
    /// The status and the words of its readiness probe, where the apiserver has passed on that question.
    pub says: Known<(u16, String)>,
}

/// Calls of the upstream since an agent began, by how they ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Those that got an answer, be it a refusal.
    pub answered: u64,
    /// Those that got none, or one that cannot be true, by the name that the agent has for it.
    pub failed: BTreeMap<String, u64>,
}

const NAME: &str = "connection";

pub(super) fn link(facts: &Facts<'_>) -> Link {
    let (Known::Is(agent), Some(node)) = (&facts.agent, &facts.pod.node) else {
        return Link::skipped(NAME, "no agent is known that would ask");
    };
    let Some(asks) = &agent.asks else {
        return Link::unknown(NAME, format_args!("the pod of {} does not tell whom the agent asks", agent.pod()));
    };
    let whom = whom(asks, facts);
    let link = match &facts.way.far_end {
        Known::Is(FarEnd::Service(service)) => of_service(service, &whom, agent),
        _ => Err(()),
    };
    let link = match link {
        Ok(broken) => broken,
        Err(()) => by_calls(facts, agent, node, &whom),
    };
    let link = match asks {
        Asks::Broker { ca: Some(file), .. } => link.detail(format_args!("by {file} the agent knows it")),
        _ => link,
    };
    with_far_end(with_calls(link, facts), facts)
}

fn whom(asks: &Asks, facts: &Facts<'_>) -> String {
    match asks {
        Asks::Broker { url, .. } => format!("the broker at {url}"),
        Asks::EksAuth { endpoint: Some(url), .. } => format!("EKS Auth at {url}"),
        Asks::EksAuth { region, .. } => {
            format!("EKS Auth of {}", region.as_deref().unwrap_or_else(|| facts.cluster.arn.region()))
        }
    }
}

/// What is broken of a Service, whatever the agent has counted until now.
fn of_service(service: &Service, whom: &str, agent: &Agent) -> Result<Link, ()> {
    let Service { namespace, name, ready, pods } = service;
    let agent_pod = agent.pod();
    match ready {
        Known::Absent => {
            let says = format_args!("{agent_pod} asks {whom}, but there is no Service {name} in namespace {namespace}");
            Ok(Link::broken(NAME, says).help("install the broker there, or correct the agent's --broker", []))
        }
        Known::Is(0) => {
            let says = format_args!("nobody answers for {whom}: Service {namespace}/{name} has no ready endpoint");
            let mut commands = vec![format!("kubectl describe service {name} --namespace {namespace}")];
            commands.extend(pods.iter().find(|pod| !pod.is_ready).map(|pod| {
                let name = &pod.name;
                format!(
                    "kubectl describe pod {name} --namespace {namespace}; kubectl logs {name} --namespace {namespace}"
                )
            }));
            let help = match pods.as_slice() {
                [] => {
                    "no pod has the labels of the Service's selector: see whether the broker runs, and is labelled so"
                }
                _ => "see why the broker's pods are not ready",
            };
            Ok(Link::broken(NAME, says).help(help, commands))
        }
        Known::Is(_) if !pods.is_empty() && pods.iter().all(is_ill) => {
            let says = format_args!("each pod of {whom} says that it is not ready");
            let commands = pods.iter().map(|pod| format!("kubectl logs {} --namespace {namespace}", pod.name));
            Ok(Link::broken(NAME, says).help("see why", commands))
        }
        Known::Is(_) | Known::Unknown(_) => Err(()),
    }
}

fn is_ill(pod: &Behind) -> bool {
    matches!(&pod.says, Known::Is((status, _)) if *status != 200)
}

/// What the agent's own calls tell.
fn by_calls(facts: &Facts<'_>, agent: &Agent, node: &str, whom: &str) -> Link {
    let calls = match &facts.way.calls {
        Known::Is(calls) => calls,
        Known::Absent | Known::Unknown(_) => {
            return Link::unknown(NAME, format_args!("whether {whom} answers to node {node} is not known"));
        }
    };
    let is_ready =
        matches!(&facts.way.far_end, Known::Is(FarEnd::Service(service)) if matches!(service.ready, Known::Is(_)));
    match (calls.answered, calls.failed.values().sum::<u64>()) {
        (0, 0) if is_ready => Link::ok(NAME, format_args!("{whom} is ready; {} has not asked it yet", agent.pod())),
        (0, 0) => Link::unknown(
            NAME,
            format_args!("whether {whom} answers to node {node} is not known: {} has not asked it yet", agent.pod()),
        ),
        (0, _) => {
            let Agent { namespace, name, .. } = agent;
            let help = "see what the agent says of it; look at routes, security groups, VPC endpoints, NetworkPolicies, proxies, \
                        and at whom it trusts";
            Link::broken(NAME, format_args!("{} gets no answer of {whom}", agent.pod()))
                .help(help, [format!("kubectl logs --namespace {namespace} {name}")])
        }
        _ => Link::ok(NAME, format_args!("{whom} answers to {}", agent.pod())),
    }
}

fn with_calls(link: Link, facts: &Facts<'_>) -> Link {
    match &facts.way.calls {
        Known::Is(Calls { answered, failed }) => {
            let failed: Vec<_> = failed.iter().map(|(how, count)| format!(", {how}: {count}")).collect();
            link.detail(format_args!("calls since the agent began: answered: {answered}{}", failed.concat()))
        }
        Known::Absent => link.detail("the agent has no port for metrics, which would tell how its calls end"),
        Known::Unknown(why) => link.detail(format_args!("how the agent's calls end is not known: {why}")),
    }
}

fn with_far_end(mut link: Link, facts: &Facts<'_>) -> Link {
    match &facts.way.far_end {
        Known::Is(FarEnd::Service(Service { namespace, name, ready, pods })) => {
            link = match ready {
                Known::Is(ready) => link.detail(format_args!("Service {namespace}/{name}: ready endpoints: {ready}")),
                Known::Absent => link,
                Known::Unknown(why) => link.detail(format_args!("Service {namespace}/{name}: not known: {why}")),
            };
            for Behind { name, is_ready, says } in pods {
                let ready = if *is_ready { "ready" } else { "not ready" };
                link = match says {
                    Known::Is((status, said)) => {
                        link.detail(format_args!("pod {name}: {ready}; its probe says {status}: {said}"))
                    }
                    Known::Absent => link.detail(format_args!("pod {name}: {ready}; it has no probe to ask")),
                    Known::Unknown(why) => {
                        link.detail(format_args!("pod {name}: {ready}; what its probe says is not known: {why}"))
                    }
                };
            }
            link
        }
        Known::Is(FarEnd::Elsewhere { host, reached: Ok(()) }) => {
            link.detail(format_args!("from here, not from the node: {host} can be connected to"))
        }
        Known::Is(FarEnd::Elsewhere { host, reached: Err(why) }) => {
            link.detail(format_args!("from here, not from the node: {host} cannot be connected to: {why}"))
        }
        Known::Absent => link,
        Known::Unknown(why) => link.detail(format_args!("the other end is not known: {why}")),
    }
}
