//! A cluster that aws-encryption-provider sealed changes over.

use std::collections::BTreeMap;

use control_plane::Kubernetes;
use test_support::{Cluster, Stored};

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
