//! Pod Identity associations.

use std::collections::BTreeMap;

use authz::{
    policy::{Policy, PolicyKind},
    text::SourceText,
};
use aws_model::Arn;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, LOWER, input},
    fault,
    paging::Page,
    records::Association,
    roles::{self, PODS},
    tags,
};
use crate::ServiceError;

/// How many associations a cluster has.
///
/// Source: Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services" > "EKS Pod Identity
/// considerations" (up to 5,000 for each cluster).
const MOST: usize = 5000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    cluster_name: String,
    namespace: String,
    service_account: String,
    role_arn: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    disable_session_tags: bool,
    target_role_arn: Option<String>,
    policy: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    cluster_name: String,
    association_id: String,
    role_arn: Option<String>,
    disable_session_tags: Option<bool>,
    target_role_arn: Option<String>,
    policy: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    cluster_name: String,
    association_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    cluster_name: String,
    namespace: Option<String>,
    service_account: Option<String>,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Create = input(value)?;
    // Before the role: AWS tells nobody of roles who has no such cluster.
    call.read().cluster(&call.place(), &asked.cluster_name)?;
    for (member, name, most) in [("namespace", &asked.namespace, 63), ("serviceAccount", &asked.service_account, 253)] {
        if !is_name(name, most) {
            return Err(fault::invalid_parameter(format!("{member} is no name that Kubernetes has.")));
        }
    }
    tags::check(&asked.tags, &BTreeMap::new())?;
    let now = call.now();
    let association = Association {
        arn: call.arn(&format!("podidentityassociation/{}/a-{}", asked.cluster_name, call.new_id(LOWER, 17)?))?,
        namespace: asked.namespace,
        service_account: asked.service_account,
        role: roles::parsed(&asked.role_arn)?,
        created: now,
        modified: now,
        disable_session_tags: asked.disable_session_tags,
        target_role: target(asked.target_role_arn)?,
        policy: asked.policy.filter(|policy| !policy.is_empty()),
        token: call.once.clone(),
        owner: None,
        tags: asked.tags,
    };
    check(call, &association)?;

    let mut change = call.change();
    // The cluster may have gone meanwhile.
    change.cluster(&call.place(), &asked.cluster_name)?;
    let all = change.associations(&call.place(), &asked.cluster_name).map(|association| &**association);
    if let Some(known) = of_account(all, &association.namespace, &association.service_account) {
        let exists = || fault::association_exists(&asked.cluster_name, known.names().1);
        return if call.is_again(known.token.as_ref())? { Ok(told(known)) } else { Err(exists()) };
    }
    if change.associations(&call.place(), &asked.cluster_name).count() >= MOST {
        return Err(fault::too_many("Pod Identity associations of a cluster"));
    }
    let answer = told(&association);
    change.put(association);
    change.commit();
    Ok(answer)
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { cluster_name, association_id } = input(value)?;
    let realm = call.read();
    Ok(told(realm.association(&call.place(), &cluster_name, &association_id)?))
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: List = input(value)?;
    let (realm, place) = (call.read(), call.place());
    realm.cluster(&place, &asked.cluster_name)?;
    let is = |wanted: &Option<String>, name: &str| wanted.as_ref().is_none_or(|wanted| wanted == name);
    let meant = realm.associations(&place, &asked.cluster_name).filter(|association| {
        is(&asked.namespace, &association.namespace) && is(&asked.service_account, &association.service_account)
    });
    let items = meant.map(|association| (association.names().1.to_owned(), association));
    asked.page.of("associations", items, |association| association.summary())
}

/// What is not given stays; an empty text takes a target role or a policy away.
pub(super) fn update(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Update = input(value)?;
    let place = call.place();
    let mut changed = {
        let realm = call.read();
        Association::clone(realm.association(&place, &asked.cluster_name, &asked.association_id)?)
    };
    if let Some(role) = &asked.role_arn {
        changed.role = roles::parsed(role)?;
    }
    if let Some(disabled) = asked.disable_session_tags {
        changed.disable_session_tags = disabled;
    }
    if asked.target_role_arn.is_some() {
        changed.target_role = target(asked.target_role_arn)?;
    }
    if let Some(policy) = asked.policy {
        changed.policy = Some(policy).filter(|policy| !policy.is_empty());
    }
    changed.modified = call.now();
    check(call, &changed)?;
    let mut change = call.change();
    // It may have been tagged, or have gone, meanwhile.
    let known = change.association(&place, &asked.cluster_name, &asked.association_id)?;
    changed.tags.clone_from(&known.tags);
    let answer = told(&changed);
    change.put(changed);
    change.commit();
    Ok(answer)
}

pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { cluster_name, association_id } = input(value)?;
    let mut change = call.change();
    let association = Association::clone(change.association(&call.place(), &cluster_name, &association_id)?);
    change.remove(&association);
    change.commit();
    Ok(told(&association))
}

fn told(association: &Association) -> Value {
    json!({ "association": association.told() })
}

/// The one that a service account has among these.
pub(super) fn of_account<'r>(
    mut all: impl Iterator<Item = &'r Association>,
    namespace: &str,
    service_account: &str,
) -> Option<&'r Association> {
    all.find(|known| known.namespace == namespace && known.service_account == service_account)
}

/// Whether roles and policy are such as an association can have.
///
/// Source: Amazon EKS API Reference, "CreatePodIdentityAssociation", `policy` ("disableSessionTags must be set to true").
fn check(call: &Call<'_>, association: &Association) -> Result<(), ServiceError> {
    let with_tags = ["sts:assumerole", "sts:tagsession"];
    let actions: &[&str] = if association.disable_session_tags { &["sts:assumerole"] } else { &with_tags };
    roles::check(call, &association.role, PODS, actions)?;
    let Some(policy) = &association.policy else { return Ok(()) };
    if !association.disable_session_tags {
        return Err(fault::invalid_parameter("Session tags must be disabled for an association with a policy."));
    }
    let source = SourceText::new("policy", policy.as_str());
    let read = Policy::parse_under(source, PolicyKind::Session, call.state.authorizer().assumptions());
    read.map(drop).map_err(|malformed| fault::invalid_parameter(malformed.aws_message()))
}

fn target(text: Option<String>) -> Result<Option<Arn>, ServiceError> {
    text.filter(|text| !text.is_empty()).map(|text| roles::parsed(&text)).transpose()
}

/// Whether a text names something in Kubernetes: of a service account it is a DNS subdomain, of a namespace a label.
///
/// Source: Kubernetes documentation, "Object Names and IDs".
fn is_name(text: &str, most: usize) -> bool {
    let is_part = |part: &str| {
        let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !part.is_empty() && part.bytes().all(is_inner) && !part.starts_with('-') && !part.ends_with('-')
    };
    text.len() <= most && text.split('.').all(is_part)
}
