//! What a call needs to be allowed, looked up in the catalog's table and put to the authorization model, before the
//! operation's own code sees the input.
//!
//! What names nothing (no such key, a text that is no id) is left to the operation, which says so in its own words; to
//! callers of other accounts it is denied here as what lets nobody in would be, so that nobody learns what is there.

use std::sync::Arc;

use authz::{
    request::{KmsDetail, NewGrant, Request},
    world::{GrantOperation, GrantOperations, GrantPrincipal},
};
use aws_catalog::access::{self, Access, On};
use aws_model::{AccountId, EncryptionContext};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;

use super::{
    call::{Call, Named, Naming},
    ciphertext::{self, Ciphertext},
    fault,
    grants::{GrantConstraints, GrantToken, Parties},
    key::Key,
};
use crate::{ServiceError, authorization::Asked};

/// What one member of the input names, and that the caller may do with it what the operation does.
pub(super) struct Permit {
    pub(super) member: &'static str,
    pub(super) key: Option<Arc<Key>>,
    pub(super) request: Request,
}

/// What an access is on.
enum Subject {
    /// A key that is there.
    Key { key: Arc<Key>, alias: Option<String>, grant: Option<String> },
    /// Something without a policy of its own, by its ARN; `*` for nothing.
    Other(String),
    /// Nothing that is there; the owner that was named, and what would have been its ARN.
    Absent { owner: AccountId, arn: String },
    /// Nothing that could be there.
    Unreadable,
}

/// The keys that an operation is on, as far as they are there. Nobody is asked.
pub(super) fn keys(call: &Call<'_>, operation: &str, input: &Value) -> Vec<Arc<Key>> {
    let accesses = access::operation("kms", operation).map_or(&[][..], access::Operation::accesses);
    let asked = accesses.iter().filter(|access| access.is_asked_by(input));
    asked.filter_map(|access| subject(call, access.on(), input).key().cloned()).collect()
}

/// Asks for everything that the operation does.
///
/// # Errors
/// AWS's own denial.
pub(super) fn authorize(call: &Call<'_>, operation: &str, input: &Value) -> Result<Vec<Permit>, ServiceError> {
    let accesses = access::operation("kms", operation).map_or(&[][..], access::Operation::accesses);
    if accesses.is_empty() {
        return Err(fault::unsupported(format!("{operation} is not supported by the embedded AWS.")));
    }
    let asked = accesses.iter().filter(|access| access.is_asked_by(input));
    let subjects: Vec<(&Access, Subject)> = asked.map(|access| (access, subject(call, access.on(), input))).collect();
    let mut keys = subjects.iter().map(|(_, subject)| subject.key());
    let on_same_key = match (keys.next().flatten(), keys.next().flatten()) {
        (Some(one), Some(other)) => Some(one.arn == other.arn),
        _ => None,
    };
    let mut permits = Vec::with_capacity(subjects.len());
    for (access, subject) in subjects {
        permits.extend(ask(call, access, subject, input, on_same_key)?);
    }
    Ok(permits)
}

fn ask(
    call: &Call<'_>,
    access: &'static Access,
    subject: Subject,
    input: &Value,
    on_same_key: Option<bool>,
) -> Result<Option<Permit>, ServiceError> {
    let Some(mut kms) = detail(access, input) else { return Ok(None) };
    // To the model the grant's id is its token: of true ones there are many.
    kms.grant_tokens = tokens(input).filter_map(|token| call.grant_of_token(token)).map(Into::into).collect();
    let authorizer = call.state.authorizer();
    let region = access.region().and_then(|member| text(input, member)).and_then(|text| text.parse().ok());
    let (key, resource) = match subject {
        Subject::Unreadable => return Ok(None),
        // Of what is missing the operation's own code tells.
        Subject::Absent { owner, .. } if owner == call.account() || !authorizer.assumptions().kms_denied_or_missing => {
            return Ok(None);
        }
        Subject::Absent { arn, .. } => {
            let asked = Asked { access, resource: &arn, region, kms, on_same_key };
            return Err(authorizer.absent_abroad(&authorizer.request(call.ctx, input, asked)?));
        }
        Subject::Key { key, alias, grant } => {
            kms.request_alias = alias.map(Into::into);
            kms.grant_id = grant.map(Into::into);
            (Some(key), None)
        }
        Subject::Other(arn) => (None, Some(arn)),
    };
    let arn = key.as_ref().map(|key| key.arn.as_str()).or(resource.as_deref()).unwrap_or("*");
    let asked = Asked { access, resource: arn, region, kms, on_same_key };
    let request = authorizer.request(call.ctx, input, asked)?;
    authorizer.check(&request).map_err(|denial| state_first(call, key.as_deref(), &request).unwrap_or(denial))?;
    if let Some(key) = &key {
        call.see(key.access());
    }
    Ok(Some(Permit { member: member(access.on()), key, request }))
}

