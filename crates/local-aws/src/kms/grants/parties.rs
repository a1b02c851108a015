//! Who a grant is for, and who may retire it: each a principal, by its ARN, or a service, by its name.
//!
//! Sources: AWS KMS API Reference, "CreateGrant" (`GranteePrincipal`, `GranteeServicePrincipal`, `RetiringPrincipal`,
//! `RetiringServicePrincipal`); AWS KMS Developer Guide, "Grants in AWS KMS" > "Grantee service principal" and
//! "Creating grants" > "Creating a grant". They tell the rules and not how KMS words a breach of them.

use authz::world::GrantPrincipal;
use aws_model::Arn;
use serde_json::Value;

use super::GrantConstraints;
use crate::{ServiceError, authorization::Authorizer, kms::fault};

/// The two parties of a grant, as [`Grant`](super::Grant) keeps them.
pub(in crate::kms) struct Parties {
    pub(in crate::kms) grantee: String,
    pub(in crate::kms) retiring: Option<String>,
}

impl Parties {
    /// The parties that an input of CreateGrant names, each by one of its two members.
    pub(in crate::kms) fn of(input: &Value) -> Result<Self, ServiceError> {
        let grantee = one_of(input, "GranteePrincipal", "GranteeServicePrincipal")?;
        let grantee = grantee.ok_or_else(|| fault::either("GranteePrincipal", "GranteeServicePrincipal"))?;
        let retiring = one_of(input, "RetiringPrincipal", "RetiringServicePrincipal")?;
        Ok(Self { grantee: grantee.to_owned(), retiring: retiring.map(str::to_owned) })
    }

    /// Whether the users and roles are there. Of an account that does not tell who is, each is.
    ///
    /// Source: AWS KMS API Reference, "CreateGrant" > "Errors" (`InvalidArnException`).
    pub(super) fn check_existence(&self, authorizer: &Authorizer) -> Result<(), ServiceError> {
        for party in std::iter::once(&self.grantee).chain(&self.retiring) {
            let Ok(GrantPrincipal::User(arn) | GrantPrincipal::Role(arn)) = party.parse() else { continue };
            let is_told = authorizer.world().identity(&arn).is_some();
            if !is_told && arn.account().parse().is_ok_and(|account| !authorizer.is_open(account)) {
                return Err(no_principal(party));
            }
        }
        Ok(())
    }

    /// The unique id of the user or role that the grant is for, if it is known.
    pub(super) fn grantee_unique_id(&self, authorizer: &Authorizer) -> Option<String> {
        let (GrantPrincipal::User(arn) | GrantPrincipal::Role(arn)) = self.grantee.parse().ok()? else { return None };
        Some(authorizer.world().identity(&arn)?.unique_id.to_string())
    }

    /// Whether the grant is as a service's must be.
    pub(super) fn check(&self, constraints: &GrantConstraints) -> Result<(), ServiceError> {
        if !is_service(&self.grantee) {
            return Ok(());
        }
        if constraints.source_arn.is_none() {
            return Err(fault::validation("A grant with a GranteeServicePrincipal takes a SourceArn constraint."));
        }
        if self.retiring.is_none() {
            return Err(fault::validation(
                "A grant with a GranteeServicePrincipal takes a RetiringPrincipal or a RetiringServicePrincipal.",
            ));
        }
        Ok(())
    }
}

/// Whether a party that a grant keeps is a service: a service's name has no colon, every principal's ARN has.
pub(super) fn is_service(party: &str) -> bool {
    !party.contains(':')
}

/// An account, a user, a role, an assumed role or a federated user.
///
/// Source: AWS KMS API Reference, "CreateGrant", `GranteePrincipal`.
pub(super) fn check_principal(text: &str) -> Result<(), ServiceError> {
    let arn: Arn = text.parse().map_err(|_| no_principal(text))?;
    let ends_well = arn.region().is_empty() && !arn.resource().ends_with('/');
    match text.parse() {
        Ok(GrantPrincipal::Service(_)) | Err(_) => Err(no_principal(text)),
        Ok(_) if ends_well => Ok(()),
        Ok(_) => Err(no_principal(text)),
    }
}

fn no_principal(text: &str) -> ServiceError {
    ServiceError::new("InvalidArnException", format!("ARN does not refer to a valid principal: {text}"))
}

/// What one of two members says. A service in a principal's member is none.
fn one_of<'v>(input: &'v Value, principal: &str, service: &str) -> Result<Option<&'v str>, ServiceError> {
    let text = |member: &str| input.get(member).and_then(Value::as_str);
    match (text(principal), text(service)) {
        (Some(_), Some(_)) => Err(fault::either(principal, service)),
        (Some(named), None) => check_principal(named).map(|()| Some(named)),
        (None, named) => Ok(named),
    }
}
