//! The key is disabled: `docs/reference/errors.md` on a real apiserver. Takes the apiserver's own three minutes.

use std::time::{Duration, Instant};

use test_support::{Cluster, eventually};

use super::{CLAVIGER, assert_seals, on_each_apiserver, password, ready};

/// From the first erring Status: the apiserver writes for three minutes after the last good one.
const WRITES_HAVE_STOPPED: Duration = Duration::from_secs(190);

on_each_apiserver! { with_the_key_disabled_writes_stop_and_reads_go_on_until_it_is_enabled_again }

async fn with_the_key_disabled_writes_stop_and_reads_go_on_until_it_is_enabled_again(version: &str) {
    let cluster = Cluster::start(CLAVIGER, version).await;
    assert_seals(&cluster, "before").await;

    cluster.aws.disable_key(cluster.key()).await;
    let refused = eventually("Status errs", Duration::from_secs(30), async || match cluster.plugin().status().await {
        Err(status) => Ok(status),
        Ok(healthy) => Err(healthy),
    })
    .await;
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition, "{refused:?}");

    // One write a second; each read in between must succeed.
    let since = Instant::now();
    let mut written = Vec::new();
    let error = loop {
        assert_eq!(cluster.kubernetes().secret_data("before").await.unwrap(), password("before"));
        let name = format!("during-{}", written.len());
        match cluster.kubernetes().create_secret(&name, &password(&name)).await {
            Ok(_) => written.push(name),
            Err(error) => break error,
        }
        assert!(
            since.elapsed() < WRITES_HAVE_STOPPED,
            "writes go on {} s after Status erred",
            since.elapsed().as_secs()
        );
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    assert_eq!(error.status(), Some(500), "{error}");
    // Stopped means stopped: not now and then.
    for attempt in 0..10 {
        let name = format!("refused-{attempt}");
        cluster.kubernetes().create_secret(&name, &password(&name)).await.unwrap_err();
    }
    for name in written.iter().map(String::as_str).chain(["before"]) {
        assert_eq!(cluster.kubernetes().secret_data(name).await.unwrap(), password(name));
    }

    cluster.aws.enable_key(cluster.key()).await;
    cluster.plugin().key_id().await;
    ready(&cluster, Duration::from_secs(60)).await;
    assert_seals(&cluster, "after").await;
    for name in written.iter().map(String::as_str).chain(["before"]) {
        assert_eq!(cluster.kubernetes().secret_data(name).await.unwrap(), password(name));
    }
}
