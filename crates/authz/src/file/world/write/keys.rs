//! Keys and grants.

use std::collections::BTreeMap;

use super::{Json, Written, no_form, saved_id, saved_policy};
use crate::{
    file::keys::{MANAGERS, PROPAGATED, STATES, UNKNOWN, USAGES},
    world::{Account, ContextConstraint, Grant, GrantConstraints, Key, Untold, World},
};

pub(super) fn write(json: &mut Json, world: &World) -> Written {
    let keys = world.accounts().flat_map(|(_, account)| Account::keys(account));
    let keys: BTreeMap<_, _> = keys.map(|key| (key.arn.as_str(), key)).collect();
    json.mapping("keys", keys, |json, key: &Key| json.map(|json| self::key(json, world, key)))
}

fn key(json: &mut Json, world: &World, key: &Key) -> Written {
    saved_policy(json, "policy", world, &key.policy)?;
    word(json, "state", &STATES, key.state)?;
    word(json, "usage", &USAGES, key.usage)?;
    word(json, "manager", &MANAGERS, key.manager)?;
    json.texts("attributes", &key.attributes)?;
    json.texts("tags", &key.tags)?;
    if let Some(alias) = key.aliases.iter().find(|alias| !alias.starts_with("alias/")) {
        return Err(no_form(alias, "an alias looks like `alias/NAME`"));
    }
    json.words("aliases", &key.aliases)?;
    let Untold { grants, tags, aliases } = key.untold;
    let untold = [("grants", grants), ("tags", tags), ("aliases", aliases)];
    json.words("untold", untold.into_iter().filter_map(|(what, is_untold)| is_untold.then_some(what)))?;
    let grants: BTreeMap<_, _> = key.grants.iter().map(|grant| (&grant.id, &**grant)).collect();
    json.list("grants", grants.into_values(), |json, grant| json.map(|json| self::grant(json, world, key, grant)))
}

fn grant(json: &mut Json, world: &World, key: &Key, grant: &Grant) -> Written {
    json.entry("id")?.text(&grant.id)?;
    json.optional("token", grant.token.as_deref())?;
    json.optional("name", grant.name.as_deref())?;
    if grant.propagated != Some(true) {
        word(json, "propagated", &PROPAGATED, grant.propagated)?;
    }
    json.entry("grantee")?.text(&grant.grantee.to_string())?;
    if grant.grantee_unique_id != world.unique_id(&grant.grantee) {
        saved_id(json.entry("granteeId")?, grant.grantee_unique_id.as_deref())?;
    }
    json.optional("retiring", grant.retiring.as_ref().map(ToString::to_string).as_deref())?;
    match &grant.issuing_account {
        Some(account) if *account == key.arn.account() => {}
        Some(account) => json.entry("issuingAccount")?.text(account.as_str())?,
        None => json.entry("issuingAccount")?.text(UNKNOWN)?,
    }
    json.entry("operations")?.items(grant.operations.iter(), |json, operation| json.text(operation.as_str()))?;
    let GrantConstraints { encryption_context, source_arn } = &grant.constraints;
    if encryption_context.is_none() && source_arn.is_none() {
        return Ok(());
    }
    json.entry("constraints")?.map(|json| {
        let context = match encryption_context {
            Some(ContextConstraint::Equals(context)) => Some(("encryptionContextEquals", context)),
            Some(ContextConstraint::Subset(context)) => Some(("encryptionContextSubset", context)),
            None => None,
        };
        if let Some((name, context)) = context {
            // Also an empty one: it is another constraint than none.
            json.entry(name)?.map(|json| context.pairs().try_for_each(|(key, value)| json.entry(key)?.text(value)))?;
        }
        json.optional("sourceArn", source_arn.as_deref())
    })
}

/// The word for a value.
fn word<T: PartialEq>(json: &mut Json, name: &str, words: &[(&str, T)], value: T) -> Written {
    match words.iter().find(|(_, of)| *of == value) {
        Some((word, _)) => json.entry(name)?.text(word),
        None => Err(no_form(name, "there is no word for it")),
    }
}
