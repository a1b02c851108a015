//! ListGrants and ListRetirableGrants.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Grant,
    parties::{check_principal, is_service},
};
use crate::{
    ServiceError,
    kms::{
        call::{Call, input, seconds},
        fault,
        paging::{Page, Paging},
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListGrants {
    key_id: String,
    grant_id: Option<String>,
    grantee_principal: Option<String>,
    grantee_service_principal: Option<String>,
    #[serde(flatten)]
    page: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRetirableGrants {
    retiring_principal: Option<String>,
    retiring_service_principal: Option<String>,
    #[serde(flatten)]
    page: Page,
}

pub(in crate::kms) fn list_grants(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: ListGrants = input(value)?;
    let paging = Paging::of(&input.page, 50, 100)?;
    match (&input.grantee_principal, &input.grantee_service_principal) {
        (Some(_), Some(_)) => return Err(fault::either("GranteePrincipal", "GranteeServicePrincipal")),
        (None, Some(_)) => return Err(of_services("GranteeServicePrincipal")),
        (_, None) => {}
    }
    let key = call.key("KeyId", &input.key_id)?;
    call.moment(&key);
    let grants = key.grants();
    let after = paging.after();
    let found: Vec<Arc<Grant>> = match (&input.grant_id, &input.grantee_principal) {
        (Some(id), grantee) => {
            let one = grants.get(id).ok_or_else(|| no_such_grant(id))?;
            let wanted = grantee.as_ref().is_none_or(|grantee| one.grantee == *grantee);
            wanted.then(|| Arc::clone(one)).into_iter().collect()
        }
        (None, Some(grantee)) => grants.of_grantee(grantee, after).take(paging.probe()).cloned().collect(),
        (None, None) => grants.after(after).take(paging.probe()).cloned().collect(),
    };
    drop(grants);
    Ok(answer(call, &paging, found))
}

/// Asks about principals of one's own account; the keys may be anybody's.
pub(in crate::kms) fn list_retirable_grants(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: ListRetirableGrants = input(value)?;
    let paging = Paging::of(&input.page, 50, 100)?;
    let retiring = match (input.retiring_principal, input.retiring_service_principal) {
        (Some(retiring), None) => retiring,
        (None, Some(_)) => return Err(of_services("RetiringServicePrincipal")),
        (Some(_), Some(_)) | (None, None) => {
            return Err(fault::either("RetiringPrincipal", "RetiringServicePrincipal"));
        }
    };
    check_principal(&retiring)?;
    let found = call.state.retirable(call.ctx.region, &retiring, paging.after(), paging.probe());
    Ok(answer(call, &paging, found))
}

/// A filter "only usable by callers in a service principal", of whom nobody signs in here.
///
/// Source: AWS KMS API Reference, "ListGrants", `GranteeServicePrincipal`, and "ListRetirableGrants",
/// `RetiringServicePrincipal`. Which error others get is told nowhere.
fn of_services(member: &str) -> ServiceError {
    fault::validation(format!("{member} can be used by AWS services only."))
}

pub(super) fn no_such_grant(id: &str) -> ServiceError {
    ServiceError::new("NotFoundException", format!("Grant {id} is not found."))
}

fn answer(call: &Call<'_>, paging: &Paging, found: Vec<Arc<Grant>>) -> Value {
    call.see_absence();
    paging.answer("Grants", found, |grant| grant.id.as_str(), |grant| entry(grant))
}

fn entry(grant: &Grant) -> Value {
    let mut entry = json!({
        "KeyId": grant.key,
        "GrantId": grant.id,
        // AWS answers an empty name for a grant without one.
        "Name": grant.name.as_deref().unwrap_or_default(),
        "CreationDate": seconds(grant.created),
        "IssuingAccount": grant.issuing_account,
        "Operations": grant.operations,
    });
    if let Some(fields) = entry.as_object_mut() {
        let member = |kind: &str, party: &str| {
            let service = if is_service(party) { "Service" } else { "" };
            format!("{kind}{service}Principal")
        };
        fields.insert(member("Grantee", &grant.grantee), grant.grantee.as_str().into());
        if let Some(retiring) = &grant.retiring {
            fields.insert(member("Retiring", retiring), retiring.as_str().into());
        }
        if !grant.constraints.is_empty() {
            fields.insert("Constraints".into(), json!(grant.constraints));
        }
    }
    entry
}
