//! The cluster's keys: had from where they are told to be, again every few minutes, and when a token names one that is new.

mod fetch;

use std::{
    fmt,
    path::PathBuf,
    str::FromStr,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use oidc::{Algorithms, Claims, Discovery, KeySet, Token, Unverified};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

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
    /// Where the configuration of this issuer says.
    Issuer(String),
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
pub(crate) struct Kept {
    pub(crate) keys: KeySet,
    /// Whether they could not be had again since.
    pub(crate) is_stale: bool,
}

/// A token that the cluster's keys do not vouch for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotVerified {
    /// They do not.
    Unverified(Unverified),
    /// There are none, or the token's may be newer than those that could be had.
    NoKeys,
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
    pub(crate) async fn look_again(&self) {
        let mut looked = self.looked.lock().await;
        let apart = if self.kept().is_none() { APART_AT_FIRST } else { APART };
        if looked.is_none_or(|at| at.elapsed() >= apart) {
            self.get().await;
            *looked = Some(Instant::now());
        }
    }

    pub(crate) fn kept(&self) -> Option<Arc<Kept>> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether there are any.
    pub(crate) fn are_known(&self) -> bool {
        self.kept().is_some()
    }

    /// What a token says, if one of the keys signed that; by newer keys where its own is not among those at hand.
    pub(crate) async fn verify(&self, token: &Token<'_>) -> Result<Claims, NotVerified> {
        match self.verify_with_kept(token) {
            Err(NotVerified::NoKeys | NotVerified::Unverified(Unverified::NoSuchKey)) => {
                self.look_again().await;
                self.verify_with_kept(token)
            }
            verified => verified,
        }
    }

    fn verify_with_kept(&self, token: &Token<'_>) -> Result<Claims, NotVerified> {
        let kept = self.kept().ok_or(NotVerified::NoKeys)?;
        match token.verify(&kept.keys) {
            Ok(claims) => Ok(claims.clone()),
            Err(Unverified::NoSuchKey) if kept.is_stale => Err(NotVerified::NoKeys),
            Err(unverified) => Err(NotVerified::Unverified(unverified)),
        }
    }

    async fn get(&self) {
        let document = match &self.source {
            KeySource::File(path) => tokio::fs::read(path).await.map_err(|error| error.to_string()),
            KeySource::Url(url) => fetch::url(url).await,
            KeySource::Apiserver => fetch::apiserver().await,
            KeySource::Issuer(issuer) => of_issuer(issuer).await,
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
                    "the cluster's keys cannot be had: those that were go on to decide"
                );
                former.map(|former| Kept { keys: former.keys.clone(), is_stale: true })
            }
        };
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = kept.map(Arc::new);
    }
}

/// Source: OpenID Connect Discovery 1.0, section 4.
async fn of_issuer(issuer: &str) -> Result<Vec<u8>, String> {
    let document = fetch::url(&Discovery::url(issuer)).await?;
    let discovery = Discovery::parse(&document, issuer).map_err(|invalid| invalid.to_string())?;
    // What it names is as much to be trusted as it is itself.
    match discovery.jwks_uri.parse() {
        Ok(KeySource::Url(url)) => fetch::url(&url).await,
        _ => Err("its configuration names keys that are not at an https:// URL".to_owned()),
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
            Self::Issuer(issuer) => write!(f, "the issuer {issuer}"),
        }
    }
}
