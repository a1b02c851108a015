//! The services that travel in the crate.

use std::sync::LazyLock;

use flate2::read::GzDecoder;

use super::Service;

macro_rules! embedded {
    ($($prefix:literal)*) => {
        /// The prefixes of the services in this catalog.
        pub const PREFIXES: &[&str] = &[$($prefix),*];

        /// The service of this prefix (`kms`, in any case), if it is in this catalog.
        #[must_use]
        pub fn service(prefix: &str) -> Option<&'static Service> {
            match prefix.to_ascii_lowercase().as_str() {
                $($prefix => {
                    static SERVICE: LazyLock<Service> = LazyLock::new(|| {
                        unpack($prefix, include_bytes!(concat!("../../data/authorization/", $prefix, ".json.gz")))
                    });
                    Some(&SERVICE)
                })*
                _ => None,
            }
        }
    };
}

embedded! {
    "autoscaling"
    "cloudtrail"
    "dynamodb"
    "ec2"
    "ecr"
    "eks"
    "eks-auth"
    "iam"
    "kms"
    "organizations"
    "pricing"
    "s3"
    "secretsmanager"
    "sqs"
    "ssm"
    "sts"
}

fn unpack(prefix: &'static str, bytes: &[u8]) -> Service {
    #[expect(clippy::expect_used, reason = "the bytes are part of the binary, and a test unpacks every service")]
    let mut service: Service = serde_json::from_reader(GzDecoder::new(bytes)).expect("an embedded service is JSON");
    service.prefix = prefix;
    for action in &mut service.actions {
        action.service = prefix;
    }
    service
}
