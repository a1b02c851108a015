//! A source in this process, and a clock: both do as a test says.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use pod_identity::agent::{
    BearerToken, Cache, CacheSettings, CredentialSource, Credentials, Issued, Keys, Metrics, Now, SourceError,
    SourceErrorClass, TakenBack, Validator,
};
use prometheus_client::registry::Registry;
use tokio::{
    sync::Notify,
    time::{Duration, Instant},
};

/// What it does with a call.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    /// Gives credentials that last so long.
    Issue(SignedDuration),
    Fail(SourceErrorClass),
    /// As the first, after so long.
    IssueLate(SignedDuration, Duration),
}

/// It.
#[derive(Debug)]
pub(crate) struct Source {
    does: Mutex<Does>,
    calls: Mutex<HashMap<String, usize>>,
    epoch: Instant,
    takes_back: Notify,
}

/// A cache before it.
pub(crate) struct Kept {
    pub(crate) source: Arc<Source>,
    pub(crate) cache: Cache,
}

pub(crate) const BEGINNING: i64 = 1_800_000_000;

impl Source {
    pub(crate) fn now_does(&self, does: Does) {
        *self.does.lock().unwrap() = does;
    }

    /// All that it gave.
    pub(crate) fn take_back(&self) {
        self.takes_back.notify_one();
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.lock().unwrap().values().sum()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(BEGINNING).unwrap() + SignedDuration::try_from(self.epoch.elapsed()).unwrap()
    }
}

#[async_trait]
impl CredentialSource for Source {
    async fn issue(&self, token: &BearerToken) -> Result<Issued, SourceError> {
        let bearer = Validator::basic().validate(token.expose(), self.now()).unwrap();
        let call = {
            let mut calls = self.calls.lock().unwrap();
            let count = calls.entry(bearer.subject.clone()).or_default();
            *count += 1;
            *count
        };
        let does = self.does.lock().unwrap().clone();
        let lasts = match does {
            Does::Issue(lasts) => lasts,
            Does::IssueLate(lasts, late) => {
                tokio::time::sleep(late).await;
                lasts
            }
            Does::Fail(class) => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                return Err(SourceError {
                    class,
                    status,
                    code: Some("Code".to_owned()),
                    message: format!("{class:?}"),
                });
            }
        };
        let keys = Keys {
            access_key_id: &format!("call-{call}"),
            secret_access_key: "secret",
            session_token: &bearer.subject,
            account: "111122223333",
            expires: self.now() + lasts,
        };
        let credentials = Credentials::new(&keys).unwrap();
        Ok(Issued { credentials, subject: bearer.subject, by: "a-1".to_owned(), may_be_kept: true })
    }

    async fn taken_back(&self) -> TakenBack {
        self.takes_back.notified().await;
        TakenBack::All
    }
}

impl Kept {
    /// Must be called while time stands.
    pub(crate) fn new(does: Does, settings: CacheSettings) -> Self {
        let source = Arc::new(Source {
            does: Mutex::new(does),
            calls: Mutex::default(),
            epoch: Instant::now(),
            takes_back: Notify::new(),
        });
        let clock: Now = Arc::new({
            let source = Arc::clone(&source);
            move || source.now()
        });
        let metrics = Metrics::register(&mut Registry::default());
        let cache = Cache::new(Arc::clone(&source) as Arc<dyn CredentialSource>, settings, clock, metrics);
        Self { source, cache }
    }

    /// What a pod with this token is handed: which call of its service account it came from.
    pub(crate) async fn ask(&self, token: &str) -> Result<String, String> {
        let bearer = Validator::basic().validate(token, self.cache.now()).map_err(|invalid| invalid.to_string())?;
        let credentials = self.cache.credentials(&BearerToken::new(token), &bearer).await;
        let credentials = credentials.map_err(|denied| format!("{denied:?}"))?;
        let body: serde_json::Value = serde_json::from_slice(&credentials.body()).unwrap();
        assert_eq!(body["Token"], bearer.subject, "a pod was handed another's");
        assert!(credentials.expires() > self.cache.now(), "a pod was handed what is over");
        Ok(body["AccessKeyId"].as_str().unwrap().to_owned())
    }
}
