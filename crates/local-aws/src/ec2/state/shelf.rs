//! Things of one kind, by id and by where they are.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
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

    /// The same, where something has this id.
    pub(in crate::ec2) fn at(&self, place: &Place, id: &str) -> Option<&Arc<R>> {
        self.by_place.get(place)?.get(id)
    }

    /// The same, with ids greater than this one.
    pub(in crate::ec2) fn behind<'s>(
        &'s self,
        place: &Place,
        id: Option<&str>,
    ) -> impl Iterator<Item = &'s Arc<R>> + use<'s, R> {
        let from = id.map_or(Bound::Unbounded, Bound::Excluded);
        let things = self.by_place.get(place).map(|things| things.range::<str, _>((from, Bound::Unbounded)));
        things.into_iter().flatten().map(|(_, thing)| thing)
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
