//! Claims that mean something to AWS: session tags, a source identity, and those that have condition keys.
//!
//! Source: IAM User Guide, "Pass session tags in AWS STS" > "Passing session tags using AssumeRoleWithWebIdentity";
//! "Monitor and control actions taken with assumed roles" > "Using source identity with AssumeRoleWithWebIdentity".

use std::collections::BTreeMap;

use aws_wire::{
    model::{self, ServiceId},
    validate,
};
use oidc::Claims;
use serde_json::{Map, Value, json};

use super::refused;
use crate::error::ServiceError;

const TAGS: &str = "https://aws.amazon.com/tags";
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";

/// What the token says of the session, as members of AssumeRole's input, within the limits of those.
///
/// Tags are told in one claim, or each in a claim of its own, as Microsoft Entra ID writes them.
pub(super) fn session(claims: &Claims) -> Result<Map<String, Value>, ServiceError> {
    let wrong = || refused(format!("The claim {TAGS} is not of the form that AWS documents."));
    let nested = claims.get(TAGS);
    let nested_member = |name: &str| nested.and_then(|claim| claim.get(name));
    if nested.is_some_and(|claim| !claim.is_object()) {
        return Err(wrong());
    }
    let mut tags = Vec::new();
    match nested_member("principal_tags") {
        None => {}
        Some(Value::Object(members)) => {
            for (key, value) in members {
                tags.push(tag(key, value).ok_or_else(wrong)?);
            }
        }
        Some(_) => return Err(wrong()),
    }
    let flat = format!("{TAGS}/principal_tags/");
    for (name, value) in claims.all() {
        if let Some(key) = name.strip_prefix(&flat) {
            tags.push(tag(key, value).ok_or_else(wrong)?);
        }
    }
    let mut session = Map::new();
    if !tags.is_empty() {
        session.insert("Tags".into(), tags.into());
    }
    let flat = format!("{TAGS}/transitive_tag_keys");
    if let Some(keys) = nested_member("transitive_tag_keys").or_else(|| claims.get(&flat)) {
        let keys: Vec<Value> = texts(keys).ok_or_else(wrong)?.into_iter().map(Value::String).collect();
        session.insert("TransitiveTagKeys".into(), keys.into());
    }
    match claims.get(SOURCE_IDENTITY) {
        None => {}
        Some(Value::String(text)) => {
            session.insert("SourceIdentity".into(), text.as_str().into());
        }
        Some(_) => return Err(refused(format!("The claim {SOURCE_IDENTITY} is no text."))),
    }
    check(&session)?;
    Ok(session)
}

/// The claims that AWS has condition keys for, of those issuers that it publishes some of.
///
/// Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Security Token Service": of an
/// issuer that each of its customers has one of, a key is written with a placeholder, such as
/// `token.actions.githubusercontent.com/${SubPath}:repository`.
pub(super) fn with_condition_keys(claims: &Claims, issuer: &str) -> BTreeMap<String, Vec<String>> {
    let published = aws_catalog::action("sts:AssumeRoleWithWebIdentity");
    let published = published.into_iter().flat_map(|action| action.condition_keys());
    let names = published.filter_map(|key| {
        let (of, name) = key.split_once(':')?;
        is_of(issuer, of).then_some(name)
    });
    let told = names.filter(|name| !matches!(*name, "sub" | "aud" | "amr" | "oaud"));
    told.filter_map(|name| Some((name.to_owned(), texts(claims.get(name)?)?))).collect()
}

/// Whether an issuer is one that a key is published of. No service is one: `aws:` and `sts:` keys are of AWS's own.
fn is_of(issuer: &str, published: &str) -> bool {
    let (mut rest, mut template) = (issuer, published);
    while let Some((before, placeholder)) = template.split_once("${") {
        let Some((_, after)) = placeholder.split_once('}') else { return false };
        let Some(further) = rest.strip_prefix(before) else { return false };
        // It stands for one part of a host or of a path.
        let length = further.find(['.', '/']).unwrap_or(further.len());
        let (part, further) = further.split_at(length);
        if part.is_empty() {
            return false;
        }
        (rest, template) = (further, after);
    }
    published.contains('.') && rest == template
}

/// A tag's value is a text, or a list of one.
fn tag(key: &str, value: &Value) -> Option<Value> {
    let mut values = texts(value)?;
    let value = values.pop().filter(|_| values.is_empty())?;
    Some(json!({ "Key": key, "Value": value }))
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Bool(_) | Value::Number(_) => Some(vec![value.to_string()]),
        Value::Array(values) => values.iter().map(|value| value.as_str().map(str::to_owned)).collect(),
        Value::Null | Value::Object(_) => None,
    }
}

/// Holds what the token says to what the model of AssumeRole says of such members.
fn check(session: &Map<String, Value>) -> Result<(), ServiceError> {
    let model = model::service(ServiceId::Sts);
    let Some(operation) = model.operation("AssumeRole") else { return Ok(()) };
    let mut input = session.clone();
    input.insert("RoleArn".into(), "arn:aws:iam::111122223333:role/any".into());
    input.insert("RoleSessionName".into(), "any".into());
    validate::input(model, operation, &Value::Object(input)).map_err(|error| {
        let wire = error.into_wire(model.metadata().protocol);
        ServiceError::new(wire.code, wire.message).with_status(wire.http_status)
    })
}

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn an_issuer_is_one_of_those_that_a_placeholder_stands_for() {
        for (issuer, published) in [
            ("gitlab.com", "gitlab.com"),
            ("token.actions.githubusercontent.com/acme", "token.actions.githubusercontent.com/${SubPath}"),
            ("agent.acme.buildkite.dev", "agent.${Domain}.buildkite.dev"),
            ("idcs-1a2b.identity.oraclecloud.com", "idcs-${OciUniqueIdentifier}.identity.oraclecloud.com"),
        ] {
            assert!(is_of(issuer, published), "{issuer} {published}");
        }
        for (issuer, published) in [
            ("gitlab.com/", "gitlab.com"),
            ("aws", "aws"),
            ("sts", "sts"),
            ("token.actions.githubusercontent.com", "token.actions.githubusercontent.com/${SubPath}"),
            ("token.actions.githubusercontent.com/", "token.actions.githubusercontent.com/${SubPath}"),
            ("token.actions.githubusercontent.com/a/b", "token.actions.githubusercontent.com/${SubPath}"),
            ("agent.evil.example/.buildkite.dev", "agent.${Domain}.buildkite.dev"),
            ("agent.a.b.buildkite.dev", "agent.${Domain}.buildkite.dev"),
        ] {
            assert!(!is_of(issuer, published), "{issuer} {published}");
        }
    }
}
