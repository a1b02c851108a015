//! What replicas share, and its form in a Secret.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Authorities, the newest one's key, and the webhook's certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    pub(super) newest: Trusted,
    pub(super) former: Vec<Trusted>,
    /// The newest authority's.
    pub(super) key: Zeroizing<String>,
    pub(super) certificate: Issued,
}

/// Whom apiservers trust.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trusted {
    pub(super) pem: String,
    /// By what authorities are told apart.
    pub(super) print: String,
    pub(super) since: Timestamp,
    pub(super) ends: Timestamp,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Issued {
    pub(super) pem: String,
    pub(super) key: Zeroizing<String>,
    pub(super) names: Vec<String>,
    pub(super) by: String,
    pub(super) since: Timestamp,
    pub(super) ends: Timestamp,
}

/// What a Secret holds was not made by a webhook.
#[derive(Debug, thiserror::Error)]
#[error("what the Secret holds was not made by this webhook ({0}): name another one, or delete it")]
pub struct NotOurs(String);

// As cert-manager and kubectl call them, so that a Secret can be read by what knows those.
const BUNDLE: &str = "ca.crt";
const AUTHORITY_KEY: &str = "ca.key";
const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";
/// What cannot be read from the others without a parser of certificates.
const ABOUT: &str = "about.json";

#[derive(Serialize, Deserialize)]
struct About {
    newest: Trusted,
    former: Vec<Trusted>,
    names: Vec<String>,
    by: String,
    since: Timestamp,
    ends: Timestamp,
}

impl Kept {
    /// Reads what a Secret holds; nothing, where it is empty.
    ///
    /// # Errors
    /// [`NotOurs`]
    pub fn read(data: &BTreeMap<String, Vec<u8>>) -> Result<Option<Self>, NotOurs> {
        if data.is_empty() {
            return Ok(None);
        }
        let value = |name: &str| data.get(name).ok_or_else(|| NotOurs(format!("there is no `{name}`")));
        let text = |name: &str| {
            let text = std::str::from_utf8(value(name)?).map_err(|_| NotOurs(format!("`{name}` is no text")))?;
            Ok(text.to_owned())
        };
        let About { newest, former, names, by, since, ends } =
            serde_json::from_slice(value(ABOUT)?).map_err(|error| NotOurs(format!("`{ABOUT}`: {error}")))?;
        let key = Zeroizing::new(text(KEY)?);
        let certificate = Issued { pem: text(CERTIFICATE)?, key, names, by, since, ends };
        Ok(Some(Self { newest, former, key: Zeroizing::new(text(AUTHORITY_KEY)?), certificate }))
    }

    /// What a Secret is to hold.
    ///
    /// # Errors
    /// When JSON cannot be written.
    pub fn write(&self) -> serde_json::Result<BTreeMap<String, Vec<u8>>> {
        let Self { newest, former, key, certificate } = self;
        let about = About {
            newest: newest.clone(),
            former: former.clone(),
            names: certificate.names.clone(),
            by: certificate.by.clone(),
            since: certificate.since,
            ends: certificate.ends,
        };
        let data = [
            (BUNDLE, self.authorities().into_bytes()),
            (AUTHORITY_KEY, key.as_bytes().to_vec()),
            (CERTIFICATE, certificate.pem.clone().into_bytes()),
            (KEY, certificate.key.as_bytes().to_vec()),
            (ABOUT, serde_json::to_vec(&about)?),
        ];
        Ok(data.map(|(name, value)| (name.to_owned(), value)).into())
    }

    /// Whom apiservers are to trust (the caBundle), as PEM.
    #[must_use]
    pub fn authorities(&self) -> String {
        [&self.newest].into_iter().chain(&self.former).map(|trusted| trusted.pem.as_str()).collect()
    }

    /// The webhook's certificate, as PEM.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.certificate.pem
    }

    /// Its key, as PEM.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.certificate.key
    }

    /// When it ends.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        self.certificate.ends
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kept = f.debug_struct("Kept");
        kept.field("newest", &self.newest.print).field("by", &self.certificate.by);
        kept.field("ends", &self.certificate.ends).finish_non_exhaustive()
    }
}
