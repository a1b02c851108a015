//! The keys of OpenID Connect issuers: fetched when a token is to be verified, and kept for a while.
//!
//! ```text
//!   token's issuer --told where? --yes--> file or URL of its JWK Set
//!                        '--------no---> ISSUER/.well-known/openid-configuration --> jwks_uri
//! ```
//!
//! Of one issuer one caller fetches at a time and all who wait take what it got, also that it got nothing. Everything is
//! bounded: the time, the documents, the issuers that are remembered. Redirects are not followed.
//!
//! Sources: OpenID Connect Discovery 1.0; AWS re:Post Knowledge Center, "iam-sts-invalididentitytoken" (the identity
//! provider must answer within 5 seconds).

mod fetch;
mod source;
#[cfg(test)]
mod tests;
mod trust;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use oidc::{Claims, Discovery, InvalidDiscovery, InvalidKeySet, KeySet, Token, Unverified};
use tokio::time::{Instant, timeout};

use self::fetch::{Fetch, FetchError, Network};
pub use self::source::{InvalidIssuerKeys, IssuerKeys, KeySource};

/// How long an issuer may take, for both documents.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long keys are kept. AWS tells nothing of it.
const KEPT: Duration = Duration::from_secs(300);

/// How long it is kept that there are none, and how soon keys are fetched anew for a token of a key that was not among
/// them: issuers change their keys, and peers make up names.
const AGAIN: Duration = Duration::from_secs(1);

/// How many issuers are remembered. Nobody has a token verified whose issuer no account has made a provider of.
const MOST_KEPT: usize = 1024;

/// Whose tokens can be verified: everybody's who publishes keys, and theirs whose keys were told.
#[derive(Debug)]
pub(crate) struct Issuers {
    told: BTreeMap<String, KeySource>,
    fetch: Arc<dyn Fetch>,
    kept: Mutex<HashMap<Asked, Arc<Slot>>>,
}

/// An issuer, and the certificates that its provider is known by: accounts trust the same issuer by different ones.
type Asked = (String, Vec<String>);

#[derive(Debug, Default)]
struct Slot(tokio::sync::Mutex<Option<Fetched>>);

#[derive(Clone, Debug)]
struct Fetched {
    at: Instant,
    keys: Result<Arc<KeySet>, Arc<NoKeys>>,
}

/// Why a token was not verified.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The issuer's keys could not be had, or are not its key's.
    NoKeys(Arc<NoKeys>),
    /// A key of the issuer did not sign it.
    Signature,
}

/// Why there are no keys to verify a token with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoKeys {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("it did not answer within {} seconds", PATIENCE.as_secs())]
    Late,
    #[error("its configuration: {0}")]
    Discovery(#[from] InvalidDiscovery),
    #[error("its keys: {0}")]
    Keys(#[from] InvalidKeySet),
    #[error("the token's key is not among its keys")]
    Key,
}

impl Issuers {
    /// Those of `told` have their keys there; all others publish them.
    pub(crate) fn new(told: BTreeMap<String, KeySource>) -> Self {
        Self::with(told, Arc::new(Network))
    }

    fn with(told: BTreeMap<String, KeySource>, fetch: Arc<dyn Fetch>) -> Self {
        Self { told, fetch, kept: Mutex::default() }
    }

    /// What a token says, once its signature is its issuer's. `thumbprints` are the certificates by which the issuer's
    /// server is known where no public authority vouches for it.
    pub(crate) async fn verify(&self, token: &Token<'_>, thumbprints: &[String]) -> Result<Claims, Refused> {
        let slot = self.slot(token.issuer(), thumbprints);
        let first = self.fetched(&slot, token.issuer(), thumbprints, KEPT).await;
        let mut outcome = token.verify(&*first.keys.map_err(Refused::NoKeys)?).cloned();
        if outcome == Err(Unverified::NoSuchKey) {
            let newer = self.fetched(&slot, token.issuer(), thumbprints, AGAIN).await;
            outcome = token.verify(&*newer.keys.map_err(Refused::NoKeys)?).cloned();
        }
        outcome.map_err(|unverified| match unverified {
            Unverified::NoSuchKey => Refused::NoKeys(Arc::new(NoKeys::Key)),
            Unverified::Signature => Refused::Signature,
        })
    }

    /// What was fetched at most `age` ago, or is now.
    async fn fetched(&self, slot: &Slot, issuer: &str, thumbprints: &[String], age: Duration) -> Fetched {
        let mut kept = slot.0.lock().await;
        if let Some(fetched) = kept.as_ref() {
            let age = if fetched.keys.is_ok() { age } else { AGAIN };
            // A file is read each time: whoever writes it anew means it.
            let is_file = matches!(self.told.get(issuer), Some(KeySource::File(_)));
            if fetched.at.elapsed() < age && !is_file {
                return fetched.clone();
            }
        }
        let keys = timeout(PATIENCE, self.fetch(issuer, thumbprints)).await.unwrap_or(Err(NoKeys::Late));
        if let Err(why) = &keys {
            tracing::warn!(issuer, %why, "an OpenID Connect issuer's keys could not be had");
        }
        let fetched = Fetched { at: Instant::now(), keys: keys.map(Arc::new).map_err(Arc::new) };
        *kept = Some(fetched.clone());
        fetched
    }

    async fn fetch(&self, issuer: &str, thumbprints: &[String]) -> Result<KeySet, NoKeys> {
        let document = match self.told.get(issuer) {
            Some(KeySource::File(path)) => fetch::file(path).await?,
            // Who started the embedded AWS vouches for it.
            Some(KeySource::Url(url)) => self.fetch.get(url, thumbprints).await?,
            None => {
                let configuration = self.fetch.get(&https(Discovery::url(issuer))?, thumbprints).await?;
                let found = Discovery::parse(&configuration, issuer)?;
                self.fetch.get(&https(found.jwks_uri)?, thumbprints).await?
            }
        };
        Ok(KeySet::parse(&document)?)
    }

    fn slot(&self, issuer: &str, thumbprints: &[String]) -> Arc<Slot> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = (issuer.to_owned(), thumbprints.to_vec());
        if kept.len() >= MOST_KEPT && !kept.contains_key(&asked) {
            kept.clear();
        }
        Arc::clone(kept.entry(asked).or_default())
    }
}

/// What a document of others names must be reached as the issuer itself: nobody on the way may change it.
fn https(url: String) -> Result<String, FetchError> {
    if url.starts_with("https://") { Ok(url) } else { Err(FetchError::Scheme) }
}
