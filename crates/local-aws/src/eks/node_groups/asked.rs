//! What a node group is to be, as a call asks for it.

use std::collections::BTreeMap;

use aws_catalog::instance_types;
use aws_model::Arn;
use serde::Deserialize;
use serde_json::Value;

use super::{images, parts};
use crate::{
    ServiceError,
    ec2::Ec2,
    eks::{
        call::Call,
        fault,
        records::{CapacityType, NodeGroup, RemoteAccess, Scaling, Stage, Taint, TemplateOf, UpdateConfig},
        roles, tags,
        versions::minor,
    },
};

/// Source: Amazon EKS User Guide, "View and manage Amazon EKS and Fargate service quotas".
const MOST_NODES: i64 = 450;
const LONGEST_NAME: usize = 63;
const MOST_TYPES: usize = 20;
const MOST_LABELS: usize = 50;
const MOST_TAINTS: usize = 50;
const MOST_SUBNETS: usize = 200;
/// Source: Amazon EKS API Reference, "CreateNodegroup" > `diskSize`, `instanceTypes`, `amiType`.
const DISK_SIZE: i64 = 20;
const INSTANCE_TYPE: &str = "t3.medium";
const AMI_TYPE: &str = "AL2023_x86_64_STANDARD";
const CUSTOM: &str = "CUSTOM";

/// How many minor versions nodes may be behind their cluster.
///
/// Source: Kubernetes, "Version Skew Policy" > "kubelet".
const MOST_BEHIND: u32 = 3;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Create {
    pub(super) cluster_name: String,
    pub(super) nodegroup_name: String,
    scaling_config: Option<Sizes>,
    disk_size: Option<i64>,
    subnets: Vec<String>,
    instance_types: Option<Vec<String>>,
    ami_type: Option<String>,
    remote_access: Option<RemoteAccess>,
    node_role: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    taints: Vec<Taint>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    launch_template: Option<Template>,
    update_config: Option<UpdateConfig>,
    node_repair_config: Option<Value>,
    capacity_type: Option<String>,
    version: Option<String>,
    release_version: Option<String>,
}

/// How many nodes, as far as a call says.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sizes {
    pub(super) min_size: Option<i64>,
    pub(super) max_size: Option<i64>,
    pub(super) desired_size: Option<i64>,
}

/// A launch template as a call names it.
#[derive(Deserialize)]
pub(super) struct Template {
    name: Option<String>,
    id: Option<String>,
    version: Option<String>,
}

/// Refuses what is not here.
pub(super) fn refuse_absent(input: &Value) -> Result<(), ServiceError> {
    let capacity = input.get("capacityType").and_then(Value::as_str) == Some("CAPACITY_BLOCK");
    let absent = if capacity { Some("capacityType CAPACITY_BLOCK") } else { None };
    match absent.or(input.get("warmPoolConfig").map(|_| "warmPoolConfig")) {
        Some(what) => Err(fault::invalid_parameter(format!("The embedded AWS does not have what {what} asks for."))),
        None => Ok(()),
    }
}

