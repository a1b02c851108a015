//! The embedded AWS's Identity and Access Management: one service for each account, whatever the region.
//!
//! ```text
//!   call ------> roles, inline_policies, ...      one file for each family of operations
//!     |             |
//!     |          authorize                        who may: the catalog's table, put to the authorization model
//!     |             |
//!     +--------> state: users, roles, groups, policies, instance profiles, ... of each account
//!                   |            |
//!                 store       authorization       told of each change, before anybody hears of it
//! ```
//!
//! What IAM answers, and whatever any service answers after a change of IAM's, is told when that change would survive a
//! kill: the router waits for it.
//!
//! Sources: IAM API Reference, the page of each operation; IAM User Guide; messages as the service sends them, as far as
//! recorded answers show them.

mod access_keys;
mod access_role;
mod account;
mod attached_policies;
mod authorization_details;
mod authorize;
mod boundaries;
mod call;
mod credential_report;
mod documents;
mod fault;
mod groups;
mod inline_policies;
mod instance_profiles;
mod invalid;
mod login_profiles;
mod managed_policies;
mod mfa_devices;
mod oidc_providers;
mod paging;
mod password_policy;
mod quotas;
mod records;
mod roles;
mod service_credentials;
mod service_linked_roles;
mod simulate;
mod state;
mod tags;
#[cfg(test)]
mod tests;
mod users;

use std::sync::Arc;

use aws_model::{AccountId, Arn, Partition, Region};
use serde_json::Value;

use crate::{CallContext, ServiceError, accounts::Accounts, operations::operations};

use aws_catalog::access::IamKind::{Group, InstanceProfile, Mfa, OidcProvider, Policy, Role, User};
use call::Call;
pub(crate) use invalid::invalid;
use service_linked_roles::Users;
pub(crate) use state::{State, TABLES};

/// IAM of all accounts. Clones share their state.
#[derive(Clone, Debug)]
pub(crate) struct Iam {
    state: Arc<State>,
    accounts: Arc<Accounts>,
}

/// An issuer of tokens that an account trusts.
#[derive(Debug)]
pub(crate) struct Trusted {
    /// The ARN of its provider.
    pub(crate) arn: String,
    /// The audiences that its tokens may be for.
    pub(crate) client_ids: Vec<String>,
    /// The certificates that its server may have, beside those that authorities vouch for.
    pub(crate) thumbprints: Vec<String>,
}

/// The region that IAM is in, which its requests are signed for where the endpoint is AWS's own.
///
/// Source: AWS General Reference, "AWS Identity and Access Management endpoints and quotas"; botocore's
/// `endpoints.json` for the other partitions.
pub(crate) fn home_region(partition: Partition) -> Option<Region> {
    let code = match partition.as_str() {
        "aws" => "us-east-1",
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-iso" => "us-iso-east-1",
        "aws-iso-b" => "us-isob-east-1",
        "aws-iso-e" => "eu-isoe-west-1",
        "aws-iso-f" => "us-isof-south-1",
        "aws-eusc" => "eusc-de-east-1",
        _ => return None,
    };
    code.parse().ok()
}

impl Iam {
    /// The identities of a state, whose users sign from now on with their access keys.
    pub(crate) fn new(state: State, accounts: Arc<Accounts>) -> Self {
        state.serve(&accounts);
        Self { state: Arc::new(state), accounts }
    }

    /// The OpenID Connect provider that an account has made of the issuer with this URL, which is without its scheme.
    pub(crate) fn trusted(&self, account: AccountId, url: &str) -> Option<Trusted> {
        let realm = self.state.read(account);
        let provider = realm.providers.get(&state::key(url)).filter(|provider| provider.url == url)?;
        Some(Trusted {
            arn: provider.arn.to_string(),
            client_ids: provider.client_ids.clone(),
            thumbprints: provider.thumbprints.clone(),
        })
    }
}

impl Iam {
    /// Answers one operation of a service, which deletes none of its roles.
    pub(crate) fn call(&self, ctx: &CallContext<'_>, operation: &str, input: Value) -> Result<Value, ServiceError> {
        self.call_beside(&|_, _| Vec::new(), ctx, operation, input)
    }

