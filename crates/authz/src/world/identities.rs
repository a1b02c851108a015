//! Changes to users, roles and groups.

use std::{collections::BTreeMap, sync::Arc};

use aws_model::{AccountId, Arn};
use jiff::SignedDuration;

use super::{
    Account, AttachedPolicy, ChangeError, Identity, PolicyOrigin, ResourcePolicy, Role, Thing, User, World,
    change::{expect_kind, missing},
    group::leave,
    managed::ManagedPolicies,
};
use crate::policy::{Policy, PolicyKind};

/// How long a session of a role is at most unless the role says otherwise.
///
/// Source: IAM API Reference, `CreateRole`, `MaxSessionDuration`.
pub(super) const DEFAULT_MAX_SESSION: SignedDuration = SignedDuration::from_hours(1);

impl World {
    /// Makes a user, without policies; one of this ARN that was there is gone.
    ///
    /// # Errors
    /// When the ARN is none of a user, or another user has the name.
    pub fn put_user(&mut self, arn: &Arn, unique_id: &str) -> Result<(), ChangeError> {
        let account = self.account_mut(owner(arn, Thing::User)?);
        account.renew(Thing::User, arn)?;
        let user = User { identity: Identity::new(arn.clone(), unique_id) };
        account.users.insert(arn.as_str().into(), Arc::new(user));
        Ok(())
    }

    /// Makes a role, without policies; one of this ARN that was there is gone. A new unique id means another role:
    /// policies and grants that were saved for the old one do not mean it.
    ///
    /// # Errors
    /// When the ARN is none of a role, another role has the name, or the policy was not read as
    /// [`PolicyKind::Trust`].
    pub fn put_role(&mut self, arn: &Arn, unique_id: &str, trust: Arc<Policy>) -> Result<(), ChangeError> {
        let id = owner(arn, Thing::Role)?;
        expect_kind(&trust, PolicyKind::Trust)?;
        let trust = self.saved(trust);
        let account = self.account_mut(id);
        account.renew(Thing::Role, arn)?;
        let identity = Identity::new(arn.clone(), unique_id);
        account.roles.insert(arn.as_str().into(), Arc::new(Role { identity, trust, max_session: DEFAULT_MAX_SESSION }));
        Ok(())
    }

    /// Takes a user, role or group away.
    ///
    /// # Errors
    /// When there is none.
    pub fn remove_identity(&mut self, arn: &Arn) -> Result<(), ChangeError> {
        let account = self.known_owner(arn, Thing::Identity)?;
        if account.forget_identity(arn.as_str()) { Ok(()) } else { Err(account.missing_identity(arn.as_str())) }
    }

    /// Writes a policy into a user, role or group; one of this name is replaced.
    ///
    /// # Errors
    /// When there is no such identity, or the policy was not read as [`PolicyKind::Identity`].
    pub fn put_inline_policy(&mut self, carrier: &Arn, name: &str, policy: Arc<Policy>) -> Result<(), ChangeError> {
        expect_kind(&policy, PolicyKind::Identity)?;
        let attached = AttachedPolicy { origin: PolicyOrigin::Inline(name.into()), policy };
        self.known_owner(carrier, Thing::Identity)?
            .change_policies(carrier.as_str(), |policies| put(policies, attached))
    }

    /// Takes an inline policy out of a user, role or group.
    ///
    /// # Errors
    /// When there is no such identity, or it has no such policy.
    pub fn delete_inline_policy(&mut self, carrier: &Arn, name: &str) -> Result<(), ChangeError> {
        let origin = PolicyOrigin::Inline(name.into());
        self.known_owner(carrier, Thing::Identity)?
            .change_policies(carrier.as_str(), |policies| take(policies, &origin, Thing::InlinePolicy, name))?
    }

    /// Attaches a managed policy to a user, role or group.
    ///
    /// # Errors
    /// When the world does not know the identity or the policy.
    pub fn attach_policy(&mut self, carrier: &Arn, policy: &Arn) -> Result<(), ChangeError> {
        let attached = self.known_managed(policy)?;
        let account = self.known_owner(carrier, Thing::Identity)?;
        account.change_policies(carrier.as_str(), |policies| put(policies, attached))?;
        account.managed.carry(policy.as_str(), carrier.as_str());
        Ok(())
    }

