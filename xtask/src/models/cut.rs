//! What of a model is kept: EC2's has some 800 operations, and most of its size is of those that nobody asks for here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Json;

/// The operations of EC2 that launches and clusters ask for.
pub(super) const EC2: [&str; 66] = [
    "AttachVolume",
    "CancelSpotInstanceRequests",
    "CopyImage",
    "CopySnapshot",
    "CreateFleet",
    "CreateLaunchTemplate",
    "CreateLaunchTemplateVersion",
    "CreateSnapshot",
    "CreateTags",
    "CreateVolume",
    "DeleteFleets",
    "DeleteLaunchTemplate",
    "DeleteLaunchTemplateVersions",
    "DeleteSnapshot",
    "DeleteTags",
    "DeleteVolume",
    "DeregisterImage",
    "DescribeAvailabilityZones",
    "DescribeCapacityReservations",
    "DescribeFleetHistory",
    "DescribeFleetInstances",
    "DescribeFleets",
    "DescribeIamInstanceProfileAssociations",
    "DescribeImageAttribute",
    "DescribeImages",
    "DescribeInstanceAttribute",
    "DescribeInstanceStatus",
    "DescribeInstanceTypeOfferings",
    "DescribeInstanceTypes",
    "DescribeInstances",
    "DescribeLaunchTemplateVersions",
    "DescribeLaunchTemplates",
    "DescribeNetworkInterfaces",
    "DescribePlacementGroups",
    "DescribeRegions",
    "DescribeRouteTables",
    "DescribeSecurityGroups",
    "DescribeSnapshotAttribute",
    "DescribeSnapshots",
    "DescribeSpotInstanceRequests",
    "DescribeSpotPriceHistory",
    "DescribeSubnets",
    "DescribeTags",
    "DescribeVolumeStatus",
    "DescribeVolumes",
    "DescribeVolumesModifications",
    "DescribeVpcs",
    "DetachVolume",
    "DisableEbsEncryptionByDefault",
    "EnableEbsEncryptionByDefault",
    "GetEbsDefaultKmsKeyId",
    "GetEbsEncryptionByDefault",
    "ModifyEbsDefaultKmsKeyId",
    "ModifyFleet",
    "ModifyImageAttribute",
    "ModifyLaunchTemplate",
    "ModifySnapshotAttribute",
    "ModifyVolume",
    "RebootInstances",
    "RegisterImage",
    "RequestSpotInstances",
    "ResetEbsDefaultKmsKeyId",
    "RunInstances",
    "StartInstances",
    "StopInstances",
    "TerminateInstances",
];

/// The operations of Auto Scaling that keep a group at its size.
pub(super) const AUTO_SCALING: [&str; 11] = [
    "CreateAutoScalingGroup",
    "CreateOrUpdateTags",
    "DeleteAutoScalingGroup",
    "DeleteTags",
    "DescribeAutoScalingGroups",
    "DescribeAutoScalingInstances",
    "DescribeScalingActivities",
    "DescribeTags",
    "SetDesiredCapacity",
    "TerminateInstanceInAutoScalingGroup",
    "UpdateAutoScalingGroup",
];

/// The operations of Systems Manager that launchers ask for.
pub(super) const SSM: [&str; 3] = ["GetParameter", "GetParameters", "GetParametersByPath"];

/// How much of a model is kept.
#[derive(Clone, Copy)]
pub(super) enum Kept {
    /// All of it.
    Whole,
    /// These operations, and the shapes that they speak of.
    Operations(&'static [&'static str]),
}

