//! Volumes that are attached to instances that are there, and detached from them.
//!
//! Attaching an encrypted volume to an instance that runs takes its key: the caller makes a grant, and EC2 decrypts the
//! volume's data key by it. An instance that is stopped asks for that when it is started. Detaching asks for nothing: the
//! grant ends, and a key that cannot be used any more is missed when the volume is attached again.
//!
//! Sources: Amazon EC2 API Reference, "AttachVolume", "DetachVolume", "Error codes" (`CustomerKeyHasBeenRevoked`,
//! `IncorrectState`, `InvalidAttachment.NotFound`, `InvalidVolume.ZoneMismatch`, `OperationNotPermitted`, `VolumeInUse`);
//! AWS KMS Developer Guide, "How unusable KMS keys affect data keys". Where no document has a text, it is ours.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    authorize,
    call::{Call, input, seconds},
    fault, instances, keys,
    records::{ATTACHING, Attachment, Instance, InstanceState, Volume},
    state::Realm,
    volumes,
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttachVolume {
    device: String,
    instance_id: String,
    volume_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DetachVolume {
    device: Option<String>,
    instance_id: Option<String>,
    volume_id: String,
}

pub(super) async fn attach(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    authorize::authorize(call, "AttachVolume", &value)?;
    let asked: AttachVolume = input(value)?;
    if !is_device(&asked.device) {
        let device = &asked.device;
        let message =
            format!("Value ({device}) for parameter device is invalid. {device} is not a valid EBS device name.");
        return Err(fault::invalid(message));
    }
    let (settings, volume, instance) = {
        let realm = call.read();
        let (volume, instance) = fitting(call, &realm, &asked)?;
        (call.settings(&realm), volume, instance)
    };
    let held = match instance.state(call.now()) {
        InstanceState::Running => keys::attach(call, &settings, &volume, &instance.id).await,
        _ => Ok(keys::Held::none(call.ec2)),
    };
    let held = held.map_err(|_| {
        let message = "The key of the volume cannot be used: it has been revoked, or who attaches may not use it.";
        ServiceError::new("CustomerKeyHasBeenRevoked", message)
    })?;
    let mut change = call.change();
    // What was free before KMS was asked may be taken by now.
    let (mut volume, mut instance) = fitting(call, &change, &asked)?;
    let attachment = Attachment {
        instance: instance.id.clone(),
        device: asked.device,
        at: call.now(),
        delete_on_termination: false,
        ends: None,
    };
    let told = told(&volume, &attachment, call.now());
    volume.grants = held.grants();
    volume.attachment = Some(attachment);
    instance.volumes.retain(|id| *id != volume.id);
    instance.volumes.push(volume.id.clone());
    change.put(volume);
    change.put(instance);
    held.kept(&mut change);
    change.commit();
    Ok(told)
}

pub(super) fn detach(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: DetachVolume = input(value)?;
    let (now, mut change) = (call.now(), call.change());
    let mut volume = volumes::own(call, &change, &asked.volume_id)?.clone();
    let Some(mut attachment) = volume.attached(now).cloned() else {
        let message = format!("Volume '{}' is in the 'available' state.", volume.id);
        return Err(ServiceError::new("IncorrectState", message));
    };
    let is_other = |given: &Option<String>, own: &str| given.as_ref().is_some_and(|given| given != own);
    if is_other(&asked.instance_id, &attachment.instance) || is_other(&asked.device, &attachment.device) {
        let instance = asked.instance_id.as_deref().unwrap_or(&attachment.instance);
        let message = format!("The volume '{}' is not attached to instance '{instance}' as named.", volume.id);
        return Err(ServiceError::new("InvalidAttachment.NotFound", message));
    }
    let instance = instances::own(call, &change, &attachment.instance)?;
    let is_stopped = instance.state(now) == InstanceState::Stopped;
    if attachment.device == instance.root_device && !is_stopped {
        let message =
            format!("Unable to detach root volume '{}' from instance '{}'", attachment.device, attachment.instance);
        return Err(ServiceError::new("OperationNotPermitted", message));
    }
    // Whoever asks a second time is told the same end.
    attachment.ends = attachment.ends.or(now.checked_add(ATTACHING).ok());
    let told = told(&volume, &attachment, now);
    let ended = keys::Held::taken(call, &mut change, &mut volume);
    volume.attachment = Some(attachment);
    change.put(volume);
    change.commit();
    drop(ended);
    Ok(told)
}

/// The volume and the instance, if they fit together now.
fn fitting(call: &Call<'_>, realm: &Realm, asked: &AttachVolume) -> Result<(Volume, Instance), ServiceError> {
    let now = call.now();
    let volume = volumes::own(call, realm, &asked.volume_id)?;
    let instance = instances::own(call, realm, &asked.instance_id)?;
    let incorrect = |message| ServiceError::new("IncorrectState", message);
    if let Some(attachment) = volume.attached(now) {
        let message = format!("{} is already attached to an instance", volume.id);
        return Err(match attachment.ends {
            Some(_) => incorrect(format!("{} is still being detached", volume.id)),
            None => ServiceError::new("VolumeInUse", message),
        });
    }
    if volume.state(now) != "available" || volume.gone.is_some() {
        return Err(incorrect(format!("{} is not 'available'.", volume.id)));
    }
    if !matches!(instance.state(now), InstanceState::Running | InstanceState::Stopped) {
        return Err(incorrect(format!("Instance '{}' is not 'running'.", instance.id)));
    }
    if volume.zone != instance.zone {
        let message =
            format!("The volume '{}' is not in the same availability zone as instance '{}'", volume.id, instance.id);
        return Err(ServiceError::new("InvalidVolume.ZoneMismatch", message));
    }
    let device = &asked.device;
    let mut others = instances::of(realm, instance, now).into_iter().filter_map(|other| other.attached(now));
    if others.any(|attachment| attachment.device == *device) {
        let message = format!("Invalid value '{device}' for unixDevice. Attachment point {device} is already in use");
        return Err(fault::invalid(message));
    }
    Ok((volume.clone(), instance.clone()))
}

/// Source: Amazon EC2 User Guide, "Device names for volumes on Amazon EC2 instances" > "Available device names".
fn is_device(name: &str) -> bool {
    let name = name.strip_prefix("/dev/").unwrap_or(name);
    let rest = ["sd", "xvd", "hd"].into_iter().find_map(|prefix| name.strip_prefix(prefix));
    rest.is_some_and(|rest| {
        let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
        let digits = rest.get(letters..).unwrap_or_default();
        (1..=2).contains(&letters) && digits.len() <= 2 && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn told(volume: &Volume, attachment: &Attachment, now: Timestamp) -> Value {
    json!({
        "AttachTime": seconds(attachment.at),
        "DeleteOnTermination": attachment.delete_on_termination,
        "Device": attachment.device,
        "InstanceId": attachment.instance,
        "State": volume.attaching(attachment, now),
        "VolumeId": volume.id,
    })
}