/// What the key's state refuses, where that is told before who is denied: see the rule `kms-state-after-denial`.
fn state_first(call: &Call<'_>, key: Option<&Key>, request: &Request) -> Option<ServiceError> {
    let authorizer = call.state.authorizer();
    if authorizer.assumptions().kms_state_after_denial {
        return None;
    }
    let code = authorizer.explain(request).key_state?.error?;
    Some(ServiceError::new(code, format!("{} is in a state that does not allow this.", key?.arn)))
}

/// The member that names what the operation's own code looks up again.
const fn member(on: On) -> &'static str {
    match on {
        On::Nothing => "",
        On::Key(member)
        | On::KeyOrAlias(member)
        | On::KeyOfCiphertext { or: member, .. }
        | On::KeyInRegion { region: member, .. }
        | On::KeyOfGrant { or: member, .. }
        | On::Alias(member)
        | On::KeyOfAlias(member)
        | On::Role(member)
        | On::Principal(member)
        | On::Trail(member) => member,
        // Of IAM alone.
        _ => "",
    }
}

/// How a member of an operation's input may name a key.
pub(super) fn naming(operation: &str, member: &str) -> Naming {
    let accesses = access::operation("kms", operation).map_or(&[][..], access::Operation::accesses);
    let may_be_alias = accesses.iter().any(|access| match access.on() {
        On::KeyOrAlias(named) | On::KeyOfCiphertext { or: named, .. } => named == member,
        _ => false,
    });
    if may_be_alias { Naming::KeyOrAlias } else { Naming::Key }
}

fn subject(call: &Call<'_>, on: On, input: &Value) -> Subject {
    let given = |member| text(input, member);
    match on {
        On::Nothing => Subject::Other("*".to_owned()),
        On::Key(member) => given(member).map_or(Subject::Unreadable, |text| named(call, text, Naming::Key)),
        On::KeyOrAlias(member) => {
            given(member).map_or(Subject::Unreadable, |text| named(call, text, Naming::KeyOrAlias))
        }
        On::KeyOfCiphertext { ciphertext, or } => match given(or) {
            Some(text) => named(call, text, Naming::KeyOrAlias),
            None => given(ciphertext).map_or(Subject::Unreadable, |text| of_ciphertext(call, text)),
        },
        On::KeyInRegion { key, region } => in_region(call, given(key), given(region)),
        On::KeyOfGrant { token, or } => of_grant(call, given(token), given(or), given("GrantId")),
        On::Alias(member) => given(member).map_or(Subject::Unreadable, |name| {
            Subject::Other(fault::alias_arn(call.account(), call.ctx.region, name))
        }),
        On::KeyOfAlias(member) => of_alias(call, given(member).unwrap_or_default()),
        On::Trail(_) => Subject::Unreadable,
        On::Role(member) | On::Principal(member) => match given(member) {
            Some(arn) if arn.parse::<GrantPrincipal>().is_ok() => Subject::Other(arn.to_owned()),
            _ => Subject::Unreadable,
        },
        _ => Subject::Unreadable,
    }
}

fn named(call: &Call<'_>, text: &str, naming: Naming) -> Subject {
    let Ok(named) = call.named(text, naming) else { return Subject::Unreadable };
    let alias = match &named {
        Named::Alias(_, name) => Some(name.clone()),
        Named::Key(..) => None,
    };
    let (owner, arn) = (named.owner(), named.arn(call.ctx.region));
    match call.look_up(named) {
        Ok(key) => Subject::Key { key, alias, grant: None },
        Err(_) => Subject::Absent { owner, arn },
    }
}

