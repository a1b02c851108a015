//! Inline policies of roles, users and groups.

use authz::policy::{PolicyKind, limits::SizeQuota};
use aws_catalog::access::IamKind;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    documents::{read, url_encoded},
    fault,
    paging::Page,
};
use crate::ServiceError;

/// Whose policy, and its name.
#[derive(Deserialize)]
struct Named {
    #[serde(alias = "RoleName", alias = "UserName", alias = "GroupName")]
    carrier: String,
    #[serde(rename = "PolicyName")]
    policy: String,
}

#[derive(Deserialize)]
struct Put {
    #[serde(flatten)]
    named: Named,
    #[serde(rename = "PolicyDocument")]
    document: String,
}

#[derive(Deserialize)]
struct List {
    #[serde(alias = "RoleName", alias = "UserName", alias = "GroupName")]
    carrier: String,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn put(call: &Call<'_>, kind: IamKind, value: Value) -> Result<Value, ServiceError> {
    let Put { named: Named { carrier, policy }, document } = input(value)?;
    let mut change = call.change();
    change.edit_carried(kind, &carrier, |carried| {
        let assumptions = call.state.authorizer().assumptions();
        read(&format!("inline policy {policy}"), &document, PolicyKind::Identity, assumptions)?;
        carried.inline.insert(policy, document);
        let quota = quota(kind);
        let size = carried.inline.values().map(|document| quota.size_of(document)).sum();
        quota.check(size).map_err(|too_large| fault::limit_exceeded(too_large.aws_message(&carrier)))
    })?;
    change.commit();
    Ok(json!({}))
}

pub(super) fn get(call: &Call<'_>, kind: IamKind, value: Value) -> Result<Value, ServiceError> {
    let Named { carrier, policy } = input(value)?;
    let realm = call.realm();
    let document = realm.carried(kind, &carrier)?.inline.get(&policy).ok_or_else(|| missing(kind, &policy))?;
    let carrier_member = match kind {
        IamKind::User => "UserName",
        IamKind::Group => "GroupName",
        _ => "RoleName",
    };
    Ok(json!({ carrier_member: carrier, "PolicyName": policy, "PolicyDocument": url_encoded(document) }))
}

pub(super) fn list(call: &Call<'_>, kind: IamKind, value: Value) -> Result<Value, ServiceError> {
    let List { carrier, page } = input(value)?;
    let realm = call.realm();
    let names = realm.carried(kind, &carrier)?.inline.keys();
    page.of("PolicyNames", names.map(|name| (name.clone(), name)), |name| name.as_str().into())
}

pub(super) fn delete(call: &Call<'_>, kind: IamKind, value: Value) -> Result<Value, ServiceError> {
    let Named { carrier, policy } = input(value)?;
    let mut change = call.change();
    change.edit_carried(kind, &carrier, |carried| {
        carried.inline.remove(&policy).map(drop).ok_or_else(|| missing(kind, &policy))
    })?;
    change.commit();
    Ok(json!({}))
}

const fn quota(kind: IamKind) -> SizeQuota {
    match kind {
        IamKind::User => SizeQuota::UserInline,
        IamKind::Group => SizeQuota::GroupInline,
        _ => SizeQuota::RoleInline,
    }
}

fn missing(kind: IamKind, policy: &str) -> ServiceError {
    fault::no_such_entity(format!("The {} policy with name {policy} cannot be found.", kind.name()))
}
