//! The account itself: its alias, and how much of what it has.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    documents, fault,
    paging::Page,
    quotas,
    records::Account,
};
use crate::ServiceError;
use aws_catalog::access::IamKind;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Alias {
    account_alias: String,
}

#[derive(Deserialize)]
struct List {
    #[serde(flatten)]
    page: Page,
}

/// A new alias takes the place of the one there was; no two accounts have the same.
///
/// Source: IAM User Guide, "Use an alias for your AWS account ID".
pub(super) fn create_alias(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Alias { account_alias } = input(value)?;
    let mut change = call.change();
    if change.is_alias_taken(&account_alias) {
        let message = format!("The account alias {account_alias} already exists.");
        return Err(ServiceError::new("EntityAlreadyExists", message).with_status(409));
    }
    let account = change.account.get("").map(|account| Account::clone(account)).unwrap_or_default();
    change.put(Account { alias: Some(account_alias), ..account });
    change.commit();
    Ok(json!({}))
}

pub(super) fn delete_alias(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Alias { account_alias } = input(value)?;
    let mut change = call.change();
    let account = change.account.get("").map(|account| Account::clone(account)).unwrap_or_default();
    if account.alias.as_ref() != Some(&account_alias) {
        return Err(fault::no_such_entity(format!("The account alias {account_alias} cannot be found.")));
    }
    change.put(Account { alias: None, ..account });
    change.commit();
    Ok(json!({}))
}

pub(super) fn list_aliases(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let List { page } = input(value)?;
    let realm = call.realm();
    let aliases = realm.account.values().filter_map(|account| account.alias.as_ref());
    page.of("AccountAliases", aliases.map(|alias| (alias.clone(), alias)), |alias| alias.as_str().into())
}

/// Source: IAM API Reference, "GetAccountSummary": its example has these, and what is not here counts nothing.
pub(super) fn get_summary(call: &Call<'_>, _: Value) -> Result<Value, ServiceError> {
    let realm = call.realm();
    let adjustable = call.state.quotas();
    let of_account = |kind| quotas::of_account(adjustable, kind).1;
    let per = |kind| quotas::policies_per(adjustable, kind).1;
    let trust = documents::trust_policy_length(call, &call.state.authorizer().world());
    let versions: usize = realm.policies.values().map(|policy| policy.versions.len()).sum();
    Ok(json!({ "SummaryMap": {
        "AccessKeysPerUserQuota": quotas::ACCESS_KEYS_PER_USER.1,
        "AccountAccessKeysPresent": 1,
        "AccountMFAEnabled": 0,
        "AccountPasswordPresent": 0,
        "AccountSigningCertificatesPresent": 0,
        "AssumeRolePolicySizeQuota": trust,
        "AttachedPoliciesPerGroupQuota": per(IamKind::Group),
        "AttachedPoliciesPerRoleQuota": per(IamKind::Role),
        "AttachedPoliciesPerUserQuota": per(IamKind::User),
        "GlobalEndpointTokenVersion": 1,
        "GroupPolicySizeQuota": 5120,
        "Groups": realm.groups.len(),
        "GroupsPerUserQuota": quotas::GROUPS_PER_USER.1,
        "GroupsQuota": of_account(IamKind::Group),
        "InstanceProfiles": realm.profiles.len(),
        "InstanceProfilesQuota": of_account(IamKind::InstanceProfile),
        "MFADevices": realm.mfa_devices.len(),
        "MFADevicesInUse": realm.users.values().map(|user| user.credentials.mfa.len()).sum::<usize>(),
        "Policies": realm.policies.len(),
        "PoliciesQuota": of_account(IamKind::Policy),
        "PolicySizeQuota": 6144,
        "PolicyVersionsInUse": versions,
        "PolicyVersionsInUseQuota": 10_000,
        "Providers": realm.providers.len(),
        "RolePolicySizeQuota": 10_240,
        "Roles": realm.roles.len(),
        "RolesQuota": of_account(IamKind::Role),
        "ServerCertificates": 0,
        "ServerCertificatesQuota": 20,
        "SigningCertificatesPerUserQuota": 2,
        "UserPolicySizeQuota": 2048,
        "Users": realm.users.len(),
        "UsersQuota": of_account(IamKind::User),
        "VersionsPerPolicyQuota": quotas::VERSIONS_PER_POLICY,
    } }))
}
