//! What the policies of AWS Organizations may not say.
//!
//! Source: AWS Organizations User Guide, "SCP syntax" and "RCP syntax".

use super::{Flaw, Reader, Refusal};
use crate::policy::{PolicyKind, PrincipalPattern, Statement};

impl Reader<'_> {
    pub(super) fn check_for_organizations(self, statement: &Statement) -> Result<(), Refusal> {
        if self.kind != PolicyKind::ResourceControl {
            return Ok(());
        }
        if statement.actions.negated {
            return Err((statement.actions.span, Flaw::Prohibited { element: "NotAction" }));
        }
        match &statement.principals {
            Some(principals) if principals.negated => {
                Err((principals.span, Flaw::Prohibited { element: "NotPrincipal" }))
            }
            Some(principals) if principals.patterns.iter().any(|pattern| pattern.value != PrincipalPattern::Anyone) => {
                Err((principals.span, Flaw::PrincipalNotAnyone))
            }
            _ => Ok(()),
        }
    }
}
