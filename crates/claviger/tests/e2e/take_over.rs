//! A new process takes the socket over while the apiserver is busy.

use std::time::Duration;

use control_plane::Readiness;
use test_support::{Cluster, OLDEST_KUBERNETES};

use super::{CLAVIGER, load::Load, password};

const TAKE_OVERS: usize = 4;
const WRITERS: usize = 4;

/// With v1 every write is an Encrypt: the apiserver's own gRPC client keeps the socket busy.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_process_takes_the_socket_over_and_no_call_fails() {
    let mut cluster = Cluster::start_with(CLAVIGER, OLDEST_KUBERNETES, "v1", &["--feature-gates=KMSv1=true"]).await;
    let load = Load::default();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (kubernetes, load) = (cluster.kubernetes().clone(), load.clone());
            tokio::spawn(async move {
                let mut names = Vec::new();
                while load.goes_on() {
                    let name = format!("write-{writer}-{}", names.len());
                    kubernetes.create_secret(&name, &password(&name)).await.unwrap_or_else(|error| panic!("{error}"));
                    names.push(name);
                    load.done();
                }
                names
            })
        })
        .collect();

    cluster.plugin_settings.flags.push("--take-over".to_owned());
    for _ in 0..TAKE_OVERS {
        load.until(4 * WRITERS).await;
        let old = cluster.plugin.take().unwrap();
        cluster.start_plugin().await;
        let status = tokio::time::timeout(Duration::from_secs(20), old.process().ended()).await.unwrap();
        assert!(status.success(), "the old process ended with {status}: {}", old.process().log_tail());
    }
    load.until(4 * WRITERS).await;
    load.stop();

    let mut names = Vec::new();
    for writer in writers {
        names.extend(writer.await.unwrap());
    }
    cluster.restart_apiserver(Readiness::Full).await;
    for name in &names {
        assert_eq!(cluster.kubernetes().secret_data(name).await.unwrap(), password(name));
    }
}
