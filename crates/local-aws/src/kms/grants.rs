//! Grants: making, listing, retiring and revoking them.
//!
//! Source: AWS KMS Developer Guide, "Grants in AWS KMS", and the API Reference of each operation.

mod constraints;
mod create;
mod index;
mod list;
mod parties;
mod retire;
mod token;

use aws_model::KeyArn;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) use constraints::GrantConstraints;
pub(super) use create::create_grant;
pub(super) use index::KeyGrants;
pub(super) use list::{list_grants, list_retirable_grants};
pub(super) use parties::Parties;
pub(super) use retire::{retire_grant, revoke_grant};
pub(super) use token::GrantToken;

use super::kind::{KeyKind, KeyUsage};
use crate::store::Ticket;

/// A permission on one key for one grantee.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Grant {
    pub(super) id: String,
    pub(super) key: KeyArn,
    pub(super) name: Option<String>,
    pub(super) created: Timestamp,
    /// The ARN of a principal, or the name of a service.
    pub(super) grantee: String,
    /// The unique id of the user or role that it was made for, if that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) grantee_unique_id: Option<String>,
    /// As the grantee.
    pub(super) retiring: Option<String>,
    /// The account whose caller made it, as the ARN of its root.
    pub(super) issuing_account: String,
    pub(super) operations: Vec<GrantOperation>,
    pub(super) constraints: GrantConstraints,
    /// When it is durable, so may be relied on.
    #[serde(skip)]
    pub(super) ticket: Ticket,
}

/// What a grant can permit.
///
/// Source: botocore's model of KMS, shape `GrantOperation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum GrantOperation {
    Decrypt,
    Encrypt,
    GenerateDataKey,
    GenerateDataKeyWithoutPlaintext,
    ReEncryptFrom,
    ReEncryptTo,
    Sign,
    Verify,
    GetPublicKey,
    CreateGrant,
    RetireGrant,
    DescribeKey,
    GenerateDataKeyPair,
    GenerateDataKeyPairWithoutPlaintext,
    GenerateMac,
    VerifyMac,
    DeriveSharedSecret,
    Encapsulate,
    Decapsulate,
}

impl GrantOperation {
    /// The operation's name, which is also that of the IAM action.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Decrypt => "Decrypt",
            Self::Encrypt => "Encrypt",
            Self::GenerateDataKey => "GenerateDataKey",
            Self::GenerateDataKeyWithoutPlaintext => "GenerateDataKeyWithoutPlaintext",
            Self::ReEncryptFrom => "ReEncryptFrom",
            Self::ReEncryptTo => "ReEncryptTo",
            Self::Sign => "Sign",
            Self::Verify => "Verify",
            Self::GetPublicKey => "GetPublicKey",
            Self::CreateGrant => "CreateGrant",
            Self::RetireGrant => "RetireGrant",
            Self::DescribeKey => "DescribeKey",
            Self::GenerateDataKeyPair => "GenerateDataKeyPair",
            Self::GenerateDataKeyPairWithoutPlaintext => "GenerateDataKeyPairWithoutPlaintext",
            Self::GenerateMac => "GenerateMac",
            Self::VerifyMac => "VerifyMac",
            Self::DeriveSharedSecret => "DeriveSharedSecret",
            Self::Encapsulate => "Encapsulate",
            Self::Decapsulate => "Decapsulate",
        }
    }

    /// The operation of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        serde_json::from_value(name.into()).ok()
    }

    /// Whether keys of this kind know the operation.
    ///
    /// Source: AWS KMS Developer Guide, "Grants in AWS KMS" > "Grant operations".
    fn suits(self, kind: KeyKind) -> bool {
        match self {
            Self::CreateGrant | Self::RetireGrant | Self::DescribeKey => true,
            Self::GetPublicKey => kind.spec.is_asymmetric(),
            Self::Encrypt | Self::Decrypt | Self::ReEncryptFrom | Self::ReEncryptTo => {
                kind.usage == KeyUsage::EncryptDecrypt
            }
            Self::GenerateDataKey
            | Self::GenerateDataKeyWithoutPlaintext
            | Self::GenerateDataKeyPair
            | Self::GenerateDataKeyPairWithoutPlaintext => kind.is_symmetric_encryption(),
            Self::Sign | Self::Verify => kind.usage == KeyUsage::SignVerify,
            Self::GenerateMac | Self::VerifyMac => kind.usage == KeyUsage::GenerateVerifyMac,
            Self::DeriveSharedSecret => kind.usage == KeyUsage::KeyAgreement,
            Self::Encapsulate | Self::Decapsulate => kind.usage == KeyUsage::EncapsulateDecapsulate,
        }
    }
}
