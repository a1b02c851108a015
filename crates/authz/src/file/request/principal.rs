//! Who calls, as people write it.

use std::sync::Arc;

use aws_model::{AccountId, Arn};
use jiff::Timestamp;

use super::super::{
    FileError, Files, Problem,
    field::{Field, Fields},
};
use crate::{
    policy::{
        Policy, PolicyKind,
        limits::{Oversized, Room, SizeQuota, WhiteSpace},
    },
    principal::{FederatedUser, Principal, RoleSession},
    text::SourceText,
    world::{ChangeError, Thing, World, nearest},
};

const SESSION: [&str; 10] = [
    "name",
    "policies",
    "tags",
    "transitiveTagKeys",
    "sourceIdentity",
    "chained",
    "federatedProvider",
    "issued",
    "expires",
    "parent",
];

/// Reads `principal` and `session`.
pub(super) fn read(fields: &Fields<'_>, world: &World, files: &dyn Files) -> Result<Principal, FileError> {
    let field = fields.need("principal")?;
    let mut principal = named(&field, world)?;
    let Some(session) = fields.get("session") else { return Ok(principal) };
    let told = session.clone().fields(&SESSION)?;
    match &mut principal {
        Principal::Session(of_role) => role_session(of_role, &told, world, files)?,
        Principal::FederatedUser(federated) => {
            federated.policies = policies(&told, world, files)?;
            federated.tags = told.texts("tags")?;
            federated.parent = told.parse("parent")?;
        }
        _ => {
            let problem = "only a role or a federated user has a session; leave this out";
            return Err(session.refuse_name(Problem::Value(problem.to_owned())));
        }
    }
    Ok(principal)
}

/// A service principal.
pub(super) fn service(field: &Field<'_>) -> Result<Box<str>, FileError> {
    let name = field.text()?;
    if is_service(name) {
        return Ok(name.into());
    }
    let problem = format!("`{name}` is no service principal: it looks like `ec2.amazonaws.com`");
    Err(field.refuse(Problem::Value(problem)))
}

fn is_service(name: &str) -> bool {
    name.split_once('.').is_some_and(|(service, domain)| !service.is_empty() && domain.contains("amazonaws."))
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

/// Reads one principal.
pub(in crate::file) fn named(field: &Field<'_>, world: &World) -> Result<Principal, FileError> {
    let text = field.text()?;
    if text == "anonymous" {
        return Ok(Principal::Anonymous);
    }
    if let Some(host) = text.strip_prefix("federated:").filter(|host| !host.is_empty()) {
        return Ok(Principal::Federated { provider: host.into() });
    }
    if let Ok(account) = text.parse() {
        return Ok(Principal::Root(account));
    }
    if is_service(text) {
        return Ok(Principal::Service(text.into()));
    }
    let refuse = || {
        let problem = format!(
            "`{text}` is no principal: write the ARN of a role, an assumed-role session, a user, a federated user, an \
             identity provider or an account's root, an account's id, a service (`ec2.amazonaws.com`) or `anonymous`"
        );
        field.refuse(Problem::Value(problem))
    };
    let arn: Arn = text.parse().map_err(|_| refuse())?;
    let account: AccountId = arn.account().parse().map_err(|_| refuse())?;
    let (kind, name) = arn.resource().split_once('/').unwrap_or((arn.resource(), ""));
    match (arn.service(), kind, name) {
        ("iam", "root", "") => Ok(Principal::Root(account)),
        (_, _, "") => Err(refuse()),
        ("iam", "user", _) => Ok(Principal::User(arn)),
        ("iam", "role", _) => Ok(Principal::Session(Box::new(RoleSession::of(arn, None)))),
        ("iam", "oidc-provider" | "saml-provider", _) => Ok(Principal::Federated { provider: text.into() }),
        ("sts", "federated-user", _) => Ok(Principal::FederatedUser(Box::new(FederatedUser {
            account,
            name: name.to_owned(),
            parent: None,
            policies: Vec::new(),
            tags: Default::default(),
        }))),
        ("sts", "assumed-role", _) => {
            let (role, session) = name.split_once('/').filter(|(_, session)| !session.is_empty()).ok_or_else(refuse)?;
            let known = world.account(account).and_then(|account| account.role_named(role));
            let role = match known {
                Some(role) => role.identity.arn.clone(),
                None => format!("arn:{}:iam::{account}:role/{role}", arn.partition()).parse().map_err(|_| refuse())?,
            };
            Ok(Principal::Session(Box::new(RoleSession::of(role, Some(session.to_owned())))))
        }
        _ => Err(refuse()),
    }
}

fn role_session(
    session: &mut RoleSession,
    told: &Fields<'_>,
    world: &World,
    files: &dyn Files,
) -> Result<(), FileError> {
    if let Some(parent) = told.get("parent") {
        let problem = "only a federated user's session has a parent; name the provider in `federatedProvider`";
        return Err(parent.refuse_name(Problem::Value(problem.to_owned())));
    }
    if let Some(name) = told.get("name") {
        if session.name.is_some() {
            return Err(name.refuse_name(Problem::Value("the principal's ARN already names the session".to_owned())));
        }
        session.name = Some(name.text()?.to_owned());
    }
    session.policies = policies(told, world, files)?;
    session.tags = told.texts("tags")?;
    let keys = told.items("transitiveTagKeys")?;
    session.transitive_tag_keys = keys.iter().map(|key| key.text().map(str::to_owned)).collect::<Result<_, _>>()?;
    session.source_identity = told.text("sourceIdentity")?.map(str::to_owned);
    session.chained = told.get("chained").map(|field| field.truth()).transpose()?.unwrap_or_default();
    session.federated_provider = told.text("federatedProvider")?.map(Into::into);
    session.issued = told.parse::<Timestamp>("issued")?;
    session.expires = told.parse::<Timestamp>("expires")?;
    Ok(())
}

/// What narrows a session: policies of its own, and managed ones by their ARNs.
///
/// Source: AWS STS API Reference, "AssumeRole", `Policy` and `PolicyArns` (2,048 characters together).
fn policies(told: &Fields<'_>, world: &World, files: &dyn Files) -> Result<Vec<Arc<Policy>>, FileError> {
    let mut room = Room::of(SizeQuota::Session);
    let read = |field: &Field<'_>| match field.text().ok().filter(|text| text.starts_with("arn:")) {
        Some(arn) => {
            let oversized = |oversized: Oversized| field.refuse(Problem::Oversized(oversized.too_large()));
            let source = SourceText::new(field.name(), arn);
            room.take(&source, WhiteSpace::Written).map_err(oversized)?;
            managed(field, arn, world)
        }
        None => field.policy(PolicyKind::Session, &mut room, files),
    };
    told.items("policies")?.iter().map(read).collect()
}

fn managed(field: &Field<'_>, arn: &str, world: &World) -> Result<Arc<Policy>, FileError> {
    world.managed_policy(arn).cloned().ok_or_else(|| {
        let known = world.managed_policies().map(|(arn, _)| arn);
        field.refuse(ChangeError::Missing {
            thing: Thing::ManagedPolicy,
            name: arn.to_owned(),
            nearest: nearest(arn, known).map(str::to_owned),
        })
    })
}
