//! Service control policies and resource control policies.

use authz::{policy::Policy as Compiled, text::SourceText};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    paging::Page,
    quotas,
    records::{FeatureSet, Policy, PolicyType},
    state::Realm,
    tags::{Tag, Tags},
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreatePolicy {
    content: String,
    description: String,
    name: String,
    r#type: String,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdatePolicy {
    policy_id: String,
    name: Option<String>,
    description: Option<String>,
    content: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OnePolicy {
    policy_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListPolicies {
    filter: String,
    #[serde(flatten)]
    page: Page,
}

/// A type need not be enabled for its policies to be made, only to be attached.
pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let CreatePolicy { content, description, name, r#type, tags } = input(value)?;
    let mut change = call.change()?;
    let organization = change.organization()?.clone();
    let kind = PolicyType::of(&r#type).filter(|_| organization.features == FeatureSet::All);
    let kind = kind.ok_or_else(fault::type_not_available)?;
    check(kind, &name, &content)?;
    must_be_new(&change, kind, &name, "")?;
    if of_type(&change, kind).count() >= quotas::policies(kind) {
        let message = "You have reached the maximum number of policies of this type for the organization.";
        return Err(fault::constraint("POLICY_NUMBER_LIMIT_EXCEEDED", message));
    }
    let (id, tags) = (call.new_id("p-", 10)?, Tags::new(tags)?);
    let policy = Policy { id, name, description, kind, content, tags, compiled: None }.compiled();
    let told = json!({ "PolicySummary": policy.summary(&organization), "Content": policy.content });
    change.put(policy);
    change.commit();
    Ok(json!({ "Policy": told }))
}

pub(super) fn update(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let UpdatePolicy { policy_id, name, description, content } = input(value)?;
    let mut change = call.change()?;
    let before = change.policy(&policy_id)?.clone();
    if before.is_of_aws() {
        return Err(fault::immutable(before.kind));
    }
    if let Some(content) = &content {
        check(before.kind, &before.name, content)?;
    }
    if let Some(name) = &name {
        must_be_new(&change, before.kind, name, &before.id)?;
    }
    let policy = Policy {
        name: name.unwrap_or(before.name),
        description: description.unwrap_or(before.description),
        content: content.unwrap_or(before.content),
        ..before
    };
    let policy = policy.compiled();
    let told = json!({ "PolicySummary": policy.summary(change.organization()?), "Content": policy.content });
    change.put(policy);
    change.commit();
    Ok(json!({ "Policy": told }))
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OnePolicy { policy_id } = input(value)?;
    let realm = call.read()?;
    let policy = realm.policy(&policy_id)?;
    let told = json!({ "PolicySummary": policy.summary(realm.organization()?), "Content": policy.content });
    Ok(json!({ "Policy": told }))
}

pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OnePolicy { policy_id } = input(value)?;
    let mut change = call.change()?;
    let policy = change.policy(&policy_id)?.clone();
    if policy.is_of_aws() {
        return Err(fault::immutable(policy.kind));
    }
    if change.targets(&policy_id).next().is_some() {
        let message = "The policy is attached to one or more entities. You must detach it from all roots, OUs, and \
                       accounts before performing this operation.";
        return Err(ServiceError::new("PolicyInUseException", message));
    }
    change.remove(&policy);
    change.commit();
    Ok(json!({}))
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let ListPolicies { filter, page } = input(value)?;
    let realm = call.read()?;
    let organization = realm.organization()?;
    let mut policies: Vec<(String, &Policy)> = Vec::new();
    if let Some(kind) = PolicyType::of(&filter).filter(|_| organization.features == FeatureSet::All) {
        policies.extend(of_type(&realm, kind).map(|policy| (policy.id.clone(), policy)));
        policies.push((kind.full_id().to_owned(), kind.full()));
        policies.sort_by(|(one, _), (other, _)| one.cmp(other));
    }
    page.of("Policies", policies.into_iter(), |policy| policy.summary(organization))
}

/// Refuses a document that is none, or too long.
fn check(kind: PolicyType, name: &str, content: &str) -> Result<(), ServiceError> {
    let quota = kind.size();
    quota
        .check(quota.size_of(content))
        .map_err(|too_large| fault::constraint("POLICY_CONTENT_LIMIT_EXCEEDED", too_large.aws_message("")))?;
    let read = Compiled::parse(SourceText::new(name, content), kind.of_model());
    read.map(drop).map_err(|malformed| {
        tracing::debug!(%malformed, "refused");
        ServiceError::new(malformed.aws_code(), malformed.aws_message())
    })
}

/// Refuses a name that another policy of the type has.
fn must_be_new(realm: &Realm, kind: PolicyType, name: &str, but: &str) -> Result<(), ServiceError> {
    let mut others = of_type(realm, kind).chain([&**kind.full()]).filter(|other| other.id != but);
    if others.any(|other| other.name == name) {
        let message = "A policy with the specified name and type already exists.";
        return Err(ServiceError::new("DuplicatePolicyException", message));
    }
    Ok(())
}

/// The organization's own.
fn of_type(realm: &Realm, kind: PolicyType) -> impl Iterator<Item = &Policy> {
    realm.policies.values().map(|policy| &**policy).filter(move |policy| policy.kind == kind)
}
