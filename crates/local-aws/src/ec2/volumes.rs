//! Volumes that are made by themselves.
//!
//! Source: Amazon EC2 API Reference, "CreateVolume", "DeleteVolume", "DescribeVolumes"; Amazon EBS User Guide, "Amazon EBS
//! volume types" (least and greatest sizes).

use authz::launch::{self, Launcher, Phase, VolumeKey};
use aws_catalog::access::Ec2Kind;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    authorize,
    call::{Call, input, seconds},
    fault,
    filters::{Filters, Known, Walk, ids},
    keys::{self, OfVolume},
    narrow::{narrowed, walked},
    network,
    records::{Once, Snapshot, Volume},
    snapshots,
    state::Realm,
    tags::{self, TagSpecification},
};
use crate::ServiceError;

/// The kind of volume that CreateVolume makes where none is named; launches take what the image says.
const DEFAULT_KIND: &str = "gp2";

/// How long it takes to make one.
const MAKING: jiff::SignedDuration = jiff::SignedDuration::from_millis(500);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateVolume {
    availability_zone: Option<String>,
    availability_zone_id: Option<String>,
    encrypted: Option<bool>,
    iops: Option<i64>,
    kms_key_id: Option<String>,
    size: Option<i64>,
    snapshot_id: Option<String>,
    volume_type: Option<String>,
    throughput: Option<i64>,
    #[serde(default)]
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneVolume {
    volume_id: String,
}

/// The key is looked at after the answer: a volume whose key is refused is not there any more soon afterwards.
pub(super) async fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    authorize::authorize(call, "CreateVolume", &value)?;
    let once = Once::of(&value);
    if let Some(before) = before(call, &call.read(), once.as_ref())? {
        return Ok(before);
    }
    let asked: CreateVolume = input(value)?;
    let tags = tags::of_new(&asked.tag_specifications, Ec2Kind::Volume)?;
    let zones = network::Subnet::all(call.account(), call.ctx.region);
    let zone = zones.into_iter().find(|subnet| match (&asked.availability_zone, &asked.availability_zone_id) {
        (Some(zone), _) => subnet.zone == *zone,
        (None, Some(id)) => subnet.zone_id == *id,
        (None, None) => false,
    });
    let zone = match (&asked.availability_zone, &asked.availability_zone_id) {
        (None, None) => return Err(fault::missing("AvailabilityZone")),
        (zone_name, _) => zone.ok_or_else(|| {
            let named = zone_name.as_deref().or(asked.availability_zone_id.as_deref()).unwrap_or_default();
            ServiceError::new("InvalidZone.NotFound", format!("The zone '{named}' does not exist."))
        })?,
    };
    let (settings, snapshot) = {
        let realm = call.read();
        let snapshot = asked.snapshot_id.as_deref().map(|id| usable(call, &realm, id)).transpose()?;
        (call.settings(&realm), snapshot)
    };
    let kind = asked.volume_type.unwrap_or_else(|| DEFAULT_KIND.to_owned());
    let size = size(asked.size, snapshot.as_ref())?;
    let id = call.new_id("vol-")?;
    let key = key(call, asked.encrypted, asked.kms_key_id.as_deref())?;
    let launch = keys::launch_of(
        call,
        Launcher::RunInstances(call.ctx.caller.principal.clone()),
        &settings,
        launch::Volume {
            device: "".into(),
            snapshot: snapshot.as_ref().map(of_model),
            key: key.clone().unwrap_or(VolumeKey::Default),
        },
    )?;
    let source = snapshot.as_ref().and_then(|snapshot| snapshot.data_key.as_ref());
    let of = OfVolume { volume: &id, instance: None, source, phases: &[Phase::Create] };
    let sealed = match key {
        Some(_) => keys::seal(call, &launch, of).await,
        None => Err(keys::Refused { key: None }),
    };
    let (now, is_refused) = (call.now(), sealed.is_err());
    // Nothing is attached yet that would need the grants: they end here.
    let keys::Sealed { key, data_key, .. } = sealed.unwrap_or_else(|refused| keys::Sealed::under(call, refused.key));
    let ready = now.checked_add(MAKING).unwrap_or(now);
    let volume = Volume {
        id,
        owner: call.account(),
        region: call.ctx.region.clone(),
        zone: zone.zone,
        size,
        iops: iops(&kind, asked.iops),
        throughput: throughput(&kind, asked.throughput),
        kind,
        snapshot: asked.snapshot_id,
        key,
        data_key,
        grants: Vec::new(),
        created: now,
        ready,
        attachment: None,
        gone: is_refused.then_some(ready),
        once,
    };
    let mut change = call.change();
    if let Some(before) = before(call, &change, volume.once.as_ref())? {
        // Another call with the same token was faster, while this one's volume came under its key.
        return Ok(before);
    }
    tags::put(call, &mut change, &volume.id, &tags)?;
    let mut told = told(call, &change, &volume);
    if let Some(members) = told.as_object_mut() {
        members.insert("Tags".to_owned(), super::records::tag_set(&tags));
    }
    change.put(volume);
    change.commit();
    Ok(told)
}

