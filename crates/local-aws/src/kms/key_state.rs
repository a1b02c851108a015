//! What a key's state allows, apart from who asks.
//!
//! Source: AWS KMS Developer Guide, "Key states of AWS KMS keys", section "Key state table". Where the table leaves
//! open which of two errors comes (`DisabledException` or `KMSInvalidStateException` for a key that is pending
//! deletion), this is the second, as far as the rule `kms-state-pending-deletion-code` is assumed.

use authz::rules::Assumptions;
use aws_model::KeyArn;

use super::fault;
use crate::ServiceError;

/// The states that a key can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyState {
    Enabled,
    Disabled,
    PendingDeletion,
    PendingReplicaDeletion,
    PendingImport,
    Creating,
    Updating,
    /// Of custom key stores, which there are none of; and of any key that is put into it on request.
    Unavailable,
}

/// The rows of the table, as far as they differ. What every state allows (describing, listing, policies, retiring
/// and revoking grants, deleting an alias) is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyUse {
    /// Encrypt, Decrypt, ReEncrypt, GenerateDataKey and its kin, Sign, GenerateMac and theirs, GetPublicKey.
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
    /// GetParametersForImport.
    ImportParameters,
    /// ImportKeyMaterial.
    Import,
    /// DeleteImportedKeyMaterial.
    DeleteMaterial,
    ScheduleDeletion,
    CancelDeletion,
}

impl KeyState {
    /// The state's name on the wire.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion => "PendingDeletion",
            Self::PendingReplicaDeletion => "PendingReplicaDeletion",
            Self::PendingImport => "PendingImport",
            Self::Creating => "Creating",
            Self::Updating => "Updating",
            Self::Unavailable => "Unavailable",
        }
    }

    pub(super) fn is_pending_deletion(self) -> bool {
        matches!(self, Self::PendingDeletion | Self::PendingReplicaDeletion)
    }

    /// Whether a key in this state may be put to this use.
    pub(super) fn permit(self, wanted: KeyUse, key: &KeyArn, assumptions: &Assumptions) -> Result<(), ServiceError> {
        use KeyUse::{
            CancelDeletion, CreateGrant, Cryptography, DeleteMaterial, Import, ImportParameters, Label, Replication,
            Rotation, ScheduleDeletion, Switch,
        };
        match (self, wanted) {
            (Self::PendingDeletion | Self::PendingReplicaDeletion, CancelDeletion) => Ok(()),
            (_, CancelDeletion) => Err(invalid(key, "is not pending deletion.")),
            (Self::Enabled, _) => Ok(()),
            (Self::Disabled, Cryptography | CreateGrant | Rotation | Replication) => Err(disabled(key)),
            (Self::Disabled, Label | Switch | ScheduleDeletion | ImportParameters | Import | DeleteMaterial) => Ok(()),
            (Self::PendingDeletion | Self::PendingReplicaDeletion, Cryptography | CreateGrant | Replication)
                if !assumptions.kms_state_pending_deletion_code =>
            {
                Err(disabled(key))
            }
            (Self::PendingDeletion | Self::PendingReplicaDeletion, DeleteMaterial) => Ok(()),
            (Self::PendingImport, Label | ScheduleDeletion | ImportParameters | Import | DeleteMaterial) => Ok(()),
            (Self::PendingImport, _) => Err(invalid(key, "is pending import.")),
            (Self::PendingDeletion, _) => Err(invalid(key, "is pending deletion.")),
            (Self::PendingReplicaDeletion, _) => Err(invalid(key, "is pending replica deletion.")),
            (Self::Creating, Label | ScheduleDeletion) => Ok(()),
            (Self::Creating, _) => Err(invalid(key, "is creating.")),
            (Self::Updating, Cryptography | CreateGrant | Label | Import) => Ok(()),
            (Self::Updating, _) => Err(invalid(key, "is updating.")),
            (Self::Unavailable, Cryptography) => Err(invalid(key, "is unavailable.")),
            (Self::Unavailable, CreateGrant | Label | Switch | ScheduleDeletion) => Ok(()),
            // As of a custom key store, whose keys are neither rotated nor replicated nor imported.
            (Self::Unavailable, Rotation | Replication | ImportParameters | Import | DeleteMaterial) => {
                Err(fault::unsupported(format!("{key} is unavailable.")))
            }
        }
    }
}

fn disabled(key: &KeyArn) -> ServiceError {
    ServiceError::new("DisabledException", format!("{key} is disabled."))
}

fn invalid(key: &KeyArn, is: &str) -> ServiceError {
    ServiceError::new("KMSInvalidStateException", format!("{key} {is}"))
}
