//! Everything IAM knows, in memory, by account.
//!
//! One lock orders all changes. Under it a change is decided, queued for the disk, and told to the authorization model;
//! the disk is waited for outside of it.

mod change;
mod facts;
mod load;
mod realm;
mod record;

use std::{
    collections::{HashMap, HashSet},
    ops::Deref,
    sync::{Arc, LazyLock, OnceLock, PoisonError, RwLock, RwLockReadGuard},
};

use aws_model::{AccountId, Partition};

pub(super) use change::Change;
pub(super) use realm::{Realm, key};
pub(super) use record::Record;
pub(crate) use record::TABLES;

use crate::{Quotas, accounts::Accounts, authorization::Authorizer, store::Store};

/// The entities of all accounts.
#[derive(Debug)]
pub(crate) struct State {
    store: Store,
    partition: Partition,
    authorizer: Arc<Authorizer>,
    /// Told which access keys sign, once it is there.
    accounts: OnceLock<Arc<Accounts>>,
    /// The accounts that the world file calls partial, which stay so.
    partial: HashSet<AccountId>,
    quotas: Quotas,
    realms: RwLock<HashMap<AccountId, Realm>>,
}

/// An account's entities, while nobody changes them.
pub(super) struct Reading<'s> {
    realms: RwLockReadGuard<'s, HashMap<AccountId, Realm>>,
    id: AccountId,
}

static EMPTY: LazyLock<Realm> = LazyLock::new(Realm::default);

impl State {
    pub(super) fn authorizer(&self) -> &Authorizer {
        &self.authorizer
    }

    /// How much an account has at most of what AWS raises on request.
    pub(super) fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    pub(super) fn read(&self, account: AccountId) -> Reading<'_> {
        Reading { realms: self.realms.read().unwrap_or_else(PoisonError::into_inner), id: account }
    }

    pub(super) fn change(&self, account: AccountId) -> Change<'_> {
        Change::begin(self, account)
    }
}

impl Deref for Reading<'_> {
    type Target = Realm;

    fn deref(&self) -> &Realm {
        self.realms.get(&self.id).unwrap_or(&EMPTY)
    }
}
