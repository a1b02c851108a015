//! Which rules of the ledger had a say, told only where everything is examined.
//!
//! An element of a statement has a say as long as those before it (action, principal, resource) do not already keep the
//! statement from being about the request.

mod actions;
mod comparisons;
mod conditions;
mod denials;
mod grants;
mod keys;
mod kms;
mod organizations;
mod principals;
mod resources;
mod sides;
mod variables;

use std::sync::Arc;

use crate::{
    decision::StatementReport,
    policy::{Policy, Statement},
};

use super::{derive::Facts, naming::SavedIds, observer::Observer};

/// A statement that was examined, and what came of it.
pub(super) struct Examined<'s> {
    pub(super) policy: &'s Arc<Policy>,
    pub(super) statement: &'s Statement,
    pub(super) saved: &'s SavedIds,
    pub(super) report: &'s StatementReport,
}

impl Facts<'_> {
    /// Tells the rules that had a say in what one statement says.
    pub(super) fn tell_of_statement<O: Observer>(&self, examined: &Examined<'_>, observer: &mut O) {
        let Examined { policy, statement, report, .. } = examined;
        self.tell_of_actions(policy, &statement.actions, observer);
        if report.action.is_false() {
            return;
        }
        self.tell_of_principals(examined, observer);
        if report.principal.is_false() {
            return;
        }
        if let Some(resources) = &statement.resources {
            self.tell_of_resources(policy, resources, observer);
        }
        if !report.resource.is_false() {
            self.tell_of_conditions(examined, observer);
        }
    }
}
