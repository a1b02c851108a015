//! KMS's own condition keys.

use super::{
    rules,
    source::{KMS, assumed},
};

rules! {
    KMS_COND_CALLER_ACCOUNT "kms-cond-caller-account":
        "`kms:CallerAccount` is the caller's account.",
        KMS.at("AWS KMS condition keys > kms:CallerAccount");
    KMS_COND_VIA_SERVICE "kms-cond-via-service":
        "`kms:ViaService` is `<service>.<region>.amazonaws.com` where a service calls for the principal, in every \
         partition.",
        KMS.at("AWS KMS condition keys > kms:ViaService");
    KMS_COND_VIA_SERVICE_DIRECT "kms-cond-via-service-direct":
        "A direct call has no `kms:ViaService`.",
        KMS.at("AWS KMS condition keys > kms:ViaService");
    KMS_COND_VIA_SERVICE_ROLE "kms-cond-via-service-role":
        "A service that calls as itself, or by a role that it assumed, has no `kms:ViaService`.",
        KMS.at("AWS KMS condition keys > kms:ViaService");
    KMS_COND_VIA_SERVICE_REGION "kms-cond-via-service-region":
        "`kms:ViaService` names the region of the call: a statement for one region holds in no other.",
        KMS.at("AWS KMS condition keys > kms:ViaService");
    KMS_COND_VIA_EC2 "kms-cond-via-ec2":
        "EBS calls through `ec2.<region>.amazonaws.com`.",
        KMS.at("AWS KMS condition keys > Services that support the kms:ViaService condition key");
    KMS_COND_FOR_AWS_RESOURCE "kms-cond-for-aws-resource":
        "`kms:GrantIsForAWSResource` is true only where a service calls for the principal: who calls CreateGrant \
         itself fails it.",
        KMS.at("AWS KMS condition keys > kms:GrantIsForAWSResource");
    KMS_COND_FOR_AWS_RESOURCE_OPERATIONS "kms-cond-for-aws-resource-operations":
        "`kms:GrantIsForAWSResource` is there for CreateGrant, ListGrants and RevokeGrant only.",
        KMS.at("AWS KMS condition keys > kms:GrantIsForAWSResource");
    KMS_COND_FOR_AWS_RESOURCE_FALSE "kms-cond-for-aws-resource-false":
        "On a direct call `kms:GrantIsForAWSResource` is false, not missing.",
        assumed("a Boolean about the call; the guide only tells when it is true",
            include_str!("probes/kms-cond-for-aws-resource-false.probe"));
    KMS_COND_GRANT_OPERATIONS "kms-cond-grant-operations":
        "`kms:GrantOperations` is a multivalued key with the operations of the grant to be made.",
        KMS.at("AWS KMS condition keys > kms:GrantOperations");
    KMS_COND_GRANTEE "kms-cond-grantee":
        "`kms:GranteePrincipal` is the grantee of the grant to be made, as the request writes it.",
        KMS.at("AWS KMS condition keys > kms:GranteePrincipal");
    KMS_COND_GRANTEE_SERVICE "kms-cond-grantee-service":
        "`kms:GranteeServicePrincipal` and `kms:RetiringServicePrincipal` are there only where the grant to be made \
         names a service.",
        KMS.at("AWS KMS condition keys > kms:GranteeServicePrincipal");
    KMS_COND_RETIRING "kms-cond-retiring":
        "`kms:RetiringPrincipal` is the retiring principal of the grant to be made, missing without one.",
        KMS.at("AWS KMS condition keys > kms:RetiringPrincipal");
    KMS_COND_CONSTRAINT_TYPE "kms-cond-constraint-type":
        "`kms:GrantConstraintType` is `EncryptionContextEquals` or `EncryptionContextSubset`, missing without such a \
         constraint.",
        KMS.at("AWS KMS condition keys > kms:GrantConstraintType");
    KMS_COND_CONSTRAINT_SOURCE "kms-cond-constraint-source":
        "`kms:GrantConstraintSourceArn` is the SourceArn constraint of the grant to be made.",
        KMS.at("AWS KMS condition keys > kms:GrantConstraintSourceArn");
    KMS_COND_CONTEXT "kms-cond-context":
        "`kms:EncryptionContext:<key>` is the value of that pair, the key without regard to case, missing without the \
         pair.",
        KMS.at("AWS KMS condition keys > Case sensitivity of the encryption context condition");
    KMS_COND_CONTEXT_KEYS "kms-cond-context-keys":
        "`kms:EncryptionContextKeys` is a multivalued key with the keys of the encryption context, missing without \
         one.",
        KMS.at("AWS KMS condition keys > kms:EncryptionContextKeys");
    KMS_COND_CONTEXT_CREATE_GRANT "kms-cond-context-create-grant":
        "On CreateGrant the encryption context that conditions see is that of the grant's constraint.",
        assumed("the guide lists CreateGrant for these keys, and the request has no other encryption context",
            include_str!("probes/kms-cond-context-create-grant.probe"));
    KMS_COND_KEY_PROPERTIES "kms-cond-key-properties":
        "`kms:KeyOrigin`, `kms:KeySpec`, `kms:KeyUsage`, `kms:MultiRegion` and `kms:MultiRegionKeyType` are the key's \
         own on every operation on a key, and what is asked for on CreateKey.",
        KMS.at("AWS KMS condition keys > kms:KeyOrigin");
    KMS_COND_KEY_PROPERTIES_ELSEWHERE "kms-cond-key-properties-elsewhere":
        "Operations without a key have none of the key's properties, so that an `Allow` on these conditions never \
         holds.",
        KMS.at("AWS KMS condition keys > Conditions for KMS keys used in API operations");
    KMS_COND_DEFAULT_PARAMETER "kms-cond-default-parameter":
        "A key that stands for a parameter has the parameter's default where the request leaves it out.",
        KMS.at("AWS KMS condition keys > Conditions for an API operation request");
    KMS_COND_ALGORITHM "kms-cond-algorithm":
        "`kms:EncryptionAlgorithm` is the algorithm that the operation uses, `SYMMETRIC_DEFAULT` for data keys.",
        KMS.at("AWS KMS condition keys > kms:EncryptionAlgorithm");
    KMS_COND_REQUEST_ALIAS "kms-cond-request-alias":
        "`kms:RequestAlias` is the alias by which the request names the key, missing if it does not.",
        KMS.at("AWS KMS condition keys > kms:RequestAlias");
    KMS_COND_RESOURCE_ALIASES "kms-cond-resource-aliases":
        "`kms:ResourceAliases` is a multivalued key with all aliases of the key, however the request names it.",
        KMS.at("AWS KMS condition keys > kms:ResourceAliases");
    KMS_COND_RE_ENCRYPT_SAME "kms-cond-re-encrypt-same":
        "`kms:ReEncryptOnSameKey` is true where ReEncrypt reads and writes under one key.",
        KMS.at("AWS KMS condition keys > kms:ReEncryptOnSameKey");
    KMS_COND_BYPASS "kms-cond-bypass":
        "`kms:BypassPolicyLockoutSafetyCheck` is the parameter of CreateKey and PutKeyPolicy.",
        KMS.at("AWS KMS condition keys > kms:BypassPolicyLockoutSafetyCheck");
    KMS_COND_RESOURCE_TAG "kms-cond-resource-tag":
        "`aws:ResourceTag/<key>` of an operation on a key is the key's tag.",
        KMS.at("ABAC for AWS KMS");
    KMS_COND_VIA_SERVICE_ABSENT_DENY "kms-cond-via-service-absent-deny":
        "A `Deny` unless `kms:ViaService` is a service also reaches direct calls, which lack the key.",
        KMS.at("AWS KMS condition keys > kms:ViaService");
    KMS_COND_VIA_INFRASTRUCTURE "kms-cond-via-infrastructure":
        "The Decrypt by EC2's infrastructure role when a volume is attached has no `kms:ViaService`.",
        assumed("CloudTrail shows the role as the caller and no invokedBy",
            include_str!("probes/kms-cond-via-infrastructure.probe"));
}
