//! How much room there is for a policy where a text attaches it. What is AWS's own, AWS bounds otherwise.

use aws_model::Arn;

use crate::{
    policy::limits::{Room, SizeQuota},
    world::{KeyManager, World},
};

/// In place of the account, in ARNs of AWS's managed policies.
const AWS: &str = "aws";

/// For one managed policy.
pub(super) fn of_managed(policy: &Arn) -> Room {
    if policy.account() == AWS { Room::unbounded() } else { Room::of(SizeQuota::Managed) }
}

/// For all inline policies of a user, group or role.
pub(super) fn of_inline(carrier: &Arn) -> Room {
    if is_service_linked(carrier) { Room::unbounded() } else { Room::of(SizeQuota::of_inline(carrier)) }
}

/// For the trust policy of a role, in an account whose quota AWS may have raised.
pub(super) fn of_trust(role: &Arn, world: &World) -> Room {
    if is_service_linked(role) {
        return Room::unbounded();
    }
    let account = role.account().parse().ok().and_then(|id| world.account(id));
    account
        .map_or(Room::of(SizeQuota::Trust), |account| Room::up_to(SizeQuota::Trust, account.role_trust_policy_length()))
}

/// For the policy of a key.
pub(super) fn of_key(manager: KeyManager) -> Room {
    match manager {
        KeyManager::Customer => Room::of(SizeQuota::Key),
        KeyManager::Aws => Room::unbounded(),
    }
}

fn is_service_linked(role: &Arn) -> bool {
    role.resource().starts_with("role/aws-service-role/")
}