    /// Answers one operation, with what the other services say of who uses their roles. The caller's signature and the
    /// input against the service's model are checked already.
    pub(crate) fn call_beside(
        &self,
        users: &Users<'_>,
        ctx: &CallContext<'_>,
        operation: &str,
        input: Value,
    ) -> Result<Value, ServiceError> {
        let call = Call { ctx, state: &self.state, accounts: &self.accounts, users };
        authorize::authorize(&call, operation, &input)?;
        Self::handle(&call, operation, input).unwrap_or_else(|| Err(fault::unsupported(operation)))
    }
}

/// An instance profile, as EC2 takes it.
#[derive(Clone, Debug)]
pub(crate) struct ProfileFound {
    pub(crate) arn: Arn,
    pub(crate) id: String,
    /// The role in it.
    pub(crate) role: Option<Arn>,
}

impl Iam {
    /// The instance profile of an account that a name or an ARN names.
    pub(crate) fn has_role(&self, account: AccountId, name: &str) -> bool {
        self.state.read(account).role(name).is_ok()
    }

    pub(crate) fn instance_profile(&self, account: AccountId, named: &str) -> Option<ProfileFound> {
        let realm = self.state.read(account);
        let name = named.rsplit('/').next().unwrap_or_default();
        let profile = realm.profile(name).ok().filter(|profile| named == name || profile.arn.as_str() == named)?;
        let role = profile.role.as_ref().and_then(|role| realm.role(role).ok()).map(|role| role.arn.clone());
        Some(ProfileFound { arn: profile.arn.clone(), id: profile.id.clone(), role })
    }
}

