//! KMS.

use super::{
    Access, Condition,
    On::{Alias, Key, KeyInRegion, KeyOfAlias, KeyOfCiphertext, KeyOfGrant, KeyOrAlias, Nothing, Principal},
    Operation,
    Source::{self, Fixed, Member, MemberOr, OnSameKey, TagKeys, TagValues, WhereTrue},
    TagList,
};

/// By name: the order that look-ups rely on.
pub(super) static OPERATIONS: &[Operation] = &[
    Operation::new("CancelKeyDeletion", &[Access::new("kms:CancelKeyDeletion", Key("KeyId"))]),
    Operation::new("ConnectCustomKeyStore", &[Access::new("kms:ConnectCustomKeyStore", Nothing)]),
    Operation::new(
        "CreateAlias",
        &[Access::new("kms:CreateAlias", Alias("AliasName")), Access::new("kms:CreateAlias", Key("TargetKeyId"))],
    ),
    Operation::new("CreateCustomKeyStore", &[Access::new("kms:CreateCustomKeyStore", Nothing)]),
    Operation::new(
        "CreateGrant",
        &[Access::new("kms:CreateGrant", Key("KeyId"))
            .of_new_grant()
            .with_context(&["Constraints.EncryptionContextEquals", "Constraints.EncryptionContextSubset"])],
    ),
    Operation::new(
        "CreateKey",
        &[
            Access::new("kms:CreateKey", Nothing).told(&[
                tell("kms:BypassPolicyLockoutSafetyCheck", BYPASS),
                tell("kms:CustomerMasterKeySpec", KEY_SPEC),
                tell("kms:CustomerMasterKeyUsage", KEY_USAGE),
                tell("kms:KeySpec", KEY_SPEC),
                tell("kms:KeyUsage", KEY_USAGE),
                tell("kms:KeyOrigin", MemberOr(&["Origin"], "AWS_KMS")),
                tell("kms:MultiRegion", MemberOr(&["MultiRegion"], "false")),
                tell("kms:MultiRegionKeyType", WhereTrue("MultiRegion", "PRIMARY")),
                REQUEST_TAG,
                TAG_KEYS,
            ]),
            TAG_NEW_KEY,
        ],
    ),
    Operation::new(
        "Decrypt",
        &[Access::new("kms:Decrypt", KeyOfCiphertext { ciphertext: "CiphertextBlob", or: "KeyId" })
            .with_context(CONTEXT)
            .told(&[tell("kms:EncryptionAlgorithm", MemberOr(&["EncryptionAlgorithm"], SYMMETRIC))])],
    ),
    Operation::new(
        "DeleteAlias",
        &[Access::new("kms:DeleteAlias", Alias("AliasName")), Access::new("kms:DeleteAlias", KeyOfAlias("AliasName"))],
    ),
    Operation::new("DeleteCustomKeyStore", &[Access::new("kms:DeleteCustomKeyStore", Nothing)]),
    Operation::new("DeleteImportedKeyMaterial", &[Access::new("kms:DeleteImportedKeyMaterial", Key("KeyId"))]),
    Operation::new(
        "DeriveSharedSecret",
        &[Access::new("kms:DeriveSharedSecret", KeyOrAlias("KeyId"))
            .told(&[tell("kms:KeyAgreementAlgorithm", Member("KeyAgreementAlgorithm"))])],
    ),
    Operation::new("DescribeCustomKeyStores", &[Access::new("kms:DescribeCustomKeyStores", Nothing)]),
    Operation::new("DescribeKey", &[Access::new("kms:DescribeKey", KeyOrAlias("KeyId"))]),
    Operation::new("DisableKey", &[Access::new("kms:DisableKey", Key("KeyId"))]),
    Operation::new("DisableKeyRotation", &[Access::new("kms:DisableKeyRotation", Key("KeyId"))]),
    Operation::new("DisconnectCustomKeyStore", &[Access::new("kms:DisconnectCustomKeyStore", Nothing)]),
    Operation::new("EnableKey", &[Access::new("kms:EnableKey", Key("KeyId"))]),
    Operation::new(
        "EnableKeyRotation",
        &[Access::new("kms:EnableKeyRotation", Key("KeyId"))
            .told(&[tell("kms:RotationPeriodInDays", MemberOr(&["RotationPeriodInDays"], "365"))])],
    ),
    Operation::new(
        "Encrypt",
        &[Access::new("kms:Encrypt", KeyOrAlias("KeyId"))
            .with_context(CONTEXT)
            .told(&[tell("kms:EncryptionAlgorithm", MemberOr(&["EncryptionAlgorithm"], SYMMETRIC))])],
    ),
    Operation::new("GenerateDataKey", &[data_key("kms:GenerateDataKey")]),
    Operation::new("GenerateDataKeyPair", &[data_key("kms:GenerateDataKeyPair").told(DATA_KEY_PAIR)]),
    Operation::new(
        "GenerateDataKeyPairWithoutPlaintext",
        &[data_key("kms:GenerateDataKeyPairWithoutPlaintext").told(DATA_KEY_PAIR)],
    ),
    Operation::new("GenerateDataKeyWithoutPlaintext", &[data_key("kms:GenerateDataKeyWithoutPlaintext")]),
    Operation::new("GenerateMac", &[Access::new("kms:GenerateMac", KeyOrAlias("KeyId")).told(MAC)]),
    Operation::new("GenerateRandom", &[Access::new("kms:GenerateRandom", Nothing)]),
    Operation::new("GetKeyLastUsage", &[Access::new("kms:GetKeyLastUsage", Key("KeyId"))]),
    Operation::new("GetKeyPolicy", &[Access::new("kms:GetKeyPolicy", Key("KeyId")).told(&[POLICY_NAME])]),
    Operation::new("GetKeyRotationStatus", &[Access::new("kms:GetKeyRotationStatus", Key("KeyId"))]),
    Operation::new(
        "GetParametersForImport",
        &[Access::new("kms:GetParametersForImport", Key("KeyId")).told(&[
            tell("kms:WrappingAlgorithm", Member("WrappingAlgorithm")),
            tell("kms:WrappingKeySpec", Member("WrappingKeySpec")),
        ])],
    ),
    Operation::new("GetPublicKey", &[Access::new("kms:GetPublicKey", KeyOrAlias("KeyId"))]),
    Operation::new(
        "ImportKeyMaterial",
        &[Access::new("kms:ImportKeyMaterial", Key("KeyId")).told(&[
            tell("kms:ExpirationModel", MemberOr(&["ExpirationModel"], "KEY_MATERIAL_EXPIRES")),
            tell("kms:ValidTo", Member("ValidTo")),
        ])],
    ),
    // `KeyId` narrows the list, and no permission on that key is asked.
    Operation::new("ListAliases", &[Access::new("kms:ListAliases", Nothing)]),
    Operation::new("ListGrants", &[Access::new("kms:ListGrants", Key("KeyId"))]),
    Operation::new("ListKeyPolicies", &[Access::new("kms:ListKeyPolicies", Key("KeyId"))]),
    Operation::new("ListKeyRotations", &[Access::new("kms:ListKeyRotations", Key("KeyId"))]),
    Operation::new("ListKeys", &[Access::new("kms:ListKeys", Nothing)]),
    Operation::new("ListResourceTags", &[Access::new("kms:ListResourceTags", Key("KeyId"))]),
    // No permission on the keys or grants is asked: the resource is the principal.
    Operation::new("ListRetirableGrants", &[Access::new("kms:ListRetirableGrants", Principal("RetiringPrincipal"))]),
    Operation::new(
        "PutKeyPolicy",
        &[Access::new("kms:PutKeyPolicy", Key("KeyId"))
            .told(&[tell("kms:BypassPolicyLockoutSafetyCheck", BYPASS), POLICY_NAME])],
    ),
    Operation::new(
        "ReEncrypt",
        &[
            Access::new("kms:ReEncryptFrom", KeyOfCiphertext { ciphertext: "CiphertextBlob", or: "SourceKeyId" })
                .with_context(&["SourceEncryptionContext"])
                .told(&[
                    tell("kms:EncryptionAlgorithm", MemberOr(&["SourceEncryptionAlgorithm"], SYMMETRIC)),
                    tell("kms:ReEncryptOnSameKey", OnSameKey),
                ]),
            Access::new("kms:ReEncryptTo", KeyOrAlias("DestinationKeyId"))
                .with_context(&["DestinationEncryptionContext"])
                .told(&[
                    tell("kms:EncryptionAlgorithm", MemberOr(&["DestinationEncryptionAlgorithm"], SYMMETRIC)),
                    tell("kms:ReEncryptOnSameKey", OnSameKey),
                ]),
        ],
    ),
    Operation::new(
        "ReplicateKey",
        &[
            Access::new("kms:ReplicateKey", Key("KeyId")).told(&[tell("kms:ReplicaRegion", Member("ReplicaRegion"))]),
            // AWS says that the permission is asked in the replica's region, and not with which keys. Assumed: those of
            // CreateKey that the input tells, and what a replica is.
            Access::new("kms:CreateKey", Nothing).in_region("ReplicaRegion").told(&[
                tell("kms:BypassPolicyLockoutSafetyCheck", BYPASS),
                tell("kms:MultiRegion", Fixed("true")),
                tell("kms:MultiRegionKeyType", Fixed("REPLICA")),
                REQUEST_TAG,
                TAG_KEYS,
            ]),
            TAG_NEW_KEY.in_region("ReplicaRegion"),
        ],
    ),
    // The grant decides first: AWS KMS Developer Guide, "Retiring and revoking grants".
    Operation::new("RetireGrant", &[Access::new("kms:RetireGrant", KeyOfGrant { token: "GrantToken", or: "KeyId" })]),
    Operation::new("RevokeGrant", &[Access::new("kms:RevokeGrant", Key("KeyId"))]),
    Operation::new("RotateKeyOnDemand", &[Access::new("kms:RotateKeyOnDemand", Key("KeyId"))]),
    Operation::new(
        "ScheduleKeyDeletion",
        &[Access::new("kms:ScheduleKeyDeletion", Key("KeyId"))
            .told(&[tell("kms:ScheduleKeyDeletionPendingWindowInDays", MemberOr(&["PendingWindowInDays"], "30"))])],
    ),
    Operation::new("Sign", &[Access::new("kms:Sign", KeyOrAlias("KeyId")).told(SIGNATURE)]),
    Operation::new("TagResource", &[Access::new("kms:TagResource", Key("KeyId")).told(&[REQUEST_TAG, TAG_KEYS])]),
    Operation::new(
        "UntagResource",
        &[Access::new("kms:UntagResource", Key("KeyId")).told(&[tell("aws:TagKeys", Member("TagKeys"))])],
    ),
    Operation::new(
        "UpdateAlias",
        &[
            Access::new("kms:UpdateAlias", Alias("AliasName")),
            Access::new("kms:UpdateAlias", KeyOfAlias("AliasName")),
            Access::new("kms:UpdateAlias", Key("TargetKeyId")),
        ],
    ),
    Operation::new("UpdateCustomKeyStore", &[Access::new("kms:UpdateCustomKeyStore", Nothing)]),
    Operation::new("UpdateKeyDescription", &[Access::new("kms:UpdateKeyDescription", Key("KeyId"))]),
    Operation::new(
        "UpdatePrimaryRegion",
        &[
            Access::new("kms:UpdatePrimaryRegion", Key("KeyId")).told(PRIMARY_REGION),
            Access::new("kms:UpdatePrimaryRegion", KeyInRegion { key: "KeyId", region: "PrimaryRegion" })
                .in_region("PrimaryRegion")
                .told(PRIMARY_REGION),
        ],
    ),
    Operation::new("Verify", &[Access::new("kms:Verify", KeyOrAlias("KeyId")).told(SIGNATURE)]),
    Operation::new("VerifyMac", &[Access::new("kms:VerifyMac", KeyOrAlias("KeyId")).told(MAC)]),
];

