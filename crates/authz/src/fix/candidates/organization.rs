//! The organization's policies.

use std::collections::BTreeSet;

use crate::{
    decision::Gate,
    policy::{Effect, PolicyKind},
    world::{AttachedPolicy, OrganizationNode, PolicyOrigin},
};

use super::{
    super::{Obstacle, PolicyPlace},
    Candidates,
    allow::Added,
    place::Where,
};

/// AWS's own policies, by name or id.
///
/// Source: AWS Organizations User Guide, "SCP evaluation", "RCP evaluation".
const OF_AWS: [&str; 4] = ["FullAWSAccess", "p-FullAWSAccess", "RCPFullAWSAccess", "p-RCPFullAWSAccess"];

impl Candidates<'_> {
    /// A statement at the first level that lets nothing through: in a policy there, or in a new one.
    pub(super) fn organization(&mut self) {
        self.widen(Gate::ServiceControl, None, true);
        let Some(level) = self.shut_level() else { return };
        let attached = level.service_control.iter().flatten();
        let own = attached.clone().find(|attached| !OF_AWS.contains(&attached.origin.name()));
        match own {
            Some(AttachedPolicy { origin, policy }) => {
                self.limit(Gate::ServiceControl, policy, Some(origin), PolicyKind::ServiceControl);
            }
            None => {
                let name = self.new_name();
                let origin = PolicyOrigin::Managed(name.as_str().into());
                self.add(&Added {
                    gate: Gate::ServiceControl,
                    place: Where::World(PolicyPlace::Organization { origin, levels: vec![level.id.clone()] }),
                    before: None,
                    name: format!("service control policy {name}"),
                    kind: PolicyKind::ServiceControl,
                    principal: None,
                    loosens_limit: true,
                    width: 0,
                });
            }
        }
    }

    /// The first level above the caller's account whose service control policies do not allow.
    fn shut_level(&self) -> Option<OrganizationNode> {
        let report = self.report(Gate::ServiceControl)?;
        let open: BTreeSet<&str> = report
            .policies
            .iter()
            .filter(|policy| {
                policy.statements.iter().any(|said| {
                    let statement = policy.policy.statements().get(said.index);
                    said.matches.is_true() && statement.is_some_and(|known| known.effect.value == Effect::Allow)
                })
            })
            .filter_map(|policy| policy.level.as_deref())
            .collect();
        let path = self.facts.world.organization()?.accounts.get(&self.facts.caller.account?)?;
        let shut = path.levels.iter().find(|node| node.service_control.is_some() && !open.contains(&*node.id));
        shut.map(|node| (**node).clone())
    }

    pub(super) fn place_in_organization(&self, origin: Option<&PolicyOrigin>) -> Result<PolicyPlace, Obstacle> {
        let Some(origin) = origin else { return Err(Obstacle::UnknownResource("the organization's policy".into())) };
        if OF_AWS.contains(&origin.name()) {
            return Err(Obstacle::AwsManagedPolicy(origin.name().into()));
        }
        let organization = self.facts.world.organization();
        let nodes = organization.into_iter().flat_map(|known| known.accounts.values()).flat_map(|path| &path.levels);
        let is_there = |policies: &Option<Vec<AttachedPolicy>>| {
            policies.iter().flatten().any(|attached| attached.origin == *origin)
        };
        let levels: BTreeSet<_> = nodes
            .filter(|node| is_there(&node.service_control) || is_there(&node.resource_control))
            .map(|node| node.id.clone())
            .collect();
        Ok(PolicyPlace::Organization { origin: origin.clone(), levels: levels.into_iter().collect() })
    }
}
