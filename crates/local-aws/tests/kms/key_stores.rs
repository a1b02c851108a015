//! Custom key stores, of which no account has any, and the last use of a key.

use serde_json::{Value, json};

use crate::world::{World, base64, id};

#[tokio::test]
async fn there_are_no_custom_key_stores_and_nothing_to_make_one_of() {
    let world = World::new();
    let owner = world.owner();
    let none = json!({"CustomKeyStores": [], "Truncated": false});
    assert_eq!(owner.ok("DescribeCustomKeyStores", json!({})).await, none);
    let store = json!({"CustomKeyStoreId": "cks-1234567890abcdef0"});
    for (operation, input) in [
        ("DescribeCustomKeyStores", store.clone()),
        ("DescribeCustomKeyStores", json!({"CustomKeyStoreName": "vault"})),
        ("ConnectCustomKeyStore", store.clone()),
        ("DisconnectCustomKeyStore", store.clone()),
        ("DeleteCustomKeyStore", store.clone()),
        ("UpdateCustomKeyStore", store),
    ] {
        assert_eq!(
            owner.code(operation, input.clone()).await,
            "CustomKeyStoreNotFoundException",
            "{operation} {input}"
        );
    }
    let hsm = json!({
        "CustomKeyStoreName": "vault", "CloudHsmClusterId": "cluster-a2b3c4d5e6f",
        "TrustAnchorCertificate": "-----BEGIN CERTIFICATE-----", "KeyStorePassword": "kmsPswd",
    });
    let proxy = json!({
        "CustomKeyStoreName": "vault", "CustomKeyStoreType": "EXTERNAL_KEY_STORE",
        "XksProxyConnectivity": "PUBLIC_ENDPOINT", "XksProxyUriEndpoint": "https://vault.example.com",
        "XksProxyUriPath": "/kms/xks/v1",
        "XksProxyAuthenticationCredential": {
            "AccessKeyId": "ABCDE12345670EXAMPLE", "RawSecretAccessKey": "DXjSUawnel2fr6SKC7G25CNxTyWKE5PF9XX6H/u9pSo=",
        },
    });
    for (input, code, needed) in [
        (hsm, "CloudHsmClusterNotFoundException", "CloudHsmClusterId"),
        (proxy, "XksProxyUriUnreachableException", "XksProxyUriEndpoint"),
    ] {
        assert_eq!(owner.code("CreateCustomKeyStore", input.clone()).await, code);
        let mut without = input;
        without.as_object_mut().unwrap().remove(needed);
        let (code, says) = owner.refused("CreateCustomKeyStore", without).await;
        assert_eq!(code, "ValidationException");
        assert!(says.contains(needed), "{says}");
    }
    let key = |origin: &str, more: Value| {
        let mut input = json!({"Origin": origin});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let in_store = json!({"CustomKeyStoreId": "cks-1"});
    let rsa = json!({"CustomKeyStoreId": "cks-1", "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"});
    let xks = json!({"CustomKeyStoreId": "cks-1", "XksKeyId": "bb8562717f809024"});
    for (input, code) in [
        (key("AWS_CLOUDHSM", in_store.clone()), "CustomKeyStoreNotFoundException"),
        (key("EXTERNAL_KEY_STORE", xks), "CustomKeyStoreNotFoundException"),
        (key("AWS_CLOUDHSM", json!({})), "ValidationException"),
        (key("EXTERNAL_KEY_STORE", in_store.clone()), "ValidationException"),
        (key("AWS_KMS", in_store.clone()), "ValidationException"),
        (key("EXTERNAL", in_store), "ValidationException"),
        (key("AWS_CLOUDHSM", rsa), "UnsupportedOperationException"),
    ] {
        assert_eq!(owner.code("CreateKey", input.clone()).await, code, "{input}");
    }
}

#[tokio::test]
async fn the_last_use_of_a_key_is_told() {
    let world = World::new();
    let owner = world.owner();
    let key = owner.key().await;
    let last = || owner.ok("GetKeyLastUsage", json!({"KeyId": key}));
    let start = 1_767_225_600.0;
    let unused = json!({
        "KeyId": id(&key), "KeyLastUsage": {}, "TrackingStartDate": start, "KeyCreationDate": start,
    });
    assert_eq!(last().await, unused);
    world.pass_seconds(10);
    // What fails, what is only tried and what is no cryptography is no use.
    owner.code("Encrypt", json!({"KeyId": key, "Plaintext": base64(b"x"), "DryRun": true})).await;
    owner.code("Decrypt", json!({"KeyId": key, "CiphertextBlob": "AA=="})).await;
    owner.describe(&key).await;
    assert_eq!(last().await, unused);
    let blob = owner.encrypt(&key, b"x").await;
    let usage = |operation: &str, at: f64| {
        json!({
            "Operation": operation, "Timestamp": at, "KmsRequestId": "00000000-0000-0000-0000-000000000000",
        })
    };
    assert_eq!(last().await["KeyLastUsage"], usage("Encrypt", start + 10.0));
    world.pass_seconds(1);
    owner.ok("ReEncrypt", json!({"CiphertextBlob": blob, "DestinationKeyId": key})).await;
    assert_eq!(last().await["KeyLastUsage"], usage("ReEncrypt", start + 11.0));
}
