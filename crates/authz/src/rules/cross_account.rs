//! Requests of one account's principal for another account's resource.

use super::{
    rules,
    source::{IAM, KMS, assumed},
};

rules! {
    XACCT_BOTH_SIDES "xacct-both-sides":
        "The caller's account and the resource's account are each asked, and both must allow.",
        IAM.at("Cross-account policy evaluation logic > Determining whether a cross-account request is allowed");
    XACCT_IDENTITY_REQUIRED "xacct-identity-required":
        "A resource-based policy that names a foreign role, user or session still needs an identity-based policy \
         there.",
        IAM.at("Cross-account policy evaluation logic");
    XACCT_RESOURCE_REQUIRED "xacct-resource-required":
        "An identity-based policy alone opens no foreign resource.",
        IAM.at("Cross-account policy evaluation logic");
    XACCT_EVERYBODY "xacct-everybody":
        "A resource-based policy for `*` still needs an identity-based policy in the caller's account.",
        IAM.at("AWS JSON policy elements: Principal > All principals");
    XACCT_NAMES_ONE "xacct-names-one":
        "A resource-based policy that names one foreign role opens the resource to no other principal of that \
         account.",
        KMS.at("Allowing users in other accounts to use a KMS key > Step 2");
    XACCT_ACTIONS_WITHIN "xacct-actions-within":
        "What the identity-based policy allows beyond the resource-based policy has no effect.",
        KMS.at("Allowing users in other accounts to use a KMS key > Step 2");
    XACCT_BOUNDARY "xacct-boundary":
        "The caller's boundary caps the caller's side, whatever the foreign policy names.",
        IAM.at("Cross-account policy evaluation logic > Determining whether a cross-account request is allowed");
    XACCT_SESSION_POLICY "xacct-session-policy":
        "The caller's session policies cap the caller's side.",
        IAM.at("Cross-account policy evaluation logic > Determining whether a cross-account request is allowed");
    XACCT_NAMES_SESSION "xacct-names-session":
        "Boundary and session policies cap the caller's side even where the foreign policy names the session's ARN.",
        assumed("the guide lifts the cap for a named session \"within the same account\"",
            include_str!("probes/xacct-names-session.probe"));
    XACCT_SERVICE_PRINCIPAL "xacct-service-principal":
        "A service that calls as itself has no identity-based policy: the resource-based policy decides.",
        IAM.at("AWS JSON policy elements: Principal > AWS service principals");
    XACCT_ROOT_USER "xacct-root-user":
        "A foreign account's root user needs only the resource-based policy, having no identity-based one.",
        assumed("root may do everything in its account, so its side allows; told nowhere for KMS",
            include_str!("probes/xacct-root-user.probe"));
}
