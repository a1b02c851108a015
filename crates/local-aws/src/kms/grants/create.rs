//! CreateGrant.

use std::sync::Arc;

use authz::rules::Assumptions;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Grant, GrantConstraints, GrantOperation, Parties, token};
use crate::{
    ServiceError,
    kms::{
        call::{Call, input},
        fault,
        key::Key,
        key_state::KeyUse,
        kind::KeyKind,
    },
    sealing::random_bytes,
};

/// Source: AWS KMS API Reference, "CreateGrant", `Constraints`.
const MAX_PAIRS: usize = 8;
const MAX_CONTEXT_CHARACTERS: usize = 384;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    key_id: String,
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
    let parties = Parties::of(&value)?;
    let mut input: Input = input(value)?;
    call.check_grant_tokens(&input.grant_tokens)?;
    input.operations.sort_unstable();
    input.operations.dedup();
    if input.operations.is_empty() {
        return Err(fault::validation("A grant takes at least one operation."));
    }
    check_constraints(&input.constraints, call.state.authorizer().assumptions())?;
    parties.check(&input.constraints)?;
    parties.check_existence(call.state.authorizer())?;

    let mut change = call.change();
    let key = call.key("KeyId", &input.key_id)?;
    check_kind(&input, key.kind())?;
    call.usable(&key, KeyUse::CreateGrant)?;
    let issuing_account = format!("arn:{}:iam::{}:root", call.ctx.region.partition(), call.account());
    if let Some(existing) = same_named(&key, &input, &parties, &issuing_account) {
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
            grantee: parties.grantee.clone(),
            grantee_unique_id: parties.grantee_unique_id(call.state.authorizer()),
            retiring: parties.retiring,
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
fn same_named(key: &Key, input: &Input, parties: &Parties, issuing_account: &str) -> Option<Arc<Grant>> {
    let name = input.name.as_deref()?;
    let same = |grant: &&Arc<Grant>| {
        grant.grantee == parties.grantee
            && grant.retiring == parties.retiring
            && grant.operations == input.operations
            && grant.constraints == input.constraints
            && grant.issuing_account == issuing_account
    };
    key.grants().named(name).find(same).cloned()
}

fn answer(id: &str, token: String) -> Value {
    json!({ "GrantId": id, "GrantToken": token })
}

/// A grant permits what its key knows, and an encryption context is known to symmetric keys only.
///
/// Source: AWS KMS API Reference, "CreateGrant", `Operations` and `Constraints`.
fn check_kind(input: &Input, kind: KeyKind) -> Result<(), ServiceError> {
    let (spec, usage) = (kind.spec.as_str(), kind.usage.as_str());
    if let Some(other) = input.operations.iter().find(|operation| !operation.suits(kind)) {
        let other = other.as_str();
        return Err(fault::validation(format!("{other} is not an operation of a key whose usage is {usage}.")));
    }
    let constraints = &input.constraints;
    let is_of_context =
        constraints.encryption_context_equals.is_some() || constraints.encryption_context_subset.is_some();
    if is_of_context && !kind.is_symmetric_encryption() {
        return Err(fault::validation(format!(
            "A grant on a key of the key spec {spec} takes no encryption context constraints."
        )));
    }
    Ok(())
}

/// Source: AWS KMS Developer Guide, "Creating grants" > "SourceArn constraint" (one constraint on the context); the text
/// is AWS's as users quote it, also where one of the two is empty (aws/aws-sdk-java#328).
fn check_constraints(constraints: &GrantConstraints, assumptions: &Assumptions) -> Result<(), ServiceError> {
    let contexts = [&constraints.encryption_context_equals, &constraints.encryption_context_subset];
    if contexts.iter().all(|context| context.is_some()) {
        return Err(fault::validation("More than one constraint supplied"));
    }
    for context in contexts.into_iter().flatten() {
        let characters: usize = context.pairs().map(|(key, value)| key.chars().count() + value.chars().count()).sum();
        if context.len() > MAX_PAIRS || characters > MAX_CONTEXT_CHARACTERS {
            return Err(fault::validation(format!(
                "An encryption context constraint takes up to {MAX_PAIRS} pairs and {MAX_CONTEXT_CHARACTERS} characters."
            )));
        }
    }
    // The model takes them. Compared as they stand they would match no ARN, so the grant would give nothing.
    match &constraints.source_arn {
        Some(source) if source.contains(['*', '?']) && assumptions.kms_grant_source_arn_pattern => {
            Err(fault::validation(format!("{source} is not the ARN of one resource: SourceArn takes no wildcards.")))
        }
        _ => Ok(()),
    }
}
