//! What the world file tells, as records.

use std::collections::{BTreeMap, BTreeSet};

use authz::world::{self, AttachedPolicy, FULL_RESOURCE_CONTROL, FULL_SERVICE_CONTROL, OrganizationNode, World};
use aws_lc_rs::digest;
use aws_model::{AccountId, Partition};
use jiff::Timestamp;

use super::{Account, Attached, FeatureSet, JoinedBy, Organization, Policy, PolicyType, Unit};
use crate::organizations::{email, tags::Tags};

/// The organization of a world.
pub(in crate::organizations) struct Told {
    pub(in crate::organizations) organization: Organization,
    pub(in crate::organizations) units: Vec<Unit>,
    pub(in crate::organizations) accounts: Vec<Account>,
    pub(in crate::organizations) policies: Vec<Policy>,
}

/// The policies that were met, by type, name and text.
#[derive(Default)]
struct Policies(BTreeMap<(PolicyType, String, String), Policy>);

impl Told {
    /// Accounts joined now, as far as anybody knows; those that a world does not name go by their ids.
    pub(in crate::organizations) fn of(world: &World, partition: Partition, now: Timestamp) -> Option<Self> {
        let told = world.organization()?;
        let (_, root) = told.levels().find(|(parent, _)| parent.is_none())?;
        let enabled: BTreeSet<PolicyType> = PolicyType::ALL
            .into_iter()
            .filter(|kind| told.levels().any(|(_, node)| node_of(node, *kind).is_some()))
            .collect();
        let mut policies = Policies::default();
        let mut organization = Organization {
            id: told.id.to_string(),
            management: told.management_account,
            features: FeatureSet::All,
            partition: partition.to_string(),
            root: root.id.to_string(),
            attached: Attached::default(),
            tags: Tags::default(),
            enabled,
            services: BTreeMap::new(),
        };
        organization.attached = policies.attached(root, &organization);
        let (mut units, mut accounts) = (Vec::new(), Vec::new());
        for (parent, node) in told.levels() {
            let Some(parent) = parent.map(str::to_owned) else { continue };
            let attached = policies.attached(node, &organization);
            match node.id.parse() {
                Ok(id) => accounts.push(account(world, told, id, parent, attached, now)),
                Err(_) => {
                    let name = node.id.strip_prefix("ou-").unwrap_or(&node.id).to_owned();
                    units.push(Unit { id: node.id.to_string(), name, parent, attached, tags: Tags::default() });
                }
            }
        }
        Some(Self { organization, units, accounts, policies: policies.0.into_values().collect() })
    }
}

fn account(
    world: &World,
    told: &world::Organization,
    id: AccountId,
    parent: String,
    attached: Attached,
    joined: Timestamp,
) -> Account {
    let name = world.account(id).and_then(|account| account.name.as_deref()).unwrap_or(id.as_str()).to_owned();
    let joined_by = if id == told.management_account { JoinedBy::Invited } else { JoinedBy::Created };
    Account {
        id,
        name,
        email: email::usual(id),
        parent,
        joined,
        joined_by,
        closed: false,
        attached,
        tags: Tags::default(),
        administers: BTreeMap::new(),
    }
}

fn node_of(node: &OrganizationNode, kind: PolicyType) -> Option<&[AttachedPolicy]> {
    match kind {
        PolicyType::ServiceControl => node.service_control.as_deref(),
        PolicyType::ResourceControl => node.resource_control.as_deref(),
    }
}

impl Policies {
    /// What is on a level. Where a type is not enabled there, though it is elsewhere, everything is let through.
    fn attached(&mut self, node: &OrganizationNode, organization: &Organization) -> Attached {
        let mut attached = Attached::default();
        for kind in &organization.enabled {
            match node_of(node, *kind) {
                Some(policies) => {
                    for policy in policies {
                        attached.add(*kind, &self.id(*kind, policy));
                    }
                }
                None => attached.add(*kind, kind.full_id()),
            }
        }
        attached
    }

    fn id(&mut self, kind: PolicyType, attached: &AttachedPolicy) -> String {
        let (name, text) = (attached.origin.name(), attached.policy.source().text());
        let full = match kind {
            PolicyType::ServiceControl => FULL_SERVICE_CONTROL,
            PolicyType::ResourceControl => FULL_RESOURCE_CONTROL,
        };
        if (name == full.0 || name == kind.full_id()) && says_the_same(text, full.1) {
            return kind.full_id().to_owned();
        }
        // Of AWS's policy it has the name, and not what it says.
        let is_of_aws = PolicyType::ALL.into_iter().any(|kind| name == kind.full_id());
        let policy = self.0.entry((kind, name.to_owned(), text.to_owned())).or_insert_with(|| Policy {
            id: if name.starts_with("p-") && !is_of_aws { name.to_owned() } else { id_of(kind, name, text) },
            name: name.to_owned(),
            description: String::new(),
            kind,
            content: text.to_owned(),
            tags: Tags::default(),
            compiled: Some(attached.policy.clone()),
        });
        policy.id.clone()
    }
}

/// Whether two documents differ at most in how they are set.
fn says_the_same(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    one == other || read(one).is_some_and(|one| Some(one) == read(other))
}

/// An id that is the same at every start.
fn id_of(kind: PolicyType, name: &str, text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, format!("{} {name} {text}", kind.name()).as_bytes());
    let letters = digest.as_ref().iter().take(5).map(|byte| format!("{byte:02x}"));
    letters.fold("p-".to_owned(), |id, letters| id + &letters)
}
