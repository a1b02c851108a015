//! Volumes, and under which key each comes to be.

use aws_model::{AccountId, KeyArn};

use super::Launch;
use crate::rules::{self, Rule};

/// A volume that comes to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Under which name it is attached (`/dev/xvda`); only for telling volumes apart.
    pub device: Box<str>,
    /// What it is made from; `None` for an empty volume.
    pub snapshot: Option<Snapshot>,
    /// Under which key it is to be.
    pub key: VolumeKey,
}

/// A snapshot, as that of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Whose it is: with an image that was shared, its owner's.
    pub owner: AccountId,
    /// The key it is encrypted under; `None` for a plain one.
    pub key: Option<KeyArn>,
    /// Further keys, associated with it, by each of which it can be read as well.
    ///
    /// Source: Amazon EC2 API Reference, "AssociateKmsKeyId".
    pub associated_keys: Vec<KeyArn>,
    /// Whether its owner shared the snapshot itself with the account of the launch; `None` where nobody told. A launch
    /// from an image does not need it.
    pub shared: Option<bool>,
}

/// What a block device mapping, a launch template or a storage class says of encryption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VolumeKey {
    /// Nothing.
    Unsaid,
    /// `Encrypted: true` without a key.
    Default,
    /// `Encrypted: true` with this key.
    Named(KeyArn),
}

/// Under which key a volume comes to be, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encryption<'a> {
    /// The key.
    pub key: &'a KeyArn,
    /// Why this one.
    pub rule: &'static Rule,
}

/// A key is named for a volume that is not said to be encrypted. EC2 refuses that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the key {0} is named for a volume without `Encrypted: true`, which EC2 refuses: say `Encrypted: true` as well"
)]
pub struct KeyNeedsEncrypted(pub KeyArn);

/// A volume is under the account's default key, and nobody told which key that is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the volume {device} is to be under the default key for EBS of account {account}, which is not known: tell it \
     (`aws ec2 get-ebs-default-kms-key-id`), or name a key for the volume"
)]
pub struct NoDefaultKey {
    /// The volume's device.
    pub device: Box<str>,
    /// Whose default key.
    pub account: AccountId,
}

impl KeyNeedsEncrypted {
    /// The rule of the ledger by which EC2 refuses it.
    #[must_use]
    pub const fn rule(&self) -> &'static Rule {
        &rules::LAUNCH_KEY_NEEDS_ENCRYPTED
    }
}

impl VolumeKey {
    /// What `Encrypted` and `KmsKeyId` of a mapping say. `Encrypted: false` is as good as nothing: it makes no volume
    /// plain that otherwise would not be.
    ///
    /// Source: Amazon EC2 User Guide, "Use encryption with EBS-backed AMIs" > "Instance-launching scenarios".
    ///
    /// # Errors
    ///
    /// [`KeyNeedsEncrypted`], if a key is named and `Encrypted` is not true.
    pub fn told(encrypted: Option<bool>, key: Option<KeyArn>) -> Result<Self, KeyNeedsEncrypted> {
        match (encrypted, key) {
            (Some(true), Some(key)) => Ok(Self::Named(key)),
            (Some(true), None) => Ok(Self::Default),
            (Some(false) | None, Some(key)) => Err(KeyNeedsEncrypted(key)),
            (Some(false) | None, None) => Ok(Self::Unsaid),
        }
    }
}

impl Volume {
    /// The key of its snapshot, if it is made from an encrypted one.
    #[must_use]
    pub fn snapshot_key(&self) -> Option<&KeyArn> {
        self.snapshot.as_ref()?.key.as_ref()
    }
}

impl Launch {
    /// The key that a volume will be under; `None` for a plain volume.
    ///
    /// Source: Amazon EC2 User Guide, "Use encryption with EBS-backed AMIs" > "Instance-launching scenarios"; Amazon EBS
    /// User Guide, "Amazon EBS encryption" > "Default KMS key for EBS encryption".
    ///
    /// # Errors
    ///
    /// [`NoDefaultKey`], if it is the account's default key and nobody told which that is.
    pub fn key_of<'a>(&'a self, volume: &'a Volume) -> Result<Option<Encryption<'a>>, NoDefaultKey> {
        let default = |rule| match &self.default_key {
            Some(key) => Ok(Some(Encryption { key, rule })),
            None => Err(NoDefaultKey { device: volume.device.clone(), account: self.account }),
        };
        let snapshot = volume.snapshot.as_ref().and_then(|snapshot| Some((snapshot.owner, snapshot.key.as_ref()?)));
        match (&volume.key, snapshot) {
            (VolumeKey::Named(key), _) => Ok(Some(Encryption { key, rule: &rules::LAUNCH_NAMED_KEY })),
            // `Encrypted: true` without a key changes nothing where the snapshot is encrypted.
            (VolumeKey::Unsaid | VolumeKey::Default, Some((owner, key))) if owner == self.account => {
                Ok(Some(Encryption { key, rule: &rules::LAUNCH_SNAPSHOT_KEY }))
            }
            (VolumeKey::Unsaid | VolumeKey::Default, Some(_)) => default(&rules::LAUNCH_SHARED_SNAPSHOT_KEY),
            (VolumeKey::Default, None) => default(&rules::LAUNCH_DEFAULT_KEY),
            (VolumeKey::Unsaid, None) if self.encrypts_by_default => default(&rules::LAUNCH_DEFAULT_KEY),
            (VolumeKey::Unsaid, None) => Ok(None),
        }
    }
}
