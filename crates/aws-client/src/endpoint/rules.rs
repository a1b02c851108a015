//! AWS's own endpoints.
//!
//! Source: the endpoint rule sets of botocore, which a test resolves beside these; AWS General Reference, "AWS service
//! endpoints".

use aws_model::{Isolated, Partition, Region};
use aws_wire::model::{ServiceId, service};

/// Which of a service's endpoints is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Variant {
    /// Its cryptography is validated by FIPS 140.
    pub(super) fips: bool,
    /// It has an IPv6 address, too.
    pub(super) dual: bool,
}

/// A host, and the region that requests to it are signed for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Own {
    pub(super) host: String,
    pub(super) signing_region: String,
}

pub(super) fn own(id: ServiceId, region: &Region, variant: Variant) -> Own {
    match id {
        ServiceId::Iam => iam(region.partition(), variant),
        ServiceId::Organizations => {
            let home = home_of_organizations(region.partition());
            let is_gov = region.partition() == Partition::UsGov;
            // In GovCloud every endpoint is validated.
            let variant = Variant { fips: variant.fips && !is_gov, ..variant };
            Own { host: regional("organizations", home, region.partition(), variant), signing_region: home.to_owned() }
        }
        _ => Own { host: of_region(id, region, variant), signing_region: region.as_str().to_owned() },
    }
}

fn of_region(id: ServiceId, region: &Region, variant: Variant) -> String {
    let prefix = &*service(id).metadata().endpoint_prefix;
    let (partition, region) = (region.partition(), region.as_str());
    let Variant { fips, dual } = variant;
    match (id, partition) {
        // It has no others.
        (ServiceId::EksAuth, _) => regional(prefix, region, partition, Variant { dual: true, ..variant }),
        (ServiceId::Eks, Partition::Commercial) if fips && !dual => format!("fips.eks.{region}.amazonaws.com"),
        // In GovCloud most endpoints are validated as they are.
        (ServiceId::Kms, Partition::UsGov) => regional(prefix, region, partition, variant),
        (_, Partition::UsGov) if !dual => regional(prefix, region, partition, Variant { fips: false, dual }),
        _ => regional(prefix, region, partition, variant),
    }
}

fn regional(prefix: &str, region: &str, partition: Partition, Variant { fips, dual }: Variant) -> String {
    let fips = if fips { "-fips" } else { "" };
    let suffix = if dual { dual_suffix(partition) } else { partition.dns_suffix() };
    format!("{prefix}{fips}.{region}.{suffix}")
}

/// IAM is one in a partition, under names that follow no rule.
fn iam(partition: Partition, Variant { fips, dual }: Variant) -> Own {
    let (home, usual, dual_name) = match partition {
        Partition::Commercial => ("us-east-1", "iam", "iam.global"),
        Partition::China => ("cn-north-1", "iam.cn-north-1", "iam.global"),
        Partition::UsGov => ("us-gov-west-1", "iam.us-gov", "iam.us-gov"),
        Partition::EuSovereign => ("eusc-de-east-1", "iam.eusc-de-east-1", "iam.global"),
        Partition::Isolated(Isolated::Iso) => ("us-iso-east-1", "iam.us-iso-east-1", "iam"),
        Partition::Isolated(Isolated::B) => ("us-isob-east-1", "iam.us-isob-east-1", "iam"),
        Partition::Isolated(Isolated::E) => ("eu-isoe-west-1", "iam.eu-isoe-west-1", "iam"),
        Partition::Isolated(Isolated::F) => ("us-isof-south-1", "iam.us-isof-south-1", "iam"),
    };
    let name = match (partition, fips, dual) {
        (_, false, false) => usual,
        (_, false, true) => dual_name,
        (Partition::UsGov, true, _) => "iam.us-gov",
        (Partition::Commercial, true, true) => "iam-fips.global",
        (Partition::Isolated(Isolated::Iso), true, false) => "iam-fips.us-iso-east-1",
        (Partition::Isolated(Isolated::B), true, false) => "iam-fips.us-isob-east-1",
        (_, true, _) => "iam-fips",
    };
    let suffix = if dual { dual_suffix(partition) } else { partition.dns_suffix() };
    Own { host: format!("{name}.{suffix}"), signing_region: home.to_owned() }
}

/// The region that Organizations is in.
fn home_of_organizations(partition: Partition) -> &'static str {
    match partition {
        Partition::Commercial => "us-east-1",
        Partition::China => "cn-northwest-1",
        Partition::UsGov => "us-gov-west-1",
        Partition::EuSovereign => "eusc-de-east-1",
        Partition::Isolated(Isolated::Iso) => "us-iso-east-1",
        Partition::Isolated(Isolated::B) => "us-isob-east-1",
        Partition::Isolated(Isolated::E) => "eu-isoe-west-1",
        Partition::Isolated(Isolated::F) => "us-isof-south-1",
    }
}

/// The domain of the endpoints that have an IPv6 address, too.
fn dual_suffix(partition: Partition) -> &'static str {
    match partition {
        Partition::Commercial | Partition::UsGov => "api.aws",
        Partition::China => "api.amazonwebservices.com.cn",
        Partition::EuSovereign => "api.amazonwebservices.eu",
        Partition::Isolated(Isolated::Iso) => "api.aws.ic.gov",
        Partition::Isolated(Isolated::B) => "api.aws.scloud",
        Partition::Isolated(Isolated::E) => "api.cloud-aws.adc-e.uk",
        Partition::Isolated(Isolated::F) => "api.aws.hci.ic.gov",
    }
}

#[cfg(test)]
mod tests;
