//! The client against the embedded AWS, in each protocol, and against a stub that misbehaves.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod embedded;
mod endpoints;
mod failures;
mod stub;

use std::time::Duration;

use aws_client::Aws;
use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn settings(credentials: Credentials) -> aws_types::sdk_config::Builder {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-west-2"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(20)).build())
}

/// At one endpoint, with credentials that only a stub takes.
fn at(endpoint: &str) -> Aws {
    let credentials = Credentials::new("AKIDEXAMPLE", SECRET, Some("the-token".to_owned()), None, "test");
    let mut settings = settings(credentials);
    // As `--endpoint-url` gives it.
    settings.insert_origin("endpoint_url", aws_types::origin::Origin::shared_config());
    Aws::new(&settings.endpoint_url(endpoint).build())
}
