//! Things of one kind, by id and by where they are.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::Place;

/// Things of one kind.
#[derive(Debug)]
pub(in crate::ec2) struct Shelf<R> {
    by_id: HashMap<String, Arc<R>>,
    by_place: HashMap<Place, BTreeMap<String, Arc<R>>>,
}

impl<R> Default for Shelf<R> {
    fn default() -> Self {
        Self { by_id: HashMap::new(), by_place: HashMap::new() }
    }
}

impl<R> Shelf<R> {
    pub(in crate::ec2) fn get(&self, id: &str) -> Option<&Arc<R>> {
        self.by_id.get(id)
    }

    /// Everything, of whatever account and region.
    pub(in crate::ec2) fn all(&self) -> impl Iterator<Item = &Arc<R>> {
        self.by_place.values().flat_map(BTreeMap::values)
    }

    /// What an account has in a region, by id.
    pub(in crate::ec2) fn of<'s>(&'s self, place: &Place) -> impl Iterator<Item = &'s Arc<R>> + use<'s, R> {
        self.by_place.get(place).into_iter().flat_map(BTreeMap::values)
    }

    pub(super) fn insert(&mut self, place: Place, id: String, thing: Arc<R>) -> Option<Arc<R>> {
        self.by_place.entry(place).or_default().insert(id.clone(), Arc::clone(&thing));
        self.by_id.insert(id, thing)
    }

    pub(super) fn remove(&mut self, place: &Place, id: &str) -> Option<Arc<R>> {
        self.by_place.get_mut(place).and_then(|things| things.remove(id));
        self.by_id.remove(id)
    }
}
