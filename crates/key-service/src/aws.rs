//! AWS KMS, through the official SDK.
//!
//! ```text
//!   AwsKms::seal, open
//!      |  the client in force (made at the first call, replaced by `reload`)
//!      v
//!   aws-sdk-kms: sign, retry, time out  ->  connections that outlive every reload
//!      |
//!      v
//!   classify: the service's code -> ErrorClass, with the way out
//! ```
//!
//! Making an [`AwsKms`] does no I/O and cannot fail because AWS is away: a plugin starts while its network,
//! its instance metadata or its credentials are still missing, and says so call by call.

mod classify;
mod client;
mod settings;
mod source_headers;

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use aws_model::SecretBytes;
use aws_sdk_kms::{Client, primitives::Blob};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout_at},
};

pub use self::settings::{AwsKmsSettings, FixedCredentials, InvalidKmsKeyName, InvalidSettings, KmsKeyName};
use crate::{ErrorClass, KeyService, KeyServiceError, KeyVersion, Opened, Sealed};

const SEALING: &str = "sealing";
const OPENING: &str = "opening";

/// A symmetric KMS key.
#[derive(Debug)]
pub struct AwsKms {
    settings: AwsKmsSettings,
    name: String,
    http: SharedHttpClient,
    client: ArcSwapOption<Client>,
    /// Held while a client is being made, so that a burst of first calls makes one.
    making: Mutex<()>,
}

impl AwsKms {
    /// Takes the settings up; the first call connects.
    ///
    /// # Errors
    /// When a setting contradicts another or cannot be sent.
    pub fn connect(settings: AwsKmsSettings) -> Result<Self, InvalidSettings> {
        settings.check()?;
        Ok(Self {
            name: settings.key.as_str().to_owned(),
            http: client::connections(&settings),
            client: ArcSwapOption::empty(),
            making: Mutex::new(()),
            settings,
        })
    }

    async fn client(&self) -> Result<Arc<Client>, client::NoRegion> {
        if let Some(client) = self.client.load_full() {
            return Ok(client);
        }
        let _making = self.making.lock().await;
        match self.client.load_full() {
            Some(client) => Ok(client),
            None => self.make_client().await,
        }
    }

    async fn make_client(&self) -> Result<Arc<Client>, client::NoRegion> {
        let client = Arc::new(client::make(&self.settings, self.http.clone()).await?);
        self.client.store(Some(client.clone()));
        Ok(client)
    }

    /// Runs one call within its deadline. A call that is given up is dropped with its connection.
    async fn call<T>(
        &self,
        doing: &'static str,
        deadline: Instant,
        call: impl AsyncFnOnce(&Client) -> Result<T, classify::Failure>,
    ) -> Result<T, KeyServiceError> {
        let attempt = async {
            match self.client().await {
                Ok(client) => call(&client).await,
                Err(reason) => Err(classify::no_region(&reason)),
            }
        };
        match timeout_at(deadline, attempt).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(failure)) => Err(failure.into_error(doing, &self.name)),
            Err(_) => Err(classify::out_of_time().into_error(doing, &self.name)),
        }
    }

    fn incomplete(&self, doing: &'static str, lacks: &str) -> KeyServiceError {
        KeyServiceError {
            class: ErrorClass::Internal,
            doing,
            key: self.name.clone(),
            code: None,
            message: format!("the answer lacks its {lacks}"),
            hint: Some("is the endpoint really AWS KMS?"),
            source: None,
        }
    }
}

#[async_trait]
impl KeyService for AwsKms {
    fn name(&self) -> &str {
        &self.name
    }

    async fn seal(&self, plaintext: &SecretBytes, deadline: Instant) -> Result<Sealed, KeyServiceError> {
        let answer = self
            .call(SEALING, deadline, async |client| {
                // The SDK's own copies of the plaintext are out of our reach: they are freed, not wiped.
                let request = client
                    .encrypt()
                    .key_id(&self.name)
                    .plaintext(Blob::new(plaintext.expose()))
                    .set_encryption_context(self.settings.context_for_sdk());
                request.send().await.map_err(|error| classify::sdk(&error))
            })
            .await?;
        let ciphertext = answer.ciphertext_blob.ok_or_else(|| self.incomplete(SEALING, "CiphertextBlob"))?;
        Ok(Sealed { ciphertext: ciphertext.into_inner(), version: None })
    }

    async fn open(&self, ciphertext: &[u8], deadline: Instant) -> Result<Opened, KeyServiceError> {
        let answer = self
            .call(OPENING, deadline, async |client| {
                let request = client
                    .decrypt()
                    .ciphertext_blob(Blob::new(ciphertext))
                    .set_key_id(self.settings.key.for_decrypt())
                    .set_encryption_context(self.settings.context_for_sdk());
                request.send().await.map_err(|error| classify::sdk(&error))
            })
            .await?;
        let plaintext = answer.plaintext.ok_or_else(|| self.incomplete(OPENING, "Plaintext"))?;
        let plaintext = SecretBytes::new(plaintext.into_inner());
        let key = answer.key_id.ok_or_else(|| self.incomplete(OPENING, "KeyId"))?;
        Ok(Opened { plaintext, version: KeyVersion { key, version: answer.key_material_id } })
    }

    async fn reload(&self) -> Result<(), KeyServiceError> {
        let _making = self.making.lock().await;
        match self.make_client().await {
            Ok(_) => Ok(()),
            Err(reason) => Err(classify::no_region(&reason).into_error("reloading the credentials", &self.name)),
        }
    }
}
