//! The key service is away: at start-up, and later.

use std::time::Duration;

use control_plane::Readiness;
use test_support::{Cluster, Fault, eventually};

use super::{CLAVIGER, assert_seals, on_each_apiserver, password, ready};

on_each_apiserver! {
    while_the_key_service_is_away_a_running_cluster_goes_on
    plugin_and_apiserver_start_without_the_key_service_and_recover_when_it_is_there
}

async fn while_the_key_service_is_away_a_running_cluster_goes_on(version: &str) {
    let cluster = Cluster::start(CLAVIGER, version).await;
    assert_seals(&cluster, "before").await;
    for (times, (name, fault)) in (1..).zip([("away", Fault::Away), ("silent", Fault::Silent)]) {
        cluster.network.set(fault);
        // It has noticed, and coasts on what it has proven.
        logged(&cluster, "status probes fail:", times).await;
        let status = cluster.plugin().status().await.unwrap();
        assert_eq!(status.healthz, "ok");
        assert_seals(&cluster, name).await;
        assert_eq!(cluster.kubernetes().secret_data("before").await.unwrap(), password("before"));
        cluster.network.set(Fault::None);
        assert_seals(&cluster, &format!("after-{name}")).await;
        logged(&cluster, "status probes work again", times).await;
    }
}

/// Returns when the plugin has logged this so many times.
async fn logged(cluster: &Cluster, message: &str, times: usize) {
    eventually(message, Duration::from_secs(30), async || {
        let log = tokio::fs::read_to_string(cluster.plugin().process().log()).await.unwrap();
        if log.matches(message).count() >= times { Ok(()) } else { Err(log) }
    })
    .await;
}

async fn plugin_and_apiserver_start_without_the_key_service_and_recover_when_it_is_there(version: &str) {
    let mut cluster = Cluster::start(CLAVIGER, version).await;
    assert_seals(&cluster, "before").await;
    cluster.stop_plugin().await;
    cluster.network.set(Fault::Away);
    cluster.start_plugin().await;
    let refused = cluster.plugin().status().await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unavailable, "{refused:?}");

    // Neither crash-loops, and neither pretends.
    cluster.restart_apiserver(Readiness::ExceptKeyService).await;
    let error = cluster.kubernetes().secret("before").await.unwrap_err();
    assert_eq!(error.status(), Some(500), "{error}");
    let error = cluster.kubernetes().create_secret("during", &password("during")).await.unwrap_err();
    assert_eq!(error.status(), Some(500), "{error}");

    cluster.network.set(Fault::None);
    ready(&cluster, Duration::from_secs(60)).await;
    assert_eq!(cluster.kubernetes().secret_data("before").await.unwrap(), password("before"));
    assert_seals(&cluster, "after").await;
}
