//! Apiserver and plugin come and go, in every order.

use std::time::Duration;

use control_plane::Readiness;
use test_support::Cluster;

use super::{CLAVIGER, assert_seals, on_each_apiserver, password, ready};

on_each_apiserver! { restarts_in_either_order_lose_nothing }

async fn restarts_in_either_order_lose_nothing(version: &str) {
    let mut cluster = Cluster::start(CLAVIGER, version).await;
    assert_seals(&cluster, "first").await;

    // The plugin, then the apiserver.
    cluster.stop_plugin().await;
    cluster.start_plugin().await;
    assert_seals(&cluster, "plugin-restarted").await;
    cluster.restart_apiserver(Readiness::Full).await;
    assert_seals(&cluster, "then-the-apiserver").await;

    // The apiserver, then the plugin.
    cluster.restart_apiserver(Readiness::Full).await;
    assert_seals(&cluster, "apiserver-restarted").await;
    cluster.stop_plugin().await;
    cluster.start_plugin().await;
    assert_seals(&cluster, "then-the-plugin").await;

    // Both away; the apiserver comes first, and waits for the plugin without another restart.
    cluster.stop_plugin().await;
    cluster.restart_apiserver(Readiness::ExceptKeyService).await;
    assert!(
        cluster.kubernetes().secret("first").await.is_err(),
        "read without the plugin, by an apiserver without a cache"
    );
    cluster.start_plugin().await;
    ready(&cluster, Duration::from_secs(60)).await;
    assert_seals(&cluster, "both-restarted").await;

    for name in ["first", "plugin-restarted", "then-the-apiserver", "apiserver-restarted", "then-the-plugin"] {
        assert_eq!(cluster.kubernetes().secret_data(name).await.unwrap(), password(name));
    }
}