    /// Detaches a managed policy from a user, role or group.
    ///
    /// # Errors
    /// When there is no such identity, or it has no such policy.
    pub fn detach_policy(&mut self, carrier: &Arn, policy: &Arn) -> Result<(), ChangeError> {
        let origin = PolicyOrigin::Managed(policy.as_str().into());
        let account = self.known_owner(carrier, Thing::Identity)?;
        account.change_policies(carrier.as_str(), |policies| {
            take(policies, &origin, Thing::ManagedPolicy, policy.as_str())
        })??;
        account.put_down_unless_carried(policy.as_str(), carrier.as_str());
        Ok(())
    }

    /// Makes a managed policy the boundary of a user or role, or takes its boundary away.
    ///
    /// # Errors
    /// When the world does not know the identity or the policy.
    pub fn set_boundary(&mut self, carrier: &Arn, policy: Option<&Arn>) -> Result<(), ChangeError> {
        let boundary = policy.map(|arn| self.known_managed(arn)).transpose()?;
        let account = self.known_owner(carrier, Thing::Identity)?;
        let Some(identity) = account.identity_mut(carrier.as_str()) else {
            return Err(account.missing_identity(carrier.as_str()));
        };
        let before = std::mem::replace(&mut identity.boundary, boundary);
        if let Some(arn) = policy {
            account.managed.carry(arn.as_str(), carrier.as_str());
        }
        if let Some(AttachedPolicy { origin: PolicyOrigin::Managed(arn), .. }) = before {
            account.put_down_unless_carried(&arn, carrier.as_str());
        }
        Ok(())
    }

    /// Sets the tags of a user or role, in place of those that it had.
    ///
    /// # Errors
    /// When there is no such identity.
    pub fn set_identity_tags(&mut self, carrier: &Arn, tags: BTreeMap<String, String>) -> Result<(), ChangeError> {
        let account = self.known_owner(carrier, Thing::Identity)?;
        match account.identity_mut(carrier.as_str()) {
            Some(identity) => identity.tags = tags,
            None => return Err(account.missing_identity(carrier.as_str())),
        }
        Ok(())
    }

    /// Replaces a role's trust policy; what it names is what is there now.
    ///
    /// # Errors
    /// When there is no such role, or the policy was not read as [`PolicyKind::Trust`].
    pub fn set_trust(&mut self, role: &Arn, trust: Arc<Policy>) -> Result<(), ChangeError> {
        let trust = self.saved(trust);
        self.put_trust(role, trust)
    }

    /// Replaces a role's trust policy by one that was saved before, with what it meant then.
    ///
    /// # Errors
    /// When there is no such role, or the policy was not read as [`PolicyKind::Trust`].
    pub fn put_trust(&mut self, role: &Arn, trust: ResourcePolicy) -> Result<(), ChangeError> {
        expect_kind(&trust.policy, PolicyKind::Trust)?;
        self.change_role(role, |role| role.trust = trust)
    }

    /// Sets how long a session of a role is at most.
    ///
    /// # Errors
    /// When there is no such role.
    pub fn set_max_session(&mut self, role: &Arn, longest: SignedDuration) -> Result<(), ChangeError> {
        self.change_role(role, |role| role.max_session = longest)
    }

    /// The account of an identity that must be there, for a change; an account is not made known by a change that fails.
    pub(super) fn known_owner(&mut self, arn: &Arn, thing: Thing) -> Result<&mut Account, ChangeError> {
        let account = self.accounts.get_mut(&owner(arn, thing)?).map(Arc::make_mut);
        account.ok_or_else(|| missing(thing, arn.as_str(), std::iter::empty()))
    }

    fn change_role(&mut self, arn: &Arn, change: impl FnOnce(&mut Role)) -> Result<(), ChangeError> {
        let account = self.known_owner(arn, Thing::Role)?;
        match account.roles.get_mut(arn.as_str()) {
            Some(role) => change(Arc::make_mut(role)),
            None => return Err(account.missing_identity(arn.as_str())),
        }
        Ok(())
    }
}

impl Account {
    pub(super) fn identity_mut(&mut self, arn: &str) -> Option<&mut Identity> {
        if let Some(role) = self.roles.get_mut(arn) {
            return Some(&mut Arc::make_mut(role).identity);
        }
        self.users.get_mut(arn).map(|user| &mut Arc::make_mut(user).identity)
    }

    fn change_policies<T>(
        &mut self,
        arn: &str,
        change: impl FnOnce(&mut Vec<AttachedPolicy>) -> T,
    ) -> Result<T, ChangeError> {
        if let Some(identity) = self.identity_mut(arn) {
            return Ok(change(&mut identity.policies));
        }
        match self.change_group(arn, |group| change(&mut group.policies)) {
            Some(answer) => Ok(answer),
            None => Err(self.missing_identity(arn)),
        }
    }

