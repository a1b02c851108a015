//! The accounts that may call an operation, by their standing in the organization.
//!
//! It is looked at under the lock under which the operation reads or changes the organization: between two locks another
//! account's could have taken its place.
//!
//! Source: AWS Organizations API Reference, the first paragraphs of each operation ("You can only call this operation
//! from ..").

use aws_model::AccountId;

use super::{fault, state::Realm};
use crate::ServiceError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Every one.
    Any,
    /// Those of the organization.
    Member,
    /// The management account, and those that administer a service for the organization.
    Administrator,
    /// The management account.
    Management,
}

impl Standing {
    /// What an operation takes.
    pub(super) fn of(operation: &str) -> Self {
        match operation {
            "AcceptHandshake"
            | "CancelHandshake"
            | "CreateOrganization"
            | "DeclineHandshake"
            | "DescribeHandshake"
            | "ListHandshakesForAccount" => Self::Any,
            "DescribeOrganization" | "LeaveOrganization" => Self::Member,
            _ if operation.starts_with("Describe") || operation.starts_with("List") => Self::Administrator,
            _ => Self::Management,
        }
    }

    /// Refuses an account that has it not.
    pub(super) fn check(self, realm: &Realm, account: AccountId) -> Result<(), ServiceError> {
        if self == Self::Any {
            return Ok(());
        }
        let organization = realm.organization_of(account)?;
        let may = match self {
            Self::Any | Self::Member => true,
            Self::Administrator => organization.management == account || administers(realm, account),
            Self::Management => organization.management == account,
        };
        if may { Ok(()) } else { Err(fault::not_permitted()) }
    }
}

fn administers(realm: &Realm, account: AccountId) -> bool {
    realm.account(account.as_str()).is_ok_and(|account| !account.administers.is_empty())
}
