//! One request, from its head to its answer.

use std::{collections::HashMap, sync::Arc, time::Duration};

use eks_auth::{Associations, PodToken};
use http::Request;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body, Bytes};
use tokio::time::timeout;
use uuid::Uuid;

use super::{
    agents::{Agents, Caller},
    api::{self, Answer, Lent, Route},
    assumer::{AssumeError, AssumeErrorKind, RoleAssumer},
    changes::{self, Changes},
    cluster::{Cluster, Clusters},
    lending::Lending,
    metrics::{Metrics, Outcome},
    pace::NodePace,
    refusal::{Code, Refusal},
    verified,
};
use crate::{
    clock::Now,
    connections::{Answers, Connection},
};

/// A body is no longer: a token, and braces around it.
const LONGEST_BODY: usize = 32 * 1024;
/// It is there this soon.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What a broker is made of.
pub struct BrokerSettings {
    /// Whose pods are given credentials.
    pub clusters: Clusters,
    /// Which agents may ask for them.
    pub agents: Agents,
    /// Requests a second of one node; 0 is no limit.
    pub node_qps: u32,
    /// Who begins sessions.
    pub assumer: Arc<dyn RoleAssumer>,
    /// Tells the time.
    pub now: Now,
    /// What is counted.
    pub metrics: Metrics,
}

/// Answers agents.
pub struct Desk {
    clusters: Clusters,
    agents: Agents,
    pace: NodePace,
    lending: Lending,
    changes: HashMap<String, Changes>,
    now: Now,
    metrics: Metrics,
}

impl Desk {
    /// A broker without a port yet. Must be called within a tokio runtime.
    #[must_use]
    pub fn new(settings: BrokerSettings) -> Self {
        let BrokerSettings { clusters, agents, node_qps, assumer, now, metrics } = settings;
        let lending = Lending::new(assumer, metrics.clone());
        let changes = clusters
            .iter()
            .map(|cluster| (cluster.arn.name().to_owned(), Changes::follow(cluster.associations.clone())));
        let changes = changes.collect();
        Self { clusters, agents, pace: NodePace::per_second(node_qps), lending, changes, now, metrics }
    }

    /// Whose pods are given credentials.
    #[must_use]
    pub fn clusters(&self) -> &Clusters {
        &self.clusters
    }

    /// Looks again for the broker's own credentials and the clusters' keys.
    pub async fn reload(&self) {
        for cluster in self.clusters.iter() {
            cluster.keys.look().await;
        }
        self.lending.reload().await;
    }

