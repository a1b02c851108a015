//! One change of an account: decided and made under one lock, kept in one batch.

use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, PoisonError, RwLockWriteGuard},
};

use aws_catalog::access::IamKind;
use aws_model::{AccountId, Arn, SecretBytes};
use serde::Serialize;

use super::{EMPTY, Realm, State, facts::Facts, key, load, record::Record};
use crate::{
    ServiceError,
    iam::{
        fault, quotas,
        records::{Account, Carried, Group, InstanceProfile, ManagedPolicy, MfaDevice, OidcProvider, Role, User},
        tags::Tags,
    },
    store::{Batch, Table},
};

type Edit = Box<dyn FnOnce(&mut Realm, Facts<'_>)>;

/// A change in the making. What it holds is seen by nobody until [`commit`](Self::commit), and never if it is dropped.
pub(in crate::iam) struct Change<'s> {
    state: &'s State,
    id: AccountId,
    realms: RwLockWriteGuard<'s, HashMap<AccountId, Realm>>,
    rows: Batch,
    edits: Vec<Edit>,
}

impl<'s> Change<'s> {
    /// Waits for the changes before it.
    pub(super) fn begin(state: &'s State, id: AccountId) -> Self {
        let realms = state.realms.write().unwrap_or_else(PoisonError::into_inner);
        Self { state, id, realms, rows: Batch::new(), edits: Vec::new() }
    }

    /// Makes the change in memory and queues it for the disk. The router waits for it to be durable.
    pub(in crate::iam) fn commit(mut self) {
        // Noted first, so that whoever is let in or kept out by it knows what to wait for.
        let ticket = self.state.store.write(self.rows);
        self.state.authorizer.will_rest_on(ticket);
        let realm = self.realms.entry(self.id).or_default();
        for edit in self.edits {
            edit(realm, Facts { state: self.state, account: self.id });
        }
    }

    /// Puts a user or role that is new. The first one closes an open account.
    pub(in crate::iam) fn make<R: Record>(&mut self, record: R) {
        if self.state.authorizer.is_open(self.id) && !self.state.partial.contains(&self.id) {
            let account = self.account.get("").map(|account| Account::clone(account)).unwrap_or_default();
            self.put(Account { closed: true, ..account });
        }
        self.put(record);
    }

    /// Puts an entity in place of what it was.
    pub(in crate::iam) fn put<R: Record>(&mut self, record: R) {
        let key = record.key();
        self.row(R::TABLE, &key, Some(&record));
        self.edits.push(Box::new(move |realm, facts| {
            let record = Arc::new(record);
            let before = R::of(realm).insert(key, Arc::clone(&record));
            R::index(realm, before.as_deref(), Some(&record));
            R::tell(facts, before.as_deref(), Some(&record));
        }));
    }

    pub(in crate::iam) fn remove<R: Record>(&mut self, record: &R) {
        let key = record.key();
        if self.told.contains(&(R::TABLE.name(), key.clone())) {
            // The world file tells it again at the next start, and must not bring it back.
            self.row::<R>(R::TABLE, &key, None);
        } else {
            self.rows.delete(R::TABLE, load::row_key(self.id, &key));
        }
        self.edits.push(Box::new(move |realm, facts| {
            let before = R::of(realm).remove(&key);
            R::index(realm, before.as_deref(), None);
            R::tell(facts, before.as_deref(), None);
        }));
    }

    /// Refuses a name that is taken, and one too many.
    pub(in crate::iam) fn must_be_new(&self, kind: IamKind, name: &str) -> Result<(), ServiceError> {
        let key = key(name);
        let (is_taken, there) = match kind {
            IamKind::User => (self.users.contains_key(&key), self.users.len()),
            IamKind::Role => (self.roles.contains_key(&key), self.roles.len().saturating_sub(self.service_linked)),
            IamKind::Group => (self.groups.contains_key(&key), self.groups.len()),
            IamKind::Policy => (self.policies.contains_key(&key), self.policies.len()),
            IamKind::InstanceProfile => (self.profiles.contains_key(&key), self.profiles.len()),
            IamKind::OidcProvider => (self.providers.contains_key(&key), self.providers.len()),
            IamKind::Mfa => (self.mfa_devices.contains_key(&key), self.mfa_devices.len()),
        };
        if is_taken {
            return Err(fault::exists(kind, name));
        }
        quotas::check(quotas::of_account(self.state.quotas(), kind), there)
    }

