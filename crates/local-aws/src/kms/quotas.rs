//! How much there may be of everything that AWS raises on request.

/// Quotas that an account can have raised, so that they are no constants. The default is what AWS gives everybody, but for
/// accounts: of those it is what AWS raises its ten to.
///
/// Sources: AWS KMS Developer Guide, "Resource quotas"; IAM User Guide, "IAM and AWS STS quotas"; AWS Organizations User
/// Guide, "Quotas and service limits for AWS Organizations".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Keys of an account in one region, whatever their state.
    pub keys: usize,
    /// Grants of one key.
    pub grants_per_key: usize,
    /// Roles of an account that are linked to no service.
    pub roles: usize,
    /// Accounts of the organization: its own, those that it made and that have left, and those that it has invited.
    pub accounts: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { keys: 100_000, grants_per_key: 50_000, roles: 1000, accounts: 10_000 }
    }
}
