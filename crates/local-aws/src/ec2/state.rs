//! Everything EC2 knows, in memory, of all accounts and regions.
//!
//! One lock orders all changes. Under it a change is decided and queued for the disk, which is waited for outside of it.

mod change;
mod load;
mod record;
mod shelf;

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    ops::Deref,
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use aws_model::{AccountId, Region};
use jiff::Timestamp;

pub(super) use change::Change;
pub(super) use record::Record;
pub(crate) use record::TABLES;
pub(super) use shelf::Shelf;

use super::records::{Image, Instance, LaunchTemplate, Settings, Snapshot, Tags, Volume};
use crate::{
    sqs::StateChange,
    store::{AtomicTicket, Store, Ticket},
};

/// An account's part of one region.
pub(super) type Place = (AccountId, Region);

/// What is there, by kind.
#[derive(Debug, Default)]
pub(super) struct Realm {
    pub(super) images: Shelf<Image>,
    pub(super) instances: Shelf<Instance>,
    pub(super) snapshots: Shelf<Snapshot>,
    pub(super) templates: Shelf<LaunchTemplate>,
    pub(super) volumes: Shelf<Volume>,
    /// By account and what they are on.
    pub(super) tags: Shelf<Tags>,
    pub(super) settings: Shelf<Settings>,
    /// The instances that a client's token has launched.
    tokens: HashMap<(Place, String), BTreeSet<String>>,
    /// What is forgotten at some time.
    ends: BTreeSet<(Timestamp, Ended)>,
    /// What a change makes of what was to come of instances: what does not come, and what does.
    stirred: (Vec<StateChange>, Vec<StateChange>),
}

/// What is forgotten, by its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ended {
    Instance(String),
    Volume(String),
}

/// Told of what comes of instances: what was to come and does not, and what comes, each with its time.
pub(crate) type Hears = Box<dyn Fn(&[StateChange], &[StateChange]) + Send + Sync>;

/// EC2's state.
pub(crate) struct State {
    store: Store,
    realm: RwLock<Realm>,
    newest: AtomicTicket,
    hears: Hears,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("realm", &self.realm).finish_non_exhaustive()
    }
}

/// What is there, while nobody changes it.
pub(super) struct Reading<'s>(RwLockReadGuard<'s, Realm>);

impl State {
    pub(super) fn read(&self) -> Reading<'_> {
        Reading(self.realm.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn change(&self, now: Timestamp) -> Change<'_> {
        Change::begin(self, now)
    }

    /// What must be durable before an answer is told that has seen the state.
    pub(super) fn newest(&self) -> Ticket {
        self.newest.get()
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }
}

impl Realm {
    /// The instances that a client's token has launched.
    pub(super) fn launched_by(&self, place: &Place, token: &str) -> impl Iterator<Item = &Instance> {
        let ids = self.tokens.get(&(place.clone(), token.to_owned()));
        ids.into_iter().flatten().filter_map(|id| self.instances.get(id).map(AsRef::as_ref))
    }
}

impl Deref for Reading<'_> {
    type Target = Realm;

    fn deref(&self) -> &Realm {
        &self.0
    }
}
