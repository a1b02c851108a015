//! What a key's state lets through, apart from who asks.

use super::{
    rules,
    source::{KMS, assumed, assumed_of_key_states},
};

rules! {
    KMS_STATE_ENABLED "kms-state-enabled":
        "An enabled key does everything but CancelKeyDeletion (KMSInvalidStateException).",
        KMS.at("Key states of AWS KMS keys > Key state table");
    KMS_STATE_DISABLED_CRYPTO "kms-state-disabled-crypto":
        "A disabled key refuses cryptographic operations, CreateGrant, GetPublicKey and changes of its rotation \
         (DisabledException).",
        KMS.at("Key states of AWS KMS keys > Key state table");
    KMS_STATE_DISABLED_MANAGED "kms-state-disabled-managed":
        "A disabled key is described, listed, tagged, given aliases and policies, enabled and scheduled for deletion.",
        KMS.at("Key states of AWS KMS keys > Key state table");
    KMS_STATE_PENDING_DELETION_CRYPTO "kms-state-pending-deletion-crypto":
        "A key that waits for its deletion refuses cryptographic operations and CreateGrant.",
        KMS.at("Key states of AWS KMS keys > Key state table");
    KMS_STATE_PENDING_DELETION_CODE "kms-state-pending-deletion-code":
        "What a key that waits for its deletion refuses, it refuses with KMSInvalidStateException.",
        assumed("the table leaves open whether it is that or DisabledException; users report the former",
            include_str!("probes/kms-state-pending-deletion-code.probe"));
    KMS_STATE_PENDING_DELETION_MANAGED "kms-state-pending-deletion-managed":
        "A key that waits for its deletion is described, listed, given a policy, its grants retired and revoked, its \
         aliases and deletion taken away; it is not tagged, enabled, disabled or scheduled anew.",
        KMS.at("Key states of AWS KMS keys > Key state table");
    KMS_STATE_PENDING_IMPORT_CRYPTO "kms-state-pending-import-crypto":
        "A key without material refuses cryptographic operations, CreateGrant, EnableKey, DisableKey and RotateKeyOnDemand \
         (KMSInvalidStateException).",
        KMS.at("Key states of AWS KMS keys > Key state table");
    KMS_STATE_UNAVAILABLE_CRYPTO "kms-state-unavailable-crypto":
        "A key whose own key store is away refuses cryptographic operations (KMSInvalidStateException).",
        KMS.at("Key states of AWS KMS keys > Key state table");
    KMS_STATE_UNAVAILABLE_GRANT "kms-state-unavailable-grant":
        "A key whose own key store is away takes grants.",
        KMS.at("Key states of AWS KMS keys > Key state table");
    KMS_STATE_CREATING_CRYPTO "kms-state-creating-crypto":
        "A replica that is being made refuses cryptographic operations, CreateGrant, EnableKey and DisableKey \
         (KMSInvalidStateException).",
        KMS.at("Key states of AWS KMS keys > Key state table");
    KMS_STATE_UPDATING_CRYPTO "kms-state-updating-crypto":
        "A multi-Region key whose primary region changes does cryptographic operations and CreateGrant, and refuses \
         changes of its state (KMSInvalidStateException).",
        KMS.at("Key states of AWS KMS keys > Key state table");
    KMS_STATE_PENDING_REPLICA_DELETION "kms-state-pending-replica-deletion":
        "A primary key that waits for its replicas' deletion refuses what one that waits for its own refuses.",
        KMS.at("Key states of AWS KMS keys > Key state table");
    KMS_STATE_ALWAYS "kms-state-always":
        "DescribeKey, GetKeyPolicy, PutKeyPolicy, ListKeyPolicies, ListGrants, ListResourceTags, RetireGrant, \
         RevokeGrant and DeleteAlias go through in every state.",
        KMS.at("Key states of AWS KMS keys > Key state table");
    KMS_STATE_AFTER_DENIAL "kms-state-after-denial":
        "A caller who is not allowed is denied whatever the key's state.",
        assumed_of_key_states("the state would be told to strangers otherwise; told nowhere",
            include_str!("probes/kms-state-after-denial.probe"));
    KMS_STATE_ON_USE "kms-state-on-use":
        "A volume that is attached works on while its key is disabled; it is not attached anew.",
        KMS.at("Enable and disable keys > How unusable KMS keys affect data keys");
}
