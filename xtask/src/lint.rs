//! `cargo xtask lint`: what must hold before a test is worth running.

use anyhow::Result;

use crate::{step, workspace};

/// All features, and each role with as little beside it as it can be built with.
const FEATURE_SETS: &[(&str, &[&str])] = &[
    ("clippy, default features", &["--workspace", "--all-targets"]),
    ("clippy, `up` without Kubernetes", &["--package", "claviger", "--no-default-features", "--features=up"]),
    ("clippy, the plugin with AWS KMS", &["--package", "claviger", "--no-default-features", "--features=aws-kms"]),
    (
        "clippy, the plugin with the keyring alone",
        &["--package", "claviger", "--no-default-features", "--features=kms-plugin"],
    ),
    ("clippy, the embedded AWS alone", &["--package", "claviger", "--no-default-features", "--features=local-aws"]),
    (
        "clippy, Pod Identity without Kubernetes",
        &["--package", "claviger", "--no-default-features", "--features=pod-identity"],
    ),
    ("clippy, Pod Identity alone", &["--package", "claviger", "--no-default-features", "--features=kubernetes"]),
];

pub(crate) fn run() -> Result<()> {
    step::timed("formatting", || step::run(workspace::cargo().args(["fmt", "--all", "--check"])))?;
    for (name, arguments) in FEATURE_SETS {
        step::timed(name, || {
            let mut clippy = workspace::cargo();
            clippy.args(["clippy", "--locked"]).args(*arguments).args(["--", "--deny", "warnings"]);
            step::run(&mut clippy)
        })?;
    }
    Ok(())
}