impl Create {
    /// The group, to be made.
    pub(super) fn group(self, call: &Call<'_>, arn: Arn, cluster_version: &str) -> Result<NodeGroup, ServiceError> {
        check_name(&self.nodegroup_name)?;
        let version = self.version.clone().unwrap_or_else(|| cluster_version.to_owned());
        check_version(&version, cluster_version)?;
        let scaling = sizes(self.scaling_config.unwrap_or_default(), None)?;
        check_labels(&self.labels)?;
        check_taints(&self.taints)?;
        tags::check(&self.tags, &BTreeMap::new())?;
        let update = update_config(self.update_config.clone())?;
        check_subnets(call, &self.subnets)?;
        let role = node_role(call, &self.node_role)?;
        let template = self.launch_template.as_ref().map(|named| named.found(call)).transpose()?;
        let of_template = template.as_ref().and_then(|of| call.nodes.ec2.template_data(&of.id, &of.version));
        let names = |member: &str| of_template.as_ref().is_some_and(|data| names(data, member));
        check_template(&self, of_template.as_ref())?;

        let is_custom = names("ImageId");
        let ami_type = match (self.ami_type, is_custom) {
            (None, true) => CUSTOM.to_owned(),
            (Some(given), true) if given != CUSTOM => {
                return Err(fault::invalid_parameter(
                    "You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your launch template.",
                ));
            }
            (Some(given), false) if given == CUSTOM => {
                return Err(fault::invalid_parameter(
                    "You cannot specify CUSTOM as AMI Type, when not specifying an image id in your launch template.",
                ));
            }
            (given, _) => given.unwrap_or_else(|| AMI_TYPE.to_owned()),
        };
        let release = release(&ami_type, &version, self.release_version.as_deref())?;
        let instance_types = match (self.instance_types.filter(|types| !types.is_empty()), names("InstanceType")) {
            (Some(_), true) => {
                return Err(fault::invalid_parameter(
                    "Instance types must be specified in either the launch template or the request, not both.",
                ));
            }
            (None, true) => None,
            (given, false) => Some(given.unwrap_or_else(|| vec![INSTANCE_TYPE.to_owned()])),
        };
        check_types(instance_types.as_deref().unwrap_or_default(), &ami_type, &version)?;
        let is_spot = self.capacity_type.as_deref() == Some("SPOT");
        let now = call.now();
        Ok(NodeGroup {
            arn,
            created: now,
            modified: now,
            stage: Stage::Making,
            version,
            release,
            ami_type,
            capacity_type: if is_spot { CapacityType::Spot } else { CapacityType::OnDemand },
            scaling,
            instance_types,
            subnets: self.subnets,
            role,
            labels: self.labels,
            taints: self.taints,
            disk_size: template.is_none().then(|| self.disk_size.unwrap_or(DISK_SIZE)),
            remote: self.remote_access,
            update,
            repair: self.node_repair_config,
            template,
            token: call.once.clone(),
            tags: self.tags,
        })
    }
}

impl Template {
    pub(super) fn found(&self, call: &Call<'_>) -> Result<TemplateOf, ServiceError> {
        let (id, name) = (self.id.as_deref(), self.name.as_deref());
        if id.is_some() == name.is_some() {
            return Err(fault::invalid_parameter(
                "You must specify either the launch template ID or the name, not both.",
            ));
        }
        let found = call.nodes.ec2.template((call.account(), call.ctx.region), id, name);
        let (id, name) = found.ok_or_else(|| {
            let named = id.or(name).unwrap_or_default();
            fault::invalid_parameter(format!("The specified launch template, with template {named}, does not exist."))
        })?;
        let asked = self.version.as_deref().unwrap_or("$Default");
        let version = call.nodes.ec2.version(&id, asked).ok_or_else(|| {
            fault::invalid_parameter(format!(
                "Could not find the specified version {asked} for the launch template with ID {id}."
            ))
        })?;
        Ok(TemplateOf { id, name, version: version.to_string() })
    }
}

/// What a group with a launch template of the customer's does not take, and what such a template does not have.
///
/// Source: Amazon EKS User Guide, "Customize managed nodes with launch templates" > "Launch template configuration basics".
fn check_template(asked: &Create, data: Option<&Value>) -> Result<(), ServiceError> {
    let Some(data) = data else { return Ok(()) };
    let invalid = |message: &str| Err(fault::invalid_parameter(message));
    if asked.disk_size.is_some() {
        return invalid("Disk size must be specified within the launch template.");
    }
    if asked.remote_access.is_some() {
        return invalid("Remote access configuration cannot be specified with a launch template.");
    }
    check_data(data)
}

/// What no version of such a template has.
fn check_data(data: &Value) -> Result<(), ServiceError> {
    let invalid = |message: &str| Err(fault::invalid_parameter(message));
    if names(data, "IamInstanceProfile") {
        return invalid(
            "Launch template should not specify an instance profile. The noderole in your request will be used to construct an instance profile.",
        );
    }
    if data.pointer("/InstanceMarketOptions/MarketType").and_then(Value::as_str) == Some("spot") {
        return invalid("Launch template should not specify spot instances: take capacityType.");
    }
    let interfaces = data.get("NetworkInterfaces").and_then(Value::as_array).into_iter().flatten();
    if interfaces.into_iter().any(|interface| interface.get("SubnetId").is_some()) {
        return invalid("Launch template should not specify a subnet: the subnets of the request are used.");
    }
    Ok(())
}

