//! How a service-linked role goes: by a task, which fails while the service has anything that uses the role.
//!
//! Sources: IAM API Reference, "DeleteServiceLinkedRole", "GetServiceLinkedRoleDeletionStatus" and "RoleUsageType"; IAM User
//! Guide, "Delete a service-linked role". The words of the reason are assumed. Here a task is over when its id is told.

use std::collections::BTreeMap;

use aws_catalog::access::IamKind;
use aws_model::Arn;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        call::{Call, input},
        fault,
        records::{Account, Role, RoleUsage},
    },
    role_of_task,
};
use crate::ServiceError;

/// How many deletions are remembered.
const DELETIONS: usize = 100;

/// How many of the resources that use a role are told, in each region.
const TOLD: usize = 10;

/// What of an account uses the role that is linked to a service.
pub(crate) type Users<'u> = dyn Fn(&str, &Arn) -> Vec<Arn> + Sync + 'u;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    role_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Task {
    deletion_task_id: String,
}

pub(in crate::iam) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { role_name } = input(value)?;
    let (service, arn) = {
        let realm = call.realm();
        let role = linked(realm.role(&role_name)?)?;
        (service_of(role).to_owned(), role.arn.clone())
    };
    // Asked before the change begins: services look at IAM under locks of their own.
    let usage = by_region((call.users)(&service, &arn));
    let mut change = call.change();
    let role = Role::clone(linked(change.role(&role_name)?)?);
    let task = format!("task{}{}/{}", role.path, role.name, uuid::Uuid::new_v4());
    let mut account = change.account.get("").map(|account| Account::clone(account)).unwrap_or_default();
    account.deletions.push(task.clone());
    let too_many = account.deletions.len().saturating_sub(DELETIONS);
    for forgotten in account.deletions.drain(..too_many) {
        account.failed_deletions.remove(&forgotten);
    }
    if usage.is_empty() {
        change.remove(&role);
    } else {
        account.failed_deletions.insert(task.clone(), usage);
    }
    change.put(account);
    change.commit();
    Ok(json!({ "DeletionTaskId": task }))
}

pub(in crate::iam) fn deletion_status(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Task { deletion_task_id: task } = input(value)?;
    if role_of_task(call, &task).is_none() {
        return Err(fault::invalid_input(format!("The deletion task id {task} is not valid.")));
    }
    let realm = call.realm();
    let known = realm.account.values().find(|account| account.deletions.contains(&task));
    let Some(account) = known else {
        return Err(fault::no_such_entity(format!("Deletion task {task} cannot be found.")));
    };
    Ok(match account.failed_deletions.get(&task) {
        None => json!({ "Status": "SUCCEEDED" }),
        Some(usage) => {
            let usage: Vec<Value> =
                usage.iter().map(|used| json!({ "Region": used.region, "Resources": used.resources })).collect();
            let reason = "The role cannot be deleted while its service has resources that use it. Delete them first.";
            json!({ "Status": "FAILED", "Reason": { "Reason": reason, "RoleUsageList": usage } })
        }
    })
}

fn linked(role: &Role) -> Result<&Role, ServiceError> {
    if role.is_service_linked() { Ok(role) } else { Err(fault::missing(IamKind::Role, &role.name)) }
}

/// `autoscaling.amazonaws.com` of `/aws-service-role/autoscaling.amazonaws.com/`.
fn service_of(role: &Role) -> &str {
    role.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

fn by_region(users: Vec<Arn>) -> Vec<RoleUsage> {
    let mut regions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for user in users {
        let told = regions.entry(user.region().to_owned()).or_default();
        if told.len() < TOLD {
            told.push(user.to_string());
        }
    }
    regions.into_iter().map(|(region, resources)| RoleUsage { region, resources }).collect()
}
