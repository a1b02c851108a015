//! Organizations.
//!
//! Where the published data lists several types of resources of which one call names several (the policy and what it is
//! attached to; the account and where it moves), the caller must be allowed the action on each.
//!
//! Source: AWS Organizations User Guide, "Identity-based policies for AWS Organizations"; AWS Organizations API Reference,
//! `CreateAccount` and its kin > `Tags` (tags need `organizations:TagResource`).

use super::{
    Access, Condition,
    On::{self, InOrganization, Nothing},
    Operation,
    Source::{self, Member, TagKeys, TagValues},
    TagList,
};

/// By name: the order that look-ups rely on.
pub(super) static OPERATIONS: &[Operation] = &[
    Operation::new("AcceptHandshake", &[on("organizations:AcceptHandshake", "HandshakeId")]),
    Operation::new(
        "AttachPolicy",
        &[on("organizations:AttachPolicy", POLICY), on("organizations:AttachPolicy", TARGET)],
    ),
    Operation::new("CancelHandshake", &[on("organizations:CancelHandshake", "HandshakeId")]),
    Operation::new("CloseAccount", &[on("organizations:CloseAccount", ACCOUNT)]),
    Operation::new("CreateAccount", &[Access::new("organizations:CreateAccount", Nothing).told(TAGS), TAG_NEW]),
    Operation::new("CreateOrganization", &[Access::new("organizations:CreateOrganization", Nothing)]),
    Operation::new(
        "CreateOrganizationalUnit",
        &[on("organizations:CreateOrganizationalUnit", PARENT).told(TAGS), TAG_NEW],
    ),
    Operation::new(
        "CreatePolicy",
        &[
            Access::new("organizations:CreatePolicy", On::NewOrganizationPolicy("Type")).told(&[
                tell("organizations:PolicyType", Member("Type")),
                TAG_VALUES,
                TAG_KEYS,
            ]),
            TAG_NEW,
        ],
    ),
    Operation::new("DeclineHandshake", &[on("organizations:DeclineHandshake", "HandshakeId")]),
    Operation::new("DeleteOrganization", &[Access::new("organizations:DeleteOrganization", Nothing)]),
    Operation::new("DeleteOrganizationalUnit", &[on("organizations:DeleteOrganizationalUnit", UNIT)]),
    Operation::new("DeletePolicy", &[on("organizations:DeletePolicy", POLICY)]),
    Operation::new(
        "DeregisterDelegatedAdministrator",
        &[on("organizations:DeregisterDelegatedAdministrator", ACCOUNT).told(SERVICE)],
    ),
    Operation::new("DescribeAccount", &[on("organizations:DescribeAccount", ACCOUNT)]),
    Operation::new("DescribeCreateAccountStatus", &[Access::new("organizations:DescribeCreateAccountStatus", Nothing)]),
    Operation::new("DescribeHandshake", &[on("organizations:DescribeHandshake", "HandshakeId")]),
    Operation::new("DescribeOrganization", &[Access::new("organizations:DescribeOrganization", Nothing)]),
    Operation::new("DescribeOrganizationalUnit", &[on("organizations:DescribeOrganizationalUnit", UNIT)]),
    Operation::new("DescribePolicy", &[on("organizations:DescribePolicy", POLICY)]),
    Operation::new(
        "DetachPolicy",
        &[on("organizations:DetachPolicy", POLICY), on("organizations:DetachPolicy", TARGET)],
    ),
    Operation::new(
        "DisableAWSServiceAccess",
        &[Access::new("organizations:DisableAWSServiceAccess", Nothing).told(SERVICE)],
    ),
    Operation::new(
        "DisablePolicyType",
        &[on("organizations:DisablePolicyType", "RootId")
            .told(&[tell("organizations:PolicyType", Member("PolicyType"))])],
    ),
    Operation::new(
        "EnableAWSServiceAccess",
        &[Access::new("organizations:EnableAWSServiceAccess", Nothing).told(SERVICE)],
    ),
    Operation::new(
        "EnablePolicyType",
        &[on("organizations:EnablePolicyType", "RootId")
            .told(&[tell("organizations:PolicyType", Member("PolicyType"))])],
    ),
    Operation::new(
        "InviteAccountToOrganization",
        &[on("organizations:InviteAccountToOrganization", "Target.Id").told(TAGS), TAG_NEW],
    ),
    Operation::new("LeaveOrganization", &[Access::new("organizations:LeaveOrganization", Nothing)]),
    Operation::new(
        "ListAWSServiceAccessForOrganization",
        &[Access::new("organizations:ListAWSServiceAccessForOrganization", Nothing)],
    ),
    Operation::new("ListAccounts", &[Access::new("organizations:ListAccounts", Nothing)]),
    Operation::new("ListAccountsForParent", &[on("organizations:ListAccountsForParent", PARENT)]),
    Operation::new("ListChildren", &[on("organizations:ListChildren", PARENT)]),
    Operation::new("ListCreateAccountStatus", &[Access::new("organizations:ListCreateAccountStatus", Nothing)]),
    Operation::new(
        "ListDelegatedAdministrators",
        &[Access::new("organizations:ListDelegatedAdministrators", Nothing).told(SERVICE)],
    ),
    Operation::new("ListDelegatedServicesForAccount", &[on("organizations:ListDelegatedServicesForAccount", ACCOUNT)]),
    Operation::new("ListHandshakesForAccount", &[Access::new("organizations:ListHandshakesForAccount", Nothing)]),
    Operation::new(
        "ListHandshakesForOrganization",
        &[Access::new("organizations:ListHandshakesForOrganization", Nothing)],
    ),
    Operation::new("ListOrganizationalUnitsForParent", &[on("organizations:ListOrganizationalUnitsForParent", PARENT)]),
    Operation::new("ListParents", &[on("organizations:ListParents", "ChildId")]),
    Operation::new("ListPolicies", &[Access::new("organizations:ListPolicies", Nothing).told(FILTER)]),
    Operation::new("ListPoliciesForTarget", &[on("organizations:ListPoliciesForTarget", TARGET).told(FILTER)]),
    Operation::new("ListRoots", &[Access::new("organizations:ListRoots", Nothing)]),
    Operation::new("ListTagsForResource", &[on("organizations:ListTagsForResource", "ResourceId")]),
    Operation::new("ListTargetsForPolicy", &[on("organizations:ListTargetsForPolicy", POLICY)]),
    Operation::new(
        "MoveAccount",
        &[
            on("organizations:MoveAccount", ACCOUNT),
            on("organizations:MoveAccount", "SourceParentId"),
            on("organizations:MoveAccount", "DestinationParentId"),
        ],
    ),
    Operation::new(
        "RegisterDelegatedAdministrator",
        &[on("organizations:RegisterDelegatedAdministrator", ACCOUNT).told(SERVICE)],
    ),
    Operation::new("RemoveAccountFromOrganization", &[on("organizations:RemoveAccountFromOrganization", ACCOUNT)]),
    Operation::new("TagResource", &[on("organizations:TagResource", "ResourceId").told(TAGS)]),
    Operation::new(
        "UntagResource",
        &[on("organizations:UntagResource", "ResourceId").told(&[tell("aws:TagKeys", Member("TagKeys"))])],
    ),
    Operation::new("UpdateOrganizationalUnit", &[on("organizations:UpdateOrganizationalUnit", UNIT)]),
    Operation::new("UpdatePolicy", &[on("organizations:UpdatePolicy", POLICY)]),
];

const ACCOUNT: &str = "AccountId";
const PARENT: &str = "ParentId";
const POLICY: &str = "PolicyId";
const TARGET: &str = "TargetId";
const UNIT: &str = "OrganizationalUnitId";

const FILTER: &[Condition] = &[tell("organizations:PolicyType", Member("Filter"))];
const SERVICE: &[Condition] = &[tell("organizations:ServicePrincipal", Member("ServicePrincipal"))];
const TAGS: &[Condition] = &[TAG_VALUES, TAG_KEYS];
const TAG_VALUES: Condition = tell("aws:RequestTag/${TagKey}", TagValues(TAG_LIST));
const TAG_KEYS: Condition = tell("aws:TagKeys", TagKeys(TAG_LIST));
const TAG_LIST: TagList = TagList { member: "Tags", key: "Key", value: "Value" };
/// What is made with tags has no ARN yet.
const TAG_NEW: Access = Access::new("organizations:TagResource", Nothing).only_with(&["Tags"]).told(TAGS);

const fn on(action: &'static str, member: &'static str) -> Access {
    Access::new(action, InOrganization(member))
}

const fn tell(key: &'static str, from: Source) -> Condition {
    Condition { key, from }
}