const SYMMETRIC: &str = "SYMMETRIC_DEFAULT";
const CONTEXT: &[&str] = &["EncryptionContext"];
/// Not in a request that does not give it, though the parameter has a default: AWS's own example asks with `Null`.
const BYPASS: Source = Member("BypassPolicyLockoutSafetyCheck");
const KEY_SPEC: Source = MemberOr(&["KeySpec", "CustomerMasterKeySpec"], SYMMETRIC);
const KEY_USAGE: Source = MemberOr(&["KeyUsage"], "ENCRYPT_DECRYPT");
const TAGS: TagList = TagList { member: "Tags", key: "TagKey", value: "TagValue" };
const REQUEST_TAG: Condition = tell("aws:RequestTag/${TagKey}", TagValues(TAGS));
const TAG_KEYS: Condition = tell("aws:TagKeys", TagKeys(TAGS));
/// Told by the operations' pages in the API Reference; the Service Authorization Reference does not have it yet.
const POLICY_NAME: Condition = tell("kms:PolicyName", MemberOr(&["PolicyName"], "default"));
const MAC: &[Condition] = &[tell("kms:MacAlgorithm", Member("MacAlgorithm"))];
const SIGNATURE: &[Condition] = &[
    tell("kms:MessageType", MemberOr(&["MessageType"], "RAW")),
    tell("kms:SigningAlgorithm", Member("SigningAlgorithm")),
];
const PRIMARY_REGION: &[Condition] = &[tell("kms:PrimaryRegion", Member("PrimaryRegion"))];
/// A data key is encrypted under a symmetric key, always.
const DATA_KEY: &[Condition] = &[tell("kms:EncryptionAlgorithm", Fixed(SYMMETRIC))];
const DATA_KEY_PAIR: &[Condition] =
    &[tell("kms:EncryptionAlgorithm", Fixed(SYMMETRIC)), tell("kms:DataKeyPairSpec", Member("KeyPairSpec"))];
/// Tags of a key in the making take a permission of their own, by an IAM policy: there is no key policy yet.
const TAG_NEW_KEY: Access = Access::new("kms:TagResource", Nothing).only_with(&["Tags"]).told(&[REQUEST_TAG, TAG_KEYS]);

const fn tell(key: &'static str, from: Source) -> Condition {
    Condition { key, from }
}

const fn data_key(action: &'static str) -> Access {
    Access::new(action, KeyOrAlias("KeyId")).with_context(CONTEXT).told(DATA_KEY)
}
