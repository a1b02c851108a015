//! The peer's file of service accounts that have an association, which EKS writes for it.
//!
//! Source: amazon-eks-pod-identity-webhook, pull request 189, "Add support for container credentials method".

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

/// The service accounts of a file, each by its exact name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identities(HashMap<String, HashSet<String>>);

/// The file is none.
#[derive(Debug, thiserror::Error)]
#[error("it is not of the form {{\"identities\": [{{\"namespace\": \"...\", \"serviceAccount\": \"...\"}}]}}: {0}")]
pub struct InvalidIdentities(#[from] serde_json::Error);

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    identities: Option<Vec<Identity>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    namespace: String,
    service_account: String,
}

impl Identities {
    /// Reads the file's text. An empty file has none, as for the peer.
    ///
    /// # Errors
    /// [`InvalidIdentities`]
    pub fn parse(text: &[u8]) -> Result<Self, InvalidIdentities> {
        if text.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        let file: File = serde_json::from_slice(text)?;
        let mut all = Self::default();
        for Identity { namespace, service_account } in file.identities.into_iter().flatten() {
            all.0.entry(namespace).or_default().insert(service_account);
        }
        Ok(all)
    }

    /// Whether a service account is among them.
    #[must_use]
    pub fn contains(&self, namespace: &str, service_account: &str) -> bool {
        self.0.get(namespace).is_some_and(|accounts| accounts.contains(service_account))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.values().map(HashSet::len).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
