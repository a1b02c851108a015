//! The calls to KMS by which volumes come under keys and are read.
//!
//! Which calls, in which order and as whom, [`authz::launch`] tells, as it tells them to whoever forecasts a launch. Here
//! each is really made: KMS decides it, by policies, grants and the key's state, and the trail has its event.

use std::collections::VecDeque;

use authz::{
    launch::{self, Call as KmsCall, Launch, Launcher, NoDefaultKey, NoSteps, Phase, Step},
    principal::{Principal, RoleSession},
};
use aws_model::{EncryptionContext, KeyArn};
use aws_wire::model::{self, ServiceId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    call::Call,
    encryption::AWS_EBS,
    fault,
    records::{DataKey, GrantMade, Settings},
};
use crate::{
    CallContext, Caller, ServiceError,
    accounts::assumed_role_arn,
    trail::{Answered, Notes, Trail},
};

/// EC2, as the trail and `kms:ViaService` know it.
const EC2: &str = "ec2.amazonaws.com";

/// The length of a volume's data key.
///
/// Source: AWS KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail" > "Amazon EC2 example two".
const DATA_KEY_BYTES: u32 = 64;

/// A volume whose key is used: what it is called in the calls, and what is there of it already.
pub(super) struct OfVolume<'a> {
    pub(super) volume: &'a str,
    pub(super) instance: Option<&'a str>,
    /// The data key of the snapshot that it is made from.
    pub(super) source: Option<&'a DataKey>,
    pub(super) phases: &'a [Phase],
}

/// What the calls have made.
#[derive(Debug, Default)]
pub(super) struct Sealed {
    pub(super) key: Option<KeyArn>,
    pub(super) data_key: Option<DataKey>,
    pub(super) grants: Vec<GrantMade>,
}

/// A call was refused. What the ones before had made is ended.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) key: Option<KeyArn>,
}

/// A launch by who calls, of one volume. Who launches by a service-linked role has a launcher of their own.
pub(super) fn launch_of(call: &Call<'_>, settings: &Settings, volume: launch::Volume) -> Result<Launch, ServiceError> {
    let (account, region) = call.place();
    let mut launch = Launch {
        account,
        region,
        launcher: Launcher::RunInstances(call.ctx.caller.principal.clone()),
        image: None,
        volumes: vec![volume],
        default_key: settings.default_key.clone(),
        encrypts_by_default: settings.encrypts_by_default,
        node_role: None,
    };
    let needs_default = launch.volumes.iter().any(|volume| matches!(launch.key_of(volume), Err(NoDefaultKey { .. })));
    if needs_default {
        launch.default_key = Some(call.ec2.kms.managed_key(account, call.ctx.region, AWS_EBS, call.now())?);
    }
    Ok(launch)
}

/// Makes the calls for a launch's one volume.
pub(super) async fn seal(call: &Call<'_>, launch: &Launch, of: OfVolume<'_>) -> Result<Sealed, Refused> {
    let key = launch.volumes.first().and_then(|volume| launch.key_of(volume).ok()?);
    let mut sealed = Sealed { key: key.map(|encryption| encryption.key.clone()), ..Sealed::default() };
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
        let (operation, input) = asked(step, &of, &sealed, &tokens);
        match make(call, step, &of, operation, input).await {
            Ok(answer) => keep(step, &of, answer, &mut sealed, &mut tokens),
            Err(error) => {
                tracing::debug!(operation, %error, "KMS refused EC2");
                end(call, &sealed.grants);
                return Err(Refused { key: sealed.key });
            }
        }
    }
    Ok(sealed)
}

/// Ends grants that nothing needs any more.
pub(super) fn end(call: &Call<'_>, grants: &[GrantMade]) {
    if !grants.is_empty() {
        call.ec2.kms.end_grants(grants.iter().map(|grant| (&grant.key, grant.id.as_str())));
    }
}

/// The operation of a step, and its input.
fn asked(step: &Step, of: &OfVolume<'_>, sealed: &Sealed, tokens: &[String]) -> (&'static str, Value) {
    let key = &*step.request.resource.arn;
    let context = named(&step.request.kms.encryption_context, of);
    let own = sealed.data_key.as_ref();
    let is_of_source = of.source.is_some_and(|source| source.key.as_str() == key);
    let blob = if is_of_source && step.call == KmsCall::ReEncryptFrom { of.source } else { own.or(of.source) };
    let ciphertext = blob.map_or("", |blob| blob.ciphertext.as_str());
    match step.call {
        KmsCall::GenerateDataKeyWithoutPlaintext => (
            "GenerateDataKeyWithoutPlaintext",
            json!({ "KeyId": key, "NumberOfBytes": DATA_KEY_BYTES, "EncryptionContext": context }),
        ),
        KmsCall::GenerateDataKey => {
            ("GenerateDataKey", json!({ "KeyId": key, "NumberOfBytes": DATA_KEY_BYTES, "EncryptionContext": context }))
        }
        KmsCall::CreateGrant => ("CreateGrant", grant(step, of)),
        KmsCall::Decrypt => {
            let mut input = json!({
                "CiphertextBlob": ciphertext,
                "EncryptionContext": blob.map(|blob| &blob.context),
            });
            // A grant counts at once for who has its token.
            if let (false, Some(members)) = (tokens.is_empty(), input.as_object_mut()) {
                members.insert("GrantTokens".to_owned(), tokens.into());
            }
            ("Decrypt", input)
        }
        KmsCall::ReEncryptFrom | KmsCall::ReEncryptTo => {
            let to = sealed.key.as_ref().map_or(key, KeyArn::as_str);
            let input = json!({
                "CiphertextBlob": ciphertext,
                "SourceEncryptionContext": blob.map(|blob| &blob.context),
                "DestinationKeyId": to,
                "DestinationEncryptionContext": of_volume(of),
            });
            ("ReEncrypt", input)
        }
        KmsCall::DescribeKey => ("DescribeKey", json!({ "KeyId": key })),
        KmsCall::Encrypt => ("Encrypt", json!({ "KeyId": key, "Plaintext": ciphertext, "EncryptionContext": context })),
    }
}

