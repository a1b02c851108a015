//! `iam get-account-authorization-details`.
//!
//! Source: IAM API Reference, `GetAccountAuthorizationDetails`.

use aws_model::{AccountId, Arn};

use super::{
    super::{
        FileError, Problem,
        field::{Field, Fields},
        room,
    },
    policy, refuse_truncated, tags,
};
use crate::{
    policy::{
        PolicyKind,
        limits::{Room, SizeQuota},
    },
    world::World,
};

pub(super) fn account_details(
    world: &mut World,
    account: AccountId,
    fields: &Fields<'_>,
    remarks: &mut Vec<FileError>,
) -> Result<(), FileError> {
    refuse_truncated(fields)?;
    // Whoever is not in this text does not exist.
    world.account_mut(account).identities_are_partial = false;
    managed_policies(world, account, fields, remarks)?;
    for group in fields.items("GroupDetailList")? {
        let (arn, group) = named(&group, account)?;
        world.put_group(&arn).map_err(|error| group.whole().refuse(error))?;
        policies(world, &arn, &group, "GroupPolicyList", remarks)?;
    }
    for user in fields.items("UserDetailList")? {
        let (arn, user) = named(&user, account)?;
        let id = user.need("UserId")?.text()?;
        world.put_user(&arn, id).map_err(|error| user.whole().refuse(error))?;
        carried(world, &arn, &user, "UserPolicyList", remarks)?;
        for name in user.items("GroupList")? {
            let group = group_named(world, account, name.text()?);
            let problem =
                || Problem::Value(format!("the group `{}` is not in this text", name.text().unwrap_or_default()));
            let group = group.ok_or_else(|| name.refuse(problem()))?;
            world.add_to_group(&arn, &group).map_err(|error| name.refuse(error))?;
        }
    }
    roles(world, account, fields, remarks)
}

fn managed_policies(
    world: &mut World,
    account: AccountId,
    fields: &Fields<'_>,
    remarks: &mut Vec<FileError>,
) -> Result<(), FileError> {
    for item in fields.items("Policies")? {
        let fields = item.clone().some_fields()?;
        let arn: Arn = fields.need("Arn")?.parse()?;
        if arn.account() != "aws" {
            expect_account(&fields.need("Arn")?, &arn, account)?;
        }
        let default = fields.need("DefaultVersionId")?.text()?;
        let mut versions = fields.items("PolicyVersionList")?.into_iter().map(Field::some_fields);
        let document = loop {
            match versions.next().transpose()? {
                Some(version) if version.text("VersionId")? == Some(default) => break version.need("Document")?,
                Some(_) => {}
                None => {
                    let problem = format!("its default version `{default}` is not in this text");
                    return Err(item.refuse(Problem::Value(problem)));
                }
            }
        };
        let document = policy(&document, PolicyKind::Identity, &mut room::of_managed(&arn), remarks)?;
        world.put_managed_policy(&arn, document).map_err(|error| item.refuse(error))?;
    }
    Ok(())
}

fn roles(
    world: &mut World,
    account: AccountId,
    fields: &Fields<'_>,
    remarks: &mut Vec<FileError>,
) -> Result<(), FileError> {
    let roles = fields.items("RoleDetailList")?;
    for item in &roles {
        let (arn, role) = named(item, account)?;
        let mut room = Room::up_to(SizeQuota::Trust, SizeQuota::Trust.raised_limit());
        let trust = policy(&role.need("AssumeRolePolicyDocument")?, PolicyKind::Trust, &mut room, remarks)?;
        // AWS has taken it: so it raised the quota, at least so far.
        if room.taken() > world.account_mut(account).role_trust_policy_length() {
            world.account_mut(account).raised_role_trust_policy_length = Some(room.taken());
        }
        let id = role.need("RoleId")?.text()?;
        world.put_role(&arn, id, trust).map_err(|error| role.whole().refuse(error))?;
        carried(world, &arn, &role, "RolePolicyList", remarks)?;
    }
    // AWS prints the unique id where a role is gone, so an ARN means the role that is there: now all are.
    for item in &roles {
        let (arn, _) = named(item, account)?;
        if let Some(trust) = world.role(&arn).map(|role| role.trust.policy.clone()) {
            world.set_trust(&arn, trust).map_err(|error| item.refuse(error))?;
        }
    }
    Ok(())
}

/// What users and roles have in common.
fn carried(
    world: &mut World,
    arn: &Arn,
    fields: &Fields<'_>,
    inline: &str,
    remarks: &mut Vec<FileError>,
) -> Result<(), FileError> {
    policies(world, arn, fields, inline, remarks)?;
    if let Some(boundary) = fields.get("PermissionsBoundary") {
        let boundary = boundary.some_fields()?.need("PermissionsBoundaryArn")?;
        world.set_boundary(arn, Some(&boundary.parse()?)).map_err(|error| boundary.refuse(error))?;
    }
    let tags = tags(fields.items("Tags")?, "Key", "Value")?;
    world.set_identity_tags(arn, tags).map_err(|error| fields.whole().refuse(error))
}

fn policies(
    world: &mut World,
    arn: &Arn,
    fields: &Fields<'_>,
    inline: &str,
    remarks: &mut Vec<FileError>,
) -> Result<(), FileError> {
    let mut room = room::of_inline(arn);
    for item in fields.items(inline)? {
        let fields = item.clone().some_fields()?;
        let document = policy(&fields.need("PolicyDocument")?, PolicyKind::Identity, &mut room, remarks)?;
        let name = fields.need("PolicyName")?.text()?;
        world.put_inline_policy(arn, name, document).map_err(|error| item.refuse(error))?;
    }
    for item in fields.items("AttachedManagedPolicies")? {
        let policy = item.some_fields()?.need("PolicyArn")?;
        world.attach_policy(arn, &policy.parse()?).map_err(|error| policy.refuse(error))?;
    }
    Ok(())
}

fn named<'a>(item: &Field<'a>, account: AccountId) -> Result<(Arn, Fields<'a>), FileError> {
    let fields = item.clone().some_fields()?;
    let field = fields.need("Arn")?;
    let arn: Arn = field.parse()?;
    expect_account(&field, &arn, account)?;
    Ok((arn, fields))
}

fn expect_account(field: &Field<'_>, arn: &Arn, account: AccountId) -> Result<(), FileError> {
    if arn.account() == account.as_str() {
        return Ok(());
    }
    let problem = format!("`{arn}` is not of account {account}, from which this is said to come");
    Err(field.refuse(Problem::Value(problem)))
}

fn group_named(world: &World, account: AccountId, name: &str) -> Option<Arn> {
    world.account(account)?.group_named(name).map(|group| group.arn.clone())
}
