//! Who may use a KMS key: by its policy, alone or with IAM.

use super::{
    rules,
    source::{KMS, KMS_API, assumed_of_embedded_aws},
};

rules! {
    KMS_KEY_POLICY_REQUIRED "kms-key-policy-required":
        "Without the key policy or a grant, no identity-based policy opens a key.",
        KMS.at("Key policies in AWS KMS");
    KMS_KEY_POLICY_NAMES "kms-key-policy-names":
        "A principal of the key's account that the key policy names needs nothing else.",
        KMS.at("Default key policy > Allows key users to use the KMS key");
    KMS_KEY_POLICY_EVERYBODY "kms-key-policy-everybody":
        "A key policy's `Allow` for `*` opens the key to principals of its account by itself, as far as its \
         conditions hold.",
        KMS.at("Key policies in AWS KMS > Creating a key policy > Elements in a key policy");
    KMS_KEY_POLICY_ACCOUNT "kms-key-policy-account":
        "Where the key policy allows the account, identity-based policies of the account open the key.",
        KMS.at("Default key policy > Allows access to the AWS account and enables IAM policies");
    KMS_KEY_POLICY_ACCOUNT_WITHIN "kms-key-policy-account-within":
        "Identity-based policies open only what the statement for the account allows, under its conditions.",
        KMS.at("Default key policy > Allows access to the AWS account and enables IAM policies");
    KMS_KEY_POLICY_NO_ACCOUNT "kms-key-policy-no-account":
        "Where the key policy does not allow the account, an `Allow` of an identity-based policy has no effect, a \
         `Deny` has.",
        KMS.at("Using IAM policies with AWS KMS");
    KMS_ROOT_USER "kms-root-user":
        "The root user uses a key only if the key policy allows its account.",
        KMS.at("Default key policy > Allows access to the AWS account and enables IAM policies");
    KMS_FOREIGN_OPERATIONS "kms-foreign-operations":
        "For another account's keys only CreateGrant, Decrypt, DeriveSharedSecret, DescribeKey, Encrypt, \
         GenerateDataKey, GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext, GenerateDataKeyWithoutPlaintext, \
         GenerateMac, GetKeyRotationStatus, GetPublicKey, ListGrants, ReEncrypt, RetireGrant, RevokeGrant, Sign, \
         Verify and VerifyMac can be allowed.",
        KMS.at("AWS KMS permissions");
    KMS_FOREIGN_INEFFECTIVE "kms-foreign-ineffective":
        "Any other operation on a foreign key is denied, whatever both sides' policies allow.",
        KMS.at("AWS KMS permissions > Column descriptions");
    KMS_IAM_ONLY "kms-iam-only":
        "CreateKey, GenerateRandom, ListAliases, ListKeys, ListRetirableGrants and the operations on custom key \
         stores are opened by identity-based policies alone, on the resource `*`.",
        KMS.at("AWS KMS permissions");
    KMS_ALIAS_BOTH "kms-alias-both":
        "CreateAlias and DeleteAlias need permission on the alias, by IAM, and on the key.",
        KMS.at("Controlling access to aliases");
    KMS_ALIAS_UPDATE "kms-alias-update":
        "UpdateAlias needs permission on the alias, on its present and on its new key.",
        KMS.at("Controlling access to aliases > kms:UpdateAlias");
    KMS_ALIAS_NAMES_KEY "kms-alias-names-key":
        "An operation on a key named by its alias is decided for the key: an alias's ARN in a policy does not open \
         it.",
        KMS.at("Specifying KMS keys in IAM policy statements");
    KMS_RE_ENCRYPT "kms-re-encrypt":
        "ReEncrypt needs `kms:ReEncryptFrom` on the key that decrypts and `kms:ReEncryptTo` on that which encrypts.",
        KMS.at("AWS KMS permissions");
    KMS_REPLICATE "kms-replicate":
        "ReplicateKey needs `kms:ReplicateKey` on the primary key and `kms:CreateKey` in the replica's region.",
        KMS.at("AWS KMS permissions");
    KMS_CREATE_KEY_TAGS "kms-create-key-tags":
        "CreateKey with tags also needs `kms:TagResource`, by an identity-based policy.",
        KMS_API.at("CreateKey > Tags");
    KMS_DEFAULT_POLICY "kms-default-policy":
        "A key made without a policy allows its account `kms:*`.",
        KMS.at("Default key policy");
    KMS_LOCKOUT "kms-lockout":
        "CreateKey and PutKeyPolicy refuse a policy that would not let the caller put the policy again, unless the \
         check is bypassed (MalformedPolicyDocumentException).",
        KMS_API.at("PutKeyPolicy > BypassPolicyLockoutSafetyCheck");
    KMS_LOCKOUT_IDENTITY "kms-lockout-identity":
        "The lockout check takes a statement for the caller's account as enough, without asking IAM.",
        assumed_of_embedded_aws("the default policy passes for every caller with `kms:CreateKey`",
            include_str!("probes/kms-lockout-identity.probe"));
    KMS_REGIONAL "kms-regional":
        "A key, its grants and its policy are of one region; its ARN opens nothing in another.",
        KMS.at("AWS KMS concepts > Key ARN");
    KMS_AWS_MANAGED "kms-aws-managed":
        "An AWS managed key is used only through its service, by principals of its account, as its fixed policy says.",
        KMS.at("AWS KMS concepts > AWS managed keys");
    KMS_AWS_MANAGED_FIXED "kms-aws-managed-fixed":
        "Nobody changes the policy of an AWS managed key.",
        KMS.at("AWS KMS concepts > AWS managed keys");
    KMS_EBS_KEY "kms-ebs-key":
        "The policy of `aws/ebs` allows every principal of its account Encrypt, Decrypt, ReEncrypt, GenerateDataKey, \
         CreateGrant and DescribeKey through EC2.",
        KMS.at("AWS KMS condition keys > kms:CallerAccount");
    KMS_DENIED_OR_MISSING "kms-denied-or-missing":
        "A caller that may not use a foreign key is denied whether the key exists or not.",
        assumed_of_embedded_aws("KMS's message for ciphertexts leaves open which it is; for key ARNs it is told \
                                 nowhere",
            include_str!("probes/kms-denied-or-missing.probe"));
}
