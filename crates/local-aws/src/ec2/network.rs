//! What an account has in every region from the start: a default VPC with a subnet in each availability zone and a security
//! group.
//!
//! All of it follows from account and region, so that none of it is kept.
//!
//! Source: Amazon VPC User Guide, "Default VPCs" and "Default VPC components"; "Default security groups for your VPCs".

use aws_lc_rs::digest;
use aws_model::{AccountId, Region};
use serde_json::{Value, json};

use super::{
    authorize::arn,
    call::Call,
    fault,
    filters::{Filters, Known, Listing},
    tags,
};
use crate::ServiceError;
use aws_catalog::{access::Ec2Kind, instance_types};

/// Zones by their letters, at most: AWS has three in nearly every region, more in some, and two in us-west-1.
const ZONES: [char; 3] = ['a', 'b', 'c'];

/// The addresses of the default VPC.
pub(super) const VPC_BLOCK: &str = "172.31.0.0/16";

/// A default subnet.
#[derive(Clone, Debug)]
pub(super) struct Subnet {
    pub(super) id: String,
    pub(super) vpc: String,
    pub(super) zone: String,
    pub(super) zone_id: String,
    /// The third octet that its addresses begin with.
    third_octet: u8,
}

impl Subnet {
    /// Those of an account in a region.
    pub(super) fn all(account: AccountId, region: &Region) -> Vec<Self> {
        let of_zone = |((index, letter), zone_id): ((u8, &char), String)| Self {
            id: derived("subnet-", account, region, &letter.to_string()),
            vpc: vpc(account, region),
            zone: format!("{region}{letter}"),
            zone_id,
            third_octet: index * 16,
        };
        (0..).zip(&ZONES).zip(zone_ids(region)).map(of_zone).collect()
    }

    pub(super) fn block(&self) -> String {
        format!("172.31.{}.0/20", self.third_octet)
    }

    /// An address for what has this id.
    pub(super) fn address(&self, id: &str) -> String {
        let hash = digest::digest(&digest::SHA256, id.as_bytes());
        let octet = |at: usize| hash.as_ref().get(at).copied().unwrap_or_default();
        // The first four and the last address of a subnet are AWS's.
        format!("172.31.{}.{}", self.third_octet + octet(0) % 16, 4 + octet(1) % 251)
    }
}

/// The private name of what has an address.
///
/// Source: Amazon EC2 User Guide, "EC2 instance hostnames and domains" > "IP name".
pub(super) fn host_name(address: &str, region: &Region) -> String {
    let domain = match region.as_str() {
        "us-east-1" => "ec2.internal".to_owned(),
        region => format!("{region}.compute.internal"),
    };
    format!("ip-{}.{domain}", address.replace('.', "-"))
}

/// The id of the default VPC.
pub(super) fn vpc(account: AccountId, region: &Region) -> String {
    derived("vpc-", account, region, "vpc")
}

/// The id of its security group.
pub(super) fn group(account: AccountId, region: &Region) -> String {
    derived("sg-", account, region, "group")
}

pub(super) fn derived(prefix: &str, account: AccountId, region: &Region, what: &str) -> String {
    let hash = digest::digest(&digest::SHA256, format!("{account}/{region}/{what}").as_bytes());
    let digits: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{prefix}{}", digits.get(..17).unwrap_or_default())
}

/// The zones of a region: those that are known, or three. Which letter an account has for one differs at AWS, and not here.
///
/// Source: Amazon EC2 User Guide, "AWS Availability Zones" > "AZ IDs".
fn zone_ids(region: &Region) -> Vec<String> {
    let known: Vec<String> = instance_types::zone_ids(region.as_str()).map(str::to_owned).collect();
    if known.is_empty() { (0..3).map(|index| zone_id(region, index)).collect() } else { known }
}

/// `use1-az1`
fn zone_id(region: &Region, index: u8) -> String {
    let parts = region.as_str().split('-').map(|part| match part {
        "north" | "south" | "east" | "west" | "central" => part.get(..1).unwrap_or_default(),
        "northeast" => "ne",
        "northwest" => "nw",
        "southeast" => "se",
        "southwest" => "sw",
        "gov" => "g",
        other => other,
    });
    format!("{}-az{}", parts.collect::<String>(), index + 1)
}

pub(super) fn describe_availability_zones(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] = &[
        ("group-name", "GroupName"),
        ("opt-in-status", "OptInStatus"),
        ("region-name", "RegionName"),
        ("state", "State"),
        ("zone-id", "ZoneId"),
        ("zone-name", "ZoneName"),
        ("zone-type", "ZoneType"),
    ];
    let (account, region) = call.place();
    let filters = Filters::of(&value, FILTERS)?;
    let named = |member: &str, zone: &str| match value.get(member).and_then(Value::as_array) {
        Some(names) if !names.is_empty() => names.iter().any(|name| name == zone),
        _ => true,
    };
    let zones = Subnet::all(account, &region)
        .into_iter()
        .filter(|subnet| named("ZoneNames", &subnet.zone) && named("ZoneIds", &subnet.zone_id));
    let told = zones.map(|subnet| {
        json!({
            "OptInStatus": "opt-in-not-required",
            "Messages": [],
            "RegionName": region,
            "ZoneName": subnet.zone,
            "ZoneId": subnet.zone_id,
            "GroupName": format!("{region}-zg-1"),
            "NetworkBorderGroup": region,
            "ZoneType": "availability-zone",
            "State": "available",
        })
    });
    let zones: Vec<Value> = told.filter(|zone| filters.let_through(zone)).collect();
    Ok(json!({ "AvailabilityZones": zones }))
}

