//! The cluster's keys: had from where they are told to be, again every few minutes, and when a token names one that is new.

use std::{
    fmt,
    path::PathBuf,
    str::FromStr,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use oidc::{Algorithms, KeySet};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

use super::fetch;

/// How often they are looked at without a reason.
const EVERY: Duration = Duration::from_secs(300);
/// How far apart two looks are that tokens cause, which anybody can write.
const APART: Duration = Duration::from_secs(10);
/// The same while there are no keys.
const APART_AT_FIRST: Duration = Duration::from_secs(1);

/// Where the keys of the cluster (a JWK Set) are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A file.
    File(PathBuf),
    /// An `https://` URL, or an `http://` one of this machine.
    Url(String),
    /// The apiserver's `/openid/v1/jwks`, as a pod of the cluster reaches it.
    Apiserver,
}

/// The text is no place of keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no place of keys: write a file's path, an https:// URL, or `apiserver`; http:// is for this machine alone"
)]
pub struct InvalidKeySource(pub String);

/// The keys, as they were had last.
#[derive(Debug)]
pub struct ClusterKeys {
    source: KeySource,
    kept: RwLock<Option<Arc<Kept>>>,
    /// When they were looked for last; held while that goes on.
    looked: Mutex<Option<Instant>>,
}

/// Keys that were had.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) keys: KeySet,
    /// Whether they could not be had again since.
    pub(super) is_stale: bool,
}

impl ClusterKeys {
    /// Looks for them at once and from then on, for as long as it lives. Must be called within a tokio runtime.
    #[must_use]
    pub fn watch(source: KeySource) -> Arc<Self> {
        let keys = Arc::new(Self { source, kept: RwLock::default(), looked: Mutex::default() });
        let watched = Arc::downgrade(&keys);
        tokio::spawn(async move {
            while let Some(keys) = watched.upgrade() {
                keys.look().await;
                let pause = if keys.kept().is_none() { APART } else { EVERY };
                drop(keys);
                sleep(pause).await;
            }
        });
        keys
    }

    /// Looks now: the file changed, or somebody said so.
    pub async fn look(&self) {
        let mut looked = self.looked.lock().await;
        self.get().await;
        *looked = Some(Instant::now());
    }

    /// Looks, unless that was done a moment ago. Who comes while somebody looks waits for that.
    pub(super) async fn look_again(&self) {
        let mut looked = self.looked.lock().await;
        let apart = if self.kept().is_none() { APART_AT_FIRST } else { APART };
        if looked.is_none_or(|at| at.elapsed() >= apart) {
            self.get().await;
            *looked = Some(Instant::now());
        }
    }

    pub(super) fn kept(&self) -> Option<Arc<Kept>> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn get(&self) {
        let document = match &self.source {
            KeySource::File(path) => tokio::fs::read(path).await.map_err(|error| error.to_string()),
            KeySource::Url(url) => fetch::url(url).await,
            KeySource::Apiserver => fetch::apiserver().await,
        };
        let keys = document
            .and_then(|document| KeySet::parse_as(&document, Algorithms::All).map_err(|invalid| invalid.to_string()));
        let former = self.kept();
        let kept = match keys {
            Ok(keys) => {
                if former.as_ref().is_none_or(|former| former.is_stale || former.keys != keys) {
                    tracing::info!(source = %self.source, "tokens are verified by the cluster's keys");
                }
                Some(Kept { keys, is_stale: false })
            }
            Err(reason) => {
                tracing::warn!(
                    source = %self.source,
                    reason,
                    "the cluster's keys cannot be had: what they do not verify is left to EKS Auth"
                );
                former.map(|former| Kept { keys: former.keys.clone(), is_stale: true })
            }
        };
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = kept.map(Arc::new);
    }
}

impl FromStr for KeySource {
    type Err = InvalidKeySource;

    fn from_str(text: &str) -> Result<Self, InvalidKeySource> {
        let is_here = |rest: &str| {
            ["127.0.0.1", "localhost", "[::1]"]
                .iter()
                .any(|host| rest.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])))
        };
        match text.split_once("://") {
            Some(("https", rest)) if !rest.is_empty() => Ok(Self::Url(text.to_owned())),
            Some(("http", rest)) if is_here(rest) => Ok(Self::Url(text.to_owned())),
            Some(_) => Err(InvalidKeySource(text.to_owned())),
            None if text == "apiserver" => Ok(Self::Apiserver),
            None if text.is_empty() => Err(InvalidKeySource(text.to_owned())),
            None => Ok(Self::File(PathBuf::from(text))),
        }
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url(url) => f.write_str(url),
            Self::Apiserver => f.write_str("the apiserver"),
        }
    }
}
