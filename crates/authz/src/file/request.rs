//! The request file: one question, as people write it.
//!
//! `docs/reference/world-files.md` shows every field.

pub(super) mod principal;

use aws_model::{Arn, EncryptionContext};

use super::{
    FileError, Files, Problem,
    field::{Field, Fields},
    keys,
    node::Node,
    yaml,
};
use crate::{
    context::{Context, Others, Told},
    decide::is_on_key,
    request::{KmsDetail, NewGrant, Request, Resource},
    text::SourceText,
    world::World,
};

const FIELDS: [&str; 14] = [
    "principal",
    "session",
    "via",
    "action",
    "resource",
    "region",
    "encryptionContext",
    "encryptionContextIsPartial",
    "newGrant",
    "grantId",
    "grantTokens",
    "requestAlias",
    "context",
    "otherKeys",
];

const OTHERS: [(&str, Others); 2] = [("absent", Others::Absent), ("unknown", Others::Unknown)];

/// Reads a request. The world tells what a request may leave out: the path of the role of a session, and the key that
/// an alias stands for.
///
/// # Errors
/// [`FileError`], at the first place that is not right.
pub fn read(source: &SourceText, world: &World, files: &dyn Files) -> Result<Request, FileError> {
    of_node(&yaml::parse(source)?, world, files)
}

/// Reads a request that is part of another text.
pub(super) fn of_node(node: &Node, world: &World, files: &dyn Files) -> Result<Request, FileError> {
    let fields = Field::root(node).fields(&FIELDS)?;
    let action = fields.need("action")?.parse()?;
    let (mut resource, mut kms) = (resource(&fields)?, kms(&fields)?);
    if is_on_key(&action) {
        take_key_of_alias(&mut resource, &mut kms, world);
    }
    let region = match fields.get("region") {
        Some(field) => Some(field.parse()?),
        None => resource.arn.parse::<Arn>().ok().and_then(|arn| arn.region().parse().ok()),
    };
    let through = match fields.get("via") {
        Some(field) => field.items_or_one()?.iter().map(principal::service).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    Ok(Request {
        principal: principal::read(&fields, world, files)?,
        through,
        action,
        resource,
        region,
        kms,
        context: context(&fields)?,
    })
}

fn resource(fields: &Fields<'_>) -> Result<Resource, FileError> {
    let arn = |field: &Field<'_>| match field.text()? {
        "*" => Ok("*".into()),
        _ => field.parse::<Arn>().map(|arn| arn.as_str().into()),
    };
    let Some(field) = fields.get("resource") else {
        return Ok(Resource { arn: "*".into(), owner: None, tags: Default::default() });
    };
    if field.text().is_ok() {
        return Ok(Resource { arn: arn(&field)?, owner: None, tags: Default::default() });
    }
    let fields = field.fields(&["arn", "owner", "tags"])?;
    Ok(Resource { arn: arn(&fields.need("arn")?)?, owner: fields.parse("owner")?, tags: fields.texts("tags")? })
}

/// An alias only names a key, and it is the key that an operation is on. One that the world does not know stays.
///
/// Source: AWS KMS Developer Guide, "Use aliases to control access to KMS keys".
fn take_key_of_alias(resource: &mut Resource, kms: &mut KmsDetail, world: &World) {
    let Ok(arn) = resource.arn.parse::<Arn>() else { return };
    let account = arn.account().parse().ok().and_then(|id| world.account(id));
    let region = arn.region().parse().ok();
    if let Some(key) = account.zip(region).and_then(|(account, region)| account.key_of_alias(arn.resource(), &region)) {
        resource.arn = key.arn.as_str().into();
        kms.request_alias.get_or_insert_with(|| arn.resource().into());
    }
}

fn kms(fields: &Fields<'_>) -> Result<KmsDetail, FileError> {
    let partial = fields.get("encryptionContextIsPartial").map(|field| field.truth()).transpose()?;
    let tokens = fields.items("grantTokens")?;
    Ok(KmsDetail {
        encryption_context: EncryptionContext::new(fields.texts::<Vec<_>>("encryptionContext")?),
        encryption_context_is_partial: partial.unwrap_or_default(),
        new_grant: fields.get("newGrant").map(new_grant).transpose()?,
        grant_id: fields.text("grantId")?.map(Into::into),
        grant_tokens: tokens.iter().map(|token| token.text().map(Into::into)).collect::<Result<_, _>>()?,
        request_alias: fields.text("requestAlias")?.map(Into::into),
    })
}

fn new_grant(field: Field<'_>) -> Result<NewGrant, FileError> {
    let fields = field.fields(&["grantee", "retiring", "operations", "constraints"])?;
    Ok(NewGrant {
        grantee: fields.need("grantee")?.parse()?,
        retiring: fields.parse("retiring")?,
        operations: keys::operations(&fields.need("operations")?)?,
        constraints: fields.get("constraints").map(keys::constraints).transpose()?.unwrap_or_default(),
    })
}

fn context(fields: &Fields<'_>) -> Result<Context, FileError> {
    let others = fields.get("otherKeys").map(|field| field.word(&OTHERS)).transpose()?.unwrap_or_default();
    let mut context = Context::new(others);
    for (key, field) in fields.entries("context")? {
        if !key.contains(':') {
            let problem = format!("`{key}` is no context key: it looks like `aws:SourceVpc`");
            return Err(field.refuse_name(Problem::Value(problem)));
        }
        let told = match field.text() {
            Ok("absent") => Told::Absent,
            Ok("unknown") => Told::Unknown,
            Ok(value) => Told::Values(vec![value.to_owned()]),
            Err(_) => {
                let values = field.items()?;
                Told::Values(values.iter().map(|value| value.text().map(str::to_owned)).collect::<Result<_, _>>()?)
            }
        };
        context.tell(key, told);
    }
    Ok(context)
}
