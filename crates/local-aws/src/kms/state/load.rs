//! The state's rows in the store, and reading them back.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use aws_model::{KeyArn, SecretBytes};

use super::{Alias, RealmId, State, agenda::Event, facts::Facts};
use crate::{
    kms::{
        family::{Family, FamilyRecord, FamilyState, Rotation},
        grants::Grant,
        key::{Key, KeyRecord},
        key_id::MaterialId,
        kind::KeyKind,
        material::{self, Material, MaterialError, MaterialRecord},
    },
    sealing::{MATERIAL_LEN, SealingKey, random_bytes},
    store::{Batch, OpenError, Store, Table, Ticket},
};

pub(super) const KEYS: Table = Table::plain("kms.key");
pub(super) const FAMILIES: Table = Table::plain("kms.family");
pub(super) const MATERIALS: Table = Table::sealed("kms.material");
/// What authenticates the tokens of a family, by its name.
pub(crate) const TOKEN_KEYS: Table = Table::sealed("kms.token-key");
pub(super) const ALIASES: Table = Table::plain("kms.alias");
pub(super) const GRANTS: Table = Table::plain("kms.grant");
/// What is kept of KMS.
pub(crate) const TABLES: &[Table] = &[KEYS, FAMILIES, MATERIALS, TOKEN_KEYS, ALIASES, GRANTS];

/// New secrets for keys whose rows came without theirs: the same keys under the same ids, under which nothing that the
/// former ones sealed opens.
pub(crate) fn add_missing_secrets(store: &Store) -> Result<(), OpenError> {
    let there = |table| -> Result<HashSet<String>, OpenError> {
        Ok(store.rows(table)?.into_iter().map(|row| row.key).collect())
    };
    let (materials, token_keys) = (there(MATERIALS)?, there(TOKEN_KEYS)?);
    let mut batch = Batch::new();
    // What was imported is imported again.
    for row in store.rows(KEYS)? {
        let mut record: KeyRecord = store.decode(KEYS, &row)?;
        let is_here = |id: &MaterialId| materials.contains(&material_key(&record.arn, *id));
        if record.imports.iter().all(|(id, import)| !import.present || is_here(id)) {
            continue;
        }
        record.imports.values_mut().for_each(|import| import.present = false);
        record.awaits_import = true;
        batch.put(KEYS, row.key, SecretBytes::new(serde_json::to_vec(&record).unwrap_or_default()));
    }
    for row in store.rows(FAMILIES)? {
        let family: FamilyRecord = store.decode(FAMILIES, &row)?;
        let failed = |_: MaterialError| OpenError::NoRandomness;
        for record in family.materials.iter().filter(|_| !family.kind.is_imported()) {
            let key = format!("{}/{}", row.key, record.id);
            if !materials.contains(&key) {
                batch.put(MATERIALS, key, material::generate(family.kind.spec).map_err(failed)?);
            }
        }
        if family.kind != KeyKind::default() && !token_keys.contains(&row.key) {
            batch.put(TOKEN_KEYS, row.key, random_bytes(MATERIAL_LEN).map_err(|_| OpenError::NoRandomness)?);
        }
    }
    store.write(batch);
    Ok(())
}

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
        .map(|row| Ok((row.key.clone(), state.store.decode(FAMILIES, &row)?)))
        .collect::<Result<_, OpenError>>()?;
    let mut restored: HashMap<String, Arc<Family>> = HashMap::new();
    let mut agenda = state.agenda.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for row in state.store.rows(KEYS)? {
        let record: KeyRecord = state.store.decode(KEYS, &row)?;
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
        let alias: Alias = state.store.decode(ALIASES, &row)?;
        let name = row.key.splitn(3, '/').nth(2).ok_or_else(|| damaged(ALIASES, &row.key, "is no alias's"))?;
        let realm = state.realm_or_new((alias.target.account(), alias.target.region().clone()));
        Facts(&state.authorizer).alias(name, None, Some(&alias.target));
        realm.aliases.write().unwrap_or_else(std::sync::PoisonError::into_inner).put(name, Some(alias));
    }
    Ok(())
}

fn load_grants(state: &State) -> Result<(), OpenError> {
    for row in state.store.rows(GRANTS)? {
        let grant: Grant = state.store.decode(GRANTS, &row)?;
        let key = state.key_at(&grant.key).ok_or_else(|| damaged(GRANTS, &row.key, "is of a key that is not there"))?;
        Facts(&state.authorizer).grant(&grant);
        let grant = Arc::new(grant);
        state.change_retirable(&grant, true);
        key.change_grants(|grants| grants.insert(grant));
    }
    Ok(())
}

fn missing(table: Table, key: &str) -> OpenError {
    damaged(table, key, "is missing")
}

fn damaged(table: Table, key: &str, why: impl ToString) -> OpenError {
    OpenError::Damaged { table: table.name(), key: key.to_owned(), why: why.to_string() }
}
