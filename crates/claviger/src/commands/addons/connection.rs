//! Which AWS is asked, and by whom.

use aws_client::Aws;
use aws_config::{BehaviorVersion, Region, retry::RetryConfig};
use clap::Args;

/// How often a call is made: EKS throttles who asks for many add-ons.
const ATTEMPTS: u32 = 8;

#[derive(Args, Debug)]
pub(super) struct Connection {
    /// Region whose EKS is asked [default: AWS_REGION, else the profile's]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// Profile of the AWS configuration files [default: AWS_PROFILE]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    /// Endpoint of EKS, or of an embedded AWS [default: AWS_ENDPOINT_URL_EKS, AWS_ENDPOINT_URL, the profile's, AWS's own]
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
}

impl Connection {
    /// What an `aws` command needs to ask the same one.
    pub(super) fn flags(&self, region: &str) -> Vec<String> {
        let mut flags = vec!["--region".to_owned(), region.to_owned()];
        for (flag, value) in [("--profile", &self.profile), ("--endpoint-url", &self.endpoint_url)] {
            flags.extend(value.iter().flat_map(|value| [flag.to_owned(), value.clone()]));
        }
        flags
    }

    pub(super) async fn aws(&self) -> Aws {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(endpoint) = &self.endpoint_url {
            loader = loader.endpoint_url(endpoint);
        }
        Aws::new(&loader.load().await)
    }
}
