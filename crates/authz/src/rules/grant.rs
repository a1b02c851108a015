//! Grants on KMS keys.

use super::{
    rules,
    source::{AUTO_SCALING, KMS, KMS_API, assumed, assumed_without_switch},
};

rules! {
    KMS_GRANT_ALLOWS_ONLY "kms-grant-allows-only":
        "A grant allows and never denies.",
        KMS.at("Grants in AWS KMS");
    KMS_GRANT_ONE_KEY "kms-grant-one-key":
        "A grant is for one key.",
        KMS.at("Grants in AWS KMS");
    KMS_GRANT_ONE_GRANTEE "kms-grant-one-grantee":
        "A grant has one grantee, a principal or a service, not both.",
        KMS.at("Grants in AWS KMS > Grantee service principal");
    KMS_GRANT_ENOUGH "kms-grant-enough":
        "A grant is enough for its grantee, without the key policy or an identity-based policy naming the operation.",
        KMS.at("Grants in AWS KMS");
    KMS_GRANT_FOREIGN_ENOUGH "kms-grant-foreign-enough":
        "A grant on a foreign key is enough for its grantee, without an identity-based policy in the grantee's \
         account.",
        assumed("AWS advises it for service-linked roles, whose policies hold no action of KMS; KMS's guide nowhere \
                 says it of other principals",
            include_str!("probes/kms-grant-foreign-enough.probe"));
    KMS_GRANT_GRANTEE_KINDS "kms-grant-grantee-kinds":
        "A grantee is an account, user, role, federated user, role session or service, never a group or organization.",
        KMS.at("Grants in AWS KMS > Grantee principal");
    KMS_GRANT_GRANTEE_ROLE "kms-grant-grantee-role":
        "A grant for a role serves every session of the role.",
        KMS.at("Creating grants > Creating a grant");
    KMS_GRANT_GRANTEE_SESSION "kms-grant-grantee-session":
        "A grant for a role's session serves that session and no other.",
        KMS.at("Grants in AWS KMS > Grantee principal");
    KMS_GRANT_GRANTEE_ACCOUNT "kms-grant-grantee-account":
        "A grant for an account serves those of its users and roles whose identity-based policies allow the \
         operation.",
        assumed("as a key policy for an account; the guide only says that an account can be the grantee",
            include_str!("probes/kms-grant-grantee-account.probe"));
    KMS_GRANT_GRANTEE_EXISTS "kms-grant-grantee-exists":
        "A grantee that is a user or role exists when the grant is made (else InvalidArnException).",
        KMS_API.at("CreateGrant > Errors");
    KMS_GRANT_GRANTEE_RECREATED "kms-grant-grantee-recreated":
        "A grant does not reach a user or role that was deleted and created anew.",
        assumed("policies keep ids of users and roles; of grants it is told nowhere",
            include_str!("probes/kms-grant-grantee-recreated.probe"));
    KMS_GRANT_OPERATIONS "kms-grant-operations":
        "A grant's operations are among CreateGrant, Decrypt, DeriveSharedSecret, DescribeKey, Encrypt, \
         GenerateDataKey, GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext, GenerateDataKeyWithoutPlaintext, \
         GenerateMac, GetPublicKey, ReEncryptFrom, ReEncryptTo, RetireGrant, Sign, Verify and VerifyMac (else \
         ValidationException).",
        KMS.at("Grants in AWS KMS > Grant operations");
    KMS_GRANT_OPERATIONS_OF_KEY "kms-grant-operations-of-key":
        "A grant holds only operations that suit its key's kind and usage (else ValidationException).",
        KMS.at("Grants in AWS KMS > Grant operations");
    KMS_GRANT_OPERATION_LISTED "kms-grant-operation-listed":
        "A grant allows the operations that it lists and no other.",
        KMS.at("Grants in AWS KMS");
    KMS_GRANT_CONTEXT_EQUALS "kms-grant-context-equals":
        "Under EncryptionContextEquals the request's encryption context has the constraint's pairs and no more.",
        KMS.at("Creating grants > Encryption context constraints");
    KMS_GRANT_CONTEXT_SUBSET "kms-grant-context-subset":
        "Under EncryptionContextSubset the request's encryption context has the constraint's pairs, and may have \
         more.",
        KMS.at("Creating grants > Encryption context constraints");
    KMS_GRANT_CONTEXT_VALUE_CASE "kms-grant-context-value-case":
        "Values of an encryption context constraint match with their case.",
        KMS_API.at("GrantConstraints");
    // KMS's guide says "an exact, case-sensitive match" of keys as well, its API reference the opposite.
    KMS_GRANT_CONTEXT_KEY_CASE "kms-grant-context-key-case":
        "Keys of an encryption context constraint match without regard to case.",
        assumed("the API reference (GrantConstraints) says so; the guide (Creating grants) says that keys match with \
                 case",
            include_str!("probes/kms-grant-context-key-case.probe"));
    KMS_GRANT_CONTEXT_ONE "kms-grant-context-one":
        "A grant has one of EncryptionContextEquals and EncryptionContextSubset, not both.",
        KMS.at("Creating grants > SourceArn constraint");
    KMS_GRANT_CONTEXT_LIMITS "kms-grant-context-limits":
        "An encryption context constraint holds at most 8 pairs and 384 characters.",
        KMS.at("Creating grants > Encryption context constraints");
    KMS_GRANT_CONTEXT_SYMMETRIC "kms-grant-context-symmetric":
        "An encryption context constraint is for grants on symmetric encryption keys only.",
        KMS.at("Creating grants > Encryption context constraints");
    KMS_GRANT_CONTEXT_IGNORED "kms-grant-context-ignored":
        "DescribeKey and RetireGrant are allowed whatever the encryption context constraint.",
        KMS.at("Creating grants > Encryption context constraints");
    KMS_GRANT_SOURCE_ARN "kms-grant-source-arn":
        "Under a SourceArn constraint a service's request carries that `aws:SourceArn`, for every kind of key and \
         also for DescribeKey.",
        KMS.at("Creating grants > SourceArn constraint");
    // The guide restricts it so; without this sentence every SourceArn would bind users as well.
    KMS_GRANT_SOURCE_ARN_OF_SERVICES "kms-grant-source-arn-of-services":
        "A SourceArn constraint is asked only of requests that a service makes.",
        KMS.at("Creating grants > SourceArn constraint");
    KMS_GRANT_SOURCE_ARN_RETIRE "kms-grant-source-arn-retire":
        "RetireGrant is allowed whatever the SourceArn constraint.",
        KMS_API.at("GrantConstraints");
    KMS_GRANT_SOURCE_ARN_PATTERN "kms-grant-source-arn-pattern":
        "A SourceArn constraint is one ARN, compared without wildcards.",
        assumed("the guide likens it to the condition key, whose operators take wildcards, and shows a plain \
                 ARN",
            include_str!("probes/kms-grant-source-arn-pattern.probe"));
    KMS_GRANT_SERVICE_SOURCE_ARN "kms-grant-service-source-arn":
        "A grant for a service needs a SourceArn constraint.",
        KMS.at("Creating grants > SourceArn constraint");
    KMS_GRANT_SERVICE_RETIRING "kms-grant-service-retiring":
        "A grant for a service needs a retiring principal, or a retiring service.",
        KMS.at("Creating grants > Creating a grant");
    KMS_GRANT_ONE_RETIRING "kms-grant-one-retiring":
        "A grant has a retiring principal or a retiring service, not both.",
        KMS.at("Grants in AWS KMS > Retiring service principal");
    KMS_GRANT_BY_POLICY "kms-grant-by-policy":
        "Who may CreateGrant by a policy may grant any operation, also those that it may not do itself.",
        KMS.at("Grants in AWS KMS");
    KMS_GRANT_CHILD_OPERATIONS "kms-grant-child-operations":
        "Who may CreateGrant by a grant may grant only operations of that grant.",
        KMS.at("Creating grants > Granting CreateGrant permission");
    KMS_GRANT_CHILD_CONSTRAINTS "kms-grant-child-constraints":
        "A grant made by a grant is constrained at least as much: Subset may gain pairs or become Equals, never the \
         other way.",
        KMS.at("Creating grants > Granting CreateGrant permission");
    KMS_GRANT_CHILD_ONLY_GRANTED "kms-grant-child-only-granted":
        "Who may CreateGrant by a grant only passes on what that grant gives, whatever else a policy allows it.",
        KMS.at("Grants in AWS KMS");
    KMS_GRANT_CHILD_SOURCE_ARN "kms-grant-child-source-arn":
        "A grant made by a grant with a SourceArn constraint has the same one.",
        assumed("at least as strict is all that the guide says of constraints in general",
            include_str!("probes/kms-grant-child-source-arn.probe"));
    KMS_GRANT_FROM_EITHER_ACCOUNT "kms-grant-from-either-account":
        "A grant for a foreign principal is made from the key's account or, where the key policy allows it, from the \
         grantee's.",
        KMS.at("Grants in AWS KMS");
    KMS_GRANT_FROM_GROUP_ACCOUNT "kms-grant-from-group-account":
        "The account of an Auto Scaling group that is to use a foreign key makes the grant for its service-linked \
         role.",
        AUTO_SCALING.at("Required AWS KMS key policy for use with encrypted volumes > Example 2: cross-account access");
    KMS_GRANT_RETIRE_RETIRING "kms-grant-retire-retiring":
        "A grant's retiring principal may retire it without any policy.",
        KMS.at("Retiring and revoking grants");
    KMS_GRANT_RETIRE_GRANTEE "kms-grant-retire-grantee":
        "A grant's grantee may retire it if the grant lists RetireGrant.",
        KMS.at("Retiring and revoking grants");
    KMS_GRANT_RETIRE_ACCOUNT "kms-grant-retire-account":
        "The account in which a grant was made may retire it.",
        KMS.at("Retiring and revoking grants");
    KMS_GRANT_RETIRE_POLICY_ALONE "kms-grant-retire-policy-alone":
        "`kms:RetireGrant` in a policy does not by itself let anybody retire a grant, and in a key policy has no \
         effect.",
        KMS.at("Retiring and revoking grants");
    KMS_GRANT_RETIRE_DELEGATED "kms-grant-retire-delegated":
        "An account that may retire a grant passes this on to its users and roles by `kms:RetireGrant` in \
         identity-based policies.",
        KMS.at("Retiring and revoking grants");
    KMS_GRANT_RETIRE_DENY "kms-grant-retire-deny":
        "A `Deny` of `kms:RetireGrant` in an identity-based policy keeps who may retire a grant from it.",
        KMS.at("Retiring and revoking grants");
    KMS_GRANT_REVOKE "kms-grant-revoke":
        "A grant is revoked by whom policies allow `kms:RevokeGrant`, never by a grant.",
        KMS.at("Controlling access to grants");
    KMS_GRANT_LIST "kms-grant-list":
        "Grants are listed by whom policies allow `kms:ListGrants`, never by a grant.",
        KMS.at("Controlling access to grants");
    KMS_GRANT_GONE "kms-grant-gone":
        "A grant that was retired or revoked allows nothing, and nor do grants made by it live on its account: each \
         stands by itself.",
        assumed_without_switch("the guide says that the deleted grant's permissions end, and nothing of its children",
            "no grant tells by which other it was made, and ListGrants does not either",
            include_str!("probes/kms-grant-gone.probe"));
    KMS_GRANT_PROPAGATION "kms-grant-propagation":
        "A new grant may take up to five minutes until it counts without its token.",
        KMS.at("Grants in AWS KMS > Eventual consistency (for grants)");
    KMS_GRANT_TOKEN "kms-grant-token":
        "A request with a grant's token has the grant at once.",
        KMS.at("Using a grant token");
    KMS_GRANT_TOKEN_OPERATIONS "kms-grant-token-operations":
        "Grant operations and RetireGrant take grant tokens, RevokeGrant does not.",
        KMS.at("Using a grant token");
    KMS_GRANT_TOKEN_NOT_BEARER "kms-grant-token-not-bearer":
        "A grant's token gives nothing to anybody but the grantee.",
        KMS.at("Grants in AWS KMS > Grant token");
    KMS_GRANT_NO_TAGS "kms-grant-no-tags":
        "A grant has no tags: conditions on `aws:ResourceTag` see those of its key.",
        KMS_API.at("CreateGrant > Request Parameters");
    KMS_GRANT_NAME "kms-grant-name":
        "CreateGrant with the name and all properties of a grant that is there makes no second one.",
        KMS.at("Creating grants > Creating a grant");
    KMS_GRANT_LIMIT "kms-grant-limit":
        "A key holds at most 50,000 grants.",
        KMS.at("Quotas > Resource quotas > Grants per KMS key");
    KMS_GRANT_DENY_KEY_POLICY "kms-grant-deny-key-policy":
        "A `Deny` of the key policy overrides every grant.",
        KMS.at("AWS KMS condition keys > kms:EncryptionAlgorithm");
    KMS_GRANT_DENY_IDENTITY "kms-grant-deny-identity":
        "A `Deny` of the grantee's identity-based policies overrides its grants.",
        KMS.at("Troubleshooting AWS KMS permissions");
    KMS_GRANT_BOUNDARY "kms-grant-boundary":
        "A boundary does not cap what grants give.",
        assumed("a boundary caps identity-based policies, and grants are none; told nowhere",
            include_str!("probes/kms-grant-boundary.probe"));
    KMS_GRANT_SESSION_POLICY "kms-grant-session-policy":
        "A session policy caps what a grant for the role gives its sessions.",
        assumed("as for a resource-based policy that names the role; told nowhere",
            include_str!("probes/kms-grant-session-policy.probe"));
    KMS_GRANT_SESSION_GRANTEE "kms-grant-session-grantee":
        "A session policy does not cap what a grant for the session itself gives.",
        assumed("as for a resource-based policy that names the session; told nowhere",
            include_str!("probes/kms-grant-session-grantee.probe"));
    KMS_GRANT_SCP "kms-grant-scp":
        "SCPs of the grantee's account cap what grants give.",
        assumed("SCPs bind every principal of the account; of grants it is told nowhere",
            include_str!("probes/kms-grant-scp.probe"));
    KMS_GRANT_RCP "kms-grant-rcp":
        "RCPs of the key's account cap what grants give.",
        assumed("RCPs bind every use of the key; of grants only RetireGrant is told to be free of them",
            include_str!("probes/kms-grant-rcp.probe"));
    KMS_GRANT_ISSUER "kms-grant-issuer":
        "A grant's issuing account is the account that called CreateGrant.",
        KMS_API.at("GrantListEntry > IssuingAccount");
    // Of a call by a grant the examples there have the caller, the key and the encryption context, and no grant; of
    // GrantListEntry no member tells a use.
    KMS_GRANT_USE_NOT_TOLD "kms-grant-use-not-told":
        "CloudTrail's record of a call does not tell the grant that allowed it, and ListGrants tells no last use; only \
         the records of making and ending a grant have its id.",
        KMS.at("Logging AWS KMS API calls with AWS CloudTrail > CreateGrant, Amazon EC2 example two");
    KMS_GRANT_NO_CHECK_LATER "kms-grant-no-check-later":
        "A grant outlives the permission of who made it.",
        KMS.at("Grants in AWS KMS");
}
