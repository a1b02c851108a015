//! `claviger pod-identity broker`.

#[cfg(feature = "kubernetes")]
mod at_apiserver;
mod cluster_flag;
mod flags;
mod serving;
mod trust_policy;

use clap::{Args, Subcommand};
use daemon::secrecy::keep_memory_private;

use self::flags::Flags;
use super::super::block_on_this_thread;
use crate::{exit::Exit, failure::Failure, logging::LogOptions};

const EXAMPLES: &str = "\
Examples:
  In a cluster of kubeadm's, with associations from a file; the broker's own role comes
  from the instance, from IAM Roles Anywhere or from wherever SDKs find it:
    ARN=arn:aws:eks:eu-west-1:111122223333:cluster/demo
    ISSUER=https://kubernetes.default.svc.cluster.local
    claviger pod-identity broker --agent-service-account claviger/agent \\
      --cluster $ARN,issuer=$ISSUER,keys=apiserver,associations=demo.yaml \\
      --tls-cert tls.crt --tls-key tls.key

  On this machine, over an embedded AWS (`claviger local-aws`), for clients of EKS Auth:
    ARN=arn:aws:eks:us-west-2:111122223333:cluster/demo
    claviger pod-identity broker --listen 127.0.0.1:8443 --allow-unbound-agents \\
      --cluster $ARN,issuer=https://oidc.example.com/demo,keys=jwks.json,associations=demo.yaml \\
      --sts-endpoint http://127.0.0.1:4566

SIGHUP, and a change of the files themselves, take up changed associations, keys, certificates
and AWS credentials. SIGTERM drains; a second one ends at once.";

/// Run the broker of clusters outside EKS: it answers EKS Auth's AssumeRoleForPodIdentity, and assumes roles itself
///
/// It starts also while AWS or a cluster's keys are away, and says so on its probes. It keeps nothing: any number of replicas
/// behind one address do.
#[derive(Args, Debug)]
#[command(
    after_long_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true
)]
pub(crate) struct Broker {
    #[command(flatten)]
    flags: Flags,

    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Debug, Subcommand)]
enum Part {
    TrustPolicy(trust_policy::TrustPolicy),
}

impl Broker {
    pub(crate) fn run(self, log: &LogOptions) -> Result<Exit, Failure> {
        log.start(&super::log_at("info"))?;
        if let Some(Part::TrustPolicy(trust_policy)) = self.part {
            return trust_policy.run();
        }
        keep_memory_private()?;
        let settings = self.flags.checked().map_err(Failure::usage)?;
        block_on_this_thread(serving::serve(settings))
    }
}
