//! Roles and their trust policies.

use aws_catalog::access::IamKind;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    call::{Call, input},
    documents::Trust,
    fault, instance_profiles,
    paging::ByPath,
    records::Role,
    tags::{Tag, Tags},
};
use crate::ServiceError;

/// How long a session is at most where nobody says.
///
/// Source: IAM API Reference, "CreateRole", `MaxSessionDuration`; its bounds are the model's.
const USUAL_SESSION: i64 = 3600;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateRole {
    #[serde(default = "root_path")]
    path: String,
    role_name: String,
    assume_role_policy_document: String,
    description: Option<String>,
    max_session_duration: Option<i64>,
    max_signin_session_duration: Option<i64>,
    permissions_boundary: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    role_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateRole {
    role_name: String,
    description: Option<String>,
    max_session_duration: Option<i64>,
    max_signin_session_duration: Option<i64>,
    reset_max_signin_session_duration: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateAssumeRolePolicy {
    role_name: String,
    policy_document: String,
}

/// How much of a role an answer tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// As part of an instance profile.
    Part,
    /// As it is when it is made.
    Made,
    Listed,
    Whole,
}

pub(super) fn root_path() -> String {
    "/".to_owned()
}

pub(super) fn create_role(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: CreateRole = input(value)?;
    refuse_console_sessions(input.max_signin_session_duration.is_some())?;
    if input.path.starts_with("/aws-service-role/") {
        return Err(fault::invalid_input(
            "Roles with the path /aws-service-role/ are made by CreateServiceLinkedRole alone.",
        ));
    }
    let mut change = call.change();
    change.must_be_new(IamKind::Role, &input.role_name)?;
    let trust = Trust::put(call, &input.assume_role_policy_document)?;
    let mut role = Role {
        arn: call.arn(IamKind::Role, &input.path, &input.role_name)?,
        id: call.new_id("AROA")?,
        path: input.path,
        name: input.role_name,
        created: call.now(),
        description: input.description.filter(|text| !text.is_empty()),
        max_session: input.max_session_duration.unwrap_or(USUAL_SESSION),
        trust,
        carried: Default::default(),
        tags: Tags::new(IamKind::Role, input.tags)?,
    };
    role.carried.boundary = change.boundary(input.permissions_boundary)?;
    let answer = json!({ "Role": told(call, &role, Detail::Made) });
    change.make(role);
    change.commit();
    Ok(answer)
}

pub(super) fn get_role(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { role_name } = input(value)?;
    Ok(json!({ "Role": told(call, call.realm().role(&role_name)?, Detail::Whole) }))
}

pub(super) fn list_roles(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: ByPath = input(value)?;
    asked.of("Roles", &call.realm().roles, |role| &role.path, |role| told(call, role, Detail::Listed))
}

pub(super) fn update_role(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: UpdateRole = input(value)?;
    let of_console = input.max_signin_session_duration.is_some() || input.reset_max_signin_session_duration.is_some();
    refuse_console_sessions(of_console)?;
    let UpdateRole { role_name, description, max_session_duration, .. } = input;
    call.edit(
        |realm| realm.role(&role_name),
        |role, _| {
            if let Some(seconds) = max_session_duration {
                role.must_be_modifiable()?;
                role.max_session = seconds;
            }
            if let Some(description) = description {
                role.description = Some(description).filter(|text| !text.is_empty());
            }
            Ok(())
        },
    )
}

pub(super) fn update_role_description(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: UpdateRole = input(value)?;
    let mut change = call.change();
    let mut role = Role::clone(change.role(&input.role_name)?);
    role.description = input.description.filter(|text| !text.is_empty());
    let mut answer = told(call, &role, Detail::Made);
    if let (Some(description), Some(fields)) = (&role.description, answer.as_object_mut()) {
        fields.insert("Description".into(), description.as_str().into());
    }
    change.put(role);
    change.commit();
    Ok(json!({ "Role": answer }))
}

pub(super) fn update_assume_role_policy(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let UpdateAssumeRolePolicy { role_name, policy_document } = input(value)?;
    call.edit(
        |realm| realm.role(&role_name),
        |role, _| {
            role.must_be_modifiable()?;
            role.trust = Trust::put(call, &policy_document)?;
            Ok(())
        },
    )
}

/// Source: IAM API Reference, "DeleteRole" (neither policies nor instance profiles may be left).
pub(super) fn delete_role(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { role_name } = input(value)?;
    call.remove(
        |realm| realm.role(&role_name),
        |role, realm| {
            role.must_be_modifiable()?;
            if instance_profiles::of_role(realm, &role.name).next().is_some() {
                return Err(instance_profiles::in_use());
            }
            role.carried.must_be_empty()
        },
    )
}

/// A role as answers have it.
///
/// Sources: the examples of each operation in the IAM API Reference; IAM API Reference, "ListRoles" (neither boundary
/// nor tags are told).
pub(super) fn told(call: &Call<'_>, role: &Role, detail: Detail) -> Value {
    let mut told = Map::new();
    let mut tell = |member: &str, value: Value| told.insert(member.to_owned(), value);
    tell("Path", role.path.as_str().into());
    tell("RoleName", role.name.as_str().into());
    tell("RoleId", role.id.as_str().into());
    tell("Arn", role.arn.as_str().into());
    tell("CreateDate", role.created.as_second().into());
    tell("AssumeRolePolicyDocument", role.trust.told(call).into());
    if matches!(detail, Detail::Listed | Detail::Whole) {
        if let Some(description) = &role.description {
            tell("Description", description.as_str().into());
        }
        tell("MaxSessionDuration", role.max_session.into());
    }
    if matches!(detail, Detail::Made | Detail::Whole) {
        if let Some(boundary) = role.carried.told_boundary() {
            tell("PermissionsBoundary", boundary);
        }
        if !role.tags.is_empty() {
            tell("Tags", role.tags.told());
        }
    }
    if detail == Detail::Whole {
        let used = call.accounts.last_use(&role.id);
        tell(
            "RoleLastUsed",
            used.map_or_else(
                || json!({}),
                |used| json!({ "LastUsedDate": used.at.as_second(), "Region": used.region.as_str() }),
            ),
        );
    }
    Value::Object(told)
}

/// The console is not there, nor are its sessions.
pub(super) fn refuse_console_sessions(asked: bool) -> Result<(), ServiceError> {
    if asked { Err(fault::unsupported("A duration of console sessions")) } else { Ok(()) }
}