    /// Answers a request.
    pub async fn answer<B>(&self, request: Request<B>, connection: Connection) -> Answer
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let id = Uuid::new_v4().to_string();
        let (head, body) = request.into_parts();
        let answered = match Route::of(&head.method, &head.uri) {
            Some(Route::AssumeRole { cluster }) => self.assume_role(cluster, &head, body, connection, &id).await,
            Some(Route::Changes { cluster, since }) => self.changes(cluster, since, &head, connection, &id).await,
            None => Err(Refusal::new(Code::UnknownOperation, "there is no such operation")),
        };
        match answered {
            Ok(answer) => {
                self.metrics.answered(Outcome::Ok);
                answer
            }
            Err(refusal) => {
                self.metrics.answered(refusal.outcome);
                if let Some(left_out) = self.metrics.log_refusal() {
                    let (code, message) = (refusal.code.name(), refusal.message.as_str());
                    tracing::warn!(peer = %connection.peer, request = id, code, message, left_out, "refused");
                }
                api::refused(&refusal, &id)
            }
        }
    }

    async fn assume_role<B>(
        &self,
        cluster: &str,
        head: &http::request::Parts,
        body: B,
        connection: Connection,
        id: &str,
    ) -> Result<Answer, Refusal>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let cluster = self.find(cluster)?;
        let caller = self.agents.identify(cluster, &head.headers, (self.now)()).await?;
        if !self.pace.admits(cluster, &caller, connection) {
            return Err(too_often());
        }
        let token = api::token(&read(body).await?)?;
        let claims = verified::claims(cluster, token.expose(), (self.now)()).await;
        let claims = claims.map_err(|failed| failed.refusal())?;
        let pod = PodToken::of(&claims).map_err(|invalid| Refusal::new(Code::InvalidToken, invalid.to_string()))?;
        self.agents.admit(&caller, cluster, &pod).await?;
        self.lend(cluster, &pod, &caller, id).await
    }

    async fn changes(
        &self,
        cluster: &str,
        since: Option<&str>,
        head: &http::request::Parts,
        connection: Connection,
        id: &str,
    ) -> Result<Answer, Refusal> {
        let cluster = self.find(cluster)?;
        let caller = self.agents.identify(cluster, &head.headers, (self.now)()).await?;
        if !self.pace.admits_changes(cluster, &caller, connection) {
            return Err(too_often());
        }
        let _counted = self.metrics.waiting();
        let waiting = self.changes.get(cluster.arn.name()).map(|changes| changes.since(since));
        let told = match waiting {
            Some(waiting) => waiting.await,
            None => None,
        };
        told.map(|told| api::told(&told, id)).ok_or_else(not_known)
    }

    async fn lend(&self, cluster: &Cluster, pod: &PodToken, caller: &Caller, id: &str) -> Result<Answer, Refusal> {
        let associations = associations(cluster)?;
        let (namespace, account) = (pod.namespace.as_str(), pod.service_account.as_str());
        let association = associations.find(namespace, account).ok_or_else(|| {
            // EKS Auth's words.
            let message =
                format!("No Pod Identity association found for service account {account} in namespace {namespace}.");
            Refusal::new(Code::ResourceNotFound, message)
        })?;
        let known = cluster.arn.cluster();
        let grant = eks_auth::grant(known, pod, association, &Uuid::new_v4().to_string());
        let session = self.lending.lend(&grant, known, (self.now)()).await.map_err(refusal)?;
        let node = match caller {
            Caller::Agent(node) => node.name.as_str(),
            Caller::Unbound => "",
        };
        tracing::info!(
            cluster = known.name,
            namespace,
            service_account = account,
            pod = pod.pod_name,
            node,
            association = association.id,
            session = session.arn,
            expires = %session.expires,
            packed = session.packed,
            request = id,
            "credentials issued"
        );
        let revision = changes::revision(self.changes.get(known.name), &associations);
        let lent = Lent {
            namespace,
            service_account: account,
            association_arn: cluster.arn.association(&association.id),
            association_id: &association.id,
            session: &session,
            revision: &revision,
        };
        Ok(api::lent(&lent, id))
    }

    fn find(&self, name: &str) -> Result<&Cluster, Refusal> {
        self.clusters.find(name).ok_or_else(|| {
            let shown: String = name.chars().take(100).collect();
            let message = format!("No cluster found for name: {shown}.");
            Refusal::new(Code::ResourceNotFound, message).counted(Outcome::UnknownCluster)
        })
    }
}

fn associations(cluster: &Cluster) -> Result<Arc<Associations>, Refusal> {
    cluster.associations.borrow().clone().ok_or_else(not_known)
}

fn too_often() -> Refusal {
    Refusal::new(Code::Throttling, "the node asks too often").counted(Outcome::HeldBack)
}

fn not_known() -> Refusal {
    let message = "the cluster's associations are not known yet";
    Refusal::new(Code::ServiceUnavailable, message).counted(Outcome::NotReady)
}

async fn read<B>(body: B) -> Result<Bytes, Refusal>
where
    B: Body<Data = Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let invalid = |message: &str| Refusal::new(Code::InvalidRequest, message);
    match timeout(BODY_TIMEOUT, Limited::new(body, LONGEST_BODY).collect()).await {
        Ok(Ok(read)) => Ok(read.to_bytes()),
        Ok(Err(_)) => Err(invalid("the body did not come whole, or is longer than 32 KiB")),
        Err(_) => Err(invalid("the body did not come in time")),
    }
}

/// What EKS Auth answers in such a case.
fn refusal(error: AssumeError) -> Refusal {
    let AssumeError { kind, message } = error;
    match kind {
        AssumeErrorKind::Denied => Refusal::new(Code::AccessDenied, message),
        AssumeErrorKind::TooLong | AssumeErrorKind::PackedTooLarge | AssumeErrorKind::Invalid => {
            Refusal::new(Code::InvalidRequest, message).counted(Outcome::RoleRefused)
        }
        AssumeErrorKind::Throttled => Refusal::new(Code::Throttling, message),
        AssumeErrorKind::OwnCredentials => {
            Refusal::new(Code::ServiceUnavailable, message).counted(Outcome::OwnCredentials)
        }
        AssumeErrorKind::Away => Refusal::new(Code::ServiceUnavailable, message),
        AssumeErrorKind::Untrue => Refusal::new(Code::InternalServer, message),
    }
}

impl Answers for Desk {
    const OF: &str = "agents";
    const MOST: usize = 8192;

    async fn answer(&self, request: Request<hyper::body::Incoming>, connection: Connection) -> Answer {
        Desk::answer(self, request, connection).await
    }

    fn connections(&self, open: usize) {
        self.metrics.connections(open);
    }

    fn handshake_failed(&self) {
        self.metrics.handshake_failed();
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("clusters", &self.clusters).field("lending", &self.lending).finish_non_exhaustive()
    }
}
