//! Instance profiles: how a role gets to an instance.

use aws_catalog::access::IamKind;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    call::{Call, input},
    fault,
    paging::Page,
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
struct List {
    #[serde(default = "root_path")]
    path_prefix: String,
    #[serde(flatten)]
    page: Page,
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
        tags: Tags::new(tags)?,
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
    let List { path_prefix, page } = input(value)?;
    let realm = call.realm();
    let profiles = realm.profiles.iter().filter(|(_, profile)| profile.path.starts_with(&path_prefix));
    page.of("InstanceProfiles", profiles.map(|(key, profile)| (key.clone(), profile)), |profile| {
        told(call, &realm, profile, false)
    })
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
    let mut change = call.change();
    let profile = InstanceProfile::clone(change.profile(&instance_profile_name)?);
    if profile.role.is_some() {
        return Err(fault::delete_conflict("Cannot delete entity, must remove roles from instance profile first."));
    }
    change.remove(&profile);
    change.commit();
    Ok(json!({}))
}

/// Source: IAM API Reference, "AddRoleToInstanceProfile" (one role at most).
pub(super) fn add_role(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let WithRole { instance_profile_name, role_name } = input(value)?;
    let mut change = call.change();
    let mut profile = InstanceProfile::clone(change.profile(&instance_profile_name)?);
    change.role(&role_name)?.must_be_modifiable()?;
    if profile.role.is_some() {
        return Err(fault::quota("InstanceSessionsPerInstanceProfile", 1));
    }
    profile.role = Some(role_name);
    change.put(profile);
    change.commit();
    Ok(json!({}))
}

pub(super) fn remove_role(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let WithRole { instance_profile_name, role_name } = input(value)?;
    let mut change = call.change();
    let mut profile = InstanceProfile::clone(change.profile(&instance_profile_name)?);
    change.role(&role_name)?.must_be_modifiable()?;
    if profile.role.as_ref() != Some(&role_name) {
        return Err(fault::no_such_entity(format!(
            "Role {role_name} in Instance Profile {instance_profile_name} cannot be found."
        )));
    }
    profile.role = None;
    change.put(profile);
    change.commit();
    Ok(json!({}))
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
