//! What a call needs to be allowed, looked up in the catalog's table and put to the authorization model, before the
//! operation's own code sees the input.

use std::collections::BTreeMap;

use authz::{
    context::{Context, Told},
    request::KmsDetail,
};
use aws_catalog::access::{self, Access, On};
use serde_json::Value;

use super::{call::Call, fault, roles, tags};
use crate::{ServiceError, authorization::Asked};

/// Asks for everything that the operation does.
///
/// # Errors
/// AWS's own denial.
pub(super) fn authorize(call: &Call<'_>, operation: &str, input: &Value) -> Result<(), ServiceError> {
    let Some(asks) = access::operation("eks", operation) else { return Err(fault::unsupported(operation)) };
    for access in asks.accesses().iter().filter(|access| access.is_asked_by(input)) {
        for resource in resources(call, access.on(), input)? {
            ask(call, access, &resource, input)?;
        }
    }
    Ok(())
}

fn ask(call: &Call<'_>, access: &Access, resource: &str, input: &Value) -> Result<(), ServiceError> {
    let authorizer = call.state.authorizer();
    let asked = Asked { access, resource, region: None, kms: KmsDetail::default(), on_same_key: None };
    let mut request = authorizer.request(call.ctx, input, asked)?;
    if !matches!(access.on(), On::Role(_) | On::NodeRole { .. } | On::RolesIn { .. }) {
        request.resource.owner = Some(call.account());
        request.resource.tags = tags_of(call, resource);
    }
    if let On::AccessEntry { .. } | On::EksArn(_) = access.on() {
        tell_entry(call, resource, input, &mut request.context);
    }
    authorizer.check(&request).map_err(|denied| match denied.code() {
        // Of IAM's action, which EKS asks for; the answer is EKS's all the same.
        "AccessDenied" => ServiceError::new("AccessDeniedException", denied.message()).with_status(403),
        _ => denied,
    })
}

/// The condition keys that follow from an access entry and what is associated with it.
fn tell_entry(call: &Call<'_>, resource: &str, input: &Value, context: &mut Context) {
    let Some((_, name)) = resource.split_once(":access-entry/") else { return };
    let cluster = name.split('/').next().unwrap_or_default();
    let realm = call.read();
    let mut entries = realm.access_entries(&call.place(), cluster).filter(|entry| entry.arn.as_str() == resource);
    let Some(entry) = entries.next() else { return };
    let mut tell = |key: &str, values: Vec<String>| context.tell(key, Told::Values(values));
    tell("eks:accessentrytype", vec![entry.kind.name().to_owned()]);
    tell("eks:clustername", vec![cluster.to_owned()]);
    tell("eks:kubernetesgroups", entry.groups.clone());
    tell("eks:principalarn", vec![entry.principal.to_string()]);
    tell("eks:username", vec![entry.username.clone()]);
    let policy = input.get("policyArn").and_then(Value::as_str);
    let associated = entry.policies.iter().find(|associated| Some(&*associated.policy) == policy);
    // What is to be associated, the input tells.
    if let Some(scope) = associated.map(|associated| &associated.scope).filter(|_| input.get("accessScope").is_none()) {
        tell("eks:accessscope", vec![scope.kind.name().to_owned()]);
        tell("eks:namespaces", scope.namespaces.clone());
    }
}

fn tags_of(call: &Call<'_>, arn: &str) -> BTreeMap<String, String> {
    tags::named(&call.read(), call, arn).map(|tagged| tagged.tags().clone()).unwrap_or_default()
}

/// The ARNs of what an access is on.
fn resources(call: &Call<'_>, on: On, input: &Value) -> Result<Vec<String>, ServiceError> {
    let text = |member: &str| input.get(member).and_then(Value::as_str).unwrap_or_default();
    let arn = |resource: String| call.arn_of(&resource);
    let one = match on {
        On::EksCluster(member) => arn(format!("cluster/{}", text(member))),
        On::PodIdentityAssociation { cluster, id } => {
            arn(format!("podidentityassociation/{}/{}", text(cluster), text(id)))
        }
        On::EksAddon { cluster, name } => {
            let (cluster, name) = (text(cluster), text(name));
            let known = call.read().addon(&call.place(), cluster, name).map(|addon| addon.arn.to_string());
            // Of one that is not there nobody knows the last part of the ARN.
            known.unwrap_or_else(|_| arn(format!("addon/{cluster}/{name}/*")))
        }
        On::FargateProfile { cluster, name } => {
            let (cluster, name) = (text(cluster), text(name));
            let known =
                call.read().fargate_profile(&call.place(), cluster, name).map(|profile| profile.arn.to_string());
            known.unwrap_or_else(|_| arn(format!("fargateprofile/{cluster}/{name}/*")))
        }
        On::NodeGroup { cluster, name } => {
            let (cluster, name) = (text(cluster), text(name));
            let known = call.read().node_group(&call.place(), cluster, name).map(|group| group.arn.to_string());
            known.unwrap_or_else(|_| arn(format!("nodegroup/{cluster}/{name}/*")))
        }
        On::IdentityProvider { cluster, kind, name } => {
            let at = |path: &str| {
                let member = path.split('.').try_fold(input, |value, member| value.get(member));
                member.and_then(Value::as_str).unwrap_or_default()
            };
            let (cluster, kind, name) = (text(cluster), at(kind), at(name));
            let realm = call.read();
            let mut all = realm.identity_providers(&call.place(), cluster);
            let known = all.find(|provider| kind == "oidc" && provider.names().1 == name);
            let unknown = || arn(format!("identityproviderconfig/{cluster}/{kind}/{name}/*"));
            known.map_or_else(unknown, |provider| provider.arn.to_string())
        }
        On::AccessEntry { cluster, principal } => {
            let (cluster, principal) = (text(cluster), text(principal));
            let known = call.read().access_entry(&call.place(), cluster, principal).map(|entry| entry.arn.to_string());
            known.unwrap_or_else(|_| arn(format!("access-entry/{cluster}/*")))
        }
        On::NodeRole { role, kind } => {
            // What EC2 runs; one that is no role is refused by the operation, in its own words.
            let is_run_by_ec2 = ["EC2_LINUX", "EC2_WINDOWS"].iter().any(|name| text(kind).eq_ignore_ascii_case(name));
            return Ok(if is_run_by_ec2 { vec![text(role).to_owned()] } else { Vec::new() });
        }
        On::RolesIn { list, member } => {
            let elements = input.get(list).and_then(Value::as_array).into_iter().flatten();
            let roles = elements.filter_map(|element| element.get(member)?.as_str());
            return roles.map(|role| roles::parsed(role).map(|role| role.to_string())).collect();
        }
        // One that is none is refused by the operation, in its own words.
        On::EksArn(member) => text(member).to_owned(),
        On::Role(member) => roles::parsed(text(member))?.to_string(),
        _ => "*".to_owned(),
    };
    Ok(vec![one])
}
