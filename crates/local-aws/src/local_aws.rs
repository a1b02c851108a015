//! Starting and stopping an embedded AWS.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use authz::{file::world, world::World};
use aws_model::AccountId;
use jiff::SignedDuration;
use tokio::net::TcpListener;

use crate::{
    accounts::{AccountsError, Credential},
    clock::{Clock, OutOfRange},
    eks,
    faults::{FaultCount, FaultPlan, Faults, PlanError},
    imds::{Imds, Metadata, NoTokens, Told},
    issuers::{self, UnfitKeyFile},
    kms::UnfitKey,
    options::{Limits, Options, State, TrailFiles},
    server::{Endpoint, Server},
    serving::{Current, Plan, without_keys},
    state::{self, kept},
    store::{OpenError, Store},
    tls::{Identity, TlsError},
    trail::{Delivery, Trail},
};

/// What who asks for metadata may use up: nothing of it is large, and no request has a body.
const OF_METADATA: Limits =
    Limits { connections: 64, header_bytes: 16 << 10, header_time: Duration::from_secs(10), ..Limits::DEFAULT };

/// The embedded AWS.
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use local_aws::{LocalAws, Options};
///
/// let options = Options { listen: "127.0.0.1:0".parse()?, ..Options::default() };
/// let aws = LocalAws::start(options).await?;
/// let credential = aws.root_credential("111122223333".parse()?);
/// println!("{} takes what {} signs", aws.endpoint_url(), credential.access_key_id);
/// aws.shutdown().await;
/// # Ok(())
/// # }
/// # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug)]
pub struct LocalAws;

/// An embedded AWS that is listening. Dropping it cuts its connections; [`shutdown`](Self::shutdown) lets them end.
#[must_use = "the embedded AWS ends when this is dropped"]
pub struct Running {
    local_addr: SocketAddr,
    scheme: &'static str,
    authority: Option<String>,
    current: Arc<Current>,
    clock: Clock,
    faults: Arc<Faults>,
    server: Server,
    metadata: Option<(SocketAddr, Server)>,
    delivery: Option<Delivery>,
}

