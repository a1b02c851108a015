//! Versions of managed policies: five at most, one of them the default.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{
    call::{Call, input},
    documents::url_encoded,
    fault,
    paging::Page,
    quotas::VERSIONS_PER_POLICY as MOST,
    records::{ManagedPolicy, Version},
};
use super::{known, read_version};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    policy_arn: String,
    policy_document: String,
    #[serde(default)]
    set_as_default: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    policy_arn: String,
    version_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    policy_arn: String,
    #[serde(flatten)]
    page: Page,
}

pub(in crate::iam) fn create_version(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Create { policy_arn, policy_document, set_as_default } = input(value)?;
    let mut change = call.change();
    let mut policy = ManagedPolicy::clone(change.policy(&policy_arn)?);
    read_version(call, &policy.name, &policy_document)?;
    if policy.versions.len() >= MOST {
        return Err(fault::limit_exceeded(format!(
            "A managed policy can have up to {MOST} versions. Before you create a new version, you must delete an \
             existing version."
        )));
    }
    let number = policy.next;
    let version = Version { document: policy_document, created: call.now() };
    let answer = json!({ "PolicyVersion": told_version(number, &version, set_as_default, false) });
    policy.versions.insert(number, version);
    policy.next += 1;
    policy.updated = call.now();
    if set_as_default {
        policy.default = number;
    }
    change.put(policy);
    change.commit();
    Ok(answer)
}

pub(in crate::iam) fn get_version(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { policy_arn, version_id } = input(value)?;
    fault::policy_arn(&policy_arn)?;
    let policy = known(call, &call.realm(), &policy_arn).map_err(|_| missing(&policy_arn, &version_id))?;
    let (number, version) = find(&policy, &version_id)?;
    Ok(json!({ "PolicyVersion": told_version(number, version, number == policy.default, true) }))
}

/// The newest first.
pub(in crate::iam) fn list_versions(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let List { policy_arn, page } = input(value)?;
    let policy = known(call, &call.realm(), &policy_arn)?;
    let newest_first = policy.versions.iter().rev();
    let versions = newest_first.map(|(number, version)| (format!("{:010}", u32::MAX - number), (*number, version)));
    page.of("Versions", versions, |(number, version)| told_version(number, version, number == policy.default, false))
}

pub(in crate::iam) fn delete_version(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { policy_arn, version_id } = input(value)?;
    let mut change = call.change();
    let mut policy = of_account(&change, &policy_arn, &version_id)?;
    let (number, _) = find(&policy, &version_id)?;
    if number == policy.default {
        return Err(fault::delete_conflict("Cannot delete the default version of a policy."));
    }
    policy.versions.remove(&number);
    change.put(policy);
    change.commit();
    Ok(json!({}))
}

pub(in crate::iam) fn set_default_version(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { policy_arn, version_id } = input(value)?;
    let mut change = call.change();
    let mut policy = of_account(&change, &policy_arn, &version_id)?;
    policy.default = find(&policy, &version_id)?.0;
    policy.updated = call.now();
    change.put(policy);
    change.commit();
    Ok(json!({}))
}

fn of_account(realm: &super::Realm, arn: &str, version: &str) -> Result<ManagedPolicy, ServiceError> {
    fault::policy_arn(arn)?;
    realm.policy(arn).map(|policy| ManagedPolicy::clone(policy)).map_err(|_| missing(arn, version))
}

fn find<'p>(policy: &'p ManagedPolicy, version_id: &str) -> Result<(u32, &'p Version), ServiceError> {
    let number = version_id.strip_prefix('v').and_then(|number| number.parse().ok());
    let found = number.and_then(|number| Some((number, policy.versions.get(&number)?)));
    found.ok_or_else(|| missing(policy.arn.as_str(), version_id))
}

fn missing(arn: &str, version: &str) -> ServiceError {
    fault::no_such_entity(format!("Policy {arn} version {version} does not exist or is not attachable."))
}

/// A version as answers have it, with its document where they do.
pub(in crate::iam) fn told_version(number: u32, version: &Version, is_default: bool, with_document: bool) -> Value {
    let mut told = json!({
        "VersionId": format!("v{number}"),
        "IsDefaultVersion": is_default,
        "CreateDate": version.created.as_second(),
    });
    if let (true, Some(fields)) = (with_document, told.as_object_mut()) {
        fields.insert("Document".into(), url_encoded(&version.document).into());
    }
    told
}
