//! Accounts that the organization makes.
//!
//! An account is made at once, though the answer says, as AWS's does, that it is on its way: callers ask for its status
//! until it is there. It is one like any other that is named, but closed from the start to roles that nobody made: its
//! first is the one that the management account may assume.

use std::{collections::BTreeMap, sync::Arc};

use aws_model::AccountId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    accounts,
    call::{Call, input, seconds},
    email, fault,
    paging::Page,
    quotas,
    records::{Account, Attached, Creation, JoinedBy},
    state::{Change, Realm},
    tags::{Tag, Tags},
};
use crate::{ServiceError, sealing::random_bytes};

/// Source: AWS Organizations API Reference, "CreateAccount", `RoleName`.
const USUAL_ROLE: &str = "OrganizationAccountAccessRole";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateAccount {
    email: String,
    account_name: String,
    role_name: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneRequest {
    create_account_request_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequests {
    #[serde(default)]
    states: Vec<String>,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn create(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let CreateAccount { email, account_name, role_name, tags } = input(value)?;
    let mut change = call.change()?;
    let tags = Tags::new(tags)?;
    if accounts::used(&change, call.now()) >= call.state.most_accounts() {
        let message = "You have exceeded the allowed number of AWS accounts.";
        return Err(fault::constraint("ACCOUNT_NUMBER_LIMIT_EXCEEDED", message));
    }
    let outcome = if !email::is_valid(&email) {
        Err("INVALID_EMAIL".to_owned())
    } else if email::holder(&change, &email).is_some() {
        Err("EMAIL_ALREADY_EXISTS".to_owned())
    } else {
        let id = new_account(call, &change)?;
        call.accounts.name(id);
        let management = change.organization()?.management;
        let role = role_name.as_deref().unwrap_or(USUAL_ROLE);
        match call.iam.make_access_role(call.ctx, id, role, management) {
            Ok(()) => Ok(id),
            Err(refused) => {
                tracing::error!(%refused, role, "an account was made without its first role");
                Err("INTERNAL_FAILURE".to_owned())
            }
        }
    };
    let (id, requested) = (call.new_id("car-", 32)?, call.now());
    if let Ok(account) = outcome {
        let (name, email) = (account_name.clone(), email.clone());
        let made = joining(call, &change, Joining { id: account, name, email, tags })?;
        change.put(Account { joined_by: JoinedBy::Created, ..made });
    }
    forget_failures(&mut change);
    change.put(Creation { id: id.clone(), name: account_name.clone(), email: Some(email), requested, outcome });
    change.commit();
    Ok(json!({
        "CreateAccountStatus": {
            "Id": id,
            "AccountName": account_name,
            "State": "IN_PROGRESS",
            "RequestedTimestamp": seconds(requested),
        },
    }))
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneRequest { create_account_request_id } = input(value)?;
    let realm = call.read()?;
    let message = "You specified a create account request that doesn't exist.";
    let missing = || ServiceError::new("CreateAccountStatusNotFoundException", message);
    let creation = realm.creations.get(&create_account_request_id).ok_or_else(missing)?;
    Ok(json!({ "CreateAccountStatus": creation.told() }))
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let ListRequests { states, page } = input(value)?;
    let realm = call.read()?;
    let creations = realm.creations.iter().map(|(id, creation)| (id.clone(), creation.told()));
    let is_asked = |told: &Value| {
        states.is_empty() || states.iter().any(|state| told.get("State").is_some_and(|is| is == state.as_str()))
    };
    page.of("CreateAccountStatuses", creations.filter(|(_, told)| is_asked(told)), |told| told)
}

/// An account that joins the organization.
pub(super) struct Joining {
    pub(super) id: AccountId,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) tags: Tags,
}

/// The account as it is in the organization from now on: below the root, with AWS's policies.
pub(super) fn joining(call: &Call<'_>, change: &Change<'_>, joining: Joining) -> Result<Account, ServiceError> {
    let organization = change.organization()?;
    let Joining { id, name, email, tags } = joining;
    Ok(Account {
        id,
        name,
        email,
        parent: organization.root.clone(),
        joined: call.now(),
        joined_by: JoinedBy::Invited,
        closed: false,
        attached: Attached::full(&organization.enabled),
        tags,
        administers: BTreeMap::new(),
    })
}

/// Makes room for one more request that failed: nothing else bounds how many do.
fn forget_failures(change: &mut Change<'_>) {
    let failed = change.creations.values().filter(|creation| creation.outcome.is_err());
    let mut failed: Vec<Arc<Creation>> = failed.cloned().collect();
    failed.sort_by_key(|creation| creation.requested);
    let too_many = (failed.len() + 1).saturating_sub(quotas::FAILED_CREATIONS);
    failed.iter().take(too_many).for_each(|creation| change.remove::<Creation>(creation));
}

/// An id that no account has.
fn new_account(call: &Call<'_>, realm: &Realm) -> Result<AccountId, ServiceError> {
    let named = call.accounts.named();
    loop {
        let bytes = random_bytes(8).map_err(|_| fault::internal())?;
        let number = bytes.expose().iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        let id: AccountId = format!("{:012}", number % 1_000_000_000_000).parse().map_err(|_| fault::internal())?;
        let is_known = named.binary_search(&id).is_ok() || realm.accounts.contains_key(id.as_str());
        if !is_known && call.state.authorizer().world().account(id).is_none() {
            return Ok(id);
        }
    }
}
