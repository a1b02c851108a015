//! What a request or the world leaves open, as part of an answer.

use std::sync::Arc;

use crate::{
    context::ContextKey,
    formula::{Asks, Atom, Formula},
};

/// Holds if this does. The key is the one that would tell.
pub(super) fn fact(key: &str, says: impl FnOnce() -> String) -> Formula {
    Formula::Atom(Arc::new(Atom { key: ContextKey::new(key), asks: Asks::Fact(says().into()) }))
}
