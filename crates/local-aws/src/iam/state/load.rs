//! The state's rows in the store, reading them back, and what the world file tells besides.
//!
//! An entity that the world file tells is there like any other, and may be changed and deleted. It has no row until it is:
//! then its row goes before what the file tells, also at later starts.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, OnceLock, RwLock},
};

use aws_model::{AccountId, Partition};
use jiff::Timestamp;

use super::{Realm, State, facts::Facts, record::Record};
use crate::{
    accounts::Accounts,
    authorization::Authorizer,
    iam::records::{Account, CredentialReport, InstanceProfile, MfaDevice, OidcProvider, told},
    quotas::Quotas,
    store::{OpenError, Store},
};

/// The entities of one table, by account and key.
type Rows<R> = BTreeMap<(AccountId, String), R>;

pub(super) fn row_key(account: AccountId, key: &str) -> String {
    format!("{account}/{key}")
}

impl State {
    /// Reads what the store kept and what the world file tells, and tells the authorization model of the former.
    ///
    /// # Errors
    /// [`OpenError`] when the store cannot be read or is damaged.
    pub(crate) fn load(
        store: Store,
        partition: Partition,
        now: Timestamp,
        authorizer: Arc<Authorizer>,
        quotas: Quotas,
    ) -> Result<Self, OpenError> {
        let world = authorizer.world().clone();
        let partial: HashSet<AccountId> =
            world.accounts().filter(|(_, account)| account.identities_are_partial).map(|(id, _)| id).collect();
        let (accounts, realms) = (OnceLock::new(), RwLock::default());
        let state = Self { store, partition, authorizer, accounts, partial, quotas, realms };
        let mut realms = HashMap::new();
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let told = told::Told::of(&world, now);
        // What is carried before who carries it, and who is in a group before the group.
        state.read_rows(&mut realms, told.policies)?;
        state.read_rows(&mut realms, told.users)?;
        state.read_rows(&mut realms, told.groups)?;
        state.read_rows(&mut realms, told.roles)?;
        state.read_rows::<InstanceProfile>(&mut realms, Vec::new())?;
        state.read_rows::<OidcProvider>(&mut realms, Vec::new())?;
        state.read_rows::<MfaDevice>(&mut realms, Vec::new())?;
        state.read_rows::<CredentialReport>(&mut realms, Vec::new())?;
        state.rejoin_groups(&realms);
        state.read_rows::<Account>(&mut realms, Vec::new())?;
        Ok(Self { realms: RwLock::new(realms), ..state })
    }

    /// From now on the users' access keys sign, and accounts that were closed are.
    pub(in crate::iam) fn serve(&self, accounts: &Arc<Accounts>) {
        // It is set once.
        let _ = self.accounts.set(Arc::clone(accounts));
        let realms = self.realms.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (id, realm) in &*realms {
            for user in realm.users.values() {
                for key in user.keys.iter().filter(|key| key.active) {
                    accounts.hold(&key.id, &user.arn);
                }
            }
            if realm.account.values().any(|account| account.closed) {
                self.authorizer.close(*id, self.partition);
            }
        }
    }

    /// Users whose rows went before what the world file tells of them left their groups; now they are in them again.
    fn rejoin_groups(&self, realms: &HashMap<AccountId, Realm>) {
        for group in realms.values().flat_map(|realm| realm.groups.values()) {
            for user in group.members.values() {
                if let Err(refused) = self.authorizer.change(|world| world.add_to_group(user, &group.arn)) {
                    tracing::error!(%refused, "the authorization model was not told of a group's member");
                }
            }
        }
    }

    fn read_rows<R: Record>(
        &self,
        realms: &mut HashMap<AccountId, Realm>,
        told: Vec<(AccountId, R)>,
    ) -> Result<(), OpenError> {
        let rows = self.rows::<R>()?;
        for (account, record) in told {
            let realm: &mut Realm = realms.entry(account).or_default();
            let key = record.key();
            realm.told.insert((R::TABLE.name(), key.clone()));
            if rows.contains_key(&(account, key.clone())) {
                R::tell(Facts { state: self, account }, Some(&record), None);
            } else {
                R::index(realm, None, Some(&record));
                R::of(realm).insert(key, Arc::new(record));
            }
        }
        for ((account, key), record) in rows {
            let Some(record) = record else { continue };
            let realm = realms.entry(account).or_default();
            R::index(realm, None, Some(&record));
            R::tell(Facts { state: self, account }, None, Some(&record));
            R::of(realm).insert(key, Arc::new(record));
        }
        Ok(())
    }

    /// The rows of a table; of one that the world file tells and that was deleted there is no record.
    fn rows<R: Record>(&self) -> Result<Rows<Option<R>>, OpenError> {
        let damaged = |key: &str, why: String| OpenError::Damaged { table: R::TABLE.name(), key: key.to_owned(), why };
        let mut rows = Rows::new();
        for row in self.store.rows(R::TABLE)? {
            let (account, key) = row.key.split_once('/').unwrap_or((&row.key, ""));
            let account: AccountId = account.parse().map_err(|_| damaged(&row.key, "is of no account".to_owned()))?;
            let record = self.store.decode(R::TABLE, &row)?;
            // An account of which nothing but its users and roles is known was an open one.
            self.authorizer.name(account);
            rows.insert((account, key.to_owned()), record);
        }
        Ok(rows)
    }
}
