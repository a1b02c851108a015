//! Groups and who is in them.

use aws_catalog::access::IamKind;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    paging::{ByPath, Page},
    quotas,
    records::Group,
    roles::root_path,
    state::key,
    users,
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateGroup {
    #[serde(default = "root_path")]
    path: String,
    group_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    group_name: String,
    #[serde(flatten)]
    page: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Membership {
    group_name: String,
    user_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateGroup {
    group_name: String,
    new_path: Option<String>,
    new_group_name: Option<String>,
}

pub(super) fn create_group(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let CreateGroup { path, group_name } = input(value)?;
    let mut change = call.change();
    change.must_be_new(IamKind::Group, &group_name)?;
    let group = Group {
        arn: call.arn(IamKind::Group, &path, &group_name)?,
        id: call.new_id("AGPA")?,
        path,
        name: group_name,
        created: call.now(),
        members: Default::default(),
        carried: Default::default(),
    };
    let answer = json!({ "Group": told(&group) });
    change.put(group);
    change.commit();
    Ok(answer)
}

pub(super) fn get_group(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { group_name, page } = input(value)?;
    let realm = call.realm();
    let group = realm.group(&group_name)?;
    let members = group.members.keys().filter_map(|member| Some((member.clone(), realm.users.get(member)?)));
    let mut answer = page.of("Users", members, |user| users::told(user, false))?;
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("Group".into(), told(group));
    }
    Ok(answer)
}

pub(super) fn list_groups(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: ByPath = input(value)?;
    asked.of("Groups", &call.realm().groups, |group| &group.path, told)
}

/// Source: IAM User Guide, "Rename an IAM group" (its unique id, its policies and its members stay).
pub(super) fn update_group(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: UpdateGroup = input(value)?;
    let mut change = call.change();
    let before = Group::clone(change.group(&input.group_name)?);
    let mut group = before.clone();
    group.name = input.new_group_name.unwrap_or(group.name);
    group.path = input.new_path.unwrap_or(group.path);
    group.arn = call.arn(IamKind::Group, &group.path, &group.name)?;
    if key(&group.name) != key(&before.name) {
        change.must_be_new(IamKind::Group, &group.name)?;
        change.remove(&before);
    }
    change.put(group);
    change.commit();
    Ok(json!({}))
}

/// Source: IAM API Reference, "DeleteGroup" (neither users nor policies may be left).
pub(super) fn delete_group(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { group_name, .. } = input(value)?;
    let mut change = call.change();
    let group = Group::clone(change.group(&group_name)?);
    if !group.members.is_empty() {
        return Err(fault::delete_conflict("Cannot delete entity, must remove users from group first."));
    }
    group.carried.must_be_empty()?;
    change.remove(&group);
    change.commit();
    Ok(json!({}))
}

pub(super) fn add_user(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Membership { group_name, user_name } = input(value)?;
    let mut change = call.change();
    let mut group = Group::clone(change.group(&group_name)?);
    let (member, arn) = change.user(&user_name).map(|user| (key(&user.name), user.arn.clone()))?;
    if !group.members.contains_key(&member) {
        let groups = change.groups.values().filter(|group| group.members.contains_key(&member)).count();
        quotas::check(quotas::GROUPS_PER_USER, groups)?;
    }
    group.members.insert(member, arn);
    change.put(group);
    change.commit();
    Ok(json!({}))
}

/// Who is not in the group may be taken out of it all the same.
pub(super) fn remove_user(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Membership { group_name, user_name } = input(value)?;
    let mut change = call.change();
    let member = key(&change.user(&user_name)?.name);
    let mut group = Group::clone(change.group(&group_name)?);
    group.members.remove(&member);
    change.put(group);
    change.commit();
    Ok(json!({}))
}

/// A group as answers have it.
pub(super) fn told(group: &Group) -> Value {
    json!({
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": group.arn.as_str(),
        "CreateDate": group.created.as_second(),
    })
}
