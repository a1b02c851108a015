//! Everything KMS knows, in memory, by account and region.
//!
//! Reading takes no exclusive lock: maps are behind read locks held for one look-up, keys and families are snapshots.
//! Writing takes the agenda's lock, which orders all changes, for as long as it takes to change memory and to queue
//! the rows; the disk is waited for outside of it.

mod agenda;
mod change;
mod facts;
mod imports;
mod load;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::{
        Arc, Mutex, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use authz::world::World;
use aws_model::{AccountId, KeyArn, Region};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) use change::Change;
pub(super) use imports::Becomes;
pub(crate) use load::{TABLES, TOKEN_KEYS, add_missing_secrets};

use super::{grants::Grant, key::Key, key_id::KeyId};
use crate::{
    Quotas,
    authorization::Authorizer,
    store::{OpenError, Store, Ticket},
    trail::Trail,
};
use agenda::Agenda;

/// An account's keys and aliases in one region.
pub(super) type RealmId = (AccountId, Region);

#[derive(Debug)]
pub(super) struct State {
    pub(super) quotas: Quotas,
    /// Since when uses of keys are noted.
    pub(super) tracked_since: Timestamp,
    store: Store,
    /// Told of every change, under the lock that orders them.
    authorizer: Arc<Authorizer>,
    /// Told of what happens by itself.
    trail: Arc<Trail>,
    realms: RwLock<HashMap<RealmId, Arc<Realm>>>,
    retirable: RwLock<Retirable>,
    agenda: Mutex<Agenda>,
    /// When the agenda has something to do, in seconds since the epoch, so that nobody locks it to learn: nothing.
    next_due: AtomicI64,
    /// How often a key or an alias came to be there, so that who waits for one need not look for it each time.
    names: AtomicU64,
}

#[derive(Debug, Default)]
pub(super) struct Realm {
    keys: RwLock<BTreeMap<KeyId, Arc<Key>>>,
    aliases: RwLock<Aliases>,
}

