//! `claviger pod-identity`.

mod agent;
mod initialize;

use clap::{Args, Subcommand};

use crate::{exit::Exit, failure::Failure, logging::LogOptions};

const EXAMPLES: &str = "\
Examples:
  The agent of a node of an EKS cluster, in place of AWS's own:
    claviger pod-identity agent --cluster-name demo

  Before it, once on each node, as root:
    claviger pod-identity initialize

  Its flags:
    claviger pod-identity agent --help";

/// Give pods their AWS credentials: what runs on each node of a cluster with Pod Identity
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
    Initialize(initialize::Initialize),
}

impl PodIdentity {
    pub(crate) fn run(self, log: &LogOptions) -> Result<Exit, Failure> {
        match self.command {
            Part::Agent(agent) => agent.run(log),
            Part::Initialize(initialize) => initialize.run(log),
        }
    }
}
