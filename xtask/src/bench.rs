//! `cargo xtask bench`: one run against the floor and the peers, of the binary that is shipped.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::{
    step,
    tools::{self, go, python},
    workspace,
};

/// By their names it is known what each is.
const PEERS: [&str; 3] = ["aws-encryption-provider", "eks-pod-identity-agent", "amazon-eks-pod-identity-webhook"];

#[derive(Args)]
pub(crate) struct Bench {
    /// A built peer, known by its name: aws-encryption-provider, eks-pod-identity-agent or
    /// amazon-eks-pod-identity-webhook. Repeat it for more.
    #[arg(long, value_name = "PATH", value_parser = peer)]
    peer: Vec<PathBuf>,
    /// One part alone.
    #[arg(long, value_name = "PART")]
    only: Option<Part>,
    /// How long each load on a server is measured. Shorter is good for a look, not for figures.
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    seconds: f64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The KMS plugin, against an empty server and the peer.
    Plugin,
    /// The Pod Identity agent, against an empty server, nginx where it is installed, and the peer.
    Agent,
    /// The Pod Identity webhook, against an empty server and the peer.
    Webhook,
    /// The embedded AWS, against moto and ministack, and what `large` is.
    EmbeddedAws,
    /// The embedded AWS with ten thousand roles, keys, grants and instances, against itself with none.
    Large,
    /// The embedded AWS with ten thousand instances, against itself with none: a part of `large`.
    Launches,
    /// Decisions, against iam-simulate and iam-rs.
    Authz,
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    tools::run()?;
    if bench.only.is_none_or(|part| part == Part::EmbeddedAws) {
        step::timed("ministack", python::ministack)?;
    }
    if bench.only.is_none_or(|part| part == Part::Webhook) {
        step::timed("floor of the webhook", go::tls_floor)?;
    }
    if bench.only.is_none_or(|part| part == Part::Authz) {
        step::timed("benchmark of decisions", || step::run(&mut benchmark("authz", "decide")))?;
    }
    if bench.only == Some(Part::Authz) {
        return Ok(());
    }
    step::timed("benchmark of the servers", || {
        let mut peers = benchmark("claviger", "peers");
        for peer in &bench.peer {
            peers.arg("--peer").arg(peer);
        }
        if let Some(part) = bench.only.as_ref().and_then(Part::to_possible_value) {
            peers.args(["--only", part.get_name()]);
        }
        step::run(peers.arg("--seconds").arg(bench.seconds.to_string()))
    })
}

/// Checked before minutes of building. Absolute, for cargo runs the benchmark in another folder than the caller's.
fn peer(path: &str) -> Result<PathBuf> {
    let name = Path::new(path).file_name().and_then(OsStr::to_str).unwrap_or_default();
    if !PEERS.contains(&name) {
        bail!("`{name}` is none of {}", PEERS.join(", "));
    }
    std::path::absolute(path).and_then(|path| path.metadata().map(|_| path)).context("it cannot be found")
}

/// A benchmark of a package, with the settings of the binary that is shipped.
fn benchmark(package: &str, name: &str) -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["bench", "--locked", "--profile=release", "--package", package, "--bench", name, "--"]);
    cargo
}
