//! Who may call what: the authorization model is asked for everything that the catalog's table says of the operation, on
//! every resource that the input names.
//!
//! Resources of EC2 have no policies: what an account may do with what another shared with it, its own policies say.

use authz::{context::Told, decision::Verdict, request::KmsDetail};
use aws_catalog::access::{self, Ec2Kind, On};
use serde_json::{Map, Value};

use super::{call::Call, fault, records::Tags};
use crate::{ServiceError, authorization::Asked, sts};

/// Asks for all that an operation does.
///
/// # Errors
/// A denial, or that a dry run would have been let through.
pub(super) fn authorize(call: &Call<'_>, operation: &str, input: &Value) -> Result<(), ServiceError> {
    allow(call, operation, input)?;
    match input.get("DryRun").and_then(Value::as_bool) {
        Some(true) => Err(fault::dry_run()),
        _ => Ok(()),
    }
}

/// Asks for all that an operation does, whether it is a dry run or not.
pub(super) fn allow(call: &Call<'_>, operation: &str, input: &Value) -> Result<(), ServiceError> {
    let input = &with_tags_by_type(input);
    let accesses = access::operation("ec2", operation).map_or(&[][..], access::Operation::accesses);
    if accesses.is_empty() {
        return Err(fault::unsupported(format!("{operation} is not supported by the embedded AWS.")));
    }
    for access in accesses.iter().filter(|access| access.is_asked_by(input)) {
        for resource in resources(call, access.on(), input) {
            let asked =
                Asked { access, resource: &resource, region: None, kms: KmsDetail::default(), on_same_key: None };
            ask(call, input, asked)?;
        }
    }
    Ok(())
}

fn ask(call: &Call<'_>, input: &Value, asked: Asked<'_>) -> Result<(), ServiceError> {
    let (authorizer, resource) = (&call.ec2.authorizer, asked.resource);
    let mut request = authorizer.request(call.ctx, input, asked)?;
    if !resource.contains(":iam:") {
        request.resource.owner = Some(call.account());
        request.context.tell("ec2:Region", Told::Values(vec![call.ctx.region.to_string()]));
        let id = resource.rsplit('/').next().unwrap_or_default();
        if let Some(tags) = call.read().tags.get(&Tags::key(call.account(), id)) {
            for (key, value) in &tags.tags {
                request.context.tell(&format!("ec2:ResourceTag/{key}"), Told::Values(vec![value.clone()]));
            }
            request.resource.tags = tags.tags.clone();
        }
    }
    if authorizer.verdict(&request) == Verdict::Allowed {
        return Ok(());
    }
    let denial = authorizer.check(&request).err().unwrap_or_else(fault::internal);
    let encoded = (resource != "*")
        .then(|| sts::encode_denial(&call.ec2.accounts, call.ctx.caller, &request, &authorizer.explain(&request)));
    let encoded = encoded.transpose().map_err(|_| fault::internal())?;
    Err(fault::unauthorized(denial.message(), encoded.as_deref()))
}

/// The ARNs that an access is on.
fn resources(call: &Call<'_>, on: On, input: &Value) -> Vec<String> {
    let named = |member: &str| match member.split('.').try_fold(input, |value, member| value.get(member)) {
        Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(id)) => vec![id.as_str()],
        _ => Vec::new(),
    };
    match on {
        On::Ec2(kind, member) => match named(member).as_slice() {
            [] => vec![arn(call, kind, "*")],
            ids => ids.iter().map(|id| arn(call, kind, id)).collect(),
        },
        On::AnyEc2(member) => {
            let known = named(member).into_iter().filter_map(|id| Some(arn(call, Ec2Kind::of_id(id)?, id)));
            known.collect()
        }
        On::NewEc2(kind) => vec![arn(call, kind, "*")],
        On::Role(member) => named(member).into_iter().map(str::to_owned).collect(),
        _ => vec!["*".to_owned()],
    }
}

/// The ARN of what has an id.
pub(super) fn arn(call: &Call<'_>, kind: Ec2Kind, id: &str) -> String {
    let (account, region) = call.place();
    let account = if kind.arn_has_account() { account.to_string() } else { String::new() };
    format!("arn:{}:ec2:{region}:{account}:{}/{id}", region.partition(), kind.name())
}

/// The input with the tags of its `TagSpecifications`, by type.
fn with_tags_by_type(input: &Value) -> Value {
    let mut input = input.clone();
    let mut tags: Map<String, Value> = Map::new();
    for specification in input.get("TagSpecifications").and_then(Value::as_array).into_iter().flatten() {
        if let (Some(kind), Some(Value::Array(given))) =
            (specification.get("ResourceType").and_then(Value::as_str), specification.get("Tags"))
        {
            let of_kind = tags.entry(kind).or_insert_with(|| Value::Array(Vec::new()));
            of_kind.as_array_mut().into_iter().for_each(|of_kind| of_kind.extend(given.iter().cloned()));
        }
    }
    if let (false, Some(members)) = (tags.is_empty(), input.as_object_mut()) {
        members.insert("TagsOf".to_owned(), tags.into());
    }
    input
}
