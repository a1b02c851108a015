//! IAM.
//!
//! Sources: IAM API Reference, the page of each operation ("AddRoleToInstanceProfile": "The caller of this operation
//! must be granted the `PassRole` permission on the IAM role"); IAM User Guide, "Tags for IAM identities" (to tag what
//! is made takes the permission to tag it), "IAM and AWS STS condition context keys".

use super::{
    Access, Condition,
    IamKind::{Group, InstanceProfile, Mfa, OidcProvider, Policy, Role, User},
    On::{Arn, Caller, Identity, Named, New, Nothing, RoleOfTask, ServiceLinkedRole, UserOfAccessKey},
    Operation,
    Source::{self, Fixed, Member, TagKeys, TagValues},
    TagList,
};

/// By name: the order that look-ups rely on.
pub(super) static OPERATIONS: &[Operation] = &[
    Operation::new(
        "AddClientIDToOpenIDConnectProvider",
        &[Access::new("iam:AddClientIDToOpenIDConnectProvider", Arn(OidcProvider, "OpenIDConnectProviderArn"))],
    ),
    Operation::new(
        "AddRoleToInstanceProfile",
        &[
            Access::new("iam:AddRoleToInstanceProfile", Named(InstanceProfile, "InstanceProfileName")),
            Access::new("iam:PassRole", Named(Role, "RoleName")).told(PASSED_TO_EC2),
        ],
    ),
    Operation::new("AddUserToGroup", &[Access::new("iam:AddUserToGroup", Named(Group, "GroupName"))]),
    Operation::new(
        "AttachGroupPolicy",
        &[Access::new("iam:AttachGroupPolicy", Named(Group, "GroupName")).told(POLICY_ARN)],
    ),
    Operation::new(
        "AttachRolePolicy",
        &[Access::new("iam:AttachRolePolicy", Named(Role, "RoleName")).told(POLICY_ARN)],
    ),
    Operation::new(
        "AttachUserPolicy",
        &[Access::new("iam:AttachUserPolicy", Named(User, "UserName")).told(POLICY_ARN)],
    ),
    Operation::new("ChangePassword", &[Access::new("iam:ChangePassword", Caller)]),
    Operation::new("CreateAccessKey", &[Access::new("iam:CreateAccessKey", Named(User, "UserName"))]),
    Operation::new("CreateAccountAlias", &[Access::new("iam:CreateAccountAlias", Nothing)]),
    Operation::new("CreateGroup", &[Access::new("iam:CreateGroup", New(Group, "GroupName"))]),
    Operation::new(
        "CreateInstanceProfile",
        &[
            Access::new("iam:CreateInstanceProfile", New(InstanceProfile, "InstanceProfileName")).told(TAGGED),
            Access::new("iam:TagInstanceProfile", New(InstanceProfile, "InstanceProfileName"))
                .only_with(&["Tags"])
                .told(TAGGED),
        ],
    ),
    Operation::new("CreateLoginProfile", &[Access::new("iam:CreateLoginProfile", Named(User, "UserName"))]),
    Operation::new(
        "CreateOpenIDConnectProvider",
        &[
            Access::new("iam:CreateOpenIDConnectProvider", New(OidcProvider, "Url")).told(TAGGED),
            Access::new("iam:TagOpenIDConnectProvider", New(OidcProvider, "Url")).only_with(&["Tags"]).told(TAGGED),
        ],
    ),
    Operation::new(
        "CreatePolicy",
        &[
            Access::new("iam:CreatePolicy", New(Policy, "PolicyName")).told(TAGGED),
            Access::new("iam:TagPolicy", New(Policy, "PolicyName")).only_with(&["Tags"]).told(TAGGED),
        ],
    ),
    Operation::new("CreatePolicyVersion", &[Access::new("iam:CreatePolicyVersion", Arn(Policy, "PolicyArn"))]),
    Operation::new(
        "CreateRole",
        &[
            Access::new("iam:CreateRole", New(Role, "RoleName")).told(NEW_IDENTITY),
            Access::new("iam:TagRole", New(Role, "RoleName")).only_with(&["Tags"]).told(TAGGED),
        ],
    ),
    Operation::new(
        "CreateServiceLinkedRole",
        &[Access::new("iam:CreateServiceLinkedRole", ServiceLinkedRole("AWSServiceName"))
            .told(&[tell("iam:AWSServiceName", Member("AWSServiceName"))])],
    ),
    Operation::new(
        "CreateServiceSpecificCredential",
        &[Access::new("iam:CreateServiceSpecificCredential", Named(User, "UserName")).told(SERVICE_CREDENTIAL)],
    ),
    Operation::new(
        "CreateUser",
        &[
            Access::new("iam:CreateUser", New(User, "UserName")).told(NEW_IDENTITY),
            Access::new("iam:TagUser", New(User, "UserName")).only_with(&["Tags"]).told(TAGGED),
        ],
    ),
    Operation::new(
        "CreateVirtualMFADevice",
        &[
            Access::new("iam:CreateVirtualMFADevice", New(Mfa, "VirtualMFADeviceName")).told(TAGGED),
            Access::new("iam:TagMFADevice", New(Mfa, "VirtualMFADeviceName")).only_with(&["Tags"]).told(TAGGED),
        ],
    ),
    Operation::new("DeactivateMFADevice", &[Access::new("iam:DeactivateMFADevice", Named(User, "UserName"))]),
    Operation::new("DeleteAccessKey", &[Access::new("iam:DeleteAccessKey", Named(User, "UserName"))]),
    Operation::new("DeleteAccountAlias", &[Access::new("iam:DeleteAccountAlias", Nothing)]),
    Operation::new("DeleteAccountPasswordPolicy", &[Access::new("iam:DeleteAccountPasswordPolicy", Nothing)]),
    Operation::new("DeleteGroup", &[Access::new("iam:DeleteGroup", Named(Group, "GroupName"))]),
    Operation::new("DeleteGroupPolicy", &[Access::new("iam:DeleteGroupPolicy", Named(Group, "GroupName"))]),
    Operation::new(
        "DeleteInstanceProfile",
        &[Access::new("iam:DeleteInstanceProfile", Named(InstanceProfile, "InstanceProfileName"))],
    ),
    Operation::new("DeleteLoginProfile", &[Access::new("iam:DeleteLoginProfile", Named(User, "UserName"))]),
    Operation::new(
        "DeleteOpenIDConnectProvider",
        &[Access::new("iam:DeleteOpenIDConnectProvider", Arn(OidcProvider, "OpenIDConnectProviderArn"))],
    ),
    Operation::new("DeletePolicy", &[Access::new("iam:DeletePolicy", Arn(Policy, "PolicyArn"))]),
    Operation::new("DeletePolicyVersion", &[Access::new("iam:DeletePolicyVersion", Arn(Policy, "PolicyArn"))]),
    Operation::new("DeleteRole", &[Access::new("iam:DeleteRole", Named(Role, "RoleName"))]),
    Operation::new(
        "DeleteRolePermissionsBoundary",
        &[Access::new("iam:DeleteRolePermissionsBoundary", Named(Role, "RoleName"))],
    ),
    Operation::new("DeleteRolePolicy", &[Access::new("iam:DeleteRolePolicy", Named(Role, "RoleName"))]),
    Operation::new("DeleteServiceLinkedRole", &[Access::new("iam:DeleteServiceLinkedRole", Named(Role, "RoleName"))]),
    Operation::new(
        "DeleteServiceSpecificCredential",
        &[Access::new("iam:DeleteServiceSpecificCredential", Named(User, "UserName"))],
    ),
    Operation::new("DeleteUser", &[Access::new("iam:DeleteUser", Named(User, "UserName"))]),
    Operation::new(
        "DeleteUserPermissionsBoundary",
        &[Access::new("iam:DeleteUserPermissionsBoundary", Named(User, "UserName"))],
    ),
    Operation::new("DeleteUserPolicy", &[Access::new("iam:DeleteUserPolicy", Named(User, "UserName"))]),
    Operation::new("DeleteVirtualMFADevice", &[Access::new("iam:DeleteVirtualMFADevice", Arn(Mfa, "SerialNumber"))]),
    Operation::new(
        "DetachGroupPolicy",
        &[Access::new("iam:DetachGroupPolicy", Named(Group, "GroupName")).told(POLICY_ARN)],
    ),
    Operation::new(
        "DetachRolePolicy",
        &[Access::new("iam:DetachRolePolicy", Named(Role, "RoleName")).told(POLICY_ARN)],
    ),
    Operation::new(
        "DetachUserPolicy",
        &[Access::new("iam:DetachUserPolicy", Named(User, "UserName")).told(POLICY_ARN)],
    ),
    Operation::new("EnableMFADevice", &[Access::new("iam:EnableMFADevice", Named(User, "UserName"))]),
    Operation::new("GenerateCredentialReport", &[Access::new("iam:GenerateCredentialReport", Nothing)]),
    Operation::new("GetAccessKeyLastUsed", &[Access::new("iam:GetAccessKeyLastUsed", UserOfAccessKey("AccessKeyId"))]),
    Operation::new("GetAccountAuthorizationDetails", &[Access::new("iam:GetAccountAuthorizationDetails", Nothing)]),
    Operation::new("GetAccountPasswordPolicy", &[Access::new("iam:GetAccountPasswordPolicy", Nothing)]),
    Operation::new("GetAccountSummary", &[Access::new("iam:GetAccountSummary", Nothing)]),
    Operation::new("GetContextKeysForCustomPolicy", &[Access::new("iam:GetContextKeysForCustomPolicy", Nothing)]),
    Operation::new(
        "GetContextKeysForPrincipalPolicy",
        &[Access::new("iam:GetContextKeysForPrincipalPolicy", Identity("PolicySourceArn"))],
    ),
    Operation::new("GetCredentialReport", &[Access::new("iam:GetCredentialReport", Nothing)]),
    Operation::new("GetGroup", &[Access::new("iam:GetGroup", Named(Group, "GroupName"))]),
    Operation::new("GetGroupPolicy", &[Access::new("iam:GetGroupPolicy", Named(Group, "GroupName"))]),
    Operation::new(
        "GetInstanceProfile",
        &[Access::new("iam:GetInstanceProfile", Named(InstanceProfile, "InstanceProfileName"))],
    ),
    Operation::new("GetLoginProfile", &[Access::new("iam:GetLoginProfile", Named(User, "UserName"))]),
    Operation::new("GetMFADevice", &[Access::new("iam:GetMFADevice", Named(User, "UserName"))]),
    Operation::new(
        "GetOpenIDConnectProvider",
        &[Access::new("iam:GetOpenIDConnectProvider", Arn(OidcProvider, "OpenIDConnectProviderArn"))],
    ),
    Operation::new("GetPolicy", &[Access::new("iam:GetPolicy", Arn(Policy, "PolicyArn"))]),
    Operation::new("GetPolicyVersion", &[Access::new("iam:GetPolicyVersion", Arn(Policy, "PolicyArn"))]),
    Operation::new("GetRole", &[Access::new("iam:GetRole", Named(Role, "RoleName"))]),
    Operation::new("GetRolePolicy", &[Access::new("iam:GetRolePolicy", Named(Role, "RoleName"))]),
    Operation::new(
        "GetServiceLinkedRoleDeletionStatus",
        &[Access::new("iam:GetServiceLinkedRoleDeletionStatus", RoleOfTask("DeletionTaskId"))],
    ),
    Operation::new("GetUser", &[Access::new("iam:GetUser", Named(User, "UserName"))]),
    Operation::new("GetUserPolicy", &[Access::new("iam:GetUserPolicy", Named(User, "UserName"))]),
    Operation::new("ListAccessKeys", &[Access::new("iam:ListAccessKeys", Named(User, "UserName"))]),
    Operation::new("ListAccountAliases", &[Access::new("iam:ListAccountAliases", Nothing)]),
    Operation::new(
        "ListAttachedGroupPolicies",
        &[Access::new("iam:ListAttachedGroupPolicies", Named(Group, "GroupName"))],
    ),
    Operation::new("ListAttachedRolePolicies", &[Access::new("iam:ListAttachedRolePolicies", Named(Role, "RoleName"))]),
    Operation::new("ListAttachedUserPolicies", &[Access::new("iam:ListAttachedUserPolicies", Named(User, "UserName"))]),
    Operation::new("ListEntitiesForPolicy", &[Access::new("iam:ListEntitiesForPolicy", Arn(Policy, "PolicyArn"))]),
    Operation::new("ListGroupPolicies", &[Access::new("iam:ListGroupPolicies", Named(Group, "GroupName"))]),
    Operation::new("ListGroups", &[Access::new("iam:ListGroups", Nothing)]),
    Operation::new("ListGroupsForUser", &[Access::new("iam:ListGroupsForUser", Named(User, "UserName"))]),
    Operation::new(
        "ListInstanceProfileTags",
        &[Access::new("iam:ListInstanceProfileTags", Named(InstanceProfile, "InstanceProfileName"))],
    ),
    Operation::new("ListInstanceProfiles", &[Access::new("iam:ListInstanceProfiles", Nothing)]),
    Operation::new(
        "ListInstanceProfilesForRole",
        &[Access::new("iam:ListInstanceProfilesForRole", Named(Role, "RoleName"))],
    ),
    Operation::new("ListMFADeviceTags", &[Access::new("iam:ListMFADeviceTags", Arn(Mfa, "SerialNumber"))]),
    Operation::new("ListMFADevices", &[Access::new("iam:ListMFADevices", Named(User, "UserName"))]),
    Operation::new(
        "ListOpenIDConnectProviderTags",
        &[Access::new("iam:ListOpenIDConnectProviderTags", Arn(OidcProvider, "OpenIDConnectProviderArn"))],
    ),
    Operation::new("ListOpenIDConnectProviders", &[Access::new("iam:ListOpenIDConnectProviders", Nothing)]),
    Operation::new("ListPolicies", &[Access::new("iam:ListPolicies", Nothing)]),
    Operation::new("ListPolicyTags", &[Access::new("iam:ListPolicyTags", Arn(Policy, "PolicyArn"))]),
    Operation::new("ListPolicyVersions", &[Access::new("iam:ListPolicyVersions", Arn(Policy, "PolicyArn"))]),
    Operation::new("ListRolePolicies", &[Access::new("iam:ListRolePolicies", Named(Role, "RoleName"))]),
    Operation::new("ListRoleTags", &[Access::new("iam:ListRoleTags", Named(Role, "RoleName"))]),
    Operation::new("ListRoles", &[Access::new("iam:ListRoles", Nothing)]),
    Operation::new(
        "ListServiceSpecificCredentials",
        &[Access::new("iam:ListServiceSpecificCredentials", Named(User, "UserName"))],
    ),
    Operation::new("ListUserPolicies", &[Access::new("iam:ListUserPolicies", Named(User, "UserName"))]),
    Operation::new("ListUserTags", &[Access::new("iam:ListUserTags", Named(User, "UserName"))]),
    Operation::new("ListUsers", &[Access::new("iam:ListUsers", Nothing)]),
    Operation::new("ListVirtualMFADevices", &[Access::new("iam:ListVirtualMFADevices", Nothing)]),
    Operation::new("PutGroupPolicy", &[Access::new("iam:PutGroupPolicy", Named(Group, "GroupName"))]),
    Operation::new(
        "PutRolePermissionsBoundary",
        &[Access::new("iam:PutRolePermissionsBoundary", Named(Role, "RoleName")).told(BOUNDARY)],
    ),
    Operation::new("PutRolePolicy", &[Access::new("iam:PutRolePolicy", Named(Role, "RoleName"))]),
    Operation::new(
        "PutUserPermissionsBoundary",
        &[Access::new("iam:PutUserPermissionsBoundary", Named(User, "UserName")).told(BOUNDARY)],
    ),
    Operation::new("PutUserPolicy", &[Access::new("iam:PutUserPolicy", Named(User, "UserName"))]),
    Operation::new(
        "RemoveClientIDFromOpenIDConnectProvider",
        &[Access::new("iam:RemoveClientIDFromOpenIDConnectProvider", Arn(OidcProvider, "OpenIDConnectProviderArn"))],
    ),
    Operation::new(
        "RemoveRoleFromInstanceProfile",
        &[Access::new("iam:RemoveRoleFromInstanceProfile", Named(InstanceProfile, "InstanceProfileName"))],
    ),
    Operation::new("RemoveUserFromGroup", &[Access::new("iam:RemoveUserFromGroup", Named(Group, "GroupName"))]),
    Operation::new(
        "ResetServiceSpecificCredential",
        &[Access::new("iam:ResetServiceSpecificCredential", Named(User, "UserName"))],
    ),
    Operation::new("ResyncMFADevice", &[Access::new("iam:ResyncMFADevice", Named(User, "UserName"))]),
    Operation::new("SetDefaultPolicyVersion", &[Access::new("iam:SetDefaultPolicyVersion", Arn(Policy, "PolicyArn"))]),
    Operation::new("SimulateCustomPolicy", &[Access::new("iam:SimulateCustomPolicy", Nothing)]),
    Operation::new(
        "SimulatePrincipalPolicy",
        &[Access::new("iam:SimulatePrincipalPolicy", Identity("PolicySourceArn"))],
    ),
    Operation::new(
        "TagInstanceProfile",
        &[Access::new("iam:TagInstanceProfile", Named(InstanceProfile, "InstanceProfileName")).told(TAGGED)],
    ),
    Operation::new("TagMFADevice", &[Access::new("iam:TagMFADevice", Arn(Mfa, "SerialNumber")).told(TAGGED)]),
    Operation::new(
        "TagOpenIDConnectProvider",
        &[Access::new("iam:TagOpenIDConnectProvider", Arn(OidcProvider, "OpenIDConnectProviderArn")).told(TAGGED)],
    ),
    Operation::new("TagPolicy", &[Access::new("iam:TagPolicy", Arn(Policy, "PolicyArn")).told(TAGGED)]),
    Operation::new("TagRole", &[Access::new("iam:TagRole", Named(Role, "RoleName")).told(TAGGED)]),
    Operation::new("TagUser", &[Access::new("iam:TagUser", Named(User, "UserName")).told(TAGGED)]),
    Operation::new(
        "UntagInstanceProfile",
        &[Access::new("iam:UntagInstanceProfile", Named(InstanceProfile, "InstanceProfileName")).told(UNTAGGED)],
    ),
    Operation::new("UntagMFADevice", &[Access::new("iam:UntagMFADevice", Arn(Mfa, "SerialNumber")).told(UNTAGGED)]),
    Operation::new(
        "UntagOpenIDConnectProvider",
        &[Access::new("iam:UntagOpenIDConnectProvider", Arn(OidcProvider, "OpenIDConnectProviderArn")).told(UNTAGGED)],
    ),
    Operation::new("UntagPolicy", &[Access::new("iam:UntagPolicy", Arn(Policy, "PolicyArn")).told(UNTAGGED)]),
    Operation::new("UntagRole", &[Access::new("iam:UntagRole", Named(Role, "RoleName")).told(UNTAGGED)]),
    Operation::new("UntagUser", &[Access::new("iam:UntagUser", Named(User, "UserName")).told(UNTAGGED)]),
    Operation::new("UpdateAccessKey", &[Access::new("iam:UpdateAccessKey", Named(User, "UserName"))]),
    Operation::new("UpdateAccountPasswordPolicy", &[Access::new("iam:UpdateAccountPasswordPolicy", Nothing)]),
    Operation::new("UpdateAssumeRolePolicy", &[Access::new("iam:UpdateAssumeRolePolicy", Named(Role, "RoleName"))]),
    Operation::new("UpdateGroup", &[Access::new("iam:UpdateGroup", Named(Group, "GroupName"))]),
    Operation::new("UpdateLoginProfile", &[Access::new("iam:UpdateLoginProfile", Named(User, "UserName"))]),
    Operation::new(
        "UpdateOpenIDConnectProviderThumbprint",
        &[Access::new("iam:UpdateOpenIDConnectProviderThumbprint", Arn(OidcProvider, "OpenIDConnectProviderArn"))],
    ),
    Operation::new("UpdateRole", &[Access::new("iam:UpdateRole", Named(Role, "RoleName"))]),
    Operation::new("UpdateRoleDescription", &[Access::new("iam:UpdateRoleDescription", Named(Role, "RoleName"))]),
    Operation::new(
        "UpdateServiceSpecificCredential",
        &[Access::new("iam:UpdateServiceSpecificCredential", Named(User, "UserName"))],
    ),
    Operation::new("UpdateUser", &[Access::new("iam:UpdateUser", Named(User, "UserName"))]),
];

