//! Things as rows.

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use super::{Ended, Place, Realm, Shelf};
use crate::{
    ec2::records::{Image, Instance, LaunchTemplate, Settings, Snapshot, Tags, Volume},
    store::Table,
};

/// What is kept of EC2.
pub(crate) const TABLES: &[Table] = &[
    Image::TABLE,
    Instance::TABLE,
    LaunchTemplate::TABLE,
    Settings::TABLE,
    Snapshot::TABLE,
    Tags::TABLE,
    Volume::TABLE,
];

/// Something of EC2.
pub(in crate::ec2) trait Record: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Where its rows are kept.
    const TABLE: Table;

    /// By what it is looked up.
    fn key(&self) -> String;

    /// Whose it is, and where.
    fn place(&self) -> Place;

    /// Where it is looked up.
    fn of(realm: &mut Realm) -> &mut Shelf<Self>;

    /// When it is forgotten.
    fn ends(&self) -> Option<Timestamp> {
        None
    }

    /// Keeps the indexes: there is no `before` where it is new, and no `now` where it is gone.
    fn index(_realm: &mut Realm, _before: Option<&Self>, _now: Option<&Self>) {}
}

macro_rules! records {
    ($($kind:ident $table:expr, $shelf:ident { $($more:tt)* })*) => {$(
        impl Record for $kind {
            const TABLE: Table = $table;

            fn key(&self) -> String {
                self.id.clone()
            }

            fn place(&self) -> Place {
                (self.owner, self.region.clone())
            }

            fn of(realm: &mut Realm) -> &mut Shelf<Self> {
                &mut realm.$shelf
            }

            $($more)*
        }
    )*};
}

records! {
    Image Table::plain("ec2.image"), images {}
    Snapshot Table::plain("ec2.snapshot"), snapshots {}
    LaunchTemplate Table::plain("ec2.launch-template"), templates {}
    Settings Table::plain("ec2.settings"), settings {}
    Tags Table::plain("ec2.tags"), tags {}
    Volume Table::plain("ec2.volume"), volumes {
        fn ends(&self) -> Option<Timestamp> {
            self.gone
        }

        fn index(realm: &mut Realm, before: Option<&Self>, now: Option<&Self>) {
            let ended = |of: &Self| Some((of.ends()?, Ended::Volume(of.id.clone())));
            if let Some(ended) = before.and_then(ended) {
                realm.ends.remove(&ended);
            }
            realm.ends.extend(now.and_then(ended));
        }
    }
    Instance Table::plain("ec2.instance"), instances {
        fn ends(&self) -> Option<Timestamp> {
            self.forgotten()
        }

        fn index(realm: &mut Realm, before: Option<&Self>, now: Option<&Self>) {
            let ended = |of: &Self| Some((of.ends()?, Ended::Instance(of.id.clone())));
            if let Some(ended) = before.and_then(ended) {
                realm.ends.remove(&ended);
            }
            realm.ends.extend(now.and_then(ended));
            let was = before.filter(|_| now.is_some()).map(Self::to_come).unwrap_or_default();
            let is = now.map(Self::to_come).unwrap_or_default();
            realm.stirred.0.extend(was.iter().filter(|change| !is.contains(change)).cloned());
            realm.stirred.1.extend(is.into_iter().filter(|change| !was.contains(change)));
            let token = |of: &Self| Some((of.place(), of.client_token.clone()?));
            if let (None, Some((of, key))) = (now, before.and_then(|of| Some((of, token(of)?)))) {
                let launched = realm.tokens.get_mut(&key).is_some_and(|ids| ids.remove(&of.id) && ids.is_empty());
                if launched {
                    realm.tokens.remove(&key);
                }
            }
            if let Some((of, key)) = now.and_then(|of| Some((of, token(of)?))) {
                realm.tokens.entry(key).or_default().insert(of.id.clone());
            }
        }
    }
}
