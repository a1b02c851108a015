//! `cargo xtask tools`: what the tests need that Cargo does not build, under `target/tools`.
//!
//! Each thing is built once and kept. A stamp holds what it was built from; it is built again when that changed.
//! Nothing is skipped in silence: a missing Go, Python or Node.js is an error that says how to get it.

pub(crate) mod go;
mod karpenter;
mod kubernetes;
mod node;
mod published;
pub(crate) mod python;
pub(crate) mod stamp;

use std::fs::File;

use anyhow::{Context, Result};

use crate::{step, workspace};

pub(crate) fn run() -> Result<()> {
    let tools = workspace::tools();
    std::fs::create_dir_all(&tools).with_context(|| format!("cannot make {}", tools.display()))?;
    // Two runs in one checkout would build everything twice, into the same files.
    let lock = File::create(tools.join(".lock")).context("cannot make the lock of target/tools")?;
    if lock.try_lock().is_err() {
        eprintln!("==> waiting for another run in this checkout");
        lock.lock().context("cannot lock target/tools")?;
    }

    // First of all: who misses something should hear it before minutes of compiling.
    go::check()?;
    python::check()?;
    node::check()?;

    step::timed("Python venv", python::venv)?;
    step::timed("IAM simulator", node::iam_simulate)?;
    step::timed("AWS SDK for JavaScript", node::aws_sdk)?;
    step::timed("AWS SDK for Go", go::scenario)?;
    step::timed("AWS SDK for Go, in a pod", go::pod)?;
    step::timed("etcd", go::etcd)?;
    for version in kubernetes::VERSIONS {
        step::timed(&format!("Kubernetes {version}"), || kubernetes::build(version))?;
    }
    step::timed("Karpenter", karpenter::build)?;
    step::timed("Helm", go::helm)?;
    step::timed("Prometheus' parser", go::promql)?;
    step::timed("cert-manager's definitions", published::cert_manager)?;
    step::timed("Prometheus Operator's definitions", published::prometheus_operator)?;
    for client in go::apiserver_clients()? {
        step::timed(&format!("Go client {client}"), || go::apiserver_client(&client))?;
    }
    Ok(())
}
