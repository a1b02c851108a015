//! Whom resource-based policies name: whether they are there, and by what they are told once they are gone.

use std::collections::HashSet;

use authz::{
    policy::{Policy, PrincipalPattern},
    world::World,
};
use aws_model::Arn;

/// The first user or role, by its ARN or unique id, that a policy names and that is not there. Of an account that is not
/// told whole, each is.
///
/// Sources: IAM User Guide, "AWS JSON policy elements: Principal"; AWS KMS API Reference, "PutKeyPolicy" > `Policy`; AWS
/// re:Post Knowledge Center, "How can I resolve the AWS KMS key policy error "Policy contains a statement with one or more
/// invalid principals"?" (unique ids of who is gone are refused as well).
pub(crate) fn absent<'p>(world: &World, policy: &'p Policy) -> Option<&'p str> {
    let is_told = |account: &str| {
        let account = account.parse().ok().and_then(|account| world.account(account));
        account.is_some_and(|account| !account.identities_are_partial)
    };
    let nobodys = nobodys_ids(world, policy);
    policy.principals().find_map(|pattern| match &pattern.value {
        PrincipalPattern::User(arn) | PrincipalPattern::Role(arn) => {
            (is_told(arn.account()) && world.identity(arn).is_none()).then_some(arn.as_str())
        }
        PrincipalPattern::UniqueId(id) => nobodys.contains(&**id).then_some(&**id),
        _ => None,
    })
}

/// The unique ids in a policy that are nobody's. None is, for all that is known, while an account is not told whole.
fn nobodys_ids<'p>(world: &World, policy: &'p Policy) -> HashSet<&'p str> {
    let ids = policy.principals().filter_map(|pattern| match &pattern.value {
        PrincipalPattern::UniqueId(id) => Some(&**id),
        _ => None,
    });
    let mut nobodys: HashSet<&str> = ids.collect();
    for (_, account) in world.accounts() {
        if nobodys.is_empty() || account.identities_are_partial {
            return HashSet::new();
        }
        let users = account.users().map(|user| &user.identity);
        for identity in users.chain(account.roles().map(|role| &role.identity)) {
            nobodys.remove(&*identity.unique_id);
        }
    }
    nobodys
}

/// Whether who had this id when a policy was saved is not there any more, though another of the name may be.
pub(crate) fn is_gone(world: &World, arn: &Arn, saved_id: &str) -> bool {
    world.identity(arn).is_none_or(|now| &*now.unique_id != saved_id)
}

/// A document as it is told: who was named when it was saved and is not there any more stands there by the unique id, as
/// a principal. What else in it reads like the name (an id, a condition's value) is no name.
///
/// Sources: IAM User Guide, "AWS JSON policy elements: Principal" > "IAM role principals"; of KMS the Knowledge Center as
/// above.
pub(crate) fn told<'i>(world: &World, policy: &Policy, saved_id: impl Fn(&str) -> Option<&'i str>) -> String {
    let text = policy.source().text();
    let (mut told, mut from) = (String::with_capacity(text.len()), 0);
    for pattern in policy.principals() {
        let (PrincipalPattern::User(arn) | PrincipalPattern::Role(arn)) = &pattern.value else { continue };
        let Some(id) = saved_id(arn.as_str()).filter(|id| is_gone(world, arn, id)) else { continue };
        told.push_str(text.get(from..pattern.span.start as usize).unwrap_or_default());
        told.extend(["\"", id, "\""]);
        from = pattern.span.end as usize;
    }
    told.push_str(text.get(from..).unwrap_or_default());
    told
}
