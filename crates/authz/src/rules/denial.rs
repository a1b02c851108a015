//! How AWS words a denial.

use super::{
    rules,
    source::{EC2_API, IAM, KMS_API, STS_API, assumed},
};

rules! {
    DENIAL_FORMAT "denial-format":
        "A denial reads `User: <caller's ARN> is not authorized to perform: <action> on resource: <ARN>` and the \
         policy type.",
        IAM.at("Troubleshoot access denied error messages > Access denied error message examples");
    DENIAL_IDENTITY_IMPLICIT "denial-identity-implicit":
        "`because no identity-based policy allows the <action> action`",
        IAM.at("Troubleshoot access denied error messages > Identity-based policies - implicit denial");
    DENIAL_IDENTITY_EXPLICIT "denial-identity-explicit":
        "`with an explicit deny in an identity-based policy`",
        IAM.at("Troubleshoot access denied error messages > Identity-based policies - explicit denial");
    DENIAL_RESOURCE_IMPLICIT "denial-resource-implicit":
        "`because no resource-based policy allows the <action> action`",
        IAM.at("Troubleshoot access denied error messages > Resource-based policies - implicit denial");
    DENIAL_RESOURCE_EXPLICIT "denial-resource-explicit":
        "`with an explicit deny in a resource-based policy`",
        IAM.at("Troubleshoot access denied error messages > Resource-based policies - explicit denial");
    DENIAL_BOUNDARY_IMPLICIT "denial-boundary-implicit":
        "`because no permissions boundary allows the <action> action`",
        IAM.at("Troubleshoot access denied error messages > Permissions boundary - implicit denial");
    DENIAL_BOUNDARY_EXPLICIT "denial-boundary-explicit":
        "`with an explicit deny in a permissions boundary`",
        IAM.at("Troubleshoot access denied error messages > Permissions boundary - explicit denial");
    DENIAL_SESSION_IMPLICIT "denial-session-implicit":
        "`because no session policy allows the <action> action`",
        IAM.at("Troubleshoot access denied error messages > Session policies - implicit denial");
    // The guide's example reads "a sessions policy"; by its rule for the phrase it is "a session policy", as users see.
    DENIAL_SESSION_EXPLICIT "denial-session-explicit":
        "`with an explicit deny in a session policy`",
        IAM.at("Troubleshoot access denied error messages > Session policies - explicit denial");
    // Editions until 2023 said that an SCP's denial always reads as explicit; the present one shows both phrases.
    DENIAL_SCP_IMPLICIT "denial-scp-implicit":
        "`because no service control policy allows the <action> action`",
        IAM.at("Troubleshoot access denied error messages > Service control policy - implicit denial");
    DENIAL_SCP_EXPLICIT "denial-scp-explicit":
        "`with an explicit deny in a service control policy`",
        IAM.at("Troubleshoot access denied error messages > Service control policy - explicit denial");
    DENIAL_SCP_IMPLICIT_OF_SERVICE "denial-scp-implicit-of-service":
        "KMS and EC2 word an SCP's implicit denial as implicit.",
        assumed("the present guide shows the phrase of one service and says that services differ; older editions say \
                 that it always reads as explicit",
            include_str!("probes/denial-scp-implicit-of-service.probe"));
    DENIAL_RCP_EXPLICIT "denial-rcp-explicit":
        "`with an explicit deny in a resource control policy`",
        IAM.at("Troubleshoot access denied error messages > Resource control policy - explicit denial");
    DENIAL_TRUST_IMPLICIT "denial-trust-implicit":
        "`because no role trust policy allows the sts:AssumeRole action`",
        IAM.at("Troubleshoot access denied error messages > Role trust policies - implicit denial");
    DENIAL_TRUST_EXPLICIT "denial-trust-explicit":
        "`with an explicit deny in the role trust policy`",
        IAM.at("Troubleshoot access denied error messages > Role trust policies - explicit denial");
    DENIAL_POLICY_ARN "denial-policy-arn":
        "An explicit denial by a managed policy of the caller's account, or by one of its organization, ends in a colon \
         and the policy's ARN; one by an inline or resource-based policy ends in the type.",
        assumed("AWS's Security Blog (Enhanced access denied error messages with policy ARNs) says so of all services, \
                 as they follow one by one; users quote it of EC2, S3, SQS and others, and nobody yet of KMS and \
                 STS",
            include_str!("probes/denial-policy-arn.probe"));
    DENIAL_STS_POLICY_TYPE "denial-sts-policy-type":
        "An implicit denial of AssumeRole, TagSession or SetSourceIdentity ends in the role's ARN and names no policy \
         type.",
        assumed("users quote it so up to August 2026, where the trust policy does not let them \
                 (aws-containers/ecsworkshop issue 66), where their own policies do not (OvertureMaps/stac pull \
                 request 114), and of SetSourceIdentity (noqdev/iambic issue 357), and none was found that says more; \
                 the guide shows a phrase for role trust policies, which is said where this does not hold",
            include_str!("probes/denial-sts-policy-type.probe"));
    DENIAL_TAG_NEW_KEY "denial-tag-new-key":
        "A denial of kms:TagResource for the tags of a key that is to be made names no resource.",
        assumed("users quote it so, and of kms:CreateKey itself with `on resource: *`; the guide tells neither",
            include_str!("probes/denial-tag-new-key.probe"));
    DENIAL_ONE_TYPE "denial-one-type":
        "Where several policy types deny, one is named; where several policies of a type do, they are not told apart.",
        IAM.at("Troubleshoot access denied error messages");
    DENIAL_ORDER "denial-order":
        "Of several policy types that deny, the one named is the first of: explicit denials, RCP, SCP, resource, \
         identity, boundary, session.",
        assumed("the order in which the guide says that policies are evaluated; which type is named is told \
                 nowhere",
            include_str!("probes/denial-order.probe"));
    DENIAL_KEY_POLICY_BOTH "denial-key-policy-both":
        "KMS names the resource-based policy where neither the key policy nor a grant allows, the identity-based one \
         where the key policy leaves it to the account.",
        assumed("reports show both phrases for kms actions, in these situations",
            include_str!("probes/denial-key-policy-both.probe"));
    DENIAL_CIPHERTEXT "denial-ciphertext":
        "A denied Decrypt of a ciphertext whose key is foreign reads `on the resource associated with this ciphertext \
         because the resource does not exist in this Region, no resource-based policies allow access, or a \
         resource-based policy explicitly denies access`.",
        assumed("many users quote it; the guide does not",
            include_str!("probes/denial-ciphertext.probe"));
    DENIAL_FOREIGN_KEY "denial-foreign-key":
        "Where a foreign key's policy and grants do not allow, KMS says `on this resource because the resource does not \
         exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies \
         access`.",
        assumed("the guides of AWS Backup and S3 Tables quote it from KMS, and many users do; KMS's own does not",
            include_str!("probes/denial-foreign-key.probe"));
    DENIAL_CODE_KMS "denial-code-kms":
        "KMS denies with AccessDeniedException, HTTP status 400.",
        KMS_API.at("Common Errors > AccessDeniedException");
    DENIAL_CODE_STS "denial-code-sts":
        "STS denies with AccessDenied, HTTP status 403.",
        STS_API.at("Common Errors > AccessDeniedException");
    DENIAL_CODE_EC2 "denial-code-ec2":
        "EC2 denies with UnauthorizedOperation, HTTP status 403, and an encoded message for \
         `sts:DecodeAuthorizationMessage`.",
        EC2_API.at("Error codes > UnauthorizedOperation");
}
