//! Whether a key in its state does an operation, apart from who asks.
//!
//! Source: AWS KMS Developer Guide, "Key states of AWS KMS keys" > "Key state table". Where the table leaves open which
//! of two errors comes (`DisabledException` or `KMSInvalidStateException` for a key that is pending deletion), this is
//! the second, which AWS answers in practice.

use crate::{
    decision::KeyStateVerdict,
    request::Action,
    rules::{self, Assumptions, Rule},
    world::KeyState,
};

use super::observer::Observer;

const DISABLED: &str = "DisabledException";
const INVALID_STATE: &str = "KMSInvalidStateException";
const UNSUPPORTED: &str = "UnsupportedOperationException";

/// The rows of the table, as far as they differ.
#[derive(Clone, Copy)]
enum Use {
    /// Encrypt, Decrypt, ReEncrypt, GenerateDataKey and its kin, GetPublicKey.
    Cryptography,
    CreateGrant,
    /// CreateAlias, UpdateAlias (of the new target), TagResource, UntagResource, UpdateKeyDescription.
    Label,
    /// EnableKey, DisableKey.
    Switch,
    /// EnableKeyRotation, DisableKeyRotation, RotateKeyOnDemand.
    Rotation,
    /// ReplicateKey, UpdatePrimaryRegion.
    Replication,
    /// GetParametersForImport, ImportKeyMaterial.
    Import,
    ScheduleDeletion,
    CancelDeletion,
    /// What every state allows: describing, listing, policies, retiring and revoking grants, deleting an alias.
    Always,
}

/// Whether the state of a key refuses an operation; `None` for what is no operation on a key.
pub(super) fn verdict<O: Observer>(
    action: &Action,
    state: Option<KeyState>,
    assumptions: &Assumptions,
    observer: &mut O,
) -> Option<KeyStateVerdict> {
    let wanted = wanted(action)?;
    let error = state.and_then(|state| error(state, wanted, assumptions));
    if let Some(state) = state {
        observer.rule(rule(state, wanted, error.is_some()));
        if error.is_some() {
            observer.rule(&rules::KMS_STATE_AFTER_DENIAL);
        }
        if state == KeyState::PendingDeletion && error.is_some() {
            observer.rule(&rules::KMS_STATE_PENDING_DELETION_CODE);
        }
    }
    Some(KeyStateVerdict { state, error })
}

const fn rule(state: KeyState, wanted: Use, is_refused: bool) -> &'static Rule {
    match (state, is_refused) {
        _ if matches!(wanted, Use::Always) => &rules::KMS_STATE_ALWAYS,
        (KeyState::Enabled, _) => &rules::KMS_STATE_ENABLED,
        (KeyState::Disabled, true) => &rules::KMS_STATE_DISABLED_CRYPTO,
        (KeyState::Disabled, false) => &rules::KMS_STATE_DISABLED_MANAGED,
        (KeyState::PendingDeletion, true) if matches!(wanted, Use::Cryptography | Use::CreateGrant) => {
            &rules::KMS_STATE_PENDING_DELETION_CRYPTO
        }
        (KeyState::PendingDeletion, _) => &rules::KMS_STATE_PENDING_DELETION_MANAGED,
        (KeyState::PendingReplicaDeletion, _) => &rules::KMS_STATE_PENDING_REPLICA_DELETION,
        (KeyState::PendingImport, _) => &rules::KMS_STATE_PENDING_IMPORT_CRYPTO,
        (KeyState::Unavailable, _) if matches!(wanted, Use::CreateGrant) => &rules::KMS_STATE_UNAVAILABLE_GRANT,
        (KeyState::Unavailable, _) => &rules::KMS_STATE_UNAVAILABLE_CRYPTO,
        (KeyState::Creating, _) => &rules::KMS_STATE_CREATING_CRYPTO,
        (KeyState::Updating, _) => &rules::KMS_STATE_UPDATING_CRYPTO,
    }
}

fn wanted(action: &Action) -> Option<Use> {
    Some(match action.lower().strip_prefix("kms:")? {
        "decrypt"
        | "derivesharedsecret"
        | "encrypt"
        | "generatedatakey"
        | "generatedatakeypair"
        | "generatedatakeypairwithoutplaintext"
        | "generatedatakeywithoutplaintext"
        | "generatemac"
        | "getpublickey"
        | "reencryptfrom"
        | "reencryptto"
        | "sign"
        | "verify"
        | "verifymac" => Use::Cryptography,
        "creategrant" => Use::CreateGrant,
        "createalias" | "tagresource" | "untagresource" | "updatealias" | "updatekeydescription" => Use::Label,
        "disablekey" | "enablekey" => Use::Switch,
        "disablekeyrotation" | "enablekeyrotation" | "rotatekeyondemand" => Use::Rotation,
        "replicatekey" | "updateprimaryregion" => Use::Replication,
        "getparametersforimport" | "importkeymaterial" => Use::Import,
        "schedulekeydeletion" => Use::ScheduleDeletion,
        "cancelkeydeletion" => Use::CancelDeletion,
        "deletealias"
        | "deleteimportedkeymaterial"
        | "describekey"
        | "getkeypolicy"
        | "getkeyrotationstatus"
        | "listgrants"
        | "listkeypolicies"
        | "listkeyrotations"
        | "listresourcetags"
        | "putkeypolicy"
        | "retiregrant"
        | "revokegrant" => Use::Always,
        _ => return None,
    })
}

fn error(state: KeyState, wanted: Use, assumptions: &Assumptions) -> Option<&'static str> {
    use Use::{
        Always, CancelDeletion, CreateGrant, Cryptography, Import, Label, Replication, Rotation, ScheduleDeletion,
        Switch,
    };
    match (state, wanted) {
        (_, Always) | (KeyState::PendingDeletion | KeyState::PendingReplicaDeletion, CancelDeletion) => None,
        (KeyState::PendingDeletion | KeyState::PendingReplicaDeletion, Cryptography | CreateGrant)
            if !assumptions.kms_state_pending_deletion_code =>
        {
            Some(DISABLED)
        }
        (_, CancelDeletion) | (KeyState::PendingDeletion | KeyState::PendingReplicaDeletion, _) => Some(INVALID_STATE),
        (KeyState::Enabled, _) => None,
        (KeyState::Disabled, Cryptography | CreateGrant | Rotation | Replication) => Some(DISABLED),
        (KeyState::Disabled, Label | Switch | Import | ScheduleDeletion) => None,
        (KeyState::PendingImport, Cryptography | CreateGrant | Switch | Replication) => Some(INVALID_STATE),
        (KeyState::Unavailable, Cryptography) => Some(INVALID_STATE),
        // Neither imported key material nor that of a custom key store can be rotated or replicated.
        (KeyState::PendingImport, Rotation) | (KeyState::Unavailable, Rotation | Replication | Import) => {
            Some(UNSUPPORTED)
        }
        (KeyState::PendingImport, Label | Import | ScheduleDeletion)
        | (KeyState::Unavailable, CreateGrant | Label | Switch | ScheduleDeletion) => None,
        (KeyState::Creating, Label | ScheduleDeletion) | (KeyState::Updating, Cryptography | CreateGrant | Label) => {
            None
        }
        (KeyState::Creating, Cryptography | CreateGrant | Switch | Rotation | Replication | Import)
        | (KeyState::Updating, Switch | Rotation | Replication | Import | ScheduleDeletion) => Some(INVALID_STATE),
    }
}
