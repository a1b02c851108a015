//! One file a subcommand.

pub(crate) mod completions;
#[cfg(feature = "kms-plugin")]
pub(crate) mod keyring;
#[cfg(feature = "kms-plugin")]
pub(crate) mod kms_plugin;
#[cfg(feature = "local-aws")]
pub(crate) mod local_aws;
pub(crate) mod man;
#[cfg(feature = "up")]
pub(crate) mod up;

/// Runs a daemon's work on a runtime of its own. Threads that still hang when it is done are left behind.
fn block_on<T>(work: impl Future<Output = Result<T, crate::failure::Failure>>) -> Result<T, crate::failure::Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    done
}
