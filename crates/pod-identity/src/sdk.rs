//! What AWS's SDKs are told: where their service is, by which connections, and how long it may take.

mod bounded;

use std::time::Duration;

use aws_config::{
    BehaviorVersion, Region, SdkConfig, retry::RetryConfig, stalled_stream_protection::StalledStreamProtectionConfig,
    timeout::TimeoutConfig,
};
use aws_smithy_http_client::{
    Builder as HttpBuilder, Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

const IDLE_CONNECTIONS: usize = 64;
const ATTEMPTS: u32 = 3;
const FIRST_BACKOFF: Duration = Duration::from_millis(50);

/// How long the service may take.
pub(crate) struct Patience {
    pub(crate) connect: Duration,
    pub(crate) attempt: Duration,
    /// All attempts together.
    pub(crate) call: Duration,
}

/// The settings of a client. `given` is in place of the environment, profiles and the instance; its timeouts, if it has any,
/// are used. `None`: nobody knows the region. An endpoint is set at the client: in shared settings the environment's
/// (`AWS_ENDPOINT_URL`) would count before a flag's.
pub(crate) async fn config(
    given: Option<&SdkConfig>,
    region: Option<&str>,
    http: &SharedHttpClient,
    patience: &Patience,
) -> Option<SdkConfig> {
    let found = match given {
        Some(given) => given.clone(),
        None => found(region).await,
    };
    found.region()?;
    let ours = TimeoutConfig::builder()
        .connect_timeout(patience.connect)
        .operation_attempt_timeout(patience.attempt)
        .operation_timeout(patience.call);
    let theirs = given.and_then(SdkConfig::timeout_config).cloned();
    let config = found
        .into_builder()
        .http_client(http.clone())
        .timeout_config(theirs.unwrap_or_else(|| ours.build()))
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(FIRST_BACKOFF))
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    Some(config.build())
}

async fn found(region: Option<&str>) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12());
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_owned()));
    }
    loader.load().await
}

/// Kept open, and by way of the proxy that the environment names, as the peer does. TLS roots are read with the first
/// connection.
pub(crate) fn connections(endpoint: Option<&str>) -> SharedHttpClient {
    bounded::bounded(unbounded(endpoint))
}

fn unbounded(endpoint: Option<&str>) -> SharedHttpClient {
    if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
        return HttpBuilder::new().pool_max_idle_per_host(IDLE_CONNECTIONS).build_http();
    }
    HttpBuilder::new().build_with_connector_fn(|settings, _| {
        let mut connector = Connector::builder();
        connector.set_connector_settings(settings.cloned());
        connector
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .proxy_config(ProxyConfig::from_env())
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .build()
    })
}
