//! One change: decided and made under one lock, kept in one batch.

use std::{
    ops::Deref,
    sync::{Arc, PoisonError, RwLockWriteGuard},
};

use aws_model::SecretBytes;
use jiff::Timestamp;

use super::{Ended, Realm, Record, State};
use crate::{
    ec2::records::{Fleet, Instance, SpotRequest, Volume},
    store::Batch,
};

type Edit = Box<dyn FnOnce(&mut Realm)>;

/// A change in the making. What it holds is seen by nobody until [`commit`](Self::commit), and never if it is dropped.
pub(in crate::ec2) struct Change<'s> {
    state: &'s State,
    realm: RwLockWriteGuard<'s, Realm>,
    pub(super) rows: Batch,
    edits: Vec<Edit>,
    /// How many of the volumes whose grants are settled the rows say to be so.
    settled: usize,
}

impl<'s> Change<'s> {
    /// Waits for the changes before it. What has ended by now is forgotten with it.
    pub(super) fn begin(state: &'s State, now: Timestamp) -> Self {
        let realm = state.realm.write().unwrap_or_else(PoisonError::into_inner);
        let ended: Vec<Ended> =
            realm.ends.iter().take_while(|(at, _)| *at <= now).map(|(_, ended)| ended.clone()).collect();
        let mut change = Self { state, realm, rows: Batch::new(), edits: Vec::new(), settled: 0 };
        for ended in ended {
            match ended {
                Ended::Fleet(id) => change.forget::<Fleet>(&id),
                Ended::SpotRequest(id) => change.forget::<SpotRequest>(&id),
                Ended::Instance(id) => change.forget::<Instance>(&id),
                Ended::Volume(id) => change.forget::<Volume>(&id),
            }
        }
        let settled = state.settled.lock().unwrap_or_else(PoisonError::into_inner).clone();
        settled.iter().for_each(|volume| change.made(volume));
        change.settled = settled.len();
        change
    }

    /// Puts something in place of what it was.
    pub(in crate::ec2) fn put<R: Record>(&mut self, record: R) {
        // Records are plain structs of text, numbers and lists: there is nothing in them that JSON refuses.
        let row = SecretBytes::new(serde_json::to_vec(&record).unwrap_or_default());
        self.rows.put(R::TABLE, record.key(), row);
        self.edits.push(Box::new(move |realm| insert(realm, record)));
    }

    pub(in crate::ec2) fn remove<R: Record>(&mut self, record: &R) {
        let (place, key) = (record.place(), record.key());
        self.rows.delete(R::TABLE, key.clone());
        self.edits.push(Box::new(move |realm| {
            let gone = R::of(realm).remove(&place, &key);
            R::index(realm, gone.as_deref(), None);
        }));
    }

    fn forget<R: Record>(&mut self, id: &str) {
        if let Some(record) = R::of(&mut self.realm).get(id).cloned() {
            self.remove::<R>(&record);
        }
    }

    /// Makes the change in memory and queues it for the disk.
    pub(in crate::ec2) fn commit(mut self) {
        self.state.settled.lock().unwrap_or_else(PoisonError::into_inner).drain(..self.settled);
        self.edits.into_iter().for_each(|edit| edit(&mut self.realm));
        let (off, new) = std::mem::take(&mut self.realm.stirred);
        // Under the lock, so that queues have what comes of an instance in its order.
        self.state.newest.raise((self.state.writes)(self.rows, &off, &new));
    }
}

/// What was there before the change.
impl Deref for Change<'_> {
    type Target = Realm;

    fn deref(&self) -> &Realm {
        &self.realm
    }
}

pub(super) fn insert<R: Record>(realm: &mut Realm, record: R) {
    let now = Arc::new(record);
    let before = R::of(realm).insert(now.place(), now.key(), Arc::clone(&now));
    R::index(realm, before.as_deref(), Some(&now));
}
