//! The plugin is killed under load, again and again.

use std::time::Duration;

use control_plane::Readiness;
use kms_plugin::proto::v2::{DecryptRequest, EncryptRequest, EncryptResponse};
use test_support::{Cluster, KmsClient, connect};

use super::{CLAVIGER, load::Load, on_each_apiserver, password, ready};

const KILLS: usize = 5;

on_each_apiserver! { a_plugin_killed_under_load_comes_back_and_nothing_is_lost }

async fn a_plugin_killed_under_load_comes_back_and_nothing_is_lost(version: &str) {
    let mut cluster = Cluster::start(CLAVIGER, version).await;
    let (writing, sealing) = (Load::default(), Load::default());

    // Secrets through the apiserver, and seeds straight through the socket, of which an apiserver asks for few.
    let kubernetes = cluster.kubernetes().clone();
    let load = writing.clone();
    let writer = tokio::spawn(async move {
        let mut acknowledged = Vec::new();
        for number in 0.. {
            if !load.goes_on() {
                break;
            }
            let name = format!("under-load-{number}");
            if kubernetes.create_secret(&name, &password(&name)).await.is_ok() {
                acknowledged.push(name);
                load.done();
            }
        }
        acknowledged
    });
    let sealers: Vec<_> =
        (0..4).map(|id| tokio::spawn(seal_on(connect(cluster.plugin().socket()), id, sealing.clone()))).collect();

    for _ in 0..KILLS {
        writing.until(5).await;
        sealing.until(20).await;
        cluster.plugin.take().unwrap().kill().await;
        cluster.start_plugin().await;
        cluster.plugin().key_id().await;
    }
    writing.stop();
    sealing.stop();
    let names = writer.await.unwrap();

    // An apiserver with an empty cache has to have every seed opened again.
    cluster.restart_apiserver(Readiness::ExceptKeyService).await;
    ready(&cluster, Duration::from_secs(60)).await;
    for name in &names {
        assert_eq!(cluster.kubernetes().secret_data(name).await.unwrap(), password(name));
    }

    let mut client = connect(cluster.plugin().socket());
    for sealer in sealers {
        for (seed, sealed) in sealer.await.unwrap() {
            let request = DecryptRequest {
                ciphertext: sealed.ciphertext,
                uid: "test".to_owned(),
                key_id: sealed.key_id,
                annotations: sealed.annotations,
            };
            assert_eq!(client.decrypt(request).await.unwrap().get_ref().plaintext, seed);
        }
    }
}

/// Seals seeds until told to stop; returns those whose sealing was acknowledged.
async fn seal_on(mut client: KmsClient, id: u64, load: Load) -> Vec<(Vec<u8>, EncryptResponse)> {
    let mut sealed = Vec::new();
    for number in 0_u64.. {
        if !load.goes_on() {
            break;
        }
        let seed = [id.to_be_bytes(), number.to_be_bytes(), [7; 8], [9; 8]].concat();
        let request = EncryptRequest { plaintext: seed.clone(), uid: format!("test-{id}-{number}") };
        match client.encrypt(request).await {
            Ok(answer) => {
                sealed.push((seed, answer.into_inner()));
                load.done();
            }
            // While it is down there is nobody to refuse quickly.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    sealed
}
