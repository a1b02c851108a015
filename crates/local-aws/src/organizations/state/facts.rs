//! What the authorization model is told: each level that a change touched, with the policies that are on it.

use authz::world::{self, AttachedPolicy, ChangeError, OrganizationNode, PolicyOrigin, World};

use super::{Level, Realm};
use crate::organizations::records::{Organization, PolicyType};

/// Tells of the levels of these ids as they are now; those above before those below.
pub(super) fn tell(world: &mut World, realm: &Realm, touched: &[String]) {
    let Ok(organization) = realm.organization() else { return world.set_organization(None) };
    if world.organization().is_none_or(|known| *known.id != *organization.id) {
        world.set_organization(Some(world::Organization::new(&organization.id, organization.management)));
    }
    for id in touched {
        if let Err(refused) = level(world, realm, organization, id) {
            tracing::error!(%refused, level = id, "the authorization model was not told of a level");
        }
    }
}

fn level(world: &mut World, realm: &Realm, organization: &Organization, id: &str) -> Result<(), ChangeError> {
    let known = world.organization_mut()?;
    match realm.level(id) {
        Ok(level) => known.put_level(level.parent(), node(realm, organization, level)),
        Err(_) if known.has_level(id) => known.remove_level(id),
        Err(_) => Ok(()),
    }
}

fn node(realm: &Realm, organization: &Organization, level: Level<'_>) -> OrganizationNode {
    let policies = |kind: PolicyType| {
        let attached = level.attached().of(kind).iter().filter_map(|id| {
            let policy = realm.policy(id).ok()?.compiled.clone()?;
            Some(AttachedPolicy { origin: PolicyOrigin::Managed(id.as_str().into()), policy })
        });
        organization.enabled.contains(&kind).then(|| attached.collect())
    };
    OrganizationNode {
        service_control: policies(PolicyType::ServiceControl),
        resource_control: policies(PolicyType::ResourceControl),
        ..OrganizationNode::new(level.id())
    }
}
