//! One change: decided and made under one lock, kept in one batch.

use std::{
    ops::Deref,
    sync::{PoisonError, RwLockWriteGuard},
};

use aws_model::SecretBytes;

use super::{Realm, Record, State, put};
use crate::store::Batch;

/// Makes an edit.
type Edit = Box<dyn FnOnce(&mut Realm)>;

/// A change in the making. What it holds is seen by nobody until [`commit`](Self::commit), and never if it is dropped.
pub(in crate::autoscaling) struct Change<'s> {
    state: &'s State,
    realm: RwLockWriteGuard<'s, Realm>,
    batch: Batch,
    edits: Vec<Edit>,
}

impl<'s> Change<'s> {
    /// Waits for the changes before it.
    pub(super) fn begin(state: &'s State) -> Self {
        let realm = state.realm.write().unwrap_or_else(PoisonError::into_inner);
        Self { state, realm, batch: Batch::new(), edits: Vec::new() }
    }

    /// Puts something in place of what it was.
    pub(in crate::autoscaling) fn put<R: Record>(&mut self, record: R) {
        // Records are plain structs of text, numbers and lists: there is nothing in them that JSON refuses.
        let bytes = serde_json::to_vec(&record).unwrap_or_default();
        self.batch.put(R::TABLE, record.key(), SecretBytes::new(bytes));
        self.edits.push(Box::new(move |realm| put(realm, record)));
    }

    pub(in crate::autoscaling) fn remove<R: Record>(&mut self, record: &R) {
        let key = record.key();
        self.batch.delete(R::TABLE, key.clone());
        self.edits.push(Box::new(move |realm| {
            let gone = R::of(realm).remove(&key);
            R::index(realm, gone.as_deref(), None);
        }));
    }

    /// Makes the change in memory and queues it for the disk. The router waits for it to be durable.
    pub(in crate::autoscaling) fn commit(mut self) {
        let ticket = self.state.store.write(self.batch);
        self.state.authorizer.will_rest_on(ticket);
        let realm = &mut *self.realm;
        self.edits.into_iter().for_each(|edit| edit(realm));
    }
}

/// The groups as they were before the change.
impl Deref for Change<'_> {
    type Target = Realm;

    fn deref(&self) -> &Realm {
        &self.realm
    }
}
