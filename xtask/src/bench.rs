//! `cargo xtask bench`: one run against the floor and the peers, of the binary that is shipped.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::{
    step,
    tools::{self, python},
    workspace,
};

#[derive(Args)]
pub(crate) struct Bench {
    /// A built aws-encryption-provider.
    #[arg(long, value_name = "PATH")]
    peer: Option<PathBuf>,
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
    // Before minutes of building. Absolute, for cargo runs the benchmark in another folder than the caller's.
    let peer = bench
        .peer
        .as_ref()
        .map(|path| path.canonicalize().with_context(|| format!("there is no `{}`", path.display())))
        .transpose()?;
    tools::run()?;
    if bench.only.is_none_or(|part| part == Part::EmbeddedAws) {
        step::timed("ministack", python::ministack)?;
    }
    if bench.only.is_none_or(|part| part == Part::Authz) {
        step::timed("benchmark of decisions", || step::run(&mut benchmark("authz", "decide")))?;
    }
    if bench.only == Some(Part::Authz) {
        return Ok(());
    }
    step::timed("benchmark of the servers", || {
        let mut peers = benchmark("claviger", "peers");
        if let Some(peer) = peer {
            peers.arg("--peer").arg(peer);
        }
        if let Some(part) = bench.only.as_ref().and_then(Part::to_possible_value) {
            peers.args(["--only", part.get_name()]);
        }
        step::run(peers.arg("--seconds").arg(bench.seconds.to_string()))
    })
}

/// A benchmark of a package, with the settings of the binary that is shipped.
fn benchmark(package: &str, name: &str) -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["bench", "--locked", "--profile=release", "--package", package, "--bench", name, "--"]);
    cargo
}
