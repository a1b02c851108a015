//! Assuming a role.

use super::{
    rules,
    source::{
        EKS, IAM, KNOWLEDGE_CENTER, SECURITY_BLOG, STS_API, assumed, assumed_of_embedded_aws, assumed_without_switch,
    },
};

rules! {
    TRUST_REQUIRED "trust-required":
        "A role is assumed only by whom its trust policy allows, also within the account and whatever identity-based \
         policies allow.",
        IAM.at("How AWS enforcement code logic evaluates requests to allow or deny access > Resource-based policies");
    TRUST_NAMED "trust-named":
        "A user or role of the role's account that the trust policy names needs no identity-based policy.",
        STS_API.at("AssumeRole > Permissions");
    TRUST_ACCOUNT "trust-account":
        "Where the trust policy names the account, a user or role of it needs `sts:AssumeRole` on the role's ARN in \
         an identity-based policy.",
        STS_API.at("AssumeRole > Permissions");
    TRUST_FOREIGN "trust-foreign":
        "A principal of another account needs both, the trust policy and its own identity-based policy.",
        STS_API.at("AssumeRole > Permissions");
    TRUST_SELF "trust-self":
        "A session assumes its own role anew only if the trust policy names the role, as for any other.",
        SECURITY_BLOG.at("Announcing an update to IAM role trust policy behavior");
    TRUST_SERVICE "trust-service":
        "A service assumes a role only if the trust policy names the service.",
        IAM.at("AWS JSON policy elements: Principal > AWS service principals");
    TRUST_WEB_IDENTITY "trust-web-identity":
        "`sts:AssumeRoleWithWebIdentity` is allowed only if the trust policy names the provider as `Federated`, and \
         by the token's `aud` and `sub` as its conditions want.",
        IAM.at("Create a role for OpenID Connect federation (console)");
    TRUST_POD_IDENTITY "trust-pod-identity":
        "EKS Pod Identity assumes a role only if the trust policy allows `pods.eks.amazonaws.com` both \
         `sts:AssumeRole` and `sts:TagSession`.",
        EKS.at("Learn how EKS Pod Identity grants pods access to AWS services > Create IAM role with trust policy");
    TRUST_ROOT_USER "trust-root-user":
        "The root user assumes no role.",
        STS_API.at("AssumeRole");
    TRUST_EXTERNAL_ID "trust-external-id":
        "A condition on `sts:ExternalId` is held against the request's ExternalId, and false without one.",
        IAM.at("Access to AWS accounts owned by third parties > External ID for third-party access");
    TRUST_MFA "trust-mfa":
        "A condition on `aws:MultiFactorAuthPresent` holds for a user only if the request carries a device's code.",
        IAM.at("Configuring MFA-protected API access");
    TRUST_SESSION_NAME "trust-session-name":
        "`sts:RoleSessionName` is the name that the request gives the session: 2 to 64 of A-Z, a-z, 0-9 and \
         `_+=,.@-`.",
        IAM.at("IAM and AWS STS condition context keys > sts:RoleSessionName");
    // No assumption: the guide says of a trust policy without this action that the user cannot assume the role.
    TRUST_ROLE_ALONE "trust-role-alone":
        "Who assumed a role may what the role may; what it may itself does not count.",
        IAM.at("IAM roles > Roles terms and concepts > Delegation");
    TRUST_TAG_SESSION "trust-tag-session":
        "A request with session tags also needs `sts:TagSession` on the role, by the same policies and the trust \
         policy among them.",
        IAM.at("Pass session tags in AWS STS > Permissions required to add session tags");
    TRUST_TAG_SESSION_INHERITED "trust-tag-session-inherited":
        "Tags that a chained session inherits need `sts:TagSession` as those that it passes.",
        assumed_of_embedded_aws("the guide names the operation's own tags; users report denials in role chains",
            include_str!("probes/trust-tag-session-inherited.probe"));
    TRUST_TAGS_LIMITS "trust-tags-limits":
        "A request passes at most 50 tags, with keys of 128 and values of 256 characters, none of them twice \
         regardless of case.",
        IAM.at("Pass session tags in AWS STS > Session tagging operations");
    TRUST_TAGS_OVER_ROLE "trust-tags-over-role":
        "A session tag stands in the place of the role's tag of the same key, regardless of case.",
        IAM.at("Pass session tags in AWS STS > Things to know about session tags");
    TRUST_TAGS_TRANSITIVE "trust-tags-transitive":
        "Session tags that were set as transitive go on to chained sessions, others and the role's own do not.",
        IAM.at("Pass session tags in AWS STS > Chaining roles with session tags");
    TRUST_TAGS_TRANSITIVE_FIXED "trust-tags-transitive-fixed":
        "A request that passes a tag of a key that it inherits fails.",
        IAM.at("Pass session tags in AWS STS > Chaining roles with session tags");
    TRUST_TAG_CONDITIONS "trust-tag-conditions":
        "`aws:RequestTag/<key>`, `aws:TagKeys` and `sts:TransitiveTagKeys` of the request are its session tags.",
        IAM.at("Pass session tags in AWS STS > Permissions required to add session tags");
    TRUST_SOURCE_IDENTITY "trust-source-identity":
        "A request with a source identity also needs `sts:SetSourceIdentity` on the role, in the trust policy too.",
        IAM.at("Monitor and control actions taken with assumed roles > Permissions required to set source identity");
    TRUST_SOURCE_IDENTITY_FIXED "trust-source-identity-fixed":
        "A source identity goes on to chained sessions and cannot be changed in them.",
        IAM.at("Monitor and control actions taken with assumed roles");
    TRUST_DURATION "trust-duration":
        "A session lasts from 900 seconds to the role's MaxSessionDuration (3,600 to 43,200), 3,600 if nothing is \
         asked.",
        STS_API.at("AssumeRole > DurationSeconds");
    TRUST_CHAIN_HOUR "trust-chain-hour":
        "A session that a role's session assumes lasts at most one hour; asking for more fails.",
        IAM.at("IAM roles > Roles terms and concepts > Role chaining");
    TRUST_CHAIN_HOUR_SESSION_TOKEN "trust-chain-hour-session-token":
        "A session that is assumed with credentials of GetSessionToken lasts at most one hour, too.",
        KNOWLEDGE_CENTER.at("iam-role-chaining-limit");
    TRUST_EXPIRED "trust-expired":
        "Credentials of a session that is over are refused (ExpiredToken).",
        STS_API.at("Common errors > ExpiredTokenException");
    TRUST_SESSION_POLICY_LIMITS "trust-session-policy-limits":
        "A request passes one inline session policy and 10 managed ones at most, 2,048 characters together.",
        STS_API.at("AssumeRole > Policy");
    TRUST_SESSION_POLICY_ACCOUNT "trust-session-policy-account":
        "Managed session policies are of the role's account, or AWS's.",
        STS_API.at("AssumeRole > PolicyArns");
    TRUST_MAX_DURATION_SERVICES "trust-max-duration-services":
        "MaxSessionDuration does not limit sessions that AWS services assume.",
        IAM.at("IAM and AWS STS quotas > IAM and STS character quotas");
    TRUST_BOUNDARY_OF_CALLER "trust-boundary-of-caller":
        "The caller's boundary caps `sts:AssumeRole` as anything else; that of the role does not matter for it.",
        IAM.at("Permissions boundaries for IAM entities > Evaluating effective permissions with boundaries");
    TRUST_DENIED_OR_MISSING "trust-denied-or-missing":
        "Assuming a role that does not exist is denied as one that does not trust the caller (AccessDenied).",
        assumed_without_switch("a foreign account would learn the names of roles otherwise; told nowhere",
            "AssumeRole declares no error by which a role that is missing could be told",
            include_str!("probes/trust-denied-or-missing.probe"));
    TRUST_NAMED_BOUNDARY "trust-named-boundary":
        "A role that the trust policy of its account names by its role ARN is capped by its boundary and session \
         policies.",
        assumed("follows from the trust policy acting as a resource-based policy; told nowhere for STS",
            include_str!("probes/trust-named-boundary.probe"));
    TRUST_NAMED_USER_BOUNDARY "trust-named-user-boundary":
        "A user that the trust policy of its account names is not capped by its boundary.",
        assumed("as trust-named-boundary, by the rule for users",
            include_str!("probes/trust-named-user-boundary.probe"));
}
