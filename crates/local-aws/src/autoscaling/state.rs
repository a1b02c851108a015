//! Everything that Auto Scaling knows, in memory.
//!
//! One lock orders all changes. Under it a change is decided and queued for the disk; the disk is waited for outside of it.

mod change;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::{Bound, Deref},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use aws_model::{AccountId, Arn, Region};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    fault,
    records::{Activity, Group},
};
use crate::{
    ServiceError,
    authorization::Authorizer,
    store::{OpenError, Store, Table},
};

pub(super) use change::Change;

/// What is kept of Auto Scaling.
pub(crate) const TABLES: &[Table] = &[Group::TABLE, Activity::TABLE];

/// The groups of all accounts.
#[derive(Debug)]
pub(crate) struct State {
    store: Store,
    authorizer: Arc<Authorizer>,
    realm: RwLock<Realm>,
}

/// Groups and what has been done for them, by account and region.
#[derive(Debug, Default)]
pub(super) struct Realm {
    /// By name.
    groups: BTreeMap<String, Arc<Group>>,
    /// By the time that they began.
    activities: BTreeMap<String, Arc<Activity>>,
    /// The keys of the groups that have instances, by these.
    members: HashMap<String, String>,
    /// The keys of groups, by when they are to be looked at.
    looks: BTreeSet<(Timestamp, String)>,
}

/// The realm, while nobody changes it.
pub(super) struct Reading<'s>(RwLockReadGuard<'s, Realm>);

/// An account in a region, as keys begin with it: `111122223333/us-west-2/`.
#[derive(Clone, Debug)]
pub(super) struct Place(String);

/// Something that is kept.
pub(super) trait Record: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Where its rows are kept.
    const TABLE: Table;

    /// By what it is looked up.
    fn key(&self) -> String;

    /// Where it is looked up.
    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>>;

    /// Keeps the indexes: there is no `before` where it is new, and no `now` where it is gone.
    fn index(_realm: &mut Realm, _before: Option<&Self>, _now: Option<&Self>) {}
}

impl Place {
    pub(super) fn of(account: AccountId, region: &Region) -> Self {
        Self(format!("{account}/{region}/"))
    }

    fn in_arn(arn: &Arn) -> Self {
        Self(format!("{}/{}/", arn.account(), arn.region()))
    }
}

impl Record for Group {
    const TABLE: Table = Table::plain("autoscaling.group");

    fn key(&self) -> String {
        format!("{}{}", Place::in_arn(&self.arn).0, self.name())
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.groups
    }

    fn index(realm: &mut Realm, before: Option<&Self>, now: Option<&Self>) {
        if let Some(before) = before {
            for member in &before.members {
                realm.members.remove(&member.id);
            }
            if let Some(at) = before.look {
                realm.looks.remove(&(at, before.key()));
            }
        }
        if let Some(now) = now {
            realm.members.extend(now.members.iter().map(|member| (member.id.clone(), now.key())));
            realm.looks.extend(now.look.map(|at| (at, now.key())));
        }
    }
}

impl Record for Activity {
    const TABLE: Table = Table::plain("autoscaling.activity");

    fn key(&self) -> String {
        format!("{}{:016}/{}", Place::in_arn(&self.group).0, self.begun.as_millisecond().max(0), self.id)
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.activities
    }
}

impl Realm {
    pub(super) fn group(&self, place: &Place, name: &str) -> Result<&Arc<Group>, ServiceError> {
        self.groups.get(&format!("{}{name}", place.0)).ok_or_else(|| fault::no_group(name))
    }

    pub(super) fn group_at(&self, key: &str) -> Option<&Arc<Group>> {
        self.groups.get(key)
    }

    /// Those of a place, by name.
    pub(super) fn groups(&self, place: &Place) -> impl DoubleEndedIterator<Item = &Arc<Group>> + use<'_> {
        under(&self.groups, &place.0)
    }

    /// Those that launch by a role.
    pub(super) fn groups_by<'r>(&'r self, role: &'r Arn) -> impl Iterator<Item = &'r Arc<Group>> {
        self.groups.values().filter(move |group| group.role == *role)
    }

    /// The group of a place that an instance is in.
    pub(super) fn group_of(&self, place: &Place, instance: &str) -> Option<&Arc<Group>> {
        let key = self.members.get(instance).filter(|key| key.starts_with(&place.0))?;
        self.groups.get(key)
    }

    /// What has been done in a place, the first first.
    pub(super) fn activities(&self, place: &Place) -> impl DoubleEndedIterator<Item = &Arc<Activity>> + use<'_> {
        under(&self.activities, &place.0)
    }

    pub(super) fn activity(&self, key: &str) -> Option<&Arc<Activity>> {
        self.activities.get(key)
    }

    /// The key of the first group that is to be looked at by now.
    pub(super) fn due(&self, now: Timestamp) -> Option<String> {
        self.looks.first().filter(|(at, _)| *at <= now).map(|(_, key)| key.clone())
    }
}

/// The rows whose keys begin so: the `/` at a prefix's end has `0` behind it.
fn under<'r, R>(
    rows: &'r BTreeMap<String, Arc<R>>,
    prefix: &str,
) -> impl DoubleEndedIterator<Item = &'r Arc<R>> + use<'r, R> {
    let end = format!("{}0", prefix.trim_end_matches('/'));
    rows.range((Bound::Included(prefix.to_owned()), Bound::Excluded(end))).map(|(_, row)| row)
}

impl State {
    /// Reads what the store kept.
    ///
    /// # Errors
    /// [`OpenError`] when the store cannot be read or is damaged.
    pub(crate) fn load(store: Store, authorizer: Arc<Authorizer>) -> Result<Self, OpenError> {
        let mut realm = Realm::default();
        load::<Group>(&store, &mut realm)?;
        load::<Activity>(&store, &mut realm)?;
        Ok(Self { store, authorizer, realm: RwLock::new(realm) })
    }

    pub(super) fn authorizer(&self) -> &Authorizer {
        &self.authorizer
    }

    pub(super) fn read(&self) -> Reading<'_> {
        Reading(self.realm.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn change(&self) -> Change<'_> {
        Change::begin(self)
    }
}

fn load<R: Record>(store: &Store, realm: &mut Realm) -> Result<(), OpenError> {
    for row in store.rows(R::TABLE)? {
        let record: R = store.decode(R::TABLE, &row)?;
        put(realm, record);
    }
    Ok(())
}

fn put<R: Record>(realm: &mut Realm, record: R) {
    let now = Arc::new(record);
    let before = R::of(realm).insert(now.key(), Arc::clone(&now));
    R::index(realm, before.as_deref(), Some(&now));
}

impl Deref for Reading<'_> {
    type Target = Realm;

    fn deref(&self) -> &Realm {
        &self.0
    }
}