/// The embedded AWS did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Something else listens there.
    #[error("cannot listen on {address}: the port is taken; stop what listens there, or take another port")]
    PortTaken {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The machine does not let us listen there.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// Instance metadata would be told to others than this machine, and nobody asked for that.
    #[error(
        "instance metadata at {address} would be told to whoever reaches it, with the role's credentials: take a loopback address, \
         or say that it may (`--imds-exposed`)"
    )]
    ExposedMetadata {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The machine gives no randomness.
    #[error(transparent)]
    Tokens(#[from] NoTokens),
    /// The state file cannot be used.
    #[error(transparent)]
    State(#[from] OpenError),
    /// The world holds a key that cannot be made.
    #[error(transparent)]
    World(#[from] UnfitKey),
    /// The trail's files cannot be written.
    #[error("cannot make the trail's directory `{}`: {source}; choose one that can be written", directory.display())]
    Trail {
        /// The directory asked for.
        directory: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The faults that are to be there from the start cannot be had.
    #[error(transparent)]
    Faults(#[from] PlanError),
    /// An issuer's keys cannot be had from where they are told to be.
    #[error(transparent)]
    Issuer(#[from] UnfitKeyFile),
    /// TLS cannot be spoken as asked.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The state that was imported had another world than the one that is given.
    #[error(
        "the state was imported with the users, roles and organization of its own world, and the world file tells others: start \
         without the world file, or with a new state"
    )]
    OtherWorld,
    /// A world has no form as a file.
    #[error(transparent)]
    NoForm(#[from] world::NotWritten),
    /// The clock cannot go as it went when the state was left.
    #[error("the clock of the state: {0}; tell how it goes (`--clock`)")]
    Clock(#[from] OutOfRange),
    /// The accounts cannot be read or made.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
}

impl LocalAws {
    /// Opens the state, listens, and answers from then on.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running then.
    pub async fn start(options: Options) -> Result<Running, StartError> {
        let Options { listen, tls, partition, accounts, credentials, world, assumptions, addons, .. } = options;
        let Options { state, clock, propagation, admin, trail, faults, quotas, limits, issuers, imds, .. } = options;
        let faults = Arc::new(Faults::new(clock.clone(), faults)?);
        issuers::check(&issuers).await?;
        let imds = imds.map(listening).transpose()?;
        let store = match state {
            State::Memory => Store::memory(),
            State::File { path, master_key } => Store::open(&path, master_key)?,
        };
        // Of a state of a version that kept none.
        eks::add_missing_keys(&store)?;
        let world = beside_imported(world, &store)?;
        let clock_kept = kept::clock(&store)?;
        if let Some(setting) = clock_kept.filter(|_| !clock.is_told()) {
            clock.follow(setting)?;
        }
        let accounts_of_world: Vec<_> = world.accounts().map(|(account, _)| account).collect();
        let (files, trail) = match trail {
            Some(files) => (Some(files), Trail::with_files(clock.clone(), limits.trail_bytes)),
            None => (None, Trail::new(clock.clone(), limits.trail_bytes)),
        };
        let trail = Arc::new(trail);
        let delivered = Arc::clone(&trail);
        let plan = Plan {
            partition,
            assumptions,
            credentials,
            clock: clock.clone(),
            propagation: propagation.try_into().unwrap_or(SignedDuration::MAX),
            faults: Arc::clone(&faults),
            issuers,
            addons,
            quotas,
            trail,
            imds: imds.as_ref().map(|imds| Told::new(imds, clock.now())).transpose()?,
        };
        let named = accounts.into_iter().chain(accounts_of_world);
        let serving = plan.serve(store, world, named).await?;
        let (listener, local_addr) = bind(listen).await?;
        let metadata = match &imds {
            Some(imds) => Some(bind(imds.listen).await?),
            None => None,
        };
        let tls = tls.map(|tls| tls.identity(local_addr.ip())).transpose()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (config, authority) = tls.map(|Identity { config, authority }| (config, authority)).unzip();

        let delivery = files.map(|files| deliver(&delivered, files)).transpose()?;
        let told = plan.imds.clone();
        let current = Arc::new(Current::new(plan, serving));
        if clock_kept.unwrap_or_default() != clock.setting() {
            current.keep_clock().await.map_err(AccountsError::from)?;
        }
        let metadata = metadata.zip(imds).zip(told).map(|(((listener, address), imds), told)| {
            let answers = Metadata::new(told, Arc::clone(&current), imds.exposed);
            (address, Server::start(listener, None, answers, Limits { drain_time: limits.drain_time, ..OF_METADATA }))
        });
        let endpoint = Endpoint::new(Arc::clone(&current), admin, &limits);
        let server = Server::start(listener, config, endpoint, limits);
        let authority = authority.flatten();
        Ok(Running { local_addr, scheme, authority, current, clock, faults, server, metadata, delivery })
    }
}

impl Running {
    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// What clients take as the endpoint of every service.
    pub fn endpoint_url(&self) -> String {
        format!("{}://{}", self.scheme, self.local_addr)
    }

    /// Where instance metadata is told, if it is: what clients take as `AWS_EC2_METADATA_SERVICE_ENDPOINT`.
    pub fn metadata_url(&self) -> Option<String> {
        self.metadata.as_ref().map(|(address, _)| format!("http://{address}"))
    }

    /// Whom clients are to trust, as PEM, where it speaks TLS by an authority of its own.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// The credential of an account's root user, the same every time; the account is made if it is not there.
    pub fn root_credential(&self, account: AccountId) -> Credential {
        self.current.accounts().root_credential(account)
    }

    /// The accounts that are there.
    pub fn accounts(&self) -> Vec<AccountId> {
        self.current.accounts().named()
    }

    /// The time that deletion, rotation and sessions follow. Where it is moved here and not by the admin route, the state keeps
    /// that at the [`shutdown`](Self::shutdown).
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Faults instead of all that there are.
    ///
    /// # Errors
    /// [`PlanError`]; those that there are stay then.
    pub fn put_faults(&self, plan: FaultPlan) -> Result<(), PlanError> {
        self.faults.put(plan)
    }

    /// The faults that there are, and what has come of each.
    pub fn faults(&self) -> Vec<FaultCount> {
        self.faults.told()
    }

    /// Takes no more connections and lets the requests that are on the way end, for as long as
    /// [`Limits::drain_time`](crate::Limits::drain_time) allows; then writes the last of the trail's files.
    pub async fn shutdown(self) {
        self.current.stop_waiting();
        self.server.stop().await;
        if let Some((_, metadata)) = self.metadata {
            metadata.stop().await;
        }
        self.current.settled().await;
        if let Err(failed) = self.current.keep_clock().await {
            tracing::warn!(%failed, "how the clock goes was not kept");
        }
        if let Some(delivery) = self.delivery {
            delivery.stop().await;
        }
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("local_addr", &self.local_addr).finish_non_exhaustive()
    }
}

/// What is told beside a state: the world that was imported with it goes before one that is given, which must be the same.
fn beside_imported(given: World, store: &Store) -> Result<World, StartError> {
    let Some(imported) = kept::world(store)? else { return Ok(given) };
    if given.accounts().next().is_none() {
        return Ok(imported);
    }
    let (told, _) = without_keys(given.clone());
    let is_same = world::write(&told, state::MOST_BYTES)? == world::write(&imported, state::MOST_BYTES)?;
    if is_same { Ok(given) } else { Err(StartError::OtherWorld) }
}

fn deliver(trail: &Arc<Trail>, files: TrailFiles) -> Result<Delivery, StartError> {
    let directory = files.directory.clone();
    Delivery::start(Arc::clone(trail), files).map_err(|source| StartError::Trail { directory, source })
}

/// Instance metadata that may be where it is asked for.
fn listening(imds: Imds) -> Result<Imds, StartError> {
    let is_own = imds.listen.ip().to_canonical().is_loopback();
    if is_own || imds.exposed { Ok(imds) } else { Err(StartError::ExposedMetadata { address: imds.listen }) }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let refuse = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken { address },
        _ => StartError::Listen { address, source },
    };
    let listener = TcpListener::bind(address).await.map_err(refuse)?;
    let local_addr = listener.local_addr().map_err(refuse)?;
    Ok((listener, local_addr))
}
