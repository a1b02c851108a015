//! Snapshots, and with whom they are shared.
//!
//! A snapshot is under its volume's data key: taking one calls no KMS. A snapshot is complete when it is answered.
//!
//! Sources: Amazon EC2 API Reference, "CreateSnapshot", "DescribeSnapshots", "ModifySnapshotAttribute"; Amazon EBS User
//! Guide, "How Amazon EBS encryption works", "Share an Amazon EBS snapshot with other AWS accounts".

use aws_catalog::access::Ec2Kind;
use aws_model::AccountId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input, seconds},
    fault,
    filters::{Known, Listing, ids},
    records::{Shared, Snapshot, tag_set},
    state::Realm,
    tags::{self, TagSpecification},
    volumes::{self, extend},
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateSnapshot {
    volume_id: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneSnapshot {
    snapshot_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ModifySnapshotAttribute {
    snapshot_id: String,
    attribute: Option<String>,
    #[serde(default)]
    create_volume_permission: Permissions,
    #[serde(default)]
    group_names: Vec<String>,
    operation_type: Option<String>,
    #[serde(default)]
    user_ids: Vec<String>,
}

/// With whom something is shared from now on, or not any more.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Permissions {
    #[serde(default)]
    add: Vec<Permission>,
    #[serde(default)]
    remove: Vec<Permission>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Permission {
    group: Option<String>,
    user_id: Option<String>,
}

pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let CreateSnapshot { volume_id, description, tag_specifications } = input(value)?;
    let tags = tags::of_new(&tag_specifications, Ec2Kind::Snapshot)?;
    let mut change = call.change();
    let volume = volumes::own_ready(call, &change, &volume_id)?;
    let snapshot = Snapshot {
        id: call.new_id("snap-")?,
        owner: call.account(),
        region: call.ctx.region.clone(),
        volume: volume.id,
        size: volume.size,
        description,
        data_key: volume.data_key,
        created: call.now(),
        shared: Shared::default(),
        failed: None,
    };
    tags::put(call, &mut change, &snapshot.id, &tags)?;
    let told = told(&snapshot, tag_set(&tags));
    change.put(snapshot);
    change.commit();
    Ok(told)
}

pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneSnapshot { snapshot_id } = input(value)?;
    let mut change = call.change();
    let snapshot = own(call, &change, &snapshot_id)?.clone();
    let uses = |devices: &[super::records::DeviceMapping]| {
        devices.iter().any(|device| device.snapshot.as_deref() == Some(snapshot_id.as_str()))
    };
    if let Some(image) = change.images.of(&call.place()).find(|image| uses(&image.devices)) {
        let message = format!("The snapshot {snapshot_id} is currently in use by {}", image.id);
        return Err(ServiceError::new("InvalidSnapshot.InUse", message));
    }
    change.remove(&snapshot);
    change.commit();
    Ok(json!({}))
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] = &[
        ("description", "Description"),
        ("encrypted", "Encrypted"),
        ("owner-id", "OwnerId"),
        ("snapshot-id", "SnapshotId"),
        ("start-time", "StartTime"),
        ("status", "State"),
        ("volume-id", "VolumeId"),
        ("volume-size", "VolumeSize"),
    ];
    let (account, region) = call.place();
    let realm = call.read();
    let is_seen = |snapshot: &&std::sync::Arc<Snapshot>| snapshot.region == region && snapshot.is_for(account);
    let of = |snapshot: &Snapshot| told(snapshot, tags::told(call, &realm, &snapshot.id));
    let listed: Vec<Value> = match ids(&value, "SnapshotIds") {
        Some(named) => {
            named.iter().filter_map(|id| realm.snapshots.get(id)).filter(is_seen).map(|one| of(one)).collect()
        }
        None => {
            let owners = ids(&value, "OwnerIds");
            let readers = ids(&value, "RestorableByUserIds");
            let asked = |snapshot: &&std::sync::Arc<Snapshot>| {
                let is = |name: &&str| match *name {
                    "self" => snapshot.owner == account,
                    id => snapshot.owner.as_str() == id,
                };
                let reads = |name: &&str| match *name {
                    "all" => snapshot.shared.with_all,
                    "self" => snapshot.is_for(account),
                    id => id.parse().is_ok_and(|id: AccountId| snapshot.is_for(id)),
                };
                owners.as_ref().is_none_or(|owners| owners.iter().any(is))
                    && readers.as_ref().is_none_or(|readers| readers.iter().any(reads))
            };
            let mut found: Vec<_> = realm.snapshots.all().filter(is_seen).filter(asked).collect();
            found.sort_by(|one, other| one.id.cmp(&other.id));
            found.into_iter().map(|snapshot| of(snapshot)).collect()
        }
    };
    Listing { ids: "SnapshotIds", answer: "Snapshots", id: "SnapshotId", least: 5 }.of(&value, FILTERS, listed)
}

