//! Where the webhook's replicas keep the certificates that they make themselves, and how the apiserver learns of them.

use std::{collections::BTreeMap, fmt};

use k8s_openapi::{
    ByteString,
    api::{admissionregistration::v1::MutatingWebhookConfiguration, core::v1::Secret},
};
use kube::{
    Api, Client,
    api::{Patch, PatchParams, PostParams},
    core::ObjectMeta,
};
use serde_json::json;

use crate::{
    Connection,
    call::{CallError, call},
};

/// What a Secret holds, by its keys.
pub type SecretData = BTreeMap<String, Vec<u8>>;

/// One Secret, which several replicas may write at once.
#[derive(Clone)]
pub struct SecretStore {
    client: Client,
    namespace: String,
    name: String,
}

/// A Secret as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// What it holds.
    pub data: SecretData,
    /// As which it was read.
    version: String,
}

impl SecretStore {
    /// The Secret of this name.
    #[must_use]
    pub fn new(connection: &Connection, namespace: &str, name: &str) -> Self {
        Self { client: connection.client(), namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// What it holds; `None`: it is not there.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn read(&self) -> Result<Option<StoredSecret>, CallError> {
        let secret = call("read the Secret of the webhook's certificates", self.api().get_opt(&self.name)).await?;
        Ok(secret.map(|secret| StoredSecret {
            data: secret.data.into_iter().flatten().map(|(key, value)| (key, value.0)).collect(),
            version: secret.metadata.resource_version.unwrap_or_default(),
        }))
    }

    /// Writes it, if it is still as it was read; `None` as `read`: if it is still not there. `false`: another replica has
    /// written it meanwhile, so that it is to be read again.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn replace(&self, read: Option<&StoredSecret>, data: SecretData) -> Result<bool, CallError> {
        const WHAT: &str = "write the Secret of the webhook's certificates";
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                namespace: Some(self.namespace.clone()),
                resource_version: read.map(|read| read.version.clone()),
                ..ObjectMeta::default()
            },
            data: Some(data.into_iter().map(|(key, value)| (key, ByteString(value))).collect()),
            ..Secret::default()
        };
        let (api, parameters) = (self.api(), PostParams::default());
        let written = match read {
            None => call(WHAT, api.create(&parameters, &secret)).await,
            Some(_) => call(WHAT, api.replace(&self.name, &parameters, &secret)).await,
        };
        match written {
            Ok(_) => Ok(true),
            // It is there, has changed, or has gone.
            Err(error) if matches!(error.status(), Some(404 | 409)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn api(&self) -> Api<Secret> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }
}

impl fmt::Debug for SecretStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretStore({}/{})", self.namespace, self.name)
    }
}

impl fmt::Debug for StoredSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSecret").field("keys", &self.data.keys()).finish_non_exhaustive()
    }
}

/// Has the apiserver trust `authorities` (PEM) in each webhook of a `MutatingWebhookConfiguration`; nothing is written where it
/// does already.
///
/// # Errors
/// [`CallError`]; one with status 404, where there is no such configuration.
pub async fn trust_authorities(connection: &Connection, name: &str, authorities: &[u8]) -> Result<(), CallError> {
    let api: Api<MutatingWebhookConfiguration> = Api::all(connection.client());
    let found = call("read the webhook's configuration", api.get(name)).await?;
    let webhooks = found.webhooks.unwrap_or_default();
    let is_trusted = |bundle: &Option<ByteString>| bundle.as_ref().is_some_and(|bundle| bundle.0 == authorities);
    if webhooks.iter().all(|webhook| is_trusted(&webhook.client_config.ca_bundle)) {
        return Ok(());
    }
    // Lists are merged by the webhooks' names, so that nothing else of them is touched.
    let bundle = ByteString(authorities.to_vec());
    let changed: Vec<_> = webhooks
        .iter()
        .map(|webhook| json!({ "name": webhook.name, "clientConfig": { "caBundle": bundle } }))
        .collect();
    let patch = Patch::Strategic(json!({ "webhooks": changed }));
    call("have the apiserver trust the webhook", api.patch(name, &PatchParams::default(), &patch)).await.map(drop)
}
