//! The organization.

use std::collections::{BTreeMap, BTreeSet};

use aws_model::AccountId;

use super::{Json, Written, no_form};
use crate::{
    file::organization::NOT_ENABLED,
    policy::limits::SizeQuota,
    world::{AttachedPolicy, OrganizationNode, PolicyOrigin, World},
};

/// The levels by the id of the one above, those of one by their own.
type Levels<'w> = BTreeMap<Option<&'w str>, BTreeMap<&'w str, &'w OrganizationNode>>;

pub(super) fn write(json: &mut Json, world: &World) -> Written {
    let Some(organization) = world.organization() else { return Ok(()) };
    let mut levels = Levels::new();
    for (above, node) in organization.levels() {
        levels.entry(above).or_default().insert(&node.id, node);
    }
    let roots = levels.get(&None).into_iter().flat_map(BTreeMap::values);
    let [root] = *roots.copied().collect::<Vec<_>>() else {
        return Err(no_form(&organization.id, "an organization has exactly one root"));
    };
    let management = organization.management_account;
    if !organization.accounts.contains_key(&management) {
        return Err(no_form(management.as_str(), "the management account is nowhere in the organization"));
    }
    json.entry("organization")?.map(|json| {
        json.entry("id")?.text(&organization.id)?;
        json.entry("managementAccount")?.text(management.as_str())?;
        json.entry("root")?.map(|json| level(json, root, &levels))
    })
}

/// A root or organizational unit, and what is below it.
fn level(json: &mut Json, node: &OrganizationNode, levels: &Levels<'_>) -> Written {
    json.entry("id")?.text(&node.id)?;
    attached(json, node)?;
    let below = levels.get(&Some(&*node.id)).into_iter().flatten();
    let (accounts, units): (Vec<_>, Vec<_>) = below.partition(|(id, _)| id.parse::<AccountId>().is_ok());
    if let Some((id, _)) = accounts.iter().find(|(id, _)| levels.contains_key(&Some(**id))) {
        return Err(no_form(id, "there is something below this account in the organization"));
    }
    json.mapping("accounts", accounts, |json, node| json.map(|json| attached(json, node)))?;
    json.mapping("units", units, |json, node| json.map(|json| level(json, node, levels)))
}

fn attached(json: &mut Json, node: &OrganizationNode) -> Written {
    policies(json, "scps", node, node.service_control.as_deref())?;
    policies(json, "rcps", node, node.resource_control.as_deref())
}

fn policies(json: &mut Json, name: &str, of: &OrganizationNode, policies: Option<&[AttachedPolicy]>) -> Written {
    let Some(policies) = policies else { return json.entry(name)?.text(NOT_ENABLED) };
    let mut names = BTreeSet::new();
    // Also none at all: left out, it would be AWS's full access.
    json.entry(name)?.map(|json| {
        for AttachedPolicy { origin, policy } in policies {
            let PolicyOrigin::Managed(name) = origin else {
                return Err(no_form(&of.id, "a policy of an organization is attached to it, not written into it"));
            };
            if !names.insert(name) {
                return Err(no_form(&of.id, "two policies of one kind and name are attached to it"));
            }
            json.entry(name)?.text(&SizeQuota::of_organization(policy.kind()).fitting(policy.source().text()))?;
        }
        Ok(())
    })
}
