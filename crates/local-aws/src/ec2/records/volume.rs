//! Volumes and snapshots.

use std::collections::BTreeSet;

use aws_model::{AccountId, EncryptionContext, KeyArn, Region};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Once;

/// The data key that a volume or snapshot is encrypted under: sealed by KMS, so no secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct DataKey {
    pub(in crate::ec2) key: KeyArn,
    /// As KMS answered it, base64.
    pub(in crate::ec2) ciphertext: String,
    /// The context that it is bound to.
    pub(in crate::ec2) context: EncryptionContext,
}

/// A grant that EC2 has had made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct GrantMade {
    pub(in crate::ec2) key: KeyArn,
    pub(in crate::ec2) id: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct Volume {
    pub(in crate::ec2) id: String,
    pub(in crate::ec2) owner: AccountId,
    pub(in crate::ec2) region: Region,
    pub(in crate::ec2) zone: String,
    /// In GiB.
    pub(in crate::ec2) size: i64,
    pub(in crate::ec2) kind: String,
    pub(in crate::ec2) iops: Option<i64>,
    pub(in crate::ec2) throughput: Option<i64>,
    pub(in crate::ec2) snapshot: Option<String>,
    /// The key that it is under, or was to be.
    pub(in crate::ec2) key: Option<KeyArn>,
    pub(in crate::ec2) data_key: Option<DataKey>,
    pub(in crate::ec2) grants: Vec<GrantMade>,
    pub(in crate::ec2) created: Timestamp,
    /// Until then it is being created.
    pub(in crate::ec2) ready: Timestamp,
    pub(in crate::ec2) attachment: Option<Attachment>,
    /// When it is not there any more.
    pub(in crate::ec2) gone: Option<Timestamp>,
    /// What it was asked for with, where that had a client's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::ec2) once: Option<Once>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct Attachment {
    pub(in crate::ec2) instance: String,
    pub(in crate::ec2) device: String,
    pub(in crate::ec2) at: Timestamp,
    pub(in crate::ec2) delete_on_termination: bool,
    /// When it is detached.
    pub(in crate::ec2) ends: Option<Timestamp>,
}

/// Who else may use something.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::ec2) struct Shared {
    pub(in crate::ec2) accounts: BTreeSet<AccountId>,
    pub(in crate::ec2) with_all: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct Snapshot {
    pub(in crate::ec2) id: String,
    pub(in crate::ec2) owner: AccountId,
    pub(in crate::ec2) region: Region,
    pub(in crate::ec2) volume: String,
    /// In GiB.
    pub(in crate::ec2) size: i64,
    pub(in crate::ec2) description: String,
    pub(in crate::ec2) data_key: Option<DataKey>,
    pub(in crate::ec2) created: Timestamp,
    pub(in crate::ec2) shared: Shared,
    /// Why it did not come to be complete.
    pub(in crate::ec2) failed: Option<String>,
}

/// How long a volume is being attached, and detached.
pub(in crate::ec2) const ATTACHING: SignedDuration = SignedDuration::from_millis(500);

impl Volume {
    pub(in crate::ec2) fn is_there(&self, now: Timestamp) -> bool {
        self.gone.is_none_or(|gone| now < gone)
    }

    pub(in crate::ec2) fn state(&self, now: Timestamp) -> &'static str {
        match self.attached(now) {
            _ if now < self.ready => "creating",
            Some(_) => "in-use",
            None => "available",
        }
    }

    /// What it is attached to, or still being detached from.
    pub(in crate::ec2) fn attached(&self, now: Timestamp) -> Option<&Attachment> {
        self.attachment.as_ref().filter(|attachment| attachment.ends.is_none_or(|ends| now < ends))
    }

    /// Source: Amazon EC2 API Reference, "VolumeAttachment" > `status`.
    pub(in crate::ec2) fn attaching(&self, attachment: &Attachment, now: Timestamp) -> &'static str {
        let begun = attachment.at.checked_add(ATTACHING).unwrap_or(attachment.at);
        match attachment.ends {
            Some(_) => "detaching",
            None if now < self.ready.max(begun) => "attaching",
            None => "attached",
        }
    }
}

impl Shared {
    pub(in crate::ec2) fn with(&self, account: AccountId) -> bool {
        self.with_all || self.accounts.contains(&account)
    }
}

impl Snapshot {
    /// Whether an account may make volumes of it.
    pub(in crate::ec2) fn is_for(&self, account: AccountId) -> bool {
        self.owner == account || self.shared.with(account)
    }

    /// The name of what it is encrypted under.
    pub(in crate::ec2) fn key(&self) -> Option<&KeyArn> {
        self.data_key.as_ref().map(|data_key| &data_key.key)
    }
}
