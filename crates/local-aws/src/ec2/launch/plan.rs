//! What is launched: the input and its launch template together, with what EC2 fills in.

use std::sync::Arc;

use authz::launch::{self, Launch, Launcher};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    ServiceError,
    ec2::{
        call::{Call, input},
        fault,
        images::{self, BlockDevice, Ebs},
        instance_types, keys,
        network::{self, Subnet},
        records::{DataKey, DeviceMapping, Image, Once, Profile, Snapshot, UserData},
        tags::{self, TagSpecification},
        templates::{self, Named},
        volumes,
    },
};

/// The type that is launched where none is named.
///
/// Source: Amazon EC2 API Reference, "RunInstances" > `InstanceType`.
const DEFAULT_KIND: &str = "m1.small";

/// How many instances one call launches at most. AWS's quotas are of vCPUs.
const MOST: i64 = 1000;

/// How many volumes one call makes at most, each of which takes some five calls to KMS. AWS's quotas are of an account's.
const MOST_VOLUMES: usize = 5000;

/// Bytes of user data, raw.
const MOST_USER_DATA: usize = 16 << 10;

/// What is launched.
pub(in crate::ec2) struct Plan {
    /// The input as EC2 completes it, for authorization.
    pub(in crate::ec2) complete: Value,
    pub(in crate::ec2) count: i64,
    pub(in crate::ec2) client_token: Option<String>,
    /// What came with it.
    pub(in crate::ec2) once: Option<Once>,
    pub(in crate::ec2) image: Arc<Image>,
    pub(in crate::ec2) kind: String,
    /// The id of the launch template and the number of its version.
    pub(in crate::ec2) template: Option<(String, String)>,
    pub(in crate::ec2) subnet: Subnet,
    pub(in crate::ec2) groups: Vec<String>,
    pub(in crate::ec2) profile: Option<Profile>,
    pub(in crate::ec2) key_name: Option<String>,
    pub(in crate::ec2) is_spot: bool,
    pub(in crate::ec2) metadata_options: Value,
    pub(in crate::ec2) user_data: Option<UserData>,
    pub(in crate::ec2) tag_specifications: Vec<TagSpecification>,
    pub(in crate::ec2) volumes: Vec<PlannedVolume>,
}

