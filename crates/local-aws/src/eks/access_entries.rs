//! Access entries: which principals of IAM may enter a cluster, and as whom.
//!
//! Sources: Amazon EKS User Guide, "Create access entries", "Update access entries" and "Change authentication mode to use
//! access entries"; messages as people quote them (terraform-aws-modules/terraform-aws-eks #2915, #2969, #3024 and #3293,
//! aws-ia/terraform-aws-eks-blueprints #1877 and #2004, hashicorp/terraform-provider-aws #36447).

mod policies;

use std::collections::BTreeMap;

use authz::principal::Principal;
use aws_catalog::access_policies;
use aws_model::Arn;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    call::{Call, input},
    fault,
    paging::Page,
    records::{AccessEntry, Associated, Cluster, EntryKind, NodeGroup, Scope, ScopeKind},
    state::{Change, Place, Realm},
    tags,
};
use crate::ServiceError;
pub(super) use policies::{associate, associated, disassociate, policies};

/// How many entries a cluster has (assumed: as many as it has Pod Identity associations; no document tells).
const MOST: usize = 5000;

/// How long a user name or the name of a group is at most (assumed), and how many groups there are.
const LONGEST: usize = 1024;
const MOST_GROUPS: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    cluster_name: String,
    principal_arn: String,
    #[serde(default)]
    kubernetes_groups: Vec<String>,
    username: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    cluster_name: String,
    principal_arn: String,
    kubernetes_groups: Option<Vec<String>>,
    username: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    cluster_name: String,
    principal_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    cluster_name: String,
    associated_policy_arn: Option<String>,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Create = input(value)?;
    open_cluster(&call.read(), call, &asked.cluster_name)?;
    let kind = match asked.kind.as_deref() {
        None => EntryKind::Standard,
        Some(text) => EntryKind::of(text)
            .ok_or_else(|| fault::invalid_parameter(format!("The specified type {text} is not supported.")))?,
    };
    let principal = principal(call, &asked.principal_arn, kind)?;
    if kind != EntryKind::Standard && (asked.username.is_some() || !asked.kubernetes_groups.is_empty()) {
        return Err(fault::invalid_parameter("Only entries of type STANDARD take a username and kubernetesGroups."));
    }
    check_groups(&asked.kubernetes_groups)?;
    asked.username.as_deref().map(check_username).transpose()?;
    tags::check(&asked.tags, &BTreeMap::new())?;
    let mut entry = new(call, &asked.cluster_name, principal, kind)?;
    entry.groups.extend(asked.kubernetes_groups);
    entry.username = asked.username.unwrap_or(entry.username);
    entry.token.clone_from(&call.once);
    entry.tags = asked.tags;

    let mut change = call.change();
    // The cluster may have gone meanwhile.
    open_cluster(&change, call, &asked.cluster_name)?;
    if let Ok(known) = change.access_entry(&call.place(), &asked.cluster_name, entry.principal.as_str()) {
        return if call.is_again(known.token.as_ref())? { Ok(told(known)) } else { Err(fault::access_entry_exists()) };
    }
    if change.access_entries(&call.place(), &asked.cluster_name).count() >= MOST {
        return Err(fault::too_many("access entries of a cluster"));
    }
    let answer = told(&entry);
    change.put(entry);
    change.commit();
    Ok(answer)
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { cluster_name, principal_arn } = input(value)?;
    let realm = call.read();
    open_cluster(&realm, call, &cluster_name)?;
    Ok(told(realm.access_entry(&call.place(), &cluster_name, &principal_arn)?))
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: List = input(value)?;
    let realm = call.read();
    open_cluster(&realm, call, &asked.cluster_name)?;
    let place = call.place();
    let meant = realm.access_entries(&place, &asked.cluster_name).filter(|entry| {
        let has = |policy: &String| entry.policies.iter().any(|associated| associated.policy == *policy);
        asked.associated_policy_arn.as_ref().is_none_or(has)
    });
    let arns = meant.map(|entry| entry.principal.to_string());
    asked.page.of("accessEntries", arns.map(|arn| (arn.clone(), arn)), Value::from)
}

/// What is not given stays; groups that are given are all that there then are.
pub(super) fn update(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Update = input(value)?;
    edit(call, &asked.cluster_name, &asked.principal_arn, |entry| {
        if let Some(groups) = asked.kubernetes_groups {
            check_groups(&groups)?;
            entry.groups = groups;
        }
        if let Some(username) = asked.username {
            check_username(&username)?;
            entry.username = username;
        }
        entry.modified = call.now();
        Ok(told(entry))
    })
}

