//! Everything that Organizations knows, in memory.
//!
//! One lock orders all changes. Under it a change is decided, queued for the disk, and told to the authorization model;
//! the disk is waited for outside of it.

mod change;
mod facts;
mod load;
mod realm;
mod record;

use std::{
    ops::Deref,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

pub(super) use change::Change;
pub(super) use realm::{Level, Realm};
pub(crate) use record::TABLES;

use crate::{Quotas, authorization::Authorizer, store::Store};

/// The organization.
#[derive(Debug)]
pub(crate) struct State {
    store: Store,
    authorizer: Arc<Authorizer>,
    quotas: Quotas,
    realm: RwLock<Realm>,
}

/// The organization, while nobody changes it.
pub(super) struct Reading<'s>(RwLockReadGuard<'s, Realm>);

impl State {
    pub(super) fn authorizer(&self) -> &Authorizer {
        &self.authorizer
    }

    /// How many accounts the organization has at most.
    pub(super) fn most_accounts(&self) -> usize {
        self.quotas.accounts
    }

    pub(super) fn read(&self) -> Reading<'_> {
        Reading(self.realm.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn change(&self) -> Change<'_> {
        Change::begin(self)
    }
}

impl Deref for Reading<'_> {
    type Target = Realm;

    fn deref(&self) -> &Realm {
        &self.0
    }
}
