//! What a session is narrowed to and marked with: policies, tags, a source identity.

use std::collections::BTreeSet;

use authz::{
    policy::{Flaw, Policy, PolicyKind},
    principal::Principal,
    text::SourceText,
};
use aws_model::Arn;
use serde_json::Value;

use super::super::{Call, access_denied, invalid_parameter, validation_error, web_identity};
use crate::{
    accounts::{SessionContext, SessionTag},
    authorization::Authorizer,
    caller::OfInstance,
    error::ServiceError,
};

/// How many managed policies a session takes, and how long they and the inline one are together.
///
/// Source: AWS STS API Reference, "AssumeRole", `PolicyArns`.
const MOST_POLICY_ARNS: usize = 10;
const LONGEST_POLICIES: usize = 2048;

pub(in crate::sts) fn of(
    call: Call<'_>,
    account: &str,
    authorizer: &Authorizer,
) -> Result<SessionContext, ServiceError> {
    if call.list("ProvidedContexts").next().is_some() {
        let message = "The embedded AWS has no identity provider whose context assertions it could check.";
        return Err(ServiceError::new("InvalidContextAssertion", message));
    }
    let (inline, policy_arns) = policies(call, account, authorizer)?;
    let mut context = SessionContext {
        policies: inline.into_iter().collect(),
        policy_arns,
        source_identity: source_identity(call)?,
        chained: super::chains(call),
        web_identity: web_identity::of(call),
        instance: instance(call),
        ..Default::default()
    };
    for tag in tags(call)? {
        context.tags.insert(tag.key.to_lowercase(), tag);
    }
    Ok(context)
}

/// The instance for which EC2 asks. Sessions that it begins from there are none of its own.
fn instance(call: Call<'_>) -> Option<OfInstance> {
    let caller = call.context.caller;
    caller.instance.clone().filter(|_| matches!(caller.principal, Principal::Service(_)))
}

/// The inline policy and the managed ones' ARNs, which are AWS's or of the session's account.
///
/// Source: AWS STS API Reference, "AssumeRole", `Policy` and `PolicyArns`.
fn policies(
    call: Call<'_>,
    account: &str,
    authorizer: &Authorizer,
) -> Result<(Option<String>, Vec<String>), ServiceError> {
    let inline = call.text("Policy");
    let mut arns = Vec::new();
    for text in call.list("PolicyArns").filter_map(|policy| policy.get("arn")?.as_str()) {
        let arn: Result<Arn, _> = text.parse();
        let is_managed = |arn: &Arn| arn.service() == "iam" && arn.resource().starts_with("policy/");
        let may_narrow = |arn: &Arn| arn.account() == "aws" || arn.account() == account;
        if !arn.is_ok_and(|arn| is_managed(&arn) && may_narrow(&arn)) {
            return Err(validation_error(format!("ARN {text} is not valid.")));
        }
        arns.push(text.to_owned());
    }
    if arns.len() > MOST_POLICY_ARNS {
        return Err(validation_error(format!("Only {MOST_POLICY_ARNS} managed policies can be passed to a session.")));
    }
    let length: usize =
        inline.into_iter().chain(arns.iter().map(String::as_str)).map(|text| text.chars().count()).sum();
    if length > LONGEST_POLICIES {
        let percent = (length * 100).div_ceil(LONGEST_POLICIES);
        let message = format!("Packed policy consumes {percent}% of allotted space, please use smaller policy.");
        return Err(ServiceError::new("PackedPolicyTooLarge", message));
    }
    if let Some(text) = inline {
        let source = SourceText::new("session policy", text);
        let read = Policy::parse_under(source, PolicyKind::Session, authorizer.assumptions());
        read.map_err(|malformed| match malformed.flaw() {
            Flaw::Json(_) | Flaw::NoObject => {
                ServiceError::new(malformed.aws_code(), "The policy is not in the valid JSON format.")
            }
            _ => ServiceError::new(malformed.aws_code(), malformed.aws_message()),
        })?;
    }
    if let Some(unknown) = arns.iter().find(|arn| authorizer.world().managed_policy(arn).is_none()) {
        // What the policy says cannot be known, and to leave it out would widen or to deny all would hide the cause.
        return Err(validation_error(format!(
            "The managed policy {unknown} is not known to the embedded AWS: tell what it says in the world file, under \
             managedPolicies."
        )));
    }
    Ok((inline.map(str::to_owned), arns))
}

/// The tags passed, and those that the calling session hands down.
///
/// Source: IAM User Guide, "Pass session tags in AWS STS".
fn tags(call: Call<'_>) -> Result<Vec<SessionTag>, ServiceError> {
    let inherited: Vec<SessionTag> = call
        .session
        .iter()
        .flat_map(|session| session.context.tags.values())
        .filter(|tag| tag.transitive)
        .cloned()
        .collect();
    let transitive: BTreeSet<String> =
        call.list("TransitiveTagKeys").filter_map(Value::as_str).map(str::to_lowercase).collect();
    let mut keys = BTreeSet::new();
    let mut tags = Vec::new();
    for tag in call.list("Tags") {
        let of = |name: &str| tag.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (key, value) = (of("Key"), of("Value"));
        let folded = key.to_lowercase();
        if inherited.iter().any(|tag| tag.key.to_lowercase() == folded) {
            return Err(invalid_parameter(
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key \
                 from the calling session.",
            ));
        }
        tags.push(SessionTag { key, value, transitive: transitive.contains(&folded) });
        if !keys.insert(folded) {
            return Err(invalid_parameter("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
        }
    }
    if !transitive.is_subset(&keys) {
        return Err(invalid_parameter("The specified transitive tag key must be included in the requested tags."));
    }
    Ok(inherited.into_iter().chain(tags).collect())
}

/// Who is behind the session, said once: later sessions of a chain keep it.
///
/// Source: IAM User Guide, "Monitor and control actions taken with assumed roles".
fn source_identity(call: Call<'_>) -> Result<Option<String>, ServiceError> {
    let kept = call.session.and_then(|session| session.context.source_identity.as_deref());
    match (kept, call.text("SourceIdentity")) {
        (_, Some(given)) if given.starts_with("aws:") => {
            Err(validation_error("SourceIdentity must not begin with the reserved prefix aws:"))
        }
        (Some(kept), Some(given)) if kept != given => {
            Err(access_denied("The source identity of a session cannot be changed by the sessions that it begins."))
        }
        (kept, given) => Ok(kept.or(given).map(str::to_owned)),
    }
}
