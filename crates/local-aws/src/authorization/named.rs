//! Whom resource-based policies name: whether they are there, and by what they are told once they are gone.

use std::collections::BTreeMap;

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
    let principals = policy.statements().iter().filter_map(|statement| statement.principals.as_ref());
    principals.flat_map(|principals| principals.patterns.iter()).find_map(|pattern| match &pattern.value {
        PrincipalPattern::User(arn) | PrincipalPattern::Role(arn) => {
            (is_told(arn.account()) && world.identity(arn).is_none()).then_some(arn.as_str())
        }
        PrincipalPattern::UniqueId(id) => is_nobodys(world, id).then_some(&**id),
        _ => None,
    })
}

fn is_nobodys(world: &World, id: &str) -> bool {
    world.accounts().all(|(_, account)| {
        let users = account.users().map(|user| &user.identity.unique_id);
        let roles = account.roles().map(|role| &role.identity.unique_id);
        !account.identities_are_partial && users.chain(roles).all(|known| &**known != id)
    })
}

/// A document as it is told: who was named when it was saved and is not there any more stands there by the unique id.
///
/// Sources: IAM User Guide, "AWS JSON policy elements: Principal" > "IAM role principals"; of KMS the Knowledge Center as
/// above.
pub(crate) fn told<'i>(world: &World, document: &str, saved_ids: impl Iterator<Item = (&'i str, &'i str)>) -> String {
    let is_gone = |arn: &str, id: &str| {
        let now = arn.parse::<Arn>().ok().and_then(|arn| world.identity(&arn).map(|now| now.unique_id.clone()));
        now.as_deref() != Some(id)
    };
    let gone: BTreeMap<&str, &str> = saved_ids.filter(|(arn, id)| is_gone(arn, id)).collect();
    gone.iter()
        .fold(document.to_owned(), |document, (arn, id)| document.replace(&format!("\"{arn}\""), &format!("\"{id}\"")))
}
