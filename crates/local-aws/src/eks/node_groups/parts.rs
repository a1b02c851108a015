//! What a node group is made of, as EKS asks other services for it.
//!
//! Sources: Amazon EKS User Guide, "Customize managed nodes with launch templates" and "Simplify node lifecycle with managed node
//! groups" > "Managed node group concepts" (tags); the managed policy `AWSServiceRoleForAmazonEKSNodegroup` (what EKS may ask for,
//! and under which names and tags).

use aws_model::Region;
use serde_json::{Value, json};

use super::images;
use crate::{
    ec2::public_image_id,
    eks::records::{CapacityType, NodeGroup},
};

/// The architecture of a type's image.
pub(super) fn architecture(ami_type: &str, version: &str) -> Option<&'static str> {
    images::newest(ami_type, version).map(|(image, _)| image.architecture)
}

/// `CreateLaunchTemplate`: over what the customer's template says, if there is one.
pub(super) fn launch_template(group: &NodeGroup, region: &Region, of_customer: Option<Value>) -> Value {
    json!({
        "LaunchTemplateName": group.part(),
        "LaunchTemplateData": template_data(group, region, of_customer),
        "TagSpecifications": [{ "ResourceType": "launch-template", "Tags": tags(group) }],
    })
}

/// AWS's image, where no launch template names one.
pub(super) fn image(group: &NodeGroup, region: &Region) -> Option<String> {
    images::newest(&group.ami_type, &group.version).map(|(image, _)| public_image_id(region, image))
}

pub(super) fn template_data(group: &NodeGroup, region: &Region, of_customer: Option<Value>) -> Value {
    let image = images::newest(&group.ami_type, &group.version).map(|(image, _)| image);
    let mut data = of_customer.unwrap_or_else(|| {
        let mut data = json!({ "MetadataOptions": { "HttpPutResponseHopLimit": 2, "HttpTokens": "required" } });
        let root = image.and_then(|image| image.volumes.last()).map(|(device, _)| *device);
        if let (Some(device), Some(size)) = (root, group.disk_size) {
            let ebs = json!({ "VolumeSize": size, "VolumeType": "gp3", "DeleteOnTermination": true });
            put(&mut data, "BlockDeviceMappings", json!([{ "DeviceName": device, "Ebs": ebs }]));
        }
        data
    });
    if let Some(image) = image {
        put(&mut data, "ImageId", json!(public_image_id(region, image)));
    }
    if let Some(key) = group.remote.as_ref().and_then(|remote| remote.ec2_ssh_key.as_ref()) {
        put(&mut data, "KeyName", json!(key));
    }
    put(&mut data, "IamInstanceProfile", json!({ "Name": group.part() }));
    for kind in ["instance", "volume"] {
        put_tags(&mut data, kind, tags(group));
    }
    data
}

/// Adds EKS's tags to those that a customer's template has for a kind of thing.
///
/// Source: AWS managed policy `AWSServiceRoleForAmazonEKSNodegroup`, `AllowTaggingEC2ResourcesOnlyDuringLaunch`: without them
/// EKS could not tag what is launched.
fn put_tags(data: &mut Value, kind: &str, tags: Vec<Value>) {
    let told = data.get("TagSpecifications").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_of_kind = |of: &Value| of.get("ResourceType").is_some_and(|known| known == kind);
    let (of_kind, mut others): (Vec<Value>, Vec<Value>) = told.into_iter().partition(is_of_kind);
    let known = of_kind.iter().filter_map(|of| of.get("Tags")?.as_array()).flatten().cloned();
    let known = known.filter(|tag| !tags.iter().any(|own| own.get("Key") == tag.get("Key")));
    let all: Vec<Value> = known.collect::<Vec<_>>().into_iter().chain(tags).collect();
    others.push(json!({ "ResourceType": kind, "Tags": all }));
    put(data, "TagSpecifications", Value::Array(others));
}

/// `CreateAutoScalingGroup`, of the version 1 of its launch template.
pub(super) fn scaling_group(group: &NodeGroup, template: &str) -> Value {
    let (cluster, _, _) = group.names();
    let mut tags = tags(group);
    tags.extend([
        json!({ "Key": "k8s.io/cluster-autoscaler/enabled", "Value": "true" }),
        json!({ "Key": format!("k8s.io/cluster-autoscaler/{cluster}"), "Value": "owned" }),
        json!({ "Key": format!("kubernetes.io/cluster/{cluster}"), "Value": "owned" }),
    ]);
    for tag in &mut tags {
        put(tag, "PropagateAtLaunch", json!(true));
    }
    json!({
        "AutoScalingGroupName": group.scaling_group(),
        "MinSize": group.scaling.min_size,
        "MaxSize": group.scaling.max_size,
        "DesiredCapacity": group.scaling.desired_size,
        "VPCZoneIdentifier": group.subnets.join(","),
        "MixedInstancesPolicy": mixed(group, template, "1"),
        "CapacityRebalance": group.capacity_type == CapacityType::Spot,
        "Tags": tags,
    })
}

/// What a group launches: all of one way to pay, its types in their order.
pub(super) fn mixed(group: &NodeGroup, template: &str, version: &str) -> Value {
    let types = group.instance_types.iter().flatten().map(|name| json!({ "InstanceType": name }));
    let on_demand = if group.capacity_type == CapacityType::OnDemand { 100 } else { 0 };
    json!({
        "LaunchTemplate": {
            "LaunchTemplateSpecification": { "LaunchTemplateId": template, "Version": version },
            "Overrides": types.collect::<Vec<_>>(),
        },
        "InstancesDistribution": {
            "OnDemandAllocationStrategy": "prioritized",
            "OnDemandBaseCapacity": 0,
            "OnDemandPercentageAboveBaseCapacity": on_demand,
            "SpotAllocationStrategy": "capacity-optimized",
        },
    })
}

fn tags(group: &NodeGroup) -> Vec<Value> {
    let (cluster, name, _) = group.names();
    let tag = |key: &str, value: &str| json!({ "Key": key, "Value": value });
    vec![tag("eks:cluster-name", cluster), tag("eks:nodegroup-name", name)]
}

fn put(object: &mut Value, member: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
}
