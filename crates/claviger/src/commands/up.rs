//! `claviger up`.

mod configuration;
mod directory;
mod key;
#[cfg(feature = "control-plane")]
mod kubernetes;
mod pod;
mod sample;
mod told;

use std::{sync::Arc, time::Duration};

use aws_model::AccountId;
use clap::Args;
use daemon::{
    metrics::Registry,
    secrecy::keep_memory_private,
    shutdown::Shutdown,
    unix_socket::{self, Endpoint, Listener},
};
use key_service::aws::{AwsKms, AwsKmsSettings, FixedCredentials};
use kms_plugin::{
    audit::AuditLog,
    engine::{EngineSettings, Gate},
    metrics::Metrics,
    server::Limits,
};
use local_aws::Options;

use self::{directory::Directory, told::Event};
use super::block_on;
use crate::{
    embedded_aws::{AwsFlags, Shown},
    exit::Exit,
    failure::{Failure, Problem},
    logging::LogOptions,
    plugin::{Common, Plugin, Site},
    printer::{Format, Printer, note},
};

const EXAMPLES: &str = "\
Examples:
  See it seal, and a pod get its credentials; nothing but this binary is needed:
    claviger up

  With a real etcd and kube-apiserver, built by `cargo xtask tools`:
    claviger up --with-kubernetes

  The same AWS, key and socket each time:
    claviger up --state aws.redb --socket /tmp/claviger/kms.sock

  For a program: wait for the line with \"event\":\"ready\", stop it with SIGINT or SIGTERM:
    claviger up --listen 127.0.0.1:0 -o json";

/// The account of AWS's own examples.
const ACCOUNT: &str = "111122223333";
/// What the plugin seals under.
const ALIAS: &str = "alias/claviger-up";
/// Where the directory's socket is.
const SOCKET: &str = "kms.sock";
/// How long calls in flight may go on after Ctrl-C.
const DRAIN: Duration = Duration::from_secs(5);
/// Calls to the embedded AWS at once.
const MAX_CALLS: usize = 64;

/// Run the embedded AWS, a KMS plugin and Pod Identity over it, show that a sample is sealed and that a pod gets its
/// credentials, and stay
///
/// Makes a key, serves it on a unix socket, writes the EncryptionConfiguration for an apiserver, seals and opens a sample
/// through the socket as an apiserver would, and says how to attach one. Then makes a role for a pod, starts the broker and
/// the agent of a cluster outside EKS, and has a pod get its credentials with its token alone. Ctrl-C stops and removes
/// everything but a `--state` file.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Up {
    #[command(flatten)]
    aws: AwsFlags,

    /// Socket of the KMS plugin [default: kms.sock in a new private directory]
    #[arg(long, value_name = "SOCKET")]
    socket: Option<String>,

    #[cfg(feature = "control-plane")]
    #[command(flatten)]
    kubernetes: kubernetes::Flags,

    /// The form of what is printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

impl Up {
    pub(crate) fn run(self, log: &LogOptions) -> Result<Exit, Failure> {
        log.start("warn")?;
        let endpoint = self.named()?;
        keep_memory_private()?;
        block_on(self.serve(endpoint))
    }

    /// What the flags name, checked before anything starts.
    fn named(&self) -> Result<Option<Endpoint>, Failure> {
        let mut problems = Vec::new();
        let mut endpoint = None;
        match self.socket.as_deref().map(str::parse::<Endpoint>) {
            None => {}
            Some(Ok(named)) => endpoint = Some(named),
            Some(Err(error)) => problems.push(Problem::new(format_args!("--socket: {error}"))),
        }
        problems.extend(self.aws.contradiction());
        if problems.is_empty() { Ok(endpoint) } else { Err(Failure::usage(problems)) }
    }

