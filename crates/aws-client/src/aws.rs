//! What the clients of all services share.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use aws_config::SdkConfig;
use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::HttpConnectorSettings;
use aws_wire::model::ServiceId;

use crate::{
    Client,
    credentials::Known,
    endpoint::{Endpoint, Unusable},
    retry::Retries,
};

/// The SDKs' own.
///
/// Source: AWS SDKs and Tools Reference Guide, "Smart configuration defaults", `connectTimeoutInMillis` of the standard mode.
const CONNECT: Duration = Duration::from_millis(3100);

/// An answer of any operation is there by then, or does not come. The SDKs have no such bound by themselves.
const ATTEMPT: Duration = Duration::from_secs(30);

/// More than the largest page that a service answers (a page of EKS's add-ons is about a megabyte).
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// AWS, as the settings that aws-config found reach it.
#[derive(Clone)]
pub struct Aws(Arc<Shared>);

/// What the clients share.
pub(crate) struct Shared {
    pub(crate) config: SdkConfig,
    pub(crate) credentials: Known,
    pub(crate) retries: Retries,
    /// Of one attempt, until the end of its answer.
    pub(crate) attempt: Duration,
    /// Of a call with all its attempts.
    pub(crate) operation: Option<Duration>,
    pub(crate) largest_answer: usize,
    connect: Duration,
    plain: OnceLock<Connector>,
    /// To this machine.
    here: OnceLock<Connector>,
    tls: OnceLock<Connector>,
}

impl Aws {
    /// Takes up credentials, region, endpoints, retries and timeouts. Nothing is sent yet.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        let timeouts = config.timeout_config();
        Self(Arc::new(Shared {
            credentials: Known::new(config.credentials_provider()),
            retries: Retries::of(config.retry_config()),
            attempt: timeouts.and_then(|all| all.operation_attempt_timeout()).unwrap_or(ATTEMPT),
            operation: timeouts.and_then(|all| all.operation_timeout()),
            connect: timeouts.and_then(|all| all.connect_timeout()).unwrap_or(CONNECT),
            largest_answer: LARGEST_ANSWER,
            config: config.clone(),
            plain: OnceLock::new(),
            here: OnceLock::new(),
            tls: OnceLock::new(),
        }))
    }

    /// The same, with another bound on the bytes of an answer; for whoever has less memory, and for tests.
    #[must_use]
    pub fn with_largest_answer(self, bytes: usize) -> Self {
        let mut all = Self::new(&self.0.config);
        if let Some(shared) = Arc::get_mut(&mut all.0) {
            shared.largest_answer = bytes;
        }
        all
    }

    /// The client of a service, at the endpoint that the settings name for it, else at AWS's own.
    ///
    /// # Errors
    /// [`Unusable`]: no region is set, or the region or the endpoint is none.
    pub fn client(&self, service: ServiceId) -> Result<Client, Unusable> {
        Ok(Client::new(Arc::clone(&self.0), service, Endpoint::of(&self.0.config, service)?))
    }
}

impl Shared {
    /// The connections. TLS roots are read when they are first needed, never for plain HTTP. No proxy is asked the way to this
    /// machine: it knows another one by that name.
    pub(crate) fn connector(&self, endpoint: &Endpoint) -> &Connector {
        let settings = || HttpConnectorSettings::builder().connect_timeout(self.connect).build();
        let builder = || Connector::builder().connector_settings(settings()).proxy_config(ProxyConfig::from_env());
        if endpoint.is_plain && endpoint.is_here() {
            let builder = Connector::builder().connector_settings(settings()).proxy_config(ProxyConfig::disabled());
            self.here.get_or_init(|| builder.build_http())
        } else if endpoint.is_plain {
            self.plain.get_or_init(|| builder().build_http())
        } else {
            self.tls.get_or_init(|| builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build())
        }
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("region", &self.0.config.region()).finish_non_exhaustive()
    }
}
