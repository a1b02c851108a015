//! What etcd holds is sealed, and the API shows it as it was.

use control_plane::Readiness;
use test_support::{Cluster, OLDEST_KUBERNETES};

use super::{CLAVIGER, on_each_apiserver, password};

const PASSWORD: &str = "correct horse battery staple";
const IN_BASE64: &str = "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZQ";

on_each_apiserver! { a_secret_is_sealed_in_etcd_and_read_back }

async fn a_secret_is_sealed_in_etcd_and_read_back(version: &str) {
    let cluster = Cluster::start(CLAVIGER, version).await;
    cluster.kubernetes().create_secret("db", &password(PASSWORD)).await.unwrap();
    assert_eq!(cluster.kubernetes().secret_data("db").await.unwrap(), password(PASSWORD));

    let raw = cluster.raw("db").await;
    assert!(raw.starts_with(b"k8s:enc:kms:v2:claviger:"), "{}", String::from_utf8_lossy(&raw));
    assert_no_plaintext(&raw);

    let stored = cluster.stored("db").await.object;
    assert_eq!(stored.key_id, cluster.plugin().key_id().await);
    let (key, material) = stored.key_id.rsplit_once('@').expect("a key_id names key and material");
    assert_eq!(key, cluster.key());
    assert!(!material.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn v1beta1_seals_too_where_the_apiserver_still_has_it() {
    let mut cluster = Cluster::start_with(CLAVIGER, OLDEST_KUBERNETES, "v1", &["--feature-gates=KMSv1=true"]).await;
    cluster.kubernetes().create_secret("db", &password(PASSWORD)).await.unwrap();
    let raw = cluster.raw("db").await;
    assert!(raw.starts_with(b"k8s:enc:kms:v1:claviger:"), "{}", String::from_utf8_lossy(&raw));
    assert_no_plaintext(&raw);

    // With its cache gone the apiserver must ask the plugin.
    cluster.restart_apiserver(Readiness::Full).await;
    assert_eq!(cluster.kubernetes().secret_data("db").await.unwrap(), password(PASSWORD));
}

fn assert_no_plaintext(raw: &[u8]) {
    for plaintext in [PASSWORD, IN_BASE64] {
        let found = raw.windows(plaintext.len()).any(|window| window == plaintext.as_bytes());
        assert!(!found, "`{plaintext}` lies open in etcd");
    }
}