    /// Changes the policies of a role, user or group.
    pub(in crate::iam) fn edit_carried(
        &mut self,
        kind: IamKind,
        name: &str,
        edit: impl FnOnce(&mut Carried) -> Result<(), ServiceError>,
    ) -> Result<(), ServiceError> {
        match kind {
            IamKind::User => {
                let mut user = User::clone(self.user(name)?);
                edit(&mut user.carried)?;
                self.put(user);
            }
            IamKind::Group => {
                let mut group = Group::clone(self.group(name)?);
                edit(&mut group.carried)?;
                self.put(group);
            }
            _ => {
                let mut role = Role::clone(self.role(name)?);
                role.must_be_modifiable()?;
                edit(&mut role.carried)?;
                self.put(role);
            }
        }
        Ok(())
    }

    /// Changes the tags of an entity.
    pub(in crate::iam) fn edit_tags(
        &mut self,
        kind: IamKind,
        name: &str,
        edit: impl FnOnce(&mut Tags) -> Result<(), ServiceError>,
    ) -> Result<(), ServiceError> {
        match kind {
            IamKind::User => {
                let mut user = User::clone(self.user(name)?);
                edit(&mut user.tags)?;
                self.put(user);
            }
            IamKind::Policy => {
                let mut policy = ManagedPolicy::clone(self.policy(name)?);
                edit(&mut policy.tags)?;
                self.put(policy);
            }
            IamKind::InstanceProfile => {
                let mut profile = InstanceProfile::clone(self.profile(name)?);
                edit(&mut profile.tags)?;
                self.put(profile);
            }
            IamKind::OidcProvider => {
                let mut provider = OidcProvider::clone(self.provider(name)?);
                edit(&mut provider.tags)?;
                self.put(provider);
            }
            IamKind::Mfa => {
                let mut device = MfaDevice::clone(self.mfa_device(name)?);
                edit(&mut device.tags)?;
                self.put(device);
            }
            IamKind::Role | IamKind::Group => {
                let mut role = Role::clone(self.role(name)?);
                edit(&mut role.tags)?;
                self.put(role);
            }
        }
        Ok(())
    }

    /// The managed policy that is to be a boundary.
    pub(in crate::iam) fn boundary(&self, arn: Option<String>) -> Result<Option<String>, ServiceError> {
        let Some(arn) = arn else { return Ok(None) };
        if !self.is_policy_arn(&arn) {
            return Err(fault::invalid_input(format!("ARN {arn} is not valid.")));
        }
        if !self.has_policy(&arn) {
            return Err(fault::not_attachable("Scope ARN:", &arn));
        }
        Ok(Some(arn))
    }

    /// Whether a managed policy is there: of the account by IAM's own state, of AWS by what the world file told.
    pub(in crate::iam) fn has_policy(&self, arn: &str) -> bool {
        self.policy(arn).is_ok()
            || (arn.contains("::aws:") && self.state.authorizer.world().managed_policy(arn).is_some())
    }

    /// Whether an account has this alias.
    pub(in crate::iam) fn is_alias_taken(&self, alias: &str) -> bool {
        let mut accounts = self.realms.values().flat_map(|realm| realm.account.values());
        accounts.any(|account| account.alias.as_deref() == Some(alias))
    }

    /// Whether a text is the ARN of a managed policy of the account or of AWS.
    pub(in crate::iam) fn is_policy_arn(&self, text: &str) -> bool {
        text.parse().is_ok_and(|arn: Arn| {
            let is_managed = arn.service() == "iam" && arn.resource().starts_with("policy/");
            is_managed && (arn.account() == "aws" || arn.account() == self.id.as_str())
        })
    }

    fn row<T: Serialize>(&mut self, table: Table, key: &str, record: Option<&T>) {
        // Records are plain structs of text, numbers and lists: there is nothing in them that JSON refuses.
        let row = serde_json::to_vec(&record).unwrap_or_default();
        self.rows.put(table, load::row_key(self.id, key), SecretBytes::new(row));
    }
}

/// The account as it was before the change.
impl Deref for Change<'_> {
    type Target = Realm;

    fn deref(&self) -> &Realm {
        self.realms.get(&self.id).unwrap_or(&EMPTY)
    }
}
