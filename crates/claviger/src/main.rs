//! Claviger carries the keys of a Kubernetes cluster on AWS.
//!
//! ```text
//!   main --> cli --> commands/*   one file a subcommand: settings, composition, nothing to decide
//!             |          |
//!             |          +-- printer   stdout: data, as text or as one JSON object a line
//!             +-- failure, exit        stderr: `error:` and `help:` lines, and the exit code
//! ```

#[cfg(feature = "kubernetes")]
mod apiserver;
#[cfg(any(feature = "explain", feature = "local-aws"))]
mod assumptions;
mod cli;
mod commands;
#[cfg(any(feature = "diagnose", feature = "pod-identity"))]
mod eks_associations;
#[cfg(feature = "local-aws")]
mod embedded_aws;
#[cfg(any(feature = "explain", feature = "local-aws"))]
mod endpoint;
mod environment;
mod exit;
#[cfg(feature = "explain")]
mod facts;
mod failure;
mod logging;
#[cfg(feature = "pod-identity")]
mod merged_associations;
#[cfg(feature = "kms-plugin")]
mod plugin;
mod printer;

#[cfg(not(any(feature = "kms-plugin", feature = "local-aws", feature = "pod-identity")))]
compile_error!("choose at least one role: `--features kms-plugin`, `--features local-aws`, `--features pod-identity`");

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything speaks TLS: one provider for the process. Only a second call could fail.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    cli::run(std::env::args_os()).into()
}
