//! `claviger pod-identity`.

mod agent;
mod beside;
mod broker;
mod initialize;
#[cfg(feature = "kubernetes")]
mod webhook;

use clap::{Args, Subcommand};
use http::Uri;

use crate::{exit::Exit, failure::Failure, logging::LogOptions};

const EXAMPLES: &str = "\
Examples:
  The agent of a node of an EKS cluster, in place of AWS's own:
    claviger pod-identity agent --cluster-name demo

  Before it, once on each node, as root:
    claviger pod-identity initialize

  The broker of a cluster outside EKS, which its agents ask:
    claviger pod-identity broker --help

  The webhook of a cluster outside EKS, which leads pods to the agent:
    claviger pod-identity webhook --help

  The agent's flags:
    claviger pod-identity agent --help";

/// Give pods their AWS credentials: what runs on each node of a cluster with Pod Identity, and what stands behind it outside EKS
///
/// Under the name `eks-pod-identity-agent` it needs no subcommand, and takes that program's own.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) struct PodIdentity {
    #[command(subcommand)]
    command: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    Agent(Box<agent::Agent>),
    Broker(Box<broker::Broker>),
    Initialize(initialize::Initialize),
    #[cfg(feature = "kubernetes")]
    Webhook(Box<webhook::Webhook>),
}

fn url(text: &str) -> Result<String, String> {
    if text.starts_with("https://") || text.starts_with("http://") {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is no URL: it begins with `https://` or `http://`"))
}

/// What is logged unless `--log` says otherwise. kube has a line for each connection that fails; ours says what could not be had
/// by it, and once.
fn log_at(level: &str) -> String {
    format!("{level},kube_client=off")
}

/// Tokens go there: in clear to this machine alone.
fn broker_url(text: &str) -> Result<String, String> {
    let no_url = || format!("`{text}` is no URL: it begins with `https://`, and has the name of a machine");
    // As who calls it reads it: before an `@` there may be what looks like a machine's name and port, and is none.
    let url: Uri = text.parse().map_err(|_| no_url())?;
    match (url.scheme_str(), url.host()) {
        (Some("https"), Some(_)) | (Some("http"), Some("127.0.0.1" | "localhost" | "[::1]")) => Ok(text.to_owned()),
        (Some("http"), _) => Err(format!("`{text}` would send pods' tokens in clear: https:// is for other machines")),
        _ => Err(no_url()),
    }
}

impl PodIdentity {
    pub(crate) fn run(self, log: &LogOptions) -> Result<Exit, Failure> {
        match self.command {
            Part::Agent(agent) => agent.run(log),
            Part::Broker(broker) => broker.run(log),
            Part::Initialize(initialize) => initialize.run(log),
            #[cfg(feature = "kubernetes")]
            Part::Webhook(webhook) => webhook.run(log),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::broker_url;

    #[test]
    fn tokens_go_in_clear_to_this_machine_alone() {
        for taken in ["https://broker.claviger:8443", "http://127.0.0.1:8080", "http://[::1]:8080/"] {
            assert_eq!(broker_url(taken).as_deref(), Ok(taken));
        }
        for refused in [
            "http://broker.claviger:8443",
            "http://127.0.0.1.example/",
            "http://localhost@example/",
            "http://localhost:x@example/",
            "http://[::1]:8080@example/",
            "https://",
            "broker",
        ] {
            assert!(broker_url(refused).is_err(), "{refused}");
        }
    }
}
