//! AWS KMS, through the official SDK.
//!
//! ```text
//!   AwsKms::seal, open
//!      |  the client in force (made at the first call, replaced by `reload`), its region and credentials looked up
//!      |  apart from the calls (lookup.rs)
//!      v
//!   aws-sdk-kms: sign, retry, time out  ->  connections that outlive every reload
//!      |
//!      v
//!   classify, codes: the service's code -> ErrorClass, with the way out
//! ```
//!
//! Making an [`AwsKms`] does no I/O and cannot fail because AWS is away: a plugin starts while its network,
//! its instance metadata or its credentials are still missing, and says so call by call.

mod classify;
mod client;
mod codes;
mod lookup;
mod settings;
mod source_headers;

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use aws_model::SecretBytes;
use aws_sdk_kms::{Client, primitives::Blob};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::time::{Instant, timeout, timeout_at};

use self::{
    client::{Connected, NoClient},
    lookup::Lookup,
};
pub use self::{
    codes::known_codes,
    settings::{AwsKmsSettings, FixedCredentials, InvalidKmsKeyName, InvalidSettings, KmsKeyName},
};
use crate::{ErrorClass, KeyService, KeyServiceError, KeyVersion, Opened, Sealed};

const SEALING: &str = "sealing";
const OPENING: &str = "opening";
const RELOADING: &str = "reloading the credentials";

/// How long a reload looks for region and credentials. No call waits for it, and a credential process may be slow.
const RELOAD_PATIENCE: Duration = Duration::from_secs(15);

/// A symmetric KMS key.
#[derive(Debug)]
pub struct AwsKms {
    settings: AwsKmsSettings,
    name: String,
    http: SharedHttpClient,
    connected: Arc<ArcSwapOption<Connected>>,
    /// Makes what the first calls need.
    making: Lookup<Result<Arc<Connected>, NoClient>>,
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
            connected: Arc::default(),
            making: Lookup::default(),
            settings,
        })
    }

    async fn connected(&self) -> Result<Arc<Connected>, NoClient> {
        if let Some(connected) = self.connected.load_full() {
            return Ok(connected);
        }
        let (settings, http, place) = (self.settings.clone(), self.http.clone(), Arc::clone(&self.connected));
        let made = self.making.outcome(async move {
            // Another call of the same burst, or a reload, may have been faster.
            if let Some(connected) = place.load_full() {
                return Ok(connected);
            }
            let made = Arc::new(client::make(&settings, http).await?);
            let former = place.compare_and_swap(&None::<Arc<Connected>>, Some(Arc::clone(&made)));
            Ok(former.as_ref().map_or(made, Arc::clone))
        });
        made.await.map_err(NoClient::Crashed)?
    }

    /// Runs one call within its deadline. A call that is given up is dropped with its connection.
    async fn call<T>(
        &self,
        doing: &'static str,
        deadline: Instant,
        call: impl AsyncFnOnce(&Client) -> Result<T, classify::Failure>,
    ) -> Result<T, KeyServiceError> {
        let attempt = async {
            match self.connected().await {
                Ok(connected) => call(&connected.kms).await,
                Err(reason) => Err(classify::no_client(&reason)),
            }
        };
        let failure = match timeout_at(deadline, attempt).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(failure)) => failure,
            Err(_) => classify::out_of_time(),
        };
        let awaited = if failure.is_slow() { self.awaited() } else { None };
        Err(awaited.unwrap_or(failure).into_error(doing, &self.name))
    }

    /// What there was no time for, where that was not the call itself.
    fn awaited(&self) -> Option<classify::Failure> {
        match self.connected.load().as_deref() {
            None if self.settings.known_region().is_none() => Some(classify::region_awaited()),
            Some(Connected { credentials: Some(credentials), .. }) if credentials.is_under_way() => {
                Some(classify::credentials_awaited())
            }
            _ => None,
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
        let made = async {
            let made =
                client::make(&self.settings, self.http.clone()).await.map_err(|reason| classify::no_client(&reason))?;
            if let Some(credentials) = &made.credentials {
                credentials.look_up().await.map_err(|error| classify::no_credentials(&error))?;
            }
            Ok(made)
        };
        let made = timeout(RELOAD_PATIENCE, made).await.unwrap_or_else(|_| Err(classify::credentials_awaited()));
        let made = made.map_err(|failure: classify::Failure| failure.into_error(RELOADING, &self.name))?;
        self.connected.store(Some(Arc::new(made)));
        Ok(())
    }
}