/// The volume that the same token has made.
fn before(call: &Call<'_>, realm: &Realm, once: Option<&Once>) -> Result<Option<Value>, ServiceError> {
    let found = once.and_then(|once| Some((once, realm.volume_of_token(&call.place(), &once.token)?)));
    let Some((once, volume)) = found.filter(|(_, volume)| volume.is_there(call.now())) else { return Ok(None) };
    once.is_as(volume.once.as_ref())?;
    Ok(Some(told(call, realm, volume)))
}

pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneVolume { volume_id } = input(value)?;
    let mut change = call.change();
    let volume = own(call, &change, &volume_id)?.clone();
    if volume.attached(call.now()).is_some() {
        let message = format!("Volume {volume_id} is currently attached to an instance");
        return Err(ServiceError::new("VolumeInUse", message));
    }
    change.remove(&volume);
    change.commit();
    Ok(json!({}))
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] = &[
        ("attachment.delete-on-termination", "Attachments.DeleteOnTermination"),
        ("attachment.device", "Attachments.Device"),
        ("attachment.instance-id", "Attachments.InstanceId"),
        ("attachment.status", "Attachments.State"),
        ("availability-zone", "AvailabilityZone"),
        ("encrypted", "Encrypted"),
        ("size", "Size"),
        ("snapshot-id", "SnapshotId"),
        ("status", "State"),
        ("volume-id", "VolumeId"),
        ("volume-type", "VolumeType"),
    ];
    let (filters, walk) = (Filters::of(&value, FILTERS)?, Walk::of(&value, 5)?);
    let realm = call.read();
    let asked = asked_for(call, &realm, &value, &walk)?.map(|volume| (volume, told(call, &realm, volume)));
    let (kept, token) = walk.page(asked.filter(|(_, told)| filters.let_through(told)), |(volume, _)| volume.id.clone());
    let told: Vec<Value> = kept.into_iter().map(|(_, told)| told).collect();
    let mut answer = json!({ "Volumes": told });
    extend(&mut answer, [("NextToken", token.map(Value::from))]);
    Ok(answer)
}

/// The volumes that an input names, or those of the account that a walk comes by.
fn asked_for<'r>(
    call: &Call<'_>,
    realm: &'r Realm,
    value: &Value,
    walk: &Walk,
) -> Result<Box<dyn Iterator<Item = &'r Volume> + 'r>, ServiceError> {
    let (now, place) = (call.now(), call.place());
    if let Some(mut ids) = ids(value, "VolumeIds") {
        ids.sort_unstable();
        ids.retain(|id| walk.behind().is_none_or(|behind| *id > behind));
        let found = ids.iter().map(|id| own(call, realm, id)).collect::<Result<Vec<_>, _>>()?;
        return Ok(Box::new(found.into_iter()));
    }
    let found = narrowed(realm, &place, value, "volume-id");
    let walked = walked(&realm.volumes, place, found, walk.behind());
    Ok(Box::new(walked.filter(move |volume| volume.is_there(now))))
}

/// A volume of the caller's account that is there.
pub(super) fn own<'r>(call: &Call<'_>, realm: &'r Realm, id: &str) -> Result<&'r Volume, ServiceError> {
    let (account, region) = call.place();
    let is_own = |volume: &&std::sync::Arc<Volume>| volume.owner == account && volume.region == region;
    let volume = realm.volumes.get(id).filter(is_own).filter(|volume| volume.is_there(call.now()));
    volume.map(AsRef::as_ref).ok_or_else(|| fault::not_found(id))
}

/// A volume that the caller's account has, to take a snapshot of.
pub(super) fn own_ready(call: &Call<'_>, realm: &Realm, id: &str) -> Result<Volume, ServiceError> {
    own(call, realm, id).cloned()
}

