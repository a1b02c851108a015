//! Policy documents: read when they are put, told as they were put.

use std::{collections::BTreeMap, sync::Arc};

use authz::{
    policy::{
        MalformedPolicy, Policy, PolicyKind, PrincipalPattern,
        limits::{SizeQuota, check_request},
    },
    rules::Assumptions,
    text::SourceText,
    world::Account,
};
use aws_model::Arn;
use serde::{Deserialize, Serialize};

use super::{call::Call, fault};
use crate::ServiceError;

/// A trust policy, with the unique ids of whom it named when it was saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trust {
    pub(super) document: String,
    pub(super) saved_ids: BTreeMap<String, String>,
}

impl Trust {
    /// Reads a trust policy as it is put.
    ///
    /// Source: IAM User Guide, "AWS JSON policy elements: Principal" (a principal that does not exist is refused when
    /// the policy is saved; one that does is saved by its unique id).
    pub(super) fn put(call: &Call<'_>, document: &str) -> Result<Self, ServiceError> {
        let assumptions = call.state.authorizer().assumptions();
        let policy = read("trust policy", document, PolicyKind::Trust, assumptions)?;
        let world = call.state.authorizer().world();
        let limit = world.account(call.account()).map_or(SizeQuota::Trust.limit(), Account::role_trust_policy_length);
        let fits = SizeQuota::Trust.check_up_to(SizeQuota::Trust.size_of(document), limit);
        fits.map_err(|too_large| fault::limit_exceeded(too_large.aws_message("")))?;
        for arn in named(&policy) {
            let account = arn.account().parse().ok().and_then(|account| world.account(account));
            if account.is_some_and(|account| !account.identities_are_partial) && world.identity(arn).is_none() {
                let message = format!("Invalid principal in policy: \"AWS\":\"{arn}\"");
                return Err(ServiceError::new("MalformedPolicyDocument", message));
            }
        }
        let saved = world.saved(Arc::new(policy)).saved_ids;
        let saved_ids = saved.into_iter().map(|(arn, id)| (arn.into(), id.into())).collect();
        Ok(Self { document: document.to_owned(), saved_ids })
    }

    /// The document as IAM tells it: whoever it named and is not there any more stands there by its unique id.
    ///
    /// Source: IAM User Guide, "AWS JSON policy elements: Principal" > "IAM role principals".
    pub(super) fn told(&self, call: &Call<'_>) -> String {
        let world = call.state.authorizer().world();
        let is_gone = |arn: &str, id: &str| {
            let known = arn.parse::<Arn>().ok().and_then(|arn| world.identity(&arn).map(|now| now.unique_id.clone()));
            known.as_deref() != Some(id)
        };
        let gone = self.saved_ids.iter().filter(|(arn, id)| is_gone(arn, id));
        let document = gone.fold(self.document.clone(), |document, (arn, id)| {
            document.replace(&format!("\"{arn}\""), &format!("\"{id}\""))
        });
        url_encoded(&document)
    }
}

fn named(policy: &Policy) -> impl Iterator<Item = &Arn> {
    let principals = policy.statements().iter().filter_map(|statement| statement.principals.as_ref());
    principals.flat_map(|principals| principals.patterns.iter()).filter_map(|pattern| match &pattern.value {
        PrincipalPattern::User(arn) | PrincipalPattern::Role(arn) => Some(arn),
        _ => None,
    })
}

/// Reads a policy that a caller gives.
pub(super) fn read(
    name: &str,
    document: &str,
    kind: PolicyKind,
    assumptions: &Assumptions,
) -> Result<Policy, ServiceError> {
    let source = SourceText::new(name, document);
    let read = check_request(&source, kind).and_then(|()| Policy::parse_under(source, kind, assumptions));
    read.map_err(|malformed| self::malformed(&malformed))
}

pub(super) fn malformed(malformed: &MalformedPolicy) -> ServiceError {
    ServiceError::new(malformed.aws_code(), malformed.aws_message())
}

/// A document as IAM's answers have it.
///
/// Source: IAM API Reference, "GetRolePolicy" ("Policies returned by this operation are URL-encoded compliant with RFC
/// 3986").
pub(super) fn url_encoded(document: &str) -> String {
    let mut encoded = String::with_capacity(document.len() * 2);
    for byte in document.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
