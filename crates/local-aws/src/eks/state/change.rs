//! One change: decided and made under one lock, kept in one batch.

use std::{
    ops::Deref,
    sync::{Arc, PoisonError, RwLockWriteGuard},
};

use aws_model::SecretBytes;

use super::{ISSUER_KEYS, Realm, Record, State};
use crate::{
    eks::{issuer, records::Cluster},
    store::Batch,
};

/// Makes an edit.
type Edit = Box<dyn FnOnce(&mut Realm)>;

/// A change in the making. What it holds is seen by nobody until [`commit`](Self::commit), and never if it is dropped.
pub(in crate::eks) struct Change<'s> {
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
    pub(in crate::eks) fn put<R: Record>(&mut self, record: R) {
        let key = record.key();
        // Records are plain structs of text, numbers and lists: there is nothing in them that JSON refuses.
        let bytes = serde_json::to_vec(&record).unwrap_or_default();
        self.batch.put(R::TABLE, key.clone(), SecretBytes::new(bytes));
        self.edits.push(Box::new(move |realm| {
            R::index(realm, &key, Some(&record));
            R::of(realm).insert(key, Arc::new(record));
        }));
    }

    pub(in crate::eks) fn remove<R: Record>(&mut self, record: &R) {
        let key = record.key();
        self.batch.delete(R::TABLE, key.clone());
        self.edits.push(Box::new(move |realm| {
            R::index(realm, &key, None);
            R::of(realm).remove(&key);
        }));
    }

    /// Puts a cluster that was not there, with what signs its tokens.
    pub(in crate::eks) fn put_new_cluster(&mut self, cluster: Cluster, key: issuer::Key) {
        let of = cluster.key();
        self.batch.put(ISSUER_KEYS, of.clone(), key.pkcs8().clone());
        self.edits.push(Box::new(move |realm| drop(realm.issuer_keys.insert(of, Arc::new(key)))));
        self.put(cluster);
    }

    /// Removes a cluster, and what signs its tokens.
    pub(in crate::eks) fn remove_cluster(&mut self, cluster: &Cluster) {
        let of = cluster.key();
        self.batch.delete(ISSUER_KEYS, of.clone());
        self.edits.push(Box::new(move |realm| drop(realm.issuer_keys.remove(&of))));
        self.remove(cluster);
    }

    /// Makes the change in memory and queues it for the disk. The router waits for it to be durable.
    pub(in crate::eks) fn commit(mut self) {
        let ticket = self.state.store.write(self.batch);
        self.state.authorizer.will_rest_on(ticket);
        let realm = &mut *self.realm;
        self.edits.into_iter().for_each(|edit| edit(realm));
    }
}

/// The clusters as they were before the change.
impl Deref for Change<'_> {
    type Target = Realm;

    fn deref(&self) -> &Realm {
        &self.realm
    }
}