operations! {
    pub(crate) impl Iam, Call<'_>;
    "CreateRole" => roles::create_role,
    "GetRole" => roles::get_role,
        lacks "`RoleLastUsed` of before the process began",
    "ListRoles" => roles::list_roles,
    "UpdateRole" => roles::update_role,
        lacks "durations of console sessions",
    "UpdateRoleDescription" => roles::update_role_description,
    "UpdateAssumeRolePolicy" => roles::update_assume_role_policy,
    "DeleteRole" => roles::delete_role,
    "CreateUser" => users::create_user,
    "GetUser" => users::get_user,
        lacks "the root user, when no `UserName` is given; `PasswordLastUsed`, as there is no console",
    "ListUsers" => users::list_users,
    "UpdateUser" => users::update_user,
    "DeleteUser" => users::delete_user,
    "ListGroupsForUser" => users::list_groups_for_user,
    "CreateAccessKey" => access_keys::create,
        lacks "the root user, when no `UserName` is given",
    "ListAccessKeys" => access_keys::list,
        lacks "the root user, when no `UserName` is given",
    "UpdateAccessKey" => access_keys::update,
        lacks "the root user, when no `UserName` is given",
    "DeleteAccessKey" => access_keys::delete,
        lacks "the root user, when no `UserName` is given",
    "GetAccessKeyLastUsed" => access_keys::last_used,
        lacks "uses of before the process began",
    "CreateLoginProfile" => login_profiles::create,
        lacks "sessions of the console",
    "GetLoginProfile" => login_profiles::get,
    "UpdateLoginProfile" => login_profiles::update,
        lacks "sessions of the console",
    "DeleteLoginProfile" => login_profiles::delete,
    "ChangePassword" => login_profiles::change_password,
    "UpdateAccountPasswordPolicy" => password_policy::update,
    "GetAccountPasswordPolicy" => password_policy::get,
    "DeleteAccountPasswordPolicy" => password_policy::delete,
    "CreateServiceSpecificCredential" => service_credentials::create,
    "ListServiceSpecificCredentials" => service_credentials::list,
    "UpdateServiceSpecificCredential" => service_credentials::update,
    "ResetServiceSpecificCredential" => service_credentials::reset,
    "DeleteServiceSpecificCredential" => service_credentials::delete,
    "CreateVirtualMFADevice" => mfa_devices::create,
        lacks "`QRCodePNG`",
    "ListVirtualMFADevices" => mfa_devices::list_virtual,
        lacks "the root user's devices",
    "DeleteVirtualMFADevice" => mfa_devices::delete,
    "EnableMFADevice" => mfa_devices::enable,
        lacks "devices that are not virtual",
    "ResyncMFADevice" => mfa_devices::resync,
    "DeactivateMFADevice" => mfa_devices::deactivate,
    "GetMFADevice" => mfa_devices::get,
    "ListMFADevices" => mfa_devices::list,
    "GenerateCredentialReport" => credential_report::generate,
        lacks "when the account was made; signing certificates",
    "GetCredentialReport" => credential_report::get,
    "CreateGroup" => groups::create_group,
    "GetGroup" => groups::get_group,
    "ListGroups" => groups::list_groups,
    "UpdateGroup" => groups::update_group,
    "DeleteGroup" => groups::delete_group,
    "AddUserToGroup" => groups::add_user,
    "RemoveUserFromGroup" => groups::remove_user,
    "PutRolePolicy" => |call: &Call<'_>, input| inline_policies::put(call, Role, input),
    "GetRolePolicy" => |call: &Call<'_>, input| inline_policies::get(call, Role, input),
    "DeleteRolePolicy" => |call: &Call<'_>, input| inline_policies::delete(call, Role, input),
    "ListRolePolicies" => |call: &Call<'_>, input| inline_policies::list(call, Role, input),
    "AttachRolePolicy" => |call: &Call<'_>, input| attached_policies::attach(call, Role, input),
    "DetachRolePolicy" => |call: &Call<'_>, input| attached_policies::detach(call, Role, input),
    "ListAttachedRolePolicies" => |call: &Call<'_>, input| attached_policies::list(call, Role, input),
    "PutUserPolicy" => |call: &Call<'_>, input| inline_policies::put(call, User, input),
    "GetUserPolicy" => |call: &Call<'_>, input| inline_policies::get(call, User, input),
    "DeleteUserPolicy" => |call: &Call<'_>, input| inline_policies::delete(call, User, input),
    "ListUserPolicies" => |call: &Call<'_>, input| inline_policies::list(call, User, input),
    "AttachUserPolicy" => |call: &Call<'_>, input| attached_policies::attach(call, User, input),
    "DetachUserPolicy" => |call: &Call<'_>, input| attached_policies::detach(call, User, input),
    "ListAttachedUserPolicies" => |call: &Call<'_>, input| attached_policies::list(call, User, input),
    "PutGroupPolicy" => |call: &Call<'_>, input| inline_policies::put(call, Group, input),
    "GetGroupPolicy" => |call: &Call<'_>, input| inline_policies::get(call, Group, input),
    "DeleteGroupPolicy" => |call: &Call<'_>, input| inline_policies::delete(call, Group, input),
    "ListGroupPolicies" => |call: &Call<'_>, input| inline_policies::list(call, Group, input),
    "AttachGroupPolicy" => |call: &Call<'_>, input| attached_policies::attach(call, Group, input),
    "DetachGroupPolicy" => |call: &Call<'_>, input| attached_policies::detach(call, Group, input),
    "ListAttachedGroupPolicies" => |call: &Call<'_>, input| attached_policies::list(call, Group, input),
    "PutRolePermissionsBoundary" => |call: &Call<'_>, input| boundaries::put(call, Role, input),
    "DeleteRolePermissionsBoundary" => |call: &Call<'_>, input| boundaries::delete(call, Role, input),
    "PutUserPermissionsBoundary" => |call: &Call<'_>, input| boundaries::put(call, User, input),
    "DeleteUserPermissionsBoundary" => |call: &Call<'_>, input| boundaries::delete(call, User, input),
    "TagRole" => |call: &Call<'_>, input| tags::tag(call, Role, input),
    "UntagRole" => |call: &Call<'_>, input| tags::untag(call, Role, input),
    "ListRoleTags" => |call: &Call<'_>, input| tags::list(call, Role, input),
    "TagUser" => |call: &Call<'_>, input| tags::tag(call, User, input),
    "UntagUser" => |call: &Call<'_>, input| tags::untag(call, User, input),
    "ListUserTags" => |call: &Call<'_>, input| tags::list(call, User, input),
    "TagPolicy" => |call: &Call<'_>, input| tags::tag(call, Policy, input),
    "UntagPolicy" => |call: &Call<'_>, input| tags::untag(call, Policy, input),
    "ListPolicyTags" => |call: &Call<'_>, input| tags::list(call, Policy, input),
    "TagInstanceProfile" => |call: &Call<'_>, input| tags::tag(call, InstanceProfile, input),
    "UntagInstanceProfile" => |call: &Call<'_>, input| tags::untag(call, InstanceProfile, input),
    "ListInstanceProfileTags" => |call: &Call<'_>, input| tags::list(call, InstanceProfile, input),
    "TagOpenIDConnectProvider" => |call: &Call<'_>, input| tags::tag(call, OidcProvider, input),
    "UntagOpenIDConnectProvider" => |call: &Call<'_>, input| tags::untag(call, OidcProvider, input),
    "ListOpenIDConnectProviderTags" => |call: &Call<'_>, input| tags::list(call, OidcProvider, input),
    "TagMFADevice" => |call: &Call<'_>, input| tags::tag(call, Mfa, input),
    "UntagMFADevice" => |call: &Call<'_>, input| tags::untag(call, Mfa, input),
    "ListMFADeviceTags" => |call: &Call<'_>, input| tags::list(call, Mfa, input),
    "CreatePolicy" => managed_policies::create_policy,
    "GetPolicy" => managed_policies::get_policy,
        lacks "descriptions of managed policies of AWS",
    "ListPolicies" => managed_policies::list_policies,
    "DeletePolicy" => managed_policies::delete_policy,
    "ListEntitiesForPolicy" => managed_policies::list_entities,
    "CreatePolicyVersion" => managed_policies::create_version,
    "GetPolicyVersion" => managed_policies::get_version,
        lacks "versions of managed policies of AWS but the default one",
    "ListPolicyVersions" => managed_policies::list_versions,
        lacks "versions of managed policies of AWS but the default one",
    "DeletePolicyVersion" => managed_policies::delete_version,
    "SetDefaultPolicyVersion" => managed_policies::set_default_version,
    "CreateInstanceProfile" => instance_profiles::create,
    "GetInstanceProfile" => instance_profiles::get,
    "ListInstanceProfiles" => instance_profiles::list,
    "ListInstanceProfilesForRole" => instance_profiles::list_for_role,
    "DeleteInstanceProfile" => instance_profiles::delete,
    "AddRoleToInstanceProfile" => instance_profiles::add_role,
    "RemoveRoleFromInstanceProfile" => instance_profiles::remove_role,
    "CreateServiceLinkedRole" => service_linked_roles::create,
        lacks "services whose role no managed policy of AWS names, beside those that launch and run clusters",
    "DeleteServiceLinkedRole" => service_linked_roles::delete,
    "GetServiceLinkedRoleDeletionStatus" => service_linked_roles::deletion_status,
    "CreateAccountAlias" => account::create_alias,
    "DeleteAccountAlias" => account::delete_alias,
    "ListAccountAliases" => account::list_aliases,
    "GetAccountSummary" => account::get_summary,
        lacks "counts of what is not there",
    "GetAccountAuthorizationDetails" => authorization_details::get,
    "CreateOpenIDConnectProvider" => oidc_providers::create,
        lacks "the thumbprint of a provider that comes with none: nothing is fetched",
    "GetOpenIDConnectProvider" => oidc_providers::get,
    "ListOpenIDConnectProviders" => oidc_providers::list,
    "DeleteOpenIDConnectProvider" => oidc_providers::delete,
    "AddClientIDToOpenIDConnectProvider" => oidc_providers::add_client_id,
    "RemoveClientIDFromOpenIDConnectProvider" => oidc_providers::remove_client_id,
    "UpdateOpenIDConnectProviderThumbprint" => oidc_providers::update_thumbprints,
    "SimulatePrincipalPolicy" => simulate::simulate,
        lacks "`PolicyExclusionList`, `ResourceHandlingOption`, policies of keys and roles as `ResourcePolicy`; more at once than a second's work",
    "SimulateCustomPolicy" => simulate::simulate,
        lacks "`PolicyExclusionList`, `ResourceHandlingOption`, policies of keys and roles as `ResourcePolicy`; more at once than a second's work",
    "GetContextKeysForCustomPolicy" => simulate::of_custom,
    "GetContextKeysForPrincipalPolicy" => simulate::of_principal,
}
