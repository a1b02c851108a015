//! Which policy it is that refuses. Only asked once that is known of the gate.
//!
//! Source: AWS Security Blog, "Enhanced access denied error messages with policy ARNs".

use crate::{
    decision::Gate,
    world::{AttachedPolicy, Organization, OrganizationNode, PolicyOrigin},
};

use super::{derive::Facts, observer::Nobody};

impl Facts<'_> {
    /// The ARN of the first policy at a gate that refuses, if it has one: a managed policy of the caller's account, or a
    /// policy of the organization that the caller is in.
    pub(super) fn refusing_policy(&self, gate: Gate) -> Option<Box<str>> {
        let identity = self.caller.identity();
        match gate {
            Gate::Identity => match self.first_refusing(&identity?.policies)? {
                PolicyOrigin::Managed(arn) | PolicyOrigin::GroupManaged { arn, .. } => Some(arn.clone()),
                PolicyOrigin::Inline(_) | PolicyOrigin::GroupInline { .. } => None,
            },
            Gate::Boundary => identity?.boundary.as_ref().map(|boundary| boundary.origin.name().into()),
            Gate::ServiceControl => {
                self.refusing_of_organization("service_control_policy", |node| node.service_control.as_deref())
            }
            Gate::ResourceControl => {
                self.refusing_of_organization("resource_control_policy", |node| node.resource_control.as_deref())
            }
            // Session policies are known by their text only.
            Gate::Session | Gate::Resource(_) | Gate::Grants => None,
        }
    }

    fn first_refusing<'p>(&self, policies: &'p [AttachedPolicy]) -> Option<&'p PolicyOrigin> {
        let refuses = |attached: &&AttachedPolicy| self.any_of([*attached], None, &mut Nobody).denies.is_true();
        policies.iter().find(refuses).map(|attached| &attached.origin)
    }

    /// A policy of an organization goes by its id; of one that the world only has a name for, AWS's ARN is not known.
    fn refusing_of_organization(
        &self,
        kind: &str,
        policies: impl Fn(&OrganizationNode) -> Option<&[AttachedPolicy]>,
    ) -> Option<Box<str>> {
        let Organization { id, management_account, accounts, .. } = self.world.organization()?;
        let is_member = |account| accounts.contains_key(&account) || account == *management_account;
        self.caller.account.filter(|account| is_member(*account))?;
        let bound = if kind == "service_control_policy" { self.caller.account } else { self.target.owner };
        let levels = &accounts.get(&bound?)?.levels;
        let origin = levels.iter().find_map(|node| self.first_refusing(policies(node)?))?;
        let policy = origin.name();
        let arn =
            || format!("arn:{}:organizations::{management_account}:policy/{id}/{kind}/{policy}", self.partition());
        policy.starts_with("p-").then(|| arn().into())
    }
}
