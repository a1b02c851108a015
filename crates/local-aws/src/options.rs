//! How an embedded AWS is started.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use authz::{rules::Assumptions, world::World};
use aws_catalog::addons::Catalogue;
use aws_model::{AccountId, Partition};

use crate::{
    accounts::Credential, clock::Clock, faults::FaultPlan, imds::Imds, issuers::KeySource, quotas::Quotas,
    store::MasterKey, tls::Tls,
};

/// What [`LocalAws::start`](crate::LocalAws::start) takes. The default is what `claviger local-aws` starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How it speaks TLS, if it does: then nothing else.
    pub tls: Option<Tls>,
    /// The partition whose regions are there. Partitions share neither accounts nor credentials, so another one is
    /// another embedded AWS.
    ///
    /// Source: IAM User Guide, "Partitions" in the reference of ARNs.
    pub partition: Partition,
    /// Accounts that are there from the start. Others may assume roles in them.
    pub accounts: Vec<AccountId>,
    /// Long-term credentials of root users, beside the generated ones; also of users and of sessions of the world.
    pub credentials: Vec<Credential>,
    /// Users, roles, an organization, keys with their policies and grants, that are there from the start. Keys are
    /// made, so none of them may be in the state already. The accounts whose users and roles it tells whole have no
    /// others. A state that was imported has a world of its own, beside which only the same one is taken.
    pub world: World,
    /// What of AWS nobody has published holds: decisions follow it, and what is asked and answered around them.
    pub assumptions: Assumptions,
    /// Where the state is kept.
    pub state: State,
    /// The time that deletion, rotation and sessions follow. The state keeps how it was moved, for a start with
    /// [`Clock::of_state`].
    pub clock: Clock,
    /// How long changes of identities, policies, key states and grants take until calls are decided on them, on this
    /// clock; what is asked about them is told at once. Zero: they decide at once, too.
    pub propagation: Duration,
    /// Whether the admin routes are there: see [`admin`](crate::admin). They move the clock for everyone.
    pub admin: bool,
    /// Where events are written as log files, if they are. All are kept in memory, too: see [`Limits::trail_bytes`].
    pub trail: Option<TrailFiles>,
    /// What goes wrong on request from the start; `docs/reference/faults.md`. The admin routes change it.
    pub faults: FaultPlan,
    /// Where the keys of OpenID Connect issuers are that nothing finds by discovery, by the issuers' URLs as their tokens
    /// have them.
    pub issuers: BTreeMap<String, KeySource>,
    /// The add-ons that EKS has; what is published, or what a live EKS was asked for.
    pub addons: Arc<Catalogue>,
    /// How much there may be of what AWS raises on request.
    pub quotas: Quotas,
    /// Where instance metadata is told, and whose, if any is.
    pub imds: Option<Imds>,
    /// What a peer may use up.
    pub limits: Limits,
}

/// Where the state of an embedded AWS is kept.
#[derive(Clone, Debug)]
pub enum State {
    /// Nowhere: it ends with the process.
    Memory,
    /// In one file that survives a kill at any moment.
    File {
        /// The file; made if it is not there.
        path: PathBuf,
        /// What its secrets are sealed under.
        master_key: MasterKey,
    },
}

/// Log files of CloudTrail's events, as a trail for every account and region delivers them to a bucket.
#[derive(Clone, Debug)]
pub struct TrailFiles {
    /// Stands for the bucket; made if it is not there.
    pub directory: PathBuf,
    /// How long events wait at most to be written; less, where there are many.
    pub every: Duration,
}

impl TrailFiles {
    /// Files that are written every ten seconds. AWS takes some five minutes.
    pub fn in_directory(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), every: Duration::from_secs(10) }
    }
}

/// What peers may use up, all together or each.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections. Further ones wait until one closes.
    pub connections: usize,
    /// HTTP/2 requests at once on one connection.
    pub streams: u32,
    /// Bytes of a request's head.
    pub header_bytes: u32,
    /// Bytes of a request's body.
    ///
    /// AWS documents no limit for KMS and STS; their largest valid requests (a key policy, 50 tags) stay under 200 KB.
    pub body_bytes: usize,
    /// Bytes of all bodies that are being read or answered.
    pub all_body_bytes: usize,
    /// How long a TLS handshake may take.
    pub handshake_time: Duration,
    /// How long a request's head may take.
    pub header_time: Duration,
    /// How long a request's body may take.
    pub body_time: Duration,
    /// How long a connection may stand without a byte moving.
    pub idle_time: Duration,
    /// Bytes of CloudTrail's events that are kept in memory: the newest. An Encrypt takes some 640.
    pub trail_bytes: usize,
    /// How long a shutdown waits for requests to end.
    pub drain_time: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4566)),
            tls: None,
            partition: Partition::Commercial,
            accounts: Vec::new(),
            credentials: Vec::new(),
            world: World::new(),
            assumptions: Assumptions::default(),
            state: State::Memory,
            clock: Clock::of_state(),
            propagation: Duration::ZERO,
            admin: true,
            trail: None,
            faults: FaultPlan::default(),
            issuers: BTreeMap::new(),
            addons: Arc::new(Catalogue::published().clone()),
            quotas: Quotas::default(),
            imds: None,
            limits: Limits::default(),
        }
    }
}

impl Limits {
    /// The default ones.
    pub const DEFAULT: Self = Self {
        connections: 1024,
        streams: 64,
        header_bytes: 64 << 10,
        body_bytes: 1 << 20,
        all_body_bytes: 64 << 20,
        handshake_time: Duration::from_secs(10),
        header_time: Duration::from_secs(30),
        body_time: Duration::from_secs(30),
        idle_time: Duration::from_secs(90),
        trail_bytes: 8 << 20,
        drain_time: Duration::from_secs(10),
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