fn of_ciphertext(call: &Call<'_>, text: &str) -> Subject {
    // The header alone names the key; the rest is the operation's to decode.
    let head = text.get(..ciphertext::HEADER_BASE64).unwrap_or(text);
    let Ok(blob) = BASE64_STANDARD.decode(head) else { return Subject::Unreadable };
    let Some(Ciphertext { key_id, account, .. }) = Ciphertext::parse(&blob) else { return Subject::Unreadable };
    let named = Named::Key(account, key_id);
    let (owner, arn) = (named.owner(), named.arn(call.ctx.region));
    match call.look_up(named) {
        Ok(key) => Subject::Key { key, alias: None, grant: None },
        Err(_) => Subject::Absent { owner, arn },
    }
}

fn in_region(call: &Call<'_>, key: Option<&str>, region: Option<&str>) -> Subject {
    let (Some(key), Some(Ok(region))) = (key, region.map(str::parse)) else { return Subject::Unreadable };
    match call.named(key, Naming::Key) {
        Ok(Named::Key(account, id)) => match call.state.key(account, &region, id) {
            Some(key) => Subject::Key { key, alias: None, grant: None },
            None => Subject::Absent { owner: account, arn: Named::Key(account, id).arn(&region) },
        },
        _ => Subject::Unreadable,
    }
}

fn of_grant(call: &Call<'_>, token: Option<&str>, key: Option<&str>, id: Option<&str>) -> Subject {
    let (key, id) = match (token.map(GrantToken::parse), key, id) {
        (Some(Some(token)), None, None) => {
            let key = call.state.key_at(&token.key).filter(|key| token.is_of(key) && key.region() == call.ctx.region);
            let Some(key) = key else { return Subject::Unreadable };
            (key, token.grant_id)
        }
        (None, Some(key), Some(id)) if key.starts_with("arn:") => match named(call, key, Naming::Key) {
            Subject::Key { key, .. } => (key, id.to_owned()),
            other => return other,
        },
        _ => return Subject::Unreadable,
    };
    if key.account() == call.account() && key.grants().get(&id).is_none() {
        return Subject::Absent { owner: key.account(), arn: key.arn.to_string() };
    }
    Subject::Key { key, alias: None, grant: Some(id) }
}

fn of_alias(call: &Call<'_>, name: &str) -> Subject {
    let alias = call.state.alias(call.account(), call.ctx.region, name);
    let key = alias.and_then(|alias| call.state.key_at(&alias.target));
    key.map_or(Subject::Unreadable, |key| Subject::Key { key, alias: None, grant: None })
}

impl Subject {
    const fn key(&self) -> Option<&Arc<Key>> {
        match self {
            Self::Key { key, .. } => Some(key),
            _ => None,
        }
    }
}

/// What the input says that grants and `kms:` conditions look at; `None` when it is not as it must be, which the
/// operation says.
fn detail(access: &Access, input: &Value) -> Option<KmsDetail> {
    let mut detail = KmsDetail::default();
    if access.makes_grant() {
        detail.new_grant = Some(new_grant(input)?);
        return Some(detail);
    }
    for path in access.encryption_context() {
        if let Some(Value::Object(pairs)) = input.get(path) {
            let pairs = pairs.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
            detail.encryption_context = EncryptionContext::new(pairs);
        }
    }
    Some(detail)
}

fn new_grant(input: &Value) -> Option<NewGrant> {
    let parties = Parties::of(input).ok()?;
    let operations = input.get("Operations")?.as_array()?.iter();
    let operations: Option<GrantOperations> =
        operations.map(|operation| GrantOperation::of_action(operation.as_str()?)).collect();
    let constraints = input.get("Constraints").filter(|constraints| !constraints.is_null());
    let constraints: GrantConstraints = constraints
        .map_or_else(|| Some(GrantConstraints::default()), |given| serde_json::from_value(given.clone()).ok())?;
    Some(NewGrant {
        grantee: parties.grantee.parse().ok()?,
        retiring: parties.retiring.map(|retiring| retiring.parse()).transpose().ok()?,
        operations: operations?,
        constraints: constraints.of_model(),
    })
}

/// The grant tokens of an input.
fn tokens(input: &Value) -> impl Iterator<Item = &str> {
    let several = input.get("GrantTokens").and_then(Value::as_array).into_iter().flatten();
    several.chain(input.get("GrantToken")).filter_map(Value::as_str)
}

fn text<'v>(input: &'v Value, member: &str) -> Option<&'v str> {
    input.get(member).and_then(Value::as_str)
}
