//! Sessions that are not a role's, and calls that need no permission.

use super::{
    rules,
    source::{IAM, STS_API},
};

rules! {
    STS_GET_CALLER_IDENTITY "sts-get-caller-identity":
        "`sts:GetCallerIdentity` is allowed to everybody with valid credentials, also against a `Deny`.",
        STS_API.at("GetCallerIdentity");
    STS_SESSION_TOKEN_PERMISSIONS "sts-session-token-permissions":
        "A session of GetSessionToken may what its user may.",
        STS_API.at("GetSessionToken > Permissions");
    STS_SESSION_TOKEN_IAM "sts-session-token-iam":
        "A session of GetSessionToken calls no operation of IAM unless it was made with a device's code.",
        IAM.at("Compare AWS STS credentials");
    STS_SESSION_TOKEN_STS "sts-session-token-sts":
        "Of STS a session of GetSessionToken calls only AssumeRole and GetCallerIdentity.",
        IAM.at("Compare AWS STS credentials");
    STS_SESSION_TOKEN_DURATION "sts-session-token-duration":
        "A session of GetSessionToken lasts 900 to 129,600 seconds, 43,200 if nothing is asked; of the root user at \
         most 3,600.",
        STS_API.at("GetSessionToken > DurationSeconds");
    STS_SESSION_TOKEN_NO_PERMISSION "sts-session-token-no-permission":
        "GetSessionToken needs no permission.",
        IAM.at("Permissions for GetSessionToken");
    STS_ROLE_NO_FEDERATION "sts-role-no-federation":
        "A role's session calls neither GetFederationToken nor GetSessionToken.",
        IAM.at("Compare AWS STS credentials");
    STS_FEDERATION_INTERSECTION "sts-federation-intersection":
        "A federated session may what both its user's policies and its session policies allow.",
        IAM.at("Policies and permissions in AWS Identity and Access Management > Session policies");
    STS_FEDERATION_WITHOUT_POLICY "sts-federation-without-policy":
        "A federated session without a session policy may only what resource-based policies allow it.",
        STS_API.at("GetFederationToken > Permissions");
    STS_FEDERATION_IAM "sts-federation-iam":
        "A federated session calls no operation of IAM.",
        STS_API.at("GetFederationToken > Permissions");
    STS_FEDERATION_STS "sts-federation-sts":
        "Of STS a federated session calls only GetCallerIdentity.",
        STS_API.at("GetFederationToken > Permissions");
    STS_FEDERATION_TAGS "sts-federation-tags":
        "A federated session's tags stand in the place of its user's tags of the same keys; none is transitive.",
        IAM.at("Pass session tags in AWS STS > Session tagging operations");
}
