//! Replicas of a broker behind one address, an agent before them, and a record of what was given when.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use eks_auth::PodToken;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use pod_identity::{
    agent::{
        BearerToken, Broker, BrokerSettings, Cache, CacheSettings, Connection, CredentialSource, Desk, Hosts, Issued,
        Metrics, PodPace, SourceError, TakenBack, Validator,
    },
    broker::Pods,
};
use prometheus_client::registry::Registry;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{
    issuer::jwks,
    rig::{Differs, Rig},
};

/// Of each service account its role's number; 0 is no association.
pub(crate) type Roles = [u8; 3];

/// What the way to the replicas does with a call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Way {
    pub(crate) replica: usize,
    /// Milliseconds before the call reaches the replica, and before its answer leaves.
    pub(crate) before: u64,
    pub(crate) after: u64,
    /// In place of the replica's answer.
    pub(crate) fault: Option<Fault>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    HangsUp,
    Throttles,
    IsIll,
    Lies,
}

/// All of it.
pub(crate) struct Fleet {
    pub(crate) front: Arc<Front>,
    pub(crate) agent: Desk,
    told: Arc<Told>,
    /// Unique ids of pods that an apiserver no longer has.
    gone: Arc<Gone>,
    /// The same, of those that the agent was told of.
    gone_told: Mutex<HashSet<String>>,
    /// What the state of a name has.
    states: Mutex<HashMap<String, Roles>>,
}

/// The one address.
pub(crate) struct Front {
    pub(crate) replicas: Vec<Rig>,
    way: Mutex<Way>,
    /// The state that an answer about changes named last.
    revision: Mutex<Option<String>>,
}

#[derive(Debug, Default)]
struct Gone(Mutex<HashSet<String>>);

#[async_trait]
impl Pods for Gone {
    fn knows(&self, _cluster: &str) -> bool {
        true
    }

    async fn node_of(&self, _cluster: &str, pod: &PodToken) -> Result<Option<String>, String> {
        Ok((!self.0.lock().unwrap().contains(&*pod.pod_uid)).then(|| "one".to_owned()))
    }
}

/// The broker as the agent has it, and when the agent heard of what. On one thread: between what is noted here and what the cache
/// does about it nothing else runs.
struct Told {
    broker: Broker,
    front: Arc<Front>,
    /// The states in the order in which they were told.
    history: Mutex<Vec<String>>,
    /// When the cache had dropped what each of them takes.
    done: Mutex<Vec<u64>>,
    clock: AtomicU64,
    /// Of each session when it was asked for, and when the agent had it.
    given: Mutex<HashMap<String, (u64, u64)>>,
}

impl Told {
    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.broker.fmt(f)
    }
}

#[async_trait]
impl CredentialSource for Told {
    async fn issue(&self, token: &BearerToken) -> Result<Issued, SourceError> {
        let began = self.tick();
        let issued = self.broker.issue(token).await?;
        let body: Value = serde_json::from_slice(&issued.credentials.body()).unwrap();
        let session = body["Token"].as_str().unwrap().to_owned();
        self.given.lock().unwrap().insert(session, (began, self.tick()));
        Ok(issued)
    }

    async fn taken_back(&self) -> TakenBack {
        // Who asks for the next has done what the last one takes.
        if !self.history.lock().unwrap().is_empty() {
            self.done.lock().unwrap().push(self.tick());
        }
        let taken_back = self.broker.taken_back().await;
        let revision = self.front.revision.lock().unwrap().clone().unwrap();
        self.history.lock().unwrap().push(revision);
        taken_back
    }
}

/// What somebody asked for, and what came of it.
#[derive(Debug)]
pub(crate) struct Asked {
    pod: String,
    account: usize,
    /// When.
    at: u64,
    /// How many states had been told and done by then.
    told: usize,
    /// Whether the agent had been told by then that the pod has gone.
    gone: bool,
    status: StatusCode,
    body: Value,
}

