//! The tree of an instance's metadata.
//!
//! Source: Amazon EC2 User Guide, "Instance metadata categories", "Instance identity documents", "View tags for your EC2
//! instances using instance metadata". What AWS has and an embedded instance does not (keys of its owner, signatures of the
//! identity document, a Spot interruption) is absent here as it is absent there: not found.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    Sources, Told,
    credentials::{Profile, seconds},
};
use crate::{caller::RoleDelivery, ec2::Machine};

/// What stands at a path.
pub(super) enum Node {
    Text(String),
    Bytes(Vec<u8>),
    /// The credentials of a role, which are made only for who asks for them.
    Credentials,
    Branch(Branch),
}

/// By name. Names with a slash are no names.
type Branch = BTreeMap<String, Node>;

/// The tree's versions, of which each tells the same.
///
/// Source: Amazon EC2 User Guide, "Access instance metadata for an EC2 instance" > "Get the available versions of the instance
/// metadata".
const VERSIONS: [&str; 20] = [
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
    "2011-01-01",
    "2011-05-01",
    "2012-01-12",
    "2014-02-25",
    "2014-11-05",
    "2015-10-20",
    "2016-04-19",
    "2016-06-30",
    "2016-09-02",
    "2018-03-28",
    "latest",
];

/// What stands at a path of a machine's metadata: its text, or none.
pub(super) fn find(
    told: &Told,
    sources: Sources<'_>,
    machine: &Machine,
    profile: Option<&Profile>,
    path: &[&str],
    delivery: RoleDelivery,
) -> Option<Vec<u8>> {
    let Some((version, path)) = path.split_first() else { return Some(VERSIONS.join("\n").into_bytes()) };
    if !VERSIONS.contains(version) {
        return None;
    }
    let mut node = Node::Branch(root(machine, profile, sources));
    for name in path {
        let Node::Branch(mut branch) = node else { return None };
        node = branch.remove(*name)?;
    }
    match node {
        Node::Text(text) => Some(text.into_bytes()),
        Node::Bytes(bytes) => Some(bytes),
        Node::Credentials => {
            let credentials = told.kept.credentials(sources, machine, profile?.role()?, delivery);
            Some(pretty(&credentials).into_bytes())
        }
        Node::Branch(branch) => Some(index(&branch).into_bytes()),
    }
}

