//! The trap of the unprimed read: the apiserver is restarted while the key that it should write with cannot be used.
//!
//! An apiserver reads nothing through a provider for which it has not yet sealed a seed of its own (`got unexpected
//! nil transformer`: `kubernetes/apiserver`, kmsv2 `envelope.go`, `TransformFromStorage` asks `stateFunc` first). The
//! state is one for each provider. So a change to a new key is safe when it comes as a provider of its own, and no
//! plugin can make it safe behind one and the same provider: it would have to seal under a key that it does not have.

use std::time::Duration;

use control_plane::Readiness;
use test_support::{Cluster, Provider, eventually};

use super::{CLAVIGER, assert_seals, on_each_apiserver, password, ready};

on_each_apiserver! {
    with_a_provider_of_its_own_an_unusable_write_key_does_not_block_reads_under_the_old_one
    behind_one_provider_the_apiserver_itself_refuses_every_read_until_the_alias_is_moved_back
}

async fn with_a_provider_of_its_own_an_unusable_write_key_does_not_block_reads_under_the_old_one(version: &str) {
    let mut cluster = Cluster::start(CLAVIGER, version).await;
    assert_seals(&cluster, "old").await;

    let new_key = cluster.aws.create_key().await;
    cluster.aws.disable_key(&new_key).await;
    let old_socket = cluster.plugin().socket().to_owned();
    let new_socket = cluster.folder().join("new.sock");
    cluster.stop_plugin().await;
    cluster.plugin_settings.keys.push((new_socket.clone(), new_key.clone()));
    cluster.start_plugin().await;
    cluster.configure(&[
        Provider { name: "new", api_version: "v2", socket: new_socket },
        Provider { name: "claviger", api_version: "v2", socket: old_socket },
    ]);
    cluster.restart_apiserver(Readiness::ExceptKeyService).await;

    // The old provider is primed as soon as the apiserver has looked at it, which start-up does not wait for.
    let read = eventually("Secrets under the old key are read", Duration::from_secs(30), async || {
        cluster.kubernetes().secret_data("old").await
    })
    .await;
    assert_eq!(read, password("old"));
    let error = cluster.kubernetes().create_secret("refused", &password("refused")).await.unwrap_err();
    assert_eq!(error.status(), Some(500), "{error}");

    cluster.aws.enable_key(&new_key).await;
    ready(&cluster, Duration::from_secs(60)).await;
    assert_seals(&cluster, "new").await;
    assert_eq!(cluster.stored("new").await.provider, "new");
    assert_eq!(cluster.kubernetes().secret_data("old").await.unwrap(), password("old"));
}

async fn behind_one_provider_the_apiserver_itself_refuses_every_read_until_the_alias_is_moved_back(version: &str) {
    const ALIAS: &str = "alias/etcd";
    let mut cluster = Cluster::start(CLAVIGER, version).await;
    let old_key = cluster.key().to_owned();
    let kms = cluster.aws.kms().clone();
    kms.create_alias().alias_name(ALIAS).target_key_id(&old_key).send().await.unwrap();
    cluster.stop_plugin().await;
    cluster.plugin_settings.keys[0].1 = ALIAS.to_owned();
    cluster.start_plugin().await;
    cluster.plugin().key_id().await;
    assert_seals(&cluster, "old").await;

    let new_key = cluster.aws.create_key().await;
    cluster.aws.disable_key(&new_key).await;
    kms.update_alias().alias_name(ALIAS).target_key_id(&new_key).send().await.unwrap();
    eventually("Status errs", Duration::from_secs(30), async || match cluster.plugin().status().await {
        Err(status) => Ok(status),
        Ok(healthy) => Err(healthy),
    })
    .await;

    // Primed, it reads on; restarted, it refuses, although the plugin could open every seed.
    assert_eq!(cluster.kubernetes().secret_data("old").await.unwrap(), password("old"));
    cluster.restart_apiserver(Readiness::ExceptKeyService).await;
    let error = cluster.kubernetes().secret("old").await.unwrap_err();
    assert!(error.to_string().contains("nil transformer"), "{error}");

    kms.update_alias().alias_name(ALIAS).target_key_id(&old_key).send().await.unwrap();
    ready(&cluster, Duration::from_secs(60)).await;
    assert_eq!(cluster.kubernetes().secret_data("old").await.unwrap(), password("old"));
    assert_seals(&cluster, "recovered").await;
}
