//! What a call needs to be allowed, looked up in the catalog's table and put to the authorization model, before the
//! operation's own code sees the input.

use std::{collections::BTreeMap, sync::Arc};

use authz::{context::Told, request::KmsDetail};
use aws_catalog::access::{self, Access, On};
use serde_json::Value;

use super::{call::Call, fault, records::Group};
use crate::{ServiceError, authorization::Asked};

/// Asks for everything that the operation does.
///
/// # Errors
/// AWS's own denial.
pub(super) fn authorize(call: &Call<'_>, operation: &str, input: &Value) -> Result<(), ServiceError> {
    let Some(asks) = access::operation("autoscaling", operation) else { return Err(fault::unsupported(operation)) };
    for access in asks.accesses().iter().filter(|access| access.is_asked_by(input)) {
        for (resource, group) in resources(call, access.on(), input) {
            ask(call, access, (&resource, group.as_deref()), input)?;
        }
    }
    Ok(())
}

fn ask(
    call: &Call<'_>,
    access: &Access,
    (resource, group): (&str, Option<&Group>),
    input: &Value,
) -> Result<(), ServiceError> {
    let authorizer = call.all.state.authorizer();
    let asked = Asked { access, resource, region: None, kms: KmsDetail::default(), on_same_key: None };
    let mut request = authorizer.request(call.ctx, input, asked)?;
    if !matches!(access.on(), On::Role(_)) {
        request.resource.owner = Some(call.account());
        let tags = group.into_iter().flat_map(|group| &group.tags);
        let tags: BTreeMap<String, String> = tags.map(|(key, tag)| (key.clone(), tag.value.clone())).collect();
        for (key, value) in &tags {
            request.context.tell(&format!("autoscaling:ResourceTag/{key}"), Told::Values(vec![value.clone()]));
        }
        request.resource.tags = tags;
    }
    authorizer.check(&request)
}

/// The ARNs of what an access is on, each with the group that it is of.
fn resources(call: &Call<'_>, on: On, input: &Value) -> Vec<(String, Option<Arc<Group>>)> {
    let text = |member: &str| input.get(member).and_then(Value::as_str).unwrap_or_default();
    let realm = call.read();
    let of_group = |name: &str| match realm.group(&call.place(), name) {
        Ok(group) => (group.arn.to_string(), Some(Arc::clone(group))),
        // Of one that is not there nobody knows the id in its ARN.
        Err(_) => (arn(call, "*", name), None),
    };
    match on {
        On::ScalingGroup(member) => vec![of_group(text(member))],
        On::ScalingGroupOf(member) => match realm.group_of(&call.place(), text(member)) {
            Some(group) => vec![(group.arn.to_string(), Some(Arc::clone(group)))],
            None => vec![of_group("*")],
        },
        On::ScalingGroupsOfTags(list) => {
            let tags = input.get(list).and_then(Value::as_array).into_iter().flatten();
            let named = tags.filter_map(|tag| tag.get("ResourceId")?.as_str());
            let names: std::collections::BTreeSet<&str> = named.collect();
            names.into_iter().map(of_group).collect()
        }
        On::Role(member) => vec![(text(member).to_owned(), None)],
        _ => vec![("*".to_owned(), None)],
    }
}

/// The ARN of a group.
pub(super) fn arn(call: &Call<'_>, id: &str, name: &str) -> String {
    let (partition, region, account) = (call.ctx.region.partition(), call.ctx.region, call.account());
    format!("arn:{partition}:autoscaling:{region}:{account}:autoScalingGroup:{id}:autoScalingGroupName/{name}")
}
