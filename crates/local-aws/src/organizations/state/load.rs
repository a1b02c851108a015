//! The state's rows in the store, reading them back, and what the world file tells where there are none.

use std::sync::{Arc, RwLock};

use aws_model::Partition;
use jiff::Timestamp;

use super::{
    Realm, State, change, facts,
    record::{Record, THE_ONE},
};
use crate::{
    authorization::Authorizer,
    organizations::records::{Account, Creation, Handshake, Organization, Policy, Unit, told::Told},
    quotas::Quotas,
    store::{OpenError, Store},
};

impl State {
    /// Reads what the store kept, else what the world file tells, and tells the authorization model of the former.
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
        let told = Told::of(&authorizer.world(), partition, now);
        let mut realm = Realm::default();
        realm.world_tells = told.is_some();
        let organizations = rows::<Organization>(&store)?;
        if organizations.iter().any(|(key, _)| key == THE_ONE) {
            read(&mut realm, organizations);
            read(&mut realm, rows::<Unit>(&store)?);
            read(&mut realm, rows::<Account>(&store)?);
            read(&mut realm, rows::<Policy>(&store)?);
            read(&mut realm, rows::<Creation>(&store)?);
            read(&mut realm, rows::<Handshake>(&store)?);
            let levels = realm.levels();
            authorizer.change(|world| {
                world.set_organization(None);
                facts::tell(world, &realm, &levels);
            });
        } else if let Some(told) = told {
            read(&mut realm, vec![(THE_ONE.to_owned(), Some(told.organization))]);
            read(&mut realm, told.units.into_iter().map(|unit| (unit.key(), Some(unit))).collect());
            read(&mut realm, told.accounts.into_iter().map(|account| (account.key(), Some(account))).collect());
            read(&mut realm, told.policies.into_iter().map(|policy| (policy.key(), Some(policy))).collect());
            realm.is_told = true;
        }
        Ok(Self { store, authorizer, quotas, realm: RwLock::new(realm) })
    }
}

/// The rows of a table; of an organization that the world file tells and that was deleted there is no record.
fn rows<R: Record>(store: &Store) -> Result<Vec<(String, Option<R>)>, OpenError> {
    let rows = store.rows(R::TABLE)?.into_iter().map(|row| {
        let record: Option<R> = store.decode(R::TABLE, &row)?;
        Ok((row.key, record.map(R::read)))
    });
    rows.collect()
}

fn read<R: Record>(realm: &mut Realm, rows: Vec<(String, Option<R>)>) {
    for (key, record) in rows {
        change::edit(realm, &key, record);
    }
}
