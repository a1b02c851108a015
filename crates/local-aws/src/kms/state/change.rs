//! One change of the state: decided and made under one lock, kept in one batch.

use std::sync::{Arc, MutexGuard, PoisonError, atomic::Ordering};

use aws_model::{KeyArn, SecretBytes};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    Alias, RealmId, State,
    agenda::{Agenda, Event},
    facts::Facts,
    load,
};
use crate::{
    kms::{
        family::{Family, FamilyRecord, FamilyState, Rotation, days_after},
        grants::Grant,
        key::{Deletion, Key, KeyMoment, KeyRecord},
        key_id::{KeyId, MaterialId},
        kind::KeyKind,
        material::{self, Material, MaterialError, MaterialRecord, RotationType},
    },
    sealing::{MATERIAL_LEN, SealingKey, random_bytes},
    store::{Batch, Table, Ticket},
};

/// When a rotation that failed is tried again: once the machine may have its randomness back.
const RETRY_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// A change in the making. What it holds is seen by nobody until [`commit`](Self::commit), and never if it is dropped.
pub(in crate::kms) struct Change<'s> {
    state: &'s State,
    agenda: MutexGuard<'s, Agenda>,
    rows: Batch,
    edits: Vec<Edit>,
}

enum Edit {
    NewKey { id: KeyId, family: Arc<Family>, record: KeyRecord },
    Key(Arc<Key>, KeyRecord),
    KeyGone(Arc<Key>),
    Family(Arc<Family>, FamilyState),
    Alias(RealmId, String, Option<Alias>),
    Grant(Arc<Key>, Grant),
    GrantGone(Arc<Key>, Arc<Grant>),
    Primary { old: KeyArn, new: KeyArn },
    Agenda(Event, Option<Timestamp>),
}

