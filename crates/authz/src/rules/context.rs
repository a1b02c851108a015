//! Condition keys that every service knows: when a request has them, and with which value.

use super::{
    rules,
    source::{IAM, assumed},
};

rules! {
    IAM_KEY_PRINCIPAL_ARN "iam-key-principal-arn":
        "`aws:PrincipalArn` of a role's session is the role's ARN with its path, of a user or federated user its own, \
         of the root user the account's root ARN.",
        IAM.at("AWS global condition context keys > aws:PrincipalArn");
    IAM_KEY_PRINCIPAL_ACCOUNT "iam-key-principal-account":
        "`aws:PrincipalAccount` is the caller's account; of a request that nobody signed, `anonymous`.",
        IAM.at("AWS global condition context keys > aws:PrincipalAccount");
    IAM_KEY_PRINCIPAL_ORG_ID "iam-key-principal-org-id":
        "`aws:PrincipalOrgID` is there only if the caller's account is in an organization.",
        IAM.at("AWS global condition context keys > aws:PrincipalOrgID");
    IAM_KEY_PRINCIPAL_ORG_PATHS "iam-key-principal-org-paths":
        "`aws:PrincipalOrgPaths` is a multivalued key with the path of the caller's account, `o-../r-../ou-../` down \
         to the unit that holds it.",
        IAM.at("AWS global condition context keys > aws:PrincipalOrgPaths");
    IAM_KEY_PRINCIPAL_TYPE "iam-key-principal-type":
        "`aws:PrincipalType` is in every request: `Account` for the root user, `User`, `AssumedRole`, `FederatedUser` \
         or `Anonymous`; what it is of a service that calls as itself is told nowhere.",
        IAM.at("AWS global condition context keys > aws:PrincipalType");
    IAM_KEY_USERNAME "iam-key-username":
        "`aws:username` is there only for users.",
        IAM.at("IAM policy elements: Variables and tags > Principal key values");
    IAM_KEY_USERID "iam-key-userid":
        "`aws:userid` is a role's id and the session's name, joined by a colon; a user's id; of the root user the \
         account; of a federated user the account and the name, joined by a colon; of nobody `anonymous`; what it is \
         of a service that calls as itself is told nowhere.",
        IAM.at("IAM policy elements: Variables and tags > Principal key values");
    IAM_KEY_PRINCIPAL_TAG "iam-key-principal-tag":
        "`aws:PrincipalTag/<key>` is the tag of the user or role, or the session tag of that key in its place.",
        IAM.at("AWS global condition context keys > aws:PrincipalTag/tag-key");
    IAM_KEY_IS_AWS_SERVICE "iam-key-is-aws-service":
        "`aws:PrincipalIsAWSService` is true only if a service calls as itself, not through a role or for somebody.",
        IAM.at("AWS global condition context keys > aws:PrincipalIsAWSService");
    IAM_KEY_SERVICE_NAME "iam-key-service-name":
        "`aws:PrincipalServiceName` is there only if a service calls as itself.",
        IAM.at("AWS global condition context keys > aws:PrincipalServiceName");
    IAM_KEY_VIA_AWS_SERVICE "iam-key-via-aws-service":
        "`aws:ViaAWSService` is true only if a service calls for the principal, by forward access session.",
        IAM.at("AWS global condition context keys > aws:ViaAWSService");
    IAM_KEY_CALLED_VIA "iam-key-called-via":
        "`aws:CalledVia` is a multivalued key with the services that call for the principal, in order; it is missing \
         on a call of the principal's own.",
        IAM.at("AWS global condition context keys > aws:CalledVia");
    IAM_KEY_CALLED_VIA_EC2 "iam-key-called-via-ec2":
        "A call that EC2 makes for a principal has `ec2.amazonaws.com` in `aws:CalledVia`.",
        assumed("the guide lists a few services that set the key; EC2 is not among them, and CloudTrail shows \
                 invokedBy",
            include_str!("probes/iam-key-called-via-ec2.probe"));
    IAM_KEY_SOURCE_ARN "iam-key-source-arn":
        "`aws:SourceArn`, `aws:SourceAccount` and `aws:SourceOrgID` are there only if a service calls as itself for a \
         resource.",
        IAM.at("AWS global condition context keys > aws:SourceArn");
    IAM_KEY_TOKEN_ISSUE_TIME "iam-key-token-issue-time":
        "`aws:TokenIssueTime` is there only with temporary credentials.",
        IAM.at("AWS global condition context keys > aws:TokenIssueTime");
    IAM_KEY_MFA "iam-key-mfa":
        "`aws:MultiFactorAuthPresent` is there only with temporary credentials, not with a user's access keys.",
        IAM.at("AWS global condition context keys > aws:MultiFactorAuthPresent");
    IAM_KEY_SOURCE_IDENTITY "iam-key-source-identity":
        "`aws:SourceIdentity` is there only in a session whose source identity was set, and in those chained from it.",
        IAM.at("AWS global condition context keys > aws:SourceIdentity");
    IAM_KEY_RESOURCE_TAG "iam-key-resource-tag":
        "`aws:ResourceTag/<key>` is the tag of the resource, missing where it has no such tag.",
        IAM.at("AWS global condition context keys > aws:ResourceTag/tag-key");
    IAM_KEY_REQUEST_TAG "iam-key-request-tag":
        "`aws:RequestTag/<key>` is the tag that the request would set.",
        IAM.at("AWS global condition context keys > aws:RequestTag/tag-key");
    IAM_KEY_TAG_KEYS "iam-key-tag-keys":
        "`aws:TagKeys` is a multivalued key with the keys of the tags in the request.",
        IAM.at("AWS global condition context keys > aws:TagKeys");
    IAM_KEY_REQUESTED_REGION "iam-key-requested-region":
        "`aws:RequestedRegion` is the region of the endpoint that was called.",
        IAM.at("AWS global condition context keys > aws:RequestedRegion");
    IAM_KEY_RESOURCE_ACCOUNT "iam-key-resource-account":
        "`aws:ResourceAccount` is the account that owns the resource, `aws:ResourceOrgID` its organization if it has \
         one.",
        IAM.at("AWS global condition context keys > aws:ResourceAccount");
    IAM_KEY_CURRENT_TIME "iam-key-current-time":
        "`aws:CurrentTime` and `aws:EpochTime` are the moment of the request.",
        IAM.at("AWS global condition context keys > aws:CurrentTime");
    IAM_KEY_SECURE_TRANSPORT "iam-key-secure-transport":
        "`aws:SecureTransport` is true if the request came over TLS.",
        IAM.at("AWS global condition context keys > aws:SecureTransport");
    IAM_KEY_SOURCE_IP "iam-key-source-ip":
        "`aws:SourceIp` is the caller's address, missing through a VPC endpoint, where `aws:SourceVpce` is there \
         instead.",
        IAM.at("AWS global condition context keys > aws:SourceIp");
    IAM_KEY_SOURCE_IP_FORWARDED "iam-key-source-ip-forwarded":
        "A call that EC2 makes to KMS for a principal has no `aws:SourceIp` of the principal.",
        assumed("the guide says that a called service sees the calling service's address; CloudTrail writes `AWS \
                 Internal`",
            include_str!("probes/iam-key-source-ip-forwarded.probe"));
}
