//! What holds for whatever a pod sends: it is answered, nobody is asked about what is no token, and no token is told.
//!
//! The fuzz target `pod_request` runs this, too.

use std::sync::{
    Arc, LazyLock, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use pod_identity::agent::{
    BearerToken, Cache, CacheSettings, Connection, CredentialSource, Desk, Hosts, Issued, Metrics, PodPace,
    SourceError, SourceErrorClass, Validator,
};
use prometheus_client::registry::Registry;
use tokio::runtime::{Builder, Runtime};

/// Refuses, and counts.
#[derive(Debug, Default)]
struct Refuses(AtomicUsize);

#[async_trait]
impl CredentialSource for Refuses {
    async fn issue(&self, token: &BearerToken) -> Result<Issued, SourceError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        assert!(token.expose().matches('.').count() == 2 && token.expose().len() <= 16 * 1024);
        let (class, status) = (SourceErrorClass::Refused, StatusCode::NOT_FOUND);
        Err(SourceError { class, status, code: None, message: "refused".to_owned() })
    }
}

struct Agent {
    runtime: Runtime,
    source: Arc<Refuses>,
    desk: Desk,
}

/// Time stands, so that a token of the corpus does not grow old.
const NOW: i64 = 1_800_000_000;

static AGENT: LazyLock<Agent> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let source = Arc::new(Refuses::default());
    let metrics = Metrics::register(&mut Registry::default());
    let asked: Arc<dyn CredentialSource> = Arc::<Refuses>::clone(&source);
    let now = Arc::new(|| Timestamp::from_second(NOW).unwrap());
    let cache = runtime.block_on(async { Cache::new(asked, CacheSettings::default(), now, metrics.clone()) });
    let hosts = Hosts::new([]);
    let desk = Desk { hosts, pace: PodPace::per_second(0), validator: Validator::basic(), cache, metrics };
    Agent { runtime, source, desk }
});

static ALONE: Mutex<()> = Mutex::new(());

/// Takes the bytes for a path, a host and a token, a line each.
pub(crate) fn check(bytes: &[u8]) {
    let mut lines = bytes.splitn(3, |octet| *octet == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (path, host, token) = (line(), line(), line());
    let (Ok(path), Ok(host), Ok(token)) =
        (http::Uri::try_from(path), HeaderValue::from_bytes(host), HeaderValue::from_bytes(token))
    else {
        return;
    };
    let request = Request::get(path.clone()).header(header::HOST, host).header(header::AUTHORIZATION, token.clone());
    let request = request.body(()).unwrap();
    let connection = Connection { peer: ([10, 0, 0, 1], 1).into(), local: ([169, 254, 170, 23], 80).into() };
    // Else what others ask at the same time would count.
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = AGENT.source.0.load(Ordering::SeqCst);
    let (status, body) = AGENT.runtime.block_on(async {
        let answer = AGENT.desk.answer(&request, connection).await;
        (answer.status(), answer.into_body().collect().await.unwrap().to_bytes())
    });
    let asked = AGENT.source.0.load(Ordering::SeqCst) - before;
    assert!(status.is_client_error(), "{status}");
    assert!(asked == 0 || (status == StatusCode::NOT_FOUND && path.path() == "/v1/credentials"));
    // Of shorter ones, and of those with spaces, errors have their own.
    let no_part = |octet: &u8| !matches!(octet, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    for secret in token.as_bytes().split(no_part).filter(|part| part.len() >= 32) {
        let tells = body.windows(secret.len()).any(|part| part == secret);
        assert!(!tells, "the token is told: {}", String::from_utf8_lossy(&body));
    }
}