impl Fleet {
    pub(crate) async fn start(replicas: usize, settings: CacheSettings) -> Self {
        let gone = Arc::new(Gone::default());
        let mut rigs: Vec<Rig> = Vec::new();
        for _ in 0..replicas {
            let pods = Arc::clone(&gone) as Arc<dyn Pods>;
            let rig = Rig::with(Differs { pods: Some(pods), ..Differs::default() }).await;
            rig.assumer.dawdle();
            if let Some(first) = rigs.first() {
                std::fs::write(rig.folder.path().join("jwks.json"), jwks([&first.key]).to_string()).unwrap();
            }
            rig.desk.reload().await;
            rigs.push(rig);
        }
        let own = rigs[0].folder.path().join("own-token");
        std::fs::write(&own, rigs[0].agent("one")).unwrap();
        let front = Arc::new(Front { replicas: rigs, way: Mutex::default(), revision: Mutex::default() });
        let endpoint = Arc::clone(&front).listen().await;
        let broker = BrokerSettings { endpoint, ca: None, token: own, cluster: "demo".to_owned() };
        let told = Arc::new(Told {
            broker: Broker::new(broker).unwrap(),
            front: Arc::clone(&front),
            history: Mutex::default(),
            done: Mutex::default(),
            clock: AtomicU64::default(),
            given: Mutex::default(),
        });
        let metrics = Metrics::register(&mut Registry::default());
        let source = Arc::clone(&told) as Arc<dyn CredentialSource>;
        let agent = Desk {
            hosts: Hosts::new(["127.0.0.1".to_owned()]),
            pace: PodPace::per_second(0),
            validator: Validator::basic(),
            cache: Cache::new(source, settings, Arc::new(Timestamp::now), metrics.clone()),
            metrics,
        };
        let fleet = Self { front, agent, told, gone, gone_told: Mutex::default(), states: Mutex::default() };
        for replica in 0..replicas {
            fleet.associate(replica, [1; 3]).await;
        }
        fleet
    }

    pub(crate) fn lead(&self, way: Way) {
        *self.front.way.lock().unwrap() = way;
    }

    /// One replica hears of other associations.
    pub(crate) async fn associate(&self, replica: usize, roles: Roles) {
        let one = |(account, role): (usize, u8)| {
            format!(
                "---\napiVersion: claviger.dev/v1alpha1\nkind: PodIdentityAssociation\nspec: {{ namespace: shop, serviceAccount: \
                 sa{account}, roleArn: 'arn:aws:iam::111122223333:role/sa{account}-{role}' }}\n"
            )
        };
        let rig = &self.front.replicas[replica];
        rig.associate(&roles.into_iter().enumerate().filter(|(_, role)| *role > 0).map(one).collect::<String>());
        let agent = format!("Bearer {}", self.front.replicas[0].agent("one"));
        let told = rig.send(http::Method::GET, "/clusters/demo/changes", &agent, String::new()).await;
        let revision = told.body["revision"].as_str().unwrap().to_owned();
        self.states.lock().unwrap().insert(revision, roles);
    }

    /// The apiserver no longer has a pod; and then the agent hears of it.
    pub(crate) fn delete(&self, uid: &str) {
        self.gone.0.lock().unwrap().insert(uid.to_owned());
        self.agent.cache.forget_pod(uid);
        self.gone_told.lock().unwrap().insert(uid.to_owned());
    }

    /// Asks the agent as a pod does.
    pub(crate) async fn ask(&self, pod: &str, account: usize, token: &str) -> Asked {
        let gone = self.gone_told.lock().unwrap().contains(&format!("uid-of-{pod}"));
        let told = self.told.done.lock().unwrap().len();
        let at = self.told.tick();
        let request = Request::get("/v1/credentials").header(header::HOST, "127.0.0.1");
        let request = request.header(header::AUTHORIZATION, token).body(()).unwrap();
        let connection = Connection { peer: ([10, 0, 0, 1], 1).into(), local: ([127, 0, 0, 1], 80).into() };
        let answer = self.agent.answer(&request, connection).await;
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Asked { pod: pod.to_owned(), account, at, told, gone, status, body }
    }

