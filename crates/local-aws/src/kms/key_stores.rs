//! Custom key stores, as an account without any answers: it has no CloudHSM cluster and no external key manager that one
//! could be made of.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    kind::{KeySpec, Origin},
    paging::{Page, Paging},
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeCustomKeyStores {
    custom_key_store_id: Option<String>,
    custom_key_store_name: Option<String>,
    #[serde(flatten)]
    page: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateCustomKeyStore {
    custom_key_store_type: Option<String>,
    cloud_hsm_cluster_id: Option<String>,
    trust_anchor_certificate: Option<String>,
    key_store_password: Option<Value>,
    xks_proxy_uri_endpoint: Option<String>,
    xks_proxy_uri_path: Option<String>,
    xks_proxy_authentication_credential: Option<Value>,
    xks_proxy_connectivity: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneStore {
    custom_key_store_id: String,
}

pub(super) fn describe_custom_key_stores(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: DescribeCustomKeyStores = input(value)?;
    Paging::of(&input.page, 100, 1000)?;
    call.see_absence();
    match input.custom_key_store_id.or(input.custom_key_store_name) {
        Some(named) => Err(not_found(&named)),
        None => Ok(json!({ "CustomKeyStores": [], "Truncated": false })),
    }
}

/// Source: AWS KMS API Reference, "CreateCustomKeyStore": each parameter says for which type it is required.
pub(super) fn create_custom_key_store(_: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: CreateCustomKeyStore = input(value)?;
    if input.custom_key_store_type.as_deref() == Some("EXTERNAL_KEY_STORE") {
        for (name, is_given) in [
            ("XksProxyUriEndpoint", input.xks_proxy_uri_endpoint.is_some()),
            ("XksProxyUriPath", input.xks_proxy_uri_path.is_some()),
            ("XksProxyAuthenticationCredential", input.xks_proxy_authentication_credential.is_some()),
            ("XksProxyConnectivity", input.xks_proxy_connectivity.is_some()),
        ] {
            need(name, is_given)?;
        }
        let message = "The external key store proxy cannot be reached from the embedded AWS.";
        return Err(ServiceError::new("XksProxyUriUnreachableException", message));
    }
    need("TrustAnchorCertificate", input.trust_anchor_certificate.is_some())?;
    need("KeyStorePassword", input.key_store_password.is_some())?;
    let cluster = input.cloud_hsm_cluster_id;
    need("CloudHsmClusterId", cluster.is_some())?;
    let message = format!("CloudHSM cluster {} is not found.", cluster.unwrap_or_default());
    Err(ServiceError::new("CloudHsmClusterNotFoundException", message))
}

/// ConnectCustomKeyStore, DeleteCustomKeyStore, DisconnectCustomKeyStore, UpdateCustomKeyStore.
pub(super) fn not_there(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: OneStore = input(value)?;
    call.see_absence();
    Err(not_found(&input.custom_key_store_id))
}

/// A key whose material would be in a custom key store.
///
/// Source: AWS KMS API Reference, "CreateKey", `CustomKeyStoreId`, `Origin` and `XksKeyId`.
pub(super) fn refuse_key(origin: Origin, spec: KeySpec, store: Option<&str>, xks_key: Option<&str>) -> ServiceError {
    let Some(store) = store else {
        let origin = origin.as_str();
        return fault::validation(format!("CustomKeyStoreId must be specified for a key of Origin {origin}."));
    };
    match origin {
        Origin::AwsKms | Origin::External => fault::validation(format!(
            "CustomKeyStoreId is not valid for a key of Origin {}, but for AWS_CLOUDHSM and EXTERNAL_KEY_STORE.",
            origin.as_str()
        )),
        _ if spec != KeySpec::SymmetricDefault => {
            fault::unsupported("A key in a custom key store is of the key spec SYMMETRIC_DEFAULT.")
        }
        Origin::ExternalKeyStore if xks_key.is_none() => {
            fault::validation("XksKeyId must be specified for a key of Origin EXTERNAL_KEY_STORE.")
        }
        Origin::AwsCloudHsm | Origin::ExternalKeyStore => not_found(store),
    }
}

pub(super) fn not_found(store: &str) -> ServiceError {
    ServiceError::new("CustomKeyStoreNotFoundException", format!("Custom key store {store} is not found."))
}

fn need(name: &str, is_given: bool) -> Result<(), ServiceError> {
    if is_given {
        Ok(())
    } else {
        Err(fault::validation(format!("{name} is required for this type of custom key store.")))
    }
}
