//! Instance types: what each is, where it is offered, and whether it can be launched.
//!
//! Source: Amazon EC2 API Reference, "DescribeInstanceTypes" and "DescribeInstanceTypeOfferings"; the types are those of
//! [`aws_catalog::instance_types`]. Regions that it does not know have every type in every zone.

use aws_catalog::instance_types::{self as catalog, InstanceType};
use aws_model::Region;
use serde_json::{Value, json};

use super::{
    call::Call,
    fault,
    filters::{Filters, Known, ids, page},
    network::Subnet,
    records::Image,
};
use crate::ServiceError;

/// How many types a page has where nobody says. That it is the most that may be asked for is assumed.
const MOST: usize = 100;

const FILTERS: &[Known] = &[
    ("auto-recovery-supported", "AutoRecoverySupported"),
    ("bare-metal", "BareMetal"),
    ("burstable-performance-supported", "BurstablePerformanceSupported"),
    ("current-generation", "CurrentGeneration"),
    ("dedicated-hosts-supported", "DedicatedHostsSupported"),
    ("ebs-info.attachment-limit-type", "EbsInfo.AttachmentLimitType"),
    ("ebs-info.maximum-ebs-attachments", "EbsInfo.MaximumEbsAttachments"),
    ("ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps", "EbsInfo.EbsOptimizedInfo.BaselineBandwidthInMbps"),
    ("ebs-info.ebs-optimized-info.baseline-iops", "EbsInfo.EbsOptimizedInfo.BaselineIops"),
    ("ebs-info.ebs-optimized-info.baseline-throughput-in-mbps", "EbsInfo.EbsOptimizedInfo.BaselineThroughputInMBps"),
    ("ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps", "EbsInfo.EbsOptimizedInfo.MaximumBandwidthInMbps"),
    ("ebs-info.ebs-optimized-info.maximum-iops", "EbsInfo.EbsOptimizedInfo.MaximumIops"),
    ("ebs-info.ebs-optimized-info.maximum-throughput-in-mbps", "EbsInfo.EbsOptimizedInfo.MaximumThroughputInMBps"),
    ("ebs-info.ebs-optimized-support", "EbsInfo.EbsOptimizedSupport"),
    ("ebs-info.encryption-support", "EbsInfo.EncryptionSupport"),
    ("ebs-info.nvme-support", "EbsInfo.NvmeSupport"),
    ("free-tier-eligible", "FreeTierEligible"),
    ("hibernation-supported", "HibernationSupported"),
    ("hypervisor", "Hypervisor"),
    ("instance-storage-info.disk.count", "InstanceStorageInfo.Disks.Count"),
    ("instance-storage-info.disk.size-in-gb", "InstanceStorageInfo.Disks.SizeInGB"),
    ("instance-storage-info.disk.type", "InstanceStorageInfo.Disks.Type"),
    ("instance-storage-info.encryption-support", "InstanceStorageInfo.EncryptionSupport"),
    ("instance-storage-info.nvme-support", "InstanceStorageInfo.NvmeSupport"),
    ("instance-storage-info.total-size-in-gb", "InstanceStorageInfo.TotalSizeInGB"),
    ("instance-storage-supported", "InstanceStorageSupported"),
    ("instance-type", "InstanceType"),
    ("memory-info.size-in-mib", "MemoryInfo.SizeInMiB"),
    ("network-info.bandwidth-weightings", "NetworkInfo.BandwidthWeightings"),
    ("network-info.efa-info.maximum-efa-interfaces", "NetworkInfo.EfaInfo.MaximumEfaInterfaces"),
    ("network-info.efa-supported", "NetworkInfo.EfaSupported"),
    ("network-info.ena-support", "NetworkInfo.EnaSupport"),
    ("network-info.flexible-ena-queues-support", "NetworkInfo.FlexibleEnaQueuesSupport"),
    ("network-info.encryption-in-transit-supported", "NetworkInfo.EncryptionInTransitSupported"),
    ("network-info.ipv4-addresses-per-interface", "NetworkInfo.Ipv4AddressesPerInterface"),
    ("network-info.ipv6-addresses-per-interface", "NetworkInfo.Ipv6AddressesPerInterface"),
    ("network-info.ipv6-supported", "NetworkInfo.Ipv6Supported"),
    ("network-info.maximum-network-cards", "NetworkInfo.MaximumNetworkCards"),
    ("network-info.maximum-network-interfaces", "NetworkInfo.MaximumNetworkInterfaces"),
    ("network-info.network-performance", "NetworkInfo.NetworkPerformance"),
    ("nitro-enclaves-support", "NitroEnclavesSupport"),
    ("nitro-tpm-support", "NitroTpmSupport"),
    ("nitro-tpm-info.supported-versions", "NitroTpmInfo.SupportedVersions"),
    ("processor-info.supported-architecture", "ProcessorInfo.SupportedArchitectures"),
    ("processor-info.sustained-clock-speed-in-ghz", "ProcessorInfo.SustainedClockSpeedInGhz"),
    ("processor-info.supported-features", "ProcessorInfo.SupportedFeatures"),
    ("reboot-migration-support", "RebootMigrationSupport"),
    ("supported-boot-mode", "SupportedBootModes"),
    ("supported-root-device-type", "SupportedRootDeviceTypes"),
    ("supported-usage-class", "SupportedUsageClasses"),
    ("supported-virtualization-type", "SupportedVirtualizationTypes"),
    ("vcpu-info.default-cores", "VCpuInfo.DefaultCores"),
    ("vcpu-info.default-threads-per-core", "VCpuInfo.DefaultThreadsPerCore"),
    ("vcpu-info.default-vcpus", "VCpuInfo.DefaultVCpus"),
    ("vcpu-info.valid-cores", "VCpuInfo.ValidCores"),
    ("vcpu-info.valid-threads-per-core", "VCpuInfo.ValidThreadsPerCore"),
];

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let filters = Filters::of(&value, FILTERS)?;
    let everywhere = value.get("IncludeUnsupportedInRegion").and_then(Value::as_bool) == Some(true);
    let is_here = |known: &InstanceType| is_offered_in_region(known, call.ctx.region);
    let named = ids(&value, "InstanceTypes");
    if let Some(named) = &named {
        let is_unknown = |name: &&&str| !catalog::instance_type(name).is_some_and(|known| everywhere || is_here(known));
        let unknown: Vec<&str> = named.iter().filter(is_unknown).copied().collect();
        if !unknown.is_empty() {
            return Err(unknown_types(&unknown));
        }
    }
    let after = value.get("NextToken").and_then(Value::as_str);
    if let Some(token) = after.filter(|token| catalog::instance_type(token).is_none()) {
        return Err(fault::invalid(format!("Invalid token: {token}")));
    }
    let most = value.get("MaxResults").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    let most = most.unwrap_or(MOST);
    let mut found = catalog::described_after(after)
        .filter(|(known, _)| named.as_ref().is_none_or(|named| named.contains(&known.name())))
        .filter_map(|(known, description)| {
            let is_here = is_here(known);
            (everywhere || is_here).then(|| told(&description.read(), is_here))
        })
        .filter(|told| filters.let_through(told));
    let page: Vec<Value> = found.by_ref().take(most).collect();
    let last = page.last().and_then(|told| told.get("InstanceType")).cloned();
    let token = found.next().and(last);
    Ok(json!({ "InstanceTypes": page, "NextToken": token }))
}

