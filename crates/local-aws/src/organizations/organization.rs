//! The organization itself, its root, and which types of policies it has.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    email, fault,
    paging::Page,
    records::{Account, Attached, FeatureSet, JoinedBy, Organization, PolicyType, Unit},
    state::Change,
    tags::Tags,
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateOrganization {
    feature_set: Option<FeatureSet>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfType {
    root_id: String,
    policy_type: String,
}

/// With all features the service control policies are enabled, as the API Reference says.
pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let CreateOrganization { feature_set } = input(value)?;
    let features = feature_set.unwrap_or(FeatureSet::All);
    let mut change = call.change()?;
    if change.organization_of(call.account()).is_ok() {
        return Err(fault::already_in_organization());
    }
    if let Ok(other) = change.organization() {
        return Err(fault::one_organization(&other.id, other.management.as_str()));
    }
    let enabled = match features {
        FeatureSet::All => BTreeSet::from([PolicyType::ServiceControl]),
        FeatureSet::ConsolidatedBilling => BTreeSet::new(),
    };
    let organization = Organization {
        id: call.new_id("o-", 10)?,
        management: call.account(),
        features,
        partition: call.partition().to_string(),
        root: call.new_id("r-", 4)?,
        attached: Attached::full(&enabled),
        tags: Tags::default(),
        enabled,
        services: BTreeMap::new(),
    };
    let world = call.state.authorizer().world();
    let name = world.account(call.account()).and_then(|account| account.name.as_deref().map(str::to_owned));
    drop(world);
    let management = Account {
        id: call.account(),
        name: name.unwrap_or_else(|| call.account().to_string()),
        email: email::of_account(&change, call.account()),
        parent: organization.root.clone(),
        joined: call.now(),
        joined_by: JoinedBy::Invited,
        closed: false,
        attached: Attached::full(&organization.enabled),
        tags: Tags::default(),
        administers: BTreeMap::new(),
    };
    let told = organization.told(&management);
    change.put(organization);
    change.put(management);
    change.commit();
    Ok(json!({ "Organization": told }))
}

pub(super) fn describe(call: &Call<'_>, _value: Value) -> Result<Value, ServiceError> {
    let realm = call.read()?;
    Ok(json!({ "Organization": realm.organization()?.told(realm.management()?) }))
}

pub(super) fn delete(call: &Call<'_>, _value: Value) -> Result<Value, ServiceError> {
    let mut change = call.change()?;
    if change.accounts.len() > 1 {
        let message = "To delete an organization you must first remove all member accounts (except the master).";
        return Err(ServiceError::new("OrganizationNotEmptyException", message));
    }
    change.end();
    change.commit();
    Ok(json!({}))
}

pub(super) fn list_roots(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let page: Page = input(value)?;
    let realm = call.read()?;
    let organization = realm.organization()?;
    page.of("Roots", [(organization.root.clone(), organization)].into_iter(), Organization::told_root)
}

pub(super) fn enable_policy_type(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OfType { root_id, policy_type } = input(value)?;
    let change = call.change()?;
    let mut root = Organization::clone(change.root(&root_id)?);
    let kind = PolicyType::of(&policy_type).filter(|_| root.features == FeatureSet::All);
    let kind = kind.ok_or_else(fault::type_not_available)?;
    if !root.enabled.insert(kind) {
        return Err(fault::type_enabled());
    }
    Ok(set_policy_type(change, root, kind, true))
}

/// All policies of the type are detached from everything; enabled again, it begins with AWS's own.
///
/// Source: AWS Organizations API Reference, "DisablePolicyType".
pub(super) fn disable_policy_type(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OfType { root_id, policy_type } = input(value)?;
    let change = call.change()?;
    let mut root = Organization::clone(change.root(&root_id)?);
    let kind = PolicyType::of(&policy_type).filter(|kind| root.enabled.remove(kind));
    let kind = kind.ok_or_else(fault::type_not_enabled)?;
    Ok(set_policy_type(change, root, kind, false))
}

fn set_policy_type(mut change: Change<'_>, mut root: Organization, kind: PolicyType, enabled: bool) -> Value {
    let units: Vec<Unit> = change.units.values().map(|unit| Unit::clone(unit)).collect();
    let accounts: Vec<Account> = change.accounts.values().map(|account| Account::clone(account)).collect();
    root.attached.reset(kind, enabled);
    let told = root.told_root();
    change.put(root);
    for mut unit in units {
        unit.attached.reset(kind, enabled);
        change.put(unit);
    }
    for mut account in accounts {
        account.attached.reset(kind, enabled);
        change.put(account);
    }
    change.commit();
    json!({ "Root": told })
}
