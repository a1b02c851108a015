//! Imported material: it comes, it goes, it expires. What of it a key needs decides whether it waits for an import.
//!
//! The secret is the family's and is kept while any region has it; whether a region has it stands in its key's record.

use std::sync::Arc;

use aws_model::SecretBytes;
use jiff::Timestamp;

use super::Change;
use crate::kms::{
    family::FamilyState,
    key::{Import, Key, KeyRecord},
    key_id::MaterialId,
    material::{Material, MaterialRecord, RotationType},
};

/// What imported material becomes of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::kms) enum Becomes {
    /// Its only material.
    First,
    /// What the key can be rotated to.
    Pending,
    /// What it was before.
    Known,
}

impl Change<'_> {
    pub(in crate::kms) fn import(
        &mut self,
        key: &Arc<Key>,
        (material, secret): (Material, SecretBytes),
        becomes: Becomes,
        import: Import,
    ) {
        let mut state = FamilyState::clone(&key.family.now());
        self.material_row(&key.arn, &material, secret);
        let (id, material) = (material.id, Arc::new(material));
        match becomes {
            Becomes::First => {
                state.record.materials.push(material.record);
                state.materials.push(material);
            }
            Becomes::Pending => {
                state.record.pending = Some(material.record);
                state.pending = Some(material);
            }
            Becomes::Known => put(&mut state, material),
        }
        let mut record = key.now().record.clone();
        record.imports.insert(id, import);
        settle(&mut record, &state);
        self.family_state(key, state);
        self.key(key, record);
    }

    /// Takes material out of a key. What waits for a rotation goes from all regions with the primary key's.
    ///
    /// Source: AWS KMS API Reference, "DeleteImportedKeyMaterial".
    pub(in crate::kms) fn unimport(&mut self, key: &Arc<Key>, ids: &[MaterialId]) {
        let mut state = FamilyState::clone(&key.family.now());
        let mut record = key.now().record.clone();
        for id in ids {
            if let Some(import) = record.imports.get_mut(id) {
                import.present = false;
                import.valid_to = None;
            }
            let is_pending = state.record.pending.is_some_and(|pending| pending.id == *id);
            if is_pending && state.record.primary == *key.region() {
                record.imports.remove(id);
                self.pending_gone(key, &mut state, *id);
            } else if !self.is_imported_elsewhere(key, &state, *id) {
                self.material_row_gone(&key.arn, *id);
                forget(&mut state, *id);
            }
        }
        settle(&mut record, &state);
        self.family_state(key, state);
        self.key(key, record);
    }

    /// The pending material is the newest from here on.
    pub(in crate::kms) fn rotate_to_imported(&mut self, primary: &Key, mut state: FamilyState, at: Timestamp) {
        let Some(pending) = state.pending.take() else { return };
        let record = MaterialRecord { id: pending.id, created: at, rotated: Some(RotationType::OnDemand) };
        state.record.pending = None;
        state.record.materials.push(record);
        state.materials.push(Arc::new(pending.with_record(record)));
        self.family_state(primary, state);
    }

    /// What expires no later than `at`.
    pub(super) fn expire(&mut self, key: &Arc<Key>, at: Timestamp) {
        let record = &key.now().record;
        let over = |import: &Import| import.present && import.valid_to.is_some_and(|to| to <= at);
        let ids: Vec<MaterialId> =
            record.imports.iter().filter(|(_, import)| over(import)).map(|(id, _)| *id).collect();
        self.unimport(key, &ids);
    }

    /// A key of the family is gone, and with it what was imported there only.
    pub(super) fn imports_gone(&mut self, gone: &Key, mut state: FamilyState) {
        for id in gone.now().record.imports.keys() {
            if !self.is_imported_elsewhere(gone, &state, *id) {
                self.material_row_gone(&gone.arn, *id);
                forget(&mut state, *id);
            }
        }
        self.family_state(gone, state);
    }

    fn pending_gone(&mut self, primary: &Key, state: &mut FamilyState, id: MaterialId) {
        self.material_row_gone(&primary.arn, id);
        state.record.pending = None;
        state.pending = None;
        for replica in self.others(primary, state) {
            let mut record = replica.now().record.clone();
            record.imports.remove(&id);
            self.key(&replica, record);
        }
    }

    fn is_imported_elsewhere(&self, key: &Key, state: &FamilyState, id: MaterialId) -> bool {
        self.others(key, state).iter().any(|other| other.now().record.has_imported(id))
    }

    fn others(&self, key: &Key, state: &FamilyState) -> Vec<Arc<Key>> {
        let regions = state.record.regions.iter().filter(|region| *region != key.region());
        regions.filter_map(|region| self.state().key(key.account(), region, key.id)).collect()
    }
}

/// Whether the key waits for an import now. One that does no more is enabled, whatever it was.
///
/// Source: AWS KMS API Reference, "ImportKeyMaterial".
fn settle(record: &mut KeyRecord, state: &FamilyState) {
    let awaits = state.materials.is_empty() || state.materials.iter().any(|material| !record.has_imported(material.id));
    if record.awaits_import && !awaits {
        record.enabled = true;
    }
    record.awaits_import = awaits;
}

fn put(state: &mut FamilyState, material: Arc<Material>) {
    let places = state.materials.iter_mut().chain(&mut state.pending);
    places.filter(|known| known.id == material.id).for_each(|known| *known = Arc::clone(&material));
}

fn forget(state: &mut FamilyState, id: MaterialId) {
    let known = state.materials.iter().chain(&state.pending).find(|known| known.id == id).map(|known| known.record);
    if let Some(record) = known {
        put(state, Arc::new(Material::absent(record)));
    }
}