fn told(description: &Value, is_here: bool) -> Value {
    let mut told = description.clone();
    if let Some(members) = told.as_object_mut() {
        members.insert("SupportedInRegion".to_owned(), is_here.into());
    }
    told
}

pub(super) fn describe_offerings(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] = &[("instance-type", "InstanceType"), ("location", "Location")];
    let filters = Filters::of(&value, FILTERS)?;
    let (account, region) = call.place();
    let of = value.get("LocationType").and_then(Value::as_str).unwrap_or("region");
    let subnets = Subnet::all(account, &region);
    let mut told = Vec::new();
    for known in catalog::all() {
        let zones = || subnets.iter().filter(|subnet| is_offered_in_zone(known, &region, &subnet.zone_id));
        let locations: Vec<&str> = match of {
            "region" => is_offered_in_region(known, &region).then(|| region.as_str()).into_iter().collect(),
            "availability-zone" => zones().map(|subnet| subnet.zone.as_str()).collect(),
            "availability-zone-id" => zones().map(|subnet| subnet.zone_id.as_str()).collect(),
            // There are no Outposts.
            _ => Vec::new(),
        };
        told.extend(
            locations
                .into_iter()
                .map(|location| json!({ "InstanceType": known.name(), "LocationType": of, "Location": location })),
        );
    }
    told.retain(|offering| filters.let_through(offering));
    let id = |offering: &Value| {
        let text = |member: &str| offering.get(member).and_then(Value::as_str).unwrap_or_default();
        format!("{}@{}", text("InstanceType"), text("Location"))
    };
    let (page, token) = page(&value, 5, told, id)?;
    Ok(json!({ "InstanceTypeOfferings": page, "NextToken": token }))
}

