//! Managed policies, and who carries them: a new default version changes all of these.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, LazyLock, OnceLock},
};

use aws_catalog::managed_policies;
use aws_model::Arn;

use super::{
    Account, AttachedPolicy, ChangeError, PolicyOrigin, Thing, World,
    change::{expect_kind, missing},
};
use crate::{
    policy::{Policy, PolicyKind},
    text::SourceText,
};

/// Managed policies by ARN. Those of AWS belong to no account, so who carries them is kept apart from what they say.
#[derive(Clone, Debug, Default)]
pub(super) struct ManagedPolicies {
    policies: HashMap<Box<str>, Arc<Policy>>,
    /// The ARNs of the users, roles and groups of this account that carry a policy, also as a boundary.
    carriers: HashMap<Box<str>, BTreeSet<Box<str>>>,
}

impl ManagedPolicies {
    pub(super) fn get(&self, arn: &str) -> Option<&Arc<Policy>> {
        self.policies.get(arn)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Arc<Policy>)> {
        self.policies.iter().map(|(arn, policy)| (arn.as_ref(), policy))
    }

    pub(super) fn carry(&mut self, policy: &str, carrier: &str) {
        self.carriers.entry(policy.into()).or_default().insert(carrier.into());
    }

    pub(super) fn put_down(&mut self, policy: &str, carrier: &str) {
        if let Some(carriers) = self.carriers.get_mut(policy) {
            carriers.remove(carrier);
            if carriers.is_empty() {
                self.carriers.remove(policy);
            }
        }
    }

    fn carriers(&self, policy: &str) -> impl Iterator<Item = Box<str>> + use<> {
        self.carriers.get(policy).cloned().unwrap_or_default().into_iter()
    }
}

/// A managed policy of AWS as AWS publishes it, read when it is first asked for.
pub(super) fn published(arn: &str) -> Option<&'static Arc<Policy>> {
    /// In the catalog's order.
    static READ: LazyLock<Vec<OnceLock<Option<Arc<Policy>>>>> =
        LazyLock::new(|| managed_policies::all().iter().map(|_| OnceLock::new()).collect());
    let at = managed_policies::find(arn)?;
    let read = || {
        let policy = managed_policies::all().get(at)?;
        let source = SourceText::new(format!("{arn} v{}", policy.version()), policy.document());
        // A test reads them all.
        Policy::parse(source, PolicyKind::Identity).ok().map(Arc::new)
    };
    READ.get(at)?.get_or_init(read).as_ref()
}

impl World {
    /// Every managed policy that was told, those of AWS and those of each account, by ARN, in no order.
    pub fn managed_policies(&self) -> impl Iterator<Item = (&str, &Arc<Policy>)> {
        let of_accounts = self.accounts.values().map(|account| &account.managed);
        let all = std::iter::once(&*self.aws_policies).chain(of_accounts);
        all.flat_map(|managed| &managed.policies).map(|(arn, policy)| (arn.as_ref(), policy))
    }

    /// Puts a managed policy, or the new default version of one, for everybody who carries it. The policies of AWS have
    /// `aws` for an account (`arn:aws:iam::aws:policy/ReadOnlyAccess`).
    ///
    /// # Errors
    /// When the ARN is none of a managed policy, or the policy was not read as [`PolicyKind::Identity`].
    pub fn put_managed_policy(&mut self, arn: &Arn, policy: Arc<Policy>) -> Result<(), ChangeError> {
        expect_kind(&policy, PolicyKind::Identity)?;
        let refuse = || ChangeError::NoArnOf { thing: Thing::ManagedPolicy, arn: arn.to_string() };
        if arn.service() != "iam" || !arn.resource().starts_with("policy/") {
            return Err(refuse());
        }
        if arn.account() == "aws" {
            Arc::make_mut(&mut self.aws_policies).policies.insert(arn.as_str().into(), policy.clone());
            for account in self.accounts.values_mut() {
                if account.managed.carriers.contains_key(arn.as_str()) {
                    Arc::make_mut(account).replace_carried(arn.as_str(), &policy);
                }
            }
        } else {
            let account = self.account_mut(arn.account().parse().map_err(|_| refuse())?);
            account.managed.policies.insert(arn.as_str().into(), policy.clone());
            account.replace_carried(arn.as_str(), &policy);
        }
        Ok(())
    }

    /// Takes a managed policy away, also from everybody who carries it. (AWS refuses to delete one that is carried.)
    ///
    /// # Errors
    /// When there is none.
    pub fn remove_managed_policy(&mut self, arn: &Arn) -> Result<(), ChangeError> {
        let known = if let Ok(id) = arn.account().parse() {
            self.accounts.get_mut(&id).map(Arc::make_mut).and_then(|account| {
                account.take_from_carriers(arn.as_str());
                account.managed.policies.remove(arn.as_str())
            })
        } else {
            for account in self.accounts.values_mut() {
                if account.managed.carriers.contains_key(arn.as_str()) {
                    Arc::make_mut(account).take_from_carriers(arn.as_str());
                }
            }
            Arc::make_mut(&mut self.aws_policies).policies.remove(arn.as_str())
        };
        known.map(drop).ok_or_else(|| missing(Thing::ManagedPolicy, arn.as_str(), self.managed_arns(arn.account())))
    }

    /// A policy that is to be attached.
    pub(super) fn known_managed(&self, arn: &Arn) -> Result<AttachedPolicy, ChangeError> {
        let policy = self
            .managed_policy(arn.as_str())
            .ok_or_else(|| missing(Thing::ManagedPolicy, arn.as_str(), self.managed_arns(arn.account())))?;
        Ok(AttachedPolicy { origin: PolicyOrigin::Managed(arn.as_str().into()), policy: policy.clone() })
    }

    fn managed_arns(&self, account: &str) -> impl Iterator<Item = &str> {
        let own = account.parse().ok().and_then(|id| self.account(id)).map(|account| &account.managed);
        own.unwrap_or(&self.aws_policies).policies.keys().map(AsRef::as_ref)
    }
}

impl Account {
    fn replace_carried(&mut self, arn: &str, policy: &Arc<Policy>) {
        let put = |attached: &mut AttachedPolicy| {
            if matches!(&attached.origin, PolicyOrigin::Managed(own) if **own == *arn) {
                attached.policy = policy.clone();
            }
        };
        for carrier in self.managed.carriers(arn) {
            if let Some(identity) = self.identity_mut(&carrier) {
                identity.policies.iter_mut().for_each(put);
                identity.boundary.iter_mut().for_each(put);
            } else {
                self.change_group(&carrier, |group| group.policies.iter_mut().for_each(put));
            }
        }
    }

    fn take_from_carriers(&mut self, arn: &str) {
        let stays =
            |attached: &AttachedPolicy| !matches!(&attached.origin, PolicyOrigin::Managed(own) if **own == *arn);
        for carrier in self.managed.carriers(arn) {
            if let Some(identity) = self.identity_mut(&carrier) {
                identity.policies.retain(stays);
                identity.boundary.take_if(|boundary| !stays(boundary));
            } else {
                self.change_group(&carrier, |group| group.policies.retain(stays));
            }
        }
        self.managed.carriers.remove(arn);
    }
}