const POLICY_ARN: &[Condition] = &[tell("iam:PolicyARN", Member("PolicyArn"))];
const BOUNDARY: &[Condition] = &[tell("iam:PermissionsBoundary", Member("PermissionsBoundary"))];
const NEW_IDENTITY: &[Condition] =
    &[REQUEST_TAG, TAG_KEYS, tell("iam:PermissionsBoundary", Member("PermissionsBoundary"))];
const SERVICE_CREDENTIAL: &[Condition] = &[
    tell("iam:ServiceSpecificCredentialAgeDays", Member("CredentialAgeDays")),
    tell("iam:ServiceSpecificCredentialServiceName", Member("ServiceName")),
];
const TAGGED: &[Condition] = &[REQUEST_TAG, TAG_KEYS];
const UNTAGGED: &[Condition] = &[tell("aws:TagKeys", Member("TagKeys"))];
/// An instance profile hands its role to EC2 and to nobody else.
const PASSED_TO_EC2: &[Condition] = &[tell("iam:PassedToService", Fixed("ec2.amazonaws.com"))];

const REQUEST_TAG: Condition = tell("aws:RequestTag/${TagKey}", TagValues(TAGS));
const TAG_KEYS: Condition = tell("aws:TagKeys", TagKeys(TAGS));
const TAGS: TagList = TagList { member: "Tags", key: "Key", value: "Value" };

const fn tell(key: &'static str, from: Source) -> Condition {
    Condition { key, from }
}
