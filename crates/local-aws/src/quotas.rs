//! How much there may be of everything that AWS raises on request.

use std::{fmt, str::FromStr};

/// Quotas that an account can have raised, so that they are no constants. The default is what AWS gives everybody, but for
/// accounts: of those it is what AWS raises its ten to.
///
/// Sources: AWS KMS Developer Guide, "Resource quotas"; IAM User Guide, "IAM and AWS STS quotas" > "IAM object quotas";
/// AWS Organizations User Guide, "Quotas and service limits for AWS Organizations".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Keys of an account in one region, whatever their state.
    pub keys: usize,
    /// Grants of one key.
    pub grants_per_key: usize,
    /// Accounts of the organization: its own, those that it made and that have left, and those that it has invited.
    pub accounts: usize,
    /// Roles of an account that are linked to no service.
    pub roles: usize,
    /// Groups of an account.
    pub groups: usize,
    /// Managed policies of an account.
    pub managed_policies: usize,
    /// Instance profiles of an account.
    pub instance_profiles: usize,
    /// OpenID Connect providers of an account.
    pub oidc_providers: usize,
    /// Managed policies that a role carries.
    pub policies_per_role: usize,
    /// Managed policies that a user carries.
    pub policies_per_user: usize,
    /// Characters of a trust policy, white space left out, in accounts whose own quota nobody tells.
    pub trust_policy_length: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            keys: 100_000,
            grants_per_key: 50_000,
            accounts: 10_000,
            roles: 1000,
            groups: 300,
            managed_policies: 1500,
            instance_profiles: 1000,
            oidc_providers: 700,
            policies_per_role: 10,
            policies_per_user: 10,
            trust_policy_length: 2048,
        }
    }
}

type Field = fn(&mut Quotas) -> &mut usize;

/// IAM's, by the names that its refusals have.
const NAMED: [(&str, Field); 8] = [
    ("RolesPerAccount", |quotas| &mut quotas.roles),
    ("GroupsPerAccount", |quotas| &mut quotas.groups),
    ("PoliciesPerAccount", |quotas| &mut quotas.managed_policies),
    ("InstanceProfilesPerAccount", |quotas| &mut quotas.instance_profiles),
    ("OpenIdConnectProvidersPerAccount", |quotas| &mut quotas.oidc_providers),
    ("PoliciesPerRole", |quotas| &mut quotas.policies_per_role),
    ("PoliciesPerUser", |quotas| &mut quotas.policies_per_user),
    ("ACLSizePerRole", |quotas| &mut quotas.trust_policy_length),
];

/// A quota that is not what AWS gives everybody: `RolesPerAccount=5000`.
#[derive(Clone, Copy, Debug)]
pub struct OtherQuota {
    field: Field,
    most: usize,
}

impl Quotas {
    /// These with one of another size.
    #[must_use]
    pub fn with(mut self, other: OtherQuota) -> Self {
        *(other.field)(&mut self) = other.most;
        self
    }
}

impl FromStr for OtherQuota {
    type Err = InvalidQuota;

    fn from_str(text: &str) -> Result<Self, InvalidQuota> {
        let (name, most) = text.split_once('=').ok_or(InvalidQuota::NoNumber)?;
        let (_, field) = NAMED.iter().find(|(known, _)| *known == name).ok_or(InvalidQuota::Name)?;
        let most = most.parse().ok().filter(|most| *most > 0).ok_or(InvalidQuota::NoNumber)?;
        Ok(Self { field: *field, most })
    }
}

/// A text that tells no quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuota {
    /// There is none of this name.
    #[error("there is no such quota; those that AWS raises are {}", Names)]
    Name,
    /// How much there may be is not told.
    #[error("a quota is a name and a number that is not 0, such as RolesPerAccount=5000")]
    NoNumber,
}

struct Names;

impl fmt::Display for Names {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&NAMED.map(|(name, _)| name).join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_raised_by_the_name_that_refusals_have() {
        let raised = Quotas::default().with("RolesPerAccount=5000".parse().unwrap());
        assert_eq!(raised, Quotas { roles: 5000, ..Quotas::default() });
        let lowered = raised.with("PoliciesPerRole=1".parse().unwrap());
        assert_eq!(lowered, Quotas { roles: 5000, policies_per_role: 1, ..Quotas::default() });
    }

    #[test]
    fn what_is_no_quota_is_told_with_those_that_there_are() {
        let refused = |text: &str| text.parse::<OtherQuota>().unwrap_err().to_string();
        assert!(refused("Roles=5").contains("RolesPerAccount, GroupsPerAccount"), "{}", refused("Roles=5"));
        for text in ["RolesPerAccount", "RolesPerAccount=", "RolesPerAccount=0", "RolesPerAccount=-1"] {
            assert!(refused(text).contains("RolesPerAccount=5000"), "{text}");
        }
    }
}