pub(super) fn delete(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Named { cluster_name, principal_arn } = input(value)?;
    let mut change = call.change();
    open_cluster(&change, call, &cluster_name)?;
    let entry = AccessEntry::clone(change.access_entry(&call.place(), &cluster_name, &principal_arn)?);
    change.remove(&entry);
    change.commit();
    Ok(json!({}))
}

/// The entry by which who makes a cluster is its administrator. It is there from the beginning and is seen once the cluster
/// has entries.
///
/// Sources: Amazon EKS API Reference, "CreateAccessConfigRequest"; terraform-aws-modules/terraform-aws-eks,
/// `docs/UPGRADE-20.0.md` (what becomes visible when the mode is changed).
pub(super) fn put_creator(change: &mut Change<'_>, call: &Call<'_>, cluster: &Cluster) -> Result<(), ServiceError> {
    let partition = call.ctx.region.partition();
    let principal = match &call.ctx.caller.principal {
        Principal::User(user) => user.clone(),
        Principal::Session(session) => session.role.clone(),
        Principal::Root(account) => {
            format!("arn:{partition}:iam::{account}:root").parse().map_err(|_| fault::internal())?
        }
        _ => return Ok(()),
    };
    let mut entry = new(call, cluster.name(), principal, EntryKind::Standard)?;
    entry.policies.push(Associated {
        policy: access_policies::arn(partition.as_str(), "AmazonEKSClusterAdminPolicy"),
        scope: Scope { kind: ScopeKind::Cluster, namespaces: Vec::new() },
        associated: entry.created,
        modified: entry.created,
    });
    change.put(entry);
    Ok(())
}

/// The entry by which pods on Fargate are nodes of the cluster.
///
/// Source: Amazon EKS User Guide, "Create access entries" (EKS makes it where a profile is made).
pub(super) fn put_pods_of_fargate(
    change: &mut Change<'_>,
    call: &Call<'_>,
    cluster: &str,
    role: &Arn,
) -> Result<(), ServiceError> {
    if change.access_entry(&call.place(), cluster, role.as_str()).is_err() {
        change.put(new(call, cluster, role.clone(), EntryKind::FargateLinux)?);
    }
    Ok(())
}

/// Takes it back (assumed, as EKS does where a node group's role has no group any more).
pub(super) fn remove_pods_of_fargate(change: &mut Change<'_>, call: &Call<'_>, cluster: &str, role: &Arn) {
    let Ok(entry) = change.access_entry(&call.place(), cluster, role.as_str()).map(|entry| AccessEntry::clone(entry))
    else {
        return;
    };
    if entry.kind == EntryKind::FargateLinux {
        change.remove(&entry);
    }
}

/// The entry by which the nodes of a managed node group come in.
///
/// Source: Amazon EKS User Guide, "Create access entries" (EKS makes it where a node group is made).
pub(super) fn put_nodes(
    change: &mut Change<'_>,
    call: &Call<'_>,
    cluster: &str,
    role: &Arn,
) -> Result<(), ServiceError> {
    if change.access_entry(&call.place(), cluster, role.as_str()).is_err() {
        change.put(new(call, cluster, role.clone(), EntryKind::Ec2Linux)?);
    }
    Ok(())
}

/// Takes it back with the last node group that has the role.
///
/// Source: Amazon EKS User Guide, "Delete a managed node group from your cluster".
pub(super) fn remove_nodes(change: &mut Change<'_>, gone: &NodeGroup) {
    let (place, (cluster, _, _)) = (Place::in_arn(&gone.arn), gone.names());
    if change.node_groups(&place, cluster).any(|other| other.arn != gone.arn && other.role == gone.role) {
        return;
    }
    let entry = change.access_entry(&place, cluster, gone.role.as_str()).map(|entry| AccessEntry::clone(entry));
    if let Some(entry) = entry.ok().filter(|entry| entry.kind == EntryKind::Ec2Linux) {
        change.remove(&entry);
    }
}

/// An entry of this kind, as it is where nobody says more.
fn new(call: &Call<'_>, cluster: &str, principal: Arn, kind: EntryKind) -> Result<AccessEntry, ServiceError> {
    let (of, path) = principal.resource().split_once('/').unwrap_or(("root", "root"));
    let name = path.rsplit('/').next().unwrap_or(path);
    let account = principal.account();
    Ok(AccessEntry {
        arn: call.arn(&format!("access-entry/{cluster}/{of}/{account}/{name}/{}", Uuid::new_v4()))?,
        kind,
        groups: kind.groups().iter().map(|group| (*group).to_owned()).collect(),
        username: kind.username(&principal),
        created: call.now(),
        modified: call.now(),
        token: None,
        tags: BTreeMap::new(),
        policies: Vec::new(),
        principal,
    })
}

