//! How AWS words a denial.

use super::{
    Answer::Reads,
    rules,
    source::{EC2_API, IAM, KMS_API, STS_API, assumed, probe},
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
                 that it always reads as explicit", probe(
            "A: a role of a member account whose SCPs do not allow kms",
            &["A: aws kms list-keys"],
            "the message", Reads("because no service control policy allows the kms:ListKeys action")));
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
                 STS", probe(
            "r: a role that may do everything, and carries a managed policy that denies kms:ListKeys",
            &["r: aws kms list-keys"],
            "the message", Reads("with an explicit deny in an identity-based policy: arn:aws:iam::")));
    DENIAL_STS_POLICY_TYPE "denial-sts-policy-type":
        "An implicit denial of AssumeRole, TagSession or SetSourceIdentity ends in the role's ARN and names no policy \
         type.",
        assumed("users quote it so up to August 2026, where the trust policy does not let them \
                 (aws-containers/ecsworkshop issue 66), where their own policies do not (OvertureMaps/stac pull \
                 request 114), and of SetSourceIdentity (noqdev/iambic issue 357), and none was found that says more; \
                 the guide shows a phrase for role trust policies, which is said where this does not hold", probe(
            "A: owns the role r, which trusts ec2.amazonaws.com only; u: a user of A that may sts:AssumeRole on r",
            &["u: aws sts assume-role --role-arn <r> --role-session-name s"],
            "the end of the message", Reads("sts:AssumeRole on resource: <r>")));
    DENIAL_TAG_NEW_KEY "denial-tag-new-key":
        "A denial of kms:TagResource for the tags of a key that is to be made names no resource.",
        assumed("users quote it so, and of kms:CreateKey itself with `on resource: *`; the guide tells neither", probe(
            "r: a role that may kms:CreateKey on everything, and not kms:TagResource",
            &["r: aws kms create-key --tags TagKey=a,TagValue=b"],
            "the message", Reads("kms:TagResource because no identity-based policy allows the kms:TagResource action")));
    DENIAL_ONE_TYPE "denial-one-type":
        "Where several policy types deny, one is named; where several policies of a type do, they are not told apart.",
        IAM.at("Troubleshoot access denied error messages");
    DENIAL_ORDER "denial-order":
        "Of several policy types that deny, the one named is the first of: explicit denials, RCP, SCP, resource, \
         identity, boundary, session.",
        assumed("the order in which the guide says that policies are evaluated; which type is named is told \
                 nowhere", probe(
            "A: a role whose SCP and identity-based policies both do not allow kms:ListKeys",
            &["A: aws kms list-keys"],
            "the message", Reads("service control policy")));
    DENIAL_KEY_POLICY_BOTH "denial-key-policy-both":
        "KMS names the resource-based policy where neither the key policy nor a grant allows, the identity-based one \
         where the key policy leaves it to the account.",
        assumed("reports show both phrases for kms actions, in these situations", probe(
            "A: a role without a policy, in the account of two keys; <closed>'s policy allows another role only, <open>'s \
             allows the account",
            &["A: aws kms describe-key --key-id <closed>", "A: aws kms describe-key --key-id <open>"],
            "that the first message says `because no resource-based policy allows the kms:DescribeKey action`, and the \
             second message", Reads("because no identity-based policy allows the kms:DescribeKey action")));
    DENIAL_CIPHERTEXT "denial-ciphertext":
        "A denied Decrypt of a ciphertext whose key is foreign reads `on the resource associated with this ciphertext \
         because the resource does not exist in this Region, no resource-based policies allow access, or a \
         resource-based policy explicitly denies access`.",
        assumed("many users quote it; the guide does not", probe(
            "A: a role; c: a ciphertext of a foreign key whose policy does not name A",
            &["A: aws kms decrypt --ciphertext-blob fileb://c"],
            "the message", Reads("on the resource associated with this ciphertext")));
    DENIAL_FOREIGN_KEY "denial-foreign-key":
        "Where a foreign key's policy and grants do not allow, KMS says `on this resource because the resource does not \
         exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies \
         access`.",
        assumed("the guides of AWS Backup and S3 Tables quote it from KMS, and many users do; KMS's own does not", probe(
            "A: a role that may kms:* on everything; k: a key of another account whose policy does not name A",
            &["A: aws kms describe-key --key-id <k>"],
            "the message", Reads("on this resource because the resource does not exist in this Region")));
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