/// A snapshot that the caller's account may use.
fn usable(call: &Call<'_>, realm: &Realm, id: &str) -> Result<Snapshot, ServiceError> {
    let found = realm.snapshots.get(id).filter(|snapshot| snapshot.region == *call.ctx.region);
    let found = found.filter(|snapshot| snapshot.is_for(call.account()));
    let found = found.ok_or_else(|| fault::not_found(id))?;
    snapshots::complete(found)?;
    Ok(Snapshot::clone(found))
}

/// A snapshot, as the model of launches has it.
pub(super) fn of_model(snapshot: &Snapshot) -> launch::Snapshot {
    launch::Snapshot {
        owner: snapshot.owner,
        key: snapshot.key().cloned(),
        associated_keys: Vec::new(),
        shared: Some(true),
    }
}

/// What is said of a volume's key; `None` where an alias is named that stands for no key, which is found out afterwards.
///
/// Source: Amazon EC2 API Reference, "EbsBlockDevice" > `KmsKeyId`: "if you specify an invalid ID, alias, or ARN, the
/// action can appear to complete, but eventually fails".
pub(super) fn key(
    call: &Call<'_>,
    encrypted: Option<bool>,
    named: Option<&str>,
) -> Result<Option<VolumeKey>, ServiceError> {
    let Some(named) = named else {
        return Ok(Some(VolumeKey::told(encrypted, None).unwrap_or(VolumeKey::Unsaid)));
    };
    if encrypted != Some(true) {
        let message = "The parameter KmsKeyId requires the parameter Encrypted to be set.";
        return Err(ServiceError::new("InvalidParameterDependency", message));
    }
    Ok(call.ec2.kms.key_named(call.account(), call.ctx.region, named).map(VolumeKey::Named))
}

/// In GiB.
pub(super) fn size(asked: Option<i64>, snapshot: Option<&Snapshot>) -> Result<i64, ServiceError> {
    const GREATEST: i64 = 65_536;
    match (asked, snapshot) {
        (Some(size), Some(snapshot)) if size < snapshot.size => {
            let message = format!(
                "Volume of size {size}GB is smaller than snapshot '{}', expect size >= {}GB",
                snapshot.id, snapshot.size
            );
            Err(ServiceError::new("InvalidBlockDeviceMapping", message))
        }
        (Some(size), _) if (1..=GREATEST).contains(&size) => Ok(size),
        (Some(size), _) => Err(fault::invalid(format!("Invalid volume size: {size}"))),
        (None, Some(snapshot)) => Ok(snapshot.size),
        (None, None) => Err(fault::missing("size/snapshot")),
    }
}

pub(super) fn iops(kind: &str, asked: Option<i64>) -> Option<i64> {
    asked.or(match kind {
        "gp3" => Some(3000),
        "gp2" => Some(100),
        _ => None,
    })
}

pub(super) fn throughput(kind: &str, asked: Option<i64>) -> Option<i64> {
    if kind == "gp3" { asked.or(Some(125)) } else { None }
}

/// A volume as answers have it.
pub(super) fn told(call: &Call<'_>, realm: &Realm, volume: &Volume) -> Value {
    let now = call.now();
    let attachments = volume.attached(now).into_iter().map(|attachment| {
        json!({
            "AttachTime": seconds(attachment.at),
            "DeleteOnTermination": attachment.delete_on_termination,
            "Device": attachment.device,
            "InstanceId": attachment.instance,
            "State": volume.attaching(attachment, now),
            "VolumeId": volume.id,
        })
    });
    let mut told = json!({
        "VolumeId": volume.id,
        "AvailabilityZone": volume.zone,
        "Size": volume.size,
        "VolumeType": volume.kind,
        "SnapshotId": volume.snapshot.as_deref().unwrap_or_default(),
        "Encrypted": volume.key.is_some(),
        "CreateTime": seconds(volume.created),
        "State": volume.state(now),
        "Attachments": attachments.collect::<Vec<_>>(),
        "MultiAttachEnabled": false,
        "Tags": tags::told(call, realm, &volume.id),
    });
    let more = [
        ("KmsKeyId", volume.key.as_ref().map(|key| json!(key))),
        ("Iops", volume.iops.map(Value::from)),
        ("Throughput", volume.throughput.map(Value::from)),
    ];
    extend(&mut told, more);
    told
}

/// Adds the members that are there.
pub(super) fn extend<const N: usize>(told: &mut Value, more: [(&str, Option<Value>); N]) {
    if let Some(members) = told.as_object_mut() {
        let more = more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        members.extend(more.collect::<Map<_, _>>());
    }
}
