//! The services of AWS that may act in all accounts of the organization.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input, seconds},
    fault,
    paging::Page,
    quotas,
    records::Organization,
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfService {
    service_principal: String,
}

pub(super) fn enable(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OfService { service_principal } = input(value)?;
    let mut change = call.change()?;
    check(&service_principal)?;
    let mut organization = Organization::clone(change.organization()?);
    if !organization.services.contains_key(&service_principal) && organization.services.len() >= quotas::SERVICES {
        return Err(fault::too_many_services());
    }
    organization.services.entry(service_principal).or_insert_with(|| call.now());
    change.put(organization);
    change.commit();
    Ok(json!({}))
}

pub(super) fn disable(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OfService { service_principal } = input(value)?;
    let mut change = call.change()?;
    check(&service_principal)?;
    let mut organization = Organization::clone(change.organization()?);
    organization.services.remove(&service_principal);
    change.put(organization);
    change.commit();
    Ok(json!({}))
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let page: Page = input(value)?;
    let realm = call.read()?;
    let services = realm.organization()?.services.iter().map(|(name, since)| (name.clone(), (name, *since)));
    page.of(
        "EnabledServicePrincipals",
        services,
        |(name, since)| json!({ "ServicePrincipal": name, "DateEnabled": seconds(since) }),
    )
}

/// Which services work with Organizations is AWS's to say, and changes; that it is one of AWS's is looked at.
pub(super) fn check(principal: &str) -> Result<(), ServiceError> {
    if principal.ends_with(".amazonaws.com") {
        return Ok(());
    }
    let message = "You specified an unrecognized service principal.";
    Err(fault::invalid_input("UNRECOGNIZED_SERVICE_PRINCIPAL", message))
}
