//! Where the webhook's replicas keep the certificates that they make themselves, and how the apiserver learns of them.

use std::{collections::BTreeMap, fmt};

use k8s_openapi::{
    ByteString,
    api::{admissionregistration::v1::MutatingWebhookConfiguration, core::v1::Secret},
};
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};
use serde_json::json;

use crate::{
    Connection,
    call::{CallError, call},
};

/// What a Secret holds, by its keys.
pub type SecretData = BTreeMap<String, Vec<u8>>;

/// One Secret, which several replicas may write at once. It is there from the beginning, empty: in RBAC no rule can name what is
/// yet to be made, so that whoever may make this one could make any.
#[derive(Clone)]
pub struct SecretStore {
    client: Client,
    namespace: String,
    name: String,
}

/// A Secret as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// What it holds; nothing, as long as nobody has written it.
    pub data: SecretData,
    /// As which it was read.
    version: String,
}

/// A Secret cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Nobody has made it.
    #[error(
        "there is no Secret `{namespace}/{name}`: apply the one of `deploy/manifests/webhook-rbac.yaml`, which is empty"
    )]
    Absent {
        /// Where it is looked for.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// The apiserver did not do it.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl SecretStore {
    /// The Secret of this name.
    #[must_use]
    pub fn new(connection: &Connection, namespace: &str, name: &str) -> Self {
        Self { client: connection.client(), namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// What it holds.
    ///
    /// # Errors
    /// [`SecretError`]
    pub async fn read(&self) -> Result<StoredSecret, SecretError> {
        let secret = call("read the Secret of the webhook's certificates", self.api().get_opt(&self.name)).await?;
        let Some(secret) = secret else {
            return Err(SecretError::Absent { namespace: self.namespace.clone(), name: self.name.clone() });
        };
        Ok(StoredSecret {
            data: secret.data.into_iter().flatten().map(|(key, value)| (key, value.0)).collect(),
            version: secret.metadata.resource_version.unwrap_or_default(),
        })
    }

    /// Has it hold this, too, if it is still as it was read. `false`: another replica has written it meanwhile, so that it is to be
    /// read again. Its labels and annotations, which tell by whom it was installed, stay.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn write(&self, read: &StoredSecret, data: SecretData) -> Result<bool, CallError> {
        const WHAT: &str = "write the Secret of the webhook's certificates";
        let data: BTreeMap<_, _> = data.into_iter().map(|(key, value)| (key, ByteString(value))).collect();
        // A patch that names a version is refused where there is another by now: "Conflict", as with an update (API conventions,
        // "Concurrency Control and Consistency").
        let patch = Patch::Merge(json!({ "metadata": { "resourceVersion": read.version }, "data": data }));
        match call(WHAT, self.api().patch(&self.name, &PatchParams::default(), &patch)).await {
            Ok(_) => Ok(true),
            // It has changed, or has gone.
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
