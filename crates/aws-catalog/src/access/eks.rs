//! EKS.
//!
//! Sources: Service Authorization Reference, "Actions, resources, and condition keys for Amazon Elastic Kubernetes Service";
//! Amazon EKS User Guide, "Assign an IAM role to a Kubernetes service account" (who makes an association must be let pass the
//! role) and "Amazon EKS cluster IAM role".

use super::{
    Access, Condition,
    On::{
        AccessEntry, EksAddon, EksArn, EksCluster, FargateProfile, IdentityProvider, NodeGroup, NodeRole, Nothing,
        PodIdentityAssociation, Role, RolesIn,
    },
    Operation,
    Source::{self, Fixed, InEach, MapKeys, MapValues, Member, MemberOr},
};

/// By name: the order that look-ups rely on.
pub(super) static OPERATIONS: &[Operation] = &[
    Operation::new(
        "AssociateAccessPolicy",
        &[Access::new("eks:AssociateAccessPolicy", ENTRY).told(&[
            tell("eks:accessScope", Member("accessScope.type")),
            tell("eks:namespaces", Member("accessScope.namespaces")),
            tell("eks:policyArn", Member("policyArn")),
        ])],
    ),
    Operation::new(
        "AssociateEncryptionConfig",
        &[Access::new("eks:AssociateEncryptionConfig", EksCluster("clusterName")).told(&[KEY_ARNS])],
    ),
    Operation::new(
        "AssociateIdentityProviderConfig",
        &[Access::new("eks:AssociateIdentityProviderConfig", EksCluster("clusterName")).told(&[
            TAG_VALUES,
            TAG_KEYS,
            tell("eks:clientId", Member("oidc.clientId")),
            tell("eks:issuerUrl", Member("oidc.issuerUrl")),
        ])],
    ),
    Operation::new(
        "CreateAccessEntry",
        &[
            Access::new("eks:CreateAccessEntry", EksCluster("clusterName")).told(&[
                TAG_VALUES,
                TAG_KEYS,
                tell("eks:accessEntryType", MemberOr(&["type"], "STANDARD")),
                tell("eks:kubernetesGroups", Member("kubernetesGroups")),
                tell("eks:principalArn", Member("principalArn")),
                tell("eks:username", Member("username")),
            ]),
            // Source: Amazon EKS User Guide, "Create access entries". To which service, no document tells: it is the
            // one that runs the nodes (assumed).
            Access::new("iam:PassRole", NodeRole { role: "principalArn", kind: "type" })
                .told(&[tell("iam:PassedToService", Fixed("ec2.amazonaws.com"))]),
        ],
    ),
    Operation::new(
        "CreateAddon",
        &[Access::new("eks:CreateAddon", EksCluster("clusterName")).told(TAGS), PASS_TO_ADDON, PASS_TO_PODS_OF_ADDON],
    ),
    Operation::new(
        "CreateCluster",
        &[
            Access::new("eks:CreateCluster", Nothing).told(CREATE_CLUSTER),
            Access::new("iam:PassRole", Role("roleArn")).told(PASSED_TO_EKS),
        ],
    ),
    Operation::new(
        "CreateFargateProfile",
        &[
            Access::new("eks:CreateFargateProfile", EksCluster("clusterName")).told(TAGS),
            Access::new("iam:PassRole", Role("podExecutionRoleArn"))
                .told(&[tell("iam:PassedToService", Fixed("eks-fargate-pods.amazonaws.com"))]),
        ],
    ),
    Operation::new(
        "CreateNodegroup",
        &[
            Access::new("eks:CreateNodegroup", EksCluster("clusterName")).told(TAGS),
            // Source: kubernetes-sigs/cluster-api-provider-aws, the policy of its controllers, and eksctl's minimum policies.
            Access::new("iam:PassRole", Role("nodeRole")).told(PASSED_TO_EKS),
        ],
    ),
    Operation::new(
        "CreatePodIdentityAssociation",
        &[
            Access::new("eks:CreatePodIdentityAssociation", EksCluster("clusterName")).told(TAGS),
            Access::new("iam:PassRole", Role("roleArn")).told(PASSED_TO_PODS),
        ],
    ),
    Operation::new("DeleteAccessEntry", &[Access::new("eks:DeleteAccessEntry", ENTRY)]),
    Operation::new("DeleteAddon", &[Access::new("eks:DeleteAddon", ADDON)]),
    Operation::new("DeleteCluster", &[Access::new("eks:DeleteCluster", EksCluster("name"))]),
    Operation::new("DeleteFargateProfile", &[Access::new("eks:DeleteFargateProfile", PROFILE)]),
    Operation::new("DeleteNodegroup", &[Access::new("eks:DeleteNodegroup", NODES)]),
    Operation::new("DeletePodIdentityAssociation", &[Access::new("eks:DeletePodIdentityAssociation", ASSOCIATION)]),
    Operation::new("DescribeAccessEntry", &[Access::new("eks:DescribeAccessEntry", ENTRY)]),
    Operation::new("DescribeAddon", &[Access::new("eks:DescribeAddon", ADDON)]),
    Operation::new("DescribeAddonConfiguration", &[Access::new("eks:DescribeAddonConfiguration", Nothing)]),
    Operation::new("DescribeAddonVersions", &[Access::new("eks:DescribeAddonVersions", Nothing)]),
    Operation::new("DescribeCluster", &[Access::new("eks:DescribeCluster", EksCluster("name"))]),
    Operation::new("DescribeClusterVersions", &[Access::new("eks:DescribeClusterVersions", Nothing)]),
    Operation::new("DescribeFargateProfile", &[Access::new("eks:DescribeFargateProfile", PROFILE)]),
    Operation::new("DescribeIdentityProviderConfig", &[Access::new("eks:DescribeIdentityProviderConfig", PROVIDER)]),
    Operation::new("DescribeNodegroup", &[Access::new("eks:DescribeNodegroup", NODES)]),
    Operation::new("DescribePodIdentityAssociation", &[Access::new("eks:DescribePodIdentityAssociation", ASSOCIATION)]),
    Operation::new(
        "DescribeUpdate",
        &[
            Access::new("eks:DescribeUpdate", EksCluster("name")),
            Access::new("eks:DescribeUpdate", ADDON_OF_NAME).only_with(&["addonName"]),
            Access::new("eks:DescribeUpdate", NODES_OF_NAME).only_with(&["nodegroupName"]),
        ],
    ),
    Operation::new(
        "DisassociateAccessPolicy",
        &[Access::new("eks:DisassociateAccessPolicy", ENTRY).told(&[tell("eks:policyArn", Member("policyArn"))])],
    ),
    Operation::new(
        "DisassociateIdentityProviderConfig",
        &[Access::new("eks:DisassociateIdentityProviderConfig", PROVIDER)],
    ),
    Operation::new("ListAccessEntries", &[Access::new("eks:ListAccessEntries", EksCluster("clusterName"))]),
    Operation::new("ListAccessPolicies", &[Access::new("eks:ListAccessPolicies", Nothing)]),
    Operation::new("ListAddons", &[Access::new("eks:ListAddons", EksCluster("clusterName"))]),
    Operation::new("ListAssociatedAccessPolicies", &[Access::new("eks:ListAssociatedAccessPolicies", ENTRY)]),
    Operation::new("ListClusters", &[Access::new("eks:ListClusters", Nothing)]),
    Operation::new("ListFargateProfiles", &[Access::new("eks:ListFargateProfiles", EksCluster("clusterName"))]),
    Operation::new(
        "ListIdentityProviderConfigs",
        &[Access::new("eks:ListIdentityProviderConfigs", EksCluster("clusterName"))],
    ),
    Operation::new("ListNodegroups", &[Access::new("eks:ListNodegroups", EksCluster("clusterName"))]),
    Operation::new(
        "ListPodIdentityAssociations",
        &[Access::new("eks:ListPodIdentityAssociations", EksCluster("clusterName"))],
    ),
    Operation::new("ListTagsForResource", &[Access::new("eks:ListTagsForResource", EksArn("resourceArn"))]),
    Operation::new(
        "ListUpdates",
        &[
            Access::new("eks:ListUpdates", EksCluster("name")),
            Access::new("eks:ListUpdates", ADDON_OF_NAME).only_with(&["addonName"]),
            Access::new("eks:ListUpdates", NODES_OF_NAME).only_with(&["nodegroupName"]),
        ],
    ),
    Operation::new("TagResource", &[Access::new("eks:TagResource", EksArn("resourceArn")).told(TAGS)]),
    Operation::new(
        "UntagResource",
        &[Access::new("eks:UntagResource", EksArn("resourceArn")).told(&[tell("aws:TagKeys", Member("tagKeys"))])],
    ),
    Operation::new("UpdateAccessEntry", &[Access::new("eks:UpdateAccessEntry", ENTRY)]),
    Operation::new("UpdateAddon", &[Access::new("eks:UpdateAddon", ADDON), PASS_TO_ADDON, PASS_TO_PODS_OF_ADDON]),
    Operation::new(
        "UpdateClusterConfig",
        &[Access::new("eks:UpdateClusterConfig", EksCluster("name")).told(&[
            tell("eks:authenticationMode", Member("accessConfig.authenticationMode")),
            tell("eks:deletionProtection", Member("deletionProtection")),
            tell("eks:elasticLoadBalancingEnabled", Member("kubernetesNetworkConfig.elasticLoadBalancing.enabled")),
            tell("eks:endpointPrivateAccess", Member("resourcesVpcConfig.endpointPrivateAccess")),
            tell("eks:endpointPublicAccess", Member("resourcesVpcConfig.endpointPublicAccess")),
            tell("eks:supportType", Member("upgradePolicy.supportType")),
        ])],
    ),
    Operation::new(
        "UpdateClusterVersion",
        &[Access::new("eks:UpdateClusterVersion", EksCluster("name"))
            .told(&[tell("eks:kubernetesVersion", Member("version"))])],
    ),
    Operation::new("UpdateNodegroupConfig", &[Access::new("eks:UpdateNodegroupConfig", NODES)]),
    Operation::new("UpdateNodegroupVersion", &[Access::new("eks:UpdateNodegroupVersion", NODES)]),
    Operation::new(
        "UpdatePodIdentityAssociation",
        &[
            Access::new("eks:UpdatePodIdentityAssociation", ASSOCIATION),
            Access::new("iam:PassRole", Role("roleArn")).only_with(&["roleArn"]).told(PASSED_TO_PODS),
        ],
    ),
];

