//! `claviger kms-plugin`.

mod directories;
mod flags;
mod serving;
mod settings;

use clap::Args;
use daemon::secrecy::keep_memory_private;

use self::{flags::Flags, settings::Settings};
use super::block_on_this_thread;
use crate::{exit::Exit, failure::Failure, logging::LogOptions};

const EXAMPLES: &str = "\
Examples:
  Seal under an AWS KMS key; region and credentials from the environment, a profile, a credential
  process, a web identity, a container's or the instance's metadata, as AWS's SDKs find them:
    claviger kms-plugin --key alias/etcd --encryption-context cluster=demo

  Two keys, two sockets:
    claviger kms-plugin --key alias/new --listen /run/kms/new.sock \\
      --key alias/old --listen /run/kms/old.sock

  A local keyring, no cloud:
    claviger keyring create /etc/claviger/keyring.json
    claviger kms-plugin --keyring /etc/claviger/keyring.json --listen /run/kms/kms.sock

  Settings that may change while it runs, with the names and units of their flags:
    echo '{\"probe-interval\": \"10s\", \"qps-limit\": 50, \"burst-limit\": 100}' >settings.json
    claviger kms-plugin --key alias/etcd --settings settings.json

  Upgrade without a failed call:
    claviger kms-plugin --take-over --key alias/etcd

  In place of aws-encryption-provider, with its own flags:
    ln -s claviger aws-encryption-provider
    ./aws-encryption-provider --key=alias/etcd --region=us-west-2

SIGHUP, and a change of the files themselves, take up changed keyrings, AWS credentials and
settings, and open the audit log anew. The settings file may hold probe-interval, agreeing-probes,
coast, call-timeout, seal-format, allow-uid, max-calls, qps-limit, burst-limit and log; what it
leaves out is as the flags say. One that is wrong changes nothing, and the log says where it is
wrong. Flags are read once: to change those, start a second plugin with --take-over.
SIGTERM drains; a second one ends at once.";

/// Run the Kubernetes KMS plugin: seal the apiserver's keys under a key service, on a unix socket
///
/// Serves the KMS APIs v2, v2alpha1 and v1beta1 to every apiserver from 1.26 on. It starts also while the key service is
/// away, and says so on its health port and in Status. Takes every flag of aws-encryption-provider and reads what that has
/// sealed; under the name `aws-encryption-provider` it needs no subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct KmsPlugin {
    #[command(flatten)]
    flags: Flags,
}

impl KmsPlugin {
    pub(crate) fn run(self, log: &LogOptions) -> Result<Exit, Failure> {
        let log = log.start_changeable(if self.flags.debug { "debug" } else { "info" })?;
        if let Some(owner) = &self.flags.prepare_directories {
            return directories::prepare(owner, &self.flags.listen);
        }
        let settings = Settings::from_flags(&self.flags)?;
        log.change(settings.changeable.log.as_ref());
        tracing::debug!(health_kms_version = self.flags.health_kms_version, "taken, and without effect");
        keep_memory_private()?;
        block_on_this_thread(serving::serve(settings, log))
    }
}
