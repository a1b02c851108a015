//! Service-specific credentials: a user's name and password, or key, for one service.
//!
//! Source: IAM User Guide, "Service-specific credentials for IAM users"; IAM API Reference,
//! "CreateServiceSpecificCredential" (the services; two for each service; days for Bedrock's alone).

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    call::{Call, input},
    fault,
    paging::Page,
    quotas,
    records::{ServiceCredential, User},
    state::Realm,
};
use crate::ServiceError;

/// Whose credential is a key, told once, and not a user name with a password.
const OF_KEYS: &str = "bedrock.amazonaws.com";
const SERVICES: [&str; 3] = [OF_KEYS, "cassandra.amazonaws.com", "codecommit.amazonaws.com"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    user_name: String,
    service_name: String,
    credential_age_days: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    user_name: Option<String>,
    service_name: Option<String>,
    #[serde(default)]
    all_users: bool,
    #[serde(flatten)]
    page: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    user_name: Option<String>,
    service_specific_credential_id: String,
    status: Option<String>,
}

pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Create { user_name, service_name, credential_age_days } = input(value)?;
    let mut change = call.change();
    let mut user = User::clone(change.user(&user_name)?);
    must_be_served(&service_name)?;
    if credential_age_days.is_some() && service_name != OF_KEYS {
        return Err(fault::validation(format!("CredentialAgeDays is not supported for {service_name}.")));
    }
    let of_service: Vec<&str> = of_service(&user, &service_name).map(|known| known.user_name.as_str()).collect();
    quotas::check(quotas::SERVICE_CREDENTIALS_PER_USER, of_service.len())?;
    let name =
        (0..).map(|number| service_user_name(&user.name, number, call)).find(|name| !of_service.contains(&&**name));
    let created = call.now();
    let lasts = |days: i64| created.checked_add(SignedDuration::from_hours(days.saturating_mul(24)));
    let made = ServiceCredential {
        id: call.new_id("ACCA")?,
        service: service_name,
        user_name: name.unwrap_or_default(),
        active: true,
        created,
        expires: credential_age_days.map(|days| lasts(days).unwrap_or(Timestamp::MAX)),
        resets: 0,
    };
    let answer = with_secret(call, &user.name, &made);
    user.credentials.of_services.push(made);
    change.put(user);
    change.commit();
    Ok(answer)
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let List { user_name, service_name, all_users, page } = input(value)?;
    if let Some(service) = &service_name {
        must_be_served(service)?;
    }
    let realm = call.realm();
    let users: Vec<&User> = match (all_users, &user_name) {
        (true, None) => realm.users.values().map(AsRef::as_ref).collect(),
        (true, Some(_)) => return Err(fault::validation("UserName and AllUsers cannot be given together.")),
        (false, name) => vec![realm.user(call.user_name(name.as_deref())?)?],
    };
    let all = users.into_iter().flat_map(|user| user.credentials.of_services.iter().map(move |each| (user, each)));
    let mut meant: Vec<_> =
        all.filter(|(_, each)| service_name.as_ref().is_none_or(|service| *service == each.service)).collect();
    meant.sort_by_key(|(_, each)| &each.id);
    page.of("ServiceSpecificCredentials", meant.into_iter().map(|item| (item.1.id.clone(), item)), |(user, each)| {
        told(call, &user.name, each).into()
    })
}

pub(super) fn update(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { user_name, service_specific_credential_id: id, status } = input(value)?;
    let active = match status.as_deref() {
        Some("Active") => true,
        Some("Inactive") => false,
        _ => return Err(fault::validation("The status of a credential is set to Active or to Inactive.")),
    };
    let name = call.user_name(user_name.as_deref())?;
    call.edit(
        |realm| realm.user(name),
        |user, _| {
            find(user, &id)?.active = active;
            Ok(())
        },
    )
}

/// Another password from now on.
pub(super) fn reset(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { user_name, service_specific_credential_id: id, .. } = input(value)?;
    let mut change = call.change();
    let mut user = User::clone(change.user(call.user_name(user_name.as_deref())?)?);
    let credential = find(&mut user, &id)?;
    credential.resets += 1;
    let credential = credential.clone();
    let answer = with_secret(call, &user.name, &credential);
    change.put(user);
    change.commit();
    Ok(answer)
}

pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { user_name, service_specific_credential_id: id, .. } = input(value)?;
    let name = call.user_name(user_name.as_deref())?;
    call.edit(
        |realm| realm.user(name),
        |user, _| {
            find(user, &id)?;
            user.credentials.of_services.retain(|known| known.id != id);
            Ok(())
        },
    )
}

/// The service that a user's credential is for, which policies may ask for.
pub(super) fn service_of<'r>(realm: &'r Realm, user: &str, id: &str) -> Option<&'r str> {
    let credentials = &realm.user(user).ok()?.credentials.of_services;
    credentials.iter().find(|known| known.id == id).map(|known| known.service.as_str())
}

fn must_be_served(service: &str) -> Result<(), ServiceError> {
    if SERVICES.contains(&service) {
        return Ok(());
    }
    let message = format!("No such service {service} is supported for Service Specific Credentials");
    Err(ServiceError::new("NotSupportedService", message).with_status(404))
}

fn of_service<'u>(user: &'u User, service: &str) -> impl Iterator<Item = &'u ServiceCredential> {
    user.credentials.of_services.iter().filter(move |known| known.service == service)
}

/// `ann-at-111122223333`, then `ann+1-at-111122223333`.
fn service_user_name(user: &str, number: usize, call: &Call<'_>) -> String {
    let account = call.account();
    if number == 0 { format!("{user}-at-{account}") } else { format!("{user}+{number}-at-{account}") }
}

fn find<'u>(user: &'u mut User, id: &str) -> Result<&'u mut ServiceCredential, ServiceError> {
    let found = user.credentials.of_services.iter_mut().find(|known| known.id == id);
    found.ok_or_else(|| fault::no_such_entity(format!("No such credential {id} exists")))
}

fn told(call: &Call<'_>, user: &str, credential: &ServiceCredential) -> Map<String, Value> {
    let ServiceCredential { id, service, user_name, active, created, expires, .. } = credential;
    let has_expired = expires.is_some_and(|expires| expires <= call.ctx.now);
    let status = if has_expired {
        "Expired"
    } else if *active {
        "Active"
    } else {
        "Inactive"
    };
    let mut told = Map::new();
    let mut tell = |member: &str, value: Value| told.insert(member.to_owned(), value);
    tell("UserName", user.into());
    tell("Status", status.into());
    tell(if service == OF_KEYS { "ServiceCredentialAlias" } else { "ServiceUserName" }, user_name.as_str().into());
    tell("CreateDate", created.as_second().into());
    if let Some(expires) = expires {
        tell("ExpirationDate", expires.as_second().into());
    }
    tell("ServiceSpecificCredentialId", id.as_str().into());
    tell("ServiceName", service.as_str().into());
    told
}

/// What is told once.
fn with_secret(call: &Call<'_>, user: &str, credential: &ServiceCredential) -> Value {
    let mut told = told(call, user, credential);
    let secret = call.accounts.service_password(&credential.id, credential.resets);
    let secret = String::from_utf8_lossy(secret.expose());
    if credential.service == OF_KEYS {
        told.insert("ServiceCredentialSecret".into(), format!("ABSK{secret}").into());
    } else {
        told.insert("ServicePassword".into(), secret.into());
    }
    json!({ "ServiceSpecificCredential": told })
}