pub(super) fn describe_vpcs(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] = &[
        ("cidr", "CidrBlock"),
        ("is-default", "IsDefault"),
        ("owner-id", "OwnerId"),
        ("state", "State"),
        ("vpc-id", "VpcId"),
    ];
    let (account, region) = call.place();
    let id = vpc(account, &region);
    let told = json!({
        "VpcId": id,
        "OwnerId": account,
        "State": "available",
        "CidrBlock": VPC_BLOCK,
        "CidrBlockAssociationSet": [{
            "AssociationId": derived("vpc-cidr-assoc-", account, &region, "block"),
            "CidrBlock": VPC_BLOCK,
            "CidrBlockState": { "State": "associated" },
        }],
        "DhcpOptionsId": derived("dopt-", account, &region, "dhcp"),
        "InstanceTenancy": "default",
        "IsDefault": true,
        "Tags": tags::of(call, &id),
    });
    Listing { ids: "VpcIds", answer: "Vpcs", id: "VpcId", least: 5 }.of(&value, FILTERS, vec![told])
}

pub(super) fn describe_subnets(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] = &[
        ("availability-zone", "AvailabilityZone"),
        ("availability-zone-id", "AvailabilityZoneId"),
        ("cidr-block", "CidrBlock"),
        ("default-for-az", "DefaultForAz"),
        ("map-public-ip-on-launch", "MapPublicIpOnLaunch"),
        ("owner-id", "OwnerId"),
        ("state", "State"),
        ("subnet-arn", "SubnetArn"),
        ("subnet-id", "SubnetId"),
        ("vpc-id", "VpcId"),
    ];
    let (account, region) = call.place();
    let mut subnets = Subnet::all(account, &region);
    subnets.sort_by(|one, other| one.id.cmp(&other.id));
    let told = subnets.iter().map(|subnet| {
        json!({
            "SubnetId": subnet.id,
            "SubnetArn": arn(call, Ec2Kind::Subnet, &subnet.id),
            "VpcId": subnet.vpc,
            "OwnerId": account,
            "State": "available",
            "AvailabilityZone": subnet.zone,
            "AvailabilityZoneId": subnet.zone_id,
            "CidrBlock": subnet.block(),
            "AvailableIpAddressCount": 4091,
            "DefaultForAz": true,
            "MapPublicIpOnLaunch": true,
            "AssignIpv6AddressOnCreation": false,
            "Ipv6CidrBlockAssociationSet": [],
            "Tags": tags::of(call, &subnet.id),
        })
    });
    Listing { ids: "SubnetIds", answer: "Subnets", id: "SubnetId", least: 5 }.of(&value, FILTERS, told.collect())
}

pub(super) fn describe_security_groups(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] = &[
        ("description", "Description"),
        ("group-id", "GroupId"),
        ("group-name", "GroupName"),
        ("owner-id", "OwnerId"),
        ("vpc-id", "VpcId"),
    ];
    let (account, region) = call.place();
    let id = group(account, &region);
    let names = value.get("GroupNames").and_then(Value::as_array).into_iter().flatten();
    if let Some(other) = names.filter_map(Value::as_str).find(|name| *name != "default") {
        return Err(ServiceError::new("InvalidGroup.NotFound", format!("The security group '{other}' does not exist")));
    }
    let everything = json!([{ "CidrIp": "0.0.0.0/0" }]);
    let told = json!({
        "GroupId": id,
        "GroupName": "default",
        "Description": "default VPC security group",
        "SecurityGroupArn": arn(call, Ec2Kind::SecurityGroup, &id),
        "OwnerId": account,
        "VpcId": vpc(account, &region),
        "IpPermissions": [{
            "IpProtocol": "-1",
            "IpRanges": [],
            "Ipv6Ranges": [],
            "PrefixListIds": [],
            "UserIdGroupPairs": [{ "GroupId": id, "UserId": account }],
        }],
        "IpPermissionsEgress": [{
            "IpProtocol": "-1",
            "IpRanges": everything,
            "Ipv6Ranges": [],
            "PrefixListIds": [],
            "UserIdGroupPairs": [],
        }],
        "Tags": tags::of(call, &id),
    });
    Listing { ids: "GroupIds", answer: "SecurityGroups", id: "GroupId", least: 5 }.of(&value, FILTERS, vec![told])
}

/// The subnet of an id, or of a zone, or the first.
pub(super) fn subnet(call: &Call<'_>, id: Option<&str>, zone: Option<&str>) -> Result<Subnet, ServiceError> {
    let (account, region) = call.place();
    let subnets = Subnet::all(account, &region);
    let found = match (id, zone) {
        (Some(id), _) => subnets.into_iter().find(|subnet| subnet.id == id).ok_or_else(|| fault::not_found(id)),
        (None, Some(zone)) => {
            let missing = || fault::invalid(format!("Invalid availability zone: [{zone}]"));
            subnets.into_iter().find(|subnet| subnet.zone == zone).ok_or_else(missing)
        }
        (None, None) => subnets.into_iter().next().ok_or_else(fault::internal),
    }?;
    if zone.is_some_and(|zone| zone != found.zone) {
        let message = format!("The specified subnet {} is not in the availability zone of the request.", found.id);
        return Err(fault::combination(message));
    }
    Ok(found)
}
