//! How much an organization holds. Accounts are not bounded: AWS's ten are raised for whoever asks.
//!
//! Source: AWS Organizations User Guide, "Quotas and service limits for AWS Organizations"; AWS's announcement of 15 May
//! 2026 (ten service control policies on a root, unit or account, where there were five).

use super::records::PolicyType;

/// Organizational units.
pub(super) const UNITS: usize = 2000;

/// Organizational units below one another, the root not counted.
pub(super) const DEPTH: usize = 5;

/// Tags of one thing.
pub(super) const TAGS: usize = 50;

/// How long an invitation is open.
pub(super) const INVITATION_DAYS: i64 = 15;

/// Policies of a type.
pub(super) const fn policies(kind: PolicyType) -> usize {
    match kind {
        PolicyType::ServiceControl => 10_000,
        PolicyType::ResourceControl => 1000,
    }
}

/// Policies of a type on one root, unit or account.
pub(super) const fn attached(kind: PolicyType) -> usize {
    match kind {
        PolicyType::ServiceControl => 10,
        PolicyType::ResourceControl => 5,
    }
}
