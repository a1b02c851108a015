//! CreateGrant.

use std::sync::Arc;

use authz::world::GrantPrincipal;
use aws_model::Arn;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Grant, GrantConstraints, GrantOperation, token};
use crate::{
    ServiceError,
    kms::{
        call::{Call, input},
        fault,
        key::Key,
        key_state::KeyUse,
    },
    sealing::random_bytes,
};

/// Source: AWS KMS API Reference, "CreateGrant", `Constraints`.
const MAX_PAIRS: usize = 8;
const MAX_CONTEXT_CHARACTERS: usize = 384;

/// What only matters to AWS services as principals, of which there are none here. To leave such a member out would make
/// a grant wider than was asked for, so each is refused.
const OF_SERVICES: [&str; 3] = ["/GranteeServicePrincipal", "/RetiringServicePrincipal", "/Constraints/SourceArn"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    key_id: String,
    grantee_principal: String,
    retiring_principal: Option<String>,
    operations: Vec<GrantOperation>,
    #[serde(default)]
    constraints: GrantConstraints,
    #[serde(default)]
    grant_tokens: Vec<String>,
    name: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

pub(in crate::kms) fn create_grant(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    check_members(&value)?;
    let mut input: Input = input(value)?;
    call.check_grant_tokens(&input.grant_tokens)?;
    input.operations.sort_unstable();
    input.operations.dedup();
    check_operations(&input.operations)?;
    check_constraints(&input.constraints)?;
    check_principal(&input.grantee_principal)?;
    input.retiring_principal.as_deref().map_or(Ok(()), check_principal)?;

    let mut change = call.change();
    let key = call.key("KeyId", &input.key_id)?;
    call.usable(&key, KeyUse::CreateGrant)?;
    let issuing_account = format!("arn:{}:iam::{}:root", call.ctx.region.partition(), call.account());
    if let Some(existing) = same_named(&key, &input, &issuing_account) {
        call.see(existing.ticket);
        let token = token::issue(&key, &existing.id)?;
        return if input.dry_run { Err(fault::dry_run()) } else { Ok(answer(&existing.id, token)) };
    }
    let most = call.state.quotas.grants_per_key;
    if key.grants().len() >= most {
        return Err(fault::limit_exceeded(format!("{} has {most} grants, the most there can be", key.arn)));
    }
    if input.dry_run {
        return Err(fault::dry_run());
    }
    let id: String = random_bytes(32)?.expose().iter().map(|byte| format!("{byte:02x}")).collect();
    let token = token::issue(&key, &id)?;
    let answer = answer(&id, token);
    change.grant(
        &key,
        Grant {
            id,
            key: key.arn.clone(),
            name: input.name,
            created: call.now(),
            grantee: input.grantee_principal,
            grantee_unique_id: None,
            retiring: input.retiring_principal,
            issuing_account,
            operations: input.operations,
            constraints: input.constraints,
            ticket: Default::default(),
        },
    );
    call.commit(change);
    Ok(answer)
}

/// The grant that the same request made before, told by its name.
///
/// Source: AWS KMS API Reference, "CreateGrant", `Name`: a way to retry, with identical parameters. It does not say
/// whose retries; assumed: those of the account that made the grant, since a grant that another account issued can be
/// retired by that account.
fn same_named(key: &Key, input: &Input, issuing_account: &str) -> Option<Arc<Grant>> {
    let name = input.name.as_deref()?;
    let same = |grant: &&Arc<Grant>| {
        grant.grantee == input.grantee_principal
            && grant.retiring == input.retiring_principal
            && grant.operations == input.operations
            && grant.constraints == input.constraints
            && grant.issuing_account == issuing_account
    };
    key.grants().named(name).find(same).cloned()
}

fn answer(id: &str, token: String) -> Value {
    json!({ "GrantId": id, "GrantToken": token })
}

fn check_members(value: &Value) -> Result<(), ServiceError> {
    let is_given = |member: &str| value.pointer(member).is_some_and(|given| !given.is_null());
    if let Some(member) = OF_SERVICES.into_iter().find(|member| is_given(member)) {
        let name = member.trim_start_matches('/').replace('/', ".");
        return Err(fault::validation(format!(
            "{name} is not supported: a grant takes GranteePrincipal, RetiringPrincipal and constraints of \
             EncryptionContextEquals and EncryptionContextSubset."
        )));
    }
    // The model does not require it, as a service could stand in its place.
    if !is_given("/GranteePrincipal") {
        return Err(fault::validation(
            "1 validation error detected: Value null at 'granteePrincipal' failed to satisfy constraint: Member must \
             not be null",
        ));
    }
    Ok(())
}

fn check_operations(operations: &[GrantOperation]) -> Result<(), ServiceError> {
    match operations.iter().find(|operation| !operation.suits_symmetric_encryption()) {
        Some(other) => Err(fault::validation(format!(
            "{} is not an operation of a key whose usage is ENCRYPT_DECRYPT.",
            other.as_str()
        ))),
        None if operations.is_empty() => Err(fault::validation("A grant takes at least one operation.")),
        None => Ok(()),
    }
}

fn check_constraints(constraints: &GrantConstraints) -> Result<(), ServiceError> {
    let contexts = [&constraints.encryption_context_equals, &constraints.encryption_context_subset];
    for context in contexts.into_iter().flatten() {
        let characters: usize = context.pairs().map(|(key, value)| key.chars().count() + value.chars().count()).sum();
        if context.len() > MAX_PAIRS || characters > MAX_CONTEXT_CHARACTERS {
            return Err(fault::validation(format!(
                "An encryption context constraint takes up to {MAX_PAIRS} pairs and {MAX_CONTEXT_CHARACTERS} characters."
            )));
        }
    }
    if constraints.agree() {
        return Ok(());
    }
    Err(fault::validation("No encryption context meets both EncryptionContextEquals and EncryptionContextSubset."))
}

/// An account, a user, a role, an assumed role or a federated user.
///
/// Source: AWS KMS API Reference, "CreateGrant", `GranteePrincipal`.
pub(super) fn check_principal(text: &str) -> Result<(), ServiceError> {
    let refuse =
        || ServiceError::new("InvalidArnException", format!("ARN does not refer to a valid principal: {text}"));
    let arn: Arn = text.parse().map_err(|_| refuse())?;
    let ends_well = arn.region().is_empty() && !arn.resource().ends_with('/');
    match text.parse() {
        Ok(GrantPrincipal::Service(_)) | Err(_) => Err(refuse()),
        Ok(_) => {
            if ends_well {
                Ok(())
            } else {
                Err(refuse())
            }
        }
    }
}
