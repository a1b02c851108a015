//! How many there may be.
//!
//! Source: IAM User Guide, "IAM and AWS STS quotas": what an account has by default.

use aws_catalog::access::IamKind;

use super::fault;
use crate::ServiceError;

/// A quota's name in AWS's messages, and the most there may be.
pub(super) type Quota = (&'static str, usize);

/// How many entities of a kind an account has at most.
pub(super) const fn of_account(kind: IamKind) -> Quota {
    match kind {
        IamKind::User => ("UsersPerAccount", 5000),
        IamKind::Role => ("RolesPerAccount", 1000),
        IamKind::Group => ("GroupsPerAccount", 300),
        IamKind::Policy => ("PoliciesPerAccount", 1500),
        IamKind::InstanceProfile => ("InstanceProfilesPerAccount", 1000),
        IamKind::OidcProvider => ("OpenIdConnectProvidersPerAccount", 700),
        IamKind::Mfa => ("VirtualMFADevicesPerAccount", 5000),
    }
}

/// How many access keys a user has at most.
pub(super) const ACCESS_KEYS_PER_USER: Quota = ("AccessKeysPerUser", 2);

/// How many credentials for one service, and how many MFA devices, a user has at most.
pub(super) const SERVICE_CREDENTIALS_PER_USER: Quota = ("ServiceSpecificCredentialsPerUser", 2);
pub(super) const MFA_DEVICES_PER_USER: Quota = ("MFADevicesPerUser", 8);

/// In how many groups a user is at most.
pub(super) const GROUPS_PER_USER: Quota = ("GroupsPerUser", 10);

/// How many managed policies a role, user or group carries at most.
pub(super) const fn policies_per(kind: IamKind) -> Quota {
    match kind {
        IamKind::User => ("PoliciesPerUser", 10),
        IamKind::Group => ("PoliciesPerGroup", 10),
        _ => ("PoliciesPerRole", 10),
    }
}

/// Refuses one more where there are as many as there may be.
pub(super) fn check((name, most): Quota, there: usize) -> Result<(), ServiceError> {
    if there >= most { Err(fault::quota(name, most)) } else { Ok(()) }
}