/// The names below, those of branches with a slash.
fn index(branch: &Branch) -> String {
    let line = |(name, node): (&String, &Node)| match node {
        Node::Branch(_) => format!("{name}/"),
        _ => name.clone(),
    };
    branch.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn root(machine: &Machine, profile: Option<&Profile>, sources: Sources<'_>) -> Branch {
    let document = branch([("document", text(document(machine)))]);
    let mut root = branch([
        ("dynamic", Node::Branch(branch([("instance-identity", Node::Branch(document))]))),
        ("meta-data", Node::Branch(meta_data(machine, profile, sources))),
    ]);
    if let Some(data) = &machine.user_data {
        root.insert("user-data".to_owned(), Node::Bytes(data.expose().to_vec()));
    }
    root
}

fn meta_data(machine: &Machine, profile: Option<&Profile>, sources: Sources<'_>) -> Branch {
    let maintenance = branch([("history", text("[]")), ("scheduled", text("[]"))]);
    let placement = branch([
        ("availability-zone", text(&machine.zone)),
        ("availability-zone-id", text(&machine.zone_id)),
        ("region", text(machine.region.as_str())),
    ]);
    let services = branch([
        ("domain", text(machine.region.partition().dns_suffix())),
        ("partition", text(machine.region.partition().as_str())),
    ]);
    let mut all = branch([
        ("ami-id", text(&machine.image)),
        ("ami-launch-index", text(machine.launch_index.to_string())),
        ("ami-manifest-path", text("(unknown)")),
        ("block-device-mapping", Node::Branch(devices(machine))),
        ("events", Node::Branch(branch([("maintenance", Node::Branch(maintenance))]))),
        ("hostname", text(&machine.host_name)),
        ("instance-action", text("none")),
        ("instance-id", text(&machine.id)),
        ("instance-life-cycle", text(if machine.is_spot { "spot" } else { "on-demand" })),
        ("instance-type", text(&machine.kind)),
        ("local-hostname", text(&machine.host_name)),
        ("local-ipv4", text(&machine.address)),
        ("mac", text(&machine.mac)),
        ("network", Node::Branch(network(machine))),
        ("placement", Node::Branch(placement)),
        ("profile", text("default-hvm")),
        ("reservation-id", text(&machine.reservation)),
        ("security-groups", text("default")),
        ("services", Node::Branch(services)),
        ("system", text("nitro")),
    ]);
    if let Some(profile) = profile {
        all.insert("iam".to_owned(), Node::Branch(iam(profile, sources)));
    }
    if machine.access.tells_tags {
        let tags = machine.tags.iter().map(|(key, value)| (key.clone(), text(value))).collect();
        all.insert("tags".to_owned(), Node::Branch(branch([("instance", Node::Branch(tags))])));
    }
    all
}

fn iam(profile: &Profile, sources: Sources<'_>) -> Branch {
    let mut iam = branch([("info", text(pretty(&profile.info(sources.now))))]);
    if let Some(role) = profile.role() {
        let name = role.resource().rsplit('/').next().unwrap_or_default();
        iam.insert("security-credentials".to_owned(), Node::Branch(branch([(name, Node::Credentials)])));
    }
    iam
}

/// Source: Amazon EC2 User Guide, "Block device mappings for volumes on Amazon EC2 instances" > "View the block device mapping
/// using instance metadata": all but the root device without `/dev/`.
fn devices(machine: &Machine) -> Branch {
    let mut devices = Branch::new();
    for (index, device) in machine.devices.iter().enumerate() {
        let short = device.strip_prefix("/dev/").unwrap_or(device);
        if index == 0 {
            devices.insert("ami".to_owned(), text(short));
            devices.insert("root".to_owned(), text(device));
        } else {
            devices.insert(format!("ebs{index}"), text(short));
        }
    }
    devices
}

fn network(machine: &Machine) -> Branch {
    let interface = branch([
        ("device-number", text("0")),
        ("interface-id", text(&machine.interface)),
        ("local-hostname", text(&machine.host_name)),
        ("local-ipv4s", text(&machine.address)),
        ("mac", text(&machine.mac)),
        ("owner-id", text(machine.account.as_str())),
        ("security-group-ids", text(&machine.group)),
        ("security-groups", text("default")),
        ("subnet-id", text(&machine.subnet)),
        ("subnet-ipv4-cidr-block", text(&machine.subnet_block)),
        ("vpc-id", text(&machine.vpc)),
        ("vpc-ipv4-cidr-block", text(machine.vpc_block)),
        ("vpc-ipv4-cidr-blocks", text(machine.vpc_block)),
    ]);
    let macs = branch([(machine.mac.as_str(), Node::Branch(interface))]);
    branch([("interfaces", Node::Branch(branch([("macs", Node::Branch(macs))])))])
}

fn document(machine: &Machine) -> String {
    pretty(&json!({
        "accountId": machine.account,
        "architecture": machine.architecture,
        "availabilityZone": machine.zone,
        "billingProducts": null,
        "devpayProductCodes": null,
        "marketplaceProductCodes": null,
        "imageId": machine.image,
        "instanceId": machine.id,
        "instanceType": machine.kind,
        "kernelId": null,
        "pendingTime": seconds(machine.launched),
        "privateIp": machine.address,
        "ramdiskId": null,
        "region": machine.region,
        "version": "2017-09-30",
    }))
}

fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}")
}

fn text(text: impl Into<String>) -> Node {
    Node::Text(text.into())
}

fn branch<const N: usize>(nodes: [(&str, Node); N]) -> Branch {
    nodes.into_iter().map(|(name, node)| (name.to_owned(), node)).collect()
}
