//! MFA devices: virtual ones. Their seed is told once, when they are made, and follows from the account's seed afterwards.
//!
//! Codes are judged by the machine's time, as signatures are: an authenticator app has no other.
//!
//! Sources: IAM API Reference, "CreateVirtualMFADevice", "EnableMFADevice" and those around them; the messages as issues of
//! Terraform's AWS provider and moto's tests quote them.

mod totp;

use aws_catalog::access::IamKind;
use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    call::{Call, input},
    fault,
    paging::Page,
    quotas,
    records::{EnabledMfa, MfaDevice, User},
    roles::root_path,
    state::Realm,
    tags::{Tag, Tags},
    users,
};
use crate::ServiceError;

#[derive(Deserialize)]
struct Create {
    #[serde(rename = "Path", default = "root_path")]
    path: String,
    #[serde(rename = "VirtualMFADeviceName")]
    name: String,
    #[serde(rename = "Tags", default)]
    tags: Vec<Tag>,
}

/// How long a serial number is at most, by which alone a device is enabled and deleted. AWS bounds the path of a virtual
/// one, and not the name.
///
/// Source: IAM API Reference, "VirtualMFADevice", `SerialNumber`.
const LONGEST_SERIAL_NUMBER: usize = 256;

/// Whose device, and two of its codes.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Of {
    user_name: Option<String>,
    #[serde(default)]
    serial_number: String,
    #[serde(default)]
    authentication_code1: String,
    #[serde(default)]
    authentication_code2: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    user_name: Option<String>,
    #[serde(flatten)]
    page: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListVirtual {
    #[serde(default)]
    assignment_status: Assignment,
    #[serde(flatten)]
    page: Page,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
enum Assignment {
    Assigned,
    Unassigned,
    #[default]
    Any,
}

pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Create { path, name, tags } = input(value)?;
    let mut change = call.change();
    change.must_be_new(IamKind::Mfa, &name)?;
    let arn = call.arn(IamKind::Mfa, &path, &name)?;
    if arn.as_str().len() > LONGEST_SERIAL_NUMBER {
        return Err(fault::invalid_input(format!(
            "The path and the name of the device are too long: its serial number, {arn}, would have {} characters of {} at \
             most.",
            arn.as_str().len(),
            LONGEST_SERIAL_NUMBER
        )));
    }
    let device = MfaDevice { arn, id: call.new_id("")?, name, tags: Tags::new(IamKind::Mfa, tags)? };
    let seed = call.accounts.mfa_seed(&device.id);
    let mut told = Map::new();
    told.insert("SerialNumber".into(), device.arn.as_str().into());
    told.insert("Base32StringSeed".into(), BASE64_STANDARD.encode(base32(seed.expose())).into());
    if !device.tags.is_empty() {
        told.insert("Tags".into(), device.tags.told());
    }
    change.put(device);
    change.commit();
    Ok(json!({ "VirtualMFADevice": told }))
}

pub(super) fn enable(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Of = input(value)?;
    let name = call.user_name(asked.user_name.as_deref())?;
    call.edit(
        |realm| realm.user(name),
        |user, realm| {
            let device = realm.mfa_device(&asked.serial_number)?;
            if realm.user_of_mfa(&asked.serial_number).is_some() {
                return Err(ServiceError::new("EntityAlreadyExists", "MFA Device is already in use.").with_status(409));
            }
            quotas::check(quotas::MFA_DEVICES_PER_USER, user.credentials.mfa.len())?;
            asked.must_have_codes_of(call, device)?;
            user.credentials.mfa.push(EnabledMfa { serial: asked.serial_number.clone(), since: call.now() });
            Ok(())
        },
    )
}

/// The codes are right, or they are not: no drift is noted.
pub(super) fn resync(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Of = input(value)?;
    let realm = call.realm();
    enabled(realm.user(call.user_name(asked.user_name.as_deref())?)?, &asked.serial_number)?;
    asked.must_have_codes_of(call, realm.mfa_device(&asked.serial_number)?)?;
    Ok(json!({}))
}

