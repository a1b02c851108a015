//! AWS gives the key new material: the key_id changes, and a no-op write moves a Secret to it.

use std::time::Duration;

use control_plane::Readiness;
use test_support::{Cluster, eventually};

use super::{CLAVIGER, assert_seals, on_each_apiserver, password, ready};

on_each_apiserver! { a_rotation_changes_the_key_id_and_a_no_op_write_rewrites_what_is_stored }

async fn a_rotation_changes_the_key_id_and_a_no_op_write_rewrites_what_is_stored(version: &str) {
    let mut cluster = Cluster::start(CLAVIGER, version).await;
    assert_seals(&cluster, "moved").await;
    assert_seals(&cluster, "left").await;
    let old = cluster.plugin().key_id().await;

    // Not stale: a no-op write must not touch what is stored.
    let before = cluster.raw("moved").await;
    cluster.kubernetes().rewrite_secret("moved").await.unwrap();
    assert_eq!(cluster.raw("moved").await, before);

    cluster.aws.rotate_key(cluster.key()).await;
    let new = eventually("the plugin publishes another key_id", Duration::from_secs(60), async || {
        let key_id = cluster.plugin().key_id().await;
        if key_id == old { Err(key_id) } else { Ok(key_id) }
    })
    .await;
    assert_eq!(new.rsplit_once('@').unwrap().0, cluster.key(), "the same key, other material");

    // The apiserver asks for Status once a minute, and when its health is asked for.
    eventually("a no-op write rewrites the Secret", Duration::from_secs(90), async || {
        ready(&cluster, Duration::from_secs(30)).await;
        cluster.kubernetes().rewrite_secret("moved").await.map_err(|error| error.to_string())?;
        let stored = cluster.stored("moved").await.object.key_id;
        if stored == new { Ok(()) } else { Err(stored) }
    })
    .await;

    // What nobody rewrote stays under the old material and is read, also by an apiserver that has to ask.
    assert_eq!(cluster.stored("left").await.object.key_id, old);
    cluster.stop_plugin().await;
    cluster.start_plugin().await;
    cluster.restart_apiserver(Readiness::Full).await;
    for name in ["left", "moved"] {
        assert_eq!(cluster.kubernetes().secret_data(name).await.unwrap(), password(name));
    }
}
