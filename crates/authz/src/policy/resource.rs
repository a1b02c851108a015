//! Patterns of resources: ARNs with wildcards and, under `2012-10-17`, variables.

use super::Version;

/// A pattern of resources' ARNs. Compared with case.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Resource".
#[derive(Clone, Debug, PartialEq)]
pub struct ResourcePattern {
    written: Box<str>,
    version: Version,
}

impl ResourcePattern {
    /// Takes a pattern; variables are recognised where the version has them.
    #[must_use]
    pub fn new(written: &str, version: Version) -> Self {
        Self { written: written.into(), version }
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }
}