const PROFILE: super::On = FargateProfile { cluster: "clusterName", name: "fargateProfileName" };
const NODES: super::On = NodeGroup { cluster: "clusterName", name: "nodegroupName" };
const NODES_OF_NAME: super::On = NodeGroup { cluster: "name", name: "nodegroupName" };
const PROVIDER: super::On = IdentityProvider {
    cluster: "clusterName",
    kind: "identityProviderConfig.type",
    name: "identityProviderConfig.name",
};
const ENTRY: super::On = AccessEntry { cluster: "clusterName", principal: "principalArn" };
const ADDON: super::On = EksAddon { cluster: "clusterName", name: "addonName" };
const ADDON_OF_NAME: super::On = EksAddon { cluster: "name", name: "addonName" };
/// Which service a role is passed to that an add-on's service account has by its token, no document tells: it is handed to
/// EKS.
const PASS_TO_ADDON: Access = Access::new("iam:PassRole", Role("serviceAccountRoleArn"))
    .only_with(&["serviceAccountRoleArn"])
    .told(PASSED_TO_EKS);
const PASS_TO_PODS_OF_ADDON: Access =
    Access::new("iam:PassRole", RolesIn { list: "podIdentityAssociations", member: "roleArn" })
        .only_with(&["podIdentityAssociations"])
        .told(PASSED_TO_PODS);
