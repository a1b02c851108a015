//! What holds for whatever is sent to the broker: it is answered as EKS Auth answers, no session is begun but for a token that
//! the cluster signed, and no token is told.
//!
//! The fuzz target `broker_request` runs this, too.

use std::sync::{
    Arc, LazyLock, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use eks_auth::{Association, Associations, Assumption};
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use jiff::{SignedDuration, Timestamp};
use pod_identity::{
    ClusterKeys,
    agent::Connection,
    broker::{
        Agents, AssumeError, BrokerSettings, Cluster, Clusters, Desk, Identity, Metrics, RoleAssumer, Session,
        SessionKeys,
    },
};
use prometheus_client::registry::Registry;
use serde_json::Value;
use tokio::{
    runtime::{Builder, Runtime},
    sync::watch,
};

/// Begins every session, and counts.
#[derive(Debug, Default)]
struct Begins(AtomicUsize);

#[async_trait]
impl RoleAssumer for Begins {
    async fn assume(
        &self,
        _: Option<&SessionKeys>,
        wanted: &Assumption<'_>,
        lasts: SignedDuration,
    ) -> Result<Session, AssumeError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        assert_eq!(wanted.tags.len(), 6);
        assert!(wanted.session_name.len() <= 64, "{}", wanted.session_name);
        Ok(Session {
            keys: SessionKeys {
                access_key_id: "ASIA".to_owned(),
                secret_access_key: "secret".to_owned().into(),
                session_token: "session".to_owned().into(),
            },
            arn: format!("arn:aws:sts::111122223333:assumed-role/pods/{}", wanted.session_name),
            id: "AROA:x".to_owned(),
            expires: now() + lasts,
            packed: None,
        })
    }

    fn identity(&self) -> Option<Identity> {
        None
    }
}

struct Broker {
    runtime: Runtime,
    assumer: Arc<Begins>,
    desk: Desk,
}

/// Time stands, so that a token of the corpus does not grow old.
fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

static BROKER: LazyLock<Broker> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let assumer = Arc::new(Begins::default());
    let association = Association::new(
        "a-1".to_owned(),
        "*".parse().unwrap(),
        "*".parse().unwrap(),
        "arn:aws:iam::111122223333:role/pods".parse().unwrap(),
    );
    let (_, associations) = watch::channel(Some(Arc::new(Associations::new([association]).unwrap())));
    // A file, since the fuzzer and the tests run in different folders.
    let file = std::env::temp_dir().join(format!("claviger-broker-keys-{}.json", std::process::id()));
    std::fs::write(&file, include_str!("keys.json")).unwrap();
    let desk = runtime.block_on(async {
        let keys = ClusterKeys::watch(file.to_str().unwrap().parse().unwrap());
        keys.look().await;
        let _ = std::fs::remove_file(&file);
        let arn = "arn:aws:eks:us-west-2:111122223333:cluster/demo".parse().unwrap();
        let cluster = Cluster { arn, issuer: "https://oidc.example.com/demo".to_owned(), keys, associations };
        Desk::new(BrokerSettings {
            clusters: Clusters::new([cluster]).unwrap(),
            agents: Agents { service_account: "claviger/agent".parse().unwrap(), unbound: true, pods: None },
            node_qps: 0,
            assumer: Arc::clone(&assumer) as Arc<dyn RoleAssumer>,
            now: Arc::new(now),
            metrics: Metrics::register(&mut Registry::default()),
        })
    });
    Broker { runtime, assumer, desk }
});

/// Takes the bytes for a path, what authorizes and a body, a line each. Says the status.
pub(crate) fn check(bytes: &[u8]) -> Option<StatusCode> {
    let mut lines = bytes.splitn(3, |octet| *octet == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (path, own, body) = (line(), line(), line());
    let (Ok(path), Ok(own)) = (http::Uri::try_from(path), HeaderValue::from_bytes(own)) else { return None };
    let request = Request::post(path.clone()).header(header::AUTHORIZATION, own.clone());
    let request = request.body(Full::<Bytes>::from(body.to_vec())).unwrap();
    let connection = Connection { peer: ([10, 0, 0, 1], 1).into(), local: ([10, 0, 0, 2], 8443).into() };
    // One at a time, since what is begun is counted.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let before = BROKER.assumer.0.load(Ordering::SeqCst);
    let (status, error, answer) = BROKER.runtime.block_on(async {
        let answer = BROKER.desk.answer(request, connection).await;
        let error = answer.headers().get("x-amzn-errortype").cloned();
        (answer.status(), error, answer.into_body().collect().await.unwrap().to_bytes())
    });
    let begun = BROKER.assumer.0.load(Ordering::SeqCst) - before;
    let told: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(begun, usize::from(status == StatusCode::OK), "{told}");
    assert_eq!(status == StatusCode::OK, error.is_none(), "{told}");
    assert!(status == StatusCode::OK || told["message"].is_string(), "{told}");
    // Of shorter ones, and of those with spaces, errors have their own; and they name the path's cluster.
    let path = path.to_string();
    let no_part = |octet: &u8| !matches!(octet, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    for secret in
        [own.as_bytes(), body].into_iter().flat_map(|sent| sent.split(no_part)).filter(|part| part.len() >= 32)
    {
        let is_in = |text: &[u8]| text.windows(secret.len()).any(|part| part == secret);
        let tells = is_in(&answer) && !is_in(path.as_bytes());
        assert!(!tells, "a token is told: {told}");
    }
    Some(status)
}
