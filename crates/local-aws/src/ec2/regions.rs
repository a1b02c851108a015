//! The regions of the partition that is asked: each is enabled, in every account.
//!
//! Sources: botocore's `endpoints.json` (the regions of EC2, and the domain of each partition); AWS Account Management
//! Reference Guide, "Enable or disable AWS Regions in your account" (which are enabled by default).

use aws_model::Partition;
use serde_json::{Value, json};

use super::{
    call::Call,
    fault,
    filters::{Filters, Known, ids},
};
use crate::ServiceError;

/// Those of the partition `aws` that every account has.
const DEFAULT: &[&str] = &[
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Those that an account opts into.
const OPT_IN: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] =
        &[("endpoint", "Endpoint"), ("opt-in-status", "OptInStatus"), ("region-name", "RegionName")];
    let filters = Filters::of(&value, FILTERS)?;
    let partition = call.ctx.region.partition();
    let mut known: Vec<(&str, &str)> = match partition {
        Partition::Commercial => {
            let opted_in = OPT_IN.iter().map(|region| (*region, "opted-in"));
            DEFAULT.iter().map(|region| (*region, NOT_REQUIRED)).chain(opted_in).collect()
        }
        Partition::China => vec![("cn-north-1", NOT_REQUIRED), ("cn-northwest-1", NOT_REQUIRED)],
        Partition::UsGov => vec![("us-gov-east-1", NOT_REQUIRED), ("us-gov-west-1", NOT_REQUIRED)],
        // Each of the others has one, or regions that are not told to everybody.
        Partition::EuSovereign | Partition::Isolated(_) => vec![(call.ctx.region.as_str(), NOT_REQUIRED)],
    };
    known.sort_unstable();
    let named = ids(&value, "RegionNames");
    if let Some(other) = named.iter().flatten().find(|name| known.iter().all(|(region, _)| region != *name)) {
        return Err(fault::invalid(format!("Invalid region provided: [{other}]")));
    }
    let told = known.into_iter().filter(|(region, _)| named.as_ref().is_none_or(|named| named.contains(region)));
    let told = told.map(|(region, status)| {
        json!({ "RegionName": region, "Endpoint": endpoint(partition, region), "OptInStatus": status })
    });
    Ok(json!({ "Regions": told.filter(|region| filters.let_through(region)).collect::<Vec<_>>() }))
}

const NOT_REQUIRED: &str = "opt-in-not-required";

fn endpoint(partition: Partition, region: &str) -> String {
    format!("ec2.{region}.{}", partition.dns_suffix())
}
