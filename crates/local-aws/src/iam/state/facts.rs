//! What the authorization model is told of users, roles, groups and policies: each change as it is made, or when it has
//! spread, in order.

use std::sync::Arc;

use authz::{
    policy::{Policy, PolicyKind},
    text::SourceText,
    world::{ChangeError, ResourcePolicy, World},
};
use aws_model::{AccountId, Arn};
use jiff::SignedDuration;

use super::State;
use crate::{
    authorization::Authorizer,
    iam::{
        documents::Trust,
        records::{Carried, Group, ManagedPolicy, Role, User},
    },
};

/// Whom changes of an account are told.
#[derive(Clone, Copy)]
pub(in crate::iam) struct Facts<'a> {
    pub(super) state: &'a State,
    pub(super) account: AccountId,
}

impl Facts<'_> {
    /// The account has no other users and roles from now on than those that were made or met. At the start that waits
    /// for the accounts: the holders of credentials that were given are met first.
    pub(super) fn close(self) {
        if self.state.accounts.get().is_some() {
            self.state.authorizer.close(self.account, self.state.partition);
        }
    }

    pub(super) fn user(self, before: Option<&User>, now: Option<&User>) {
        let change = (before.cloned(), now.cloned());
        self.spread("a user", move |world| match (change.0.as_ref(), change.1.as_ref()) {
            (before, Some(now)) => put_user(world, before, now),
            (Some(before), None) => world.remove_identity(&before.arn),
            (None, None) => Ok(()),
        });
        let Some(accounts) = self.state.accounts.get() else { return };
        let (mut gone, mut held) = (Vec::new(), Vec::new());
        for key in before.iter().flat_map(|user| &user.keys) {
            let kept = now.and_then(|now| now.keys.iter().find(|kept| kept.id == key.id));
            if !kept.is_some_and(|kept| kept.active) {
                gone.push(key.id.clone());
            }
            if kept.is_none() {
                accounts.forget_use(&key.id);
            }
        }
        if let Some(user) = now {
            let active = user.keys.iter().filter(|key| key.active);
            held.extend(active.map(|key| (key.id.clone(), user.arn.clone())));
        }
        if gone.is_empty() && held.is_empty() {
            return;
        }
        // Behind the model, so that nobody signs as a user who is not there.
        let accounts = Arc::downgrade(accounts);
        self.spread("access keys", move |_| {
            if let Some(accounts) = accounts.upgrade() {
                gone.iter().for_each(|key| accounts.release(key));
                held.iter().for_each(|(key, user)| accounts.hold(key, user));
            }
            Ok(())
        });
    }

    pub(super) fn group(self, before: Option<&Group>, now: Option<&Group>) {
        let change = (before.cloned(), now.cloned());
        self.spread("a group", move |world| match (change.0.as_ref(), change.1.as_ref()) {
            (before, Some(now)) => put_group(world, before, now),
            (Some(before), None) => world.remove_identity(&before.arn),
            (None, None) => Ok(()),
        });
    }

    pub(super) fn managed_policy(self, before: Option<&ManagedPolicy>, now: Option<&ManagedPolicy>) {
        let Some(now) = now else {
            let gone = before.map(|before| before.arn.clone());
            self.spread("a managed policy", move |world| gone.map_or(Ok(()), |arn| world.remove_managed_policy(&arn)));
            return;
        };
        let document = now.default_document();
        if before.is_some_and(|before| before.default_document() == document) {
            return;
        }
        let policy = policy(&format!("{} {}", now.arn, now.default_version()), document, PolicyKind::Identity);
        let (Some(policy), arn) = (policy, now.arn.clone()) else { return };
        self.spread("a managed policy", move |world| world.put_managed_policy(&arn, policy));
    }

    pub(super) fn role(self, before: Option<&Role>, now: Option<&Role>) {
        let change = (before.cloned(), now.cloned());
        self.spread("a role", move |world| match (change.0.as_ref(), change.1.as_ref()) {
            (before, Some(now)) => put_role(world, before, now),
            (Some(before), None) => world.remove_identity(&before.arn),
            (None, None) => Ok(()),
        });
        if let (Some(accounts), Some(before), None) = (self.state.accounts.get(), before, now) {
            accounts.forget_use(&before.id);
        }
    }

    fn spread(self, what: &'static str, change: impl FnOnce(&mut World) -> Result<(), ChangeError> + Send + 'static) {
        self.state.authorizer.spread(what, change);
    }
}

fn put_user(world: &mut World, before: Option<&User>, now: &User) -> Result<(), ChangeError> {
    if let Some(before) = before.filter(|before| before.arn != now.arn) {
        world.remove_identity(&before.arn)?;
    }
    let before = before.filter(|before| before.arn == now.arn && before.id == now.id);
    if before.is_none() {
        in_place(world, |world| world.put_user(&now.arn, &now.id))?;
    }
    if before.is_none_or(|before| before.tags != now.tags) {
        world.set_identity_tags(&now.arn, now.tags.of_model())?;
    }
    carried(world, &now.arn, before.map(|before| &before.carried), &now.carried)
}

