//! The services over one state, and putting another state in its place while they serve.
//!
//! ```text
//!   import --read, check--> rows --> services of their own, in memory --all is well--> the state file, at once
//!                                                                            |
//!   calls: wait ------ the last of the former services' has ended ------ answered by the new ones
//! ```

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use authz::{
    file::world::NotWritten,
    rules::Assumptions,
    world::{Key, World},
};
use aws_catalog::addons::Catalogue;
use aws_model::{AccountId, Partition};
use bytes::Bytes;
use jiff::SignedDuration;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, RwLock, RwLockReadGuard, Semaphore};

use crate::{
    accounts::{Accounts, Credential},
    admin::Admin,
    authorization::Authorizer,
    autoscaling::{self, AutoScaling},
    clock::{Clock, OutOfRange},
    cloudtrail::CloudTrail,
    due::Due,
    ec2::{self, Ec2},
    eks::{self, Eks},
    faults::Faults,
    iam::{self, Iam},
    imds,
    issuers::{Issuers, KeySource},
    kms::{self, Kms},
    local_aws::StartError,
    organizations::{self, Organizations},
    quotas::Quotas,
    router::{Router, Services},
    sqs::{self, Sqs},
    state::{self, Document, NotExported, Refused, Secrets, kept},
    store::{NotReplaced, OpenError, Store, WriteFailed},
    trail::Trail,
};

/// How long an import waits for the calls that are on the way; others wait for it meanwhile.
const CALLS_END_IN: Duration = Duration::from_secs(30);

/// What services are made of, beside a state.
pub(crate) struct Plan {
    pub(crate) partition: Partition,
    pub(crate) assumptions: Assumptions,
    pub(crate) credentials: Vec<Credential>,
    pub(crate) clock: Clock,
    /// How long changes take to decide.
    pub(crate) propagation: SignedDuration,
    pub(crate) faults: Arc<Faults>,
    /// Where keys of OpenID Connect issuers are that nothing finds by discovery.
    pub(crate) issuers: BTreeMap<String, KeySource>,
    pub(crate) addons: Arc<Catalogue>,
    pub(crate) quotas: Quotas,
    pub(crate) trail: Arc<Trail>,
    /// Whose instance metadata is told, if any is.
    pub(crate) imds: Option<Arc<imds::Told>>,
}

/// The services over one state.
pub(crate) struct Serving {
    pub(crate) router: Router,
    pub(crate) admin: Admin,
    pub(crate) accounts: Arc<Accounts>,
    due: Due,
    sqs: Sqs,
    store: Store,
    /// What a world file told, without its keys: they have become the state's.
    told: World,
}

/// The services as they are now.
pub(crate) struct Current {
    plan: Plan,
    now: ArcSwap<Serving>,
    /// Held by every call to its end, and by who puts other services in place.
    calls: RwLock<()>,
    /// One import at a time; who brings another meanwhile is told so.
    imports: Arc<Semaphore>,
    /// One state at a time is taken or given: each takes a multiple of its text.
    states: Arc<Semaphore>,
}

/// What an import brought.
#[derive(Debug, Serialize)]
pub(crate) struct Imported {
    /// Rows.
    pub(crate) imported: usize,
    pub(crate) secrets: &'static str,
}

