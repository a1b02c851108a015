//! Things as rows.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use super::{Ended, Place, Realm, Shelf, making};
use crate::{
    ec2::records::{Fleet, Image, Instance, LaunchTemplate, Settings, Snapshot, SpotRequest, Tags, Volume},
    store::Table,
};

/// What is kept of EC2.
pub(crate) const TABLES: &[Table] = &[
    Fleet::TABLE,
    Image::TABLE,
    Instance::TABLE,
    LaunchTemplate::TABLE,
    making::TABLE,
    Settings::TABLE,
    Snapshot::TABLE,
    SpotRequest::TABLE,
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

/// Keeps when things are forgotten.
fn ends<R: Record>(realm: &mut Realm, before: Option<&R>, now: Option<&R>, of: impl Fn(&R) -> Ended) {
    let ended = |record: &R| Some((record.ends()?, of(record)));
    if let Some(ended) = before.and_then(ended) {
        realm.ends.remove(&ended);
    }
    realm.ends.extend(now.and_then(ended));
}

/// A client's token, of an account in a region.
type Token = (Place, String);

/// Keeps which thing a client's token has made.
fn tokens(made: &mut HashMap<Token, String>, before: Option<Token>, now: Option<(Token, String)>) {
    if let Some(token) = before {
        made.remove(&token);
    }
    made.extend(now);
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
    Image Table::plain("ec2.image"), images {
        fn index(realm: &mut Realm, before: Option<&Self>, now: Option<&Self>) {
            let token = |of: &Self| Some((of.place(), of.once.as_ref()?.token.clone()));
            tokens(&mut realm.image_tokens, before.and_then(token), now.and_then(|of| Some((token(of)?, of.key()))));
        }
    }
    Snapshot Table::plain("ec2.snapshot"), snapshots {}
    LaunchTemplate Table::plain("ec2.launch-template"), templates {
        fn index(realm: &mut Realm, before: Option<&Self>, now: Option<&Self>) {
            let token = |of: &Self| Some((of.place(), of.once.as_ref()?.token.clone()));
            tokens(&mut realm.template_tokens, before.and_then(token), now.and_then(|of| Some((token(of)?, of.key()))));
            let of_versions = |of: Option<&Self>| -> Vec<(Token, String)> {
                let of = of.into_iter().flat_map(|of| of.versions.iter().map(move |version| (of, version)));
                of.filter_map(|(of, version)| Some(((of.place(), version.once.as_ref()?.token.clone()), of.key()))).collect()
            };
            of_versions(before).iter().for_each(|(token, _)| _ = realm.version_tokens.remove(token));
            realm.version_tokens.extend(of_versions(now));
        }
    }
    Settings Table::plain("ec2.settings"), settings {}
    Tags Table::plain("ec2.tags"), tags {
        fn index(realm: &mut Realm, before: Option<&Self>, now: Option<&Self>) {
            if let Some(of) = before {
                for (key, value) in &of.tags {
                    let place = (of.place(), key.clone());
                    let Some(by_value) = realm.tagged.get_mut(&place) else { continue };
                    if by_value.get_mut(value).is_some_and(|ids| ids.remove(of.resource()) && ids.is_empty()) {
                        by_value.remove(value);
                    }
                    if by_value.is_empty() {
                        realm.tagged.remove(&place);
                    }
                }
            }
            if let Some(of) = now {
                for (key, value) in &of.tags {
                    let by_value = realm.tagged.entry((of.place(), key.clone())).or_default();
                    by_value.entry(value.clone()).or_default().insert(of.resource().to_owned());
                }
            }
        }
    }
    SpotRequest Table::plain("ec2.spot-request"), spot_requests {
        fn ends(&self) -> Option<Timestamp> {
            self.forgotten()
        }

        fn index(realm: &mut Realm, before: Option<&Self>, now: Option<&Self>) {
            ends(realm, before, now, |of| Ended::SpotRequest(of.id.clone()));
        }
    }
    Fleet Table::plain("ec2.fleet"), fleets {
        fn ends(&self) -> Option<Timestamp> {
            self.forgotten()
        }

        fn index(realm: &mut Realm, before: Option<&Self>, now: Option<&Self>) {
            ends(realm, before, now, |of| Ended::Fleet(of.id.clone()));
            let due = |of: &Self| Some((of.due?, of.id.clone()));
            if let Some(due) = before.and_then(due) {
                realm.due.remove(&due);
            }
            realm.due.extend(now.and_then(due));
            let token = |of: &Self| Some((of.place(), of.client_token.clone()?));
            tokens(&mut realm.fleet_tokens, before.and_then(token), now.and_then(|of| Some((token(of)?, of.key()))));
        }
    }
    Volume Table::plain("ec2.volume"), volumes {
        fn ends(&self) -> Option<Timestamp> {
            self.gone
        }

        fn index(realm: &mut Realm, before: Option<&Self>, now: Option<&Self>) {
            ends(realm, before, now, |of| Ended::Volume(of.id.clone()));
            let token = |of: &Self| Some((of.place(), of.once.as_ref()?.token.clone()));
            tokens(&mut realm.volume_tokens, before.and_then(token), now.and_then(|of| Some((token(of)?, of.key()))));
        }
    }
    Instance Table::plain("ec2.instance"), instances {
        fn ends(&self) -> Option<Timestamp> {
            self.forgotten()
        }

        fn index(realm: &mut Realm, before: Option<&Self>, now: Option<&Self>) {
            ends(realm, before, now, |of| Ended::Instance(of.id.clone()));
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
