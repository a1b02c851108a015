//! Images, and with whom they are shared.
//!
//! Source: Amazon EC2 API Reference, "RegisterImage", "DescribeImages", "ModifyImageAttribute"; Amazon EC2 User Guide,
//! "Share an AMI with specific AWS accounts".

use std::sync::Arc;

use aws_catalog::access::Ec2Kind;
use aws_model::AccountId;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    filters::{Known, Listing, ids},
    public_images,
    records::{DeviceMapping, Image, Shared},
    snapshots::{self, Permissions, with_whom},
    state::Realm,
    tags::{self, TagSpecification},
    volumes::{self, extend},
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RegisterImage {
    name: String,
    description: Option<String>,
    architecture: Option<String>,
    root_device_name: Option<String>,
    #[serde(default)]
    block_device_mappings: Vec<BlockDevice>,
    #[serde(default)]
    tag_specifications: Vec<TagSpecification>,
}

/// What a mapping says of one device.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BlockDevice {
    pub(super) device_name: Option<String>,
    pub(super) ebs: Option<Ebs>,
    pub(super) no_device: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Ebs {
    pub(super) delete_on_termination: Option<bool>,
    pub(super) encrypted: Option<bool>,
    pub(super) iops: Option<i64>,
    pub(super) kms_key_id: Option<String>,
    pub(super) snapshot_id: Option<String>,
    pub(super) throughput: Option<i64>,
    pub(super) volume_size: Option<i64>,
    pub(super) volume_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneImage {
    image_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ModifyImageAttribute {
    image_id: String,
    attribute: Option<String>,
    description: Option<AttributeValue>,
    #[serde(default)]
    launch_permission: Permissions,
    operation_type: Option<String>,
    #[serde(default)]
    user_groups: Vec<String>,
    #[serde(default)]
    user_ids: Vec<String>,
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeValue {
    value: Option<String>,
}

pub(super) fn register(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: RegisterImage = input(value)?;
    let tags = tags::of_new(&asked.tag_specifications, Ec2Kind::Image)?;
    let mut change = call.change();
    if let Some(other) = change.images.of(&call.place()).find(|image| image.name == asked.name) {
        let message = format!("AMI name {} is already in use by AMI {}", asked.name, other.id);
        return Err(ServiceError::new("InvalidAMIName.Duplicate", message));
    }
    let Some(root_device) = asked.root_device_name else {
        return Err(fault::unsupported("The embedded AWS has images of snapshots alone: RootDeviceName is needed."));
    };
    let devices = asked.block_device_mappings.into_iter().map(|device| mapping(call, &change, device));
    let devices = devices.collect::<Result<Vec<_>, _>>()?;
    if !devices.iter().any(|device| device.device == root_device && device.snapshot.is_some()) {
        let message = format!("Root device is not found in the block device mapping: {root_device}");
        return Err(ServiceError::new("InvalidBlockDeviceMapping", message));
    }
    let image = Image {
        id: call.new_id("ami-")?,
        owner: call.account(),
        region: call.ctx.region.clone(),
        name: asked.name,
        description: asked.description,
        architecture: asked.architecture.unwrap_or_else(|| "i386".to_owned()),
        root_device,
        devices,
        created: call.now(),
        shared: Shared::default(),
        source: None,
        failed: None,
        once: None,
    };
    tags::put(call, &mut change, &image.id, &tags)?;
    let told = json!({ "ImageId": image.id });
    change.put(image);
    change.commit();
    Ok(told)
}

fn mapping(call: &Call<'_>, realm: &Realm, given: BlockDevice) -> Result<DeviceMapping, ServiceError> {
    let (Some(device), Some(ebs)) = (given.device_name, given.ebs) else {
        return Err(fault::unsupported("The embedded AWS has EBS devices alone, each with its DeviceName."));
    };
    let snapshot = match &ebs.snapshot_id {
        Some(id) => {
            let found = realm.snapshots.get(id).filter(|snapshot| snapshot.region == *call.ctx.region);
            let found = found.filter(|snapshot| snapshot.is_for(call.account()));
            Some(found.ok_or_else(|| fault::not_found(id))?)
        }
        None => None,
    };
    let kind = ebs.volume_type.unwrap_or_else(|| "gp2".to_owned());
    Ok(DeviceMapping {
        device,
        snapshot: ebs.snapshot_id.clone(),
        size: volumes::size(ebs.volume_size, snapshot.map(AsRef::as_ref))?,
        kind,
        iops: ebs.iops,
        throughput: ebs.throughput,
        delete_on_termination: ebs.delete_on_termination.unwrap_or(true),
    })
}

pub(super) fn deregister(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneImage { image_id } = input(value)?;
    let mut change = call.change();
    let image = own(call, &change, &image_id)?.clone();
    change.remove(&image);
    change.commit();
    Ok(json!({ "Return": true }))
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] = &[
        ("architecture", "Architecture"),
        ("block-device-mapping.device-name", "BlockDeviceMappings.DeviceName"),
        ("block-device-mapping.encrypted", "BlockDeviceMappings.Ebs.Encrypted"),
        ("block-device-mapping.snapshot-id", "BlockDeviceMappings.Ebs.SnapshotId"),
        ("creation-date", "CreationDate"),
        ("description", "Description"),
        ("image-id", "ImageId"),
        ("image-type", "ImageType"),
        ("is-public", "Public"),
        ("name", "Name"),
        ("owner-alias", "ImageOwnerAlias"),
        ("owner-id", "OwnerId"),
        ("root-device-name", "RootDeviceName"),
        ("root-device-type", "RootDeviceType"),
        ("state", "State"),
        ("virtualization-type", "VirtualizationType"),
    ];
    let (account, region) = call.place();
    let realm = call.read();
    let of_aws = public_images::all(&region);
    let is_seen = |image: &&Arc<Image>| image.region == region && image.is_for(account);
    let listed: Vec<Value> = match ids(&value, "ImageIds") {
        Some(named) => {
            let found = named.iter().filter_map(|id| {
                let own = realm.images.get(id);
                own.or_else(|| of_aws.iter().find(|image| image.id == **id))
            });
            let found = found.filter(is_seen);
            found.map(|image| told(call, &realm, image)).collect()
        }
        None => {
            let owners = ids(&value, "Owners");
            let launchers = ids(&value, "ExecutableUsers");
            let asked = |image: &&Arc<Image>| {
                let is = |name: &&str| match *name {
                    "self" => image.owner == account,
                    "amazon" => public_images::is_of_aws(image),
                    id => image.owner.as_str() == id,
                };
                let launches = |name: &&str| match *name {
                    "all" => image.shared.with_all,
                    "self" => image.shared.accounts.contains(&account),
                    id => id.parse().is_ok_and(|id: AccountId| image.shared.with(id)),
                };
                owners.as_ref().is_none_or(|owners| owners.iter().any(is))
                    && launchers.as_ref().is_none_or(|launchers| launchers.iter().any(launches))
            };
            let mut found: Vec<_> = realm.images.all().chain(&of_aws).filter(is_seen).filter(asked).collect();
            found.sort_by(|one, other| one.id.cmp(&other.id));
            found.into_iter().map(|image| told(call, &realm, image)).collect()
        }
    };
    Listing { ids: "ImageIds", answer: "Images", id: "ImageId", least: 1 }.of(&value, FILTERS, listed)
}

pub(super) fn describe_attribute(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneImage { image_id } = input(value.clone())?;
    let realm = call.read();
    let image = own(call, &realm, &image_id)?;
    match value.get("Attribute").and_then(Value::as_str) {
        Some("launchPermission") => Ok(json!({ "ImageId": image_id, "LaunchPermissions": with_whom(&image.shared) })),
        Some("description") => Ok(
            json!({ "ImageId": image_id, "Description": { "Value": image.description.as_deref().unwrap_or_default() } }),
        ),
        Some("blockDeviceMapping") => Ok(json!({ "ImageId": image_id, "BlockDeviceMappings": devices(&realm, image) })),
        other => {
            let other = other.unwrap_or_default();
            Err(fault::unsupported(format!("The embedded AWS has no attribute {other} of images.")))
        }
    }
}

pub(super) fn modify_attribute(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: ModifyImageAttribute = input(value)?;
    let mut change = call.change();
    let mut image = own(call, &change, &asked.image_id)?.clone();
    match (asked.attribute.as_deref(), asked.description) {
        (Some("description"), _) => image.description = asked.value,
        (_, Some(description)) => image.description = description.value,
        (None | Some("launchPermission"), None) => {
            let permissions = asked.launch_permission;
            let permissions = permissions.and(asked.operation_type.as_deref(), asked.user_ids, asked.user_groups);
            let snapshots = image.devices.iter().filter_map(|device| change.snapshots.get(device.snapshot.as_ref()?));
            let mut snapshots = snapshots.collect::<Vec<_>>().into_iter();
            let is_managed = snapshots.any(|snapshot| snapshots::is_under_managed_key(call, snapshot));
            permissions.apply(&mut image.shared, is_managed)?;
        }
        (Some(other), None) => {
            return Err(fault::unsupported(format!("The embedded AWS modifies no attribute {other} of images.")));
        }
    }
    change.put(image);
    change.commit();
    Ok(json!({}))
}

/// An image of the caller's account.
fn own<'r>(call: &Call<'_>, realm: &'r Realm, id: &str) -> Result<&'r Image, ServiceError> {
    let found = realm.images.get(id).filter(|image| image.region == *call.ctx.region);
    match found {
        Some(image) if image.owner == call.account() => Ok(image),
        Some(_) => Err(fault::not_authorized_for("image", id)),
        None => Err(fault::not_found(id)),
    }
}

/// An image that the caller's account may launch from.
pub(super) fn launchable(call: &Call<'_>, realm: &Realm, id: &str) -> Result<Arc<Image>, ServiceError> {
    let found = realm.images.get(id).filter(|image| image.region == *call.ctx.region);
    match found {
        Some(image) if image.is_for(call.account()) => image.available().map(|()| Arc::clone(image)),
        Some(_) => Err(fault::not_authorized_for("images", id)),
        None => public_images::find(call.ctx.region, id).ok_or_else(|| fault::not_found(id)),
    }
}

fn devices(realm: &Realm, image: &Image) -> Value {
    let devices = image.devices.iter().map(|device| {
        let snapshot = device.snapshot.as_ref().and_then(|id| realm.snapshots.get(id));
        let mut ebs = json!({
            "DeleteOnTermination": device.delete_on_termination,
            "Encrypted": snapshot.is_some_and(|snapshot| snapshot.data_key.is_some()),
            "VolumeSize": device.size,
            "VolumeType": device.kind,
        });
        extend(
            &mut ebs,
            [
                ("SnapshotId", device.snapshot.as_ref().map(|id| json!(id))),
                ("Iops", device.iops.map(Value::from)),
                ("Throughput", device.throughput.map(Value::from)),
            ],
        );
        json!({ "DeviceName": device.device, "Ebs": ebs })
    });
    devices.collect()
}

/// A time as images have it: text, to the millisecond.
fn text(at: Timestamp) -> String {
    format!("{at:.3}")
}

fn told(call: &Call<'_>, realm: &Realm, image: &Image) -> Value {
    let mut told = json!({
        "ImageId": image.id,
        "ImageLocation": format!("{}/{}", image.owner, image.name),
        "ImageType": "machine",
        "Name": image.name,
        "OwnerId": image.owner,
        "State": if image.failed.is_some() { "failed" } else { "available" },
        "Public": image.shared.with_all,
        "Architecture": image.architecture,
        "CreationDate": text(image.created),
        "PlatformDetails": "Linux/UNIX",
        "UsageOperation": "RunInstances",
        "BlockDeviceMappings": devices(realm, image),
        "EnaSupport": true,
        "Hypervisor": "xen",
        "RootDeviceName": image.root_device,
        "RootDeviceType": "ebs",
        "SriovNetSupport": "simple",
        "VirtualizationType": "hvm",
        "Tags": tags::told(call, realm, &image.id),
    });
    // The code of a copy that failed is assumed.
    let failed = image.failed.as_ref().map(|why| json!({ "Code": "Client.InternalError", "Message": why }));
    extend(
        &mut told,
        [
            ("Description", image.description.as_ref().map(|text| json!(text))),
            ("SourceImageId", image.source.as_ref().map(|(_, id)| json!(id))),
            ("SourceImageRegion", image.source.as_ref().map(|(region, _)| json!(region))),
            ("StateReason", failed),
            ("ImageOwnerAlias", public_images::is_of_aws(image).then(|| json!("amazon"))),
        ],
    );
    told
}