/// A volume of each instance.
pub(in crate::ec2) struct PlannedVolume {
    pub(in crate::ec2) device: String,
    pub(in crate::ec2) snapshot: Option<String>,
    /// The data key of its snapshot.
    pub(in crate::ec2) source: Option<DataKey>,
    pub(in crate::ec2) size: i64,
    pub(in crate::ec2) kind: String,
    pub(in crate::ec2) iops: Option<i64>,
    pub(in crate::ec2) throughput: Option<i64>,
    pub(in crate::ec2) delete_on_termination: bool,
    /// What is asked of KMS for it; `None` where its key is named by an alias that there is not.
    pub(in crate::ec2) launch: Option<Launch>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Whole {
    image_id: Option<String>,
    instance_type: Option<String>,
    min_count: i64,
    max_count: i64,
    client_token: Option<String>,
    subnet_id: Option<String>,
    #[serde(default)]
    security_group_ids: Vec<String>,
    #[serde(default)]
    security_groups: Vec<String>,
    #[serde(default)]
    network_interfaces: Vec<Interface>,
    placement: Option<Placement>,
    iam_instance_profile: Option<ProfileNamed>,
    key_name: Option<String>,
    instance_market_options: Option<MarketOptions>,
    metadata_options: Option<Value>,
    user_data: Option<String>,
    #[serde(default)]
    tag_specifications: Vec<TagSpecification>,
    #[serde(default)]
    block_device_mappings: Vec<BlockDevice>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Interface {
    subnet_id: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Placement {
    availability_zone: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ProfileNamed {
    arn: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MarketOptions {
    market_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Template {
    #[serde(flatten)]
    named: Named,
    version: Option<String>,
}

/// What an input of RunInstances launches, by a launcher.
pub(in crate::ec2) fn of(call: &Call<'_>, value: Value, launcher: &Launcher) -> Result<Plan, ServiceError> {
    let (mut complete, template) = with_template(call, value)?;
    let whole: Whole = input(complete.clone())?;
    let count = whole.max_count;
    if whole.min_count < 1 || whole.min_count > count {
        return Err(fault::invalid("MinCount must be at least 1 and at most MaxCount."));
    }
    if count > MOST {
        let message =
            format!("You have requested more instances ({count}) than the embedded AWS launches at once ({MOST}).");
        return Err(ServiceError::new("InstanceLimitExceeded", message));
    }
    let Some(image_id) = &whole.image_id else { return Err(fault::missing("ImageId")) };
    let image = images::launchable(call, &call.read(), image_id)?;
    let interface = whole.network_interfaces.first();
    let subnet = interface.and_then(|interface| interface.subnet_id.as_deref()).or(whole.subnet_id.as_deref());
    let zone = whole.placement.as_ref().and_then(|placement| placement.availability_zone.as_deref());
    let kind = whole.instance_type.clone().unwrap_or_else(|| DEFAULT_KIND.to_owned());
    let asked = (subnet.is_some() || zone.is_some()).then(|| network::subnet(call, subnet, zone)).transpose()?;
    let subnet = instance_types::launchable(call, &kind, &image, asked)?;
    let groups = groups(call, &whole)?;
    let (profile, role) = whole.iam_instance_profile.as_ref().map(|named| profile(call, named)).transpose()?.unzip();
    let volumes = volumes(call, launcher, &image, &whole.block_device_mappings)?;
    if volumes.len().saturating_mul(usize::try_from(count).unwrap_or(usize::MAX)) > MOST_VOLUMES {
        let message = format!("The embedded AWS makes at most {MOST_VOLUMES} volumes at once.");
        return Err(ServiceError::new("VolumeLimitExceeded", message));
    }
    let mapped = whole.block_device_mappings.iter().filter_map(|given| given.ebs.as_ref()?.snapshot_id.as_ref());
    let snapshots: Vec<&String> = mapped.collect();
    let market = whole.instance_market_options.and_then(|market| market.market_type);
    let market = market.unwrap_or_else(|| "on-demand".to_owned());
    if let Some(members) = complete.as_object_mut() {
        members.insert("InstanceType".to_owned(), json!(kind));
        members.insert("SubnetId".to_owned(), json!(subnet.id));
        members.insert("MarketType".to_owned(), json!(market));
        members.insert("SecurityGroupIds".to_owned(), json!(groups));
        if !snapshots.is_empty() {
            members.insert("SnapshotIds".to_owned(), json!(snapshots));
        }
        if let Some(profile) = &profile {
            let role: Option<&String> = role.as_ref().and_then(Option::as_ref);
            members.insert("IamInstanceProfile".to_owned(), json!({ "Arn": profile.arn, "Role": role }));
        }
    }
    Ok(Plan {
        complete,
        count,
        client_token: whole.client_token.filter(|token| !token.is_empty()),
        once: None,
        image,
        kind,
        template,
        subnet,
        groups,
        profile,
        key_name: whole.key_name,
        is_spot: market == "spot",
        metadata_options: metadata_options(whole.metadata_options),
        user_data: whole.user_data.filter(|text| !text.is_empty()).map(user_data).transpose()?,
        tag_specifications: whole.tag_specifications,
        volumes,
    })
}

/// A template's id and the number of its version.
type OfTemplate = (String, String);

/// The input over what its launch template says.
///
/// Source: Amazon EC2 API Reference, "RunInstances" > `LaunchTemplate`: what the request names overrides the template's.
fn with_template(call: &Call<'_>, value: Value) -> Result<(Value, Option<OfTemplate>), ServiceError> {
    let Some(template) = value.get("LaunchTemplate").filter(|template| !template.is_null()) else {
        return Ok((value, None));
    };
    let Template { named, version } = input(template.clone())?;
    let realm = call.read();
    let template = templates::find(call, &realm, &named)?;
    let version = version.as_deref().unwrap_or("$Default");
    let found = template.version(version).ok_or_else(|| fault::no_version(&template.id, version))?;
    let mut complete = Value::clone(&found.data);
    let tags = tags::merged(found.data.get("TagSpecifications"), value.get("TagSpecifications"));
    templates::overlay(&mut complete, &value);
    if let Some(members) = complete.as_object_mut() {
        members.insert("LaunchTemplate".to_owned(), json!({ "LaunchTemplateId": template.id }));
        members.insert("TagSpecifications".to_owned(), tags);
    }
    Ok((complete, Some((template.id.clone(), found.number.to_string()))))
}

fn groups(call: &Call<'_>, whole: &Whole) -> Result<Vec<String>, ServiceError> {
    let own = network::group(call.account(), call.ctx.region);
    let of_interface = whole.network_interfaces.first().map(|interface| &interface.groups);
    let given = of_interface.filter(|groups| !groups.is_empty()).unwrap_or(&whole.security_group_ids);
    if let Some(other) = given.iter().find(|id| **id != own) {
        return Err(fault::not_found(other));
    }
    if let Some(other) = whole.security_groups.iter().find(|name| *name != "default") {
        return Err(ServiceError::new("InvalidGroup.NotFound", format!("The security group '{other}' does not exist")));
    }
    Ok(vec![own])
}

/// An instance profile, and the role in it.
fn profile(call: &Call<'_>, named: &ProfileNamed) -> Result<(Profile, Option<String>), ServiceError> {
    let text = named.arn.as_deref().or(named.name.as_deref()).unwrap_or_default();
    let found = call.ec2.iam.instance_profile(call.account(), text).ok_or_else(|| {
        let (member, value) = if named.arn.is_some() { ("arn", text) } else { ("name", text) };
        fault::invalid(format!("Value ({value}) for parameter iamInstanceProfile.{member} is invalid. Invalid IAM Instance Profile {member}"))
    })?;
    Ok((Profile { arn: found.arn, id: found.id }, found.role.map(|role| role.to_string())))
}

/// The role that what a launch template says hands over, where it does.
pub(super) fn passed_role(call: &Call<'_>, data: &Value) -> Option<String> {
    let named: ProfileNamed = input(data.get("IamInstanceProfile")?.clone()).ok()?;
    profile(call, &named).ok()?.1
}

/// Source: Amazon EC2 API Reference, "InstanceMetadataOptionsRequest".
fn metadata_options(given: Option<Value>) -> Value {
    let mut options = json!({
        "State": "applied",
        "HttpTokens": "optional",
        "HttpPutResponseHopLimit": 1,
        "HttpEndpoint": "enabled",
        "HttpProtocolIpv6": "disabled",
        "InstanceMetadataTags": "disabled",
    });
    given.iter().for_each(|given| templates::overlay(&mut options, given));
    options
}

/// User data, in base64, as it was given.
///
/// Source: Amazon EC2 User Guide, "Run commands when you launch an EC2 instance with user data input" > "How Amazon EC2 handles
/// user data" (16 KB, raw); the messages as users quote them.
fn user_data(given: String) -> Result<UserData, ServiceError> {
    let raw = BASE64_STANDARD.decode(&given).map_err(|_| fault::invalid("Invalid BASE64 encoding of user data."))?;
    if raw.len() > MOST_USER_DATA {
        return Err(fault::invalid(format!("User data is limited to {MOST_USER_DATA} bytes")));
    }
    Ok(UserData::new(given))
}

/// The image's volumes as the mappings have them, and those that the mappings have besides.
fn volumes(
    call: &Call<'_>,
    launcher: &Launcher,
    image: &Image,
    given: &[BlockDevice],
) -> Result<Vec<PlannedVolume>, ServiceError> {
    let of_device = |name: &str| given.iter().find(|given| given.device_name.as_deref() == Some(name));
    let mut planned = Vec::new();
    for mapping in &image.devices {
        match of_device(&mapping.device) {
            Some(given) if given.no_device.is_some() => {}
            given => planned.push(volume(call, launcher, image, Some(mapping), given)?),
        }
    }
    let further = given.iter().filter(|given| {
        let name = given.device_name.as_deref();
        given.ebs.is_some() && !image.devices.iter().any(|mapping| Some(mapping.device.as_str()) == name)
    });
    for given in further {
        planned.push(volume(call, launcher, image, None, Some(given))?);
    }
    Ok(planned)
}

fn volume(
    call: &Call<'_>,
    launcher: &Launcher,
    image: &Image,
    mapping: Option<&DeviceMapping>,
    given: Option<&BlockDevice>,
) -> Result<PlannedVolume, ServiceError> {
    let none = Ebs::default();
    let ebs = given.and_then(|given| given.ebs.as_ref()).unwrap_or(&none);
    let (settings, snapshot) = {
        let realm = call.read();
        let of_image = mapping.and_then(|mapping| mapping.snapshot.as_ref());
        let id = ebs.snapshot_id.as_ref().or(of_image);
        let snapshot = id.map(|id| {
            let found = realm.snapshots.get(id).filter(|snapshot| snapshot.region == *call.ctx.region);
            // Those of an image that was shared need not be shared themselves.
            let is_of_image = of_image == Some(id);
            let found = found.filter(|snapshot| is_of_image || snapshot.is_for(call.account()));
            found.map(|snapshot| Snapshot::clone(snapshot)).ok_or_else(|| fault::not_found(id))
        });
        (call.settings(&realm), snapshot.transpose()?)
    };
    let device = mapping.map(|mapping| mapping.device.clone());
    let device = device.or_else(|| given.and_then(|given| given.device_name.clone())).unwrap_or_default();
    let key = volumes::key(call, ebs.encrypted, ebs.kms_key_id.as_deref())?;
    let launch = key.map(|key| {
        let volume =
            launch::Volume { device: device.as_str().into(), snapshot: snapshot.as_ref().map(volumes::of_model), key };
        keys::launch_of(call, launcher.clone(), &settings, volume).map(|launch| {
            let image = launch::Image { owner: image.owner, shared: Some(true) };
            Launch { image: Some(image), ..launch }
        })
    });
    let kind = ebs.volume_type.clone().or_else(|| mapping.map(|mapping| mapping.kind.clone()));
    Ok(PlannedVolume {
        size: volumes::size(ebs.volume_size.or(mapping.map(|mapping| mapping.size)), snapshot.as_ref())?,
        kind: kind.unwrap_or_else(|| "gp2".to_owned()),
        iops: ebs.iops.or(mapping.and_then(|mapping| mapping.iops)),
        throughput: ebs.throughput.or(mapping.and_then(|mapping| mapping.throughput)),
        delete_on_termination: ebs
            .delete_on_termination
            .or(mapping.map(|mapping| mapping.delete_on_termination))
            .unwrap_or(true),
        snapshot: snapshot.as_ref().map(|snapshot| snapshot.id.clone()),
        source: snapshot.and_then(|snapshot| snapshot.data_key),
        launch: launch.transpose()?,
        device,
    })
}
