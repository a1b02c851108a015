//! Member accounts that administer a service for the whole organization.
//!
//! Such an account may read the organization: see [`super::standing`].

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input, seconds},
    fault,
    paging::Page,
    records::Account,
    service_access,
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Delegation {
    account_id: String,
    service_principal: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListAdministrators {
    service_principal: Option<String>,
    #[serde(flatten)]
    page: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListServices {
    account_id: String,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn register(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Delegation { account_id, service_principal } = input(value)?;
    let mut change = call.change()?;
    service_access::check(&service_principal)?;
    let mut account = Account::clone(change.account(&account_id)?);
    if account.id == change.organization()?.management {
        let message = "You cannot register master account/yourself as delegated administrator for your organization.";
        return Err(fault::constraint("CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR", message));
    }
    if account.closed {
        let message = "You cannot register a suspended account as delegated administrator.";
        return Err(fault::constraint("CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR", message));
    }
    if !change.organization()?.services.contains_key(&service_principal) {
        let message = "You cannot register a delegated administrator before you enable service access. Call the \
                       EnableAWSServiceAccess API first.";
        return Err(fault::constraint("SERVICE_ACCESS_NOT_ENABLED", message));
    }
    if account.administers.contains_key(&service_principal) {
        let message = "The provided account is already a delegated administrator for your organization.";
        return Err(ServiceError::new("AccountAlreadyRegisteredException", message));
    }
    account.administers.insert(service_principal, call.now());
    change.put(account);
    change.commit();
    Ok(json!({}))
}

pub(super) fn deregister(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Delegation { account_id, service_principal } = input(value)?;
    let mut change = call.change()?;
    service_access::check(&service_principal)?;
    let mut account = Account::clone(change.account(&account_id)?);
    if account.administers.remove(&service_principal).is_none() {
        return Err(not_registered());
    }
    change.put(account);
    change.commit();
    Ok(json!({}))
}

pub(super) fn list_administrators(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let ListAdministrators { service_principal, page } = input(value)?;
    let realm = call.read()?;
    let organization = realm.organization()?;
    let since = |account: &Account| match &service_principal {
        Some(service) => account.administers.get(service).copied(),
        None => account.administers.values().min().copied(),
    };
    let administrators =
        realm.accounts.iter().filter_map(|(id, account)| Some((id.clone(), (account, since(account)?))));
    page.of("DelegatedAdministrators", administrators, |(account, since)| {
        let mut told = account.told_of_administrator(organization);
        if let Some(fields) = told.as_object_mut() {
            fields.insert("DelegationEnabledDate".into(), seconds(since));
        }
        told
    })
}

pub(super) fn list_services(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let ListServices { account_id, page } = input(value)?;
    let realm = call.read()?;
    let account = realm.account(&account_id)?;
    if account.administers.is_empty() {
        return Err(not_registered());
    }
    let services = account.administers.iter().map(|(name, since)| (name.clone(), (name, *since)));
    page.of(
        "DelegatedServices",
        services,
        |(name, since)| json!({ "ServicePrincipal": name, "DelegationEnabledDate": seconds(since) }),
    )
}

fn not_registered() -> ServiceError {
    let message = "The provided account is not a registered delegated administrator for your organization.";
    ServiceError::new("AccountNotRegisteredException", message)
}
