//! The organization of a world file.

use std::sync::Arc;

use aws_model::AccountId;

use super::{FileError, Files, Problem, field::Field};
use crate::{
    policy::{
        PolicyKind,
        limits::{Room, SizeQuota},
    },
    world::{
        AttachedPolicy, FULL_RESOURCE_CONTROL, FULL_SERVICE_CONTROL, Organization, OrganizationNode, PolicyOrigin,
    },
};

/// In place of a kind's policies, where the organization has not enabled the kind.
pub(super) const NOT_ENABLED: &str = "none";

pub(super) fn read(field: Field<'_>, files: &dyn Files) -> Result<Organization, FileError> {
    let fields = field.fields(&["id", "managementAccount", "root"])?;
    let management: AccountId = fields.need("managementAccount")?.parse()?;
    let mut organization = Organization::new(fields.need("id")?.text()?, management);
    let root = fields.need("root")?;
    let known = ["id", "scps", "rcps", "accounts", "units"];
    let id = root.clone().fields(&known)?.text("id")?.unwrap_or("r-root").to_owned();
    level(&mut organization, None, &id, &root, files)?;
    if !organization.accounts.contains_key(&management) {
        let node = node(management.as_str(), &root, false, files)?;
        organization.put_level(Some(&id), node).map_err(|error| root.refuse(error))?;
    }
    Ok(organization)
}

/// A root or organizational unit, and what is below it.
fn level(
    organization: &mut Organization,
    parent: Option<&str>,
    id: &str,
    field: &Field<'_>,
    files: &dyn Files,
) -> Result<(), FileError> {
    let fields = field.clone().fields(&["id", "scps", "rcps", "accounts", "units"])?;
    if organization.has_level(id) {
        return Err(field.refuse(Problem::Twice(id.to_owned())));
    }
    organization.put_level(parent, node(id, field, true, files)?).map_err(|error| field.refuse(error))?;
    let accounts = fields.get("accounts").map_or_else(|| Ok(Vec::new()), |field| field.entries_by::<AccountId>())?;
    for (account, field) in accounts {
        field.clone().fields(&["scps", "rcps"])?;
        if organization.has_level(account.as_str()) {
            return Err(field.refuse_name(Problem::Twice(account.to_string())));
        }
        let node = node(account.as_str(), &field, true, files)?;
        organization.put_level(Some(id), node).map_err(|error| field.refuse(error))?;
    }
    for (name, unit) in fields.entries("units")? {
        let below = unit.clone().some_fields()?.text("id")?.map_or_else(|| format!("ou-{name}"), str::to_owned);
        level(organization, Some(id), &below, &unit, files)?;
    }
    Ok(())
}

fn node(id: &str, field: &Field<'_>, is_written: bool, files: &dyn Files) -> Result<OrganizationNode, FileError> {
    let mut node = OrganizationNode::new(id);
    let fields = field.clone().some_fields()?;
    let written = |name| fields.get(name).filter(|_| is_written);
    node.service_control = policies(field, written("scps"), PolicyKind::ServiceControl, FULL_SERVICE_CONTROL, files)?;
    node.resource_control =
        policies(field, written("rcps"), PolicyKind::ResourceControl, FULL_RESOURCE_CONTROL, files)?;
    Ok(node)
}

fn policies(
    level: &Field<'_>,
    written: Option<Field<'_>>,
    kind: PolicyKind,
    (full_name, full_text): (&str, &str),
    files: &dyn Files,
) -> Result<Option<Vec<AttachedPolicy>>, FileError> {
    let full = |at: &Field<'_>| at.json_policy(full_name, full_text, kind);
    let attached = |name: &str, policy: Arc<_>| AttachedPolicy { origin: PolicyOrigin::Managed(name.into()), policy };
    let Some(field) = written else { return Ok(Some(vec![attached(full_name, full(level)?)])) };
    if matches!(field.text(), Ok(NOT_ENABLED)) {
        return Ok(None);
    }
    let read = |(name, field): (&str, Field<'_>)| {
        let quota = SizeQuota::of_organization(kind);
        let is_full = name == full_name && matches!(field.text(), Ok("aws"));
        let policy = if is_full { full(&field)? } else { field.policy(kind, &mut Room::of(quota), files)? };
        Ok(attached(name, policy))
    };
    field.entries()?.into_iter().map(read).collect::<Result<_, _>>().map(Some)
}
