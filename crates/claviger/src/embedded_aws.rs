//! The embedded AWS, as `local-aws` and `up` start it.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use authz::{file::FileError, text::SourceText};
use aws_catalog::addons::Catalogue;
use aws_model::{AccountId, Region, SecretBytes};
use clap::Args;
use local_aws::{
    Clock, Credential, FaultPlan, Holder, LocalAws, Options, OtherQuota, Quotas, Running, StartError, State,
    store::MasterKey,
};
use serde::Serialize;

use crate::{
    environment,
    failure::{Failure, Problem},
};

/// How far two clocks may be apart to be taken for one.
#[cfg(feature = "up")]
const ONE_TIME: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);

/// What `local-aws` and `up` have in common.
#[derive(Args, Clone, Debug)]
pub(crate) struct AwsFlags {
    /// Where the embedded AWS listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4566")]
    pub(crate) listen: SocketAddr,

    /// Keep its state in this file, which survives a kill at any moment [default: in memory]
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,

    /// File with the key that seals the state's secrets [default: FILE.key beside the state, made with it]
    #[arg(long, value_name = "FILE", env = environment::MASTER_KEY, hide_env = true)]
    pub(crate) master_key: Option<PathBuf>,

    /// Region that is printed and used; every region of its partition is there
    #[arg(long, value_name = "REGION", default_value = "us-west-2")]
    pub(crate) region: Region,

    /// The time that deletion, rotation and sessions follow: `real`, `frozen`, `frozen=TIME`, TIME to tick from there,
    /// `+30d` to be ahead. Whether a signature is fresh, the machine's time tells [default: as the state was left, else real]
    #[arg(long, value_name = "CLOCK", allow_hyphen_values = true)]
    clock: Option<Clock>,

    /// How long changes of identities, policies, key states and grants take until calls are decided on them, as on AWS, on
    /// that clock: `5s` [default: they decide at once]
    #[arg(long, value_name = "DURATION", value_parser = propagation)]
    propagation: Option<Duration>,

    /// The add-ons that EKS has, as `claviger addons refresh` wrote them [default: those that were found published]
    #[arg(long, value_name = "FILE")]
    addons: Option<PathBuf>,

    /// File of faults: latency, errors, throttles, lost answers and more, for the calls that it tells
    /// (docs/reference/faults.md)
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,

    /// A quota of IAM's that is not what AWS gives every account, by the name that its refusals have:
    /// `RolesPerAccount=5000`. Repeat it for more
    #[arg(long, value_name = "NAME=NUMBER")]
    quota: Vec<OtherQuota>,

    /// One fault: the calls it is about, and what it does to them. Repeat it for more
    #[arg(long, value_name = "CALLS EFFECT")]
    fault: Vec<String>,
}

/// A credential that is meant to be seen: what it opens lives and ends with this process, or with the user's own file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Shown {
    pub(crate) account: AccountId,
    /// Whose it is, where that is not the account's root user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) principal: Option<String>,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
}

impl AwsFlags {
    /// Starts it, with all that these flags do not tell as in `options`.
    ///
    /// # Errors
    /// Names a port that is taken, a state that cannot be opened, and a trail that cannot be written.
    pub(crate) async fn start(&self, options: Options) -> Result<Running, Failure> {
        let state = match &self.state {
            None => State::Memory,
            Some(path) => State::File { path: path.clone(), master_key: master_key(self.master_key.as_deref())? },
        };
        let partition = self.region.partition();
        let (listen, clock, faults) = (self.listen, self.clock.clone().unwrap_or_default(), self.faults()?);
        let propagation = self.propagation.unwrap_or_default();
        let quotas = self.quota.iter().fold(Quotas::default(), |quotas, other| quotas.with(*other));
        let addons = self.addons.as_deref().map(catalogue).transpose()?;
        let addons = addons.map_or_else(|| Arc::clone(&options.addons), Arc::new);
        let options = Options { addons, listen, partition, state, clock, propagation, faults, quotas, ..options };
        LocalAws::start(options).await.map_err(explain)
    }

