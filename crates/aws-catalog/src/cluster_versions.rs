//! The versions of Kubernetes that EKS has, and how long.
//!
//! Source: `data/cluster-versions.json`, which names its own for each version.

use std::sync::LazyLock;

use serde::Deserialize;

static DATA: &str = include_str!("../data/cluster-versions.json");

static ALL: LazyLock<Vec<ClusterVersion>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct Data {
        versions: Vec<ClusterVersion>,
    }
    #[expect(clippy::expect_used, reason = "the text is part of the binary, and a test reads it")]
    serde_json::from_str::<Data>(DATA).expect("the embedded versions are JSON").versions
});

/// A minor version of Kubernetes. Days are as `2025-05-29`, so that their order is that of their texts; each begins at
/// midnight UTC.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterVersion {
    /// `1.33`
    pub version: String,
    /// When EKS had it first.
    pub released: String,
    /// When extended support begins.
    pub end_of_standard_support: String,
    /// When it is supported no more.
    pub end_of_extended_support: String,
}

/// All of them, newest first.
#[must_use]
pub fn all() -> &'static [ClusterVersion] {
    &ALL
}
