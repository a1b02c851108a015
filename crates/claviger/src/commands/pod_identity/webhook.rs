//! `claviger pod-identity webhook`.

mod cluster;
mod flags;
mod missed;
mod own_certificates;
mod read_files;
mod serving;

use clap::Args;
use daemon::secrecy::keep_memory_private;

use self::flags::Flags;
use super::super::block_on_this_thread;
use crate::{exit::Exit, failure::Failure, logging::LogOptions};

const EXAMPLES: &str = "\
Examples:
  In a cluster outside EKS, with associations that are custom resources and certificates of its own making:
    claviger pod-identity webhook --aws-default-region eu-west-1 --associations kubernetes --own-certificates

  With the peer's file and a certificate that cert-manager keeps in a mounted Secret:
    claviger pod-identity webhook --aws-default-region eu-west-1 \\
      --watch-container-credentials-config /etc/claviger/identities.json \\
      --tls-cert /etc/webhook/certs/tls.crt --tls-key /etc/webhook/certs/tls.key

  Where the nodes of the cluster have IPv6 alone:
    claviger pod-identity webhook --watch-container-credentials-config identities.json \\
      --container-credentials-full-uri http://[fd00:ec2::23]/v1/credentials

  In place of amazon-eks-pod-identity-webhook, with its own flags:
    ln -s claviger amazon-eks-pod-identity-webhook
    ./amazon-eks-pod-identity-webhook --in-cluster=false --port 8443 \\
      --watch-container-credentials-config identities.json

SIGHUP, and a change of the files themselves, take up changed certificates and identities. SIGTERM drains; a
second one ends at once.";

/// Run the webhook of a cluster: new pods whose service account has an association get what AWS's SDKs look for, as on EKS
///
/// It starts also while a file is missing, and says so on its probes; until it knows from whom to inject, it answers no
/// review, so that the failurePolicy decides. Patches only add: what a pod has stays as it is.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Webhook {
    #[command(flatten)]
    flags: Flags,
}

impl Webhook {
    pub(crate) fn run(self, log: &LogOptions) -> Result<Exit, Failure> {
        log.start(&super::log_at(self.flags.log_level()))?;
        keep_memory_private()?;
        block_on_this_thread(serving::serve(self.flags))
    }
}
