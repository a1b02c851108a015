//! Keys and grants of a world file.

use aws_model::{EncryptionContext, KeyArn};

use super::{
    FileError, Files, Problem,
    field::{Field, Fields},
    identities::{self, BY_NAME},
    room,
};
use crate::{
    policy::PolicyKind,
    world::{
        ContextConstraint, Grant, GrantConstraints, GrantOperation, GrantOperations, Key, KeyManager, KeyState,
        KeyUsage, Untold, World,
    },
};

const FIELDS: [&str; 10] =
    ["policy", "state", "usage", "manager", "attributes", "tags", "aliases", "savedIds", "untold", "grants"];

/// Source: AWS KMS Developer Guide, "Key states of AWS KMS keys".
pub(super) const STATES: [(&str, Option<KeyState>); 9] = [
    ("Creating", Some(KeyState::Creating)),
    ("Enabled", Some(KeyState::Enabled)),
    ("Disabled", Some(KeyState::Disabled)),
    ("PendingDeletion", Some(KeyState::PendingDeletion)),
    ("PendingReplicaDeletion", Some(KeyState::PendingReplicaDeletion)),
    ("PendingImport", Some(KeyState::PendingImport)),
    ("Updating", Some(KeyState::Updating)),
    ("Unavailable", Some(KeyState::Unavailable)),
    ("unknown", None),
];

pub(super) const USAGES: [(&str, KeyUsage); 6] = [
    ("SymmetricEncryption", KeyUsage::SymmetricEncryption),
    ("AsymmetricEncryption", KeyUsage::AsymmetricEncryption),
    ("Signing", KeyUsage::Signing),
    ("Mac", KeyUsage::Mac),
    ("KeyAgreement", KeyUsage::KeyAgreement),
    ("KeyEncapsulation", KeyUsage::KeyEncapsulation),
];

pub(super) const PROPAGATED: [(&str, Option<bool>); 3] =
    [("true", Some(true)), ("false", Some(false)), ("unknown", None)];

pub(super) const MANAGERS: [(&str, KeyManager); 2] = [("Customer", KeyManager::Customer), ("Aws", KeyManager::Aws)];

type Untell = fn(&mut Untold);

/// What of a key may be untold.
const UNTOLD: [(&str, Untell); 3] = [
    ("grants", |untold| untold.grants = true),
    ("tags", |untold| untold.tags = true),
    ("aliases", |untold| untold.aliases = true),
];

/// In place of the account that made a grant, where nobody told.
pub(super) const UNKNOWN: &str = "unknown";

pub(super) fn read(fields: &Fields<'_>, world: &mut World, files: &dyn Files) -> Result<(), FileError> {
    for (arn, field) in fields.get("keys").map_or_else(|| Ok(Vec::new()), |field| field.entries_by::<KeyArn>())? {
        let mut key = key(&arn, &field, world, files)?;
        for (at, grant) in field.clone().some_fields()?.items("grants")?.into_iter().enumerate() {
            if let Some(same) = key.grants.insert(self::grant(&arn, at, grant.clone(), world)?) {
                return Err(grant.refuse(Problem::Twice(same.id.to_string())));
            }
        }
        world.put_key(key).map_err(|error| field.refuse(error))?;
    }
    Ok(())
}

fn key(arn: &KeyArn, field: &Field<'_>, world: &World, files: &dyn Files) -> Result<Key, FileError> {
    let fields = field.clone().fields(&FIELDS)?;
    let manager = fields.get("manager").map_or(Ok(KeyManager::Customer), |field| field.word(&MANAGERS))?;
    let policy = match fields.get("policy") {
        Some(field) => field.policy(PolicyKind::Key, &mut room::of_key(manager), files)?,
        None => {
            let name = format!("{}, key policy by default", field.name());
            field.json_policy(&name, &default_policy(arn), PolicyKind::Key)?
        }
    };
    let mut key = Key::new(arn.clone(), world.saved(policy));
    identities::override_saved_ids(&fields, &mut key.policy)?;
    if let Some(field) = fields.get("state") {
        key.state = field.word(&STATES)?;
    }
    if let Some(field) = fields.get("usage") {
        key.usage = field.word(&USAGES)?;
    }
    key.manager = manager;
    for (name, value) in fields.entries("attributes")? {
        key.attributes.insert(name.to_ascii_lowercase().into(), value.text()?.into());
    }
    key.tags = fields.texts("tags")?;
    for alias in fields.items("aliases")? {
        if !alias.text()?.starts_with("alias/") {
            return Err(alias.refuse(Problem::Value("an alias looks like `alias/NAME`".to_owned())));
        }
        key.aliases.insert(alias.text()?.into());
    }
    for word in fields.items("untold")? {
        word.word(&UNTOLD)?(&mut key.untold);
    }
    Ok(key)
}

