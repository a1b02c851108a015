//! One change: decided and made under one lock, kept in one batch.

use std::{
    ops::Deref,
    sync::{Arc, PoisonError, RwLockWriteGuard},
};

use aws_model::SecretBytes;

use super::{
    Realm, State, facts,
    record::{Record, THE_ONE},
};
use crate::{
    organizations::records::{Account, Creation, Handshake, Organization, Policy, Unit},
    store::{Batch, Table},
};

/// A row to be kept, or one that goes.
type RowChange = (Table, String, Option<Vec<u8>>);

/// Makes an edit, and tells which levels it touches.
type Edit = Box<dyn FnOnce(&mut Realm) -> Vec<String>>;

/// A change in the making. What it holds is seen by nobody until [`commit`](Self::commit), and never if it is dropped.
pub(in crate::organizations) struct Change<'s> {
    state: &'s State,
    realm: RwLockWriteGuard<'s, Realm>,
    rows: Vec<RowChange>,
    edits: Vec<Edit>,
}

impl<'s> Change<'s> {
    /// Waits for the changes before it.
    pub(super) fn begin(state: &'s State) -> Self {
        let realm = state.realm.write().unwrap_or_else(PoisonError::into_inner);
        Self { state, realm, rows: Vec::new(), edits: Vec::new() }
    }

    /// Puts something in place of what it was.
    pub(in crate::organizations) fn put<R: Record>(&mut self, record: R) {
        self.rows.push(row(&record));
        self.edits.push(Box::new(move |realm| edit(realm, &record.key(), Some(record.clone()))));
    }

    pub(in crate::organizations) fn remove<R: Record>(&mut self, record: &R) {
        let key = record.key();
        self.rows.push((R::TABLE, key.clone(), None));
        self.edits.push(Box::new(move |realm| edit::<R>(realm, &key, None)));
    }

    /// Ends the organization and all that is in it.
    pub(in crate::organizations) fn end(&mut self) {
        let realm = Realm::clone(&self.realm);
        // What is below first.
        realm.accounts.values().for_each(|account| self.remove::<Account>(account));
        realm.units.values().for_each(|unit| self.remove::<Unit>(unit));
        realm.policies.values().for_each(|policy| self.remove::<Policy>(policy));
        realm.creations.values().for_each(|creation| self.remove::<Creation>(creation));
        realm.handshakes.values().for_each(|handshake| self.remove::<Handshake>(handshake));
        realm.organization.values().for_each(|organization| self.remove::<Organization>(organization));
        if realm.world_tells {
            // The world file tells it again at the next start, and must not bring it back.
            self.rows.push((Organization::TABLE, THE_ONE.to_owned(), Some(b"null".to_vec())));
        }
    }

    /// Makes the change in memory and queues it for the disk. The router waits for it to be durable.
    pub(in crate::organizations) fn commit(mut self) {
        let rows = self.batch();
        // Noted first, so that whoever is let in or kept out by it knows what to wait for.
        let ticket = self.state.store.write(rows);
        self.state.authorizer.will_rest_on(ticket);
        self.realm.is_told = false;
        let realm = &mut *self.realm;
        let touched: Vec<String> = self.edits.into_iter().flat_map(|edit| edit(realm)).collect();
        let has_ended = realm.organization.is_empty();
        if has_ended || !touched.is_empty() {
            self.state.authorizer.change(|world| facts::tell(world, realm, &touched));
        }
    }

    /// The rows of the change. Of an organization that a world file tells there are none until its first change, which
    /// keeps the whole: from then on the state's goes before the file's.
    fn batch(&mut self) -> Batch {
        let mut rows = Vec::new();
        if self.realm.is_told {
            let realm = &*self.realm;
            rows.extend(realm.organization.values().map(|organization| row::<Organization>(organization)));
            rows.extend(realm.units.values().map(|unit| row::<Unit>(unit)));
            rows.extend(realm.accounts.values().map(|account| row::<Account>(account)));
            rows.extend(realm.policies.values().map(|policy| row::<Policy>(policy)));
        }
        rows.append(&mut self.rows);
        let mut batch = Batch::new();
        for (table, key, bytes) in rows {
            match bytes {
                Some(bytes) => batch.put(table, key, SecretBytes::new(bytes)),
                None => batch.delete(table, key),
            }
        }
        batch
    }
}

/// The organization as it was before the change.
impl Deref for Change<'_> {
    type Target = Realm;

    fn deref(&self) -> &Realm {
        &self.realm
    }
}

fn row<R: Record>(record: &R) -> RowChange {
    // Records are plain structs of text, numbers and lists: there is nothing in them that JSON refuses.
    (R::TABLE, record.key(), Some(serde_json::to_vec(record).unwrap_or_default()))
}

/// Puts a record in its place, or takes it away.
pub(super) fn edit<R: Record>(realm: &mut Realm, key: &str, now: Option<R>) -> Vec<String> {
    let now = now.map(Arc::new);
    let before = match &now {
        Some(now) => R::of(realm).insert(key.to_owned(), Arc::clone(now)),
        None => R::of(realm).remove(key),
    };
    let touched = R::touches(realm, before.as_deref(), now.as_deref());
    R::index(realm, before.as_deref(), now.as_deref());
    touched
}
