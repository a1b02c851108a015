//! Whether a key in its state does an operation, apart from who asks.
//!
//! Source: AWS KMS Developer Guide, "Key states of AWS KMS keys" > "Key state table". Where the table leaves open which
//! of two errors comes (`DisabledException` or `KMSInvalidStateException` for a key that is pending deletion), this is
//! the second, which AWS answers in practice. RotateKeyOnDemand is told by AWS KMS API Reference, "RotateKeyOnDemand": it
//! rotates imported material, which EnableKeyRotation does not, so a key that waits for its material has the wrong state.

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
    /// EnableKeyRotation, DisableKeyRotation.
    Rotation,
    RotationOnDemand,
    /// GetKeyRotationStatus.
    RotationStatus,
    /// ReplicateKey.
    Replication,
    /// UpdatePrimaryRegion.
    PrimaryRegion,
    /// GetParametersForImport.
    ImportParameters,
    /// ImportKeyMaterial.
    Import,
    /// DeleteImportedKeyMaterial.
    DeleteMaterial,
    ScheduleDeletion,
    CancelDeletion,
    /// What every state allows: describing, listing, policies, retiring and revoking grants, deleting an alias.
    Always,
}

impl Use {
    /// Whether the table leaves open which error a key that waits for its deletion answers.
    const fn is_open_while_pending_deletion(self) -> bool {
        matches!(self, Self::Cryptography | Self::CreateGrant | Self::Replication | Self::PrimaryRegion)
    }
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
        if state == KeyState::PendingDeletion && wanted.is_open_while_pending_deletion() {
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

/// Whether an action is on a key alone. Aliases have ARNs of their own.
pub(crate) fn is_on_key(action: &Action) -> bool {
    wanted(action).is_some() && !action.lower().ends_with("alias")
}

fn wanted(action: &Action) -> Option<Use> {
    Some(match action.lower().strip_prefix("kms:")? {
        "decapsulate"
        | "decrypt"
        | "derivesharedsecret"
        | "encapsulate"
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
        "disablekeyrotation" | "enablekeyrotation" => Use::Rotation,
        "rotatekeyondemand" => Use::RotationOnDemand,
        "getkeyrotationstatus" => Use::RotationStatus,
        "replicatekey" => Use::Replication,
        "updateprimaryregion" => Use::PrimaryRegion,
        "getparametersforimport" => Use::ImportParameters,
        "importkeymaterial" => Use::Import,
        "deleteimportedkeymaterial" => Use::DeleteMaterial,
        "schedulekeydeletion" => Use::ScheduleDeletion,
        "cancelkeydeletion" => Use::CancelDeletion,
        "deletealias" | "describekey" | "getkeylastusage" | "getkeypolicy" | "listgrants" | "listkeypolicies"
        | "listkeyrotations" | "listresourcetags" | "putkeypolicy" | "retiregrant" | "revokegrant" => Use::Always,
        _ => return None,
    })
}

fn error(state: KeyState, wanted: Use, assumptions: &Assumptions) -> Option<&'static str> {
    use KeyState::{
        Creating, Disabled, Enabled, PendingDeletion, PendingImport, PendingReplicaDeletion, Unavailable, Updating,
    };
    use Use::{
        Always, CancelDeletion, CreateGrant, Cryptography, DeleteMaterial, Import, ImportParameters, Label,
        PrimaryRegion, Replication, Rotation, RotationOnDemand, RotationStatus, ScheduleDeletion, Switch,
    };
    match (state, wanted) {
        (_, Always) => None,
        (PendingDeletion | PendingReplicaDeletion, CancelDeletion | DeleteMaterial | RotationStatus) => None,
        (PendingDeletion | PendingReplicaDeletion, _)
            if wanted.is_open_while_pending_deletion() && !assumptions.kms_state_pending_deletion_code =>
        {
            Some(DISABLED)
        }
        (PendingDeletion | PendingReplicaDeletion, _) | (_, CancelDeletion) => Some(INVALID_STATE),
        (Enabled, _) => None,
        (Disabled, Cryptography | CreateGrant | Rotation | RotationOnDemand | Replication | PrimaryRegion) => {
            Some(DISABLED)
        }
        (Disabled, Label | Switch | RotationStatus | ImportParameters | Import | DeleteMaterial | ScheduleDeletion) => {
            None
        }
        (PendingImport, Cryptography | CreateGrant | Switch | RotationOnDemand | Replication | PrimaryRegion) => {
            Some(INVALID_STATE)
        }
        // Imported key material is not rotated by KMS, only on demand.
        (PendingImport, Rotation | RotationStatus) => Some(UNSUPPORTED),
        (PendingImport, Label | ImportParameters | Import | DeleteMaterial | ScheduleDeletion) => None,
        (Unavailable, Cryptography) => Some(INVALID_STATE),
        (Unavailable, CreateGrant | Label | Switch | ScheduleDeletion) => None,
        // Nor is that of a custom key store, which is neither replicated nor imported.
        (
            Unavailable,
            Rotation | RotationOnDemand | RotationStatus | Replication | PrimaryRegion | ImportParameters | Import
            | DeleteMaterial,
        ) => Some(UNSUPPORTED),
        (Creating, Label | RotationStatus | ScheduleDeletion) => None,
        (Creating, _) => Some(INVALID_STATE),
        (Updating, Switch | Replication | ImportParameters | DeleteMaterial | ScheduleDeletion) => Some(INVALID_STATE),
        (
            Updating,
            Cryptography | CreateGrant | Label | Rotation | RotationOnDemand | RotationStatus | PrimaryRegion | Import,
        ) => None,
    }
}