fn grant(key: &KeyArn, at: usize, field: Field<'_>, world: &World) -> Result<Grant, FileError> {
    let fields = field.fields(&[
        "id",
        "token",
        "propagated",
        "name",
        "grantee",
        "granteeId",
        "retiring",
        "issuingAccount",
        "operations",
        "constraints",
    ])?;
    let grantee = fields.need("grantee")?.parse()?;
    let grantee_unique_id = match fields.text("granteeId")? {
        None => world.unique_id(&grantee),
        Some(BY_NAME) => None,
        Some(id) => Some(id.into()),
    };
    let issuing_account = match fields.get("issuingAccount") {
        None => Some(key.account()),
        Some(field) if matches!(field.text(), Ok(UNKNOWN)) => None,
        Some(field) => Some(field.parse()?),
    };
    Ok(Grant {
        id: fields.text("id")?.map_or_else(|| format!("grant-{}", at + 1), str::to_owned).into(),
        token: fields.text("token")?.map(Into::into),
        propagated: fields.get("propagated").map_or(Ok(Some(true)), |field| field.word(&PROPAGATED))?,
        name: fields.text("name")?.map(Into::into),
        grantee,
        grantee_unique_id,
        retiring: fields.parse("retiring")?,
        issuing_account,
        operations: operations(&fields.need("operations")?)?,
        constraints: fields.get("constraints").map(constraints).transpose()?.unwrap_or_default(),
    })
}

/// What a grant permits.
pub(super) fn operations(field: &Field<'_>) -> Result<GrantOperations, FileError> {
    let words: Vec<_> = GrantOperation::ALL.iter().map(|operation| (operation.as_str(), *operation)).collect();
    field.items()?.iter().map(|item| item.word(&words)).collect()
}

/// What must be true for a grant to be used.
pub(super) fn constraints(field: Field<'_>) -> Result<GrantConstraints, FileError> {
    constraints_called(field, ["encryptionContextEquals", "encryptionContextSubset", "sourceArn"])
}

/// The same, under these names.
pub(super) fn constraints_called(field: Field<'_>, names: [&str; 3]) -> Result<GrantConstraints, FileError> {
    let fields = field.fields(&names)?;
    let [equals, subset, source_arn] = names;
    let context = |name| fields.get(name).map(|field| field.texts().map(pairs)).transpose();
    let encryption_context = match (context(equals)?, context(subset)?) {
        (Some(_), Some(_)) => {
            let problem = format!("`{equals}` and `{subset}` exclude each other");
            return Err(fields.whole().refuse(Problem::Value(problem)));
        }
        (Some(equals), None) => Some(ContextConstraint::Equals(equals)),
        (None, Some(subset)) => Some(ContextConstraint::Subset(subset)),
        (None, None) => None,
    };
    Ok(GrantConstraints { encryption_context, source_arn: fields.text(source_arn)?.map(Into::into) })
}

fn pairs(pairs: Vec<(String, String)>) -> EncryptionContext {
    EncryptionContext::new(pairs)
}

/// The policy of a key that was given none.
///
/// Source: AWS KMS Developer Guide, "Default key policy" (for a key that the API creates).
fn default_policy(arn: &KeyArn) -> String {
    let root = format!("arn:{}:iam::{}:root", arn.region().partition(), arn.account());
    let statement = serde_json::json!({
        "Sid": "EnableIAMUserPermissions",
        "Effect": "Allow",
        "Principal": { "AWS": root },
        "Action": "kms:*",
        "Resource": "*",
    });
    format!("{:#}", serde_json::json!({ "Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement] }))
}
