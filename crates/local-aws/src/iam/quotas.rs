//! How many there may be.
//!
//! Source: IAM User Guide, "IAM and AWS STS quotas". The names in messages are AWS's own as far as reports quote them:
//! `RolesPerAccount`, `GroupsPerAccount`, `PoliciesPerAccount`, `InstanceProfilesPerAccount`,
//! `OpenIdConnectProvidersPerAccount`, `ClientIdsPerOpenIdConnectProvider`, `AccessKeysPerUser`, `PoliciesPerRole`,
//! `PoliciesPerUser` and `PoliciesPerGroup`. Assumed after them: those of users, of groups of a user, of MFA devices and
//! of service-specific credentials.

use aws_catalog::access::IamKind;

use super::fault;
use crate::{Quotas, ServiceError};

/// A quota's name in AWS's messages, and the most there may be.
pub(super) type Quota = (&'static str, usize);

/// How many users an account has at most; and as many virtual MFA devices.
const USERS: usize = 5000;

/// How many entities of a kind an account has at most.
pub(super) const fn of_account(quotas: &Quotas, kind: IamKind) -> Quota {
    match kind {
        IamKind::User => ("UsersPerAccount", USERS),
        IamKind::Role => ("RolesPerAccount", quotas.roles),
        IamKind::Group => ("GroupsPerAccount", quotas.groups),
        IamKind::Policy => ("PoliciesPerAccount", quotas.managed_policies),
        IamKind::InstanceProfile => ("InstanceProfilesPerAccount", quotas.instance_profiles),
        IamKind::OidcProvider => ("OpenIdConnectProvidersPerAccount", quotas.oidc_providers),
        IamKind::Mfa => ("VirtualMFADevicesPerAccount", USERS),
    }
}

/// How many access keys a user has at most.
pub(super) const ACCESS_KEYS_PER_USER: Quota = ("AccessKeysPerUser", 2);

/// How many credentials for one service, and how many MFA devices, a user has at most.
pub(super) const SERVICE_CREDENTIALS_PER_USER: Quota = ("ServiceSpecificCredentialsPerUser", 2);
pub(super) const MFA_DEVICES_PER_USER: Quota = ("MFADevicesPerUser", 8);

/// In how many groups a user is at most.
pub(super) const GROUPS_PER_USER: Quota = ("GroupsPerUser", 10);

/// How many versions a managed policy has at most.
pub(super) const VERSIONS_PER_POLICY: usize = 5;

/// How many managed policies a role, user or group carries at most.
pub(super) const fn policies_per(quotas: &Quotas, kind: IamKind) -> Quota {
    match kind {
        IamKind::User => ("PoliciesPerUser", quotas.policies_per_user),
        IamKind::Group => ("PoliciesPerGroup", 10),
        _ => ("PoliciesPerRole", quotas.policies_per_role),
    }
}

/// Refuses one more where there are as many as there may be.
pub(super) fn check((name, most): Quota, there: usize) -> Result<(), ServiceError> {
    if there >= most { Err(fault::quota(name, most)) } else { Ok(()) }
}