pub(super) fn deactivate(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Of = input(value)?;
    let name = call.user_name(asked.user_name.as_deref())?;
    call.edit(
        |realm| realm.user(name),
        |user, _| {
            enabled(user, &asked.serial_number)?;
            user.credentials.mfa.retain(|device| device.serial != asked.serial_number);
            Ok(())
        },
    )
}

pub(super) fn get(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Of = input(value)?;
    let realm = call.realm();
    let user = realm.user(call.user_name(asked.user_name.as_deref())?)?;
    let device = enabled(user, &asked.serial_number)?;
    Ok(json!({
        "UserName": user.name,
        "SerialNumber": device.serial,
        "EnableDate": device.since.as_second(),
        "Certifications": {},
    }))
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let List { user_name, page } = input(value)?;
    let realm = call.realm();
    let user = realm.user(call.user_name(user_name.as_deref())?)?;
    let mut devices: Vec<&EnabledMfa> = user.credentials.mfa.iter().collect();
    devices.sort_by_key(|device| &device.serial);
    page.of("MFADevices", devices.into_iter().map(|device| (device.serial.clone(), device)), |device| {
        json!({ "UserName": user.name, "SerialNumber": device.serial, "EnableDate": device.since.as_second() })
    })
}

pub(super) fn list_virtual(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let ListVirtual { assignment_status, page } = input(value)?;
    let realm = call.realm();
    let devices =
        realm.mfa_devices.iter().map(|(key, device)| (key.clone(), (device, realm.user_of_mfa(device.arn.as_str()))));
    let meant = devices.filter(|(_, (_, user))| match assignment_status {
        Assignment::Assigned => user.is_some(),
        Assignment::Unassigned => user.is_none(),
        Assignment::Any => true,
    });
    page.of("VirtualMFADevices", meant, |(device, user)| {
        let mut told = Map::new();
        told.insert("SerialNumber".into(), device.arn.as_str().into());
        if let Some(user) = user {
            told.insert("User".into(), users::told(user, false));
            let since = enabled(user, device.arn.as_str()).map(|enabled| enabled.since.as_second());
            told.extend(since.ok().map(|since| ("EnableDate".to_owned(), since.into())));
        }
        told.into()
    })
}

pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Of { serial_number, .. } = input(value)?;
    call.remove(
        |realm| realm.mfa_device(&serial_number),
        |_, realm: &Realm| match realm.user_of_mfa(&serial_number) {
            Some(_) => Err(fault::delete_conflict("MFA VirtualDevice in use. Must deactivate first.")),
            None => Ok(()),
        },
    )
}

impl Of {
    fn must_have_codes_of(&self, call: &Call<'_>, device: &MfaDevice) -> Result<(), ServiceError> {
        let seed = call.accounts.mfa_seed(&device.id);
        if totp::are_codes(&seed, Timestamp::now(), &self.authentication_code1, &self.authentication_code2) {
            return Ok(());
        }
        let message = "Authentication code for device is not valid.";
        Err(ServiceError::new("InvalidAuthenticationCode", message).with_status(403))
    }
}

/// A device that a user has.
fn enabled<'u>(user: &'u User, serial: &str) -> Result<&'u EnabledMfa, ServiceError> {
    let found = user.credentials.mfa.iter().find(|device| device.serial == serial);
    found.ok_or_else(|| fault::no_such_entity(format!("MFA Device with serial number {serial} does not exist.")))
}

/// As authenticator apps take a seed.
fn base32(seed: &[u8]) -> String {
    let bits = |five: &[u8]| five.iter().fold(0, |bits: u128, byte| (bits << 8) | u128::from(*byte));
    seed.chunks(5).map(|five| crate::accounts::base32(bits(five), 8)).collect()
}
