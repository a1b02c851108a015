//! The world file: everything that decisions rest on, as people write it.
//!
//! `docs/reference/world-files.md` shows every field. What was read can be written, and read again: see [`write`].

mod write;

use aws_model::{AccountId, Arn};

pub use self::write::{NotWritten, write};

use super::{
    FileError, Files, Problem,
    field::{Field, Fields},
    identities, keys,
    node::Node,
    organization, yaml,
};
use crate::{
    policy::{
        PolicyKind,
        limits::{Room, SizeQuota},
    },
    text::SourceText,
    world::{OtherResource, World},
};

const FIELDS: [&str; 8] =
    ["accounts", "organization", "roles", "users", "groups", "managedPolicies", "keys", "resources"];

/// Whether users and roles may exist that the world does not tell.
const IDENTITIES: [(&str, bool); 2] = [("complete", false), (PARTIAL, true)];
const PARTIAL: &str = "partial";
/// AWS's quota of this name, where it was raised.
const TRUST_LENGTH: &str = "roleTrustPolicyLength";

/// Reads a world.
///
/// # Errors
/// [`FileError`], at the first place that is not right.
pub fn read(source: &SourceText, files: &dyn Files) -> Result<World, FileError> {
    of_node(&yaml::parse(source)?, files)
}

/// Reads a world that is part of another text.
pub(super) fn of_node(node: &Node, files: &dyn Files) -> Result<World, FileError> {
    let fields = Field::root(node).fields(&FIELDS)?;
    let mut world = World::new();
    for (id, account) in
        fields.get("accounts").map_or_else(|| Ok(Vec::new()), |field| field.entries_by::<AccountId>())?
    {
        let fields = account.fields(&["name", "identities", TRUST_LENGTH])?;
        let identities = fields.get("identities").map(|field| field.word(&IDENTITIES)).transpose()?;
        let account = world.account_mut(id);
        account.name = fields.text("name")?.map(Into::into);
        account.identities_are_partial = identities.unwrap_or_default();
        account.raised_role_trust_policy_length = fields.get(TRUST_LENGTH).map(raised_trust_length).transpose()?;
    }
    // What a policy names is saved with the unique ids that are known by then, so: identities before resources.
    identities::read(&fields, &mut world, files)?;
    keys::read(&fields, &mut world, files)?;
    resources(&fields, &mut world, files)?;
    if let Some(field) = fields.get("organization") {
        world.set_organization(Some(organization::read(field, files)?));
    }
    Ok(world)
}

fn raised_trust_length(field: Field<'_>) -> Result<usize, FileError> {
    let raised = field.parse()?;
    let (least, most) = (SizeQuota::Trust.limit(), SizeQuota::Trust.raised_limit());
    if (least..=most).contains(&raised) {
        return Ok(raised);
    }
    let problem = format!("AWS gives every account {least} and raises that to {most} at most; write what it is");
    Err(field.refuse(Problem::Value(problem)))
}

fn resources(fields: &Fields<'_>, world: &mut World, files: &dyn Files) -> Result<(), FileError> {
    for (arn, field) in fields.get("resources").map_or_else(|| Ok(Vec::new()), |field| field.entries_by::<Arn>())? {
        let fields = field.fields(&["policy", "tags", "owner", "savedIds"])?;
        let owner = match fields.parse("owner")? {
            Some(owner) => owner,
            None => arn.account().parse().map_err(|_| fields.whole().refuse(Problem::Missing("owner")))?,
        };
        let policy = match fields.get("policy") {
            Some(field) => {
                let mut saved = world.saved(field.policy(PolicyKind::Resource, &mut Room::unbounded(), files)?);
                identities::override_saved_ids(&fields, &mut saved)?;
                Some(saved)
            }
            None => None,
        };
        world.put_resource(owner, arn.as_str(), OtherResource { policy, tags: fields.texts("tags")? });
    }
    Ok(())
}
