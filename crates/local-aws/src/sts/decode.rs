//! `DecodeAuthorizationMessage`: why a request was denied, told to those who may know.
//!
//! The operations whose denials carry such a message are EC2's. Who has no permission to decode it learns nothing from it:
//! it is sealed, for the account of who was denied.
//!
//! Source: AWS STS API Reference, "DecodeAuthorizationMessage"; AWS CLI Command Reference, its example.

use std::io::{Read as _, Write as _};

use authz::{
    context::Told,
    decision::{DenialEffect, Explanation, Verdict},
    policy::{Effect, Policy, Statement},
    request::Request,
    text::Span,
};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use serde_json::{Value, json};

use super::{Call, Sts};
use crate::{accounts::Accounts, caller::Caller, error::ServiceError, sealing::SealError};

/// The most that a message says: far more than a denial has, and nothing that decoding could choke on.
const LARGEST: u64 = 256 << 10;

impl Sts {
    pub(super) fn decode_authorization_message(&self, call: Call<'_>) -> Result<Value, ServiceError> {
        let text = call.text("EncodedMessage").unwrap_or_default();
        let message = decode(&self.accounts, call.context.caller, text).ok_or_else(|| {
            let message = "The encoded message is not one of this account's, or not whole.";
            ServiceError::new("InvalidAuthorizationMessageException", message)
        })?;
        Ok(json!({ "DecodedMessage": message }))
    }
}

/// The message of a denial, for the account of who was denied.
pub(crate) fn encode(
    accounts: &Accounts,
    caller: &Caller,
    request: &Request,
    explanation: &Explanation,
) -> Result<String, SealError> {
    let message = message(caller, request, explanation).to_string();
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    packed.write_all(message.as_bytes()).map_err(|_| SealError)?;
    accounts.seal_message(caller.account, &packed.finish().map_err(|_| SealError)?)
}

fn decode(accounts: &Accounts, caller: &Caller, text: &str) -> Option<String> {
    let packed = accounts.open_message(caller.account, text)?;
    let mut message = String::new();
    DeflateDecoder::new(packed.expose()).take(LARGEST).read_to_string(&mut message).ok()?;
    Some(message)
}

/// What the message says once it is decoded.
fn message(caller: &Caller, request: &Request, explanation: &Explanation) -> Value {
    let denied = match &explanation.verdict {
        Verdict::Denied(denial) => denial.effect == DenialEffect::Explicit,
        Verdict::Allowed | Verdict::AllowedIff(_) => false,
    };
    let told = request.context.mentioned().filter_map(|(key, told)| match told {
        Told::Values(values) => Some(json!({ "key": key.as_str(), "values": values_of(values.iter().cloned()) })),
        Told::Absent | Told::Unknown => None,
    });
    json!({
        "allowed": explanation.verdict == Verdict::Allowed,
        "explicitDeny": denied,
        "matchedStatements": items(denying(caller, explanation)),
        "failures": items(Vec::new()),
        "context": {
            "principal": { "id": caller.user_id, "arn": caller.arn },
            "action": request.action.to_string(),
            "resource": &*request.resource.arn,
            "conditions": items(told.collect()),
        },
    })
}

/// The statements that deny, whatever gate they are of.
fn denying(caller: &Caller, explanation: &Explanation) -> Vec<Value> {
    let reports = explanation.gates.iter().flat_map(|gate| &gate.policies);
    let matching = reports.flat_map(|report| {
        let matching = report.statements.iter().filter(|statement| statement.matches.is_true());
        matching.filter_map(|statement| Some((&*report.policy, report.policy.statements().get(statement.index)?)))
    });
    let denying = matching.filter(|(_, statement)| statement.effect.value == Effect::Deny);
    denying.map(|(policy, statement)| told(caller, policy, statement)).collect()
}

fn told(caller: &Caller, policy: &Policy, statement: &Statement) -> Value {
    let text = |span: Span| policy.source().slice(span).trim_matches('"').to_owned();
    let conditions = statement.conditions.iter().map(|condition| {
        let values = condition.values.iter().map(|value| text(value.span));
        json!({ "key": text(condition.key.span), "values": values_of(values) })
    });
    let resources = statement.resources.iter().flat_map(|element| &element.patterns).map(|pattern| text(pattern.span));
    json!({
        "statementId": statement.sid.as_ref().map_or("", |sid| sid.value.as_str()),
        "effect": "DENY",
        "principals": values_of([caller.user_id.split(':').next().unwrap_or_default().to_owned()]),
        "principalGroups": items(Vec::new()),
        "actions": values_of(statement.actions.patterns.iter().map(|pattern| text(pattern.span))),
        "resources": values_of(resources),
        "conditions": items(conditions.collect()),
    })
}

fn items(items: Vec<Value>) -> Value {
    json!({ "items": items })
}

fn values_of(values: impl IntoIterator<Item = String>) -> Value {
    items(values.into_iter().map(|value| json!({ "value": value })).collect())
}

#[cfg(test)]
mod tests;
