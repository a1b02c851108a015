//! RetireGrant and RevokeGrant: two ways to end a grant, for two sides.

use std::sync::Arc;

use aws_model::KeyArn;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{GrantToken, list::no_such_grant};
use crate::{
    ServiceError,
    kms::{
        call::{Call, input},
        fault,
        key::Key,
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RetireGrant {
    grant_token: Option<String>,
    key_id: Option<String>,
    grant_id: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RevokeGrant {
    key_id: String,
    grant_id: String,
    #[serde(default)]
    dry_run: bool,
}

/// By whom the grant lets: it, and not the key policy, decides.
pub(in crate::kms) fn retire_grant(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: RetireGrant = input(value)?;
    let mut change = call.change();
    let (key, id) = match (input.grant_token, input.key_id, input.grant_id) {
        (Some(token), None, None) => by_token(call, &token)?,
        (None, Some(key), Some(id)) => (by_arn(call, &key)?, id),
        _ => {
            return Err(fault::validation("Please specify either a grant token, or both a key ARN and a grant ID."));
        }
    };
    call.moment(&key);
    let is_own = key.account() == call.account();
    let grant = key.grants().get(&id).cloned();
    let grant = grant.ok_or_else(|| if is_own { no_such_grant(&id) } else { call.denied_of_absent() })?;
    let key = call.permitted("KeyId", key)?;
    call.see(grant.ticket);
    if input.dry_run {
        return Err(fault::dry_run());
    }
    change.grant_gone(&key, grant);
    call.commit(change);
    Ok(json!({}))
}

/// By who administers the key.
pub(in crate::kms) fn revoke_grant(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: RevokeGrant = input(value)?;
    let mut change = call.change();
    let key = call.key("KeyId", &input.key_id)?;
    call.moment(&key);
    let grant = key.grants().get(&input.grant_id).cloned().ok_or_else(|| no_such_grant(&input.grant_id))?;
    call.see(grant.ticket);
    if input.dry_run {
        return Err(fault::dry_run());
    }
    change.grant_gone(&key, grant);
    call.commit(change);
    Ok(json!({}))
}

fn by_token(call: &Call<'_>, token: &str) -> Result<(Arc<Key>, String), ServiceError> {
    let invalid = || ServiceError::new("InvalidGrantTokenException", "Invalid grant token.");
    let token = GrantToken::parse(token).ok_or_else(invalid)?;
    let key = call.state.key_at(&token.key).filter(|key| token.is_of(key)).ok_or_else(invalid)?;
    if key.region() != call.ctx.region {
        return Err(fault::other_region(key.region().as_str()));
    }
    Ok((key, token.grant_id))
}

/// Unlike elsewhere only an ARN names the key.
fn by_arn(call: &Call<'_>, text: &str) -> Result<Arc<Key>, ServiceError> {
    let arn: KeyArn = text.parse().map_err(|_| fault::invalid_arn(text))?;
    if arn.region() != call.ctx.region {
        return Err(fault::other_region(arn.region().as_str()));
    }
    let missing = || {
        if arn.account() == call.account() { fault::no_such_key(&arn) } else { call.denied_of_absent() }
    };
    call.state.key_at(&arn).ok_or_else(missing)
}
