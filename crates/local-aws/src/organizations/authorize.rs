//! Who may call what: by the authorization model, which is asked for everything that the catalog's table says of the
//! operation. What the caller's account takes besides is [`super::standing`]'s.
//!
//! Where an organization has no say in what another account does to it (a member that may read it, an account that is
//! invited), the caller's own policies decide alone, and the resource counts as its account's.

use authz::{context::Told, request::KmsDetail};
use aws_catalog::access::{self, Access, On};
use aws_model::AccountId;
use serde_json::Value;

use super::{
    call::Call,
    fault,
    records::{Organization, PolicyType},
    state::Realm,
    tags,
};
use crate::{ServiceError, authorization::Asked};

/// Refuses a caller that its policies, or those above it, do not let.
///
/// # Errors
/// AWS's own denial.
pub(super) fn authorize(call: &Call<'_>, operation: &str, input: &Value) -> Result<(), ServiceError> {
    let Some(asks) = access::operation("organizations", operation) else { return Err(fault::unsupported(operation)) };
    for access in asks.accesses().iter().filter(|access| access.is_asked_by(input)) {
        ask(call, access, input)?;
    }
    Ok(())
}

fn ask(call: &Call<'_>, access: &Access, input: &Value) -> Result<(), ServiceError> {
    const POLICY_TYPE: &str = "organizations:PolicyType";
    let realm = call.state.read();
    let text = |path: &str| path.split('.').try_fold(input, |value, member| value.get(member)).and_then(Value::as_str);
    let (resource, id) = match (realm.organization(), access.on()) {
        (Ok(of), On::InOrganization(path)) => {
            let id = text(path).unwrap_or_default();
            (arn(&realm, of, id).unwrap_or_else(|| "*".to_owned()), Some(id))
        }
        (Ok(of), On::NewOrganizationPolicy(member)) => {
            let kind = text(member).unwrap_or_default().to_ascii_lowercase();
            (of.arn("policy", &format!("{kind}/*")), None)
        }
        _ => ("*".to_owned(), None),
    };
    let asked = Asked { access, resource: &resource, region: None, kms: KmsDetail::default(), on_same_key: None };
    let authorizer = call.state.authorizer();
    let mut request = authorizer.request(call.ctx, input, asked)?;
    request.resource.owner = Some(call.account());
    request.resource.tags = id.and_then(|id| tags::of(&realm, id)).map(tags::Tags::of_model).unwrap_or_default();
    let is_told = access.conditions().iter().any(|condition| condition.key == POLICY_TYPE);
    if let (Some(policy), false) = (id.and_then(|id| realm.policy(id).ok()), is_told) {
        request.context.tell(POLICY_TYPE, Told::Values(vec![policy.kind.name().to_owned()]));
    }
    drop(realm);
    authorizer.check(&request)
}

/// The ARN of what an id names, whether it is there or not.
fn arn(realm: &Realm, organization: &Organization, id: &str) -> Option<String> {
    if let Ok(level) = realm.level(id) {
        return Some(level.arn(organization));
    }
    if let Ok(policy) = realm.policy(id) {
        return Some(policy.arn(organization));
    }
    let (prefix, _) = id.split_once('-').unwrap_or((id, ""));
    Some(match prefix {
        "r" => organization.arn("root", id),
        "ou" => organization.arn("ou", id),
        "h" => organization.arn("handshake", &format!("invite/{id}")),
        "p" => {
            let kind = PolicyType::ServiceControl.name().to_ascii_lowercase();
            organization.arn("policy", &format!("{kind}/{id}"))
        }
        account if account.parse::<AccountId>().is_ok() => organization.arn("account", id),
        _ => return None,
    })
}
