//! Instance profiles: how a role gets to an instance.

use aws_catalog::access::IamKind;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    call::{Call, input},
    fault,
    paging::{ByPath, Page},
    records::InstanceProfile,
    roles::{self, Detail, root_path},
    state::{Realm, key},
    tags::{Tag, Tags},
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    instance_profile_name: String,
    #[serde(default = "root_path")]
    path: String,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    instance_profile_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WithRole {
    instance_profile_name: String,
    role_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListForRole {
    role_name: String,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Create { instance_profile_name, path, tags } = input(value)?;
    let mut change = call.change();
    change.must_be_new(IamKind::InstanceProfile, &instance_profile_name)?;
    let profile = InstanceProfile {
        arn: call.arn(IamKind::InstanceProfile, &path, &instance_profile_name)?,
        id: call.new_id("AIPA")?,
        path,
        name: instance_profile_name,
        created: call.now(),
        role: None,
        tags: Tags::new(IamKind::InstanceProfile, tags)?,
    };
    let answer = json!({ "InstanceProfile": told(call, &change, &profile, !profile.tags.is_empty()) });
    change.put(profile);
    change.commit();
    Ok(answer)
}

pub(super) fn get(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { instance_profile_name } = input(value)?;
    let realm = call.realm();
    Ok(json!({ "InstanceProfile": told(call, &realm, realm.profile(&instance_profile_name)?, true) }))
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: ByPath = input(value)?;
    let realm = call.realm();
    let show = |profile: &InstanceProfile| told(call, &realm, profile, false);
    asked.of("InstanceProfiles", &realm.profiles, |profile| &profile.path, show)
}

pub(super) fn list_for_role(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let ListForRole { role_name, page } = input(value)?;
    let realm = call.realm();
    realm.role(&role_name)?;
    let profiles = realm.profiles.iter().filter(|(_, profile)| profile.role.as_deref() == Some(&role_name));
    page.of("InstanceProfiles", profiles.map(|(key, profile)| (key.clone(), profile)), |profile| {
        told(call, &realm, profile, false)
    })
}

pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { instance_profile_name } = input(value)?;
    let is_free = |profile: &InstanceProfile, _: &Realm| match profile.role {
        Some(_) => Err(in_use()),
        None => Ok(()),
    };
    call.remove(|realm| realm.profile(&instance_profile_name), is_free)
}

/// A role is in an instance profile.
pub(super) fn in_use() -> ServiceError {
    fault::delete_conflict("Cannot delete entity, must remove roles from instance profile first.")
}

/// Source: IAM API Reference, "AddRoleToInstanceProfile" (one role at most).
pub(super) fn add_role(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    edit_role(call, value, |profile, role_name| {
        if profile.role.is_some() {
            return Err(fault::quota("InstanceSessionsPerInstanceProfile", 1));
        }
        profile.role = Some(role_name);
        Ok(())
    })
}

pub(super) fn remove_role(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    edit_role(call, value, |profile, role_name| {
        if profile.role.as_ref() != Some(&role_name) {
            let profile = &profile.name;
            let message = format!("Role {role_name} in Instance Profile {profile} cannot be found.");
            return Err(fault::no_such_entity(message));
        }
        profile.role = None;
        Ok(())
    })
}

fn edit_role(
    call: &Call<'_>,
    value: Value,
    edit: impl FnOnce(&mut InstanceProfile, String) -> Result<(), ServiceError>,
) -> Result<Value, ServiceError> {
    let WithRole { instance_profile_name, role_name } = input(value)?;
    call.edit(
        |realm| realm.profile(&instance_profile_name),
        |profile, realm| {
            realm.role(&role_name)?.must_be_modifiable()?;
            edit(profile, role_name)
        },
    )
}

/// The profiles of a role.
pub(super) fn of_role<'r>(realm: &'r Realm, role_name: &'r str) -> impl Iterator<Item = &'r InstanceProfile> {
    realm.profiles.values().map(AsRef::as_ref).filter(move |profile| profile.role.as_deref() == Some(role_name))
}

/// An instance profile as answers have it, with its tags where they do.
pub(super) fn told(call: &Call<'_>, realm: &Realm, profile: &InstanceProfile, with_tags: bool) -> Value {
    let role = profile.role.as_deref().and_then(|name| realm.roles.get(&key(name)));
    let roles: Vec<Value> = role.iter().map(|role| roles::told(call, role, Detail::Part)).collect();
    let mut told = Map::new();
    let mut tell = |member: &str, value: Value| told.insert(member.to_owned(), value);
    tell("Path", profile.path.as_str().into());
    tell("InstanceProfileName", profile.name.as_str().into());
    tell("InstanceProfileId", profile.id.as_str().into());
    tell("Arn", profile.arn.as_str().into());
    tell("CreateDate", profile.created.as_second().into());
    tell("Roles", roles.into());
    if with_tags {
        tell("Tags", profile.tags.told());
    }
    Value::Object(told)
}
