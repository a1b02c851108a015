//! How much an organization holds, besides accounts: those are bounded by [`Quotas`](crate::Quotas).
//!
//! Lengths of names, addresses, descriptions and pages are the service model's to bound.
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

/// How long an invitation is open, and how long it is told after it is over.
pub(super) const INVITATION_DAYS: i64 = 15;
pub(super) const ENDED_INVITATION_DAYS: i64 = 30;

/// Invitations within a day, those that are accepted not counted, unless the organization may have more accounts.
pub(super) const INVITATIONS_A_DAY: usize = 20;

/// What AWS does not bound, or does not say how: invitations that are over, requests for accounts that failed, and
/// services that are enabled (about 80 work with Organizations).
pub(super) const ENDED_INVITATIONS: usize = 10_000;
pub(super) const FAILED_CREATIONS: usize = 1000;
pub(super) const SERVICES: usize = 200;

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
