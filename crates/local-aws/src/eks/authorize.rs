//! What a call needs to be allowed, looked up in the catalog's table and put to the authorization model, before the
//! operation's own code sees the input.

use std::collections::BTreeMap;

use authz::request::KmsDetail;
use aws_catalog::access::{self, Access, On};
use serde_json::Value;

use super::{
    call::Call,
    fault, roles,
    tags::{self, Tagged},
};
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
    if !matches!(access.on(), On::Role(_) | On::RolesIn { .. }) {
        request.resource.owner = Some(call.account());
        request.resource.tags = tags_of(call, resource);
    }
    authorizer.check(&request).map_err(|denied| match denied.code() {
        // Of IAM's action, which EKS asks for; the answer is EKS's all the same.
        "AccessDenied" => ServiceError::new("AccessDeniedException", denied.message()).with_status(403),
        _ => denied,
    })
}

fn tags_of(call: &Call<'_>, arn: &str) -> BTreeMap<String, String> {
    tags::named(&call.read(), call, arn).as_ref().map(Tagged::tags).cloned().unwrap_or_default()
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
