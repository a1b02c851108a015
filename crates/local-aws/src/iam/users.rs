//! Users.

use aws_catalog::access::IamKind;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    call::{Call, input},
    fault, groups,
    paging::{ByPath, Page},
    records::{Group, User},
    roles::root_path,
    state::{Realm, key},
    tags::{Tag, Tags},
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateUser {
    #[serde(default = "root_path")]
    path: String,
    user_name: String,
    permissions_boundary: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    user_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateUser {
    user_name: String,
    new_path: Option<String>,
    new_user_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListGroupsForUser {
    user_name: String,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn create_user(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: CreateUser = input(value)?;
    let mut change = call.change();
    change.must_be_new(IamKind::User, &input.user_name)?;
    let mut user = User {
        arn: call.arn(IamKind::User, &input.path, &input.user_name)?,
        id: call.new_id("AIDA")?,
        path: input.path,
        name: input.user_name,
        created: call.now(),
        keys: Vec::new(),
        credentials: Default::default(),
        carried: Default::default(),
        tags: Tags::new(IamKind::User, input.tags)?,
    };
    user.carried.boundary = change.boundary(input.permissions_boundary)?;
    let answer = json!({ "User": told(&user, true) });
    change.make(user);
    change.commit();
    Ok(answer)
}

pub(super) fn get_user(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { user_name } = input(value)?;
    Ok(json!({ "User": told(call.realm().user(call.user_name(user_name.as_deref())?)?, true) }))
}

pub(super) fn list_users(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: ByPath = input(value)?;
    asked.of("Users", &call.realm().users, |user| &user.path, |user| told(user, false))
}

/// A new name or path: the user keeps its unique id, its access keys, its policies and its groups.
///
/// Source: IAM User Guide, "Rename an IAM user".
pub(super) fn update_user(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: UpdateUser = input(value)?;
    let mut change = call.change();
    let before = User::clone(change.user(&input.user_name)?);
    let mut user = before.clone();
    user.name = input.new_user_name.unwrap_or(user.name);
    user.path = input.new_path.unwrap_or(user.path);
    if key(&user.name) != key(&before.name) {
        change.must_be_new(IamKind::User, &user.name)?;
    }
    user.arn = call.arn(IamKind::User, &user.path, &user.name)?;
    let groups: Vec<Group> = groups_of(&change, &before).cloned().collect();
    for group in &groups {
        let mut left = group.clone();
        left.members.remove(&key(&before.name));
        change.put(left);
    }
    if key(&user.name) != key(&before.name) {
        change.remove(&before);
    }
    let (name, arn) = (key(&user.name), user.arn.clone());
    change.put(user);
    for mut group in groups {
        group.members.remove(&key(&before.name));
        group.members.insert(name.clone(), arn.clone());
        change.put(group);
    }
    change.commit();
    Ok(json!({}))
}

/// Source: IAM API Reference, "DeleteUser" (what must be gone before).
pub(super) fn delete_user(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { user_name } = input(value)?;
    call.remove(
        |realm| realm.user(user_name.as_deref().unwrap_or_default()),
        |user, realm| {
            if groups_of(realm, user).next().is_some() {
                return Err(fault::delete_conflict("Cannot delete entity, must remove users from group first."));
            }
            user.carried.must_be_empty()?;
            if !user.keys.is_empty() {
                return Err(fault::delete_conflict("Cannot delete entity, must delete access keys first."));
            }
            user.credentials.must_be_empty()
        },
    )
}

pub(super) fn list_groups_for_user(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let ListGroupsForUser { user_name, page } = input(value)?;
    let realm = call.realm();
    let member = key(&realm.user(&user_name)?.name);
    let groups = realm.groups.iter().filter(|(_, group)| group.members.contains_key(&member));
    page.of("Groups", groups.map(|(key, group)| (key.clone(), group)), |group| groups::told(group))
}

fn groups_of<'r>(realm: &'r Realm, user: &User) -> impl Iterator<Item = &'r Group> + use<'r> {
    let member = key(&user.name);
    realm.groups.values().map(AsRef::as_ref).filter(move |group| group.members.contains_key(&member))
}

/// A user as answers have it; lists leave out its boundary and its tags.
///
/// Source: IAM API Reference, "ListUsers".
pub(super) fn told(user: &User, whole: bool) -> Value {
    let mut told = Map::new();
    let mut tell = |member: &str, value: Value| told.insert(member.to_owned(), value);
    tell("Path", user.path.as_str().into());
    tell("UserName", user.name.as_str().into());
    tell("UserId", user.id.as_str().into());
    tell("Arn", user.arn.as_str().into());
    tell("CreateDate", user.created.as_second().into());
    if whole {
        if let Some(boundary) = user.carried.told_boundary() {
            tell("PermissionsBoundary", boundary);
        }
        if !user.tags.is_empty() {
            tell("Tags", user.tags.told());
        }
    }
    Value::Object(told)
}
