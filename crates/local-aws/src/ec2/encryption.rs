//! Encryption by default, and under which key, of an account in a region.
//!
//! Source: Amazon EBS User Guide, "Enable Amazon EBS encryption by default" and "Default KMS key for EBS encryption".

use aws_model::KeyArn;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    records::Settings,
};
use crate::{ServiceError, kms::ManagedKey};

/// The key where none is set.
pub(super) const AWS_EBS: ManagedKey = ManagedKey {
    alias: "alias/aws/ebs",
    service: "ec2",
    description: "Default key that protects my EBS volumes when no other key is defined",
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Modify {
    kms_key_id: String,
}

pub(super) fn get(call: &Call<'_>, _: Value) -> Result<Value, ServiceError> {
    Ok(json!({ "EbsEncryptionByDefault": call.settings(&call.read()).encrypts_by_default }))
}

pub(super) fn enable(call: &Call<'_>, _: Value) -> Result<Value, ServiceError> {
    set(call, |settings| settings.encrypts_by_default = true);
    Ok(json!({ "EbsEncryptionByDefault": true }))
}

pub(super) fn disable(call: &Call<'_>, _: Value) -> Result<Value, ServiceError> {
    set(call, |settings| settings.encrypts_by_default = false);
    Ok(json!({ "EbsEncryptionByDefault": false }))
}

pub(super) fn get_key(call: &Call<'_>, _: Value) -> Result<Value, ServiceError> {
    let key = call.settings(&call.read()).default_key;
    Ok(json!({ "KmsKeyId": key.as_ref().map_or(AWS_EBS.alias, KeyArn::as_str) }))
}

pub(super) fn modify_key(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Modify { kms_key_id } = input(value)?;
    let key = call.ec2.kms.key_named(call.account(), call.ctx.region, &kms_key_id);
    let key = key.filter(|key| key.region() == call.ctx.region);
    let key = key.ok_or_else(|| fault::invalid(format!("The KMS key {kms_key_id} is not one of this region.")))?;
    let told = json!({ "KmsKeyId": key });
    set(call, |settings| settings.default_key = Some(key));
    Ok(told)
}

pub(super) fn reset_key(call: &Call<'_>, _: Value) -> Result<Value, ServiceError> {
    set(call, |settings| settings.default_key = None);
    Ok(json!({ "KmsKeyId": AWS_EBS.alias }))
}

fn set(call: &Call<'_>, edit: impl FnOnce(&mut Settings)) {
    let mut change = call.change();
    let mut settings = call.settings(&change);
    edit(&mut settings);
    change.put(settings);
    change.commit();
}