impl<'s> Change<'s> {
    /// Waits for the changes before it.
    pub(in crate::kms) fn begin(state: &'s State) -> Self {
        Self::begin_with(state, state.agenda.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn begin_with(state: &'s State, agenda: MutexGuard<'s, Agenda>) -> Self {
        Self { state, agenda, rows: Batch::new(), edits: Vec::new() }
    }

    /// Makes the change in memory and queues it for the disk.
    pub(in crate::kms) fn commit(self) -> Ticket {
        let (ticket, agenda) = self.apply();
        drop(agenda);
        ticket
    }

    /// A key of its own family. `secret` is its material's, unless that is to be imported.
    pub(in crate::kms) fn new_key(
        &mut self,
        id: KeyId,
        record: KeyRecord,
        kind: KeyKind,
        secret: Option<SecretBytes>,
    ) -> Result<(), MaterialError> {
        let mut materials = Vec::new();
        if let Some(secret) = secret {
            let material = Material::read(kind, MaterialRecord::new(record.created, None)?, &secret)?;
            self.material_row(&record.arn, &material, secret);
            materials.push(Arc::new(material));
        }
        let family = FamilyRecord {
            kind,
            primary: record.arn.region().clone(),
            regions: [record.arn.region().clone()].into(),
            rotation: None,
            on_demand_rotations: 0,
            materials: materials.iter().map(|material| material.record).collect(),
            pending: None,
        };
        let token_key = if kind == KeyKind::default() { None } else { Some(self.token_key(&record.arn)?) };
        self.put(load::FAMILIES, load::family_key(&record.arn), &family);
        let state = FamilyState { record: family, materials, pending: None, ticket: Ticket::default() };
        self.new_replica(id, Arc::new(Family::new(token_key, state)), record);
        Ok(())
    }

    fn token_key(&mut self, arn: &KeyArn) -> Result<SealingKey, MaterialError> {
        let secret = random_bytes(MATERIAL_LEN)?;
        let key = SealingKey::new(&secret);
        self.rows.put(load::TOKEN_KEYS, load::family_key(arn), secret);
        Ok(key)
    }

    /// A key that shares a family's material.
    pub(in crate::kms) fn new_replica(&mut self, id: KeyId, family: Arc<Family>, record: KeyRecord) {
        self.put(load::KEYS, load::key_key(&record.arn), &record);
        self.edits.push(Edit::NewKey { id, family, record });
    }

    pub(in crate::kms) fn key(&mut self, key: &Arc<Key>, record: KeyRecord) {
        self.put(load::KEYS, load::key_key(&key.arn), &record);
        let date = record.deletion.and_then(|deletion| deletion.date);
        self.edits.push(Edit::Agenda(Event::Delete(key.arn.clone()), date));
        self.edits.push(Edit::Agenda(Event::Expire(key.arn.clone()), record.expires()));
        self.edits.push(Edit::Key(Arc::clone(key), record));
    }

    /// Replaces what a family shares, its material excepted. `primary` is the key in its primary region.
    pub(in crate::kms) fn family(&mut self, primary: &Key, record: FamilyRecord) {
        let now = FamilyState::clone(&primary.family.now());
        self.edits.push(Edit::Agenda(Event::Rotate(primary.arn.clone()), record.rotation.and_then(Rotation::due)));
        self.family_state(primary, FamilyState { record, ..now });
    }

    /// Replaces all that a family shares but when it rotates.
    pub(super) fn family_state(&mut self, key: &Key, state: FamilyState) {
        self.put(load::FAMILIES, load::family_key(&key.arn), &state.record);
        self.edits.push(Edit::Family(Arc::clone(&key.family), state));
    }

    /// The family's primary key is another from here on; its rotation is the new one's.
    pub(in crate::kms) fn new_primary(&mut self, old: &Key, new: &Key, record: FamilyRecord) {
        self.edits.push(Edit::Agenda(Event::Rotate(old.arn.clone()), None));
        self.edits.push(Edit::Primary { old: old.arn.clone(), new: new.arn.clone() });
        self.family(new, record);
    }

    /// Fresh material in front of all the old; what else the record says is kept too.
    pub(in crate::kms) fn rotate(
        &mut self,
        primary: &Key,
        mut record: FamilyRecord,
        at: Timestamp,
        rotated: RotationType,
    ) -> Result<(), MaterialError> {
        let secret = material::generate(record.kind.spec)?;
        let material = Material::read(record.kind, MaterialRecord::new(at, Some(rotated))?, &secret)?;
        record.materials.push(material.record);
        self.material_row(&primary.arn, &material, secret);
        self.family(primary, record);
        if let Some(Edit::Family(_, state)) = self.edits.last_mut() {
            state.materials.push(Arc::new(material));
        }
        Ok(())
    }

    pub(in crate::kms) fn alias(&mut self, realm: RealmId, name: &str, alias: Option<Alias>) {
        let key = load::alias_key(&realm, name);
        match &alias {
            Some(alias) => self.put(load::ALIASES, key, alias),
            None => self.rows.delete(load::ALIASES, key),
        }
        self.edits.push(Edit::Alias(realm, name.to_owned(), alias));
    }

    pub(in crate::kms) fn grant(&mut self, key: &Arc<Key>, grant: Grant) {
        self.put(load::GRANTS, load::grant_key(&key.arn, &grant.id), &grant);
        self.edits.push(Edit::Grant(Arc::clone(key), grant));
    }

    pub(in crate::kms) fn grant_gone(&mut self, key: &Arc<Key>, grant: Arc<Grant>) {
        self.rows.delete(load::GRANTS, load::grant_key(&key.arn, &grant.id));
        self.edits.push(Edit::GrantGone(Arc::clone(key), grant));
    }

    /// Makes an event happen that was due `at` and is overdue `now`; gives the lock back.
    pub(super) fn happen(mut self, at: Timestamp, event: Event, now: Timestamp) -> MutexGuard<'s, Agenda> {
        let (state, Event::Delete(arn) | Event::Rotate(arn) | Event::Expire(arn)) = (self.state, &event);
        let Some(key) = state.key_at(arn) else { return self.apply().1 };
        let happened = match &event {
            Event::Delete(_) => {
                self.delete(&key, at);
                Some("DeleteKey")
            }
            Event::Rotate(arn) => match self.rotate_when_enabled(&key, at) {
                Ok(rotated) => rotated.then_some("RotateKey"),
                Err(failed) => {
                    tracing::error!(key = %arn, error = %failed, "a key that is due was not rotated; tried again later");
                    self.edits.push(Edit::Agenda(event.clone(), now.checked_add(RETRY_AFTER).ok()));
                    None
                }
            },
            Event::Expire(_) => {
                self.expire(&key, at);
                Some("DeleteExpiredKeyMaterial")
            }
        };
        let agenda = self.apply().1;
        happened.into_iter().for_each(|name| state.trail.of_key(name, &key.arn));
        agenda
    }

    /// The key is gone with its aliases and grants; its material too, once no region is left.
    ///
    /// Source: AWS KMS API Reference, "ScheduleKeyDeletion".
    fn delete(&mut self, key: &Arc<Key>, at: Timestamp) {
        let realm_id = (key.account(), key.region().clone());
        if let Some(realm) = self.state.realm(key.account(), key.region()) {
            let names: Vec<String> =
                realm.aliases().of_key_after(key.id, None).map(|(name, _)| name.to_owned()).collect();
            for name in names {
                self.alias(realm_id.clone(), &name, None);
            }
        }
        for grant in key.grants().after(None).cloned().collect::<Vec<_>>() {
            self.grant_gone(key, grant);
        }
        self.rows.delete(load::KEYS, load::key_key(&key.arn));
        self.edits.push(Edit::Agenda(Event::Expire(key.arn.clone()), None));
        self.edits.push(Edit::KeyGone(Arc::clone(key)));
        let family = key.family.now();
        let mut record = family.record.clone();
        record.regions.remove(key.region());
        if record.regions.is_empty() {
            self.rows.delete(load::FAMILIES, load::family_key(&key.arn));
            self.rows.delete(load::TOKEN_KEYS, load::family_key(&key.arn));
            for material in record.materials.iter().chain(&record.pending) {
                self.rows.delete(load::MATERIALS, load::material_key(&key.arn, material.id));
            }
            self.edits.push(Edit::Agenda(Event::Rotate(key.arn.clone()), None));
            return;
        }
        let Some(primary) = self.state.key(key.account(), &record.primary, key.id) else { return };
        let last_replica_is_gone = record.regions.len() == 1;
        let mut primary_record = primary.now().record.clone();
        if let Some(Deletion { window_days, date: None }) = primary_record.deletion.filter(|_| last_replica_is_gone) {
            primary_record.deletion = Some(Deletion { window_days, date: Some(days_after(at, window_days)) });
            self.key(&primary, primary_record);
        }
        match key.kind().is_imported() {
            true => self.imports_gone(key, FamilyState { record, ..FamilyState::clone(&family) }),
            false => self.family(&primary, record),
        }
    }

    /// A key that is not enabled is not rotated; enabling it makes up for that. Returns whether it was rotated.
    ///
    /// Source: AWS KMS API Reference, "GetKeyRotationStatus".
    fn rotate_when_enabled(&mut self, primary: &Arc<Key>, at: Timestamp) -> Result<bool, MaterialError> {
        let key = primary.now();
        let mut record = primary.family.now().record.clone();
        match record.rotation {
            Some(rotation) if key.record.enabled && key.record.deletion.is_none() => {
                record.rotation = Some(Rotation::starting(at, rotation.period));
                self.rotate(primary, record, at, RotationType::Automatic).map(|()| true)
            }
            _ => Ok(false),
        }
    }

    pub(super) fn material_row(&mut self, arn: &KeyArn, material: &Material, secret: SecretBytes) {
        self.rows.put(load::MATERIALS, load::material_key(arn, material.id), secret);
    }

    pub(super) fn material_row_gone(&mut self, arn: &KeyArn, material: MaterialId) {
        self.rows.delete(load::MATERIALS, load::material_key(arn, material));
    }

    pub(super) fn state(&self) -> &'s State {
        self.state
    }