/// Changes an entry, and answers what the edit does.
fn edit(
    call: &Call<'_>,
    cluster: &str,
    principal: &str,
    edit: impl FnOnce(&mut AccessEntry) -> Result<Value, ServiceError>,
) -> Result<Value, ServiceError> {
    let mut change = call.change();
    open_cluster(&change, call, cluster)?;
    let mut entry = AccessEntry::clone(change.access_entry(&call.place(), cluster, principal)?);
    let answer = edit(&mut entry)?;
    change.put(entry);
    change.commit();
    Ok(answer)
}

/// Refuses a cluster that has no entries because of its mode.
fn open_cluster(realm: &Realm, call: &Call<'_>, name: &str) -> Result<(), ServiceError> {
    if realm.cluster(&call.place(), name)?.access.has_entries() { Ok(()) } else { Err(fault::no_entries()) }
}

fn told(entry: &AccessEntry) -> Value {
    json!({ "accessEntry": entry.told() })
}

/// A user or a role that is there; of nodes a role of the cluster's account. Of an account that does not tell who is,
/// each is.
fn principal(call: &Call<'_>, text: &str, kind: EntryKind) -> Result<Arn, ServiceError> {
    let invalid = || fault::invalid_parameter("The specified principalArn is invalid: invalid principal.");
    let arn: Arn = text.parse().map_err(|_| invalid())?;
    let resource = arn.resource();
    let is_one = |prefix: &str| resource.strip_prefix(prefix).is_some_and(|name| !name.is_empty());
    let is_of_iam = arn.service() == "iam" && arn.region().is_empty();
    let is_foreign = arn.account() != call.account().as_str();
    if !is_of_iam || !(is_one("role/") || is_one("user/") && kind == EntryKind::Standard) {
        return Err(invalid());
    }
    if is_one("role/aws-service-role/") {
        let message =
            "The caller is not allowed to modify access entries with a principalArn value of a Service Linked Role";
        return Err(fault::invalid_parameter(message));
    }
    if kind != EntryKind::Standard && is_foreign {
        return Err(invalid());
    }
    let authorizer = call.state.authorizer();
    authorizer.admit_role(&arn, call.ctx.region.partition());
    let is_there = authorizer.world().identity(&arn).is_some();
    if is_there || arn.account().parse().is_ok_and(|account| authorizer.is_open(account)) {
        Ok(arn)
    } else {
        Err(invalid())
    }
}

/// What names of users and groups must not begin with.
const RESERVED: [&str; 5] = ["system:", "eks:", "aws:", "amazon:", "iam:"];

fn check_groups(groups: &[String]) -> Result<(), ServiceError> {
    if groups.len() > MOST_GROUPS {
        return Err(fault::invalid_parameter(format!("An access entry has at most {MOST_GROUPS} kubernetesGroups.")));
    }
    for group in groups {
        if group.is_empty() || group.len() > LONGEST {
            return Err(fault::invalid_parameter(format!("A kubernetes group name has 1 to {LONGEST} characters.")));
        }
        if let Some(reserved) = RESERVED.iter().find(|reserved| group.starts_with(**reserved)) {
            let message = format!("The kubernetes group name {group} is invalid, it cannot start with {reserved}");
            return Err(fault::invalid_parameter(message));
        }
    }
    Ok(())
}

fn check_username(name: &str) -> Result<(), ServiceError> {
    if name.is_empty() || name.len() > LONGEST {
        return Err(fault::invalid_parameter(format!("A username has 1 to {LONGEST} characters.")));
    }
    if let Some(reserved) = RESERVED.iter().find(|reserved| name.starts_with(**reserved)) {
        return Err(fault::invalid_parameter(format!("The username must not begin with {reserved}")));
    }
    let has_no_colon = |variable: &str| name.split_once(variable).is_some_and(|(before, _)| !before.contains(':'));
    if ["{{SessionName}}", "{{SessionNameRaw}}"].into_iter().any(has_no_colon) {
        return Err(fault::invalid_parameter("The username must have a colon before the name of the session."));
    }
    Ok(())
}
