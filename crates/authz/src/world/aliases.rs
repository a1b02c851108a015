//! Which keys aliases stand for, so that nobody has to look at every key.

use std::collections::{BTreeSet, HashMap};

use aws_model::{KeyArn, Region};

use super::{Account, Key};

/// By alias (`alias/demo`), the keys of one account that have it: one a region, unless a world was made otherwise.
#[derive(Clone, Debug, Default)]
pub(super) struct Aliases(HashMap<Box<str>, BTreeSet<KeyArn>>);

impl Aliases {
    pub(super) fn add(&mut self, alias: &str, key: &KeyArn) {
        self.0.entry(alias.into()).or_default().insert(key.clone());
    }

    pub(super) fn take(&mut self, alias: &str, key: &KeyArn) {
        if let Some(keys) = self.0.get_mut(alias) {
            keys.remove(key);
            if keys.is_empty() {
                self.0.remove(alias);
            }
        }
    }

    /// The keys of a region that have an alias.
    pub(super) fn keys(&self, alias: &str, region: &Region) -> impl Iterator<Item = &KeyArn> {
        self.0.get(alias).into_iter().flatten().filter(move |key| key.region() == region)
    }
}

impl Account {
    /// The key of a region that an alias (`alias/demo`) stands for.
    #[must_use]
    pub fn key_of_alias(&self, alias: &str, region: &Region) -> Option<&Key> {
        self.key(self.aliases.keys(alias, region).next()?)
    }

    /// Forgets the aliases of a key that is to go, or to be replaced.
    pub(super) fn take_aliases_of(&mut self, key: &KeyArn) {
        let Self { keys, aliases, .. } = self;
        for alias in keys.get(key).into_iter().flat_map(|known| &known.aliases) {
            aliases.take(alias, key);
        }
    }
}
