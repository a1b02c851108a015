//! A map that forgets what was not asked for the longest.

use std::collections::{BTreeMap, HashMap};

use crate::bearer::TokenKey;

/// At most so many values. INVARIANT: `order` has each key of `values` once, under the time of its last use.
#[derive(Debug)]
pub(super) struct Lru<V> {
    most: usize,
    values: HashMap<TokenKey, (u64, V)>,
    order: BTreeMap<u64, TokenKey>,
    time: u64,
}

impl<V> Lru<V> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, values: HashMap::new(), order: BTreeMap::new(), time: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The value, which is now the one that was used last.
    pub(super) fn get(&mut self, key: TokenKey) -> Option<&mut V> {
        let (used, value) = self.values.get_mut(&key)?;
        self.time += 1;
        self.order.remove(used);
        self.order.insert(self.time, key);
        *used = self.time;
        Some(value)
    }

    /// The value, of which this is no use.
    pub(super) fn peek(&mut self, key: TokenKey) -> Option<&mut V> {
        self.values.get_mut(&key).map(|(_, value)| value)
    }

    /// Puts a value in, in place of the former of this key. Says how many were forgotten for it.
    pub(super) fn insert(&mut self, key: TokenKey, value: V) -> usize {
        if let Some(former) = self.peek(key) {
            *former = value;
            return 0;
        }
        let mut forgotten = 0;
        while self.values.len() >= self.most {
            let Some((_, oldest)) = self.order.pop_first() else { return forgotten };
            self.values.remove(&oldest);
            forgotten += 1;
        }
        self.time += 1;
        self.order.insert(self.time, key);
        self.values.insert(key, (self.time, value));
        forgotten
    }

    pub(super) fn remove(&mut self, key: TokenKey) -> Option<V> {
        let (used, value) = self.values.remove(&key)?;
        self.order.remove(&used);
        Some(value)
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        let order = &mut self.order;
        self.values.retain(|_, (used, value)| {
            let kept = keep(value);
            if !kept {
                order.remove(used);
            }
            kept
        });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (TokenKey, &V)> {
        self.values.iter().map(|(key, (_, value))| (*key, value))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(number: u16) -> TokenKey {
        TokenKey::of(&number.to_string())
    }

    #[test]
    fn a_hot_one_stays_while_thousands_pass() {
        let mut lru = Lru::new(2000);
        for number in 0..500 {
            lru.insert(key(number), number);
        }
        for number in 500..20_000 {
            lru.insert(key(number), number);
            assert_eq!(lru.get(key(number % 500)).copied(), Some(number % 500));
        }
        assert_eq!(lru.len(), 2000);
    }

    proptest! {
        /// Against the plainest list that does the same.
        #[test]
        fn it_is_a_list_by_last_use(steps in prop::collection::vec((0..4_u8, 0..12_u16), 0..200)) {
            let mut lru = Lru::new(5);
            let mut list: Vec<(u16, usize)> = Vec::new();
            for (step, (what, number)) in steps.into_iter().enumerate() {
                let at = list.iter().position(|(known, _)| *known == number);
                match what {
                    0 | 1 => {
                        lru.insert(key(number), step);
                        match at {
                            Some(at) => list[at].1 = step,
                            None => {
                                list.push((number, step));
                                if list.len() > 5 {
                                    list.remove(0);
                                }
                            }
                        }
                    }
                    2 => {
                        let found = at.map(|at| list.remove(at));
                        list.extend(found);
                        prop_assert_eq!(lru.get(key(number)).copied(), found.map(|(_, value)| value));
                    }
                    _ => {
                        let removed = at.map(|at| list.remove(at).1);
                        prop_assert_eq!(lru.remove(key(number)), removed);
                    }
                }
                prop_assert_eq!(lru.len(), list.len());
                prop_assert_eq!(lru.order.len(), list.len());
            }
        }
    }
}
