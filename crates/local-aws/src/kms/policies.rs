//! PutKeyPolicy, GetKeyPolicy, ListKeyPolicies, and the policy of a new key.
//!
//! Policies are kept as they were given, with the ids of whom they name; whether they read and what they decide is the
//! authorization model's.

use authz::policy::MalformedPolicy;
use aws_model::KeyArn;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    key::KeyRecord,
    key_policy::KeyPolicy,
    lockout,
    paging::{Page, Paging},
};
use crate::{ServiceError, authorization::named};

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
    let key = call.key("KeyId", &input.key_id)?;
    let now = call.moment(&key);
    let policy = read(call, &key.arn, &input.policy, input.bypass_policy_lockout_safety_check)?;
    change.key(&key, KeyRecord { policy, ..now.record.clone() });
    call.commit(change);
    Ok(json!({}))
}

pub(super) fn get_key_policy(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: GetKeyPolicy = input(value)?;
    check_name(input.policy_name.as_deref())?;
    let key = call.key("KeyId", &input.key_id)?;
    let policy = call.moment(&key).record.policy.told(&call.state.authorizer().world());
    Ok(json!({ "Policy": policy, "PolicyName": NAME }))
}

pub(super) fn list_key_policies(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: ListKeyPolicies = input(value)?;
    let paging = Paging::of(&input.page, 100, 1000)?;
    let key = call.key("KeyId", &input.key_id)?;
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
) -> Result<KeyPolicy, ServiceError> {
    match given {
        Some(policy) => read(call, arn, &policy, bypass_lockout_check),
        None => Ok(KeyPolicy::default_of(arn).map_err(malformed)?.saved(&call.state.authorizer().world())),
    }
}

fn read(call: &Call<'_>, arn: &KeyArn, text: &str, bypass_lockout_check: bool) -> Result<KeyPolicy, ServiceError> {
    if text.len() > MAX_BYTES {
        return Err(fault::limit_exceeded(format!(
            "A key policy has up to {MAX_BYTES} bytes, this one {}.",
            text.len()
        )));
    }
    let policy = KeyPolicy::parse(text, call.state.authorizer().assumptions()).map_err(malformed)?;
    let policy = saved(call, policy)?;
    if bypass_lockout_check || lockout::lets_put_again(call, arn, &policy) {
        return Ok(policy);
    }
    Err(ServiceError::new(
        "MalformedPolicyDocumentException",
        "The new key policy will not allow you to update the key policy in the future.",
    ))
}

/// The policy as it is saved, if all whom it names are there.
///
/// Source: AWS KMS API Reference, "PutKeyPolicy" > `Policy`; the rule `iam-policy-key-principals-exist`.
fn saved(call: &Call<'_>, policy: KeyPolicy) -> Result<KeyPolicy, ServiceError> {
    let world = call.state.authorizer().world();
    if named::absent(&world, policy.policy()).is_some() {
        let message = "Policy contains a statement with one or more invalid principals.";
        return Err(ServiceError::new("MalformedPolicyDocumentException", message));
    }
    Ok(policy.saved(&world))
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn malformed(malformed: MalformedPolicy) -> ServiceError {
    ServiceError::new(malformed.aws_code(), malformed.aws_message())
}

fn check_name(name: Option<&str>) -> Result<(), ServiceError> {
    match name {
        None | Some(NAME) => Ok(()),
        Some(_) => Err(ServiceError::new("NotFoundException", "No such policy exists")),
    }
}