fn grant(step: &Step, of: &OfVolume<'_>) -> Value {
    let new = step.request.kms.new_grant.as_ref();
    let grantee = new.map(|new| new.grantee.to_string()).unwrap_or_default();
    let operations = new.into_iter().flat_map(|new| new.operations.iter()).map(|operation| operation.as_str());
    json!({
        "KeyId": &*step.request.resource.arn,
        "GranteePrincipal": grantee.replace(launch::NEW_INSTANCE, of.instance.unwrap_or(launch::NEW_INSTANCE)),
        "Operations": operations.collect::<Vec<_>>(),
        "Constraints": { "EncryptionContextSubset": of_volume(of) },
    })
}

/// The context of a step, with the volume's id where one is still to come.
fn named(context: &EncryptionContext, of: &OfVolume<'_>) -> EncryptionContext {
    let id = |value: &str| if value == launch::NEW_VOLUME { of.volume.to_owned() } else { value.to_owned() };
    EncryptionContext::new(context.pairs().map(|(key, value)| (key.to_owned(), id(value))))
}

fn of_volume(of: &OfVolume<'_>) -> EncryptionContext {
    EncryptionContext::new([(launch::CONTEXT_KEY, of.volume)])
}

/// What an answer of KMS brings.
fn keep(step: &Step, of: &OfVolume<'_>, answer: Value, sealed: &mut Sealed, tokens: &mut Vec<String>) {
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
            sealed.grants.extend(key().zip(text("GrantId")).map(|(key, id)| GrantMade { key, id }));
        }
        KmsCall::Decrypt | KmsCall::DescribeKey | KmsCall::Encrypt | KmsCall::GenerateDataKey => {}
    }
}

/// Makes a call, and has its event written.
async fn make(
    call: &Call<'_>,
    step: &Step,
    of: &OfVolume<'_>,
    operation: &'static str,
    input: Value,
) -> Result<Value, ServiceError> {
    let model = model::service(ServiceId::Kms);
    let modelled = model.operation(operation).ok_or_else(fault::internal)?;
    let caller = caller(call, step, of);
    let (notes, id) = (Notes::default(), Uuid::new_v4().to_string());
    let ctx = CallContext {
        caller: caller.as_ref().unwrap_or(call.ctx.caller),
        region: call.ctx.region,
        now: call.ctx.now,
        request_id: &id,
        peer: None,
        notes: Some(&notes),
        invoked_by: (!step.request.through.is_empty()).then_some(EC2),
    };
    let parameters = Trail::parameters(ServiceId::Kms, modelled, &input);
    let answer = call.ec2.kms.call(&ctx, operation, input).await;
    call.ec2.trail.record(Answered {
        service: ServiceId::Kms,
        operation: modelled,
        context: &ctx,
        parameters,
        answer: answer.as_ref(),
        noted: notes.take(),
    });
    answer
}

/// Who calls, if it is not who launches: EC2's infrastructure, or a role that launches for a service.
fn caller(call: &Call<'_>, step: &Step, of: &OfVolume<'_>) -> Option<Caller> {
    let Principal::Session(session) = &step.request.principal else { return None };
    let is_own = matches!(&call.ctx.caller.principal, Principal::Session(own) if own.role == session.role);
    if is_own {
        return None;
    }
    let name = session.name.as_deref().map(|name| match of.instance {
        Some(instance) if name == launch::NEW_INSTANCE => instance,
        _ => name,
    });
    let name = name.or(of.instance).unwrap_or(of.volume);
    let role = session.role.resource().rsplit('/').next().unwrap_or_default();
    let account = call.account();
    // EC2's own role has no unique id: its sessions are told so by their names.
    let id = if role.starts_with("aws:") {
        format!("{account}:{role}")
    } else {
        call.ec2.accounts.unique_id(&session.role, "AROA")
    };
    Some(Caller {
        arn: assumed_role_arn(&session.role, name),
        user_id: format!("{id}:{name}"),
        principal: Principal::Session(Box::new(RoleSession::of(session.role.clone(), Some(name.to_owned())))),
        ..Caller::root(account, "")
    })
}
