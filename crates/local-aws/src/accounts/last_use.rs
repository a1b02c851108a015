//! When access keys and roles were used last. Kept in memory only: after a restart none was used.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use aws_model::Region;
use jiff::Timestamp;

/// The last use of an access key or role.
#[derive(Clone, Debug)]
pub(crate) struct LastUse {
    pub(crate) at: Timestamp,
    pub(crate) service: &'static str,
    pub(crate) region: Region,
}

/// By the access key's id, or by the role's unique id.
#[derive(Debug, Default)]
pub(super) struct LastUses(Mutex<HashMap<String, LastUse>>);

impl LastUses {
    pub(super) fn note(&self, id: &str, used: LastUse) {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match uses.get_mut(id) {
            Some(last) => *last = used,
            None => drop(uses.insert(id.to_owned(), used)),
        }
    }

    pub(super) fn of(&self, id: &str) -> Option<LastUse> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    pub(super) fn forget(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}
