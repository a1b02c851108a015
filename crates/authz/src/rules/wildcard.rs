//! Which actions and resources a statement is about.

use super::{
    rules,
    source::{IAM, KMS, assumed},
};

rules! {
    IAM_MATCH_ACTION_CASE "iam-match-action-case":
        "An action matches whatever the case of its letters, the service's prefix included.",
        IAM.at("IAM JSON policy elements: Action");
    IAM_MATCH_ACTION_WILDCARD "iam-match-action-wildcard":
        "In an action's name `*` stands for any text, also none, and `?` for one character, in any place.",
        IAM.at("IAM JSON policy elements: Action");
    IAM_MATCH_ACTION_STAR "iam-match-action-star":
        "The action `*` is every action of every service.",
        IAM.at("IAM JSON policy elements: Action");
    IAM_MATCH_NOT_ACTION "iam-match-not-action":
        "`NotAction` matches every action but those listed, of all services.",
        IAM.at("IAM JSON policy elements: NotAction");
    IAM_MATCH_RESOURCE_CASE "iam-match-resource-case":
        "A resource matches only in the same case of letters.",
        IAM.at("IAM identifiers > IAM ARNs");
    IAM_MATCH_RESOURCE_WILDCARD "iam-match-resource-wildcard":
        "In a part of a resource's ARN `*` stands for any text, slashes included, and `?` for one character.",
        IAM.at("IAM JSON policy elements: Resource > Using wildcards in resource ARNs");
    IAM_MATCH_RESOURCE_COLONS "iam-match-resource-colons":
        "A `*` at the end of a part of a resource's ARN stands for colons, too.",
        IAM.at("IAM JSON policy elements: Resource > Using wildcards in resource ARNs");
    IAM_MATCH_RESOURCE_PARTS "iam-match-resource-parts":
        "Any wildcard of a resource stands for colons, wherever in a part of the ARN it is.",
        assumed("the guide says it of a `*` at the end of a part and of no other; one comparison for all is the \
                 simplest that fits",
            include_str!("probes/iam-match-resource-parts.probe"));
    IAM_MATCH_RESOURCE_INCOMPLETE "iam-match-resource-incomplete":
        "A resource's ARN with fewer than six parts is completed with `*`: `arn:aws:sqs` is `arn:aws:sqs:*:*:*`.",
        IAM.at("Identify AWS resources with Amazon Resource Names (ARNs) > Using wildcards in paths");
    IAM_MATCH_RESOURCE_STAR "iam-match-resource-star":
        "The resource `*` is every resource, and the only one that matches an action without resources.",
        IAM.at("IAM JSON policy elements: Resource");
    IAM_MATCH_NOT_RESOURCE "iam-match-not-resource":
        "`NotResource` matches every resource but those listed.",
        IAM.at("IAM JSON policy elements: NotResource");
    IAM_MATCH_EVERY_RESOURCE "iam-match-every-resource":
        "A request that touches several resources is decided for each, and allowed only if every one is.",
        IAM.at("IAM JSON policy elements: Condition operators > ...IfExists condition operators");
    IAM_MATCH_KEY_POLICY_RESOURCE "iam-match-key-policy-resource":
        "In a key policy the resource `*` is the key it is attached to, and no other.",
        KMS.at("Key policies in AWS KMS > Creating a key policy > Elements in a key policy");
}
