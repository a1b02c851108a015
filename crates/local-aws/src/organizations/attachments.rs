//! Which policies are on which roots, units and accounts.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    paging::Page,
    quotas,
    records::{Account, Attached, Organization, Policy, PolicyType, Unit},
    state::{Change, Level},
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attachment {
    policy_id: String,
    target_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListPolicies {
    target_id: String,
    filter: String,
    #[serde(flatten)]
    page: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListTargets {
    policy_id: String,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn attach(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Attachment { policy_id, target_id } = input(value)?;
    let mut change = call.change()?;
    let kind = change.policy(&policy_id)?.kind;
    let attached = change.level(&target_id)?.attached().of(kind);
    if !change.organization()?.enabled.contains(&kind) {
        return Err(fault::type_not_enabled());
    }
    if attached.contains(&policy_id) {
        let message = "A policy with the specified id is already attached to the specified target.";
        return Err(ServiceError::new("DuplicatePolicyAttachmentException", message));
    }
    if attached.len() >= quotas::attached(kind) {
        let message = "You have attached the maximum number of policies to the specified target.";
        return Err(fault::constraint("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", message));
    }
    edit(&mut change, &target_id, |attached| attached.add(kind, &policy_id))?;
    change.commit();
    Ok(json!({}))
}

pub(super) fn detach(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Attachment { policy_id, target_id } = input(value)?;
    let mut change = call.change()?;
    let kind = change.policy(&policy_id)?.kind;
    let attached = change.level(&target_id)?.attached().of(kind);
    if !attached.contains(&policy_id) {
        let message = "The policy isn't attached to the specified target in the specified root.";
        return Err(ServiceError::new("PolicyNotAttachedException", message));
    }
    if policy_id == PolicyType::ResourceControl.full_id() {
        let message = "You cannot detach the RCPFullAWSAccess policy.";
        return Err(fault::invalid_input("NON_DETACHABLE_POLICY", message));
    }
    if attached.len() == 1 {
        let message = "You cannot remove the last policy attached to the specified target. You must have at least one \
                       attached at all times.";
        return Err(fault::constraint("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", message));
    }
    edit(&mut change, &target_id, |attached| attached.take(kind, &policy_id))?;
    change.commit();
    Ok(json!({}))
}

pub(super) fn list_policies(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let ListPolicies { target_id, filter, page } = input(value)?;
    let realm = call.read()?;
    let organization = realm.organization()?;
    let level = realm.level(&target_id)?;
    let attached = PolicyType::of(&filter).map_or(&[][..], |kind| level.attached().of(kind));
    let mut policies: Vec<(String, &Policy)> =
        attached.iter().filter_map(|id| Some((id.clone(), realm.policy(id).ok()?))).collect();
    policies.sort_by(|(one, _), (other, _)| one.cmp(other));
    page.of("Policies", policies.into_iter(), |policy| policy.summary(organization))
}

pub(super) fn list_targets(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let ListTargets { policy_id, page } = input(value)?;
    let realm = call.read()?;
    let organization = realm.organization()?;
    realm.policy(&policy_id)?;
    let targets = realm.targets(&policy_id).filter_map(|id| Some((id.to_owned(), realm.level(id).ok()?)));
    page.of("Targets", targets, |level| {
        json!({
            "TargetId": level.id(),
            "Arn": level.arn(organization),
            "Name": level.name(),
            "Type": level.kind(),
        })
    })
}

fn edit(change: &mut Change<'_>, target: &str, edit: impl FnOnce(&mut Attached)) -> Result<(), ServiceError> {
    match change.level(target)? {
        Level::Root(root) => {
            let mut root = Organization::clone(root);
            edit(&mut root.attached);
            change.put(root);
        }
        Level::Unit(unit) => {
            let mut unit = Unit::clone(unit);
            edit(&mut unit.attached);
            change.put(unit);
        }
        Level::Account(account) => {
            let mut account = Account::clone(account);
            edit(&mut account.attached);
            change.put(account);
        }
    }
    Ok(())
}
