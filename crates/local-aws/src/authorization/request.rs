//! Requests, as the model takes them, of calls.

use authz::{
    context::{Context, Others, Told},
    policy::{Policy, PolicyKind},
    principal::Principal,
    request::{Action, KmsDetail, Request, Resource},
    text::SourceText,
};
use aws_catalog::access::Access;
use aws_model::Region;
use serde_json::Value;
use std::sync::Arc;

use super::Authorizer;
use crate::{
    caller::{CallContext, OfInstance},
    error::ServiceError,
};

/// One access of a call, on what its input names.
pub(crate) struct Asked<'a> {
    pub(crate) access: &'a Access,
    /// The resource's ARN, or `*`.
    pub(crate) resource: &'a str,
    /// Where, if not where the request was sent.
    pub(crate) region: Option<Region>,
    pub(crate) kms: KmsDetail,
    /// Whether the two keys of a `ReEncrypt` are one.
    pub(crate) on_same_key: Option<bool>,
}

impl Authorizer {
    /// The request that a call makes with one access. Who serves it knows all of it: what is not told is not there.
    ///
    /// # Errors
    /// When the catalog's action is none, which a test rules out.
    pub(crate) fn request(
        &self,
        ctx: &CallContext<'_>,
        input: &Value,
        asked: Asked<'_>,
    ) -> Result<Request, ServiceError> {
        let Asked { access, resource, region, kms, on_same_key } = asked;
        let action: Action = access.action().parse().map_err(|error| {
            tracing::error!(%error, "the catalog names no action");
            ServiceError::internal("InternalFailure", "The request could not be authorized.")
        })?;
        ctx.note(|noted| {
            noted.touch(access.on(), resource);
            noted.grant = kms.grant_id.clone().or(noted.grant.take());
        });
        let mut context = context(ctx);
        for (key, values) in access.told_by(input, on_same_key) {
            context.tell(&key, Told::Values(values));
        }
        Ok(Request {
            principal: self.principal(ctx),
            through: ctx.invoked_by.iter().filter(|by| !is_its_own(ctx, by)).map(|by| (*by).into()).collect(),
            action,
            resource: Resource { arn: resource.into(), owner: None, tags: Default::default() },
            region: Some(region.unwrap_or_else(|| ctx.region.clone())),
            kms,
            context,
        })
    }

    /// The caller with its session's managed policies, as they are now. One that is gone allows nothing.
    fn principal(&self, ctx: &CallContext<'_>) -> Principal {
        self.admit(&ctx.caller.principal);
        let mut principal = ctx.caller.principal.clone();
        let policies = match &mut principal {
            Principal::Session(session) => &mut session.policies,
            Principal::FederatedUser(federated) => &mut federated.policies,
            _ => return principal,
        };
        let world = self.world();
        for arn in &ctx.caller.session_policy_arns {
            policies.extend(world.managed_policy(arn).cloned().or_else(nothing));
        }
        principal
    }
}

/// A session policy that allows nothing but what nobody can be denied.
fn nothing() -> Option<Arc<Policy>> {
    const TEXT: &str =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:GetCallerIdentity","Resource":"*"}]}"#;
    Policy::parse(SourceText::new("a managed policy that is gone", TEXT), PolicyKind::Session).ok().map(Arc::new)
}

/// Whether a service calls for itself, by its service-linked role, and not for somebody who called it.
///
/// Source: IAM User Guide, "AWS global condition context keys" > `aws:ViaAWSService` (not of service-linked roles).
fn is_its_own(ctx: &CallContext<'_>, service: &str) -> bool {
    let Principal::Session(session) = &ctx.caller.principal else { return false };
    let of_service = session.role.resource().strip_prefix("role/aws-service-role/");
    of_service.and_then(|rest| rest.split('/').next()) == Some(service)
}

/// What the server knows of a request that neither caller nor resource tell.
///
/// Source: IAM User Guide, "AWS global condition context keys".
fn context(ctx: &CallContext<'_>) -> Context {
    let seconds = ctx.now.as_second();
    let now = jiff::Timestamp::from_second(seconds).unwrap_or(ctx.now);
    let mut context = Context::new(Others::Absent)
        .with_value("aws:currenttime", now.to_string())
        .with_value("aws:epochtime", seconds.to_string());
    if let Some(peer) = &ctx.peer {
        // By the one port itself, whatever a proxy in front of it does.
        context.tell("aws:securetransport", one(peer.tls.is_some().to_string()));
        context.tell("aws:sourceip", one(peer.address.to_string()));
        if let Some(agent) = peer.user_agent {
            context.tell("aws:useragent", one(agent));
        }
        if let Some(referer) = peer.referer {
            context.tell("aws:referer", one(referer));
        }
    }
    if ctx.invoked_by.is_some() {
        // Services call one another over TLS.
        context.tell("aws:securetransport", one("true"));
    }
    let caller = ctx.caller;
    if let Some(source) = &caller.source {
        context.tell("aws:sourcearn", one(source.as_str()));
        context.tell("aws:sourceaccount", one(source.account()));
    }
    if let Some(issued) = caller.issued {
        // STS takes no code of an MFA device, so no temporary credential was made with one.
        context.tell("aws:multifactorauthpresent", one("false"));
        context.tell("aws:tokenissuetime", one(issued.to_string()));
    }
    // Who asks for the session is EC2, and not the instance.
    for (key, value) in caller.instance.iter().filter(|_| caller.issued.is_some()).flat_map(OfInstance::condition_keys)
    {
        context.tell(key, one(value));
    }
    let vouched = caller.web_identity.iter();
    for (key, values) in vouched.flat_map(|identity| identity.condition_keys(caller.token.as_ref())) {
        context.tell(&key, Told::Values(values));
    }
    // Who asks for its first session has no id yet.
    if !matches!(caller.principal, Principal::Root(_) | Principal::Federated { .. } | Principal::Service(_)) {
        context.tell("aws:userid", one(caller.user_id.as_str()));
    }
    context
}

fn one(value: impl Into<String>) -> Told {
    Told::Values(vec![value.into()])
}