    /// What a pod was handed is its own, of no state that is older than what the agent had been told, and nothing at all where
    /// the agent had been told that the pod has gone. Says whether it was handed something that was there already.
    pub(crate) fn check(&self, asked: &Asked) -> bool {
        if asked.status != StatusCode::OK {
            assert!(asked.body["SecretAccessKey"].is_null(), "{asked:?}");
            return false;
        }
        assert!(!asked.gone, "the agent knew that the pod had gone: {asked:?}");
        let text = |name: &str| asked.body[name].as_str().unwrap();
        let session = text("Token");
        let of = session.strip_prefix("session-of-eks-demo-").and_then(|rest| rest.get(..asked.pod.len()));
        assert_eq!(of, Some(&*asked.pod), "of another pod: {asked:?}");
        let role = text("AccessKeyId").strip_prefix(&format!("ASIA-sa{}-", asked.account));
        let role: u8 = role.unwrap_or_else(|| panic!("of another service account: {asked:?}")).parse().unwrap();
        let (began, had) = self.told.given.lock().unwrap()[session];
        let Some(last) = asked.told.checked_sub(1) else { return false };
        let (history, states) = (self.told.history.lock().unwrap(), self.states.lock().unwrap());
        // What a rig begins with has nothing for these service accounts.
        let roles = |revision: &String| states.get(revision).copied().unwrap_or_default()[asked.account];
        let (before, since) = history.split_at(last);
        let since: Vec<u8> = since.iter().map(roles).collect();
        // A replica that is behind is asked in good faith. What it says goes to whoever waits for that, and is not kept.
        let unchanged = before.iter().rev().take_while(|revision| roles(revision) == since[0]).count();
        if had > asked.at && began > self.told.done.lock().unwrap()[last - unchanged] {
            return false;
        }
        assert!(since.contains(&role), "older than what was told: {asked:?}, {since:?}");
        true
    }
}

impl Front {
    async fn listen(self: Arc<Self>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let front = Arc::clone(&self);
                let service = service_fn(move |request| Arc::clone(&front).pass_on(request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        endpoint
    }

    async fn pass_on(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, std::io::Error> {
        let way = *self.way.lock().unwrap();
        let (head, body) = request.into_parts();
        let body = String::from_utf8(body.collect().await.map_err(std::io::Error::other)?.to_bytes().to_vec()).unwrap();
        let authorization = head.headers[header::AUTHORIZATION].to_str().unwrap().to_owned();
        let is_about_changes = head.uri.path().ends_with("/changes");
        if !is_about_changes {
            tokio::time::sleep(Duration::from_millis(way.before)).await;
        }
        let path = head.uri.path_and_query().unwrap().as_str();
        let answered = self.replicas[way.replica].send(head.method, path, &authorization, body).await;
        let mut answer = Response::new(Full::from(answered.body.to_string()));
        *answer.status_mut() = answered.status;
        if is_about_changes {
            *self.revision.lock().unwrap() = answered.body["revision"].as_str().map(str::to_owned);
            return Ok(answer);
        }
        answer.headers_mut().insert("x-amzn-errortype", answered.error.parse().unwrap());
        if !answered.revision.is_empty() {
            answer.headers_mut().insert("x-claviger-revision", answered.revision.parse().unwrap());
        }
        tokio::time::sleep(Duration::from_millis(way.after)).await;
        let (status, code) = match way.fault {
            None => return Ok(answer),
            Some(Fault::HangsUp) => return Err(std::io::Error::other("hangs up")),
            Some(Fault::Lies) => return Ok(Response::new("{}".into())),
            Some(Fault::Throttles) => (StatusCode::TOO_MANY_REQUESTS, "ThrottlingException"),
            Some(Fault::IsIll) => (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException"),
        };
        let answer = Response::builder().status(status).header("x-amzn-errortype", code);
        Ok(answer.body(r#"{"message": "a fault"}"#.into()).unwrap())
    }
}
