//! The access policies of EKS, which say what a principal may do in a cluster; by their names, since what they allow is
//! Kubernetes' matter.
//!
//! Source: `data/access-policies.json`, which names its own.

use std::sync::LazyLock;

use serde::Deserialize;

static DATA: &str = include_str!("../data/access-policies.json");

static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct Data {
        policies: Vec<String>,
    }
    #[expect(clippy::expect_used, reason = "the text is part of the binary, and a test reads it")]
    serde_json::from_str::<Data>(DATA).expect("the embedded access policies are JSON").policies
});

/// Their names, in order: `AmazonEKSClusterAdminPolicy`.
#[must_use]
pub fn names() -> &'static [String] {
    &NAMES
}

/// The ARN of one: `arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy`.
#[must_use]
pub fn arn(partition: &str, name: &str) -> String {
    format!("arn:{partition}:eks::aws:cluster-access-policy/{name}")
}