/// The type that an image is launched as, and the subnet: the one that was asked for, or the first whose zone has the type.
///
/// Sources of the errors: getmoto/moto#1695; skypilot-org/skypilot#6315; fedora-copr/copr#2840;
/// hashicorp/terraform-provider-aws#9113.
pub(super) fn launchable(
    call: &Call<'_>,
    name: &str,
    image: &Image,
    asked: Option<Subnet>,
) -> Result<Subnet, ServiceError> {
    let (account, region) = call.place();
    let known = catalog::instance_type(name)
        .ok_or_else(|| fault::invalid(format!("Invalid value '{name}' for InstanceType.")))?;
    if known.architectures().all(|own| own != image.architecture) {
        let message = format!(
            "The architecture '{}' of the specified instance type does not match the architecture '{}' of the specified \
             AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use \
             'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.",
            known.architectures().last().unwrap_or_default(),
            image.architecture,
        );
        return Err(fault::invalid(message));
    }
    let offering: Vec<Subnet> = Subnet::all(account, &region)
        .into_iter()
        .filter(|subnet| is_offered_in_zone(known, &region, &subnet.zone_id))
        .collect();
    let nowhere = || {
        let message = "The requested configuration is currently not supported. Please check the documentation for \
                       supported configurations.";
        ServiceError::new("Unsupported", message)
    };
    match asked {
        Some(asked) if offering.iter().any(|subnet| subnet.zone == asked.zone) => Ok(asked),
        Some(_) if offering.is_empty() => Err(nowhere()),
        Some(asked) => {
            let others: Vec<&str> = offering.iter().map(|subnet| subnet.zone.as_str()).collect();
            let message = format!(
                "Your requested instance type ({name}) is not supported in your requested Availability Zone ({}). Please \
                 retry your request by not specifying an Availability Zone or choosing {}.",
                asked.zone,
                others.join(", "),
            );
            Err(ServiceError::new("Unsupported", message))
        }
        None => offering.into_iter().next().ok_or_else(nowhere),
    }
}

/// Source: scylladb/scylla-cluster-tests#12419.
fn unknown_types(names: &[&str]) -> ServiceError {
    let message = format!("The following supplied instance types do not exist: [{}]", names.join(", "));
    ServiceError::new("InvalidInstanceType", message)
}

fn is_offered_in_region(known: &InstanceType, region: &Region) -> bool {
    !is_known(region) || catalog::zone_ids(region.as_str()).any(|zone| known.is_offered_in(zone))
}

fn is_offered_in_zone(known: &InstanceType, region: &Region, zone_id: &str) -> bool {
    !is_known(region) || known.is_offered_in(zone_id)
}

fn is_known(region: &Region) -> bool {
    catalog::zone_ids(region.as_str()).next().is_some()
}
