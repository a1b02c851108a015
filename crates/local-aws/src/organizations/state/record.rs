//! Things as rows.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};

use super::Realm;
use crate::{
    organizations::records::{Account, Creation, Handshake, Organization, Policy, Unit},
    store::Table,
};

/// What is kept of Organizations.
pub(crate) const TABLES: &[Table] =
    &[Organization::TABLE, Unit::TABLE, Account::TABLE, Policy::TABLE, Creation::TABLE, Handshake::TABLE];

/// Something of the organization.
pub(in crate::organizations) trait Record:
    Clone + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Where its rows are kept.
    const TABLE: Table;

    /// By what it is looked up.
    fn key(&self) -> String;

    /// Where it is looked up.
    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>>;

    /// The same after it was read from its row.
    fn read(self) -> Self {
        self
    }

    /// The levels whose policies are others than they were: there is no record `before` where it is new, and none `now`
    /// where it is gone.
    fn touches(_realm: &Realm, _before: Option<&Self>, _now: Option<&Self>) -> Vec<String> {
        Vec::new()
    }

    /// Keeps the indexes, likewise.
    fn index(_realm: &mut Realm, _before: Option<&Self>, _now: Option<&Self>) {}
}

/// There is one organization, so that its row has a key of its own.
pub(super) const THE_ONE: &str = "organization";

impl Record for Organization {
    const TABLE: Table = Table::plain("organizations.organization");

    fn key(&self) -> String {
        THE_ONE.to_owned()
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.organization
    }

    fn touches(_realm: &Realm, before: Option<&Self>, now: Option<&Self>) -> Vec<String> {
        let policies = |of: Option<&Self>| of.map(|of| (of.attached.clone(), of.enabled.clone()));
        if policies(before) == policies(now) { Vec::new() } else { now.iter().map(|now| now.root.clone()).collect() }
    }

    fn index(realm: &mut Realm, before: Option<&Self>, now: Option<&Self>) {
        realm.index(before.map(|of| (&*of.root, None, &of.attached)), now.map(|of| (&*of.root, None, &of.attached)));
    }
}

impl Record for Unit {
    const TABLE: Table = Table::plain("organizations.unit");

    fn key(&self) -> String {
        self.id.clone()
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.units
    }

    fn touches(_realm: &Realm, before: Option<&Self>, now: Option<&Self>) -> Vec<String> {
        let place = |of: Option<&Self>| of.map(|of| (of.parent.clone(), of.attached.clone()));
        if place(before) == place(now) { Vec::new() } else { now.or(before).map(Self::key).into_iter().collect() }
    }

    fn index(realm: &mut Realm, before: Option<&Self>, now: Option<&Self>) {
        fn place(of: &Unit) -> super::realm::Place<'_> {
            (&of.id, Some(&of.parent), &of.attached)
        }
        realm.index(before.map(place), now.map(place));
    }
}

impl Record for Account {
    const TABLE: Table = Table::plain("organizations.account");

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.accounts
    }

    fn touches(_realm: &Realm, before: Option<&Self>, now: Option<&Self>) -> Vec<String> {
        let place = |of: Option<&Self>| of.map(|of| (of.parent.clone(), of.attached.clone()));
        if place(before) == place(now) { Vec::new() } else { now.or(before).map(Self::key).into_iter().collect() }
    }

    fn index(realm: &mut Realm, before: Option<&Self>, now: Option<&Self>) {
        fn place(of: &Account) -> super::realm::Place<'_> {
            (of.id.as_str(), Some(&of.parent), &of.attached)
        }
        realm.index(before.map(place), now.map(place));
    }
}

impl Record for Policy {
    const TABLE: Table = Table::plain("organizations.policy");

    fn key(&self) -> String {
        self.id.clone()
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.policies
    }

    fn read(self) -> Self {
        self.compiled()
    }

    fn touches(realm: &Realm, before: Option<&Self>, now: Option<&Self>) -> Vec<String> {
        match (before, now) {
            (Some(before), Some(now)) if before.content != now.content => {
                realm.targets(&now.id).map(str::to_owned).collect()
            }
            // A new one is on nothing yet, and one that goes is on nothing any more.
            _ => Vec::new(),
        }
    }
}

impl Record for Creation {
    const TABLE: Table = Table::plain("organizations.creation");

    fn key(&self) -> String {
        self.id.clone()
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.creations
    }
}

impl Record for Handshake {
    const TABLE: Table = Table::plain("organizations.handshake");

    fn key(&self) -> String {
        self.id.clone()
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.handshakes
    }
}