/// A state was not imported. The one that was there still is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotImported {
    #[error("this is no state: {0}")]
    NoText(#[from] std::str::Utf8Error),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("its secrets are sealed, and this end has no key for them: `claviger local-aws restore FILE` unseals them")]
    Sealed,
    #[error(
        "it is of the partition `{theirs}`, and this embedded AWS is `{ours}`: start one with `--region` of the other"
    )]
    Partition { theirs: String, ours: Partition },
    #[error("its clock: {0}")]
    Clock(#[from] OutOfRange),
    #[error(transparent)]
    State(#[from] StartError),
    #[error(transparent)]
    NotKept(#[from] NotReplaced),
    #[error(transparent)]
    NotWritten(#[from] NotWritten),
    #[error("calls are on the way that did not end within {} s; try again", CALLS_END_IN.as_secs())]
    Busy,
    #[error("another state is being imported or exported; try again when it is")]
    Another,
    #[error("the import broke off, which the log tells; try again")]
    Broken,
}

impl Plan {
    /// The services over a state and what a world file tells besides.
    pub(crate) async fn serve(
        &self,
        store: Store,
        world: World,
        named: impl IntoIterator<Item = AccountId>,
    ) -> Result<Serving, StartError> {
        let clock = &self.clock;
        let (told, keys) = without_keys(world);
        let authorizer = Arc::new(Authorizer::under(self.assumptions.clone(), told.clone()));
        let (now, told_to) = (clock.now(), || Arc::clone(&authorizer));
        let organization = organizations::State::load(store.clone(), self.partition, now, told_to(), self.quotas)?;
        // Before the keys: what their policies name is then there.
        let identities = iam::State::load(store.clone(), self.partition, now, told_to(), self.quotas)?;
        let trail = Arc::clone(&self.trail);
        let kms = Kms::open_under(store.clone(), clock.clone(), self.quotas, Arc::clone(&authorizer), trail)?;
        kms.adopt(keys, clock.now()).await?;
        let cloudtrail = CloudTrail::open(store.clone(), Arc::clone(&self.trail), Arc::clone(&authorizer))?;
        let credentials = self.credentials.clone();
        let accounts =
            Accounts::open(store.clone(), self.partition, named, credentials, Arc::clone(&authorizer)).await?;
        let accounts = Arc::new(accounts);
        let iam = Iam::new(identities, Arc::clone(&accounts));
        let organizations = Organizations::new(organization, Arc::clone(&accounts), iam.clone());
        let sqs = Sqs::new(sqs::State::load(store.clone(), Arc::clone(&authorizer))?, clock.clone());
        let hears = sqs.clone();
        let ec2 =
            ec2::State::load(store.clone(), Box::new(move |rows, off, new| hears.write_and_hear(rows, off, new)))?;
        let (by, trail) = (Arc::clone(&authorizer), Arc::clone(&self.trail));
        let ec2 = Ec2::new(ec2, by, Arc::clone(&accounts), iam.clone(), kms.clone(), trail);
        let groups = autoscaling::State::load(store.clone(), Arc::clone(&authorizer))?;
        let trail = Arc::clone(&self.trail);
        let autoscaling = AutoScaling::new(groups, ec2.clone(), iam.clone(), Arc::clone(&accounts), trail);
        // What was there before decides already.
        authorizer.spread_within(clock.clone(), self.propagation);
        let due = Due::new(clock.clone(), Arc::clone(&self.faults), kms.clone(), Arc::clone(&authorizer));
        let clusters = eks::State::load(store.clone(), Arc::clone(&authorizer))?;
        let (of_nodes, trail) = (autoscaling.clone(), Arc::clone(&self.trail));
        let nodes = eks::Nodes::new(ec2.clone(), of_nodes, iam.clone(), Arc::clone(&accounts), trail);
        let eks = Eks::new(clusters, kms.clone(), Arc::clone(&self.trail), Arc::clone(&self.addons), nodes);
        let admin = {
            let (accounts, authorizer, faults) =
                (Arc::clone(&accounts), Arc::clone(&authorizer), Arc::clone(&self.faults));
            let (kms, eks, due) = (kms.clone(), eks.clone(), due.clone());
            let imds = self.imds.clone();
            Admin { clock: clock.clone(), accounts, authorizer, kms, eks, faults, due, store: store.clone(), imds }
        };
        let issuers = Issuers::new(self.issuers.clone()).with_own(Arc::new(eks.clone()));
        let services = Services {
            iam,
            kms: kms.clone(),
            cloudtrail,
            organizations,
            eks,
            ec2,
            sqs: sqs.clone(),
            autoscaling,
            issuers,
        };
        let trail = Arc::clone(&self.trail);
        let state = store.clone();
        let router = Router::new(Arc::clone(&accounts), clock.clone(), state, services, authorizer, trail, due.clone());
        Ok(Serving { router, admin, accounts, due, sqs, store, told })
    }
}

impl Current {
    pub(crate) fn new(plan: Plan, serving: Serving) -> Self {
        let now = ArcSwap::from_pointee(serving);
        let one = || Arc::new(Semaphore::new(1));
        Self { plan, now, calls: RwLock::default(), imports: one(), states: one() }
    }

    /// The services, to be asked while the guard lives.
    pub(crate) async fn to_call(&self) -> (RwLockReadGuard<'_, ()>, Arc<Serving>) {
        let guard = self.calls.read().await;
        (guard, self.now.load_full())
    }

    /// Whoever waits for a message waits no more.
    pub(crate) fn stop_waiting(&self) {
        self.now.load().sqs.stop();
    }

    /// The accounts, for who only asks for what never changes.
    pub(crate) fn accounts(&self) -> Arc<Accounts> {
        Arc::clone(&self.now.load().accounts)
    }

    /// Waits until what was begun of an import is at its end.
    pub(crate) async fn settled(&self) {
        // Nobody closes it.
        let _ = self.imports.acquire().await;
    }

    /// Keeps how the clock goes, as far as it is not kept.
    pub(crate) async fn keep_clock(&self) -> Result<(), WriteFailed> {
        let (_calls, serving) = self.to_call().await;
        kept::keep_clock(&serving.store, &self.plan.clock).await
    }

    /// The whole state at one instant, as a text.
    pub(crate) async fn export(&self, with_secrets: bool) -> Result<Bytes, NotExported> {
        let room = self.room().await.ok_or(NotExported::Busy)?;
        let (tables, serving, setting) = {
            let (_calls, serving) = self.to_call().await;
            serving.due.catch_up();
            (serving.store.tables().await?, serving, self.plan.clock.setting())
        };
        let partition = self.plan.partition;
        let written = tokio::task::spawn_blocking(move || {
            let text = state::write(tables, &serving.told, partition, setting, with_secrets)?;
            // There is no other text in memory until this one is sent.
            Ok(Bytes::from_owner(Roomed { text, _room: room }))
        });
        written.await.unwrap_or(Err(NotExported::Broken))
    }

    /// Puts the state of a text in place of the one that is there: all of it, or nothing. Once begun it goes on to its end,
    /// whether or not anybody still waits for it: a state that is in the file and not in memory would be neither.
    pub(crate) async fn import(self: &Arc<Self>, text: Bytes) -> Result<Imported, NotImported> {
        let only = Arc::clone(&self.imports).try_acquire_owned().map_err(|_| NotImported::Another)?;
        let current = Arc::clone(self);
        let ended = tokio::spawn(async move {
            let imported = current.put_in_place(&text).await;
            drop(only);
            imported
        });
        ended.await.unwrap_or(Err(NotImported::Broken))
    }

    /// Room for a state as a text and as rows, whichever way it goes.
    async fn room(&self) -> Option<OwnedSemaphorePermit> {
        tokio::time::timeout(CALLS_END_IN, Arc::clone(&self.states).acquire_owned()).await.ok()?.ok()
    }

    async fn put_in_place(&self, text: &[u8]) -> Result<Imported, NotImported> {
        let _room = self.room().await.ok_or(NotImported::Another)?;
        let text = std::str::from_utf8(text)?;
        let Document { partition, clock, world, secrets, mut rows } = Document::read(text)?;
        let ours = self.plan.partition;
        if partition != ours.as_str() {
            return Err(NotImported::Partition { theirs: partition, ours });
        }
        if secrets == Secrets::Sealed {
            return Err(NotImported::Sealed);
        }
        let placed = |error: OpenError| match error {
            OpenError::Misread { table, key, why, at } => state::flaw_of_row(text, table, &key, at, why).into(),
            OpenError::Damaged { table, key, why } => state::flaw_of_row(text, table, &key, 0, why).into(),
            other => NotImported::State(other.into()),
        };
        let imported = rows.len();
        rows.extend(kept::rows(&world, clock)?);
        let store = Store::of_text(rows);
        {
            let store = store.clone();
            // RSA keys take seconds.
            let made = tokio::task::spawn_blocking(move || {
                if secrets == Secrets::Absent {
                    kms::add_missing_secrets(&store)?;
                }
                eks::add_missing_keys(&store)
            });
            made.await.unwrap_or(Err(OpenError::NoRandomness)).map_err(placed)?;
        }
        let made = tokio::time::timeout(CALLS_END_IN, self.calls.write());
        let _nobody_calls = made.await.map_err(|_| NotImported::Busy)?;
        // Now, so that what is due by its clock happens to it and not what is due by the former one's.
        let former = self.plan.clock.setting();
        self.plan.clock.follow(clock)?;
        let put = self.put(store, world).await;
        if put.is_err() {
            // It was there before.
            let _ = self.plan.clock.follow(former);
        }
        put.map_err(|error| match error {
            NotImported::State(StartError::State(error)) => placed(error),
            other => other,
        })?;
        let secrets = if secrets == Secrets::Absent { "made anew" } else { "imported" };
        Ok(Imported { imported, secrets })
    }

    async fn put(&self, store: Store, world: World) -> Result<(), NotImported> {
        let serving = self.plan.serve(store, world, []).await?;
        serving.store.take_over(&self.now.load().store).await?;
        self.now.store(Arc::new(serving));
        Ok(())
    }
}

/// A text that takes room as long as it is there.
struct Roomed {
    text: String,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Roomed {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

/// The world without its keys, and those: it is told of them again, as of any key, when KMS makes them.
pub(crate) fn without_keys(mut world: World) -> (World, Vec<Key>) {
    let keys: Vec<Key> = world.accounts().flat_map(|(_, account)| account.keys().cloned()).collect();
    for key in &keys {
        // It is there: it was just found.
        let _ = world.remove_key(&key.arn);
    }
    (world, keys)
}
