//! Grants while a launch goes on.

use aws_model::Arn;

use super::{
    super::{ServiceLinked, Step},
    key_of,
};
use crate::world::{ChangeError, Grant, GrantPrincipal, World};

/// Adds the grant that a CreateGrant makes, if the key is known.
pub(super) fn make_grant(world: &mut World, step: &Step, number: usize) -> Result<(), ChangeError> {
    let (Some(new), Some(key)) = (&step.request.kms.new_grant, key_of(step, world)) else { return Ok(()) };
    let key = key.arn.clone();
    let grant = Grant {
        id: format!("made by step {} of the launch", number + 1).into(),
        token: None,
        propagated: Some(true),
        name: None,
        grantee: new.grantee.clone(),
        grantee_unique_id: None,
        retiring: new.retiring.clone(),
        issuing_account: step.request.principal.account(),
        operations: new.operations,
        constraints: new.constraints.clone(),
    };
    world.put_grant(&key, grant)
}

/// Lets grants be for a fleet's or Spot's service-linked role that name it without its path, as EC2's guide writes it.
/// Only where `launch-fleet-grantee-path` is switched off.
pub(super) fn take_pathless_grantees(
    world: &mut World,
    steps: &[Step],
    which: &ServiceLinked,
    role: &Arn,
) -> Result<(), ChangeError> {
    if matches!(which, ServiceLinked::AutoScaling(_)) {
        return Ok(());
    }
    let pathless = format!("arn:{}:iam::{}:role/{}", role.partition(), role.account(), which.role_name());
    for step in steps {
        let Some(key) = key_of(step, world) else { continue };
        let meant: Vec<Grant> = key
            .grants
            .iter()
            .filter(|grant| matches!(&grant.grantee, GrantPrincipal::Role(arn) if arn.as_str() == pathless))
            .map(|grant| Grant {
                grantee: GrantPrincipal::Role(role.clone()),
                grantee_unique_id: None,
                ..Grant::clone(grant)
            })
            .collect();
        let key = key.arn.clone();
        for grant in meant {
            world.put_grant(&key, grant)?;
        }
    }
    Ok(())
}