fn put_group(world: &mut World, before: Option<&Group>, now: &Group) -> Result<(), ChangeError> {
    if let Some(before) = before.filter(|before| before.arn != now.arn) {
        world.remove_identity(&before.arn)?;
    }
    let before = before.filter(|before| before.arn == now.arn && before.id == now.id);
    if before.is_none() {
        in_place(world, |world| world.put_group(&now.arn))?;
    }
    for (member, user) in before.iter().flat_map(|before| &before.members) {
        if now.members.get(member) != Some(user) && world.user(user).is_some() {
            world.remove_from_group(user, &now.arn)?;
        }
    }
    for (member, user) in &now.members {
        if before.is_none_or(|before| before.members.get(member) != Some(user)) {
            world.add_to_group(user, &now.arn)?;
        }
    }
    carried(world, &now.arn, before.map(|before| &before.carried), &now.carried)
}

fn put_role(world: &mut World, before: Option<&Role>, now: &Role) -> Result<(), ChangeError> {
    let before = before.filter(|before| before.arn == now.arn && before.id == now.id);
    if before.is_none_or(|before| before.trust != now.trust) {
        let Some(trust) = saved(now) else { return Ok(()) };
        if before.is_none() {
            in_place(world, |world| world.put_role(&now.arn, &now.id, Arc::clone(&trust.policy)))?;
        }
        world.put_trust(&now.arn, trust)?;
    }
    if before.is_none_or(|before| before.max_session != now.max_session) {
        world.set_max_session(&now.arn, SignedDuration::from_secs(now.max_session))?;
    }
    if before.is_none_or(|before| before.tags != now.tags) {
        world.set_identity_tags(&now.arn, now.tags.of_model())?;
    }
    carried(world, &now.arn, before.map(|before| &before.carried), &now.carried)
}

/// Makes one, in the place of another of its name: one that was met and that nobody made, or that the world file has at
/// another path than it was made again at.
fn in_place(world: &mut World, put: impl Fn(&mut World) -> Result<(), ChangeError>) -> Result<(), ChangeError> {
    match put(world) {
        Err(ChangeError::NameTaken { by, .. })
            if by.parse::<Arn>().is_ok_and(|by| world.remove_identity(&by).is_ok()) =>
        {
            put(world)
        }
        put => put,
    }
}

/// Tells what an identity or group carries, as far as it is not what it carried before.
fn carried(world: &mut World, arn: &Arn, before: Option<&Carried>, now: &Carried) -> Result<(), ChangeError> {
    let nothing = Carried::default();
    let before = before.unwrap_or(&nothing);
    for name in before.inline.keys().filter(|name| !now.inline.contains_key(*name)) {
        world.delete_inline_policy(arn, name)?;
    }
    for (name, document) in now.inline.iter().filter(|(name, document)| before.inline.get(*name) != Some(document)) {
        if let Some(policy) = policy(&format!("inline policy {name} of {arn}"), document, PolicyKind::Identity) {
            world.put_inline_policy(arn, name, policy)?;
        }
    }
    let left: Vec<Arn> = before.attached.difference(&now.attached).filter_map(|arn| known(world, arn)).collect();
    left.iter().try_for_each(|policy| world.detach_policy(arn, policy))?;
    let new: Vec<Arn> = now.attached.difference(&before.attached).filter_map(|arn| known(world, arn)).collect();
    new.iter().try_for_each(|policy| world.attach_policy(arn, policy))?;
    if before.boundary != now.boundary {
        let boundary = now.boundary.as_ref().and_then(|arn| arn.parse().ok());
        world.set_boundary(arn, boundary.as_ref())?;
    }
    Ok(())
}

/// A managed policy that the model knows. Of AWS's own there are some whose documents nobody told.
fn known(world: &World, arn: &str) -> Option<Arn> {
    world.managed_policy(arn).and_then(|_| arn.parse().ok())
}

fn saved(role: &Role) -> Option<ResourcePolicy> {
    let Trust { document, saved_ids } = &role.trust;
    let policy = policy(&format!("trust policy of {}", role.arn), document, PolicyKind::Trust)?;
    let saved_ids = saved_ids.iter().map(|(arn, id)| (arn.as_str().into(), id.as_str().into())).collect();
    Some(ResourcePolicy { policy, saved_ids })
}

/// A document that was read when it was put.
fn policy(name: &str, document: &str, kind: PolicyKind) -> Option<Arc<Policy>> {
    match Policy::parse_under(SourceText::new(name, document), kind, &Authorizer::kept()) {
        Ok(policy) => Some(Arc::new(policy)),
        Err(malformed) => {
            tracing::error!(%malformed, "a policy that was kept does not read");
            None
        }
    }
}
