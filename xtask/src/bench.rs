//! `cargo xtask bench`: one run against the floor and the peers, of the binary that is shipped.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{step, tools, workspace};

pub(crate) fn run(peer: Option<&Path>) -> Result<()> {
    // Before minutes of building. Absolute, for cargo runs the benchmark in another folder than the caller's.
    let peer: Option<PathBuf> = peer
        .map(|path| path.canonicalize().with_context(|| format!("there is no `{}`", path.display())))
        .transpose()?;
    tools::run()?;
    step::timed("benchmark", || {
        let mut bench = workspace::cargo();
        bench.args(["bench", "--locked", "--profile=release", "--package=claviger", "--bench=peers", "--"]);
        if let Some(peer) = peer {
            bench.arg("--peer").arg(peer);
        }
        step::run(&mut bench)
    })
}
