//! The state's rows in the store, read back.

use std::sync::{Mutex, RwLock};

use super::{Realm, Record, State, Writes, change, making};
use crate::{
    ec2::records::{Fleet, Image, Instance, LaunchTemplate, Settings, Snapshot, SpotRequest, Tags, Volume},
    store::{AtomicTicket, OpenError, Store},
};

impl State {
    /// Reads what the store kept.
    ///
    /// # Errors
    /// [`OpenError`] when the store cannot be read or is damaged.
    pub(crate) fn load(store: Store, writes: Writes) -> Result<Self, OpenError> {
        let mut realm = Realm::default();
        read::<Fleet>(&store, &mut realm)?;
        read::<Image>(&store, &mut realm)?;
        read::<Instance>(&store, &mut realm)?;
        read::<LaunchTemplate>(&store, &mut realm)?;
        read::<Settings>(&store, &mut realm)?;
        read::<Snapshot>(&store, &mut realm)?;
        read::<SpotRequest>(&store, &mut realm)?;
        read::<Tags>(&store, &mut realm)?;
        read::<Volume>(&store, &mut realm)?;
        // It was heard of when it was made.
        realm.stirred = Default::default();
        let (open, settled) = (making::read(&store)?, Mutex::default());
        Ok(Self { store, realm: RwLock::new(realm), newest: AtomicTicket::default(), writes, open, settled })
    }
}

fn read<R: Record>(store: &Store, realm: &mut Realm) -> Result<(), OpenError> {
    for row in store.rows(R::TABLE)? {
        change::insert(realm, store.decode::<R>(R::TABLE, &row)?);
    }
    Ok(())
}