/// What another version of its template has to have in common with the one that a group has: where image and types come from.
///
/// Source: eksctl User Guide, "Launch Template support for Managed Nodegroups" (a group with a custom image keeps to custom
/// images).
pub(super) fn check_new_version(group: &NodeGroup, data: &Value) -> Result<(), ServiceError> {
    check_data(data)?;
    let invalid = |message: &str| Err(fault::invalid_parameter(message));
    match (group.ami_type == CUSTOM, names(data, "ImageId")) {
        (true, false) => {
            return invalid("The launch template's version needs an image id: the node group has a custom AMI.");
        }
        (false, true) => {
            return invalid("The launch template's version has an image id: the node group has EKS's AMI.");
        }
        _ => {}
    }
    match (group.instance_types.is_some(), names(data, "InstanceType")) {
        (true, true) => {
            invalid("Instance types must be specified in either the launch template or the node group, not both.")
        }
        (false, false) => invalid("The launch template's version needs an instance type: the node group has none."),
        _ => Ok(()),
    }
}

/// Whether a template says something of a member.
fn names(data: &Value, member: &str) -> bool {
    data.get(member).is_some_and(|value| !value.is_null())
}

/// Source: Amazon EKS API Reference, "CreateNodegroup" > `nodegroupName`.
fn check_name(name: &str) -> Result<(), ServiceError> {
    let is_fit = name.len() <= LONGEST_NAME
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let message = format!(
        "The node group name has to begin with a letter or a digit, to have only those, hyphens and underscores, and at most \
         {LONGEST_NAME} characters."
    );
    if is_fit { Ok(()) } else { Err(fault::invalid_parameter(message)) }
}

fn check_version(version: &str, of_cluster: &str) -> Result<(), ServiceError> {
    let behind = minor(of_cluster).zip(minor(version)).and_then(|(cluster, own)| cluster.checked_sub(own));
    match behind {
        Some(behind) if behind <= MOST_BEHIND => Ok(()),
        _ => Err(fault::invalid_parameter(format!(
            "Nodegroup Kubernetes version {version} is not supported with the cluster's version {of_cluster}."
        ))),
    }
}

/// The release of AWS's image that a group has.
pub(super) fn release(ami_type: &str, version: &str, asked: Option<&str>) -> Result<Option<String>, ServiceError> {
    if ami_type == CUSTOM {
        return match asked {
            Some(_) => Err(fault::invalid_parameter(
                "You cannot specify a release version, when specifying an image id in your launch template.",
            )),
            None => Ok(None),
        };
    }
    let (_, newest) = images::newest(ami_type, version).ok_or_else(|| {
        fault::invalid_parameter(format!(
            "The embedded AWS has no image of the amiType {ami_type} for Kubernetes {version}."
        ))
    })?;
    match asked {
        Some(asked) if asked != newest => Err(fault::invalid_parameter(format!(
            "Requested release version {asked} is not valid for kubernetes version {version}."
        ))),
        _ => Ok(Some(newest)),
    }
}

/// How many nodes, over what there was.
///
/// Source: Amazon EKS API Reference, "NodegroupScalingConfig": "When creating a node group, you must specify all or none of the
/// properties."
pub(super) fn sizes(asked: Sizes, known: Option<Scaling>) -> Result<Scaling, ServiceError> {
    let told = [asked.min_size, asked.max_size, asked.desired_size].iter().flatten().count();
    if known.is_none() && !matches!(told, 0 | 3) {
        let message = "Minimum capacity, max size and desired size are told all, or none of them.";
        return Err(fault::invalid_parameter(message));
    }
    let usual = Scaling { min_size: 1, max_size: 2, desired_size: 2 };
    let known = known.unwrap_or(usual);
    let scaling = Scaling {
        min_size: asked.min_size.unwrap_or(known.min_size),
        max_size: asked.max_size.unwrap_or(known.max_size),
        desired_size: asked.desired_size.unwrap_or(known.desired_size),
    };
    let Scaling { min_size: least, max_size: most, desired_size: desired } = scaling;
    if least > desired {
        return Err(fault::invalid_parameter(format!(
            "Minimum capacity {least} can't be greater than desired size {desired}"
        )));
    }
    if desired > most {
        return Err(fault::invalid_parameter(format!(
            "desired capacity {desired} can't be greater than max size {most}"
        )));
    }
    if most > MOST_NODES {
        return Err(fault::invalid_parameter(format!("A managed node group has at most {MOST_NODES} nodes.")));
    }
    Ok(scaling)
}

