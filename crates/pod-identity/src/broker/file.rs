//! Associations from a file: YAML (or JSON) documents, as the custom resource has them.
//!
//! ```yaml
//! apiVersion: claviger.dev/v1alpha1
//! kind: PodIdentityAssociation
//! metadata: { name: payments }
//! spec:
//!   namespace: payments
//!   serviceAccount: "*"
//!   roleArn: arn:aws:iam::111122223333:role/payments
//! ```

mod document;
mod fields;
mod yaml;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use eks_auth::Associations;
use tokio::sync::watch;

use super::{cluster::AssociationsFeed, metrics::Metrics};

/// A file of associations, which is read again on request.
#[derive(Debug)]
pub struct AssociationsFile {
    path: PathBuf,
    cluster: String,
    feed: watch::Sender<Option<Arc<Associations>>>,
    metrics: Metrics,
}

/// What is wrong with such a file: all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidFile {
    path: PathBuf,
    flaws: Vec<Flaw>,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    /// Line and column, both from 1.
    at: Option<(usize, usize)>,
    /// `spec.roleArn`
    field: Option<&'static str>,
    message: String,
}

impl AssociationsFile {
    /// Reads the associations of the cluster of this name.
    ///
    /// # Errors
    /// [`InvalidFile`]: a broker does not begin with a file that it cannot read.
    pub fn read(path: &Path, cluster: &str, metrics: Metrics) -> Result<Self, InvalidFile> {
        let read = read(path)?;
        metrics.associations(cluster, read.len());
        let feed = watch::Sender::new(Some(Arc::new(read)));
        Ok(Self { path: path.to_owned(), cluster: cluster.to_owned(), feed, metrics })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where what it has now is told.
    #[must_use]
    pub fn feed(&self) -> AssociationsFeed {
        self.feed.subscribe()
    }

    /// Reads it again. What is in force stays so where it is no good.
    pub fn reload(&self) {
        let (path, cluster) = (self.path.display(), self.cluster.as_str());
        let read = read(&self.path);
        self.metrics.associations_read(read.is_ok());
        match read {
            Ok(read) => {
                tracing::info!(%path, cluster, associations = read.len(), "associations read");
                self.metrics.associations(cluster, read.len());
                self.feed.send_replace(Some(Arc::new(read)));
            }
            Err(invalid) => {
                for flaw in invalid.told() {
                    tracing::error!(cluster, "the former associations stay in force: {flaw}");
                }
            }
        }
    }
}

/// The associations of a file.
///
/// # Errors
/// [`InvalidFile`]
pub fn read(path: &Path) -> Result<Associations, InvalidFile> {
    let invalid = |flaws| InvalidFile { path: path.to_owned(), flaws };
    let text = std::fs::read_to_string(path)
        .map_err(|error| invalid(vec![Flaw { at: None, field: None, message: format!("cannot be read: {error}") }]))?;
    document::associations(&text).map_err(invalid)
}

impl InvalidFile {
    /// A line for each thing that is wrong: `FILE:LINE:COLUMN: FIELD: ...`.
    pub fn told(&self) -> impl Iterator<Item = String> {
        self.flaws.iter().map(|flaw| {
            let path = self.path.display();
            match flaw.at {
                Some((line, column)) => format!("{path}:{line}:{column}: {flaw}"),
                None => format!("{path}: {flaw}"),
            }
        })
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Some(field) => write!(f, "{field}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl fmt::Display for InvalidFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told().collect::<Vec<_>>().join("\n"))
    }
}

impl std::error::Error for InvalidFile {}
