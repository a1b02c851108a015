//! Entities as rows, and what the authorization model is told of each.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};

use super::{Realm, facts::Facts, key};
use crate::{
    iam::records::{
        Account, CredentialReport, Group, InstanceProfile, ManagedPolicy, MfaDevice, OidcProvider, Role, User,
    },
    store::Table,
};

/// What is kept of IAM.
pub(crate) const TABLES: &[Table] = &[
    Account::TABLE,
    User::TABLE,
    Role::TABLE,
    Group::TABLE,
    ManagedPolicy::TABLE,
    InstanceProfile::TABLE,
    OidcProvider::TABLE,
    MfaDevice::TABLE,
    CredentialReport::TABLE,
];

/// An entity of an account.
pub(in crate::iam) trait Record: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Where its rows are kept.
    const TABLE: Table;

    /// By what it is looked up in its account.
    fn key(&self) -> String;

    /// Where it is looked up.
    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>>;

    /// Keeps the account's indexes: there is none `before` where it is new, and none `now` where it is gone.
    fn index(_realm: &mut Realm, _before: Option<&Self>, _now: Option<&Self>) {}

    /// Tells the authorization model, likewise.
    fn tell(_facts: Facts<'_>, _before: Option<&Self>, _now: Option<&Self>) {}
}

impl Record for Account {
    const TABLE: Table = Table::plain("iam.account");

    fn key(&self) -> String {
        String::new()
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.account
    }

    fn tell(facts: Facts<'_>, before: Option<&Self>, now: Option<&Self>) {
        if now.is_some_and(|now| now.closed) && !before.is_some_and(|before| before.closed) {
            facts.close();
        }
    }
}

impl Record for User {
    const TABLE: Table = Table::plain("iam.user");

    fn key(&self) -> String {
        key(&self.name)
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.users
    }

    fn index(realm: &mut Realm, before: Option<&Self>, now: Option<&Self>) {
        let Some(user) = now.or(before) else { return };
        let carrier = ("User", user.key());
        realm.index(&carrier, before.map(|user| &user.carried), now.map(|user| &user.carried));
        for access_key in before.iter().flat_map(|user| &user.keys) {
            realm.access_keys.remove(&access_key.id);
        }
        for access_key in now.iter().flat_map(|user| &user.keys) {
            realm.access_keys.insert(access_key.id.clone(), user.key());
        }
        for device in before.iter().flat_map(|user| &user.credentials.mfa) {
            realm.mfa_users.remove(&device.serial);
        }
        for device in now.iter().flat_map(|user| &user.credentials.mfa) {
            realm.mfa_users.insert(device.serial.clone(), user.key());
        }
    }

    fn tell(facts: Facts<'_>, before: Option<&Self>, now: Option<&Self>) {
        facts.user(before, now);
    }
}

impl Record for Role {
    const TABLE: Table = Table::plain("iam.role");

    fn key(&self) -> String {
        key(&self.name)
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.roles
    }

    fn index(realm: &mut Realm, before: Option<&Self>, now: Option<&Self>) {
        let Some(role) = now.or(before) else { return };
        let count = |role: Option<&Self>| usize::from(role.is_some_and(Self::is_service_linked));
        realm.service_linked = (realm.service_linked + count(now)).saturating_sub(count(before));
        let carrier = ("Role", role.key());
        realm.index(&carrier, before.map(|role| &role.carried), now.map(|role| &role.carried));
    }

    fn tell(facts: Facts<'_>, before: Option<&Self>, now: Option<&Self>) {
        facts.role(before, now);
    }
}

impl Record for Group {
    const TABLE: Table = Table::plain("iam.group");

    fn key(&self) -> String {
        key(&self.name)
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.groups
    }

    fn index(realm: &mut Realm, before: Option<&Self>, now: Option<&Self>) {
        let Some(group) = now.or(before) else { return };
        let carrier = ("Group", group.key());
        realm.index(&carrier, before.map(|group| &group.carried), now.map(|group| &group.carried));
    }

    fn tell(facts: Facts<'_>, before: Option<&Self>, now: Option<&Self>) {
        facts.group(before, now);
    }
}

impl Record for ManagedPolicy {
    const TABLE: Table = Table::plain("iam.policy");

    fn key(&self) -> String {
        key(&self.name)
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.policies
    }

    fn tell(facts: Facts<'_>, before: Option<&Self>, now: Option<&Self>) {
        facts.managed_policy(before, now);
    }
}

impl Record for InstanceProfile {
    const TABLE: Table = Table::plain("iam.instance-profile");

    fn key(&self) -> String {
        key(&self.name)
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.profiles
    }
}

impl Record for OidcProvider {
    const TABLE: Table = Table::plain("iam.oidc-provider");

    fn key(&self) -> String {
        key(&self.url)
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.providers
    }
}

impl Record for MfaDevice {
    const TABLE: Table = Table::plain("iam.mfa-device");

    fn key(&self) -> String {
        key(&self.name)
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.mfa_devices
    }
}

/// An account has one at most.
impl Record for CredentialReport {
    const TABLE: Table = Table::plain("iam.credential-report");

    fn key(&self) -> String {
        String::new()
    }

    fn of(realm: &mut Realm) -> &mut BTreeMap<String, Arc<Self>> {
        &mut realm.reports
    }
}
