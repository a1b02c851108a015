//! CreateKey, DescribeKey, ListKeys, UpdateKeyDescription.

use std::collections::BTreeMap;

use aws_model::KeyArn;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    key::KeyRecord,
    key_id::KeyId,
    key_state::KeyUse,
    key_stores,
    kind::{KeyKind, KeySpec, KeyUsage, Origin},
    metadata, paging,
    paging::Paging,
    pair, policies, tags,
    tags::Tag,
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateKey {
    policy: Option<String>,
    #[serde(default)]
    description: String,
    key_usage: Option<KeyUsage>,
    customer_master_key_spec: Option<KeySpec>,
    key_spec: Option<KeySpec>,
    origin: Option<Origin>,
    custom_key_store_id: Option<String>,
    xks_key_id: Option<String>,
    #[serde(default)]
    bypass_policy_lockout_safety_check: bool,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    multi_region: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeKey {
    key_id: String,
    #[serde(default)]
    grant_tokens: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateKeyDescription {
    key_id: String,
    description: String,
}

pub(super) fn create_key(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: CreateKey = input(value)?;
    let kind = kind(call, &input)?;
    let tags = tags::added(BTreeMap::new(), input.tags)?;
    let id = KeyId::new(input.multi_region);
    // INVARIANT: a region, an account and a UUID make a key ARN.
    let arn = KeyArn::new(call.ctx.region, call.account(), &id.to_string())
        .map_err(|failed| ServiceError::internal("KMSInternalException", failed.to_string()))?;
    let policy = policies::for_new_key(call, &arn, input.policy, input.bypass_policy_lockout_safety_check)?;
    let record = KeyRecord {
        arn,
        created: call.now(),
        description: input.description,
        enabled: true,
        deletion: None,
        passing: None,
        policy,
        tags,
        aws_managed: false,
        imports: BTreeMap::new(),
        awaits_import: kind.is_imported(),
        unavailable: false,
    };
    let secret = if kind.is_imported() { None } else { Some(call.new_secret(kind.spec)?) };
    let mut change = call.change();
    check_room(call, call.ctx.region)?;
    change.new_key(id, record, kind, secret)?;
    call.commit(change);
    let key = call.state.key(call.account(), call.ctx.region, id);
    key.map(|key| json!({ "KeyMetadata": metadata::of(call, &key) }))
        .ok_or_else(|| ServiceError::internal("KMSInternalException", "the key was deleted as it was made"))
}

pub(super) fn describe_key(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: DescribeKey = input(value)?;
    call.check_grant_tokens(&input.grant_tokens)?;
    let key = call.key("KeyId", &input.key_id)?;
    Ok(json!({ "KeyMetadata": metadata::of(call, &key) }))
}

pub(super) fn list_keys(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let page: paging::Page = input(value)?;
    let paging = Paging::of(&page, 100, 1000)?;
    let after = paging.after().map(str::parse::<KeyId>).transpose();
    let after = after.map_err(|_| ServiceError::new("InvalidMarkerException", "Could not deserialize marker"))?;
    let mut found = Vec::new();
    if let Some(realm) = call.state.realm(call.account(), call.ctx.region) {
        let start = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let keys = realm.keys();
        found.extend(
            keys.range((start, std::ops::Bound::Unbounded))
                .take(paging.probe())
                .map(|(_, key)| std::sync::Arc::clone(key)),
        );
    }
    call.see_absence();
    Ok(paging.answer(
        "Keys",
        found,
        |key| key.arn.key_id(),
        |key| json!({ "KeyId": key.arn.key_id(), "KeyArn": key.arn }),
    ))
}

pub(super) fn update_key_description(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: UpdateKeyDescription = input(value)?;
    let mut change = call.change();
    let key = call.key("KeyId", &input.key_id)?;
    let now = call.usable(&key, KeyUse::Label)?;
    change.key(&key, KeyRecord { description: input.description, ..now.record.clone() });
    call.commit(change);
    Ok(json!({}))
}

/// Refuses what would be one key too many in a region of the caller's account.
pub(super) fn check_room(call: &Call<'_>, region: &aws_model::Region) -> Result<(), ServiceError> {
    let keys = call.state.realm(call.account(), region).map_or(0, |realm| realm.keys().len());
    let most = call.state.quotas.keys;
    if keys < most {
        Ok(())
    } else {
        Err(fault::limit_exceeded(format!("{region} has {most} KMS keys, the most there can be")))
    }
}

/// The kind of key that is asked for, if there can be such.
fn kind(call: &Call<'_>, input: &CreateKey) -> Result<KeyKind, ServiceError> {
    if input.key_spec.is_some() && input.customer_master_key_spec.is_some() {
        return Err(fault::validation(
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. \
             CustomerMasterKeySpec is deprecated.",
        ));
    }
    let spec = input.key_spec.or(input.customer_master_key_spec).unwrap_or(KeySpec::SymmetricDefault);
    let usage = match input.key_usage {
        None if spec == KeySpec::SymmetricDefault => KeyUsage::EncryptDecrypt,
        None => {
            return Err(fault::validation(
                "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
            ));
        }
        Some(usage) => usage,
    };
    if !spec.usages().contains(&usage) {
        let (usage, spec) = (usage.as_str(), spec.as_str());
        return Err(fault::validation(format!("KeyUsage {usage} is not compatible with KeySpec {spec}.")));
    }
    if !pair::is_known(spec) {
        let (spec, region) = (spec.as_str(), call.ctx.region);
        return Err(fault::unsupported(format!("KeySpec {spec} is not supported in {region}.")));
    }
    match input.origin.unwrap_or(Origin::AwsKms) {
        Origin::AwsKms if input.custom_key_store_id.is_none() && input.xks_key_id.is_none() => {
            Ok(KeyKind { spec, usage, origin: Origin::AwsKms })
        }
        Origin::External if input.custom_key_store_id.is_none() && input.xks_key_id.is_none() => {
            Ok(KeyKind { spec, usage, origin: Origin::External })
        }
        origin => {
            let (store, xks_key) = (input.custom_key_store_id.as_deref(), input.xks_key_id.as_deref());
            Err(key_stores::refuse_key(origin, spec, store, xks_key))
        }
    }
}
