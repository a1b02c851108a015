//! What an instance is, as it is told by its own metadata.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use aws_model::{AccountId, Arn, Region, SecretBytes};
use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    Ec2,
    network::{self, Subnet, VPC_BLOCK, derived},
    records::{Instance, InstanceState, Tags},
};

/// What an instance whose role alone is told is launched as.
const STAND_IN_KIND: &str = "m7i.large";

/// An instance that runs, or is about to.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) id: String,
    pub(crate) launch_index: i64,
    pub(crate) reservation: String,
    pub(crate) image: String,
    pub(crate) architecture: String,
    pub(crate) kind: String,
    pub(crate) zone: String,
    pub(crate) zone_id: String,
    pub(crate) vpc: String,
    pub(crate) vpc_block: &'static str,
    pub(crate) subnet: String,
    pub(crate) subnet_block: String,
    pub(crate) address: String,
    pub(crate) host_name: String,
    pub(crate) interface: String,
    /// Of its interface.
    pub(crate) mac: String,
    pub(crate) group: String,
    pub(crate) is_spot: bool,
    pub(crate) launched: Timestamp,
    /// The ARN of its instance profile.
    pub(crate) profile: Option<Arn>,
    /// The root device first.
    pub(crate) devices: Vec<String>,
    pub(crate) user_data: Option<SecretBytes>,
    pub(crate) access: MetadataAccess,
    pub(crate) tags: BTreeMap<String, String>,
}

/// How its metadata may be read.
///
/// Source: Amazon EC2 API Reference, "InstanceMetadataOptionsResponse".
#[derive(Clone, Copy, Debug)]
pub(crate) struct MetadataAccess {
    pub(crate) is_on: bool,
    pub(crate) needs_token: bool,
    pub(crate) tells_tags: bool,
}

impl Machine {
    /// Its ARN.
    pub(crate) fn arn(&self) -> Option<Arn> {
        let Self { account, region, id, .. } = self;
        format!("arn:{}:ec2:{region}:{account}:instance/{id}", region.partition()).parse().ok()
    }

    /// An instance that has a role and of which nothing else is told: what it is follows from the role.
    pub(crate) fn of_role(role: &Arn, account: AccountId, region: &Region, launched: Timestamp) -> Option<Self> {
        let id = |prefix: &str| derived(prefix, account, region, role.as_str());
        let subnet = Subnet::all(account, region).into_iter().next()?;
        let (address, interface) = (subnet.address(role.as_str()), id("eni-"));
        Some(Self {
            id: id("i-"),
            launch_index: 0,
            reservation: id("r-"),
            image: id("ami-"),
            architecture: "x86_64".to_owned(),
            kind: STAND_IN_KIND.to_owned(),
            vpc_block: VPC_BLOCK,
            subnet_block: subnet.block(),
            host_name: network::host_name(&address, region),
            mac: mac(&interface),
            group: network::group(account, region),
            is_spot: false,
            launched,
            profile: None,
            devices: vec!["/dev/xvda".to_owned()],
            user_data: None,
            access: MetadataAccess { is_on: true, needs_token: true, tells_tags: false },
            tags: BTreeMap::new(),
            region: region.clone(),
            zone: subnet.zone,
            zone_id: subnet.zone_id,
            vpc: subnet.vpc,
            subnet: subnet.id,
            account,
            address,
            interface,
        })
    }
}

impl MetadataAccess {
    fn of(options: &Value) -> Self {
        let says = |member: &str, value: &str| options.get(member).and_then(Value::as_str) == Some(value);
        Self {
            is_on: !says("HttpEndpoint", "disabled"),
            needs_token: says("HttpTokens", "required"),
            tells_tags: says("InstanceMetadataTags", "enabled"),
        }
    }
}

impl Ec2 {
    /// An instance that runs or is about to, whoever's it is.
    pub(crate) fn machine(&self, id: &str, now: Timestamp) -> Option<Machine> {
        let realm = self.state.read();
        let instance = realm.instances.get(id)?;
        if !matches!(instance.state(now), InstanceState::Pending | InstanceState::Running) {
            return None;
        }
        let Instance { owner: account, region, .. } = &**instance;
        let subnet = Subnet::all(*account, region).into_iter().find(|subnet| subnet.id == instance.subnet)?;
        let attached = |id: &String| realm.volumes.get(id)?.attachment.as_ref().map(|at| at.device.clone());
        let mut devices = vec![instance.root_device.clone()];
        devices.extend(instance.volumes.iter().filter_map(attached).filter(|device| *device != instance.root_device));
        let tags = realm.tags.get(&Tags::key(*account, id)).map(|tags| tags.tags.clone());
        Some(Machine {
            account: *account,
            region: region.clone(),
            id: instance.id.clone(),
            launch_index: instance.launch_index,
            reservation: instance.reservation.clone(),
            image: instance.image.clone(),
            architecture: instance.architecture.clone(),
            kind: instance.kind.clone(),
            zone: instance.zone.clone(),
            zone_id: subnet.zone_id.clone(),
            vpc: subnet.vpc.clone(),
            vpc_block: VPC_BLOCK,
            subnet_block: subnet.block(),
            subnet: subnet.id,
            host_name: network::host_name(&instance.address, region),
            address: instance.address.clone(),
            mac: mac(&instance.interface),
            interface: instance.interface.clone(),
            group: network::group(*account, region),
            is_spot: instance.is_spot,
            launched: instance.launched,
            profile: instance.profile.as_ref().map(|profile| profile.arn.clone()),
            devices,
            user_data: instance
                .user_data
                .as_ref()
                .and_then(|given| BASE64_STANDARD.decode(given.base64()).ok())
                .map(SecretBytes::new),
            access: MetadataAccess::of(&instance.metadata_options),
            tags: tags.unwrap_or_default(),
        })
    }
}

/// The address of an interface, which nothing else of it tells.
fn mac(interface: &str) -> String {
    let hash = digest::digest(&digest::SHA256, interface.as_bytes());
    let octets: Vec<String> = hash.as_ref().iter().take(5).map(|octet| format!("{octet:02x}")).collect();
    // A locally administered one, as AWS's are.
    format!("0a:{}", octets.join(":"))
}
