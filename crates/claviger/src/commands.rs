//! One file a subcommand.

#[cfg(feature = "addons")]
pub(crate) mod addons;
pub(crate) mod completions;
#[cfg(feature = "diagnose")]
pub(crate) mod diagnose;
#[cfg(feature = "explain")]
pub(crate) mod explain;
#[cfg(feature = "kms-plugin")]
pub(crate) mod keyring;
#[cfg(feature = "kms-plugin")]
pub(crate) mod kms_plugin;
#[cfg(feature = "local-aws")]
pub(crate) mod local_aws;
pub(crate) mod man;
#[cfg(feature = "pod-identity")]
pub(crate) mod pod_identity;
#[cfg(feature = "up")]
pub(crate) mod up;

use std::time::Duration;

use tokio::runtime::Builder;

use crate::failure::Failure;

/// How long tasks and threads may take to let go of what they hold, such as a socket's file.
const LETTING_GO: Duration = Duration::from_secs(1);

/// Runs a daemon's work on a runtime of its own, with a thread for each core.
#[cfg(feature = "local-aws")]
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    run(Builder::new_multi_thread(), work)
}

/// Runs work on this thread alone: it is cheaper where a daemon mostly waits for others, for no call wakes a second
/// thread. `docs/reference/performance.md` has the figures.
#[cfg(any(feature = "addons", feature = "explain", feature = "kms-plugin", feature = "pod-identity"))]
fn block_on_this_thread<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    run(Builder::new_current_thread(), work)
}

/// What still hangs when the work is done is left behind.
fn run<T>(mut runtime: Builder, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = runtime.enable_all().build()?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(LETTING_GO);
    done
}
