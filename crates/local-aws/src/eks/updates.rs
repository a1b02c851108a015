//! Updates of clusters, add-ons and node groups, as they are told afterwards.

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    call::{Call, input},
    fault,
    paging::Page,
    records::{Cluster, Progress, Update},
    state::{Change, Place, Realm},
};
use crate::ServiceError;

/// How many are kept of a cluster; then the oldest goes.
const MOST: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    name: String,
    update_id: String,
    addon_name: Option<String>,
    nodegroup_name: Option<String>,
    capability_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    name: String,
    addon_name: Option<String>,
    nodegroup_name: Option<String>,
    capability_name: Option<String>,
    #[serde(flatten)]
    page: Page,
}

/// What of a cluster an update is of.
#[derive(Clone, Copy)]
pub(super) enum Of<'a> {
    Itself,
    Addon(&'a str),
    NodeGroup(&'a str),
}

impl Of<'_> {
    fn names(self) -> (Option<String>, Option<String>) {
        match self {
            Self::Itself => (None, None),
            Self::Addon(name) => (Some(name.to_owned()), None),
            Self::NodeGroup(name) => (None, Some(name.to_owned())),
        }
    }
}

/// What was answered to this very request before, as it is now.
pub(super) fn again(realm: &Realm, call: &Call<'_>, cluster: &str) -> Result<Option<Value>, ServiceError> {
    for update in realm.updates(&call.place(), cluster) {
        if call.is_again(update.token.as_ref())? {
            return Ok(Some(json!({ "update": update.told(call.ctx.now) })));
        }
    }
    Ok(None)
}

/// Notes an update, with those parameters that were given, and tells it.
pub(super) fn begin(
    change: &mut Change<'_>,
    call: &Call<'_>,
    cluster: &Cluster,
    (kind, of): (&str, Of<'_>),
    parameters: impl IntoIterator<Item = (&'static str, Option<String>)>,
) -> Value {
    json!({ "update": note(change, call, cluster, (kind, of), parameters, None).told(call.ctx.now) })
}

/// The same, of what goes on afterwards, or takes time alone.
pub(super) fn note(
    change: &mut Change<'_>,
    call: &Call<'_>,
    cluster: &Cluster,
    (kind, of): (&str, Of<'_>),
    parameters: impl IntoIterator<Item = (&'static str, Option<String>)>,
    progress: Option<Progress>,
) -> Update {
    let given = parameters.into_iter().filter_map(|(kind, value)| Some((kind.to_owned(), value?)));
    let (addon, node_group) = of.names();
    let update = Update {
        id: Uuid::new_v4().to_string(),
        cluster: cluster.arn.clone(),
        addon,
        node_group,
        kind: kind.to_owned(),
        created: call.now(),
        parameters: given.collect(),
        token: call.once.clone(),
        progress,
    };
    let kept: Vec<_> = change.updates(&call.place(), cluster.name()).cloned().collect();
    if kept.len() >= MOST
        && let Some(oldest) = kept.iter().min_by_key(|update| update.created)
    {
        change.remove(&**oldest);
    }
    change.put(update.clone());
    update
}

/// Tells how one that went on has ended; it may be so old that it is not kept any more.
pub(super) fn end(change: &mut Change<'_>, place: &Place, cluster: &str, id: &str, progress: Progress) {
    let known = change.updates(place, cluster).find(|update| update.id == id).map(|update| Update::clone(update));
    if let Some(known) = known {
        change.put(Update { progress: Some(progress), ..known });
    }
}

/// Forgets those of something that is gone: what has its name later is something else.
pub(super) fn forget(change: &mut Change<'_>, place: &Place, cluster: &str, of: Of<'_>) {
    let (addon, node_group) = of.names();
    let meant = Meant { addon, node_group };
    let all: Vec<_> = change.updates(place, cluster).filter(|update| meant.is_of(update)).cloned().collect();
    all.iter().for_each(|update| change.remove(&**update));
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Describe = input(value)?;
    let realm = call.read();
    let of = of(&realm, call, &asked.name, (asked.addon_name, asked.nodegroup_name, asked.capability_name))?;
    let mut all = realm.updates(&call.place(), &asked.name).filter(|update| of.is_of(update));
    let found = all.find(|update| update.id == asked.update_id);
    let update = found.ok_or_else(|| fault::no_update(&asked.name, &asked.update_id))?;
    Ok(json!({ "update": update.told(call.ctx.now) }))
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: List = input(value)?;
    let realm = call.read();
    let of = of(&realm, call, &asked.name, (asked.addon_name, asked.nodegroup_name, asked.capability_name))?;
    let all = realm.updates(&call.place(), &asked.name).filter(|update| of.is_of(update));
    asked.page.of("updateIds", all.map(|update| (update.id.clone(), update)), |update| Value::from(&*update.id))
}

/// Whose updates are meant: an add-on's, a node group's, or the cluster's own.
struct Meant {
    addon: Option<String>,
    node_group: Option<String>,
}

impl Meant {
    fn is_of(&self, update: &Update) -> bool {
        update.addon == self.addon && update.node_group == self.node_group
    }
}

fn of(
    realm: &Realm,
    call: &Call<'_>,
    cluster: &str,
    (addon, node_group, capability): (Option<String>, Option<String>, Option<String>),
) -> Result<Meant, ServiceError> {
    realm.cluster(&call.place(), cluster)?;
    if let Some(capability) = capability {
        return Err(fault::no_part(cluster, &capability));
    }
    if let Some(addon) = &addon {
        realm.addon(&call.place(), cluster, addon)?;
    }
    if let Some(node_group) = &node_group {
        realm.node_group(&call.place(), cluster, node_group)?;
    }
    Ok(Meant { addon, node_group })
}
