//! `claviger pod-identity`.

mod agent;
mod broker;
mod initialize;
#[cfg(feature = "kubernetes")]
mod webhook;

use clap::{Args, Subcommand};

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