pub(super) fn describe_attribute(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneSnapshot { snapshot_id } = input(value.clone())?;
    let realm = call.read();
    let snapshot = own(call, &realm, &snapshot_id)?;
    match value.get("Attribute").and_then(Value::as_str) {
        Some("createVolumePermission") => {
            let shared = with_whom(&snapshot.shared);
            Ok(json!({ "SnapshotId": snapshot_id, "CreateVolumePermissions": shared }))
        }
        _ => Ok(json!({ "SnapshotId": snapshot_id, "ProductCodes": [] })),
    }
}

pub(super) fn modify_attribute(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: ModifySnapshotAttribute = input(value)?;
    if asked.attribute.as_deref().is_some_and(|attribute| attribute != "createVolumePermission") {
        return Err(fault::invalid("Only the attribute createVolumePermission can be modified."));
    }
    let mut change = call.change();
    let mut snapshot = own(call, &change, &asked.snapshot_id)?.clone();
    let permissions = asked.create_volume_permission;
    let permissions = permissions.and(asked.operation_type.as_deref(), asked.user_ids, asked.group_names);
    let is_managed = is_under_managed_key(call, &snapshot);
    permissions.apply(&mut snapshot.shared, is_managed)?;
    change.put(snapshot);
    change.commit();
    Ok(json!({}))
}

/// A snapshot of the caller's account.
fn own<'r>(call: &Call<'_>, realm: &'r Realm, id: &str) -> Result<&'r Snapshot, ServiceError> {
    let (account, region) = call.place();
    let found = realm.snapshots.get(id).filter(|of| of.owner == account && of.region == region);
    found.map(AsRef::as_ref).ok_or_else(|| fault::not_found(id))
}

/// Whether a snapshot is under a key that AWS manages, which nobody else can use.
pub(super) fn is_under_managed_key(call: &Call<'_>, snapshot: &Snapshot) -> bool {
    let world = call.ec2.authorizer.world();
    let key = snapshot.key().and_then(|key| world.key(key));
    key.is_some_and(|key| key.manager == authz::world::KeyManager::Aws)
}

impl Permissions {
    /// The same, with what the older members of the input say.
    pub(super) fn and(mut self, operation: Option<&str>, users: Vec<String>, groups: Vec<String>) -> Self {
        let users = users.into_iter().map(|user| Permission { group: None, user_id: Some(user) });
        let given = users.chain(groups.into_iter().map(|group| Permission { group: Some(group), user_id: None }));
        match operation {
            Some("remove") => self.remove.extend(given),
            _ => self.add.extend(given),
        }
        self
    }

    /// Shares with whom they say.
    ///
    /// Source: Amazon EC2 User Guide, "Share an AMI with specific AWS accounts"; Amazon EBS User Guide, as above.
    pub(super) fn apply(&self, shared: &mut Shared, is_under_managed_key: bool) -> Result<(), ServiceError> {
        if is_under_managed_key && !self.add.is_empty() {
            let message = "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.";
            return Err(ServiceError::new("InvalidParameter", message));
        }
        for (permissions, adds) in [(&self.add, true), (&self.remove, false)] {
            for Permission { group, user_id } in permissions {
                match (group.as_deref(), user_id) {
                    (Some("all"), _) => shared.with_all = adds,
                    (_, Some(user)) => {
                        let account: AccountId = user.parse().map_err(|_| {
                            let message = format!("Invalid user id: \"{user}\"");
                            ServiceError::new("InvalidUserID.Malformed", message)
                        })?;
                        if adds {
                            shared.accounts.insert(account);
                        } else {
                            shared.accounts.remove(&account);
                        }
                    }
                    _ => return Err(fault::invalid("A permission names a user id, or the group all.")),
                }
            }
        }
        Ok(())
    }
}

/// That volumes and copies can be made of a snapshot.
pub(super) fn complete(snapshot: &Snapshot) -> Result<(), ServiceError> {
    let message = || format!("The snapshot {} is not in the completed state.", snapshot.id);
    snapshot.failed.as_ref().map_or(Ok(()), |_| Err(ServiceError::new("IncorrectState", message())))
}

/// With whom something is shared, as answers have it.
pub(super) fn with_whom(shared: &Shared) -> Value {
    let accounts = shared.accounts.iter().map(|account| json!({ "UserId": account }));
    accounts.chain(shared.with_all.then(|| json!({ "Group": "all" }))).collect()
}

fn told(snapshot: &Snapshot, tags: Value) -> Value {
    let mut told = json!({
        "SnapshotId": snapshot.id,
        "VolumeId": snapshot.volume,
        "OwnerId": snapshot.owner,
        "State": if snapshot.failed.is_some() { "error" } else { "completed" },
        "Progress": if snapshot.failed.is_some() { "0%" } else { "100%" },
        "StartTime": seconds(snapshot.created),
        "VolumeSize": snapshot.size,
        "Description": snapshot.description,
        "Encrypted": snapshot.key().is_some(),
        "StorageTier": "standard",
        "Tags": tags,
    });
    // Whoever it is shared with is told the key, too: it needs it.
    extend(
        &mut told,
        [
            ("KmsKeyId", snapshot.key().map(|key| json!(key))),
            ("StateMessage", snapshot.failed.as_ref().map(|why| json!(why))),
        ],
    );
    told
}
