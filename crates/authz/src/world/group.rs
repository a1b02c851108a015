//! Groups: what their members carry besides their own, and who is in them.

use std::{collections::BTreeSet, sync::Arc};

use aws_model::Arn;

use super::{
    Account, AttachedPolicy, ChangeError, PolicyOrigin, Thing, User, World, change::missing, identities::owner,
};

/// A group of users.
#[derive(Clone, Debug)]
pub struct Group {
    /// `arn:aws:iam::ACCOUNT:group/PATH/NAME`.
    pub arn: Arn,
    /// Inline and managed policies.
    pub policies: Vec<AttachedPolicy>,
    /// The ARNs of the users in it.
    pub(super) members: BTreeSet<Box<str>>,
}

impl Group {
    /// The name behind the path.
    #[must_use]
    pub fn name(&self) -> &str {
        super::principal::name_in(&self.arn)
    }

    /// The ARNs of the users in it, in order.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(AsRef::as_ref)
    }

    /// The policies as a member carries them.
    pub(super) fn as_carried(&self) -> impl Iterator<Item = AttachedPolicy> {
        self.policies.iter().map(|attached| {
            let group = self.name().into();
            let origin = match &attached.origin {
                PolicyOrigin::Managed(arn) => PolicyOrigin::GroupManaged { group, arn: arn.clone() },
                PolicyOrigin::Inline(name) => PolicyOrigin::GroupInline { group, name: name.clone() },
                // A group is in no other group.
                other => other.clone(),
            };
            AttachedPolicy { origin, policy: attached.policy.clone() }
        })
    }
}

impl World {
    /// Makes a group, without policies and members; one of this ARN that was there is gone.
    ///
    /// # Errors
    /// When the ARN is none of a group, or another group has the name.
    pub fn put_group(&mut self, arn: &Arn) -> Result<(), ChangeError> {
        let account = self.account_mut(owner(arn, Thing::Group)?);
        account.renew(Thing::Group, arn)?;
        let group = Group { arn: arn.clone(), policies: Vec::new(), members: Default::default() };
        account.groups.insert(arn.as_str().into(), group);
        Ok(())
    }

    /// Puts a user into a group of its account.
    ///
    /// # Errors
    /// When one of them is not there.
    pub fn add_to_group(&mut self, user: &Arn, group: &Arn) -> Result<(), ChangeError> {
        let account = self.known_owner(user, Thing::User)?;
        match (account.groups.get_mut(group.as_str()), account.users.get_mut(user.as_str())) {
            (None, _) => Err(account.missing_identity(group.as_str())),
            (_, None) => Err(account.missing_identity(user.as_str())),
            (Some(group), Some(member)) => {
                group.members.insert(user.as_str().into());
                join(Arc::make_mut(member), group);
                Ok(())
            }
        }
    }

    /// Takes a user out of a group.
    ///
    /// # Errors
    /// When one of them is not there, or the user is not in the group.
    pub fn remove_from_group(&mut self, user: &Arn, group: &Arn) -> Result<(), ChangeError> {
        let account = self.known_owner(user, Thing::User)?;
        let Some(known) = account.groups.get_mut(group.as_str()) else {
            return Err(account.missing_identity(group.as_str()));
        };
        if !known.members.remove(user.as_str()) {
            return Err(missing(Thing::User, user.as_str(), known.members.iter().map(AsRef::as_ref)));
        }
        if let Some(user) = account.users.get_mut(user.as_str()) {
            leave(Arc::make_mut(user), known.name());
        }
        Ok(())
    }
}

impl Account {
    /// Changes a group and what its members carry by it.
    pub(super) fn change_group<T>(&mut self, arn: &str, change: impl FnOnce(&mut Group) -> T) -> Option<T> {
        let group = self.groups.get_mut(arn)?;
        let answer = change(group);
        for member in &group.members {
            if let Some(user) = self.users.get_mut(member) {
                join(Arc::make_mut(user), group);
            }
        }
        Some(answer)
    }
}

/// Takes from a user what it carries by a group.
pub(super) fn leave(user: &mut User, group_name: &str) {
    user.identity.policies.retain(|attached| match &attached.origin {
        PolicyOrigin::GroupInline { group, .. } | PolicyOrigin::GroupManaged { group, .. } => **group != *group_name,
        PolicyOrigin::Inline(_) | PolicyOrigin::Managed(_) => true,
    });
}

/// Gives a user what it carries by a group, in place of what it carried by it before.
pub(super) fn join(user: &mut User, group: &Group) {
    leave(user, group.name());
    user.identity.policies.extend(group.as_carried());
}
