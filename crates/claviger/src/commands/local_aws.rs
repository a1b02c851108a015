//! `claviger local-aws`.

mod metadata;
mod state;
mod tls;
mod told;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use authz::{file::world, rules::Turns, text::SourceText, world::World};
use aws_model::AccountId;
use clap::Args;
use daemon::{secrecy::keep_memory_private, shutdown::Shutdown};
use local_aws::{Credential, IssuerKeys, KeySource, Options, Tls, TrailFiles};

use self::{
    metadata::MetadataFlags,
    state::StateCommand,
    tls::{TlsFlags, Trust},
    told::{Ready, Stopped},
};
use super::block_on;
use crate::{
    assumptions,
    embedded_aws::{AwsFlags, Shown, shown},
    exit::Exit,
    failure::{Failure, Problem},
    logging::LogOptions,
    printer::{Format, Printer},
};

const EXAMPLES: &str = "\
Examples:
  An AWS with one account, in memory; paste what it prints into another terminal:
    claviger local-aws

  With a fixed credential, and a state that survives restarts:
    claviger local-aws --credential AKIDEXAMPLE:wJalrXUtnFEMI:111122223333 --state aws.redb

  With users, roles, keys and policies that a file tells, and a credential of one of its users:
    claviger local-aws --world iam.yaml --credential ANN:secret:arn:aws:iam::111122223333:user/ann

  With a log of every call, as CloudTrail would keep it:
    claviger local-aws --trail trail

  With a KMS that throttles the first three calls and loses one answer in ten, the same ones each time:
    claviger local-aws --fault 'kms:* throttle=0/s times=3' --fault 'kms:* lost=closed share=0.1'

  With a key that is disabled an hour from now, on a clock that stands until it is moved:
    claviger local-aws --clock frozen --fault 'key=alias/demo keyState=Disabled from=+1h'

  With changes of policies and grants that decide five seconds later, as they may on AWS:
    claviger local-aws --propagation 5s

  With service accounts of a cluster that assume roles by their tokens (IAM roles for service accounts):
    kubectl get --raw /openid/v1/jwks > jwks.json
    claviger local-aws --oidc-keys https://oidc.example.com/demo=jwks.json

  With the metadata of an instance, whose role's credentials SDKs find by themselves (AWS_EC2_METADATA_SERVICE_ENDPOINT):
    claviger local-aws --imds --imds-role Node

  By TLS, with an authority that clients trust once (it prints AWS_CA_BUNDLE and the like):
    claviger local-aws --tls --state aws.redb

  By TLS, under another name, for containers of this machine:
    claviger local-aws --tls --listen 0.0.0.0:4566 --tls-name host.docker.internal

  For a program: a free port, and everything to be known in one JSON object:
    claviger local-aws --listen 127.0.0.1:0 -o json

  What it holds, before and after a test:
    claviger local-aws snapshot before.json
    claviger local-aws restore before.json

  Then:
    aws kms create-key
    aws kms create-alias --alias-name alias/demo --target-key-id KEY-ID
    aws cloudtrail lookup-events";

/// The account of AWS's own examples.
const DEFAULT_ACCOUNT: &str = "111122223333";

/// How long requests in flight may go on after SIGTERM.
const DRAIN: Duration = Duration::from_secs(10);

/// Run the embedded AWS: IAM, KMS, STS, Organizations, CloudTrail; many accounts and regions, one port
///
/// For real SDKs, the `aws` CLI and everything else that takes an endpoint URL. The signature of each request is verified, or
/// of the token that comes in its place.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES, args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(crate) struct LocalAws {
    #[command(subcommand)]
    command: Option<StateCommand>,

    #[command(flatten)]
    aws: AwsFlags,

    /// Account that is there from the start. Repeat it, or divide by commas [default: 111122223333, where no
    /// --credential names one]
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    account: Vec<String>,

    /// Fixed credential of an account's root user, of a user or of a session of a role. Repeat it for more
    ///
    /// ACCESS_KEY is 1 to 128 letters, digits and underscores, also for a session, whose credential has no session
    /// token and does not end; it must not begin with ASIA, for which clients would look for a token. The ARN is
    /// arn:aws:iam::ACCOUNT:user/NAME or arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION.
    #[arg(long, value_name = "ACCESS_KEY:SECRET:ACCOUNT|ARN")]
    credential: Vec<String>,

    /// World file: accounts, users, roles, an organization, and keys with policies and grants to be made
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,

    /// Write CloudTrail's events as gzipped log files under this directory, as a trail delivers them to a bucket
    /// (AWSLogs/ACCOUNT/CloudTrail/REGION/...): every ten seconds, when there are many, and at the end
    #[arg(long, value_name = "DIRECTORY")]
    trail: Option<PathBuf>,

    /// Where the keys (a JWK Set) of an OpenID Connect issuer are, instead of where its configuration says: for clusters
    /// that publish none, or in a private network. A file, https:// or http:// of this machine. Repeat it for more
    ///
    /// ISSUER is the claim `iss` of its tokens, to the letter. The file is read for each token, so no pipe will do.
    #[arg(long, value_name = "ISSUER=FILE|URL")]
    oidc_keys: Vec<String>,

    #[command(flatten)]
    metadata: MetadataFlags,

    #[command(flatten)]
    tls: TlsFlags,

    /// Decide as if an assumption did not hold: what nobody has published is assumed, by the rules that
    /// docs/reference/assumptions.md lists. Repeat it for more
    #[arg(long, value_name = "RULE=off")]
    assume: Vec<String>,

    /// The form of what is printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

