//! The SDK's client: where its region and credentials come from, how long it tries, which connections it keeps.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_kms::{
    Client,
    config::{Builder, Credentials, StalledStreamProtectionConfig},
};
use aws_smithy_http_client::{
    Builder as HttpBuilder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::task::JoinError;

use super::{AwsKmsSettings, lookup::LookedUpCredentials, source_headers::SourceHeaders};

/// Longer than the pause between two probes of an idle plugin, so that a call finds a connection open.
const KEEP_IDLE: Duration = Duration::from_secs(90);

/// More than the plugin ever has calls in flight: a burst's connections all stay for the next one.
const IDLE_CONNECTIONS: usize = 256;

const CONNECT_TIMEOUT: Duration = Duration::from_millis(800);

/// One lost packet or one hanging front end leaves time for a second attempt within the caller's 2.7 seconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1200);

const ATTEMPTS: u32 = 3;

const FIRST_BACKOFF: Duration = Duration::from_millis(50);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoClient {
    /// No source of a region knew one.
    #[error(
        "no AWS region is set, and neither the key, the environment, the profile nor the instance metadata names one"
    )]
    Region,
    /// Told by the panic hook.
    #[error("looking for the AWS region crashed")]
    Crashed(#[source] JoinError),
}

/// A client, and what it signs with.
#[derive(Debug)]
pub(super) struct Connected {
    pub(super) kms: Client,
    /// `None` where the SDK has no source of any: each call then says so.
    pub(super) credentials: Option<LookedUpCredentials>,
}

/// The connections, shared by every client that a reload makes. TLS roots are read when the first connection
/// to an `https` endpoint is made, never for a plain one.
pub(super) fn connections(settings: &AwsKmsSettings) -> SharedHttpClient {
    let builder = HttpBuilder::new().pool_idle_timeout(KEEP_IDLE).pool_max_idle_per_host(IDLE_CONNECTIONS);
    match &settings.endpoint {
        Some(endpoint) if endpoint.starts_with("http://") => builder.build_http(),
        _ => builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build_https(),
    }
}

pub(super) async fn make(settings: &AwsKmsSettings, http: SharedHttpClient) -> Result<Connected, NoClient> {
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12());
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(fixed) = &settings.credentials {
        let secret = String::from_utf8_lossy(fixed.secret_access_key.expose());
        loader = loader.credentials_provider(Credentials::new(&fixed.access_key_id, secret, None, None, "fixed"));
    }
    if let Some(region) = settings.known_region() {
        // Known beforehand, the instance metadata is not asked.
        loader = loader.region(Region::new(region.as_str().to_owned()));
    }
    let shared = loader.load().await;
    if shared.region().is_none() {
        return Err(NoClient::Region);
    }

    let mut config = Builder::from(&shared)
        .http_client(http)
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                .build(),
        )
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(FIRST_BACKOFF))
        // Answers are a few hundred bytes, and the deadline holds for all of them.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    let credentials = shared.credentials_provider().map(LookedUpCredentials::new);
    if let Some(credentials) = &credentials {
        config = config.credentials_provider(credentials.clone());
    }
    if let Some(endpoint) = &settings.endpoint {
        config = config.endpoint_url(endpoint);
    }
    if let Some(tokens) = settings.retry_tokens {
        let bucket = TokenBucket::builder().capacity(tokens).build();
        config = config.retry_partition(RetryPartition::custom("key-service").token_bucket(bucket).build());
    }
    if let Some(headers) = settings.source_arn.as_ref().map(SourceHeaders::of) {
        config = config.interceptor(headers);
    }
    Ok(Connected { kms: Client::from_conf(config.build()), credentials })
}
