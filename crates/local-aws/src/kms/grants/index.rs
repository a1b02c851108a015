//! The grants of one key, found by id, by grantee and by name.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
};

use super::Grant;

/// Look-ups cost the same at ten grants and at ten thousand.
#[derive(Debug, Default)]
pub(in crate::kms) struct KeyGrants {
    by_id: BTreeMap<String, Arc<Grant>>,
    by_grantee: BTreeSet<(String, String)>,
    by_name: BTreeSet<(String, String)>,
}

impl KeyGrants {
    pub(in crate::kms) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(in crate::kms) fn get(&self, id: &str) -> Option<&Arc<Grant>> {
        self.by_id.get(id)
    }

    /// By id, behind the one of the id `after`.
    pub(in crate::kms) fn after(&self, after: Option<&str>) -> impl Iterator<Item = &Arc<Grant>> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.by_id.range::<str, _>((start, Bound::Unbounded)).map(|(_, grant)| grant)
    }

    /// Those of one grantee, by id, behind the one of the id `after`.
    pub(in crate::kms) fn of_grantee(&self, grantee: &str, after: Option<&str>) -> impl Iterator<Item = &Arc<Grant>> {
        self.picked(&self.by_grantee, grantee, after)
    }

    pub(in crate::kms) fn named(&self, name: &str) -> impl Iterator<Item = &Arc<Grant>> {
        self.picked(&self.by_name, name, None)
    }

    pub(in crate::kms) fn insert(&mut self, grant: Arc<Grant>) {
        self.by_grantee.insert((grant.grantee.clone(), grant.id.clone()));
        if let Some(name) = &grant.name {
            self.by_name.insert((name.clone(), grant.id.clone()));
        }
        self.by_id.insert(grant.id.clone(), grant);
    }

    pub(in crate::kms) fn remove(&mut self, grant: &Grant) {
        self.by_grantee.remove(&(grant.grantee.clone(), grant.id.clone()));
        if let Some(name) = &grant.name {
            self.by_name.remove(&(name.clone(), grant.id.clone()));
        }
        self.by_id.remove(&grant.id);
    }

    fn picked(
        &self,
        index: &BTreeSet<(String, String)>,
        of: &str,
        after: Option<&str>,
    ) -> impl Iterator<Item = &Arc<Grant>> {
        let start = (of.to_owned(), after.unwrap_or_default().to_owned());
        index
            .range((Bound::Excluded(start.clone()), Bound::Unbounded))
            .take_while(move |(value, _)| *value == start.0)
            .filter_map(|(_, id)| self.by_id.get(id))
    }
}
