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

/// How long tasks and threads may take to let go of what they hold, such as a socket's file.
const LETTING_GO: std::time::Duration = std::time::Duration::from_secs(1);

/// Runs a daemon's work on a runtime of its own. What still hangs when it is done is left behind.
fn block_on<T>(work: impl Future<Output = Result<T, crate::failure::Failure>>) -> Result<T, crate::failure::Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(LETTING_GO);
    done
}