impl LocalAws {
    pub(crate) fn run(self, log: &LogOptions) -> Result<Exit, Failure> {
        if let Some(command) = &self.command {
            return command.run();
        }
        log.start("info")?;
        let (accounts, credentials) = self.named()?;
        let issuers = self.issuers()?;
        let assumptions = assumptions::of_flags(&self.assume, Turns::is_of_embedded_aws)?;
        let world = self.world.as_deref().map_or_else(|| Ok(World::new()), read)?;
        keep_memory_private()?;
        let trail = self.trail.clone().map(TrailFiles::in_directory);
        let tls = self.tls.named(self.aws.state.as_deref()).map_err(|problem| Failure::usage(vec![problem]))?;
        let imds = self.metadata.of(&accounts, &self.aws.region).map_err(|problem| Failure::usage(vec![problem]))?;
        let options =
            Options { imds, accounts, credentials, world, assumptions, issuers, trail, tls, ..Options::default() };
        block_on(self.serve(options))
    }

    async fn serve(self, mut options: Options) -> Result<Exit, Failure> {
        let Options { accounts, credentials: fixed, world, .. } = &mut options;
        let fixed = fixed.clone();
        let mut told: Vec<_> = world.accounts().map(|(account, _)| account).collect();
        told.retain(|account| !accounts.contains(account));
        told.sort_unstable();
        accounts.append(&mut told);
        let shutdown = Shutdown::on_signals(DRAIN)?;
        let accounts = accounts.clone();
        let directory = match &options.tls {
            Some(Tls::Generated { directory, .. }) => directory.clone(),
            _ => None,
        };
        let running = self.aws.start(options).await?;
        let trust = Trust::of(&running, directory.as_deref())?;
        let printer = Printer::new(self.output);
        let generated = accounts.into_iter().map(|account| Shown::from(running.root_credential(account)));
        printer.say(&Ready {
            event: "ready",
            endpoint: running.endpoint_url(),
            authority: trust.as_ref().map(|trust| trust.path().to_owned()),
            metadata: running.metadata_url(),
            region: self.aws.region.clone(),
            state: self.aws.state.clone(),
            credentials: fixed.into_iter().map(Shown::from).chain(generated).collect(),
        })?;
        shutdown.requested().await;
        let stopped = shutdown.drain(running.shutdown()).await;
        printer.say(&Stopped { event: "stopped" })?;
        stopped?;
        Ok(Exit::Done)
    }

    /// The issuers whose keys are told.
    fn issuers(&self) -> Result<BTreeMap<String, KeySource>, Failure> {
        let mut problems = Vec::new();
        let mut issuers = BTreeMap::new();
        for text in &self.oidc_keys {
            match text.parse::<IssuerKeys>() {
                Ok(keys) => drop(issuers.insert(keys.issuer, keys.source)),
                Err(error) => problems.push(Problem::new(format_args!("--oidc-keys: {error}"))),
            }
        }
        if problems.is_empty() { Ok(issuers) } else { Err(Failure::usage(problems)) }
    }

    /// The accounts and credentials of the flags. A credential that is wrong is told without its secret.
    fn named(&self) -> Result<(Vec<AccountId>, Vec<Credential>), Failure> {
        let mut problems = Vec::new();
        let mut accounts = Vec::new();
        for text in &self.account {
            match text.parse() {
                Ok(account) => accounts.push(account),
                Err(error) => problems.push(Problem::new(format_args!("--account: {error}"))),
            }
        }
        let mut credentials = Vec::new();
        for text in &self.credential {
            match text.parse() {
                Ok(credential) => credentials.push(credential),
                Err(error) => problems.push(Problem::new(format_args!("--credential: {error}"))),
            }
        }
        problems.extend(self.aws.contradiction());
        if !problems.is_empty() {
            return Err(Failure::usage(problems));
        }
        if accounts.is_empty() && credentials.is_empty() && self.world.is_none() {
            accounts.extend(DEFAULT_ACCOUNT.parse::<AccountId>());
        }
        Ok((accounts, credentials))
    }
}

/// The world that a file tells. What it refers to is beside it.
fn read(file: &Path) -> Result<World, Failure> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::new(format_args!("cannot read the world file `{name}`: {error}")))?;
    let directory = file.parent().map(Path::to_path_buf).unwrap_or_default();
    let beside = move |path: &str| -> io::Result<String> { fs::read_to_string(directory.join(path)) };
    world::read(&SourceText::new(name, text), &beside).map_err(|error| Failure::new(shown(&error)))
}
