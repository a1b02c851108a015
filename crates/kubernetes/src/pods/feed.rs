//! Every pod of the cluster, whole, as JSON: for who looks at more of it than where it runs.

use std::pin::pin;

use futures_util::StreamExt as _;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api,
    core::{ApiResource, DynamicObject},
    runtime::watcher::Event,
};
use serde_json::Value;

use crate::{Connection, changes::changes};

/// Tells each pod of the cluster once, and again with each change, for as long as it is polled; it has no end. None is kept.
pub async fn follow_pods(connection: &Connection, seen: impl Fn(Value) + Send) {
    let api: Api<DynamicObject> = Api::all_with(connection.client(), &ApiResource::erase::<Pod>(&()));
    let mut changes = pin!(changes(api, None));
    while let Some(change) = changes.next().await {
        if let Event::InitApply(pod) | Event::Apply(pod) = change
            && let Ok(pod) = serde_json::to_value(&pod)
        {
            seen(pod);
        }
    }
}
