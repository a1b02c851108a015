//! One step of a chore: named before, timed after, and the command shown when it fails.

use std::{process::Command, time::Instant};

use anyhow::{Context, Result, bail};

/// Does `work` and prints how long it took.
pub(crate) fn timed<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("==> {name}");
    let started = Instant::now();
    let result = work();
    let outcome = if result.is_ok() { "done" } else { "FAILED" };
    eprintln!("==> {name}: {outcome} in {:.1} s", started.elapsed().as_secs_f64());
    result
}

/// Runs `command` with our terminal, and fails when it does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}
