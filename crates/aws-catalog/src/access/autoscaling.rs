//! Auto Scaling.
//!
//! Inputs are read as Auto Scaling completes them: with `Subnets`, the ids in `VPCZoneIdentifier`; with `InstanceTypes` of
//! the overrides of a mixed instances policy; and with `VersionSpecified`, whether a launch template's version is named by
//! its number. What a group launches takes the permissions of EC2's RunInstances besides.
//!
//! Sources: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2 Auto Scaling"; Amazon EC2
//! Auto Scaling User Guide, "Amazon EC2 Auto Scaling identity-based policy examples" (tags of a new group; which
//! service-linked role can be passed).

use super::{
    Access, Condition,
    On::{Nothing, Role, ScalingGroup, ScalingGroupOf, ScalingGroupsOfTags},
    Operation,
    Source::{self, Fixed, Member, TagKeys, TagValues},
    TagList,
};

/// By name: the order that look-ups rely on.
pub(super) static OPERATIONS: &[Operation] = &[
    Operation::new(
        "CreateAutoScalingGroup",
        &[
            Access::new("autoscaling:CreateAutoScalingGroup", GROUP).told(&[
                TAG_VALUES,
                TAG_KEYS,
                INSTANCE_TYPES,
                VERSION,
                MAX_SIZE,
                MIN_SIZE,
                SUBNETS,
            ]),
            Access::new("autoscaling:CreateOrUpdateTags", GROUP).only_with(&["Tags"]).told(TAGS),
            PASS_ROLE,
        ],
    ),
    Operation::new(
        "CreateOrUpdateTags",
        &[Access::new("autoscaling:CreateOrUpdateTags", ScalingGroupsOfTags("Tags")).told(TAGS)],
    ),
    Operation::new(
        "DeleteAutoScalingGroup",
        &[Access::new("autoscaling:DeleteAutoScalingGroup", GROUP)
            .told(&[tell("autoscaling:ForceDelete", Member("ForceDelete"))])],
    ),
    Operation::new("DeleteTags", &[Access::new("autoscaling:DeleteTags", ScalingGroupsOfTags("Tags")).told(TAGS)]),
    Operation::new("DescribeAutoScalingGroups", &[Access::new("autoscaling:DescribeAutoScalingGroups", Nothing)]),
    Operation::new("DescribeAutoScalingInstances", &[Access::new("autoscaling:DescribeAutoScalingInstances", Nothing)]),
    Operation::new("DescribeScalingActivities", &[Access::new("autoscaling:DescribeScalingActivities", Nothing)]),
    Operation::new("DescribeTags", &[Access::new("autoscaling:DescribeTags", Nothing)]),
    Operation::new("SetDesiredCapacity", &[Access::new("autoscaling:SetDesiredCapacity", GROUP)]),
    Operation::new(
        "TerminateInstanceInAutoScalingGroup",
        &[Access::new("autoscaling:TerminateInstanceInAutoScalingGroup", ScalingGroupOf("InstanceId"))],
    ),
    Operation::new(
        "UpdateAutoScalingGroup",
        &[
            Access::new("autoscaling:UpdateAutoScalingGroup", GROUP).told(&[
                INSTANCE_TYPES,
                VERSION,
                MAX_SIZE,
                MIN_SIZE,
                SUBNETS,
            ]),
            PASS_ROLE,
        ],
    ),
];

const GROUP: super::On = ScalingGroup("AutoScalingGroupName");
const PASS_ROLE: Access = Access::new("iam:PassRole", Role("ServiceLinkedRoleARN"))
    .only_with(&["ServiceLinkedRoleARN"])
    .told(&[tell("iam:PassedToService", Fixed("autoscaling.amazonaws.com"))]);
const OF_TAGS: TagList = TagList { member: "Tags", key: "Key", value: "Value" };
const TAG_VALUES: Condition = tell("aws:RequestTag/${TagKey}", TagValues(OF_TAGS));
const TAG_KEYS: Condition = tell("aws:TagKeys", TagKeys(OF_TAGS));
const TAGS: &[Condition] = &[TAG_VALUES, TAG_KEYS];
const INSTANCE_TYPES: Condition = tell("autoscaling:InstanceTypes", Member("InstanceTypes"));
const VERSION: Condition = tell("autoscaling:LaunchTemplateVersionSpecified", Member("VersionSpecified"));
const MAX_SIZE: Condition = tell("autoscaling:MaxSize", Member("MaxSize"));
const MIN_SIZE: Condition = tell("autoscaling:MinSize", Member("MinSize"));
const SUBNETS: Condition = tell("autoscaling:VPCZoneIdentifiers", Member("Subnets"));

const fn tell(key: &'static str, from: Source) -> Condition {
    Condition { key, from }
}