    async fn serve(self, endpoint: Option<Endpoint>) -> Result<Exit, Failure> {
        #[cfg(feature = "control-plane")]
        let binaries = self.kubernetes.binaries()?;
        // What is left of the drain when the control plane has stopped is the calls'.
        #[cfg(feature = "control-plane")]
        let drain = if binaries.is_some() { control_plane::LONGEST_STOP + DRAIN } else { DRAIN };
        #[cfg(not(feature = "control-plane"))]
        let drain = DRAIN;
        let shutdown = Shutdown::on_signals(drain)?;
        let printer = Printer::new(self.output);
        let directory = Directory::make()?;
        let endpoint = endpoint.unwrap_or_else(|| Endpoint::Path(directory.file(SOCKET)));
        // Before the AWS is there: a socket that is taken leaves nothing to clean up.
        let listener = Listener::bind(&endpoint, unix_socket::Options::default())?;

        let account: AccountId = ACCOUNT.parse()?;
        let aws = self.aws.start(Options { accounts: vec![account], ..Options::default() }).await?;
        let credential = aws.root_credential(account);
        let endpoint_url = aws.endpoint_url();
        let fixed = FixedCredentials {
            access_key_id: credential.access_key_id.clone(),
            secret_access_key: credential.secret_access_key.clone(),
        };
        let credential = Shown::from(credential);
        printer.say(&Event::Aws {
            endpoint: endpoint_url.clone(),
            region: self.aws.region.clone(),
            state: self.aws.state.clone(),
            credential: credential.clone(),
        })?;

        let made = key::ensure(&endpoint_url, &self.aws.region, &fixed, ALIAS).await?;
        printer.say(&Event::Key { alias: ALIAS, arn: made.arn.clone(), made: made.made })?;

        let key = AwsKms::connect(AwsKmsSettings {
            region: Some(self.aws.region.clone()),
            endpoint: Some(endpoint_url.clone()),
            credentials: Some(fixed.clone()),
            ..AwsKmsSettings::new(ALIAS.parse()?)
        })?;
        let common = Common {
            engine: EngineSettings::default(),
            limits: Limits::default(),
            metrics: Registry::new().register(Metrics::register),
            audit: AuditLog::disabled(),
        };
        let site = Site { listener, key: Arc::new(key), gate: Gate::new(MAX_CALLS, None) };
        let plugin = Plugin::start(vec![site], &common, &shutdown);
        printer.say(&Event::Plugin { socket: endpoint.to_string() })?;

        let configuration = configuration::write(&directory, &endpoint)?;

        #[cfg(feature = "control-plane")]
        let mut cluster = None;
        let mut lending = None;
        let staying = async {
            let proof = sample::prove(&endpoint).await?;
            let key_id = proof.key_id.clone();
            printer.say(&Event::Sample(proof))?;
            #[cfg(feature = "control-plane")]
            if let Some(binaries) = binaries {
                let started = kubernetes::start(binaries, directory.file("kubernetes"), &configuration).await?;
                printer.say(&Event::Kubernetes(cluster.insert(started).show().await?))?;
            }
            let mut pod_environment = None;
            if let Some(why) = self.aws.is_off(aws.clock().now()) {
                note(format_args!("Pod Identity is left out: {why}"));
            } else {
                let ground = pod::Ground {
                    endpoint: &endpoint_url,
                    region: &self.aws.region,
                    account,
                    root: &fixed,
                    key_arn: &made.arn,
                };
                #[cfg(feature = "control-plane")]
                let tokens = match &cluster {
                    Some(cluster) => cluster.tokens().await?,
                    None => pod::Tokens::of_no_cluster()?,
                };
                #[cfg(not(feature = "control-plane"))]
                let tokens = pod::Tokens::of_no_cluster()?;
                match pod::start(&ground, tokens, &directory, &shutdown).await {
                    Ok((serving, evidence)) => {
                        lending = Some(serving);
                        pod_environment = Some(evidence.environment());
                        printer.say(&Event::Pod(evidence))?;
                    }
                    Err(failed) if self.aws.is_drill() => {
                        note(
                            "Pod Identity is left out: one of its own calls met a fault or a quota that was asked for",
                        );
                        failed.report();
                    }
                    Err(failed) => return Err(failed),
                }
            }
            printer.say(&Event::Ready {
                endpoint: endpoint_url.clone(),
                key_arn: made.arn.clone(),
                key_id,
                socket: endpoint.to_string(),
                encryption_configuration: configuration,
                credential,
                region: self.aws.region.clone(),
                state: self.aws.state.clone(),
                pod_environment,
                #[cfg(feature = "control-plane")]
                kubeconfig: cluster.as_ref().map(kubernetes::Cluster::kubeconfig),
            })?;
            #[cfg(feature = "control-plane")]
            if let Some(cluster) = &cluster {
                return Err(cluster.ended().await);
            }
            std::future::pending::<Result<(), Failure>>().await
        };
        // Also in the midst of a step: the plugin drains from then on, and what asks it would fail.
        let outcome: Result<(), Failure> = tokio::select! {
            biased;
            () = shutdown.requested() => Ok(()),
            failed = staying => failed,
        };
        shutdown.request();
        // In the order of who needs whom. The apiserver's connection to the plugin would keep the drain waiting.
        #[cfg(feature = "control-plane")]
        let halted = match cluster {
            Some(cluster) => shutdown.drain(cluster.stop()).await,
            None => Ok(()),
        };
        if let Some(lending) = lending {
            lending.ended().await;
        }
        let drained = plugin.ended().await;
        let stopped = shutdown.drain(aws.shutdown()).await;
        printer.say(&Event::Stopped)?;
        outcome?;
        #[cfg(feature = "control-plane")]
        halted?;
        drained?;
        stopped?;
        Ok(Exit::Done)
    }
}
