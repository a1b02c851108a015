//! The calls to KMS by which volumes come under keys and are read.
//!
//! Which calls, in which order and as whom, [`authz::launch`] tells, as it tells them to whoever forecasts a launch. Here
//! each is really made: KMS decides it, by policies, grants and the key's state, and the trail has its event.

mod ask;
mod copy;
mod held;
mod input;

use std::collections::VecDeque;

use authz::launch::{self, Call as KmsCall, Launch, Launcher, NoDefaultKey, NoSteps, Phase, Step, VolumeKey};
use aws_model::KeyArn;
use serde_json::Value;

use self::{ask::By, input::of_volume};
pub(super) use self::{
    copy::{Copying, copy},
    held::Held,
};
use super::{
    call::Call,
    encryption::AWS_EBS,
    records::{DataKey, GrantMade, Settings, Volume},
};
use crate::ServiceError;

/// A volume whose key is used: what it is called in the calls, and what is there of it already.
pub(super) struct OfVolume<'a> {
    pub(super) volume: &'a str,
    pub(super) instance: Option<&'a str>,
    /// The data key of the snapshot that it is made from.
    pub(super) source: Option<&'a DataKey>,
    pub(super) phases: &'a [Phase],
}

/// What the calls have made.
pub(super) struct Sealed<'c> {
    pub(super) key: Option<KeyArn>,
    pub(super) data_key: Option<DataKey>,
    pub(super) grants: Held<'c>,
}

/// A call was refused. What the ones before had made is ended.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) key: Option<KeyArn>,
}

impl OfVolume<'_> {
    /// For whom EC2's infrastructure works: the instance, or what is made by itself.
    fn for_whom(&self) -> &str {
        self.instance.unwrap_or(self.volume)
    }
}

impl<'c> Sealed<'c> {
    /// Of a volume that is under this key, or was to be.
    pub(super) fn under(call: &Call<'c>, key: Option<KeyArn>) -> Self {
        Self { key, data_key: None, grants: Held::none(call.ec2) }
    }
}

/// A launch of one volume by a launcher.
pub(super) fn launch_of(
    call: &Call<'_>,
    launcher: Launcher,
    settings: &Settings,
    volume: launch::Volume,
) -> Result<Launch, ServiceError> {
    let (account, region) = call.place();
    let mut launch = Launch {
        account,
        region,
        launcher,
        image: None,
        volumes: vec![volume],
        default_key: settings.default_key.clone(),
        encrypts_by_default: settings.encrypts_by_default,
        node_role: None,
    };
    let needs_default = launch.volumes.iter().any(|volume| matches!(launch.key_of(volume), Err(NoDefaultKey { .. })));
    if needs_default {
        launch.default_key = Some(default_key(call, settings)?);
    }
    Ok(launch)
}

/// The key of encrypted volumes for which none is named.
pub(super) fn default_key(call: &Call<'_>, settings: &Settings) -> Result<KeyArn, ServiceError> {
    match &settings.default_key {
        Some(key) => Ok(key.clone()),
        None => call.ec2.kms.managed_key(call.account(), call.ctx.region, AWS_EBS, call.now()),
    }
}

/// Makes the calls for a launch's one volume.
pub(super) async fn seal<'c>(call: &Call<'c>, launch: &Launch, of: OfVolume<'_>) -> Result<Sealed<'c>, Refused> {
    let key = launch.volumes.first().and_then(|volume| launch.key_of(volume).ok()?);
    let mut sealed = Sealed::under(call, key.map(|encryption| encryption.key.clone()));
    let steps = match launch.steps(call.ec2.authorizer.assumptions()) {
        Ok(steps) => steps,
        Err(error @ (NoSteps::NoDefaultKey(_) | NoSteps::Arn(_) | NoSteps::Action(_))) => {
            tracing::error!(%error, "a launch has no steps");
            return Err(Refused { key: sealed.key });
        }
    };
    let mut steps: VecDeque<Step> = steps.into_iter().filter(|step| of.phases.contains(&step.phase)).collect();
    let mut tokens = Vec::new();
    while let Some(step) = steps.pop_front() {
        let step = &step;
        // ReEncrypt is one call that takes two permissions.
        if step.call == KmsCall::ReEncryptFrom {
            steps.pop_front_if(|next| next.call == KmsCall::ReEncryptTo);
        }
        if step.call == KmsCall::CreateGrant && !sealed.grants.is_begun() {
            sealed.grants = Held::begin(call, of.volume);
        }
        let (operation, input) = input::asked(step, &of, &sealed, &tokens);
        match By::of(call, step, &of).ask(call, operation, input).await {
            Ok(answer) => keep(step, &of, answer, &mut sealed, &mut tokens),
            Err(error) => {
                tracing::debug!(operation, %error, "KMS refused EC2");
                return Err(Refused { key: sealed.key });
            }
        }
    }
    Ok(sealed)
}

/// Makes the calls by which a volume that is there is attached to an instance: none for a plain one.
pub(super) async fn attach<'c>(
    call: &Call<'c>,
    settings: &Settings,
    volume: &Volume,
    instance: &str,
) -> Result<Held<'c>, Refused> {
    let Some(data_key) = &volume.data_key else { return Ok(Held::none(call.ec2)) };
    let of_model = launch::Volume { device: "".into(), snapshot: None, key: VolumeKey::Named(data_key.key.clone()) };
    let launcher = Launcher::RunInstances(call.ctx.caller.principal.clone());
    let launch = launch_of(call, launcher, settings, of_model);
    let launch = launch.map_err(|_| Refused { key: Some(data_key.key.clone()) })?;
    let of =
        OfVolume { volume: &volume.id, instance: Some(instance), source: Some(data_key), phases: &[Phase::Attach] };
    seal(call, &launch, of).await.map(|sealed| sealed.grants)
}

/// What an answer of KMS brings.
fn keep(step: &Step, of: &OfVolume<'_>, answer: Value, sealed: &mut Sealed<'_>, tokens: &mut Vec<String>) {
    let text = |member: &str| answer.get(member).and_then(Value::as_str).map(str::to_owned);
    let key = || step.request.resource.arn.parse::<KeyArn>().ok();
    match step.call {
        KmsCall::GenerateDataKeyWithoutPlaintext => {
            let made = key().zip(text("CiphertextBlob"));
            sealed.data_key = made.map(|(key, ciphertext)| DataKey { key, ciphertext, context: of_volume(of) });
        }
        KmsCall::ReEncryptFrom | KmsCall::ReEncryptTo => {
            let made = sealed.key.clone().zip(text("CiphertextBlob"));
            sealed.data_key = made.map(|(key, ciphertext)| DataKey { key, ciphertext, context: of_volume(of) });
        }
        KmsCall::CreateGrant => {
            tokens.extend(text("GrantToken"));
            if let Some((key, id)) = key().zip(text("GrantId")) {
                sealed.grants.add(GrantMade { key, id });
            }
        }
        KmsCall::Decrypt | KmsCall::DescribeKey | KmsCall::Encrypt | KmsCall::GenerateDataKey => {}
    }
}
