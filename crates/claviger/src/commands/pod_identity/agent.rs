//! `claviger pod-identity agent`.

mod flags;
mod serving;

use clap::Args;
use daemon::secrecy::keep_memory_private;

use self::flags::Flags;
use super::super::block_on_this_thread;
use crate::{exit::Exit, failure::Failure, logging::LogOptions};

const EXAMPLES: &str = "\
Examples:
  On a node of an EKS cluster, with the node's own role:
    claviger pod-identity agent --cluster-name demo

  Where the node has no IPv6 to give (without the flag the agent says so once, and does without):
    claviger pod-identity agent --cluster-name demo --bind-hosts 169.254.170.23

  On a node of a cluster outside EKS, before the cluster's broker:
    claviger pod-identity agent --cluster-name demo --broker https://broker.claviger.svc:8443 \\
      --broker-ca /etc/claviger/ca.crt

  On this machine, over an embedded AWS (`claviger local-aws`), for an SDK with
  AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:8080/v1/credentials:
    claviger pod-identity agent --cluster-name demo --endpoint http://127.0.0.1:4566 \\
      --bind-hosts 127.0.0.1 --port 8080

  In place of eks-pod-identity-agent, with its own flags:
    ln -s claviger eks-pod-identity-agent
    ./eks-pod-identity-agent server --cluster-name demo

SIGHUP, and a change of the AWS files themselves, take up changed AWS credentials. SIGTERM drains; a second
one ends at once.";

/// Run the agent of a node: pods get credentials at `/v1/credentials`, as from AWS's own agent
///
/// It starts also while EKS Auth is away or an address is missing, and says so on its probes. Credentials are kept, renewed
/// ahead of time, and go on to be handed out while EKS Auth is away, until they end.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES, visible_alias = "server")]
pub(crate) struct Agent {
    #[command(flatten)]
    flags: Flags,
}

impl Agent {
    pub(crate) fn run(self, log: &LogOptions) -> Result<Exit, Failure> {
        log.start(&super::log_at(self.flags.log_level()))?;
        keep_memory_private()?;
        block_on_this_thread(serving::serve(self.flags))
    }
}
