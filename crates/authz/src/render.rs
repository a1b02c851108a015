//! Answers as people and as programs read them.
//!
//! ```text
//!   Explanation, near misses, fixes --- Answer --+-- text: like a compiler's error, the place in the policy underlined
//!   WhoCan, WhatCan ------------------ lists ----+-- JSON: everything, under stable names (docs/reference/explain.md)
//! ```
//!
//! Texts come as strings, with or without a terminal's colours: who prints them knows which. What came from files is
//! shown without its control characters, so that no policy steers a terminal.

mod assumed;
mod fixes;
mod gates;
mod grants;
mod json;
mod list;
mod nearest;
mod outcome;
mod page;
mod text;
mod words;

use std::collections::BTreeSet;

pub use list::{MayDo, WhoMay};
pub use page::Theme;

use crate::{
    context::ContextKey,
    decision::{Explanation, Verdict},
    fix::Fixes,
    formula::Formula,
    nearest::NearMiss,
    request::Request,
    rules::Assumptions,
    world::World,
};

/// A question and everything that is known of its answer.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The facts that it rests on.
    pub world: &'a World,
    /// What was asked.
    pub request: &'a Request,
    /// What was assumed.
    pub assumptions: &'a Assumptions,
    /// What was decided, and why.
    pub explanation: &'a Explanation,
    /// What nearly let it through, the nearest first.
    pub near: &'a [NearMiss],
    /// What would let it through; `None` where nobody asked for that.
    pub fixes: Option<&'a Fixes>,
}

/// How much a text tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// What matters, the rules by their ids.
    #[default]
    Short,
    /// Every rule with its sentence and source.
    Rules,
}

impl Answer<'_> {
    /// As people read it.
    #[must_use]
    pub fn text(&self, theme: Theme, detail: Detail) -> String {
        text::of(self, theme, detail)
    }

    /// As programs read it: one object. `docs/reference/explain.md` tells every field.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        json::of(self)
    }

    /// The context keys that the verdict hangs on and that nobody told, in their order; none unless it is conditional.
    #[must_use]
    pub fn open_keys(&self) -> Vec<&ContextKey> {
        let mut keys = BTreeSet::new();
        if let Verdict::AllowedIff(residual) = &self.explanation.verdict {
            collect(residual, &mut keys);
        }
        keys.into_iter().collect()
    }
}

fn collect<'a>(formula: &'a Formula, keys: &mut BTreeSet<&'a ContextKey>) {
    match formula {
        Formula::True | Formula::False => {}
        Formula::Atom(atom) => {
            if !matches!(atom.asks, crate::formula::Asks::Fact(_)) {
                keys.insert(&atom.key);
            }
        }
        Formula::All(parts) | Formula::Any(parts) => parts.iter().for_each(|part| collect(part, keys)),
        Formula::Not(inner) => collect(inner, keys),
    }
}
