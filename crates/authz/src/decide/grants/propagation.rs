//! Whether a grant counts already.
//!
//! Source: AWS KMS Developer Guide, "Using a grant token", "Grants in AWS KMS" > "Eventual consistency (for grants)"; AWS
//! KMS API Reference, "RetireGrant" (a token also names a new grant that is to be retired).

use crate::{formula::Formula, world::Grant};

use super::super::{derive::Facts, fact::fact};

impl Facts<'_> {
    /// Whether all of KMS knows the grant, or the request brings its token.
    pub(super) fn has_spread(&self, grant: &Grant) -> Formula {
        if grant.propagated == Some(true) || self.has_token(grant) {
            return Formula::True;
        }
        let id = &grant.id;
        let by_itself = match grant.propagated {
            Some(has_spread) => has_spread.into(),
            None => fact("kms:GrantId", || format!("grant {id} has spread through KMS")),
        };
        // Any token that is told may be that of a grant whose own nobody told.
        if grant.token.is_none() && !self.request.kms.grant_tokens.is_empty() {
            return by_itself.or(fact("kms:GrantId", || format!("a grant token of the request is that of grant {id}")));
        }
        by_itself
    }

    /// Whether the request brings the grant's token.
    pub(crate) fn has_token(&self, grant: &Grant) -> bool {
        grant.token.as_ref().is_some_and(|token| self.request.kms.grant_tokens.contains(token))
    }
}
