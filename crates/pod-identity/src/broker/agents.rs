//! Whose request it is: an agent's, which tells its node by a token of its own; or one of nobody known.
//!
//! A node gets credentials only for pods that run on it. So the agent's token, which the apiserver bound to the agent's pod,
//! says on which node that is, and the pod's token has to say the same.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use async_trait::async_trait;
use eks_auth::{Node, PodToken};
use http::{HeaderMap, header};
use jiff::Timestamp;
use tokio::time::timeout;

use super::{
    cluster::Cluster,
    metrics::Outcome,
    refusal::{Code, Refusal},
    verified::{self, NotBelieved},
};

/// For whom the tokens of agents are issued.
pub const AGENT_AUDIENCE: &str = "pod-identity.claviger.dev";

/// How long a lookup may take of which the token says what comes of it.
const LOOK_UP: Duration = Duration::from_secs(1);

/// Which agents are served.
#[derive(Clone, Debug)]
pub struct Agents {
    /// Their service account.
    pub service_account: ServiceAccount,
    /// Whether those are served, too, that do not say which node they are of: AWS's own agent cannot. Then every node gets
    /// credentials for every pod whose token it has.
    pub unbound: bool,
    /// Where pods are looked up whose tokens do not say which node they run on.
    pub pods: Option<Arc<dyn Pods>>,
}

/// A service account, as a flag names it: `NAMESPACE/NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// The text names no service account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no service account: write NAMESPACE/NAME")]
pub struct InvalidServiceAccount(pub String);

/// Knows which node a pod runs on.
#[async_trait]
pub trait Pods: fmt::Debug + Send + Sync + 'static {
    /// Whether pods of the cluster of this name are looked up.
    fn knows(&self, cluster: &str) -> bool;

    /// The name of the node of the pod of this name and unique id, in the cluster of this name. `None`: there is no such pod,
    /// or it runs on none yet.
    ///
    /// # Errors
    /// Why that is not known.
    async fn node_of(&self, cluster: &str, pod: &PodToken) -> Result<Option<String>, String>;
}

/// Whose request it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// The agent of this node.
    Agent(Node),
    /// Somebody who may ask without saying who it is.
    Unbound,
}

impl Agents {
    /// Whose request it is that has these headers.
    pub(super) async fn identify(
        &self,
        cluster: &Cluster,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        let text = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Some(token) = text.strip_prefix("Bearer ") else {
            if self.unbound {
                return Ok(Caller::Unbound);
            }
            let message = "the request has no token of an agent (`Authorization: Bearer ...`); AWS's own agent, which \
                           sends none, is served under --allow-unbound-agents";
            return Err(Refusal::new(Code::MissingAuthentication, message));
        };
        let claims = verified::claims(cluster, token, now).await.map_err(|failed| match failed {
            NotBelieved::NoKeys => failed.refusal(),
            failed => refused(&failed.to_string()),
        })?;
        let agent = PodToken::for_audience(&claims, AGENT_AUDIENCE).map_err(|invalid| refused(&invalid.to_string()))?;
        let ServiceAccount { namespace, name } = &self.service_account;
        if agent.namespace != *namespace || agent.service_account != *name {
            return Err(refused(&format!("its service account is not {namespace}/{name} (--agent-service-account)")));
        }
        agent.node.map(Caller::Agent).ok_or_else(|| {
            refused("it does not say which node it is of; the apiserver writes that from Kubernetes 1.30 on")
        })
    }

    /// Whether the caller may have credentials of this pod.
    pub(super) async fn admit(&self, caller: &Caller, cluster: &Cluster, pod: &PodToken) -> Result<(), Refusal> {
        let Caller::Agent(node) = caller else { return Ok(()) };
        let denied = |outcome: Outcome, what: &str| {
            let message = format!("the pod {}/{} {what}", pod.namespace, pod.pod_name);
            Refusal::new(Code::AccessDenied, message).counted(outcome)
        };
        let elsewhere = || denied(Outcome::OtherNode, "does not run on the agent's node");
        if pod.node.as_ref().is_some_and(|of_pod| of_pod.name != node.name) {
            return Err(elsewhere());
        }
        match (self.look_up(cluster, pod).await, &pod.node) {
            // Also where the node was registered anew, which its pods' tokens do not know.
            (Some(Ok(Some(of_pod))), _) if of_pod == node.name => Ok(()),
            (Some(Ok(Some(_))), _) => Err(elsewhere()),
            // A token outlives its pod.
            (Some(Ok(None)), _) => Err(denied(Outcome::PodGone, "is gone, or runs on no node yet")),
            // The apiserver is away, or nobody is asked: what it wrote into the token counts.
            (_, Some(of_pod)) if of_pod == node => Ok(()),
            (_, Some(_)) => Err(elsewhere()),
            (Some(Err(reason)), None) => {
                let message = format!("cannot look up which node the pod runs on: {reason}");
                Err(Refusal::new(Code::ServiceUnavailable, message).counted(Outcome::NodeUnknown))
            }
            (None, None) => {
                let message = "the pod's token does not say which node the pod runs on, and pods are not looked up here; the \
                               apiserver writes it from Kubernetes 1.30 on";
                Err(Refusal::new(Code::AccessDenied, message).counted(Outcome::NodeUnknown))
            }
        }
    }
}

impl Agents {
    /// Which node the pod runs on, where that is looked up.
    async fn look_up(&self, cluster: &Cluster, pod: &PodToken) -> Option<Result<Option<String>, String>> {
        let name = cluster.arn.name();
        let pods = self.pods.as_ref().filter(|pods| pods.knows(name))?;
        let asked = pods.node_of(name, pod);
        if pod.node.is_none() {
            return Some(asked.await);
        }
        // An apiserver that does not answer is as good as away, and the SDK in the pod waits for two seconds.
        let late = |_| Err(format!("the apiserver gave no answer within {} s", LOOK_UP.as_secs()));
        Some(timeout(LOOK_UP, asked).await.unwrap_or_else(late))
    }
}

fn refused(reason: &str) -> Refusal {
    Refusal::new(Code::UnrecognizedClient, format!("the agent's token is not taken: {reason}"))
}

impl FromStr for ServiceAccount {
    type Err = InvalidServiceAccount;

    fn from_str(text: &str) -> Result<Self, InvalidServiceAccount> {
        match text.split_once('/') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
                Ok(Self { namespace: namespace.to_owned(), name: name.to_owned() })
            }
            _ => Err(InvalidServiceAccount(text.to_owned())),
        }
    }
}

impl fmt::Display for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}
