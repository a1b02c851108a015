//! The accounts of the organization: which there are, where they are, how they leave.
//!
//! Unlike on AWS an account leaves as soon as it is asked to: it need not be seven days old, nor have an address and a
//! means of payment of its own. One that is closed is told as that, and its users may still call.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input},
    fault,
    paging::Page,
    records::{Account, HandshakeState},
    state::Realm,
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneAccount {
    account_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListForParent {
    parent_id: String,
    #[serde(flatten)]
    page: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MoveAccount {
    account_id: String,
    source_parent_id: String,
    destination_parent_id: String,
}

/// How many accounts the organization has used up of those that it may have: its own, those that it made and that have
/// left, which the embedded AWS keeps, and those that it has invited.
pub(super) fn used(realm: &Realm, now: Timestamp) -> usize {
    let made = realm.creations.values().filter_map(|creation| creation.outcome.as_ref().ok());
    let left = made.filter(|account| !realm.accounts.contains_key(account.as_str())).count();
    let invited = realm.handshakes.values().filter(|known| known.state_at(now) == HandshakeState::Open).count();
    realm.accounts.len() + left + invited
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneAccount { account_id } = input(value)?;
    let realm = call.read()?;
    let account = realm.account(&account_id)?;
    Ok(json!({ "Account": shown(&realm, account)? }))
}

pub(super) fn list(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let page: Page = input(value)?;
    let realm = call.read()?;
    told(&realm, &page, realm.accounts.values().map(|account| &**account))
}

pub(super) fn list_for_parent(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let ListForParent { parent_id, page } = input(value)?;
    let realm = call.read()?;
    realm.parent(&parent_id)?;
    told(&realm, &page, realm.children(&parent_id).filter_map(|id| realm.account(id).ok()))
}

pub(super) fn move_to(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let MoveAccount { account_id, source_parent_id, destination_parent_id } = input(value)?;
    let mut change = call.change()?;
    let mut account = Account::clone(change.account(&account_id)?);
    if account.parent != source_parent_id {
        let message = "You specified a source root or OU that the account isn't in.";
        return Err(ServiceError::new("SourceParentNotFoundException", message));
    }
    if change.parent(&destination_parent_id).is_err() {
        let message = "You specified a destination root or OU that doesn't exist.";
        return Err(ServiceError::new("DestinationParentNotFoundException", message));
    }
    if source_parent_id == destination_parent_id {
        let message = "That account is already present in the specified destination.";
        return Err(ServiceError::new("DuplicateAccountException", message));
    }
    account.parent = destination_parent_id;
    change.put(account);
    change.commit();
    Ok(json!({}))
}

pub(super) fn remove(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneAccount { account_id } = input(value)?;
    part(call, &account_id)
}

pub(super) fn leave(call: &Call<'_>, _value: Value) -> Result<Value, ServiceError> {
    part(call, call.account().as_str())
}

fn part(call: &Call<'_>, id: &str) -> Result<Value, ServiceError> {
    let mut change = call.change()?;
    let account = Account::clone(change.account(id)?);
    if account.id == change.organization()?.management {
        return Err(fault::management_cannot_leave());
    }
    if !account.administers.is_empty() {
        let message = "You cannot remove a delegated administrator from the organization. Deregister it first.";
        return Err(fault::constraint("CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG", message));
    }
    change.remove(&account);
    change.commit();
    Ok(json!({}))
}

pub(super) fn close(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneAccount { account_id } = input(value)?;
    let mut change = call.change()?;
    let mut account = Account::clone(change.account(&account_id)?);
    if account.id == change.organization()?.management {
        let message = "You cannot close the management account.";
        return Err(fault::constraint("CANNOT_CLOSE_MANAGEMENT_ACCOUNT", message));
    }
    if account.closed {
        return Err(ServiceError::new("AccountAlreadyClosedException", "The account is already closed."));
    }
    account.closed = true;
    change.put(account);
    change.commit();
    Ok(json!({}))
}

fn told<'r>(realm: &Realm, page: &Page, accounts: impl Iterator<Item = &'r Account>) -> Result<Value, ServiceError> {
    realm.organization()?;
    page.of("Accounts", accounts.map(|account| (account.id.to_string(), account)), |account| {
        shown(realm, account).unwrap_or_default()
    })
}

fn shown(realm: &Realm, account: &Account) -> Result<Value, ServiceError> {
    Ok(account.told(realm.organization()?, &realm.path(&account.parent)))
}
