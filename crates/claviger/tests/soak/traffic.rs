//! The SDK's clients, and what goes over their wire: each attempt is counted, those that they retry too.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use aws_sdk_kms::{
    config::{
        ConfigBag, Credentials, Intercept, RuntimeComponents, SharedHttpClient,
        interceptors::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef},
    },
    error::BoxError,
};

/// Attempts of one client, or of all.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    sent: AtomicU64,
    server_errors: AtomicU64,
    unanswered: AtomicU64,
}

/// How many there were at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) sent: u64,
    pub(crate) server_errors: u64,
    /// The connection ended before an answer, or there was none.
    pub(crate) unanswered: u64,
}

impl Counts {
    pub(crate) fn tally(&self) -> Tally {
        let [sent, server_errors, unanswered] =
            [&self.sent, &self.server_errors, &self.unanswered].map(|count| count.load(Relaxed));
        Tally { sent, server_errors, unanswered }
    }
}

impl Tally {
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            sent: self.sent - before.sent,
            server_errors: self.server_errors - before.server_errors,
            unanswered: self.unanswered - before.unanswered,
        }
    }

    /// Attempts that may have done something.
    pub(crate) fn unsure(self) -> u64 {
        self.server_errors + self.unanswered
    }
}

/// Counts what a client's SDK sends.
#[derive(Clone, Debug)]
struct Counter([Arc<Counts>; 2]);

impl Intercept for Counter {
    fn name(&self) -> &'static str {
        "Counter"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        for counts in &self.0 {
            counts.sent.fetch_add(1, Relaxed);
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        for counts in &self.0 {
            let count = match context.response() {
                None => &counts.unanswered,
                Some(answer) if answer.status().is_server_error() => &counts.server_errors,
                Some(_) => continue,
            };
            count.fetch_add(1, Relaxed);
        }
        Ok(())
    }
}

/// How a client reaches the embedded AWS.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) endpoint: String,
    pub(crate) http: SharedHttpClient,
    pub(crate) own: Arc<Counts>,
    pub(crate) all: Arc<Counts>,
}

/// Clients of each service for one credential.
#[derive(Clone, Debug)]
pub(crate) struct Sdk {
    pub(crate) kms: aws_sdk_kms::Client,
    pub(crate) iam: aws_sdk_iam::Client,
    pub(crate) sts: aws_sdk_sts::Client,
    pub(crate) cloudtrail: aws_sdk_cloudtrail::Client,
}

/// A client of a service: the SDK has a type of configuration for each.
macro_rules! client {
    ($service:ident, $wire:expr, $credentials:expr) => {{
        use $service::config::{BehaviorVersion, Config, Region, retry::RetryConfig};
        let retries = RetryConfig::standard().with_max_attempts(4);
        let retries = retries.with_initial_backoff(std::time::Duration::from_millis(5));
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(crate::REGION))
            .endpoint_url(&$wire.endpoint)
            .http_client($wire.http.clone())
            .credentials_provider($credentials.clone())
            .retry_config(retries.with_max_backoff(std::time::Duration::from_millis(200)))
            .interceptor(Counter([Arc::clone(&$wire.own), Arc::clone(&$wire.all)]));
        $service::Client::from_conf(config.build())
    }};
}

impl Wire {
    pub(crate) fn sdk(&self, credentials: &Credentials) -> Sdk {
        Sdk {
            kms: client!(aws_sdk_kms, self, credentials),
            iam: client!(aws_sdk_iam, self, credentials),
            sts: client!(aws_sdk_sts, self, credentials),
            cloudtrail: client!(aws_sdk_cloudtrail, self, credentials),
        }
    }
}
