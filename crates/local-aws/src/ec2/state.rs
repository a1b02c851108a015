//! Everything EC2 knows, in memory, of all accounts and regions.
//!
//! One lock orders all changes. Under it a change is decided and queued for the disk, which is waited for outside of it.

mod change;
mod load;
mod making;
mod record;
mod shelf;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    ops::Deref,
    sync::{Mutex, PoisonError, RwLock, RwLockReadGuard},
};

use aws_model::{AccountId, Region};
use jiff::Timestamp;

pub(super) use change::Change;
pub(super) use record::Record;
pub(crate) use record::TABLES;
pub(super) use shelf::Shelf;

use super::records::{Fleet, Image, Instance, LaunchTemplate, Settings, Snapshot, SpotRequest, Tags, Version, Volume};
use crate::{
    sqs::StateChange,
    store::{AtomicTicket, Batch, Store, Ticket},
};

/// An account's part of one region.
pub(super) type Place = (AccountId, Region);

/// What is there, by kind.
#[derive(Debug, Default)]
pub(super) struct Realm {
    pub(super) fleets: Shelf<Fleet>,
    pub(super) images: Shelf<Image>,
    pub(super) instances: Shelf<Instance>,
    pub(super) snapshots: Shelf<Snapshot>,
    pub(super) spot_requests: Shelf<SpotRequest>,
    pub(super) templates: Shelf<LaunchTemplate>,
    pub(super) volumes: Shelf<Volume>,
    /// By account and what they are on.
    pub(super) tags: Shelf<Tags>,
    pub(super) settings: Shelf<Settings>,
    /// The instances that a client's token has launched.
    tokens: HashMap<(Place, String), BTreeSet<String>>,
    /// What has a tag, by its key and value.
    tagged: HashMap<(Place, String), BTreeMap<String, BTreeSet<String>>>,
    /// The fleets that a client's token has made.
    fleet_tokens: HashMap<(Place, String), String>,
    /// The volumes that a client's token has made, and the launch templates.
    volume_tokens: HashMap<(Place, String), String>,
    template_tokens: HashMap<(Place, String), String>,
    version_tokens: HashMap<(Place, String), String>,
    image_tokens: HashMap<(Place, String), String>,
    /// The fleets that are looked at at some time.
    due: BTreeSet<(Timestamp, String)>,
    /// What is forgotten at some time.
    ends: BTreeSet<(Timestamp, Ended)>,
    /// What a change makes of what was to come of instances: what does not come, and what does.
    stirred: (Vec<StateChange>, Vec<StateChange>),
}

/// What is forgotten, by its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ended {
    Fleet(String),
    Instance(String),
    SpotRequest(String),
    Volume(String),
}

/// Writes a change, together with what hears of instances keeps of it: what was to come and does not, and what comes, each with
/// its time.
pub(crate) type Writes = Box<dyn Fn(Batch, &[StateChange], &[StateChange]) -> Ticket + Send + Sync>;

/// EC2's state.
pub(crate) struct State {
    store: Store,
    realm: RwLock<Realm>,
    newest: AtomicTicket,
    writes: Writes,
    /// Volumes whose grants were open when the state was left.
    open: Vec<String>,
    /// Volumes whose grants are settled, which the file is still to be told.
    settled: Mutex<Vec<String>>,
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

    /// The ids of what an account has tagged so, with whatever value where none is told.
    pub(super) fn tagged(&self, place: &Place, key: &str, value: Option<&str>) -> impl Iterator<Item = &String> {
        let by_value = self.tagged.get(&(place.clone(), key.to_owned()));
        let (one, all) = match value {
            Some(value) => (by_value.and_then(|by_value| by_value.get(value)), None),
            None => (None, by_value),
        };
        one.into_iter().flatten().chain(all.into_iter().flat_map(BTreeMap::values).flatten())
    }

    /// The fleet that a client's token has made.
    pub(super) fn fleet_of_token(&self, place: &Place, token: &str) -> Option<&Fleet> {
        let id = self.fleet_tokens.get(&(place.clone(), token.to_owned()))?;
        self.fleets.get(id).map(AsRef::as_ref)
    }

    /// The volume that a client's token has made, while it is there.
    pub(super) fn volume_of_token(&self, place: &Place, token: &str) -> Option<&Volume> {
        let id = self.volume_tokens.get(&(place.clone(), token.to_owned()))?;
        self.volumes.get(id).map(AsRef::as_ref)
    }

    /// The launch template that a client's token has made, while it is there.
    pub(super) fn template_of_token(&self, place: &Place, token: &str) -> Option<&LaunchTemplate> {
        let id = self.template_tokens.get(&(place.clone(), token.to_owned()))?;
        self.templates.get(id).map(AsRef::as_ref)
    }

    /// The version of a launch template that a client's token has made, while it is there.
    pub(super) fn version_of_token(&self, place: &Place, token: &str) -> Option<(&LaunchTemplate, &Version)> {
        let id = self.version_tokens.get(&(place.clone(), token.to_owned()))?;
        let template = self.templates.get(id)?;
        let made = |version: &&Version| version.once.as_ref().is_some_and(|once| once.token == token);
        Some((template, template.versions.iter().find(made)?))
    }

    /// The image that a client's token has copied, while it is there.
    pub(super) fn image_of_token(&self, place: &Place, token: &str) -> Option<&Image> {
        let id = self.image_tokens.get(&(place.clone(), token.to_owned()))?;
        self.images.get(id).map(AsRef::as_ref)
    }

    /// The fleets of an account that are to be looked at by now.
    pub(super) fn fleets_due(&self, place: &Place, now: Timestamp) -> Vec<String> {
        let due = self.due.iter().take_while(|(at, _)| *at <= now).filter_map(|(_, id)| self.fleets.get(id));
        due.filter(|fleet| (fleet.owner, &fleet.region) == (place.0, &place.1)).map(|fleet| fleet.id.clone()).collect()
    }
}

impl Deref for Reading<'_> {
    type Target = Realm;

    fn deref(&self) -> &Realm {
        &self.0
    }
}
