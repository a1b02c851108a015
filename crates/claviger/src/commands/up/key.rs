//! The key, made as any user of AWS makes one: signed calls of the official SDK.

use aws_model::Region;
use aws_sdk_kms::{
    Client, Config,
    config::{BehaviorVersion, Credentials},
    error::DisplayErrorContext,
    operation::describe_key::DescribeKeyError,
};
use aws_smithy_http_client::Builder as HttpBuilder;
use key_service::aws::FixedCredentials;

use crate::failure::Failure;

/// A key behind an alias.
pub(super) struct Made {
    pub(super) arn: String,
    /// Whether it is new; with a state file it may be there already.
    pub(super) made: bool,
}

/// Finds the key of `alias`, or makes both.
pub(super) async fn ensure(
    endpoint: &str,
    region: &Region,
    credentials: &FixedCredentials,
    alias: &str,
) -> Result<Made, Failure> {
    let secret = String::from_utf8_lossy(credentials.secret_access_key.expose());
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(endpoint)
        .region(aws_sdk_kms::config::Region::new(region.as_str().to_owned()))
        .credentials_provider(Credentials::new(&credentials.access_key_id, secret, None, None, "up"))
        // Plain HTTP to ourselves: no roots of trust are loaded.
        .http_client(HttpBuilder::new().build_http())
        .build();
    let kms = Client::from_conf(config);
    match kms.describe_key().key_id(alias).send().await {
        Ok(answer) => {
            return arn(answer.key_metadata).map(|arn| Made { arn, made: false });
        }
        Err(error) if error.as_service_error().is_some_and(DescribeKeyError::is_not_found_exception) => {}
        Err(error) => return Err(failed("DescribeKey", &DisplayErrorContext(error))),
    }
    let created = kms.create_key().description("Made by `claviger up`").send().await;
    let arn = arn(created.map_err(|error| failed("CreateKey", &DisplayErrorContext(error)))?.key_metadata)?;
    let named = kms.create_alias().alias_name(alias).target_key_id(&arn).send().await;
    named.map_err(|error| failed("CreateAlias", &DisplayErrorContext(error)))?;
    Ok(Made { arn, made: true })
}

fn arn(metadata: Option<aws_sdk_kms::types::KeyMetadata>) -> Result<String, Failure> {
    metadata
        .and_then(|metadata| metadata.arn)
        .ok_or_else(|| Failure::new("the embedded AWS answered without a key ARN"))
}

fn failed(operation: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(format_args!("the embedded AWS refused {operation}: {error}"))
}
