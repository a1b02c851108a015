//! `organizations describe-organization`, `list-parents`, `describe-policy` and `list-targets-for-policy`.
//!
//! Source: AWS Organizations API Reference, the operations of these names.

use std::collections::BTreeMap;

use super::{
    super::{FileError, Problem, field::Field},
    Command, Printed, policy, refuse_truncated,
};
use crate::{
    policy::{
        PolicyKind,
        limits::{Room, SizeQuota},
    },
    world::{AttachedPolicy, Organization, OrganizationNode, PolicyOrigin, World},
};

const KINDS: [(&str, PolicyKind); 2] =
    [("SERVICE_CONTROL_POLICY", PolicyKind::ServiceControl), ("RESOURCE_CONTROL_POLICY", PolicyKind::ResourceControl)];

/// Builds the organization, if there is anything about it.
pub(super) fn add(world: &mut World, printed: &[Printed], remarks: &mut Vec<FileError>) -> Result<(), FileError> {
    let of = |command| printed.iter().filter(move |printed| printed.command == command);
    let Some(described) = of(Command::DescribeOrganization).next() else {
        let about =
            of(Command::ListParents).chain(of(Command::DescribePolicy)).chain(of(Command::ListTargetsForPolicy));
        return match about.into_iter().next() {
            Some(printed) => {
                let problem =
                    "this is about an organization: give what `organizations describe-organization` prints too";
                Err(Field::root(&printed.node).refuse(Problem::Value(problem.to_owned())))
            }
            None => Ok(()),
        };
    };
    let policies = policies(of(Command::DescribePolicy), remarks)?;
    let mut organization = organization(described)?;
    for (level, at) in levels(&mut organization, of(Command::ListParents), &policies)? {
        organization.put_level(at.parent.as_deref(), level).map_err(|error| at.field.refuse(error))?;
    }
    world.set_organization(Some(organization));
    for printed in of(Command::ListTargetsForPolicy) {
        let fields = Field::root(&printed.node).some_fields()?;
        refuse_truncated(&fields)?;
        let id = printed.about("policy (by its id, `p-...`)")?;
        let attached = policies.get(id).ok_or_else(|| {
            let problem = format!("give what `organizations describe-policy --policy-id {id}` prints as well");
            fields.whole().refuse(Problem::Value(problem))
        })?;
        for target in fields.items("Targets")? {
            let target = target.some_fields()?.need("TargetId")?;
            // A target that no `list-parents` placed is above or beside what the world is about.
            if world.organization().is_some_and(|organization| target.text().is_ok_and(|id| organization.has_level(id)))
            {
                let attach = world.attach_organization_policy(target.text()?, attached.clone());
                attach.map_err(|error| target.refuse(error))?;
            }
        }
    }
    Ok(())
}

fn organization(printed: &Printed) -> Result<Organization, FileError> {
    let fields = Field::root(&printed.node).some_fields()?.need("Organization")?.some_fields()?;
    let management = fields.get("ManagementAccountId").map_or_else(|| fields.need("MasterAccountId"), Ok)?;
    Ok(Organization::new(fields.need("Id")?.text()?, management.parse()?))
}

/// The policies by their ids.
fn policies<'a>(
    printed: impl Iterator<Item = &'a Printed>,
    remarks: &mut Vec<FileError>,
) -> Result<BTreeMap<&'a str, AttachedPolicy>, FileError> {
    let mut policies = BTreeMap::new();
    for printed in printed {
        let fields = Field::root(&printed.node).some_fields()?.need("Policy")?.some_fields()?;
        let summary = fields.need("PolicySummary")?.some_fields()?;
        let kind = summary.need("Type")?.word(&KINDS)?;
        let id = summary.need("Id")?.text()?;
        let name = summary.text("Name")?.unwrap_or(id);
        let policy = policy(&fields.need("Content")?, kind, &mut Room::of(SizeQuota::of_organization(kind)), remarks)?;
        policies.insert(id, AttachedPolicy { origin: PolicyOrigin::Managed(name.into()), policy });
    }
    Ok(policies)
}

/// Where a level goes, and who said so.
struct Placed<'a> {
    parent: Option<String>,
    field: Field<'a>,
}

/// The levels, each after its parent. A kind of policy of which none is described is not enabled.
fn levels<'a>(
    organization: &mut Organization,
    printed: impl Iterator<Item = &'a Printed>,
    policies: &BTreeMap<&str, AttachedPolicy>,
) -> Result<Vec<(OrganizationNode, Placed<'a>)>, FileError> {
    let is_enabled = |kind| policies.values().any(|attached| attached.policy.kind() == kind);
    let node = |id: &str| OrganizationNode {
        service_control: is_enabled(PolicyKind::ServiceControl).then(Vec::new),
        resource_control: is_enabled(PolicyKind::ResourceControl).then(Vec::new),
        ..OrganizationNode::new(id)
    };
    let mut children: BTreeMap<String, Vec<(String, Field<'a>)>> = BTreeMap::new();
    for printed in printed {
        let child = printed.about("account or unit (by its id)")?;
        let root = Field::root(&printed.node);
        let parents = root.clone().some_fields()?.items("Parents")?;
        let [parent] = parents.as_slice() else {
            return Err(root.refuse(Problem::Value("an account or unit has exactly one parent".to_owned())));
        };
        let parent = parent.clone().some_fields()?.need("Id")?.text()?.to_owned();
        children.entry(parent).or_default().push((child.to_owned(), root));
    }
    let mut placed = Vec::new();
    let roots: Vec<String> = children.keys().filter(|parent| parent.starts_with("r-")).cloned().collect();
    for root in roots {
        let Some((_, field)) = children.get(&root).and_then(|below| below.first()) else { continue };
        organization.put_level(None, node(&root)).map_err(|error| field.refuse(error))?;
        let mut open = vec![root];
        while let Some(parent) = open.pop() {
            for (child, field) in children.remove(&parent).unwrap_or_default() {
                placed.push((node(&child), Placed { parent: Some(parent.clone()), field }));
                open.push(child);
            }
        }
    }
    let nowhere = children.iter().find_map(|(parent, below)| Some((parent, below.first()?)));
    if let Some((parent, (_, field))) = nowhere {
        let problem = format!("give what `organizations list-parents --child-id {parent}` prints as well");
        return Err(field.refuse(Problem::Value(problem)));
    }
    Ok(placed)
}
