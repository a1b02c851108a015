//! Updates of clusters and add-ons, as they are told afterwards.

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    call::{Call, input},
    fault,
    paging::Page,
    records::{Cluster, Update},
    state::{Change, Realm},
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

/// Notes an update, with those parameters that were given, and tells it.
pub(super) fn begin(
    change: &mut Change<'_>,
    call: &Call<'_>,
    cluster: &Cluster,
    (kind, addon): (&str, Option<&str>),
    parameters: impl IntoIterator<Item = (&'static str, Option<String>)>,
) -> Value {
    let given = parameters.into_iter().filter_map(|(kind, value)| Some((kind.to_owned(), value?)));
    let update = Update {
        id: Uuid::new_v4().to_string(),
        cluster: cluster.arn.clone(),
        addon: addon.map(str::to_owned),
        kind: kind.to_owned(),
        created: call.now(),
        parameters: given.collect(),
    };
    let kept: Vec<_> = change.updates(&call.place(), cluster.name()).cloned().collect();
    if kept.len() >= MOST
        && let Some(oldest) = kept.iter().min_by_key(|update| update.created)
    {
        change.remove(&**oldest);
    }
    let told = json!({ "update": update.told(call.ctx.now) });
    change.put(update);
    told
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: Describe = input(value)?;
    let realm = call.read();
    let addon = addon(&realm, call, &asked.name, asked.addon_name, asked.nodegroup_name.or(asked.capability_name))?;
    let mut all = realm.updates(&call.place(), &asked.name).filter(|update| update.addon == addon);
    let found = all.find(|update| update.id == asked.update_id);
    let update = found.ok_or_else(|| fault::no_update(&asked.name, &asked.update_id))?;
    Ok(json!({ "update": update.told(call.ctx.now) }))
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: List = input(value)?;
    let realm = call.read();
    let addon = addon(&realm, call, &asked.name, asked.addon_name, asked.nodegroup_name.or(asked.capability_name))?;
    let all = realm.updates(&call.place(), &asked.name).filter(|update| update.addon == addon);
    asked.page.of("updateIds", all.map(|update| (update.id.clone(), update)), |update| Value::from(&*update.id))
}

/// The add-on whose updates are meant; `None` where it is the cluster's own.
fn addon(
    realm: &Realm,
    call: &Call<'_>,
    cluster: &str,
    addon: Option<String>,
    other: Option<String>,
) -> Result<Option<String>, ServiceError> {
    realm.cluster(&call.place(), cluster)?;
    if let Some(other) = other {
        return Err(fault::no_part(cluster, &other));
    }
    if let Some(addon) = &addon {
        realm.addon(&call.place(), cluster, addon)?;
    }
    Ok(addon)
}
