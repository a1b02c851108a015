//! Managed policies: the customer's, with their versions, and AWS's.

pub(super) mod of_aws;
mod versions;

use authz::policy::{
    PolicyKind,
    limits::{SizeQuota, check_new_managed},
};
use aws_catalog::access::IamKind;
use serde::Deserialize;
use serde_json::{Value, json};
use std::borrow::Cow;

use super::{
    call::{Call, input},
    documents::{malformed, read},
    fault,
    paging::Page,
    records::{ManagedPolicy, Version},
    roles::root_path,
    state::Realm,
    tags::{Tag, Tags},
};
use crate::ServiceError;

pub(super) use versions::{
    create_version, delete_version, get_version, list_versions, set_default_version, told_version,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreatePolicy {
    policy_name: String,
    #[serde(default = "root_path")]
    path: String,
    policy_document: String,
    description: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    policy_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListPolicies {
    #[serde(default)]
    scope: Scope,
    #[serde(default)]
    only_attached: bool,
    #[serde(default = "root_path")]
    path_prefix: String,
    policy_usage_filter: Option<Usage>,
    #[serde(flatten)]
    page: Page,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
enum Scope {
    #[default]
    All,
    #[serde(rename = "AWS")]
    Aws,
    Local,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
enum Usage {
    PermissionsPolicy,
    PermissionsBoundary,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListEntities {
    policy_arn: String,
    entity_filter: Option<String>,
    #[serde(default = "root_path")]
    path_prefix: String,
    policy_usage_filter: Option<Usage>,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn create_policy(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: CreatePolicy = input(value)?;
    let mut change = call.change();
    change.must_be_new(IamKind::Policy, &input.policy_name)?;
    read_version(call, &input.policy_name, &input.policy_document)?;
    let now = call.now();
    let policy = ManagedPolicy {
        arn: call.arn(IamKind::Policy, &input.path, &input.policy_name)?,
        id: call.new_id("ANPA")?,
        path: input.path,
        name: input.policy_name,
        description: input.description.filter(|text| !text.is_empty()),
        created: now,
        updated: now,
        versions: [(1, Version { document: input.policy_document, created: now })].into(),
        default: 1,
        next: 2,
        tags: Tags::new(IamKind::Policy, input.tags)?,
    };
    let mut answer = told(&change, &policy.head());
    if let (false, Some(fields)) = (policy.tags.is_empty(), answer.as_object_mut()) {
        fields.insert("Tags".into(), policy.tags.told());
    }
    change.put(policy);
    change.commit();
    Ok(json!({ "Policy": answer }))
}

pub(super) fn get_policy(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { policy_arn } = input(value)?;
    let realm = call.realm();
    let policy = known(call, &realm, &policy_arn)?;
    let mut answer = told(&realm, &policy.head());
    if let Some(fields) = answer.as_object_mut() {
        if let Some(description) = policy.description {
            fields.insert("Description".into(), description.into());
        }
        fields.insert("Tags".into(), policy.tags.told());
    }
    Ok(json!({ "Policy": answer }))
}

pub(super) fn list_policies(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let ListPolicies { scope, only_attached, path_prefix, policy_usage_filter, page } = input(value)?;
    let realm = call.realm();
    let own = realm.policies.values().filter(|_| scope != Scope::Aws).map(|policy| policy.head());
    let of_aws = if scope == Scope::Local { Vec::new() } else { of_aws::heads(call) };
    let mut all: Vec<Head<'_>> = own.chain(of_aws).collect();
    all.sort_by_cached_key(|policy| order(&policy.arn));
    let is_meant = |policy: &Head<'_>| {
        let (attached, bounds) = realm.uses(&policy.arn);
        let is_used = match policy_usage_filter {
            Some(Usage::PermissionsBoundary) => bounds > 0,
            Some(Usage::PermissionsPolicy) => attached > 0 || bounds == 0,
            None => true,
        };
        is_used && (!only_attached || attached > 0 || bounds > 0) && policy.path_and_name().0.starts_with(&path_prefix)
    };
    let meant = all.into_iter().filter(is_meant);
    page.of("Policies", meant.map(|policy| (order(&policy.arn), policy)), |policy| told(&realm, &policy))
}

/// Source: IAM API Reference, "DeletePolicy" (detached from everybody, and without other versions than the default one).
pub(super) fn delete_policy(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { policy_arn } = input(value)?;
    let mut change = call.change();
    let policy = ManagedPolicy::clone(change.policy(&policy_arn)?);
    if change.uses(&policy_arn) != (0, 0) {
        return Err(fault::delete_conflict("Cannot delete a policy attached to entities."));
    }
    if policy.versions.len() > 1 {
        return Err(fault::delete_conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. \
             The default version is deleted with the policy.",
        ));
    }
    change.remove(&policy);
    change.commit();
    Ok(json!({}))
}

pub(super) fn list_entities(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let ListEntities { policy_arn, entity_filter, path_prefix, policy_usage_filter, page } = input(value)?;
    let realm = call.realm();
    known(call, &realm, &policy_arn)?;
    let attached = realm.carriers(&policy_arn).filter(|_| policy_usage_filter != Some(Usage::PermissionsBoundary));
    let bounded = realm.bounded(&policy_arn).filter(|_| policy_usage_filter != Some(Usage::PermissionsPolicy));
    // In order, and once whoever carries it in both ways.
    let carriers: std::collections::BTreeSet<_> = attached.chain(bounded).collect();
    let entries = carriers.into_iter().filter_map(|(kind, name)| {
        let (list, path, told) = match *kind {
            "User" => {
                let user = realm.users.get(name)?;
                ("PolicyUsers", &user.path, json!({ "UserName": user.name, "UserId": user.id }))
            }
            "Group" => {
                let group = realm.groups.get(name)?;
                ("PolicyGroups", &group.path, json!({ "GroupName": group.name, "GroupId": group.id }))
            }
            _ => {
                let role = realm.roles.get(name)?;
                ("PolicyRoles", &role.path, json!({ "RoleName": role.name, "RoleId": role.id }))
            }
        };
        let is_meant = entity_filter.as_deref().is_none_or(|filter| filter == *kind) && path.starts_with(&path_prefix);
        is_meant.then(|| (format!("{kind}/{name}"), list, told))
    });
    page.of_lists(&["PolicyGroups", "PolicyUsers", "PolicyRoles"], entries, |told| told)
}

/// By what policies are listed: the account's first, by their names, of which there is one, as paths would be long in
/// markers; then AWS's, by their ARNs.
pub(super) fn order(arn: &str) -> String {
    if arn.contains(":iam::aws:") {
        return format!("1/{arn}");
    }
    let name = arn.rsplit('/').next().unwrap_or_default();
    format!("0/{}", name.to_lowercase())
}

/// A policy of the account, or one of AWS.
pub(super) fn known(call: &Call<'_>, realm: &Realm, arn: &str) -> Result<ManagedPolicy, ServiceError> {
    let own = realm.policy(arn).map(|policy| ManagedPolicy::clone(policy));
    own.or_else(|missing| of_aws::find(call, arn).ok_or(missing))
}

/// What answers tell of every policy.
pub(super) struct Head<'p> {
    pub(super) arn: Cow<'p, str>,
    /// One that follows from the ARN, where nobody told it.
    id: Option<&'p str>,
    default: u32,
    /// Seconds since the epoch, both.
    created: i64,
    updated: i64,
}

impl Head<'_> {
    /// `/team/` and `Read` of `arn:aws:iam::111122223333:policy/team/Read`.
    fn path_and_name(&self) -> (&str, &str) {
        let (_, rest) = self.arn.split_once(":policy").unwrap_or_default();
        rest.rfind('/').and_then(|last| rest.split_at_checked(last + 1)).unwrap_or(("/", rest))
    }
}

impl ManagedPolicy {
    pub(super) fn head(&self) -> Head<'_> {
        Head {
            arn: self.arn.as_str().into(),
            id: Some(&self.id),
            default: self.default,
            created: self.created.as_second(),
            updated: self.updated.as_second(),
        }
    }
}

/// A policy as answers have it, without what `GetPolicy` alone tells.
pub(super) fn told(realm: &Realm, policy: &Head<'_>) -> Value {
    let (attached, bounds) = realm.uses(&policy.arn);
    let (path, name) = policy.path_and_name();
    json!({
        "PolicyName": name,
        "PolicyId": policy.id.map_or_else(|| of_aws::id(&policy.arn), str::to_owned),
        "Arn": policy.arn,
        "Path": path,
        "DefaultVersionId": format!("v{}", policy.default),
        "AttachmentCount": attached,
        "PermissionsBoundaryUsageCount": bounds,
        "IsAttachable": !path.starts_with("/aws-service-role/"),
        "CreateDate": policy.created,
        "UpdateDate": policy.updated,
    })
}

/// A document that is to be a version.
fn read_version(call: &Call<'_>, name: &str, document: &str) -> Result<(), ServiceError> {
    let assumptions = call.state.authorizer().assumptions();
    let policy = read(name, document, PolicyKind::Identity, assumptions)?;
    if assumptions.iam_policy_version_managed {
        check_new_managed(&policy).map_err(|flaw| malformed(&flaw))?;
    }
    let size = SizeQuota::Managed.size_of(document);
    SizeQuota::Managed.check(size).map_err(|too_large| fault::limit_exceeded(too_large.aws_message("")))
}
