//! KMS keys.

use std::collections::{BTreeMap, BTreeSet};

use aws_model::KeyArn;

use super::{Grants, ResourcePolicy};

/// A KMS key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its ARN.
    pub arn: KeyArn,
    /// Its key policy. KMS keys always have one.
    pub policy: ResourcePolicy,
    /// Whether it can be used, apart from who wants to; `None` where nobody told.
    pub state: Option<KeyState>,
    /// What it is for.
    pub usage: KeyUsage,
    /// Who made it.
    pub manager: KeyManager,
    /// Tells `kms:KeySpec`, `kms:KeyOrigin`, `kms:MultiRegionKeyType`, ... where known, by lower-case context key.
    pub attributes: BTreeMap<Box<str>, Box<str>>,
    /// Tells `aws:ResourceTag`.
    pub tags: BTreeMap<String, String>,
    /// Its aliases (`alias/demo`); tells `kms:ResourceAliases`.
    pub aliases: BTreeSet<Box<str>>,
    /// Who was granted what.
    pub grants: Grants,
    /// What of it nobody told.
    pub untold: Untold,
}

/// What nobody told of a key, which is unknown then, not absent: what `kms:GetKeyPolicy` answers tells none of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Untold {
    /// There may be other grants.
    pub grants: bool,
    /// Its tags.
    pub tags: bool,
    /// There may be other aliases.
    pub aliases: bool,
}

impl Untold {
    /// Nothing but the policy is told.
    pub const ALL: Self = Self { grants: true, tags: true, aliases: true };
}

impl Key {
    /// An enabled symmetric key of a customer, with this policy and nothing else.
    #[must_use]
    pub fn new(arn: KeyArn, policy: ResourcePolicy) -> Self {
        Self {
            arn,
            policy,
            state: Some(KeyState::Enabled),
            usage: KeyUsage::default(),
            manager: KeyManager::default(),
            attributes: BTreeMap::new(),
            tags: BTreeMap::new(),
            aliases: BTreeSet::new(),
            grants: Grants::default(),
            untold: Untold::default(),
        }
    }
}

/// The states of a key.
///
/// Source: AWS KMS Developer Guide, "Key states of AWS KMS keys".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is AWS's own name; AWS's guide says what it means")]
pub enum KeyState {
    Creating,
    Enabled,
    Disabled,
    PendingDeletion,
    PendingReplicaDeletion,
    PendingImport,
    Updating,
    Unavailable,
}

/// What a key is for.
///
/// Source: AWS KMS API Reference, `KeyUsage`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KeyUsage {
    /// Encrypts and decrypts; symmetric.
    #[default]
    SymmetricEncryption,
    /// Encrypts and decrypts with RSA.
    AsymmetricEncryption,
    /// Signs and verifies.
    Signing,
    /// Makes and verifies codes.
    Mac,
    /// Agrees on secrets.
    KeyAgreement,
    /// Makes and opens encapsulated secrets (ML-KEM).
    KeyEncapsulation,
}

/// Who made a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KeyManager {
    /// A customer: policy and grants are the customer's.
    #[default]
    Customer,
    /// AWS, for a service in the account (`aws/ebs`): its policy cannot be changed.
    Aws,
}
