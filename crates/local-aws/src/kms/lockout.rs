//! The policy lockout safety check: whether who puts a key policy may put the next one.
//!
//! Source: AWS KMS API Reference, "PutKeyPolicy", `BypassPolicyLockoutSafetyCheck`: the policy must let the principal who
//! calls make a later `PutKeyPolicy` request. What the caller's own policies allow is not asked: only the key policy is
//! about to change. That is assumed: see the rule `kms-lockout-identity`.

use std::sync::Arc;

use authz::{
    decision::Verdict,
    policy::{Policy, PolicyKind},
    text::SourceText,
    world::{Key, World},
};
use authz::{principal::Principal, request::Request};
use aws_model::KeyArn;

use super::{call::Call, key_policy::KeyPolicy};

const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// Whether the caller might put the policy again under the new one.
pub(super) fn lets_put_again(call: &Call<'_>, key: &KeyArn, policy: &KeyPolicy) -> bool {
    let Some(request) = request(call, key) else { return false };
    let authorizer = call.state.authorizer();
    let world = if authorizer.assumptions().kms_lockout_identity {
        world(&request.principal, key, policy)
    } else {
        known(authorizer.world().clone(), key, policy)
    };
    world.is_some_and(|world| world.decide(&request, authorizer.assumptions()) == Verdict::Allowed)
}

fn request(call: &Call<'_>, key: &KeyArn) -> Option<Request> {
    let mut request = call.first_request()?.clone();
    request.action = "kms:PutKeyPolicy".parse().ok()?;
    request.resource.arn = key.as_str().into();
    request.region = Some(key.region().clone());
    if let Principal::Session(session) = &mut request.principal {
        session.policies.clear();
    }
    Some(request)
}

/// A world of nothing but the key and who calls, who may whatever the key policy leaves to its account.
fn world(principal: &Principal, key: &KeyArn, policy: &KeyPolicy) -> Option<World> {
    let everything = Policy::parse(SourceText::new("of the caller", EVERYTHING), PolicyKind::Identity).ok()?;
    let mut world = World::new();
    let caller = match principal {
        Principal::User(arn) => world.put_user(arn, "caller").is_ok().then_some(arn),
        Principal::Session(session) => {
            let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
            let trust = Policy::parse(SourceText::new("of the caller", trust), PolicyKind::Trust).ok()?;
            world.put_role(&session.role, "caller", Arc::new(trust)).is_ok().then_some(&session.role)
        }
        _ => None,
    };
    if let Some(arn) = caller {
        world.put_inline_policy(arn, "everything", Arc::new(everything)).ok()?;
    }
    known(world, key, policy)
}

/// A world, with the key under the new policy.
fn known(mut world: World, key: &KeyArn, policy: &KeyPolicy) -> Option<World> {
    let saved = world.saved(policy.policy().clone());
    world.put_key(Key::new(key.clone(), saved)).ok()?;
    Some(world)
}
