//! A cluster that aws-encryption-provider sealed changes over.

use std::collections::BTreeMap;

use control_plane::{Kubernetes, Readiness};
use test_support::{Cluster, OLDEST_KUBERNETES, Stored};

use super::{CLAVIGER, on_each_apiserver, password};

const DEK: [u8; 32] = [0x5a; 32];

on_each_apiserver! { what_aws_encryption_provider_sealed_is_read_and_a_no_op_write_moves_it_over }

async fn what_aws_encryption_provider_sealed_is_read_and_a_no_op_write_moves_it_over(version: &str) {
    let cluster = Cluster::start(CLAVIGER, version).await;
    let name = "sealed-by-the-peer";
    let etcd_key = Kubernetes::etcd_key(name);

    // An existing Secret gives the object's form; then its value is put into etcd as that plugin leaves it there: the
    // ciphertext begins with `1`, the key_id is the `--key` flag, there are no annotations
    // (`kubernetes-sigs/aws-encryption-provider`, pkg/plugin/plugin_v2.go).
    let mut secret = cluster.kubernetes().create_secret(name, &password(name)).await.unwrap();
    secret["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    let mut stored = cluster.stored(name).await;
    let mut ciphertext = b"1".to_vec();
    ciphertext.extend(cluster.aws.encrypt(cluster.key(), &DEK).await);
    stored.object.encrypted_dek_source = ciphertext;
    stored.object.encrypted_dek_source_type = 0;
    stored.object.key_id = cluster.key().to_owned();
    stored.object.annotations = BTreeMap::new();
    stored.object.encrypted_data = Stored::encrypt_data(secret.to_string().as_bytes(), &DEK, &etcd_key);
    cluster.plane.etcd().put(&etcd_key, &stored.to_value()).await.unwrap();

    assert_eq!(cluster.kubernetes().secret_data(name).await.unwrap(), password(name));

    cluster.kubernetes().rewrite_secret(name).await.unwrap();
    assert_eq!(cluster.stored(name).await.object.key_id, cluster.plugin().key_id().await);
    assert_eq!(cluster.kubernetes().secret_data(name).await.unwrap(), password(name));
}

/// What etcd holds of a Secret that went through KMS v1: the provider's name, the length of the encrypted DEK in two
/// octets, the encrypted DEK, the Secret under the DEK.
///
/// Source: kubernetes/apiserver, `pkg/storage/value/encrypt/envelope/envelope.go`, `TransformToStorage`.
const V1: &[u8] = b"k8s:enc:kms:v1:claviger:";

#[tokio::test(flavor = "multi_thread")]
async fn what_it_sealed_for_v1_is_read_with_its_prefix_and_without_and_a_write_moves_it_over() {
    let mut cluster = Cluster::start_with(CLAVIGER, OLDEST_KUBERNETES, "v1", &["--feature-gates=KMSv1=true"]).await;
    // It has put `1` before what KMS gave since it knows a storage version; before, it stored just that
    // (`kubernetes-sigs/aws-encryption-provider`, pkg/plugin/plugin.go).
    for (name, prefix) in [("prefixed", &b"1"[..]), ("bare", b"")] {
        let mut secret = cluster.kubernetes().create_secret(name, &password(name)).await.unwrap();
        secret["metadata"].as_object_mut().unwrap().remove("resourceVersion");
        let dek = [prefix, &cluster.aws.encrypt(cluster.key(), &DEK).await].concat();
        let length = u16::try_from(dek.len()).unwrap().to_be_bytes();
        let etcd_key = Kubernetes::etcd_key(name);
        let data = Stored::encrypt_data(secret.to_string().as_bytes(), &DEK, &etcd_key);
        cluster.plane.etcd().put(&etcd_key, &[V1, &length, &dek, &data].concat()).await.unwrap();
        assert_eq!(cluster.kubernetes().secret_data(name).await.unwrap(), password(name));
    }

    // With its cache gone the apiserver must ask the plugin. Of a change of key it knows nothing in v1: only a real
    // write seals anew.
    cluster.restart_apiserver(Readiness::Full).await;
    for name in ["prefixed", "bare"] {
        let mut secret = cluster.kubernetes().secret(name).await.unwrap();
        secret["metadata"]["labels"] = serde_json::json!({"moved": "over"});
        let path = format!("/api/v1/namespaces/default/secrets/{name}");
        let answer = cluster.kubernetes().request("PUT".parse().unwrap(), &path, Some(&secret)).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        let raw = cluster.raw(name).await;
        assert_eq!(raw[V1.len() + 2..][..2], [0xc1, 1], "in our own format: {}", raw.escape_ascii());
        assert_eq!(cluster.kubernetes().secret_data(name).await.unwrap(), password(name));
    }
}