const ASSOCIATION: super::On = PodIdentityAssociation { cluster: "clusterName", id: "associationId" };
const PASSED_TO_EKS: &[Condition] = &[tell("iam:PassedToService", Fixed("eks.amazonaws.com"))];
const PASSED_TO_PODS: &[Condition] = &[tell("iam:PassedToService", Fixed("pods.eks.amazonaws.com"))];
const TAGS: &[Condition] = &[TAG_VALUES, TAG_KEYS];
const TAG_VALUES: Condition = tell("aws:RequestTag/${TagKey}", MapValues("tags"));
const TAG_KEYS: Condition = tell("aws:TagKeys", MapKeys("tags"));
const KEY_ARNS: Condition = tell("eks:encryptionConfigProviderKeyArns", InEach("encryptionConfig", "provider.keyArn"));
const CREATE_CLUSTER: &[Condition] = &[
    TAG_VALUES,
    TAG_KEYS,
    tell("eks:authenticationMode", Member("accessConfig.authenticationMode")),
    tell("eks:bootstrapClusterCreatorAdminPermissions", Member("accessConfig.bootstrapClusterCreatorAdminPermissions")),
    tell("eks:bootstrapSelfManagedAddons", Member("bootstrapSelfManagedAddons")),
    tell("eks:deletionProtection", Member("deletionProtection")),
    tell("eks:elasticLoadBalancingEnabled", Member("kubernetesNetworkConfig.elasticLoadBalancing.enabled")),
    KEY_ARNS,
    tell("eks:endpointPrivateAccess", Member("resourcesVpcConfig.endpointPrivateAccess")),
    tell("eks:endpointPublicAccess", Member("resourcesVpcConfig.endpointPublicAccess")),
    tell("eks:kubernetesVersion", Member("version")),
    tell("eks:supportType", Member("upgradePolicy.supportType")),
];

const fn tell(key: &'static str, from: Source) -> Condition {
    Condition { key, from }
}