    /// Why what follows the machine's time cannot be on it: its own time is another, or it decides late.
    #[cfg(feature = "up")]
    pub(crate) fn is_off(&self, now: jiff::Timestamp) -> Option<String> {
        let apart = jiff::Timestamp::now().duration_since(now).abs();
        if apart > ONE_TIME {
            return Some(format!("the embedded AWS's time is {now}, and tokens of pods follow the machine's"));
        }
        self.propagation.filter(|waits| !waits.is_zero())?;
        Some("under --propagation a role that was just made cannot be assumed yet".to_owned())
    }

    /// Whether calls are to fail now and then, or limits are others than AWS's: then a call of our own may be among them.
    #[cfg(feature = "up")]
    pub(crate) fn is_drill(&self) -> bool {
        self.faults.is_some() || !self.fault.is_empty() || !self.quota.is_empty()
    }

    /// What the flags say against each other.
    pub(crate) fn contradiction(&self) -> Option<Problem> {
        let sealed_nothing = self.master_key.is_some() && self.state.is_none();
        sealed_nothing.then(|| Problem::new("--master-key seals a state file, and --state names none"))
    }

    /// The faults of the file, and those of the flags behind them.
    fn faults(&self) -> Result<FaultPlan, Failure> {
        let mut plan = self.faults.as_deref().map_or_else(|| Ok(FaultPlan::default()), faults_of)?;
        for line in &self.fault {
            let read = FaultPlan::of_line(&SourceText::new("--fault", line.as_str()));
            plan = plan.and(read.map_err(|error| Failure::usage(vec![Problem::new(shown(&error))]))?);
        }
        Ok(plan)
    }
}

/// The key that a flag names, or the one that is beside what it seals.
pub(crate) fn master_key(file: Option<&Path>) -> Result<MasterKey, Failure> {
    let Some(path) = file else { return Ok(MasterKey::Beside) };
    match fs::read(path) {
        Ok(key) if key.is_empty() => Err(Failure::new(format_args!("the master key `{}` is empty", path.display()))
            .help(format_args!("make one: head -c 32 /dev/urandom > {}", path.display()))),
        Ok(key) => Ok(MasterKey::Given(SecretBytes::new(key))),
        Err(error) => Err(Failure::new(format_args!("cannot read the master key `{}`: {error}", path.display()))),
    }
}

/// The add-ons of EKS that a file has.
pub(crate) fn catalogue(file: &Path) -> Result<Catalogue, Failure> {
    let name = file.display();
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::new(format_args!("cannot read the add-ons of `{name}`: {error}")))?;
    Catalogue::parse(&text).map_err(|invalid| {
        Failure::new(format_args!("cannot take the add-ons of `{name}`: {invalid}"))
            .help("name a file that `claviger addons refresh` wrote, or one that is not there for it to write")
    })
}

/// A duration that is not negative.
fn propagation(text: &str) -> Result<Duration, String> {
    let read = local_aws::duration(text).map_err(|error| error.to_string())?;
    read.try_into().map_err(|_| format!("`{text}` is less than nothing"))
}

fn faults_of(file: &Path) -> Result<FaultPlan, Failure> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::new(format_args!("cannot read the faults `{name}`: {error}")))?;
    FaultPlan::read(&SourceText::new(name, text)).map_err(|error| Failure::new(shown(&error)))
}

/// What is wrong with a text, and the place.
pub(crate) fn shown(error: &FileError) -> String {
    format!("{error}\n{}", error.source_text().excerpt(error.span()))
}

fn explain(error: StartError) -> Failure {
    match error {
        StartError::PortTaken { address } => {
            Failure::new(format_args!("cannot listen on {address}: the port is taken")).help(format_args!(
                "stop what listens there (`ss -ltnp 'sport = :{}'` names it), or choose another port with --listen; \
                 `--listen 127.0.0.1:0` takes a free one",
                address.port()
            ))
        }
        error => Failure::from(error),
    }
}

impl From<Credential> for Shown {
    fn from(credential: Credential) -> Self {
        Self {
            account: credential.account,
            principal: match &credential.holder {
                Holder::Root => None,
                Holder::User(arn) | Holder::Session(arn) => Some(arn.to_string()),
            },
            access_key_id: credential.access_key_id,
            secret_access_key: String::from_utf8_lossy(credential.secret_access_key.expose()).into_owned(),
        }
    }
}
