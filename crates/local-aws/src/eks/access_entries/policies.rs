//! What principals may do in a cluster: access policies, each for the whole of it or for namespaces.
//!
//! Source: Amazon EKS User Guide, "Associate access policies with access entries".

use aws_catalog::access_policies;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{edit, open_cluster};
use crate::{
    ServiceError,
    eks::{
        call::{Call, input},
        fault,
        paging::Page,
        records::{Associated, EntryKind, Scope, ScopeKind},
    },
};

/// How many namespaces a scope has (assumed).
const MOST_NAMESPACES: usize = 100;
/// How long the name of a namespace is.
///
/// Source: Kubernetes documentation, "Object Names and IDs".
const LONGEST_NAMESPACE: usize = 63;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Associate {
    cluster_name: String,
    principal_arn: String,
    policy_arn: String,
    access_scope: Scope,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Disassociate {
    cluster_name: String,
    principal_arn: String,
    policy_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    cluster_name: String,
    principal_arn: String,
    #[serde(flatten)]
    page: Page,
}

/// The access policies that there are.
pub(in crate::eks) fn policies(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let page: Page = input(value)?;
    let partition = call.ctx.region.partition();
    let all = access_policies::names().iter().map(|name| (name.clone(), name));
    page.of(
        "accessPolicies",
        all,
        |name| json!({ "name": name, "arn": access_policies::arn(partition.as_str(), name) }),
    )
}

/// A policy that is there already gets the new scope.
pub(in crate::eks) fn associate(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Associate = input(value)?;
    let now = call.now();
    edit(call, &asked.cluster_name, &asked.principal_arn, |entry| {
        if !matches!(entry.kind, EntryKind::Standard | EntryKind::Ec2) {
            let message =
                format!("Access policies cannot be associated with an access entry of type {}.", entry.kind.name());
            return Err(fault::invalid_parameter(message));
        }
        let partition = call.ctx.region.partition();
        let mut known = access_policies::names().iter().map(|name| access_policies::arn(partition.as_str(), name));
        if !known.any(|arn| arn == asked.policy_arn) {
            return Err(fault::invalid_parameter("The policyArn in the request is invalid."));
        }
        check(&asked.access_scope)?;
        let before = entry.policies.iter().position(|associated| associated.policy == asked.policy_arn);
        let before = before.map(|at| entry.policies.remove(at));
        let associated = Associated {
            policy: asked.policy_arn,
            scope: asked.access_scope,
            associated: before.map_or(now, |before| before.associated),
            modified: now,
        };
        let told = associated.told();
        entry.policies.push(associated);
        entry.policies.sort_by(|one, other| one.policy.cmp(&other.policy));
        Ok(json!({
            "clusterName": asked.cluster_name,
            "principalArn": asked.principal_arn,
            "associatedAccessPolicy": told,
        }))
    })
}

pub(in crate::eks) fn disassociate(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Disassociate = input(value)?;
    edit(call, &asked.cluster_name, &asked.principal_arn, |entry| {
        let before = entry.policies.len();
        entry.policies.retain(|associated| associated.policy != asked.policy_arn);
        if entry.policies.len() == before { Err(fault::no_associated_policy()) } else { Ok(json!({})) }
    })
}

pub(in crate::eks) fn associated(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: List = input(value)?;
    let realm = call.read();
    open_cluster(&realm, call, &asked.cluster_name)?;
    let entry = realm.access_entry(&call.place(), &asked.cluster_name, &asked.principal_arn)?;
    let all = entry.policies.iter().map(|associated| (associated.policy.clone(), associated));
    let mut told = asked.page.of("associatedAccessPolicies", all, Associated::told)?;
    if let Some(told) = told.as_object_mut() {
        told.insert("clusterName".to_owned(), asked.cluster_name.into());
        told.insert("principalArn".to_owned(), asked.principal_arn.into());
    }
    Ok(told)
}

/// Namespaces are named where the scope is namespaces, and only there.
fn check(scope: &Scope) -> Result<(), ServiceError> {
    let invalid = |message: &str| Err(fault::invalid_parameter(message));
    let is_name = |name: &String| !name.is_empty() && name.len() <= LONGEST_NAMESPACE;
    match (scope.kind, scope.namespaces.as_slice()) {
        (ScopeKind::Cluster, []) => Ok(()),
        (ScopeKind::Cluster, _) => invalid("An accessScope of type cluster has no namespaces."),
        (ScopeKind::Namespace, []) => invalid("An accessScope of type namespace has namespaces."),
        (ScopeKind::Namespace, all) if all.len() > MOST_NAMESPACES || !all.iter().all(is_name) => {
            invalid("The namespaces of an accessScope are names of Kubernetes' namespaces, at most 100 of them.")
        }
        (ScopeKind::Namespace, _) => Ok(()),
    }
}
