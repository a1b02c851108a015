//! End to end: a real kube-apiserver and a real etcd, the plugin and the embedded AWS as processes of their own.
//!
//! Each scenario has a cluster to itself, so that none can see another's faults. Those that wait for the
//! apiserver's own clocks (minutes) cost nothing while they do, and run beside the others.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod irsa;
mod key_disabled;
mod key_service_away;
mod killed;
mod load;
mod peer_format;
mod restarts;
mod rotation;
mod sealing;
mod take_over;
mod unusable_write_key;

use std::{collections::BTreeMap, time::Duration};

use test_support::{Cluster, eventually};

const CLAVIGER: &str = env!("CARGO_BIN_EXE_claviger");

/// Runs the scenario `$name` against each apiserver: the oldest and the newest of the tools.
macro_rules! on_each_apiserver {
    ($($name:ident)*) => { $(
        mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn kubernetes_1_31() {
                super::$name(test_support::OLDEST_KUBERNETES).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn kubernetes_1_37() {
                super::$name(test_support::NEWEST_KUBERNETES).await;
            }
        }
    )* };
}
use on_each_apiserver;

/// What a Secret of these tests holds.
fn password(text: &str) -> BTreeMap<String, Vec<u8>> {
    BTreeMap::from([("password".to_owned(), text.as_bytes().to_vec())])
}

/// A Secret can be created and read: reads and writes work.
async fn assert_seals(cluster: &Cluster, name: &str) {
    let data = password(name);
    cluster.kubernetes().create_secret(name, &data).await.unwrap();
    assert_eq!(cluster.kubernetes().secret_data(name).await.unwrap(), data);
}

/// Asks the apiserver until it calls itself ready; the asking also makes it look at the plugin again.
async fn ready(cluster: &Cluster, patience: Duration) {
    eventually("the apiserver is ready", patience, async || {
        let answer = cluster.kubernetes().request("GET".parse().unwrap(), "/readyz?verbose", None).await;
        match answer {
            Ok(answer) if answer.status == 200 => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}
