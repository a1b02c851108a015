//! The keys of OpenID Connect issuers: fetched when a token is to be verified, and kept for a while.
//!
//! ```text
//!   token's issuer --a cluster's of this EKS?--yes--> its keys
//!                  --told where? --file--> read for each token
//!                        |  '------URL---> kept --none, old, or no key of the token's--> fetched
//!                        '--------no-----> kept --'-> ISSUER/.well-known/openid-configuration --> jwks_uri
//! ```
//!
//! Everything is bounded: the time, the documents, the fetches at once, the issuers that are remembered. Redirects are not
//! followed.
//!
//! Sources: OpenID Connect Discovery 1.0; AWS re:Post Knowledge Center, "iam-sts-invalididentitytoken" (the identity
//! provider must answer within 5 seconds).

mod fetch;
mod file;
mod kept;
mod reach;
mod source;
#[cfg(test)]
mod tests;
mod trust;

use std::{collections::BTreeMap, fmt::Debug, path::PathBuf, sync::Arc, time::Duration};

use oidc::{Claims, Discovery, InvalidDiscovery, InvalidKeySet, KeySet, Token, Unverified};

pub use self::source::{InvalidIssuerKeys, IssuerKeys, KeySource};
use self::{
    fetch::{Fetch, FetchError, Network},
    kept::Kept,
    reach::Reach,
};

/// How long an issuer may take, for both documents.
const PATIENCE: Duration = Duration::from_secs(5);

/// The largest document: two hundred keys take some 90 KB.
const LARGEST: usize = 256 << 10;

/// Whose tokens can be verified: everybody's who publishes keys, and theirs whose keys were told.
#[derive(Debug)]
pub(crate) struct Issuers {
    /// By the issuer, letter for letter as its tokens name it.
    told: Arc<BTreeMap<String, KeySource>>,
    own: Option<Arc<dyn OwnIssuers>>,
    fetch: Arc<dyn Fetch>,
    kept: Kept,
}

/// Issuers that are here themselves, so that nothing is fetched.
pub(crate) trait OwnIssuers: Debug + Send + Sync {
    /// The issuer's JWK set, if it is one of them.
    fn key_set(&self, issuer: &str) -> Option<String>;
}

/// An issuer, and the certificates that its provider is known by: accounts trust the same issuer by different ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asked {
    issuer: String,
    thumbprints: Vec<String>,
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

/// A file that can never be read as an issuer's keys.
#[derive(Debug, thiserror::Error)]
#[error("the keys of the issuer {issuer} cannot be had from `{}`: {why}", path.display())]
pub struct UnfitKeyFile {
    issuer: String,
    path: PathBuf,
    why: Box<NoKeys>,
}

impl Issuers {
    /// Those of `told` have their keys there; all others publish them.
    pub(crate) fn new(told: BTreeMap<String, KeySource>) -> Self {
        Self::with(told, Arc::new(Network))
    }

    fn with(told: BTreeMap<String, KeySource>, fetch: Arc<dyn Fetch>) -> Self {
        Self { told: Arc::new(told), own: None, fetch, kept: Kept::default() }
    }

    /// The same, with those that are here themselves. Who says where keys are means those, whoever's they are.
    pub(crate) fn with_own(self, own: Arc<dyn OwnIssuers>) -> Self {
        Self { own: Some(own), ..self }
    }

    /// What a token says, once its signature is its issuer's. `thumbprints` are the certificates by which the issuer's
    /// server is known where no public authority vouches for it.
    pub(crate) async fn verify(&self, token: &Token<'_>, thumbprints: &[String]) -> Result<Claims, Refused> {
        let verified = match self.told.get(token.issuer()) {
            // Whoever writes it anew means it.
            Some(KeySource::File(path)) => {
                let keys = file::keys(path.clone()).await.map_err(|why| told(token.issuer(), why))?;
                token.verify(&keys).cloned()
            }
            Some(KeySource::Url(_)) => self.verify_by_kept(token, thumbprints).await?,
            None => match self.own.as_ref().and_then(|own| own.key_set(token.issuer())) {
                Some(keys) => {
                    let keys = KeySet::parse(keys.as_bytes()).map_err(|why| told(token.issuer(), why.into()))?;
                    token.verify(&keys).cloned()
                }
                None => self.verify_by_kept(token, thumbprints).await?,
            },
        };
        verified.map_err(|unverified| match unverified {
            Unverified::NoSuchKey => Refused::NoKeys(Arc::new(NoKeys::Key)),
            Unverified::Signature => Refused::Signature,
        })
    }