    /// Notes that an identity no longer carries a policy, unless it does in another way (as its boundary, say).
    fn put_down_unless_carried(&mut self, policy: &str, carrier: &str) {
        let is_it =
            |attached: &AttachedPolicy| matches!(&attached.origin, PolicyOrigin::Managed(arn) if **arn == *policy);
        let identity = self.user(carrier).map(|user| &user.identity);
        let carries = match identity.or_else(|| self.role(carrier).map(|role| &role.identity)) {
            Some(identity) => identity.policies.iter().chain(&identity.boundary).any(is_it),
            None => self.group(carrier).is_some_and(|group| group.policies.iter().any(is_it)),
        };
        if !carries {
            self.managed.put_down(policy, carrier);
        }
    }

    /// Makes room for a user, role or group: one of this ARN that was there is gone.
    pub(super) fn renew(&mut self, thing: Thing, arn: &Arn) -> Result<(), ChangeError> {
        self.names.take(thing, arn)?;
        if self.forget_identity(arn.as_str()) { self.names.take(thing, arn) } else { Ok(()) }
    }

    pub(super) fn forget_identity(&mut self, arn: &str) -> bool {
        if let Some(role) = self.roles.remove(arn) {
            self.names.free(Thing::Role, &role.identity.arn);
            put_all_down(&mut self.managed, arn, role.identity.policies.iter().chain(&role.identity.boundary));
        } else if let Some(user) = self.users.remove(arn) {
            self.names.free(Thing::User, &user.identity.arn);
            put_all_down(&mut self.managed, arn, user.identity.policies.iter().chain(&user.identity.boundary));
            self.groups.values_mut().for_each(|group| {
                group.members.remove(arn);
            });
        } else if let Some(group) = self.groups.remove(arn) {
            self.names.free(Thing::Group, &group.arn);
            put_all_down(&mut self.managed, arn, group.policies.iter());
            for member in &group.members {
                if let Some(user) = self.users.get_mut(member) {
                    leave(Arc::make_mut(user), group.name());
                }
            }
        } else {
            return false;
        }
        true
    }

    pub(super) fn missing_identity(&self, arn: &str) -> ChangeError {
        let thing = match arn.split(':').next_back().and_then(|resource| resource.split('/').next()) {
            Some("user") => Thing::User,
            Some("role") => Thing::Role,
            Some("group") => Thing::Group,
            _ => Thing::Identity,
        };
        let known = self.users.keys().chain(self.roles.keys()).chain(self.groups.keys());
        missing(thing, arn, known.map(AsRef::as_ref))
    }
}

/// The account of an ARN that must be one of IAM, of this kind.
pub(super) fn owner(arn: &Arn, thing: Thing) -> Result<AccountId, ChangeError> {
    let kinds: &[&str] = match thing {
        Thing::User => &["user/"],
        Thing::Role => &["role/"],
        Thing::Group => &["group/"],
        _ => &["user/", "role/", "group/"],
    };
    let refuse = || ChangeError::NoArnOf { thing, arn: arn.to_string() };
    let is_it = arn.service() == "iam" && kinds.iter().any(|kind| arn.resource().starts_with(kind));
    if is_it { arn.account().parse().map_err(|_| refuse()) } else { Err(refuse()) }
}

fn put_all_down<'a>(managed: &mut ManagedPolicies, carrier: &str, carried: impl Iterator<Item = &'a AttachedPolicy>) {
    for attached in carried {
        if let PolicyOrigin::Managed(arn) = &attached.origin {
            managed.put_down(arn, carrier);
        }
    }
}

fn put(policies: &mut Vec<AttachedPolicy>, attached: AttachedPolicy) {
    match policies.iter_mut().find(|known| known.origin == attached.origin) {
        Some(known) => *known = attached,
        None => policies.push(attached),
    }
}

fn take(
    policies: &mut Vec<AttachedPolicy>,
    origin: &PolicyOrigin,
    thing: Thing,
    name: &str,
) -> Result<(), ChangeError> {
    if let Some(at) = policies.iter().position(|attached| attached.origin == *origin) {
        policies.remove(at);
        return Ok(());
    }
    let known = policies.iter().filter_map(|attached| match &attached.origin {
        PolicyOrigin::Inline(name) | PolicyOrigin::Managed(name) => Some(name.as_ref()),
        PolicyOrigin::GroupInline { .. } | PolicyOrigin::GroupManaged { .. } => None,
    });
    Err(missing(thing, name, known))
}