impl Kept {
    /// What is kept of a model.
    pub(super) fn of(self, model: Json) -> Json {
        let (names, parts) = match (self, model) {
            (Self::Operations(names), Json::Object(parts)) => (names, parts),
            (Self::Whole, Json::Object(parts)) => {
                return Json::Object(parts.into_iter().map(without_open_sets).collect());
            }
            (_, model) => return model,
        };
        let operations: Vec<(String, Json)> =
            members(&parts, "operations").iter().filter(|(name, _)| names.contains(&name.as_str())).cloned().collect();
        let shapes: BTreeMap<&str, &Json> =
            members(&parts, "shapes").iter().map(|(name, shape)| (name.as_str(), shape)).collect();
        let mut reached = BTreeSet::new();
        operations.iter().for_each(|(_, operation)| reach(operation, &shapes, &mut reached));
        let is_reached = |(name, _): &&(String, Json)| reached.contains(name);
        let shapes = members(&parts, "shapes").iter().filter(is_reached).cloned().map(without_open_set).collect();
        let metadata = members(&parts, "metadata").to_vec();
        Json::Object(vec![
            ("metadata".to_owned(), Json::Object(metadata)),
            ("operations".to_owned(), Json::Object(operations)),
            ("shapes".to_owned(), Json::Object(shapes)),
        ])
    }
}

fn without_open_sets((part, json): (String, Json)) -> (String, Json) {
    match json {
        Json::Object(shapes) if part == "shapes" => {
            (part, Json::Object(shapes.into_iter().map(without_open_set).collect()))
        }
        json => (part, json),
    }
}

/// EC2 looks an instance type up where it is used, each operation with errors of its own: to it the set is no constraint. SQS
/// takes the names of messages' attributes (`SentTimestamp`) in ReceiveMessage's `AttributeNames`, whose set has those of
/// queues alone: Karpenter asks so.
fn without_open_set((name, shape): (String, Json)) -> (String, Json) {
    match shape {
        Json::Object(mut members) if ["InstanceType", "QueueAttributeName"].contains(&name.as_str()) => {
            members.retain(|(member, _)| member != "enum");
            (name, Json::Object(members))
        }
        shape => (name, shape),
    }
}

fn members<'j>(parts: &'j [(String, Json)], name: &str) -> &'j [(String, Json)] {
    match parts.iter().find(|(part, _)| part == name) {
        Some((_, Json::Object(members))) => members,
        _ => &[],
    }
}

/// Every shape that something refers to, in itself or in the shapes that it refers to.
fn reach(of: &Json, shapes: &BTreeMap<&str, &Json>, reached: &mut BTreeSet<String>) {
    match of {
        Json::Object(members) => {
            for (name, value) in members {
                match value {
                    Json::Leaf(Value::String(shape)) if name == "shape" => {
                        if let (true, Some(next)) = (reached.insert(shape.clone()), shapes.get(shape.as_str())) {
                            reach(next, shapes, reached);
                        }
                    }
                    value => reach(value, shapes, reached),
                }
            }
        }
        Json::Array(elements) => elements.iter().for_each(|element| reach(element, shapes, reached)),
        Json::Leaf(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_kept_that_a_kept_operation_reaches_and_no_other() {
        let model = r#"{"metadata":{"uid":"s"},"examples":{},"operations":{
                "A":{"input":{"shape":"In"},"errors":[{"shape":"Bad"},{"shape":"InstanceType"}]},"B":{"input":{"shape":"Other"}}},
            "shapes":{"Other":{"type":"string"},"In":{"type":"structure","members":{"l":{"shape":"List"}}},
                "List":{"type":"list","member":{"shape":"In"}},"Bad":{"type":"structure"},
                "InstanceType":{"type":"string","enum":["m5.large"]}}}"#;
        let cut = Kept::Operations(&["A"]).of(serde_json::from_str(model).unwrap());
        let cut: Value = serde_json::to_value(&cut).unwrap();
        let names = |part: &str| cut[part].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names("operations"), ["A".to_owned()].into());
        assert_eq!(names("shapes"), ["In", "List", "Bad", "InstanceType"].map(str::to_owned).into());
        assert_eq!(cut["metadata"]["uid"], "s");
        assert!(cut.get("examples").is_none());
        assert_eq!(cut["shapes"]["InstanceType"], serde_json::json!({ "type": "string" }));
    }
}
