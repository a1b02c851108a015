//! Changes to keys and their grants, and what a saved policy means.

use std::{collections::BTreeMap, sync::Arc};

use aws_model::{Arn, KeyArn};

use super::{
    ChangeError, Grant, GrantPrincipal, Key, KeyState, ResourcePolicy, Thing, Untold, World,
    change::{expect_kind, missing},
};
use crate::policy::{Policy, PolicyKind, PrincipalPattern};

impl World {
    /// A policy as AWS saves it now: the users and roles that it names are those that are there.
    ///
    /// Source: IAM User Guide, "AWS JSON policy elements: Principal" (a principal's ARN becomes its unique id when the
    /// policy is saved).
    #[must_use]
    pub fn saved(&self, policy: Arc<Policy>) -> ResourcePolicy {
        let saved_ids = policy
            .principals()
            .filter_map(|pattern| match &pattern.value {
                PrincipalPattern::User(arn) | PrincipalPattern::Role(arn) => {
                    Some((arn.as_str().into(), self.identity(arn)?.unique_id.clone()))
                }
                _ => None,
            })
            .collect();
        ResourcePolicy { policy, saved_ids }
    }

    /// Puts a key with all that belongs to it, in place of what was known of it.
    ///
    /// # Errors
    /// When its policy was not read as [`PolicyKind::Key`].
    pub fn put_key(&mut self, key: Key) -> Result<(), ChangeError> {
        expect_kind(&key.policy.policy, PolicyKind::Key)?;
        let account = self.account_mut(key.arn.account());
        account.take_aliases_of(&key.arn);
        for alias in &key.aliases {
            account.aliases.add(alias, &key.arn);
        }
        account.keys.insert(key.arn.clone(), Arc::new(key));
        Ok(())
    }

    /// Takes a key away, grants and all.
    ///
    /// # Errors
    /// When there is none.
    pub fn remove_key(&mut self, arn: &KeyArn) -> Result<(), ChangeError> {
        self.key_mut(arn)?;
        let account = self.account_mut(arn.account());
        account.take_aliases_of(arn);
        account.keys.remove(arn);
        Ok(())
    }

    /// Replaces a key's policy; what it names is what is there now.
    ///
    /// # Errors
    /// When there is no such key, or the policy was not read as [`PolicyKind::Key`].
    pub fn set_key_policy(&mut self, arn: &KeyArn, policy: Arc<Policy>) -> Result<(), ChangeError> {
        let policy = self.saved(policy);
        self.put_key_policy(arn, policy)
    }

    /// Replaces a key's policy by one that was saved before, with what it meant then.
    ///
    /// # Errors
    /// When there is no such key, or the policy was not read as [`PolicyKind::Key`].
    pub fn put_key_policy(&mut self, arn: &KeyArn, policy: ResourcePolicy) -> Result<(), ChangeError> {
        expect_kind(&policy.policy, PolicyKind::Key)?;
        self.key_mut(arn).map(|key| key.policy = policy)
    }

    /// Sets what state a key is in.
    ///
    /// # Errors
    /// When there is no such key.
    pub fn set_key_state(&mut self, arn: &KeyArn, state: Option<KeyState>) -> Result<(), ChangeError> {
        self.key_mut(arn).map(|key| key.state = state)
    }

    /// Sets the tags of a key, in place of those that it had.
    ///
    /// # Errors
    /// When there is no such key.
    pub fn set_key_tags(&mut self, arn: &KeyArn, tags: BTreeMap<String, String>) -> Result<(), ChangeError> {
        self.key_mut(arn).map(|key| {
            key.tags = tags;
            key.untold.tags = false;
        })
    }

    /// Sets what one of a key's own context keys tells (`kms:MultiRegionKeyType`).
    ///
    /// # Errors
    /// When there is no such key.
    pub fn set_key_attribute(&mut self, arn: &KeyArn, name: &str, value: &str) -> Result<(), ChangeError> {
        self.key_mut(arn).map(|key| {
            key.attributes.insert(name.to_ascii_lowercase().into(), value.into());
        })
    }

    /// Sets what of a key nobody told.
    ///
    /// # Errors
    /// When there is no such key.
    pub fn set_key_untold(&mut self, arn: &KeyArn, untold: Untold) -> Result<(), ChangeError> {
        self.key_mut(arn).map(|key| key.untold = untold)
    }

    /// Lets an alias (`alias/demo`) stand for a key, and no more for another of its account and region.
    ///
    /// Source: AWS KMS API Reference, "UpdateAlias".
    ///
    /// # Errors
    /// When there is no such key.
    pub fn put_alias(&mut self, arn: &KeyArn, alias: &str) -> Result<(), ChangeError> {
        self.key_mut(arn)?.aliases.insert(alias.into());
        let account = self.account_mut(arn.account());
        account.aliases.add(alias, arn);
        let others: Vec<_> = account.aliases.keys(alias, arn.region()).filter(|other| *other != arn).cloned().collect();
        for other in others {
            self.remove_alias(&other, alias)?;
        }
        Ok(())
    }

    /// Lets an alias stand for a key no more. Answers whether it did.
    ///
    /// # Errors
    /// When there is no such key.
    pub fn remove_alias(&mut self, arn: &KeyArn, alias: &str) -> Result<bool, ChangeError> {
        let was_alias = self.key_mut(arn)?.aliases.remove(alias);
        self.account_mut(arn.account()).aliases.take(alias, arn);
        Ok(was_alias)
    }

    /// Adds a grant on a key; one of the same id is replaced. Where the grant does not tell the unique id of its
    /// grantee, it is for the user or role that is there now.
    ///
    /// # Errors
    /// When there is no such key.
    pub fn put_grant(&mut self, key: &KeyArn, mut grant: Grant) -> Result<(), ChangeError> {
        if grant.grantee_unique_id.is_none() {
            grant.grantee_unique_id = self.unique_id(&grant.grantee);
        }
        self.key_mut(key).map(|key| {
            key.grants.insert(grant);
        })
    }

    /// Takes a grant away, be it retired or revoked.
    ///
    /// # Errors
    /// When there is no such key, or no such grant on it.
    pub fn remove_grant(&mut self, key: &KeyArn, id: &str) -> Result<Arc<Grant>, ChangeError> {
        let key = self.key_mut(key)?;
        match key.grants.remove(id) {
            Some(grant) => Ok(grant),
            None => Err(missing(Thing::Grant, id, key.grants.iter().map(|grant| grant.id.as_ref()))),
        }
    }

    /// The unique id of a grantee that is a user or role of this world.
    pub(crate) fn unique_id(&self, grantee: &GrantPrincipal) -> Option<Box<str>> {
        let arn: &Arn = match grantee {
            GrantPrincipal::User(arn) | GrantPrincipal::Role(arn) => arn,
            GrantPrincipal::Account(_)
            | GrantPrincipal::RoleSession(_)
            | GrantPrincipal::FederatedUser(_)
            | GrantPrincipal::Service(_) => return None,
        };
        Some(self.identity(arn)?.unique_id.clone())
    }

    fn key_mut(&mut self, arn: &KeyArn) -> Result<&mut Key, ChangeError> {
        if self.key(arn).is_none() {
            let known = self.accounts().flat_map(|(_, account)| account.keys());
            return Err(missing(Thing::Key, arn.as_str(), known.map(|key| key.arn.as_str())));
        }
        let account = self.accounts.get_mut(&arn.account()).map(Arc::make_mut);
        let key = account.and_then(|account| account.keys.get_mut(arn)).map(Arc::make_mut);
        key.ok_or_else(|| missing(Thing::Key, arn.as_str(), std::iter::empty()))
    }
}
