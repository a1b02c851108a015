//! PutKeyPolicy, GetKeyPolicy, ListKeyPolicies, and the policy of a new key.
//!
//! Policies are kept as they were given and checked for their shape; what they decide is the authorization model's.

mod document;

use aws_model::KeyArn;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    authority::{self, Access},
    call::{Call, Naming, input},
    fault,
    key::KeyRecord,
    paging::{Page, Paging},
};
use crate::ServiceError;
use document::{Document, Malformed};

/// Source: AWS KMS Developer Guide, "Quotas", resource quotas: 32 KB.
const MAX_BYTES: usize = 32 * 1024;
/// The only name there is.
const NAME: &str = "default";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutKeyPolicy {
    key_id: String,
    policy_name: Option<String>,
    policy: String,
    #[serde(default)]
    bypass_policy_lockout_safety_check: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetKeyPolicy {
    key_id: String,
    policy_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListKeyPolicies {
    key_id: String,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn put_key_policy(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: PutKeyPolicy = input(value)?;
    check_name(input.policy_name.as_deref())?;
    let mut change = call.change();
    let key = call.key(&input.key_id, Naming::Key, &Access::owner("PutKeyPolicy"))?;
    let now = call.moment(&key);
    check(call, &key.arn, &input.policy, input.bypass_policy_lockout_safety_check)?;
    change.key(&key, KeyRecord { policy: input.policy, ..now.record.clone() });
    call.commit(change);
    Ok(json!({}))
}

pub(super) fn get_key_policy(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: GetKeyPolicy = input(value)?;
    check_name(input.policy_name.as_deref())?;
    let key = call.key(&input.key_id, Naming::Key, &Access::owner("GetKeyPolicy"))?;
    Ok(json!({ "Policy": call.moment(&key).record.policy, "PolicyName": NAME }))
}

pub(super) fn list_key_policies(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: ListKeyPolicies = input(value)?;
    let paging = Paging::of(&input.page, 100, 1000)?;
    let key = call.key(&input.key_id, Naming::Key, &Access::owner("ListKeyPolicies"))?;
    call.moment(&key);
    let found = if paging.after().is_none() { vec![NAME] } else { Vec::new() };
    Ok(paging.answer("PolicyNames", found, |name| name, |name| (*name).into()))
}

/// The policy that was given, or the one that gives the key to its account.
pub(super) fn for_new_key(
    call: &Call<'_>,
    arn: &KeyArn,
    given: Option<String>,
    bypass_lockout_check: bool,
) -> Result<String, ServiceError> {
    match given {
        Some(policy) => check(call, arn, &policy, bypass_lockout_check).map(|()| policy),
        None => Ok(default(arn)),
    }
}

fn check(call: &Call<'_>, arn: &KeyArn, policy: &str, bypass_lockout_check: bool) -> Result<(), ServiceError> {
    if policy.len() > MAX_BYTES {
        return Err(fault::limit_exceeded(format!(
            "A key policy has up to {MAX_BYTES} bytes, this one {}.",
            policy.len()
        )));
    }
    let document = Document::parse(policy).map_err(|Malformed(why)| malformed(why))?;
    let principals: Vec<String> = authority::principals(call.ctx.caller).collect();
    if bypass_lockout_check || document.lets_put_key_policy(&principals, call.account(), arn) {
        Ok(())
    } else {
        Err(malformed("The new key policy will not allow you to update the key policy in the future."))
    }
}

fn malformed(why: impl Into<String>) -> ServiceError {
    ServiceError::new("MalformedPolicyDocumentException", why)
}

fn check_name(name: Option<&str>) -> Result<(), ServiceError> {
    match name {
        None | Some(NAME) => Ok(()),
        Some(_) => Err(ServiceError::new("NotFoundException", "No such policy exists")),
    }
}

/// Source: AWS KMS Developer Guide, "Default key policy"; laid out as AWS answers it.
fn default(arn: &KeyArn) -> String {
    let root = format!("arn:{}:iam::{}:root", arn.region().partition(), arn.account());
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "{root}"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"#
    )
}
