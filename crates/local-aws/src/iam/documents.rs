//! Policy documents: read when they are put, told as they were put.

use std::{collections::BTreeMap, sync::Arc};

use authz::{
    policy::{
        MalformedPolicy, Policy, PolicyKind,
        limits::{SizeQuota, check_request},
    },
    rules::Assumptions,
    text::SourceText,
    world::World,
};
use aws_model::Arn;
use serde::{Deserialize, Serialize};

use super::{call::Call, fault};
use crate::{
    ServiceError,
    authorization::{Authorizer, named},
};

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
        let limit = trust_policy_length(call, &world);
        let fits = SizeQuota::Trust.check_up_to(SizeQuota::Trust.size_of(document), limit);
        fits.map_err(|too_large| fault::limit_exceeded(too_large.aws_message("")))?;
        if let Some(principal) = named::absent(&world, &policy) {
            let message = format!("Invalid principal in policy: \"AWS\":\"{principal}\"");
            return Err(ServiceError::new("MalformedPolicyDocument", message));
        }
        let saved = world.saved(Arc::new(policy)).saved_ids;
        let saved_ids = saved.into_iter().map(|(arn, id)| (arn.into(), id.into())).collect();
        Ok(Self { document: document.to_owned(), saved_ids })
    }

    /// The document as IAM tells it.
    pub(super) fn told(&self, call: &Call<'_>) -> String {
        let world = call.state.authorizer().world();
        let is_gone =
            |(arn, id): (&String, &String)| arn.parse::<Arn>().is_ok_and(|arn| named::is_gone(&world, &arn, id));
        if !self.saved_ids.iter().any(is_gone) {
            return url_encoded(&self.document);
        }
        let source = SourceText::new("trust policy", self.document.as_str());
        // It was read when it was put.
        let Ok(policy) = Policy::parse_under(source, PolicyKind::Trust, &Authorizer::kept()) else {
            return url_encoded(&self.document);
        };
        url_encoded(&named::told(&world, &policy, |arn| self.saved_ids.get(arn).map(String::as_str)))
    }
}

/// How long a trust policy of the account may be: what the world file tells of it, else what all accounts have here.
pub(super) fn trust_policy_length(call: &Call<'_>, world: &World) -> usize {
    let raised = world.account(call.account()).and_then(|account| account.raised_role_trust_policy_length);
    raised.unwrap_or(call.state.quotas().trust_policy_length)
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
