//! The state's rows in the store, and reading them back.

use std::{collections::HashMap, sync::Arc};

use aws_model::{KeyArn, SecretBytes};
use serde::de::DeserializeOwned;

use super::{Alias, RealmId, State, agenda::Event, facts::Facts};
use crate::{
    kms::{
        family::{Family, FamilyRecord, FamilyState, Rotation},
        grants::Grant,
        key::{Key, KeyRecord},
        key_id::MaterialId,
        material::{Material, MaterialRecord},
    },
    sealing::SealingKey,
    store::{OpenError, Row, Table, Ticket},
};

pub(super) const KEYS: Table = Table::plain("kms.key");
pub(super) const FAMILIES: Table = Table::plain("kms.family");
pub(super) const MATERIALS: Table = Table::sealed("kms.material");
/// What authenticates the tokens of a family, by its name.
pub(super) const TOKEN_KEYS: Table = Table::sealed("kms.token-key");
pub(super) const ALIASES: Table = Table::plain("kms.alias");
pub(super) const GRANTS: Table = Table::plain("kms.grant");

pub(super) fn key_key(arn: &KeyArn) -> String {
    format!("{}/{}/{}", arn.account(), arn.region(), arn.key_id())
}

pub(super) fn family_key(arn: &KeyArn) -> String {
    format!("{}/{}", arn.account(), arn.key_id())
}

pub(super) fn material_key(arn: &KeyArn, material: MaterialId) -> String {
    format!("{}/{}/{material}", arn.account(), arn.key_id())
}

pub(super) fn alias_key((account, region): &RealmId, name: &str) -> String {
    format!("{account}/{region}/{name}")
}

pub(super) fn grant_key(arn: &KeyArn, grant: &str) -> String {
    format!("{}/{grant}", key_key(arn))
}

/// Fills an empty state with what the store kept.
pub(super) fn load(state: &State) -> Result<(), OpenError> {
    let secrets = |table| -> Result<HashMap<String, SecretBytes>, OpenError> {
        Ok(state.store.rows(table)?.into_iter().map(|row| (row.key, row.bytes)).collect())
    };
    let (materials, token_keys) = (secrets(MATERIALS)?, secrets(TOKEN_KEYS)?);
    let families: HashMap<String, FamilyRecord> = state
        .store
        .rows(FAMILIES)?
        .into_iter()
        .map(|row| Ok((row.key.clone(), decode(FAMILIES, &row)?)))
        .collect::<Result<_, OpenError>>()?;
    let mut restored: HashMap<String, Arc<Family>> = HashMap::new();
    let mut agenda = state.agenda.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for row in state.store.rows(KEYS)? {
        let record: KeyRecord = decode(KEYS, &row)?;
        let arn = record.arn.clone();
        let id = arn.key_id().parse().map_err(|_| damaged(KEYS, &row.key, "names no key id"))?;
        let name = family_key(&arn);
        let family = match restored.get(&name) {
            Some(family) => Arc::clone(family),
            None => {
                let record = families.get(&name).ok_or_else(|| missing(FAMILIES, &name))?;
                let token_key = token_keys.get(&name).map(SealingKey::new);
                let family = Family::new(token_key, restore_family(&arn, record.clone(), &materials)?);
                let family = Arc::new(family);
                restored.insert(name, Arc::clone(&family));
                family
            }
        };
        let shared = family.now();
        if shared.record.primary == *arn.region() {
            agenda.put(Event::Rotate(arn.clone()), shared.record.rotation.and_then(Rotation::due));
        }
        agenda.put(Event::Expire(arn.clone()), record.expires());
        agenda.put(Event::Delete(arn.clone()), record.deletion.and_then(|deletion| deletion.date));
        let realm = state.realm_or_new((arn.account(), arn.region().clone()));
        Facts(&state.authorizer).new_key(&record, family.kind, &shared.record.primary);
        let key = Arc::new(Key::new(id, family, record, Ticket::default()));
        realm.change_keys(|keys| keys.insert(id, key));
    }
    state.next_due.store(agenda.next_second(), std::sync::atomic::Ordering::Release);
    drop(agenda);
    load_aliases(state)?;
    load_grants(state)
}

fn restore_family(
    arn: &KeyArn,
    record: FamilyRecord,
    secrets: &HashMap<String, SecretBytes>,
) -> Result<FamilyState, OpenError> {
    let read = |material: &MaterialRecord| {
        let name = material_key(arn, material.id);
        match secrets.get(&name) {
            Some(secret) => Material::read(record.kind, *material, secret)
                .map(Arc::new)
                .map_err(|wrong| damaged(MATERIALS, &name, format_args!("is {wrong}"))),
            // Deleted or expired in every region.
            None if record.kind.is_imported() => Ok(Arc::new(Material::absent(*material))),
            None => Err(missing(MATERIALS, &name)),
        }
    };
    let materials = record.materials.iter().map(read).collect::<Result<Vec<_>, OpenError>>()?;
    let pending = record.pending.as_ref().map(read).transpose()?;
    if materials.is_empty() && !record.kind.is_imported() {
        return Err(damaged(FAMILIES, &family_key(arn), "names no key material"));
    }
    Ok(FamilyState { record, materials, pending, ticket: Ticket::default() })
}

fn load_aliases(state: &State) -> Result<(), OpenError> {
    for row in state.store.rows(ALIASES)? {
        let alias: Alias = decode(ALIASES, &row)?;
        let name = row.key.splitn(3, '/').nth(2).ok_or_else(|| damaged(ALIASES, &row.key, "is no alias's"))?;
        let realm = state.realm_or_new((alias.target.account(), alias.target.region().clone()));
        Facts(&state.authorizer).alias(name, None, Some(&alias.target));
        realm.aliases.write().unwrap_or_else(std::sync::PoisonError::into_inner).put(name, Some(alias));
    }
    Ok(())
}

fn load_grants(state: &State) -> Result<(), OpenError> {
    for row in state.store.rows(GRANTS)? {
        let grant: Grant = decode(GRANTS, &row)?;
        let key = state.key_at(&grant.key).ok_or_else(|| damaged(GRANTS, &row.key, "is of a key that is not there"))?;
        Facts(&state.authorizer).grant(&grant);
        let grant = Arc::new(grant);
        state.change_retirable(&grant, true);
        key.change_grants(|grants| grants.insert(grant));
    }
    Ok(())
}

fn decode<T: DeserializeOwned>(table: Table, row: &Row) -> Result<T, OpenError> {
    // The rows that are decoded hold no secret, so the decoder may say what it found.
    serde_json::from_slice(row.bytes.expose())
        .map_err(|wrong| damaged(table, &row.key, format_args!("is not as it was written: {wrong}")))
}

fn missing(table: Table, key: &str) -> OpenError {
    damaged(table, key, "is missing")
}

fn damaged(table: Table, key: &str, why: impl ToString) -> OpenError {
    OpenError::Damaged { table: table.name(), key: key.to_owned(), why: why.to_string() }
}
