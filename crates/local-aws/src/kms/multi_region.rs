//! ReplicateKey and UpdatePrimaryRegion.
//!
//! Source: AWS KMS Developer Guide, "Multi-Region keys in AWS KMS".

use std::{collections::BTreeMap, sync::Arc};

use aws_model::{KeyArn, Region};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    family::FamilyRecord,
    fault,
    key::{Key, KeyRecord, Passing, PassingState},
    key_state::KeyUse,
    keys, metadata, policies,
    tags::{self, Tag},
};
use crate::ServiceError;

/// How long a replica is being created and a primary region being changed. AWS says "a few seconds".
const PASSES_AFTER: SignedDuration = SignedDuration::from_secs(1);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReplicateKey {
    key_id: String,
    replica_region: Region,
    policy: Option<String>,
    #[serde(default)]
    bypass_policy_lockout_safety_check: bool,
    #[serde(default)]
    description: String,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdatePrimaryRegion {
    key_id: String,
    primary_region: Region,
}

/// The replica shares id, material and rotation, and nothing else.
pub(super) fn replicate_key(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: ReplicateKey = input(value)?;
    let tags = tags::added(BTreeMap::new(), input.tags)?;
    let mut change = call.change();
    let (key, mut family) = primary(call, &input.key_id)?;
    let region = &input.replica_region;
    let arn = in_region(&key, region)?;
    if family.regions.contains(region) {
        return Err(ServiceError::new("AlreadyExistsException", format!("{arn} already exists.")));
    }
    keys::check_room(call, region)?;
    let policy = policies::for_new_key(call, &arn, input.policy, input.bypass_policy_lockout_safety_check)?;
    let record = KeyRecord {
        arn,
        created: call.now(),
        description: input.description,
        enabled: true,
        deletion: None,
        passing: Some(passing(call, PassingState::Creating)),
        policy: policy.clone(),
        tags,
        aws_managed: false,
        imports: BTreeMap::new(),
        awaits_import: key.kind().is_imported(),
        unavailable: false,
    };
    let replica_tags: Vec<Value> =
        record.tags.iter().map(|(key, value)| json!({ "TagKey": key, "TagValue": value })).collect();
    family.regions.insert(region.clone());
    change.family(&key, family);
    change.new_replica(key.id, Arc::clone(&key.family), record);
    call.commit(change);
    let replica = call.state.key(key.account(), region, key.id);
    let replica = replica.ok_or_else(|| ServiceError::internal("KMSInternalException", "the replica is gone"))?;
    Ok(json!({
        "ReplicaKeyMetadata": metadata::of(call, &replica),
        "ReplicaPolicy": policy.text(),
        "ReplicaTags": replica_tags,
    }))
}

/// A replica becomes the primary key and the primary key a replica.
pub(super) fn update_primary_region(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: UpdatePrimaryRegion = input(value)?;
    let mut change = call.change();
    let (old, family) = primary(call, &input.key_id)?;
    let new = call.state.key(old.account(), &input.primary_region, old.id);
    let new = new.filter(|key| key.region() != old.region());
    let Some(new) = new else {
        return Err(fault::no_such_key(in_region(&old, &input.primary_region)?));
    };
    let new = call.permitted("PrimaryRegion", new)?;
    call.usable(&new, KeyUse::Replication)?;
    let updating = Some(passing(call, PassingState::Updating));
    for key in [&old, &new] {
        change.key(key, KeyRecord { passing: updating, ..call.moment(key).record.clone() });
    }
    change.new_primary(&old, &new, FamilyRecord { primary: input.primary_region, ..family });
    call.commit(change);
    Ok(json!({}))
}

fn primary(call: &Call<'_>, key_id: &str) -> Result<(Arc<Key>, FamilyRecord), ServiceError> {
    let key = call.key("KeyId", key_id)?;
    let family = key.family.now();
    call.see(family.ticket);
    if !key.id.is_multi_region() || family.record.primary != *key.region() {
        return Err(fault::unsupported(format!("{} is not a multi-Region primary key.", key.arn)));
    }
    call.usable(&key, KeyUse::Replication)?;
    Ok((key, family.record.clone()))
}

fn in_region(key: &Key, region: &Region) -> Result<KeyArn, ServiceError> {
    if region.partition() != key.region().partition() {
        return Err(fault::validation(format!("{region} is not in the partition of {}.", key.region())));
    }
    KeyArn::new(region, key.account(), key.arn.key_id()).map_err(|failed| fault::validation(failed.to_string()))
}

fn passing(call: &Call<'_>, state: PassingState) -> Passing {
    Passing { state, until: call.now().saturating_add(PASSES_AFTER).unwrap_or(Timestamp::MAX) }
}
