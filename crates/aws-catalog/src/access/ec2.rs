//! EC2.
//!
//! Inputs are read as EC2 completes them: with what the launch template says; with `SubnetId` and `SecurityGroupIds` of the
//! first network interface, or the default ones; with `SnapshotIds` of those that volumes are mapped to; with
//! `IamInstanceProfile.Arn` and `.Role`, the role in the profile; with the `MarketType`, which is `on-demand` where nobody says; and with the tags of `TagSpecifications` by type, in `TagsOf`.
//! A fleet's has the `LaunchTemplateIds` that it names, the `ImageIds` and `SubnetIds` of its overrides, and, where a service-linked
//! role is to launch, the `PassedRoles` of its templates.
//!
//! Sources: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2"; Amazon EC2 User
//! Guide, "Example policies to control access to the Amazon EC2 API" > "Launch instances (RunInstances)" and "Grant
//! permission to tag Amazon EC2 resources during creation"; IAM User Guide, "Grant a user permissions to pass a role to an
//! AWS service".

use super::{
    Access, Condition, Ec2Kind,
    Ec2Kind::{
        Fleet, Image, Instance, KeyPair, LaunchTemplate, NetworkInterface, SecurityGroup, Snapshot,
        SpotInstancesRequest, Subnet, Volume,
    },
    On::{self, Nothing},
    Operation,
    Source::{self, Fixed, Member, TagKeys, TagValues},
    TagList,
};

