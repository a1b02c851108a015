//! What resource control policies may not say. Service control policies have the whole language but principals.
//!
//! Source: AWS Organizations User Guide, "SCP syntax" and "RCP syntax"; for what may allow, IAM User Guide, "Access
//! Analyzer policy check reference" > "RCP syntax error allow". Which services have RCPs at all is not checked: AWS
//! adds to that list every few months.

use super::{Flaw, Reader, Refusal};
use crate::{
    policy::{Effect, PolicyKind, PrincipalPattern, Statement},
    text::Spanned,
};

impl Reader<'_> {
    pub(super) fn check_for_organizations(self, statement: &Statement) -> Result<(), Refusal> {
        if self.kind != PolicyKind::ResourceControl {
            return Ok(());
        }
        let Statement { principals, actions, .. } = statement;
        if actions.negated {
            return Err((actions.span, Flaw::Prohibited("NotAction")));
        }
        let named = |pattern: &&Spanned<PrincipalPattern>| pattern.value != PrincipalPattern::Anyone;
        if let Some(somebody) = principals.iter().flat_map(|element| &element.patterns).find(named) {
            return Err((somebody.span, Flaw::NotEverybody));
        }
        let everything = actions.patterns.iter().find(|action| action.value.as_str() == "*");
        match (statement.effect.value, everything) {
            (Effect::Allow, Some(_)) if is_about_everything(statement) => Ok(()),
            (Effect::Allow, _) => Err((statement.effect.span, Flaw::ResourceControlAllows)),
            (Effect::Deny, Some(everything)) => Err((everything.span, Flaw::EveryAction)),
            (Effect::Deny, None) => Ok(()),
        }
    }
}

/// As `RCPFullAWSAccess` is.
fn is_about_everything(statement: &Statement) -> bool {
    let is_every_resource = statement.resources.as_ref().is_some_and(|resources| {
        !resources.negated && resources.patterns.iter().all(|resource| resource.value.as_str() == "*")
    });
    is_every_resource && statement.conditions.is_empty()
}