    /// Issuers change their keys, and what stands under a name: the keys that are kept may be the former ones.
    async fn verify_by_kept(
        &self,
        token: &Token<'_>,
        thumbprints: &[String],
    ) -> Result<Result<Claims, Unverified>, Refused> {
        let asked = Asked { issuer: token.issuer().to_owned(), thumbprints: thumbprints.to_vec() };
        let slot = self.kept.slot(&asked);
        let fetch = || fetched(Arc::clone(&self.told), Arc::clone(&self.fetch), asked.clone());
        let first = slot.keys(fetch).await.map_err(Refused::NoKeys)?;
        let verified = token.verify(&first.keys).cloned();
        if verified.is_ok() {
            return Ok(verified);
        }
        match slot.newer(&first, fetch).await {
            Some(newer) => Ok(token.verify(&newer.keys).cloned()),
            None => Ok(verified),
        }
    }
}

/// Looks at the files that are told. One that is not there yet, or has no keys yet, may come to have them.
///
/// # Errors
/// [`UnfitKeyFile`]: what stands there is no file, or too large a one.
pub(crate) async fn check(issuers: &BTreeMap<String, KeySource>) -> Result<(), UnfitKeyFile> {
    for (issuer, source) in issuers {
        let KeySource::File(path) = source else { continue };
        match file::keys(path.clone()).await {
            Ok(_) => {}
            Err(why @ NoKeys::Fetch(FetchError::NoFile | FetchError::Large)) => {
                return Err(UnfitKeyFile { issuer: issuer.clone(), path: path.clone(), why: Box::new(why) });
            }
            Err(why) => {
                tracing::warn!(issuer, path = %path.display(), %why, "the keys of an OpenID Connect issuer are not there yet");
            }
        }
    }
    Ok(())
}

/// The keys that an issuer has now, by the network.
async fn fetched(
    sources: Arc<BTreeMap<String, KeySource>>,
    fetch: Arc<dyn Fetch>,
    asked: Asked,
) -> Result<KeySet, Arc<NoKeys>> {
    let Asked { issuer, thumbprints } = &asked;
    let document = async {
        Ok(match sources.get(issuer) {
            // Who started the embedded AWS vouches for it.
            Some(KeySource::Url(url)) => fetch.get(url, thumbprints, Reach::Anywhere).await?,
            _ => {
                let configuration = fetch.get(&https(Discovery::url(issuer))?, thumbprints, Reach::Public).await?;
                let found = Discovery::parse(&configuration, issuer)?;
                fetch.get(&https(found.jwks_uri)?, thumbprints, Reach::Public).await?
            }
        })
    };
    let document = tokio::time::timeout(PATIENCE, document).await.unwrap_or(Err(NoKeys::Late));
    document.and_then(|document| Ok(KeySet::parse(&document)?)).map_err(|why| log(issuer, why))
}

fn told(issuer: &str, why: NoKeys) -> Refused {
    Refused::NoKeys(log(issuer, why))
}

fn log(issuer: &str, why: NoKeys) -> Arc<NoKeys> {
    tracing::warn!(issuer, %why, "an OpenID Connect issuer's keys could not be had");
    Arc::new(why)
}

/// What a document of others names must be reached as the issuer itself: nobody on the way may change it.
fn https(url: String) -> Result<String, FetchError> {
    if url.starts_with("https://") { Ok(url) } else { Err(FetchError::Scheme) }
}
