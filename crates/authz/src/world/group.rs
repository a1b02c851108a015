//! Groups: what their members carry besides their own.

use std::collections::BTreeSet;

use aws_model::Arn;

use super::{AttachedPolicy, PolicyOrigin, User};

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