#[derive(Debug, Default)]
pub(super) struct Aliases {
    by_name: BTreeMap<String, Alias>,
    by_target: BTreeSet<(KeyId, String)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Alias {
    pub(super) target: KeyArn,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    #[serde(skip)]
    pub(super) ticket: Ticket,
}

/// Grants by region, retiring principal and grant id, whoever owns the key.
type Retirable = BTreeMap<(Region, String, String), Arc<Grant>>;

impl State {
    pub(super) fn load(
        store: Store,
        quotas: Quotas,
        authorizer: Arc<Authorizer>,
        trail: Arc<Trail>,
        now: Timestamp,
    ) -> Result<Self, OpenError> {
        let state = Self {
            quotas,
            tracked_since: now,
            store,
            authorizer,
            trail,
            realms: RwLock::default(),
            retirable: RwLock::default(),
            agenda: Mutex::default(),
            next_due: AtomicI64::new(i64::MAX),
            names: AtomicU64::new(0),
        };
        load::load(&state)?;
        Ok(state)
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    pub(super) fn authorizer(&self) -> &Authorizer {
        &self.authorizer
    }

    /// A copy of what the authorization model was told, between two changes.
    pub(super) fn facts(&self) -> World {
        let _agenda = self.agenda.lock().unwrap_or_else(PoisonError::into_inner);
        self.authorizer.world().clone()
    }

    pub(super) fn realm(&self, account: AccountId, region: &Region) -> Option<Arc<Realm>> {
        read(&self.realms).get(&(account, region.clone())).cloned()
    }

    /// Every key of every account and region.
    pub(super) fn keys(&self) -> Vec<Arc<Key>> {
        let realms: Vec<_> = read(&self.realms).values().cloned().collect();
        realms.iter().flat_map(|realm| realm.keys().values().cloned().collect::<Vec<_>>()).collect()
    }

    pub(super) fn key(&self, account: AccountId, region: &Region, id: KeyId) -> Option<Arc<Key>> {
        self.realm(account, region)?.key(id)
    }

    pub(super) fn key_at(&self, arn: &KeyArn) -> Option<Arc<Key>> {
        self.key(arn.account(), arn.region(), arn.key_id().parse().ok()?)
    }

    /// A key of this id in the primary one of its regions.
    pub(super) fn anywhere(&self, account: AccountId, id: KeyId) -> Option<Arc<Key>> {
        let realms: Vec<_> = read(&self.realms)
            .iter()
            .filter(|((of, _), _)| *of == account)
            .map(|(_, realm)| Arc::clone(realm))
            .collect();
        let key = realms.iter().find_map(|realm| realm.key(id))?;
        let primary = key.family.now().record.primary.clone();
        self.key(account, &primary, id)
    }

    pub(super) fn alias(&self, account: AccountId, region: &Region, name: &str) -> Option<Alias> {
        self.realm(account, region)?.aliases().by_name.get(name).cloned()
    }

    /// The grants of one region that `principal` may retire, behind the one of the id `after`.
    pub(super) fn retirable(
        &self,
        region: &Region,
        principal: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<Arc<Grant>> {
        let start = (region.clone(), principal.to_owned(), after.unwrap_or_default().to_owned());
        read(&self.retirable)
            .range((Bound::Excluded(start), Bound::Unbounded))
            .take_while(|((at, who, _), _)| at == region && who == principal)
            .map(|(_, grant)| Arc::clone(grant))
            .take(limit)
            .collect()
    }

    /// Does what has come due: deletions and rotations, each at its own time, however late.
    pub(super) fn catch_up(&self, now: Timestamp) {
        if now.as_second() < self.next_due.load(Ordering::Acquire) {
            return;
        }
        let mut agenda = self.agenda.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((at, event)) = agenda.take_due(now) {
            agenda = Change::begin_with(self, agenda).happen(at, event, now);
        }
        self.next_due.store(agenda.next_second(), Ordering::Release);
    }

    pub(super) fn changes_of_names(&self) -> u64 {
        self.names.load(Ordering::Acquire)
    }

    fn names_changed(&self) {
        self.names.fetch_add(1, Ordering::AcqRel);
    }

    fn change_retirable(&self, grant: &Arc<Grant>, is_there: bool) {
        let Some(principal) = &grant.retiring else { return };
        let place = (grant.key.region().clone(), principal.clone(), grant.id.clone());
        let mut retirable = self.retirable.write().unwrap_or_else(PoisonError::into_inner);
        if is_there {
            retirable.insert(place, Arc::clone(grant));
        } else {
            retirable.remove(&place);
        }
    }

    fn realm_or_new(&self, id: RealmId) -> Arc<Realm> {
        Arc::clone(self.realms.write().unwrap_or_else(PoisonError::into_inner).entry(id).or_default())
    }
}

impl Realm {
    pub(super) fn key(&self, id: KeyId) -> Option<Arc<Key>> {
        read(&self.keys).get(&id).cloned()
    }

    pub(super) fn keys(&self) -> RwLockReadGuard<'_, BTreeMap<KeyId, Arc<Key>>> {
        read(&self.keys)
    }

    fn change_keys<R>(&self, change: impl FnOnce(&mut BTreeMap<KeyId, Arc<Key>>) -> R) -> R {
        change(&mut self.keys.write().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn aliases(&self) -> RwLockReadGuard<'_, Aliases> {
        read(&self.aliases)
    }
}

impl Aliases {
    /// The aliases behind the one named `after`, by name.
    pub(super) fn after(&self, after: Option<&str>) -> impl Iterator<Item = (&str, &Alias)> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.by_name.range::<str, _>((start, Bound::Unbounded)).map(|(name, alias)| (name.as_str(), alias))
    }

    /// The aliases of one key, behind the one named `after`.
    pub(super) fn of_key_after(&self, key: KeyId, after: Option<&str>) -> impl Iterator<Item = (&str, &Alias)> {
        self.by_target
            .range((Bound::Excluded((key, after.unwrap_or_default().to_owned())), Bound::Unbounded))
            .take_while(move |(target, _)| *target == key)
            .filter_map(|(_, name)| self.by_name.get_key_value(name))
            .map(|(name, alias)| (name.as_str(), alias))
    }

    fn put(&mut self, name: &str, alias: Option<Alias>) {
        if let Some(old) = self.by_name.remove(name).and_then(|old| old.target.key_id().parse().ok()) {
            self.by_target.remove(&(old, name.to_owned()));
        }
        if let Some(alias) = alias {
            if let Ok(target) = alias.target.key_id().parse() {
                self.by_target.insert((target, name.to_owned()));
            }
            self.by_name.insert(name.to_owned(), alias);
        }
    }
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}
