//! Access keys of users, which sign from the moment they are made.

use aws_catalog::access::IamKind;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    paging::Page,
    quotas,
    records::{AccessKey, User},
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Of {
    user_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    user_name: Option<String>,
    access_key_id: String,
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    user_name: Option<String>,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Of { user_name } = input(value)?;
    let mut change = call.change();
    let mut user = User::clone(change.user(call.user_name(user_name.as_deref())?)?);
    quotas::check(quotas::ACCESS_KEYS_PER_USER, user.keys.len())?;
    let (id, secret) = call.accounts.new_user_key(call.account()).map_err(|failed| fault::not_made(&failed))?;
    let made = AccessKey { id, active: true, created: call.now() };
    let answer = json!({ "AccessKey": {
        "UserName": user.name,
        "AccessKeyId": made.id,
        "Status": "Active",
        "SecretAccessKey": String::from_utf8_lossy(secret.expose()),
        "CreateDate": made.created.as_second(),
    } });
    user.keys.push(made);
    change.put(user);
    change.commit();
    Ok(answer)
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let List { user_name, page } = input(value)?;
    let realm = call.realm();
    let user = realm.user(call.user_name(user_name.as_deref())?)?;
    let mut keys: Vec<&AccessKey> = user.keys.iter().collect();
    keys.sort_by_key(|key| &key.id);
    page.of("AccessKeyMetadata", keys.into_iter().map(|key| (key.id.clone(), key)), |key| {
        json!({
            "UserName": user.name,
            "AccessKeyId": key.id,
            "Status": if key.active { "Active" } else { "Inactive" },
            "CreateDate": key.created.as_second(),
        })
    })
}

pub(super) fn update(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { user_name, access_key_id, status } = input(value)?;
    let active = match status.as_deref() {
        Some("Active") => true,
        Some("Inactive") => false,
        _ => return Err(fault::invalid_input("The status of an access key is set to Active or to Inactive.")),
    };
    let name = call.user_name(user_name.as_deref())?;
    call.edit(
        |realm| realm.user(name),
        |user, _| {
            let key = user.keys.iter_mut().find(|key| key.id == access_key_id);
            key.ok_or_else(|| missing(&access_key_id))?.active = active;
            Ok(())
        },
    )
}

pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { user_name, access_key_id, .. } = input(value)?;
    let name = call.user_name(user_name.as_deref())?;
    call.edit(
        |realm| realm.user(name),
        |user, _| {
            let at = user.keys.iter().position(|key| key.id == access_key_id);
            user.keys.remove(at.ok_or_else(|| missing(&access_key_id))?);
            Ok(())
        },
    )
}

/// Who has a key that is there, and when it was used; authorization has seen to those that are not.
///
/// Source: IAM API Reference, "GetAccessKeyLastUsed" (`N/A` where it was not used).
pub(super) fn last_used(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { access_key_id, .. } = input(value)?;
    let realm = call.realm();
    let user = realm.user_of_key(&access_key_id).ok_or_else(|| fault::missing(IamKind::User, ""))?;
    let used = call.accounts.last_use(&access_key_id);
    let last = used.map_or_else(
        || json!({ "ServiceName": "N/A", "Region": "N/A" }),
        |used| json!({ "LastUsedDate": used.at.as_second(), "ServiceName": used.service, "Region": used.region.as_str() }),
    );
    Ok(json!({ "UserName": user.name, "AccessKeyLastUsed": last }))
}

fn missing(id: &str) -> ServiceError {
    fault::no_such_entity(format!("The Access Key with id {id} cannot be found."))
}
