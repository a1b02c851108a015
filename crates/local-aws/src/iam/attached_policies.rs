//! Managed policies attached to roles, users and groups.

use aws_catalog::access::IamKind;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    managed_policies::order,
    paging::Page,
    quotas,
    records::told::path_and_name,
    roles::root_path,
};
use crate::ServiceError;

#[derive(Deserialize)]
struct Attached {
    #[serde(alias = "RoleName", alias = "UserName", alias = "GroupName")]
    carrier: String,
    #[serde(rename = "PolicyArn")]
    policy: String,
}

#[derive(Deserialize)]
struct List {
    #[serde(alias = "RoleName", alias = "UserName", alias = "GroupName")]
    carrier: String,
    #[serde(rename = "PathPrefix", default = "root_path")]
    path_prefix: String,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn attach(call: &Call<'_>, kind: IamKind, value: Value) -> Result<Value, ServiceError> {
    let Attached { carrier, policy } = input(value)?;
    let mut change = call.change();
    change.carried(kind, &carrier)?;
    if !change.is_policy_arn(&policy) {
        return Err(fault::validation(format!("ARN {policy} is not valid.")));
    }
    if !change.has_policy(&policy) {
        return Err(fault::not_attachable("Policy", &policy));
    }
    if policy.contains(":policy/aws-service-role/") {
        return Err(ServiceError::new(
            "PolicyNotAttachable",
            format!("Cannot attach a Service Role Policy to a Customer Role: {policy}"),
        ));
    }
    let quota = quotas::policies_per(call.state.quotas(), kind);
    change.edit_carried(kind, &carrier, |carried| {
        if !carried.attached.contains(&policy) {
            quotas::check(quota, carried.attached.len())?;
        }
        carried.attached.insert(policy);
        Ok(())
    })?;
    change.commit();
    Ok(json!({}))
}

pub(super) fn detach(call: &Call<'_>, kind: IamKind, value: Value) -> Result<Value, ServiceError> {
    let Attached { carrier, policy } = input(value)?;
    let mut change = call.change();
    change.carried(kind, &carrier)?;
    if !change.is_policy_arn(&policy) {
        return Err(fault::validation(format!("ARN {policy} is not valid.")));
    }
    change.edit_carried(kind, &carrier, |carried| {
        if carried.attached.remove(&policy) { Ok(()) } else { Err(fault::missing(IamKind::Policy, &policy)) }
    })?;
    change.commit();
    Ok(json!({}))
}

pub(super) fn list(call: &Call<'_>, kind: IamKind, value: Value) -> Result<Value, ServiceError> {
    let List { carrier, path_prefix, page } = input(value)?;
    let realm = call.realm();
    let attached = realm.carried(kind, &carrier)?.attached.iter();
    let of_path = attached.filter(|arn| path_of(arn).starts_with(&path_prefix));
    let mut policies: Vec<(String, &String)> = of_path.map(|arn| (order(arn), arn)).collect();
    policies.sort();
    page.of("AttachedPolicies", policies.into_iter(), |arn| told(arn))
}

/// An attached policy as answers have it.
pub(super) fn told(arn: &str) -> Value {
    json!({ "PolicyName": arn.rsplit('/').next(), "PolicyArn": arn })
}

fn path_of(arn: &str) -> String {
    arn.parse().map_or_else(|_| root_path(), |arn| path_and_name(&arn).0)
}
