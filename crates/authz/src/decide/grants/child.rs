//! What a grant may be like that is made through another.
//!
//! Source: AWS KMS Developer Guide, "Creating grants" > "Granting CreateGrant permission".

use crate::{
    formula::Formula,
    world::{ContextConstraint, Grant, GrantConstraints},
};

use super::super::{derive::Facts, fact::fact};

impl Facts<'_> {
    /// Whether the grant to be made permits no more than the one that lets the caller make it, and is at least as
    /// constrained.
    pub(super) fn child_fits(&self, parent: &Grant) -> (Formula, Formula) {
        let Some(child) = &self.request.kms.new_grant else {
            let id = &parent.id;
            return (
                fact("kms:GrantOperations", || format!("the new grant permits no more than grant {id}")),
                fact("kms:GrantConstraintType", || format!("the new grant is constrained as grant {id} is")),
            );
        };
        let operations = parent.operations.contains_all(child.operations).into();
        let context = self.is_as_strict(&parent.constraints, &child.constraints);
        let source = match &parent.constraints.source_arn {
            Some(wanted) if self.assumptions.kms_grant_child_source_arn => {
                (child.constraints.source_arn.as_ref() == Some(wanted)).into()
            }
            _ => Formula::True,
        };
        (operations, context.and(source))
    }

    fn is_as_strict(&self, parent: &GrantConstraints, child: &GrantConstraints) -> Formula {
        use ContextConstraint::{Equals, Subset};
        match (&parent.encryption_context, &child.encryption_context) {
            (None, _) => Formula::True,
            (Some(_), None) | (Some(Equals(_)), Some(Subset(_))) => Formula::False,
            (Some(Subset(parent)), Some(Subset(child) | Equals(child))) => self.holds_all(child, parent),
            (Some(Equals(parent)), Some(Equals(child))) => {
                self.holds_all(child, parent).and(self.holds_all(parent, child))
            }
        }
    }
}
