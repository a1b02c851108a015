//! The house of `docs/design.md`, held against `cargo metadata`: arrows between our crates point down only,
//! roles never import each other, and no crate knows what its row forbids.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

/// Floors, from the top. A crate may use any crate of a lower floor, and none of its own.
const FLOORS: &[&[&str]] = &[
    &["claviger"],
    &["diagnose", "kms-plugin", "local-aws", "pod-identity"],
    &["daemon", "key-service", "kubernetes", "control-plane", "aws-client"],
    &["authz", "eks-auth"],
    &["aws-wire", "aws-catalog", "oidc"],
    &["aws-model"],
];

/// Outside the floors: nothing that ships may use them but as a dev-dependency.
const TEST_ONLY: &[&str] = &["scenario", "test-support", "xtask"];

/// What a crate must not reach, through any path of normal dependencies.
const MUST_NOT_REACH: &[(&str, &[&str])] = &[
    ("kms-plugin", &["kube", "aws-wire"]),
    ("pod-identity", &["axum", "kube", "tonic", "aws-wire", "authz", "key-service"]),
    ("local-aws", &["aws-config", "aws-sdk-kms", "aws-sdk-sts", "kube", "tonic"]),
    ("diagnose", &["tokio", "hyper", "axum", "aws-wire", "kube", "aws-config"]),
    ("daemon", &["aws-config", "aws-sdk-kms", "aws-wire", "aws-catalog", "authz"]),
    ("key-service", &["axum", "tonic", "kube", "aws-wire"]),
    ("kubernetes", &["aws-config", "aws-wire", "aws-catalog", "authz", "axum"]),
    ("aws-client", &["axum", "aws-catalog", "authz", "kube", "tonic", "aws-sdk-eks", "aws-sdk-iam", "aws-sdk-kms"]),
    ("control-plane", &["aws-config", "aws-wire", "aws-model", "aws-catalog", "authz", "axum"]),
    ("authz", &["tokio", "hyper", "axum", "aws-wire", "redb"]),
    ("eks-auth", &["tokio", "hyper", "axum", "aws-wire", "authz", "redb"]),
    ("aws-wire", &["tokio", "hyper", "axum"]),
    ("aws-catalog", &["tokio", "hyper", "axum", "aws-wire"]),
    ("aws-model", &["tokio", "hyper", "axum", "aws-wire"]),
    ("oidc", &["tokio", "hyper", "axum", "aws-wire", "aws-model"]),
];

/// What a crate must not name in its own manifest; a lower crate may bring it along as a type-erased backend.
const MUST_NOT_NAME: &[(&str, &[&str])] =
    &[("kms-plugin", &["aws-config", "aws-sdk-kms", "aws-sdk-sts", "aws-credential-types"])];

struct House {
    /// Normal and build dependencies by the package's name, all features on.
    uses: BTreeMap<String, BTreeSet<String>>,
    ours: BTreeSet<String>,
}

impl House {
    fn read() -> Self {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version=1", "--all-features", "--locked", "--manifest-path", manifest])
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");

        let names: BTreeMap<&str, &str> = metadata["packages"]
            .as_array()
            .expect("packages")
            .iter()
            .map(|package| (package["id"].as_str().expect("id"), package["name"].as_str().expect("name")))
            .collect();
        let ours = metadata["workspace_members"]
            .as_array()
            .expect("members")
            .iter()
            .map(|id| names[id.as_str().expect("id")].to_owned())
            .collect();
        let mut uses = BTreeMap::<String, BTreeSet<String>>::new();
        for node in metadata["resolve"]["nodes"].as_array().expect("nodes") {
            let entry = uses.entry(names[node["id"].as_str().expect("id")].to_owned()).or_default();
            for dependency in node["deps"].as_array().expect("deps") {
                let only_in_tests = dependency["dep_kinds"]
                    .as_array()
                    .expect("kinds")
                    .iter()
                    .all(|kind| kind["kind"].as_str() == Some("dev"));
                if !only_in_tests {
                    entry.insert(names[dependency["pkg"].as_str().expect("pkg")].to_owned());
                }
            }
        }
        Self { uses, ours }
    }

    fn floor(&self, crate_name: &str) -> usize {
        FLOORS
            .iter()
            .position(|floor| floor.contains(&crate_name))
            .unwrap_or_else(|| panic!("`{crate_name}` stands on no floor: add it to layers.rs and docs/design.md"))
    }

    fn reaches(&self, from: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(name) = open.pop() {
            for next in self.uses.get(name).into_iter().flatten() {
                if seen.insert(next.as_str()) {
                    open.push(next);
                }
            }
        }
        seen
    }
}

#[test]
fn arrows_point_down_only() {
    let house = House::read();
    for name in house.ours.iter().filter(|name| !TEST_ONLY.contains(&name.as_str())) {
        for used in house.uses[name].iter().filter(|used| house.ours.contains(*used)) {
            assert!(!TEST_ONLY.contains(&used.as_str()), "`{name}` ships with `{used}`, which is for tests");
            assert!(house.floor(name) < house.floor(used), "`{name}` uses `{used}`, which does not lie below it");
        }
    }
}

#[test]
fn every_room_of_the_table_exists() {
    let house = House::read();
    let built: BTreeSet<&str> = FLOORS.iter().copied().flatten().chain(TEST_ONLY).copied().collect();
    let ours: BTreeSet<&str> = house.ours.iter().map(String::as_str).collect();
    assert_eq!(built, ours);
}

#[test]
fn no_crate_knows_what_its_row_forbids() {
    let house = House::read();
    for (name, forbidden) in MUST_NOT_REACH {
        let reached = house.reaches(name);
        for forbidden in *forbidden {
            assert!(!reached.contains(forbidden), "`{name}` must not know `{forbidden}`");
        }
    }
    for (name, forbidden) in MUST_NOT_NAME {
        for forbidden in *forbidden {
            assert!(!house.uses[*name].contains(*forbidden), "`{name}` must not name `{forbidden}`");
        }
    }
}
