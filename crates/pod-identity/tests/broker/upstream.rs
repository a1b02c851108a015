//! The agent before the broker, over TLS.

use std::{
    convert::Infallible,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use pod_identity::{
    Certificate,
    agent::{
        BearerToken, Broker, BrokerSettings, Cache, CacheSettings, CredentialSource, Denied, Metrics, SourceError,
        SourceErrorClass, TrustError, Validator,
    },
};
use prometheus_client::registry::Registry;
use tokio::sync::Notify;

use crate::{
    issuer::SigningKey,
    rig::{ASSOCIATIONS, Differs, Rig, pod_claims},
};

/// Writes a certificate for `localhost` that vouches for itself.
fn certificate(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("tls.crt"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("tls.key"), made.signing_key.serialize_pem()).unwrap();
}

struct Agent {
    broker: Arc<Broker>,
    cache: Cache,
}

impl Agent {
    /// One that trusts whoever `tls.crt` vouches for now.
    fn before(rig: &Rig) -> Self {
        let folder = rig.folder.path();
        let token = folder.join("own-token");
        std::fs::write(&token, format!("{}\n", rig.agent("one"))).unwrap();
        let ca = folder.join("ca.crt");
        std::fs::copy(folder.join("tls.crt"), &ca).unwrap();
        let endpoint = format!("https://localhost:{}", rig.address.port());
        let settings = BrokerSettings { endpoint, ca: Some(ca), token, cluster: "demo".to_owned() };
        Self::of(Broker::new(settings).unwrap())
    }

    fn of(broker: Broker) -> Self {
        let broker = Arc::new(broker);
        let metrics = Metrics::register(&mut Registry::default());
        let source = Arc::clone(&broker) as Arc<dyn CredentialSource>;
        let cache = Cache::new(source, CacheSettings::default(), Arc::new(Timestamp::now), metrics);
        Self { broker, cache }
    }

    async fn ask(&self, token: &str) -> Result<serde_json::Value, SourceError> {
        let bearer = Validator::basic().validate(token, Timestamp::now()).unwrap();
        match self.cache.credentials(&BearerToken::new(token), &bearer).await {
            Ok(credentials) => Ok(serde_json::from_slice(&credentials.body()).unwrap()),
            Err(Denied::Source(error)) => Err(error),
            Err(denied) => panic!("{denied:?}"),
        }
    }
}

async fn with_tls() -> (Rig, Arc<Certificate>) {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let read = Certificate::read(&folder.path().join("tls.crt"), &folder.path().join("tls.key")).unwrap();
    let rig = Rig::with(Differs { tls: Some((folder, Arc::clone(&read))), ..Differs::default() }).await;
    (rig, read)
}

#[tokio::test]
async fn an_agent_gets_credentials_from_the_broker_and_says_who_refused() {
    let (rig, _certificate) = with_tls().await;
    let agent = Agent::before(&rig);
    // What is given before the first answer about changes is not kept beyond it.
    rig.waits_for_changes().await;
    let pod = rig.pod("api");
    let given = agent.ask(&pod).await.unwrap();
    assert_eq!((&given["AccessKeyId"], &given["AccountId"]), (&"ASIA-api".into(), &"111122223333".into()));
    assert_eq!(agent.ask(&pod).await.unwrap(), given);
    assert_eq!(rig.assumer.take_asked().len(), 1, "the second was kept");

    let refused = agent.ask(&rig.pod("nobody")).await.unwrap_err();
    assert_eq!((refused.class, refused.status), (SourceErrorClass::Refused, StatusCode::NOT_FOUND));
    let told = format!(
        ": (ResourceNotFoundException): No Pod Identity association found for service account nobody in namespace shop., \
         fault: client, from the broker at https://localhost:{}",
        rig.address.port()
    );
    assert!(refused.message.ends_with(&told), "{}", refused.message);

    // An agent that is no longer let in takes nothing from pods.
    std::fs::write(rig.folder.path().join("own-token"), rig.pod("api")).unwrap();
    let refused = agent.ask(&rig.pod("other")).await.unwrap_err();
    assert_eq!(refused.class, SourceErrorClass::Away, "{refused:?}");
    assert!(refused.message.contains("(UnrecognizedClientException): the agent's token is not taken"), "{refused:?}");
    assert_eq!(agent.ask(&pod).await.unwrap(), given);
}

/// As when a node begins and all its pods ask at once.
#[tokio::test]
async fn who_is_throttled_asks_again_and_the_pod_does_not_hear_of_it() {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let read = Certificate::read(&folder.path().join("tls.crt"), &folder.path().join("tls.key")).unwrap();
    let rig = Rig::with(Differs { tls: Some((folder, read)), node_qps: 2, ..Differs::default() }).await;
    let agent = Agent::before(&rig);
    // Eight at once are the node's due.
    let asked: Vec<String> = (0..10).map(|_| rig.pod("api")).collect();
    let answered = join_all(asked.iter().map(|token| agent.ask(token))).await;
    assert!(answered.iter().all(Result::is_ok), "{answered:?}");
    let scraped = rig.scrape();
    assert!(
        scraped.contains("claviger_broker_requests_total{outcome=\"held_back\"}"),
        "some were held back: {scraped}"
    );
}

#[tokio::test]
async fn a_changed_association_takes_credentials_back_at_once_and_no_others() {
    let (rig, _certificate) = with_tls().await;
    let agent = Agent::before(&rig);
    let (api, chained) = (rig.pod("api"), rig.pod("chained"));
    rig.waits_for_changes().await;
    let (of_api, of_chained) = (agent.ask(&api).await.unwrap(), agent.ask(&chained).await.unwrap());
    rig.associate(&ASSOCIATIONS.replace("role/api", "role/other"));
    let deadline = Timestamp::now() + jiff::SignedDuration::from_secs(20);
    loop {
        let now = agent.ask(&api).await.unwrap();
        if now != of_api {
            assert_eq!(now["AccessKeyId"], "ASIA-other");
            break;
        }
        assert!(Timestamp::now() < deadline, "nothing was taken back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(agent.ask(&chained).await.unwrap(), of_chained);
}

#[tokio::test]
async fn a_certificate_is_taken_up_when_it_changes_and_trust_is_too() {
    let (rig, served) = with_tls().await;
    let agent = Agent::before(&rig);
    agent.ask(&rig.pod("api")).await.unwrap();
    let folder = rig.folder.path().to_owned();
    // A file that is no certificate changes nothing.
    let good = std::fs::read(folder.join("tls.crt")).unwrap();
    std::fs::write(folder.join("tls.crt"), "nonsense").unwrap();
    assert!(served.reload().unwrap_err().to_string().contains("there is no certificate in"));
    std::fs::write(folder.join("tls.crt"), good).unwrap();
    assert!(!served.reload().unwrap());
    let stranger = Agent::before(&rig);
    certificate(&folder);
    assert!(served.reload().unwrap());
    let refused = stranger.ask(&rig.pod("chained")).await;
    assert!(refused.is_err(), "who trusts the former certificate only is not fooled");
    std::fs::copy(folder.join("tls.crt"), rig.folder.path().join("ca.crt")).unwrap();
    stranger.broker.reload().await;
    stranger.ask(&rig.pod("api")).await.unwrap();
    assert!(!rig.scrape().contains("claviger_broker_failed_handshakes_total 0"), "{}", rig.scrape());
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_told_and_who_vouches_for_nobody_too() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    let settings = |ca| BrokerSettings {
        endpoint: "http://127.0.0.1:1".to_owned(),
        ca,
        token: token.clone(),
        cluster: "demo".to_owned(),
    };
    assert!(matches!(Broker::new(settings(Some(token.clone()))), Err(TrustError::Io { .. })));
    let broker = Broker::new(settings(None)).unwrap();
    let told = broker.issue(&BearerToken::new("a.b.c")).await.unwrap_err();
    assert!(told.message.contains("cannot read the agent's own token"), "{told:?}");
    std::fs::write(&token, "a.b.c").unwrap();
    assert!(matches!(Broker::new(settings(Some(token.clone()))), Err(TrustError::Absent(_))));
    let told = broker.issue(&BearerToken::new("a.b.c")).await.unwrap_err();
    assert_eq!(told.class, SourceErrorClass::Away);
    assert!(
        told.message.starts_with("unable to fetch credentials from the broker at http://127.0.0.1:1: "),
        "{told:?}"
    );
}

/// Two replicas behind one address, which do not know the same: what no broker of these tests can be made to show.
struct Replicas {
    /// The state by which credentials are given.
    gives_by: Mutex<&'static str>,
    given: AtomicUsize,
    /// An agent that was told of the state `a` waits for the next.
    waits: Notify,
}

impl Replicas {
    async fn start() -> (Arc<Self>, String) {
        let replicas = Arc::new(Self { gives_by: Mutex::new("b"), given: AtomicUsize::new(0), waits: Notify::new() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let serving = Arc::clone(&replicas);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let serving = Arc::clone(&serving);
                let service = service_fn(move |request: Request<Incoming>| {
                    let serving = Arc::clone(&serving);
                    async move { Ok::<_, Infallible>(serving.answer(request.uri()).await) }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        (replicas, endpoint)
    }

    async fn answer(&self, uri: &Uri) -> Response<Full<Bytes>> {
        if uri.query() == Some("since=a") {
            self.waits.notify_one();
            return std::future::pending().await;
        }
        if uri.path().ends_with("/changes") {
            return Response::new(r#"{"revision": "a", "all": false, "serviceAccounts": []}"#.into());
        }
        let call = self.given.fetch_add(1, Ordering::SeqCst);
        let given = serde_json::json!({
            "subject": {"namespace": "shop", "serviceAccount": "api"},
            "audience": "pods.eks.amazonaws.com",
            "podIdentityAssociation": {"associationArn": "arn", "associationId": "a-1"},
            "assumedRoleUser": {"arn": "arn:aws:sts::111122223333:assumed-role/api/s", "assumeRoleId": "AROA:s"},
            "credentials": {
                "accessKeyId": format!("ASIA{call}"), "secretAccessKey": "secret", "sessionToken": "session",
                "expiration": (Timestamp::now() + jiff::SignedDuration::from_hours(1)).as_second(),
            },
        });
        let mut answer = Response::new(given.to_string().into());
        let by = *self.gives_by.lock().unwrap();
        answer.headers_mut().insert("x-claviger-revision", by.parse().unwrap());
        answer
    }
}

#[tokio::test]
async fn what_is_given_by_a_state_that_is_not_the_one_told_is_handed_out_and_not_kept() {
    let (replicas, endpoint) = Replicas::start().await;
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("own-token");
    std::fs::write(&token, "a.b.c").unwrap();
    let broker = Broker::new(BrokerSettings { endpoint, ca: None, token, cluster: "demo".to_owned() }).unwrap();
    let agent = Agent::of(broker);
    replicas.waits.notified().await;

    let pod = SigningKey::new("one", "ES256").token(&pod_claims("shop", "api", Some("one")));
    for call in ["ASIA0", "ASIA1"] {
        assert_eq!(agent.ask(&pod).await.unwrap()["AccessKeyId"], call, "the other replica may have heard of nothing");
    }
    *replicas.gives_by.lock().unwrap() = "a";
    for _ in 0..2 {
        assert_eq!(agent.ask(&pod).await.unwrap()["AccessKeyId"], "ASIA2");
    }
}
