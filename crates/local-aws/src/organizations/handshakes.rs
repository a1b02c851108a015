//! Invitations of accounts to the organization, and what becomes of them.
//!
//! Source: AWS Organizations User Guide, "Managing account invitations with AWS Organizations".

use aws_model::AccountId;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    accounts::{of_usual_email, usual_email},
    call::{Call, input},
    creation::{Joining, joining},
    fault,
    paging::Page,
    quotas,
    records::{Handshake, HandshakeState},
    state::Realm,
    tags::{Tag, Tags},
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Invite {
    target: Party,
    notes: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Party {
    id: String,
    r#type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneHandshake {
    handshake_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListHandshakes {
    #[serde(default)]
    filter: Filter,
    #[serde(flatten)]
    page: Page,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Filter {
    action_type: Option<String>,
    parent_handshake_id: Option<String>,
}

pub(super) fn invite(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Invite { target, notes, tags } = input(value)?;
    let mut change = call.change();
    let (account, email) = match target.r#type.as_str() {
        "ACCOUNT" => {
            let message = "You provided a value that does not match the required pattern.";
            let account = target.id.parse().map_err(|_| fault::invalid_input("INVALID_PATTERN", message))?;
            (Some(account), None)
        }
        "EMAIL" => (holder(&change, &target.id), Some(target.id)),
        _ => {
            let message = "You specified the wrong type of entity as a party.";
            return Err(fault::invalid_input("INVALID_PARTY_TYPE_TARGET", message));
        }
    };
    if account.is_some_and(|account| change.account(account.as_str()).is_ok()) {
        let message = "The account is already a member of an organization.";
        return Err(fault::handshake_constraint("ALREADY_IN_AN_ORGANIZATION", message));
    }
    let is_same = |known: &Handshake| known.account == account && (account.is_some() || known.email == email);
    let is_open = |known: &Handshake| known.state_at(call.now()) == HandshakeState::Open;
    if change.handshakes.values().any(|known| is_same(known) && is_open(known)) {
        let message = "A handshake with the same action and target already exists.";
        return Err(ServiceError::new("DuplicateHandshakeException", message));
    }
    let requested = call.now();
    let handshake = Handshake {
        id: call.new_id("h-", 32)?,
        account,
        email,
        notes,
        tags: Tags::new(tags)?,
        state: HandshakeState::Open,
        requested,
        expires: requested + SignedDuration::from_hours(24 * quotas::INVITATION_DAYS),
    };
    let told = told(call, &change, &handshake)?;
    change.put(handshake);
    change.commit();
    Ok(told)
}

/// The account is in the organization from now on.
pub(super) fn accept(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneHandshake { handshake_id } = input(value)?;
    let mut change = call.change();
    let handshake = of_invited(call, &change, &handshake_id)?;
    if change.account(call.account().as_str()).is_ok() {
        let message = "The account is already a member of an organization.";
        return Err(fault::handshake_constraint("ALREADY_IN_AN_ORGANIZATION", message));
    }
    let handshake = ended(call, handshake, HandshakeState::Accepted)?;
    let id = call.account();
    let world = call.state.authorizer().world();
    let name = world.account(id).and_then(|account| account.name.as_deref()).unwrap_or(id.as_str()).to_owned();
    drop(world);
    let email = handshake.email.clone().unwrap_or_else(|| usual_email(id));
    let account = joining(call, &change, Joining { id, name, email, tags: handshake.tags.clone() })?;
    let told = told(call, &change, &handshake)?;
    change.put(account);
    change.put(handshake);
    change.commit();
    Ok(told)
}

pub(super) fn decline(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneHandshake { handshake_id } = input(value)?;
    let mut change = call.change();
    let handshake = of_invited(call, &change, &handshake_id)?;
    let handshake = ended(call, handshake, HandshakeState::Declined)?;
    let told = told(call, &change, &handshake)?;
    change.put(handshake);
    change.commit();
    Ok(told)
}

pub(super) fn cancel(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneHandshake { handshake_id } = input(value)?;
    let mut change = call.change();
    let handshake = of_party(call, &change, &handshake_id)?;
    if handshake.account == Some(call.account()) {
        return Err(fault::not_permitted());
    }
    let handshake = ended(call, handshake, HandshakeState::Canceled)?;
    let told = told(call, &change, &handshake)?;
    change.put(handshake);
    change.commit();
    Ok(told)
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneHandshake { handshake_id } = input(value)?;
    let realm = call.read();
    told(call, &realm, of_party(call, &realm, &handshake_id)?)
}

pub(super) fn list_for_account(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: ListHandshakes = input(value)?;
    listed(call, &asked, |handshake| handshake.account == Some(call.account()))
}

pub(super) fn list_for_organization(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: ListHandshakes = input(value)?;
    listed(call, &asked, |_| true)
}

fn listed(
    call: &Call<'_>,
    asked: &ListHandshakes,
    is_meant: impl Fn(&Handshake) -> bool,
) -> Result<Value, ServiceError> {
    let Filter { action_type, parent_handshake_id } = &asked.filter;
    // There are invitations only, and they have no parents.
    let is_for_invitations =
        action_type.as_deref().is_none_or(|action| action == "INVITE") && parent_handshake_id.is_none();
    let realm = call.read();
    let handshakes = realm.handshakes.iter().map(|(id, handshake)| (id.clone(), &**handshake));
    asked.page.of(
        "Handshakes",
        handshakes.filter(|(_, handshake)| is_for_invitations && is_meant(handshake)),
        |handshake| shown(call, &realm, handshake).unwrap_or_default(),
    )
}

/// The account that has an email address.
fn holder(realm: &Realm, email: &str) -> Option<AccountId> {
    let member = realm.accounts.values().find(|account| account.email.eq_ignore_ascii_case(email));
    member.map(|account| account.id).or_else(|| of_usual_email(email))
}

/// A handshake that the caller's account is invited by or has invited with; of others it is told that there are none.
fn of_party<'r>(call: &Call<'_>, realm: &'r Realm, id: &str) -> Result<&'r Handshake, ServiceError> {
    let handshake = realm.handshake(id)?;
    let account = call.account();
    let is_party = handshake.account == Some(account) || realm.organization()?.management == account;
    if is_party { Ok(handshake) } else { Err(fault::no_handshake()) }
}

/// The same for who answers it: only who is invited.
fn of_invited<'r>(call: &Call<'_>, realm: &'r Realm, id: &str) -> Result<&'r Handshake, ServiceError> {
    let handshake = of_party(call, realm, id)?;
    if handshake.account == Some(call.account()) { Ok(handshake) } else { Err(fault::not_permitted()) }
}

/// The handshake in its last state.
fn ended(call: &Call<'_>, handshake: &Handshake, state: HandshakeState) -> Result<Handshake, ServiceError> {
    match handshake.state_at(call.now()) {
        HandshakeState::Open => Ok(Handshake { state, ..handshake.clone() }),
        now if now == state => {
            let message = "The specified handshake is already in the requested state.";
            Err(ServiceError::new("HandshakeAlreadyInStateException", message))
        }
        _ => {
            let message = "You can't perform the operation on the handshake in its current state.";
            Err(ServiceError::new("InvalidHandshakeTransitionException", message))
        }
    }
}

fn told(call: &Call<'_>, realm: &Realm, handshake: &Handshake) -> Result<Value, ServiceError> {
    Ok(json!({ "Handshake": shown(call, realm, handshake)? }))
}

fn shown(call: &Call<'_>, realm: &Realm, handshake: &Handshake) -> Result<Value, ServiceError> {
    Ok(handshake.told(realm.organization()?, realm.management()?, call.now()))
}