pub(super) fn check_labels(labels: &BTreeMap<String, String>) -> Result<(), ServiceError> {
    const RESERVED: [&str; 3] = ["kubernetes.io/", "k8s.io/", "eks.amazonaws.com/"];
    if labels.len() > MOST_LABELS {
        return Err(fault::invalid_parameter(format!("A node group has at most {MOST_LABELS} labels.")));
    }
    for (key, value) in labels {
        if RESERVED.iter().any(|reserved| key.contains(reserved)) {
            let message = "Label cannot contain reserved prefixes [kubernetes.io/, k8s.io/, eks.amazonaws.com/]";
            return Err(fault::invalid_parameter(message));
        }
        let name = key.rsplit('/').next().unwrap_or_default();
        if name.is_empty() || name.len() > LONGEST_NAME || key.len() > 253 || value.len() > LONGEST_NAME {
            return Err(fault::invalid_parameter(format!("The label {} is none as Kubernetes has them.", short(key))));
        }
    }
    Ok(())
}

pub(super) fn check_taints(taints: &[Taint]) -> Result<(), ServiceError> {
    if taints.len() > MOST_TAINTS {
        return Err(fault::invalid_parameter(format!("A node group has at most {MOST_TAINTS} taints.")));
    }
    let twice = |(index, taint): (usize, &Taint)| {
        taints.iter().skip(index + 1).any(|other| (&other.key, &other.effect) == (&taint.key, &taint.effect))
    };
    match taints.iter().enumerate().find(|taint| twice(*taint)) {
        Some((_, taint)) => Err(fault::invalid_parameter(format!(
            "There are several taints with the key {} and one effect.",
            short(&taint.key)
        ))),
        None => Ok(()),
    }
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST_NAME).collect()
}

/// How many nodes may be missing while they are replaced: one where nobody says.
pub(super) fn update_config(asked: Option<UpdateConfig>) -> Result<UpdateConfig, ServiceError> {
    let mut asked = asked.unwrap_or(UpdateConfig {
        max_unavailable: None,
        max_unavailable_percentage: None,
        update_strategy: None,
    });
    if asked.max_unavailable.is_some() && asked.max_unavailable_percentage.is_some() {
        return Err(fault::invalid_parameter(
            "Only one of maxUnavailable and maxUnavailablePercentage can be specified.",
        ));
    }
    if asked.max_unavailable.is_some_and(|most| most > 100) {
        return Err(fault::invalid_parameter("maxUnavailable is at most 100."));
    }
    if asked.max_unavailable_percentage.is_none() {
        asked.max_unavailable = asked.max_unavailable.or(Some(1));
    }
    Ok(asked)
}

fn check_subnets(call: &Call<'_>, subnets: &[String]) -> Result<(), ServiceError> {
    if subnets.is_empty() || subnets.len() > MOST_SUBNETS {
        return Err(fault::invalid_parameter("At least one subnet must be specified."));
    }
    let known = Ec2::subnets(call.account(), call.ctx.region);
    match subnets.iter().find(|id| !known.iter().any(|(known, _)| known == *id)) {
        Some(id) => Err(fault::invalid_parameter(format!("The subnet ID '{}' does not exist", short(id)))),
        None => Ok(()),
    }
}

/// The role of the nodes, which EC2 must be let assume.
fn node_role(call: &Call<'_>, text: &str) -> Result<Arn, ServiceError> {
    let role = roles::parsed(text)?;
    roles::check(call, &role, "ec2.amazonaws.com", &["sts:assumerole"]).map_err(|refused| match refused.message() {
        message if message == fault::untrusting_role().message() => fault::invalid_parameter(format!(
            "Following required service principals [ec2.amazonaws.com] were not found in the trust relationships of nodeRole \
             {role}"
        )),
        _ => refused,
    })?;
    Ok(role)
}

fn check_types(types: &[String], ami_type: &str, version: &str) -> Result<(), ServiceError> {
    if types.len() > MOST_TYPES {
        return Err(fault::invalid_parameter(format!("A node group has at most {MOST_TYPES} instance types.")));
    }
    let unknown: Vec<&str> =
        types.iter().map(String::as_str).filter(|name| instance_types::instance_type(name).is_none()).collect();
    if !unknown.is_empty() {
        let message = format!("The following supplied instance types do not exist: [{}]", short(&unknown.join(", ")));
        return Err(fault::invalid_parameter(message));
    }
    let Some(architecture) = parts::architecture(ami_type, version) else { return Ok(()) };
    let runs = |name: &String| {
        instance_types::instance_type(name).is_some_and(|known| known.architectures().any(|own| own == architecture))
    };
    match types.iter().find(|name| !runs(name)) {
        Some(name) => Err(fault::invalid_parameter(format!(
            "[{name}] is not a valid instance type for requested amiType {ami_type}"
        ))),
        None => Ok(()),
    }
}