    fn put(&mut self, table: Table, key: String, value: &impl Serialize) {
        // Records are plain structs of text, numbers and lists: there is nothing in them that JSON refuses.
        self.rows.put(table, key, SecretBytes::new(serde_json::to_vec(value).unwrap_or_default()));
    }

    fn apply(self) -> (Ticket, MutexGuard<'s, Agenda>) {
        let Self { state, mut agenda, rows, edits } = self;
        // Queued first, so that whoever sees the change in memory also sees what to wait for.
        let ticket = state.store.write(rows);
        for edit in edits {
            match edit {
                Edit::Agenda(event, at) => agenda.put(event, at),
                other => other.make(state, ticket),
            }
        }
        state.next_due.store(agenda.next_second(), Ordering::Release);
        (ticket, agenda)
    }
}

impl Edit {
    /// Memory first where the model could otherwise let somebody do what memory does not have yet; the ticket before
    /// the model, so that whoever is let in by the change waits for it.
    fn make(self, state: &State, ticket: Ticket) {
        let facts = Facts(&state.authorizer);
        match self {
            Self::NewKey { id, family, record } => {
                let realm = state.realm_or_new((record.arn.account(), record.arn.region().clone()));
                facts.new_key(&record, family.kind, &family.now().record.primary);
                let key = Arc::new(Key::new(id, family, record, ticket));
                key.access_changes(ticket);
                realm.change_keys(|keys| keys.insert(id, key));
                state.names_changed();
            }
            Self::Key(key, record) => {
                key.access_changes(ticket);
                let before = key.now();
                let is_switched = (before.record.enabled, before.record.deletion.is_some())
                    != (record.enabled, record.deletion.is_some());
                if let Some(spreading) = state.authorizer.spreading().filter(|_| is_switched) {
                    key.was(&before.record, spreading);
                }
                facts.key(&before.record, &record);
                key.replace(KeyMoment { record, ticket });
            }
            Self::KeyGone(key) => {
                if let Some(realm) = state.realm(key.account(), key.region()) {
                    realm.change_keys(|keys| keys.remove(&key.id));
                }
                facts.key_gone(&key.arn);
            }
            Self::Family(family, state) => family.replace(FamilyState { ticket, ..state }),
            Self::Primary { old, new } => {
                facts.primary(&old, false);
                facts.primary(&new, true);
            }
            Self::Alias((account, region), name, alias) => {
                let realm = state.realm_or_new((account, region.clone()));
                let alias = alias.map(|alias| Alias { ticket, ..alias });
                let before = state.alias(account, &region, &name).map(|alias| alias.target);
                let now = alias.as_ref().map(|alias| alias.target.clone());
                for key in before.iter().chain(&now).filter_map(|arn| state.key_at(arn)) {
                    key.access_changes(ticket);
                }
                realm.aliases.write().unwrap_or_else(PoisonError::into_inner).put(&name, alias);
                state.names_changed();
                facts.alias(&name, before.as_ref(), now.as_ref());
            }
            Self::Grant(key, grant) => {
                let grant = Arc::new(Grant { ticket, ..grant });
                key.access_changes(ticket);
                state.change_retirable(&grant, true);
                key.change_grants(|grants| grants.insert(Arc::clone(&grant)));
                facts.grant(&grant);
            }
            Self::GrantGone(key, grant) => {
                key.access_changes(ticket);
                facts.grant_gone(&grant);
                state.change_retirable(&grant, false);
                key.change_grants(|grants| grants.remove(&grant));
            }
            // Made by `apply`, which holds the agenda.
            Self::Agenda(..) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Quotas, authorization::Authorizer, clock::Clock, kms::key_policy::KeyPolicy, sealing::tests::RANDOMNESS_FAILS,
        store::Store, trail::Trail,
    };

    #[test]
    fn a_rotation_that_fails_is_tried_again_without_a_restart() {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let trail = Arc::new(Trail::new(Clock::frozen_at(start), 1 << 20));
        let authorizer = Arc::new(Authorizer::new(Default::default()));
        let state = State::load(Store::memory(), Quotas::default(), authorizer, Arc::clone(&trail), start).unwrap();
        let arn: KeyArn =
            "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".parse().unwrap();
        let id: KeyId = arn.key_id().parse().unwrap();
        let record = KeyRecord {
            arn: arn.clone(),
            created: start,
            description: String::new(),
            enabled: true,
            deletion: None,
            passing: None,
            policy: KeyPolicy::default_of(&arn).unwrap(),
            tags: Default::default(),
            aws_managed: false,
            imports: Default::default(),
            awaits_import: false,
            unavailable: false,
        };
        let mut change = Change::begin(&state);
        let kind = KeyKind::default();
        change.new_key(id, record, kind, Some(material::generate(kind.spec).unwrap())).unwrap();
        change.commit();
        let key = state.key_at(&arn).unwrap();
        let rotation = Some(Rotation::starting(start, 90.try_into().unwrap()));
        let mut change = Change::begin(&state);
        change.family(&key, FamilyRecord { rotation, ..key.family.now().record.clone() });
        change.commit();

        let due = days_after(start, 90);
        RANDOMNESS_FAILS.set(true);
        state.catch_up(due);
        RANDOMNESS_FAILS.set(false);
        assert_eq!(key.family.now().materials.len(), 1);
        state.catch_up(due);
        assert_eq!(key.family.now().materials.len(), 1, "not at once: what failed would fail again");
        assert!(trail.older(u64::MAX, 1).is_empty(), "nothing was rotated");
        state.catch_up(due + RETRY_AFTER);
        let rotated = key.family.now();
        assert_eq!(rotated.materials.len(), 2);
        assert_eq!(rotated.materials[1].record.created, due + RETRY_AFTER, "dated when it happened");
        assert_eq!(trail.older(u64::MAX, 1)[0].call.name(), "RotateKey");
    }
}
