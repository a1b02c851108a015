//! Users, roles, groups and managed policies of a world file.

use aws_model::Arn;
use jiff::SignedDuration;

use super::{
    FileError, Files, Problem,
    field::{Field, Fields},
    room,
};
use crate::{
    policy::PolicyKind,
    world::{Account, ChangeError, Group, ResourcePolicy, Thing, World, nearest},
};

/// In place of a unique id: nobody knows one, so what was saved goes by the name alone.
pub(super) const BY_NAME: &str = "none";

pub(super) fn read(fields: &Fields<'_>, world: &mut World, files: &dyn Files) -> Result<(), FileError> {
    for (arn, field) in by_arn(fields, "managedPolicies")? {
        let policy = field.policy(PolicyKind::Identity, &mut room::of_managed(&arn), files)?;
        world.put_managed_policy(&arn, policy).map_err(|error| field.refuse_name(error))?;
    }
    let groups = by_arn(fields, "groups")?;
    for (arn, field) in groups {
        world.put_group(&arn).map_err(|error| field.refuse_name(error))?;
        let fields = field.fields(&["policies", "managed"])?;
        policies(&arn, &fields, world, files)?;
    }
    users(fields, world, files)?;
    roles(fields, world, files)
}

fn users(fields: &Fields<'_>, world: &mut World, files: &dyn Files) -> Result<(), FileError> {
    for (arn, field) in by_arn(fields, "users")? {
        let refuse_name = |error| field.refuse_name(error);
        let known = ["id", "groups", "policies", "managed", "boundary", "tags"];
        let fields = field.clone().fields(&known)?;
        let id = fields.text("id")?.map_or_else(|| unique_id("AIDA", &arn), str::to_owned);
        world.put_user(&arn, &id).map_err(refuse_name)?;
        carried(&arn, &fields, world, files)?;
        for group in fields.items("groups")? {
            let group_arn = group_named(&group, &arn, world)?;
            world.add_to_group(&arn, &group_arn).map_err(|error| group.refuse(error))?;
        }
    }
    Ok(())
}

fn roles(fields: &Fields<'_>, world: &mut World, files: &dyn Files) -> Result<(), FileError> {
    let roles = by_arn(fields, "roles")?;
    for (arn, field) in &roles {
        let known = ["id", "trust", "policies", "managed", "boundary", "tags", "maxSession", "savedIds"];
        let fields = field.clone().fields(&known)?;
        let id = fields.text("id")?.map_or_else(|| unique_id("AROA", arn), str::to_owned);
        let trust = match fields.get("trust") {
            Some(field) => field.policy(PolicyKind::Trust, &mut room::of_trust(arn, world), files)?,
            None => field.json_policy(
                &format!("{}, trust policy by default", field.name()),
                &default_trust(arn),
                PolicyKind::Trust,
            )?,
        };
        world.put_role(arn, &id, trust).map_err(|error| field.refuse_name(error))?;
        carried(arn, &fields, world, files)?;
        if let Some(seconds) = fields.parse("maxSession")? {
            let set = world.set_max_session(arn, SignedDuration::from_secs(seconds));
            set.map_err(|error| field.refuse(error))?;
        }
    }
    // Now that every role has its unique id, each trust policy is saved for good.
    for (arn, field) in &roles {
        let Some(trust) = world.role(arn).map(|role| role.trust.policy.clone()) else { continue };
        let mut saved = world.saved(trust);
        override_saved_ids(&field.clone().some_fields()?, &mut saved)?;
        world.put_trust(arn, saved).map_err(|error| field.refuse(error))?;
    }
    Ok(())
}

/// What users and roles have in common.
fn carried(arn: &Arn, fields: &Fields<'_>, world: &mut World, files: &dyn Files) -> Result<(), FileError> {
    policies(arn, fields, world, files)?;
    if let Some(field) = fields.get("boundary") {
        let boundary = field.parse()?;
        world.set_boundary(arn, Some(&boundary)).map_err(|error| field.refuse(error))?;
    }
    if let Some(field) = fields.get("tags") {
        world.set_identity_tags(arn, field.texts()?).map_err(|error| field.refuse(error))?;
    }
    Ok(())
}

fn policies(arn: &Arn, fields: &Fields<'_>, world: &mut World, files: &dyn Files) -> Result<(), FileError> {
    let mut room = room::of_inline(arn);
    for (name, field) in fields.entries("policies")? {
        let policy = field.policy(PolicyKind::Identity, &mut room, files)?;
        world.put_inline_policy(arn, name, policy).map_err(|error| field.refuse_name(error))?;
    }
    for field in fields.items("managed")? {
        world.attach_policy(arn, &field.parse()?).map_err(|error| field.refuse(error))?;
    }
    Ok(())
}

/// What the text says of the ids that a saved policy means, in place of those that the world has.
pub(super) fn override_saved_ids(fields: &Fields<'_>, saved: &mut ResourcePolicy) -> Result<(), FileError> {
    for (arn, id) in fields.entries("savedIds")? {
        match id.text()? {
            BY_NAME => saved.saved_ids.remove(arn),
            id => saved.saved_ids.insert(arn.into(), id.into()),
        };
    }
    Ok(())
}

fn by_arn<'a>(fields: &Fields<'a>, name: &str) -> Result<Vec<(Arn, Field<'a>)>, FileError> {
    fields.get(name).map_or_else(|| Ok(Vec::new()), |field| field.entries_by())
}

/// A group of the user's account, by its name.
fn group_named(field: &Field<'_>, user: &Arn, world: &World) -> Result<Arn, FileError> {
    let name = field.text()?;
    let account = user.account().parse().ok().and_then(|id| world.account(id));
    account.and_then(|account| account.group_named(name)).map(|group| group.arn.clone()).ok_or_else(|| {
        let known = account.into_iter().flat_map(Account::groups).map(Group::name);
        field.refuse(Problem::Change(ChangeError::Missing {
            thing: Thing::Group,
            name: name.to_owned(),
            nearest: nearest(name, known).map(str::to_owned),
        }))
    })
}

/// The unique id of an identity that was given none: the same for the same ARN, and of the form that AWS's have (the
/// prefix of its kind, then 17 letters and digits of base 32).
///
/// Source: IAM User Guide, "IAM identifiers" > "Unique identifiers".
pub(super) fn unique_id(prefix: &str, arn: &Arn) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    // FNV-1a over 128 bits: spread well enough that no two ARNs of a world meet.
    let mut hash = arn.as_str().bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    let letters = std::iter::repeat_with(|| {
        let letter = ALPHABET.get((hash % 32) as usize).copied().unwrap_or(b'A');
        hash /= 32;
        char::from(letter)
    });
    prefix.chars().chain(letters.take(17)).collect()
}

/// The trust policy of a role that was given none.
fn default_trust(arn: &Arn) -> String {
    let service_linked = arn.resource().strip_prefix("role/aws-service-role/").and_then(|rest| rest.split('/').next());
    let principal = match service_linked {
        Some(service) => serde_json::json!({ "Service": service }),
        None => serde_json::json!({ "AWS": format!("arn:{}:iam::{}:root", arn.partition(), arn.account()) }),
    };
    let statement = serde_json::json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" });
    format!("{:#}", serde_json::json!({ "Version": "2012-10-17", "Statement": [statement] }))
}
