//! One key in one region.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard},
};

use arc_swap::ArcSwap;
use aws_model::{AccountId, KeyArn, Region};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    family::Family,
    grants::KeyGrants,
    key_id::{KeyId, MaterialId},
    key_policy::KeyPolicy,
    key_state::KeyState,
    kind::KeyKind,
    last_usage::LastUse,
};
use crate::{
    authorization::Spreading,
    store::{AtomicTicket, Ticket},
};

/// A key of one account in one region, with its grants; material and rotation are its [`Family`]'s.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) id: KeyId,
    pub(super) arn: KeyArn,
    pub(super) family: Arc<Family>,
    moment: ArcSwap<KeyMoment>,
    /// The newest change of who may use it.
    access: AtomicTicket,
    grants: RwLock<KeyGrants>,
    /// What it could be used for before changes that have not spread yet, the oldest first.
    former: Mutex<VecDeque<Former>>,
    pub(super) last_use: LastUse,
}

/// Whether a key was enabled and pending deletion before a change that has not spread yet.
#[derive(Debug)]
struct Former {
    until: Spreading,
    enabled: bool,
    deletion: Option<Deletion>,
}

/// A key at one moment. Never changed; replaced.
#[derive(Debug)]
pub(super) struct KeyMoment {
    pub(super) record: KeyRecord,
    /// When this moment is durable, so may be told.
    pub(super) ticket: Ticket,
}

/// What is kept of a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeyRecord {
    pub(super) arn: KeyArn,
    pub(super) created: Timestamp,
    pub(super) description: String,
    pub(super) enabled: bool,
    pub(super) deletion: Option<Deletion>,
    /// A state that passes by itself.
    pub(super) passing: Option<Passing>,
    pub(super) policy: KeyPolicy,
    pub(super) tags: BTreeMap<String, String>,
    /// Whether AWS made it, for a service in the account. Only a world file has such keys.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) aws_managed: bool,
    /// The material that was ever imported here, if the key's is imported.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) imports: BTreeMap<MaterialId, Import>,
    /// Whether material that the key needs is not imported here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) awaits_import: bool,
    /// Whether it was made unavailable on request.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) unavailable: bool,
}

/// Material that was imported into a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Import {
    /// Whether it still is: neither deleted nor expired.
    pub(super) present: bool,
    pub(super) valid_to: Option<Timestamp>,
    /// Kept when the material goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
}

/// The key is to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Deletion {
    pub(super) window_days: i64,
    /// Not known while replicas of this primary key are left.
    pub(super) date: Option<Timestamp>,
}

/// A state that AWS leaves by itself after some seconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Passing {
    pub(super) state: PassingState,
    pub(super) until: Timestamp,
}

/// The states that pass by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum PassingState {
    Creating,
    Updating,
}

impl Key {
    pub(super) fn new(id: KeyId, family: Arc<Family>, record: KeyRecord, ticket: Ticket) -> Self {
        Self {
            id,
            arn: record.arn.clone(),
            family,
            moment: ArcSwap::from_pointee(KeyMoment { record, ticket }),
            access: AtomicTicket::default(),
            grants: RwLock::default(),
            former: Mutex::default(),
            last_use: LastUse::default(),
        }
    }

    pub(super) fn account(&self) -> AccountId {
        self.arn.account()
    }

    pub(super) fn region(&self) -> &Region {
        self.arn.region()
    }

    pub(super) fn kind(&self) -> KeyKind {
        self.family.kind
    }

    pub(super) fn now(&self) -> Arc<KeyMoment> {
        self.moment.load_full()
    }

    pub(super) fn replace(&self, moment: KeyMoment) {
        self.moment.store(Arc::new(moment));
    }

    /// Notes what it was before a change of whether it is enabled or pending deletion, for as long as that spreads.
    pub(super) fn was(&self, former: &KeyRecord, until: Spreading) {
        let mut all = self.former.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|former| former.until.is_on_its_way(until.made()));
        all.push_back(Former { until, enabled: former.enabled, deletion: former.deletion });
    }

    /// Its state as far as changes of it have spread.
    pub(super) fn spread_state(&self, record: &KeyRecord, now: Timestamp) -> KeyState {
        let all = self.former.lock().unwrap_or_else(PoisonError::into_inner);
        match all.iter().find(|former| former.until.is_on_its_way(now)) {
            Some(former) => record.state_with(former.enabled, former.deletion, now),
            None => record.state(now),
        }
    }

    /// Tells of a change of who may use it, before it can let anybody in.
    pub(super) fn access_changes(&self, ticket: Ticket) {
        self.access.raise(ticket);
    }

    /// When everything is durable that may have let somebody in until now.
    pub(super) fn access(&self) -> Ticket {
        self.access.get()
    }

    pub(super) fn grants(&self) -> RwLockReadGuard<'_, KeyGrants> {
        self.grants.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn change_grants(&self, change: impl FnOnce(&mut KeyGrants)) {
        change(&mut self.grants.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl KeyRecord {
    pub(super) fn has_imported(&self, material: MaterialId) -> bool {
        self.imports.get(&material).is_some_and(|import| import.present)
    }

    /// When the next of the imported material expires.
    pub(super) fn expires(&self) -> Option<Timestamp> {
        self.imports.values().filter(|import| import.present).filter_map(|import| import.valid_to).min()
    }

    /// The key's state at a time.
    ///
    /// Source: AWS KMS Developer Guide, "Key states of AWS KMS keys".
    pub(super) fn state(&self, now: Timestamp) -> KeyState {
        self.state_with(self.enabled, self.deletion, now)
    }

    fn state_with(&self, enabled: bool, deletion: Option<Deletion>, now: Timestamp) -> KeyState {
        match (deletion, self.passing) {
            (Some(Deletion { date: Some(_), .. }), _) => KeyState::PendingDeletion,
            (Some(Deletion { date: None, .. }), _) => KeyState::PendingReplicaDeletion,
            (None, Some(Passing { state: PassingState::Creating, until })) if now < until => KeyState::Creating,
            (None, Some(Passing { state: PassingState::Updating, until })) if now < until => KeyState::Updating,
            (None, _) if self.awaits_import => KeyState::PendingImport,
            (None, _) if self.unavailable => KeyState::Unavailable,
            (None, _) if enabled => KeyState::Enabled,
            (None, _) => KeyState::Disabled,
        }
    }
}
