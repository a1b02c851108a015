//! The embedded AWS, as AWS's SDKs are told of it.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_model::Region;
use aws_sdk_kms::config::{Credentials, SharedCredentialsProvider};

/// It, for who has this key.
pub(super) fn config(endpoint: &str, region: &Region, key: &Credentials) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(endpoint)
        .region(aws_config::Region::new(region.as_str().to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(key.clone()))
        .build()
}
