//! STS.

use super::{
    Access, Condition,
    On::{FederatedUser, Nothing, Role},
    Operation,
    Source::{self, Member, TagKeys, TagValues},
    TagList,
};

/// By name: the order that look-ups rely on.
pub(super) static OPERATIONS: &[Operation] = &[
    Operation::new(
        "AssumeRole",
        &[
            Access::new("sts:AssumeRole", Role("RoleArn")).told(ASSUME_ROLE),
            Access::new("sts:TagSession", Role("RoleArn")).only_with(&["Tags", "TransitiveTagKeys"]).told(SESSION_TAGS),
            // A chained session keeps its source identity: then the permission is asked though no member gives it.
            Access::new("sts:SetSourceIdentity", Role("RoleArn"))
                .only_with(&["SourceIdentity"])
                .told(&[tell("sts:SourceIdentity", Member("SourceIdentity"))]),
            Access::new("sts:SetContext", Role("RoleArn")).only_with(&["ProvidedContexts"]),
        ],
    ),
    // Tags and a source identity are claims of the token: who verifies it hands them in as members that AssumeRole has.
    Operation::new(
        "AssumeRoleWithWebIdentity",
        &[
            Access::new("sts:AssumeRoleWithWebIdentity", Role("RoleArn")).told(WITH_WEB_IDENTITY),
            Access::new("sts:TagSession", Role("RoleArn")).only_with(&["Tags", "TransitiveTagKeys"]).told(SESSION_TAGS),
            Access::new("sts:SetSourceIdentity", Role("RoleArn"))
                .only_with(&["SourceIdentity"])
                .told(&[tell("sts:SourceIdentity", Member("SourceIdentity"))]),
        ],
    ),
    Operation::new("DecodeAuthorizationMessage", &[Access::new("sts:DecodeAuthorizationMessage", Nothing)]),
    Operation::new("GetAccessKeyInfo", &[Access::new("sts:GetAccessKeyInfo", Nothing)]),
    // Who decides knows that nobody is denied the one, and who may do the other: no policy is asked.
    Operation::new("GetCallerIdentity", &[Access::new("sts:GetCallerIdentity", Nothing)]),
    Operation::new(
        "GetFederationToken",
        &[
            Access::new("sts:GetFederationToken", FederatedUser("Name")).told(FEDERATION_TAGS),
            Access::new("sts:TagSession", FederatedUser("Name")).only_with(&["Tags"]).told(FEDERATION_TAGS),
        ],
    ),
    Operation::new("GetSessionToken", &[Access::new("sts:GetSessionToken", Nothing)]),
];

const ASSUME_ROLE: &[Condition] = &[
    tell("sts:ExternalId", Member("ExternalId")),
    tell("sts:RoleSessionName", Member("RoleSessionName")),
    tell("sts:SourceIdentity", Member("SourceIdentity")),
    tell("sts:TransitiveTagKeys", Member("TransitiveTagKeys")),
    tell("aws:RequestTag/${TagKey}", TagValues(TAGS)),
    tell("aws:TagKeys", TagKeys(TAGS)),
];
const WITH_WEB_IDENTITY: &[Condition] = &[
    tell("sts:RoleSessionName", Member("RoleSessionName")),
    tell("sts:SourceIdentity", Member("SourceIdentity")),
    tell("sts:TransitiveTagKeys", Member("TransitiveTagKeys")),
    tell("aws:RequestTag/${TagKey}", TagValues(TAGS)),
    tell("aws:TagKeys", TagKeys(TAGS)),
];
const SESSION_TAGS: &[Condition] = &[
    tell("sts:TransitiveTagKeys", Member("TransitiveTagKeys")),
    tell("aws:RequestTag/${TagKey}", TagValues(TAGS)),
    tell("aws:TagKeys", TagKeys(TAGS)),
];
const FEDERATION_TAGS: &[Condition] =
    &[tell("aws:RequestTag/${TagKey}", TagValues(TAGS)), tell("aws:TagKeys", TagKeys(TAGS))];
const TAGS: TagList = TagList { member: "Tags", key: "Key", value: "Value" };

const fn tell(key: &'static str, from: Source) -> Condition {
    Condition { key, from }
}
