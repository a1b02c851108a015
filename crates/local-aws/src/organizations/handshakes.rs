//! Invitations of accounts to the organization, and what becomes of them.
//!
//! Source: AWS Organizations User Guide, "Managing account invitations with AWS Organizations".

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    accounts,
    call::{Call, input},
    creation::{Joining, joining},
    email, fault,
    paging::Page,
    quotas,
    records::{Handshake, HandshakeState},
    state::{Change, Realm},
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
    let mut change = call.change()?;
    let (account, email) = match target.r#type.as_str() {
        "ACCOUNT" => {
            let message = "You provided a value that does not match the required pattern.";
            let account = target.id.parse().map_err(|_| fault::invalid_input("INVALID_PATTERN", message))?;
            (Some(account), None)
        }
        "EMAIL" if !email::is_valid(&target.id) => {
            let message = "You specified an invalid email address for the invited account owner.";
            return Err(fault::invalid_input("INVALID_EMAIL_ADDRESS_TARGET", message));
        }
        "EMAIL" => (email::holder(&change, &target.id), Some(target.id)),
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
    must_not_be_too_many(call, &change)?;
    forget_ended(&mut change, requested);
    let handshake = Handshake {
        id: call.new_id("h-", 32)?,
        account,
        email,
        notes,
        tags: Tags::new(tags)?,
        state: HandshakeState::Open,
        requested,
        expires: requested + SignedDuration::from_hours(24 * quotas::INVITATION_DAYS),
        ended: None,
    };
    let told = told(call, &change, &handshake)?;
    change.put(handshake);
    change.commit();
    Ok(told)
}

/// The account is in the organization from now on.
pub(super) fn accept(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneHandshake { handshake_id } = input(value)?;
    let mut change = call.change()?;
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
    let email = email::of_account(&change, id);
    let account = joining(call, &change, Joining { id, name, email, tags: handshake.tags.clone() })?;
    let told = told(call, &change, &handshake)?;
    change.put(account);
    change.put(handshake);
    change.commit();
    Ok(told)
}

pub(super) fn decline(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneHandshake { handshake_id } = input(value)?;
    let mut change = call.change()?;
    let handshake = of_invited(call, &change, &handshake_id)?;
    let handshake = ended(call, handshake, HandshakeState::Declined)?;
    let told = told(call, &change, &handshake)?;
    change.put(handshake);
    change.commit();
    Ok(told)
}

pub(super) fn cancel(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let OneHandshake { handshake_id } = input(value)?;
    let mut change = call.change()?;
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
    let realm = call.read()?;
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
    let realm = call.read()?;
    let told = realm.handshakes.iter().filter(|(_, handshake)| !handshake.is_forgotten(call.now()));
    let handshakes = told.map(|(id, handshake)| (id.clone(), &**handshake));
    asked.page.of(
        "Handshakes",
        handshakes.filter(|(_, handshake)| is_for_invitations && is_meant(handshake)),
        |handshake| shown(call, &realm, handshake).unwrap_or_default(),
    )
}

/// Refuses one more invitation where the organization would have too many accounts by it, or has invited too many of late.
///
/// Source: AWS Organizations User Guide, "Quotas and service limits for AWS Organizations" (an invitation counts as an
/// account until it is answered; of a day's invitations those that were accepted do not count).
fn must_not_be_too_many(call: &Call<'_>, realm: &Realm) -> Result<(), ServiceError> {
    let (now, most) = (call.now(), call.state.most_accounts());
    if accounts::used(realm, now) >= most {
        let message = "You have exceeded the allowed number of AWS accounts.";
        return Err(fault::handshake_constraint("ACCOUNT_NUMBER_LIMIT_EXCEEDED", message));
    }
    let of_late = |known: &&std::sync::Arc<Handshake>| {
        now.duration_since(known.requested) < SignedDuration::from_hours(24) && known.state != HandshakeState::Accepted
    };
    if realm.handshakes.values().filter(of_late).count() >= most.max(quotas::INVITATIONS_A_DAY) {
        let message = "You have exceeded the number of handshakes that you can send in one day.";
        return Err(fault::handshake_constraint("HANDSHAKE_RATE_LIMIT_EXCEEDED", message));
    }
    Ok(())
}

/// Lets go of the invitations that are told no more, and of the oldest that are over where there are very many.
fn forget_ended(change: &mut Change<'_>, now: Timestamp) {
    let over = change.handshakes.values().filter(|known| known.state_at(now) != HandshakeState::Open);
    let (forgotten, mut told): (Vec<_>, Vec<_>) = over.cloned().partition(|known| known.is_forgotten(now));
    told.sort_by_key(|known| known.requested);
    let too_many = (told.len() + 1).saturating_sub(quotas::ENDED_INVITATIONS);
    for known in forgotten.iter().chain(told.iter().take(too_many)) {
        change.remove::<Handshake>(known);
    }
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
        HandshakeState::Open => Ok(Handshake { state, ended: Some(call.now()), ..handshake.clone() }),
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