/// By name: the order that look-ups rely on.
pub(super) static OPERATIONS: &[Operation] = &[
    Operation::new(
        "AttachVolume",
        &[
            Access::new("ec2:AttachVolume", On::Ec2(Instance, "InstanceId")),
            Access::new("ec2:AttachVolume", On::Ec2(Volume, "VolumeId")),
        ],
    ),
    Operation::new(
        "CancelSpotInstanceRequests",
        &[Access::new("ec2:CancelSpotInstanceRequests", On::Ec2(SpotInstancesRequest, "SpotInstanceRequestIds"))],
    ),
    Operation::new(
        "CopyImage",
        &[
            Access::new("ec2:CopyImage", On::NewEc2(Image))
                .told(&[tell("aws:RequestTag/${TagKey}", TagValues(OF_IMAGE)), tell("aws:TagKeys", TagKeys(OF_IMAGE))]),
            tag_new(
                Image,
                &["TagsOf.image"],
                &[
                    tell("aws:RequestTag/${TagKey}", TagValues(OF_IMAGE)),
                    tell("aws:TagKeys", TagKeys(OF_IMAGE)),
                    tell("ec2:CreateAction", Fixed("CopyImage")),
                ],
            ),
            tag_new(
                Snapshot,
                &["TagsOf.snapshot"],
                &[
                    tell("aws:RequestTag/${TagKey}", TagValues(OF_SNAPSHOT)),
                    tell("aws:TagKeys", TagKeys(OF_SNAPSHOT)),
                    tell("ec2:CreateAction", Fixed("CopyImage")),
                ],
            ),
        ],
    ),
    Operation::new(
        "CopySnapshot",
        &[
            Access::new("ec2:CopySnapshot", On::NewEc2(Snapshot)).told(&[
                tell("aws:RequestTag/${TagKey}", TagValues(OF_SNAPSHOT)),
                tell("aws:TagKeys", TagKeys(OF_SNAPSHOT)),
            ]),
            tag_new(
                Snapshot,
                &["TagsOf.snapshot"],
                &[
                    tell("aws:RequestTag/${TagKey}", TagValues(OF_SNAPSHOT)),
                    tell("aws:TagKeys", TagKeys(OF_SNAPSHOT)),
                    tell("ec2:CreateAction", Fixed("CopySnapshot")),
                ],
            ),
        ],
    ),
    // What it launches takes the permissions of RunInstances besides.
    Operation::new(
        "CreateFleet",
        &[
            Access::new("ec2:CreateFleet", On::NewEc2(Fleet))
                .told(&[tell("aws:RequestTag/${TagKey}", TagValues(OF_FLEET)), tell("aws:TagKeys", TagKeys(OF_FLEET))]),
            Access::new("ec2:CreateFleet", On::NewEc2(Instance)).told(&[
                tell("aws:RequestTag/${TagKey}", TagValues(OF_INSTANCE)),
                tell("aws:TagKeys", TagKeys(OF_INSTANCE)),
            ]),
            Access::new("ec2:CreateFleet", On::Ec2(LaunchTemplate, "LaunchTemplateIds")),
            // The reference has these as optional: that they are asked for where an override names one is assumed.
            Access::new("ec2:CreateFleet", On::Ec2(Image, "ImageIds")).only_with(&["ImageIds"]),
            Access::new("ec2:CreateFleet", On::Ec2(Subnet, "SubnetIds")).only_with(&["SubnetIds"]),
            tag_new(
                Fleet,
                &["TagsOf.fleet"],
                &[
                    tell("aws:RequestTag/${TagKey}", TagValues(OF_FLEET)),
                    tell("aws:TagKeys", TagKeys(OF_FLEET)),
                    tell("ec2:CreateAction", Fixed("CreateFleet")),
                ],
            ),
            // EC2 User Guide, "EC2 Fleet prerequisites" > "Grant permission to users for EC2 Fleet".
            Access::new("iam:PassRole", On::Role("PassedRoles"))
                .only_with(&["PassedRoles"])
                .told(&[tell("iam:PassedToService", Fixed("ec2.amazonaws.com"))]),
        ],
    ),
    Operation::new(
        "CreateLaunchTemplate",
        &[
            Access::new("ec2:CreateLaunchTemplate", On::NewEc2(LaunchTemplate)).told(&[
                tell("aws:RequestTag/${TagKey}", TagValues(OF_TEMPLATE)),
                tell("aws:TagKeys", TagKeys(OF_TEMPLATE)),
            ]),
            tag_new(
                LaunchTemplate,
                &["TagsOf.launch-template"],
                &[
                    tell("aws:RequestTag/${TagKey}", TagValues(OF_TEMPLATE)),
                    tell("aws:TagKeys", TagKeys(OF_TEMPLATE)),
                    tell("ec2:CreateAction", Fixed("CreateLaunchTemplate")),
                ],
            ),
        ],
    ),
    Operation::new(
        "CreateLaunchTemplateVersion",
        &[Access::new("ec2:CreateLaunchTemplateVersion", On::Ec2(LaunchTemplate, "LaunchTemplateId"))],
    ),
    Operation::new(
        "CreateSnapshot",
        &[
            Access::new("ec2:CreateSnapshot", On::NewEc2(Snapshot)).told(&[
                tell("aws:RequestTag/${TagKey}", TagValues(OF_SNAPSHOT)),
                tell("aws:TagKeys", TagKeys(OF_SNAPSHOT)),
            ]),
            Access::new("ec2:CreateSnapshot", On::Ec2(Volume, "VolumeId")),
            tag_new(
                Snapshot,
                &["TagsOf.snapshot"],
                &[
                    tell("aws:RequestTag/${TagKey}", TagValues(OF_SNAPSHOT)),
                    tell("aws:TagKeys", TagKeys(OF_SNAPSHOT)),
                    tell("ec2:CreateAction", Fixed("CreateSnapshot")),
                ],
            ),
        ],
    ),
    Operation::new("CreateTags", &[Access::new("ec2:CreateTags", On::AnyEc2("Resources")).told(TAGS)]),
    Operation::new(
        "CreateVolume",
        &[
            Access::new("ec2:CreateVolume", On::NewEc2(Volume)).told(&[
                tell("aws:RequestTag/${TagKey}", TagValues(OF_VOLUME)),
                tell("aws:TagKeys", TagKeys(OF_VOLUME)),
                tell("ec2:Encrypted", Member("Encrypted")),
                tell("ec2:VolumeSize", Member("Size")),
                tell("ec2:VolumeType", Member("VolumeType")),
            ]),
            Access::new("ec2:CreateVolume", On::Ec2(Snapshot, "SnapshotId")).only_with(&["SnapshotId"]),
            tag_new(
                Volume,
                &["TagsOf.volume"],
                &[
                    tell("aws:RequestTag/${TagKey}", TagValues(OF_VOLUME)),
                    tell("aws:TagKeys", TagKeys(OF_VOLUME)),
                    tell("ec2:CreateAction", Fixed("CreateVolume")),
                ],
            ),
        ],
    ),
    Operation::new("DeleteFleets", &[Access::new("ec2:DeleteFleets", On::Ec2(Fleet, "FleetIds"))]),
    Operation::new(
        "DeleteLaunchTemplate",
        &[Access::new("ec2:DeleteLaunchTemplate", On::Ec2(LaunchTemplate, "LaunchTemplateId"))],
    ),
    Operation::new("DeleteSnapshot", &[Access::new("ec2:DeleteSnapshot", On::Ec2(Snapshot, "SnapshotId"))]),
    Operation::new("DeleteTags", &[Access::new("ec2:DeleteTags", On::AnyEc2("Resources")).told(TAGS)]),
    Operation::new("DeleteVolume", &[Access::new("ec2:DeleteVolume", On::Ec2(Volume, "VolumeId"))]),
    Operation::new("DeregisterImage", &[Access::new("ec2:DeregisterImage", On::Ec2(Image, "ImageId"))]),
    Operation::new("DescribeAvailabilityZones", &[Access::new("ec2:DescribeAvailabilityZones", Nothing)]),
    Operation::new("DescribeCapacityReservations", &[Access::new("ec2:DescribeCapacityReservations", Nothing)]),
    Operation::new("DescribeFleetHistory", &[Access::new("ec2:DescribeFleetHistory", On::Ec2(Fleet, "FleetId"))]),
    Operation::new("DescribeFleetInstances", &[Access::new("ec2:DescribeFleetInstances", On::Ec2(Fleet, "FleetId"))]),
    Operation::new("DescribeFleets", &[Access::new("ec2:DescribeFleets", Nothing)]),
    Operation::new("DescribeImageAttribute", &[Access::new("ec2:DescribeImageAttribute", On::Ec2(Image, "ImageId"))]),
    Operation::new("DescribeImages", &[Access::new("ec2:DescribeImages", Nothing)]),
    Operation::new("DescribeInstanceStatus", &[Access::new("ec2:DescribeInstanceStatus", Nothing)]),
    Operation::new("DescribeInstanceTypeOfferings", &[Access::new("ec2:DescribeInstanceTypeOfferings", Nothing)]),
    Operation::new("DescribeInstanceTypes", &[Access::new("ec2:DescribeInstanceTypes", Nothing)]),
    Operation::new("DescribeInstances", &[Access::new("ec2:DescribeInstances", Nothing)]),
    Operation::new("DescribeLaunchTemplateVersions", &[Access::new("ec2:DescribeLaunchTemplateVersions", Nothing)]),
    Operation::new("DescribeLaunchTemplates", &[Access::new("ec2:DescribeLaunchTemplates", Nothing)]),
    Operation::new("DescribePlacementGroups", &[Access::new("ec2:DescribePlacementGroups", Nothing)]),
    Operation::new("DescribeRegions", &[Access::new("ec2:DescribeRegions", Nothing)]),
    Operation::new("DescribeSecurityGroups", &[Access::new("ec2:DescribeSecurityGroups", Nothing)]),
    Operation::new(
        "DescribeSnapshotAttribute",
        &[Access::new("ec2:DescribeSnapshotAttribute", On::Ec2(Snapshot, "SnapshotId"))],
    ),
    Operation::new("DescribeSnapshots", &[Access::new("ec2:DescribeSnapshots", Nothing)]),
    Operation::new("DescribeSpotInstanceRequests", &[Access::new("ec2:DescribeSpotInstanceRequests", Nothing)]),
    Operation::new("DescribeSpotPriceHistory", &[Access::new("ec2:DescribeSpotPriceHistory", Nothing)]),
    Operation::new("DescribeSubnets", &[Access::new("ec2:DescribeSubnets", Nothing)]),
    Operation::new("DescribeTags", &[Access::new("ec2:DescribeTags", Nothing)]),
    Operation::new("DescribeVolumes", &[Access::new("ec2:DescribeVolumes", Nothing)]),
    Operation::new("DescribeVpcs", &[Access::new("ec2:DescribeVpcs", Nothing)]),
    Operation::new(
        "DetachVolume",
        &[
            Access::new("ec2:DetachVolume", On::Ec2(Instance, "InstanceId")).only_with(&["InstanceId"]),
            Access::new("ec2:DetachVolume", On::Ec2(Volume, "VolumeId")),
        ],
    ),
    Operation::new("DisableEbsEncryptionByDefault", &[Access::new("ec2:DisableEbsEncryptionByDefault", Nothing)]),
    Operation::new("EnableEbsEncryptionByDefault", &[Access::new("ec2:EnableEbsEncryptionByDefault", Nothing)]),
    Operation::new("GetEbsDefaultKmsKeyId", &[Access::new("ec2:GetEbsDefaultKmsKeyId", Nothing)]),
    Operation::new("GetEbsEncryptionByDefault", &[Access::new("ec2:GetEbsEncryptionByDefault", Nothing)]),
    Operation::new("ModifyEbsDefaultKmsKeyId", &[Access::new("ec2:ModifyEbsDefaultKmsKeyId", Nothing)]),
    Operation::new("ModifyFleet", &[Access::new("ec2:ModifyFleet", On::Ec2(Fleet, "FleetId"))]),
    Operation::new("ModifyImageAttribute", &[Access::new("ec2:ModifyImageAttribute", On::Ec2(Image, "ImageId"))]),
    Operation::new(
        "ModifySnapshotAttribute",
        &[Access::new("ec2:ModifySnapshotAttribute", On::Ec2(Snapshot, "SnapshotId"))],
    ),
    Operation::new(
        "RegisterImage",
        &[
            Access::new("ec2:RegisterImage", On::NewEc2(Image))
                .told(&[tell("aws:RequestTag/${TagKey}", TagValues(OF_IMAGE)), tell("aws:TagKeys", TagKeys(OF_IMAGE))]),
            tag_new(
                Image,
                &["TagsOf.image"],
                &[
                    tell("aws:RequestTag/${TagKey}", TagValues(OF_IMAGE)),
                    tell("aws:TagKeys", TagKeys(OF_IMAGE)),
                    tell("ec2:CreateAction", Fixed("RegisterImage")),
                ],
            ),
        ],
    ),
    Operation::new(
        "RequestSpotInstances",
        &[
            Access::new("ec2:RequestSpotInstances", On::Ec2(Image, "ImageId")),
            Access::new("ec2:RequestSpotInstances", On::Ec2(KeyPair, "KeyName")).only_with(&["KeyName"]),
            Access::new("ec2:RequestSpotInstances", On::Ec2(SecurityGroup, "SecurityGroupIds")),
            Access::new("ec2:RequestSpotInstances", On::Ec2(Snapshot, "SnapshotIds")).only_with(&["SnapshotIds"]),
            Access::new("ec2:RequestSpotInstances", On::NewEc2(SpotInstancesRequest)).told(&[
                tell("aws:RequestTag/${TagKey}", TagValues(OF_SPOT_REQUEST)),
                tell("aws:TagKeys", TagKeys(OF_SPOT_REQUEST)),
            ]),
            Access::new("ec2:RequestSpotInstances", On::Ec2(Subnet, "SubnetId")),
            tag_new(
                SpotInstancesRequest,
                &["TagsOf.spot-instances-request"],
                &[
                    tell("aws:RequestTag/${TagKey}", TagValues(OF_SPOT_REQUEST)),
                    tell("aws:TagKeys", TagKeys(OF_SPOT_REQUEST)),
                    tell("ec2:CreateAction", Fixed("RequestSpotInstances")),
                ],
            ),
            Access::new("iam:PassRole", On::Role("IamInstanceProfile.Role"))
                .only_with(&["IamInstanceProfile.Role"])
                .told(&[tell("iam:PassedToService", Fixed("ec2.amazonaws.com"))]),
        ],
    ),
    Operation::new("ResetEbsDefaultKmsKeyId", &[Access::new("ec2:ResetEbsDefaultKmsKeyId", Nothing)]),
    Operation::new(
        "RunInstances",
        &[
            Access::new("ec2:RunInstances", On::Ec2(Image, "ImageId")),
            Access::new("ec2:RunInstances", On::NewEc2(Instance)).told(&[
                tell("aws:RequestTag/${TagKey}", TagValues(OF_INSTANCE)),
                tell("aws:TagKeys", TagKeys(OF_INSTANCE)),
                tell("ec2:InstanceType", Member("InstanceType")),
                tell("ec2:InstanceMarketType", Member("MarketType")),
                tell("ec2:InstanceProfile", Member("IamInstanceProfile.Arn")),
            ]),
            Access::new("ec2:RunInstances", On::NewEc2(NetworkInterface)).told(&[
                tell("aws:RequestTag/${TagKey}", TagValues(OF_INTERFACE)),
                tell("aws:TagKeys", TagKeys(OF_INTERFACE)),
            ]),
            Access::new("ec2:RunInstances", On::Ec2(KeyPair, "KeyName")).only_with(&["KeyName"]),
            Access::new("ec2:RunInstances", On::Ec2(SecurityGroup, "SecurityGroupIds")),
            Access::new("ec2:RunInstances", On::Ec2(Snapshot, "SnapshotIds")).only_with(&["SnapshotIds"]),
            Access::new("ec2:RunInstances", On::Ec2(Subnet, "SubnetId")),
            Access::new("ec2:RunInstances", On::NewEc2(Volume)).told(&[
                tell("aws:RequestTag/${TagKey}", TagValues(OF_VOLUME)),
                tell("aws:TagKeys", TagKeys(OF_VOLUME)),
            ]),
            Access::new("ec2:RunInstances", On::Ec2(LaunchTemplate, "LaunchTemplate.LaunchTemplateId"))
                .only_with(&["LaunchTemplate.LaunchTemplateId"]),
            tag_new(
                Instance,
                &["TagsOf.instance"],
                &[
                    tell("aws:RequestTag/${TagKey}", TagValues(OF_INSTANCE)),
                    tell("aws:TagKeys", TagKeys(OF_INSTANCE)),
                    tell("ec2:CreateAction", Fixed("RunInstances")),
                ],
            ),
            tag_new(
                Volume,
                &["TagsOf.volume"],
                &[
                    tell("aws:RequestTag/${TagKey}", TagValues(OF_VOLUME)),
                    tell("aws:TagKeys", TagKeys(OF_VOLUME)),
                    tell("ec2:CreateAction", Fixed("RunInstances")),
                ],
            ),
            tag_new(
                NetworkInterface,
                &["TagsOf.network-interface"],
                &[
                    tell("aws:RequestTag/${TagKey}", TagValues(OF_INTERFACE)),
                    tell("aws:TagKeys", TagKeys(OF_INTERFACE)),
                    tell("ec2:CreateAction", Fixed("RunInstances")),
                ],
            ),
            Access::new("iam:PassRole", On::Role("IamInstanceProfile.Role"))
                .only_with(&["IamInstanceProfile.Role"])
                .told(&[tell("iam:PassedToService", Fixed("ec2.amazonaws.com"))]),
        ],
    ),
    Operation::new("StartInstances", &[Access::new("ec2:StartInstances", On::Ec2(Instance, "InstanceIds"))]),
    Operation::new("StopInstances", &[Access::new("ec2:StopInstances", On::Ec2(Instance, "InstanceIds"))]),
    Operation::new("TerminateInstances", &[Access::new("ec2:TerminateInstances", On::Ec2(Instance, "InstanceIds"))]),
];

const OF_FLEET: TagList = tags("TagsOf.fleet");
const OF_IMAGE: TagList = tags("TagsOf.image");
const OF_INSTANCE: TagList = tags("TagsOf.instance");
const OF_INTERFACE: TagList = tags("TagsOf.network-interface");
const OF_SNAPSHOT: TagList = tags("TagsOf.snapshot");
const OF_SPOT_REQUEST: TagList = tags("TagsOf.spot-instances-request");
const OF_TEMPLATE: TagList = tags("TagsOf.launch-template");
const OF_VOLUME: TagList = tags("TagsOf.volume");
const TAGS: &[Condition] =
    &[tell("aws:RequestTag/${TagKey}", TagValues(tags("Tags"))), tell("aws:TagKeys", TagKeys(tags("Tags")))];

const fn tags(member: &'static str) -> TagList {
    TagList { member, key: "Key", value: "Value" }
}

/// What is made with tags takes the permission to tag it as well.
const fn tag_new(kind: Ec2Kind, with: &'static [&'static str], told: &'static [Condition]) -> Access {
    Access::new("ec2:CreateTags", On::NewEc2(kind)).only_with(with).told(told)
}

const fn tell(key: &'static str, from: Source) -> Condition {
    Condition { key, from }
}
