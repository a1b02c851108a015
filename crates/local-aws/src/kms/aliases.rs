//! CreateAlias, UpdateAlias, DeleteAlias, ListAliases.
//!
//! Source: AWS KMS Developer Guide, "Aliases in AWS KMS".

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input, seconds},
    fault,
    key::Key,
    key_state::KeyUse,
    paging::{Page, Paging},
    state::{Alias, RealmId},
};
use crate::ServiceError;

/// Source: AWS KMS Developer Guide, "Quotas", resource quotas.
const MAX_ALIASES_PER_KEY: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutAlias {
    alias_name: String,
    target_key_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteAlias {
    alias_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListAliases {
    key_id: Option<String>,
    #[serde(flatten)]
    page: Page,
}

pub(super) fn create_alias(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let PutAlias { alias_name: name, target_key_id } = input(value)?;
    check_name(&name)?;
    let mut change = call.change();
    let key = target(call, &target_key_id)?;
    if let Some(existing) = call.state.alias(call.account(), call.ctx.region, &name) {
        call.see(existing.ticket);
        let arn = fault::alias_arn(call.account(), call.ctx.region, &name);
        return Err(ServiceError::new(
            "AlreadyExistsException",
            format!("An alias with the name {arn} already exists"),
        ));
    }
    check_room(call, &key)?;
    let (created, updated) = (call.now(), call.now());
    let alias = Alias { target: key.arn.clone(), created, updated, ticket: Default::default() };
    change.alias(realm(call), &name, Some(alias));
    call.commit(change);
    Ok(json!({}))
}

pub(super) fn update_alias(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let PutAlias { alias_name: name, target_key_id } = input(value)?;
    check_name(&name)?;
    let mut change = call.change();
    let existing = existing(call, &name)?;
    let key = target(call, &target_key_id)?;
    if existing.target != key.arn {
        check_room(call, &key)?;
    }
    change.alias(realm(call), &name, Some(Alias { target: key.arn.clone(), updated: call.now(), ..existing }));
    call.commit(change);
    Ok(json!({}))
}

pub(super) fn delete_alias(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let DeleteAlias { alias_name: name } = input(value)?;
    check_name(&name)?;
    let mut change = call.change();
    existing(call, &name)?;
    change.alias(realm(call), &name, None);
    call.commit(change);
    Ok(json!({}))
}

pub(super) fn list_aliases(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let input: ListAliases = input(value)?;
    let paging = Paging::of(&input.page, 50, 100)?;
    let key = input.key_id.map(|key_id| call.own_key(&key_id)).transpose()?;
    let own = |(name, alias): (&str, &Alias)| (name.to_owned(), alias.clone());
    let found: Vec<(String, Alias)> = match call.state.realm(call.account(), call.ctx.region) {
        None => Vec::new(),
        Some(realm) => {
            let aliases = realm.aliases();
            match key {
                Some(key) => aliases.of_key_after(key.id, paging.after()).take(paging.probe()).map(own).collect(),
                None => aliases.after(paging.after()).take(paging.probe()).map(own).collect(),
            }
        }
    };
    call.see_absence();
    Ok(paging.answer(
        "Aliases",
        found,
        |(name, _)| name,
        |(name, alias)| {
            json!({
                "AliasName": name,
                "AliasArn": fault::alias_arn(call.account(), call.ctx.region, name),
                "TargetKeyId": alias.target.key_id(),
                "CreationDate": seconds(alias.created),
                "LastUpdatedDate": seconds(alias.updated),
            })
        },
    ))
}

fn realm(call: &Call<'_>) -> RealmId {
    (call.account(), call.ctx.region.clone())
}

fn existing(call: &Call<'_>, name: &str) -> Result<Alias, ServiceError> {
    let found = call.state.alias(call.account(), call.ctx.region, name);
    let missing = || fault::no_such_alias(call.account(), call.ctx.region, name);
    let alias = found.inspect(|alias| call.see(alias.ticket)).ok_or_else(missing)?;
    let key = call.state.key_at(&alias.target).ok_or_else(missing)?;
    call.permitted("AliasName", key)?;
    Ok(alias)
}

fn target(call: &Call<'_>, key_id: &str) -> Result<Arc<Key>, ServiceError> {
    if key_id.starts_with("alias/") || key_id.contains(":alias/") {
        return Err(fault::validation("Aliases must refer to keys. Not aliases"));
    }
    let key = call.key("TargetKeyId", key_id)?;
    call.usable(&key, KeyUse::Label)?;
    Ok(key)
}

fn check_room(call: &Call<'_>, key: &Key) -> Result<(), ServiceError> {
    let realm = call.state.realm(key.account(), key.region());
    let aliases = realm.map_or(0, |realm| realm.aliases().of_key_after(key.id, None).count());
    if aliases < MAX_ALIASES_PER_KEY {
        Ok(())
    } else {
        Err(fault::limit_exceeded(format!("{} has {MAX_ALIASES_PER_KEY} aliases, the most there can be", key.arn)))
    }
}

/// The model has checked the characters; what it cannot say is here.
fn check_name(name: &str) -> Result<(), ServiceError> {
    let Some(rest) = name.strip_prefix("alias/") else {
        return Err(fault::validation(
            "Alias must start with the prefix \"alias/\". Please see \
             https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        ));
    };
    if rest.starts_with("aws/") {
        // Reserved for the keys of AWS's services; AWS says no more than this.
        return Err(ServiceError::new("NotAuthorizedException", ""));
    }
    if rest.is_empty() {
        return Err(fault::validation("Invalid identifier"));
    }
    if name.contains(':') {
        return Err(fault::validation(format!("{name} contains invalid characters for an alias")));
    }
    Ok(())
}
