//! `kms get-key-policy`, `describe-key`, `list-grants`, `list-aliases` and `list-resource-tags`.
//!
//! Source: AWS KMS API Reference, `KeyMetadata`, `GrantListEntry`, `AliasListEntry`.

use aws_model::{AccountId, Arn, KeyArn};

use super::{
    super::{
        FileError, Problem,
        field::{Field, Fields},
        keys, room,
    },
    Printed, policy, refuse_truncated, tags,
};
use crate::{
    policy::PolicyKind,
    world::{Account, Grant, Key, KeyManager, KeyUsage, Untold, World},
};

/// The fields of `KeyMetadata` that tell a context key, and which.
///
/// Source: AWS KMS Developer Guide, "AWS KMS condition keys".
const ATTRIBUTES: [(&str, &str); 4] = [
    ("KeySpec", "kms:keyspec"),
    ("KeyUsage", "kms:keyusage"),
    ("Origin", "kms:keyorigin"),
    ("MultiRegion", "kms:multiregion"),
];

const MANAGERS: [(&str, KeyManager); 2] = [("CUSTOMER", KeyManager::Customer), ("AWS", KeyManager::Aws)];

pub(super) fn key_policy(
    world: &mut World,
    printed: &Printed,
    fields: &Fields<'_>,
    remarks: &mut Vec<FileError>,
) -> Result<(), FileError> {
    let arn: KeyArn = printed.about_as("key (by its ARN)")?;
    if world.account(arn.account()).is_none() {
        // A key of another account, whose policy the caller may read all the same.
        world.account_mut(arn.account()).identities_are_partial = true;
    }
    // Of a key that AWS manages it is told only later that it is one.
    let mut room = room::of_key(KeyManager::Customer);
    let document = match fields.get("Policy") {
        Some(document) => policy(&document, PolicyKind::Key, &mut room, remarks)?,
        // A text that holds only the policy keeps its own places.
        None => {
            let whole = fields.whole();
            let told = whole.told_policy(whole.node.source.name(), whole.node.source.text(), PolicyKind::Key)?;
            remarks.extend(told.fits(&mut room).err());
            told.policy
        }
    };
    if world.key(&arn).is_some() {
        return world.set_key_policy(&arn, document).map_err(|error| fields.whole().refuse(error));
    }
    let mut key = Key::new(arn, world.saved(document));
    key.state = None;
    key.untold = Untold::ALL;
    world.put_key(key).map_err(|error| fields.whole().refuse(error))
}

pub(super) fn describe_key(world: &mut World, fields: &Fields<'_>) -> Result<(), FileError> {
    let fields = fields.need("KeyMetadata")?.some_fields()?;
    let field = fields.need("Arn")?;
    let arn: KeyArn = field.parse()?;
    let mut key = known(world, &field, &arn)?.clone();
    key.state = fields.need("KeyState")?.word(&keys::STATES)?;
    key.usage = usage(&fields)?;
    key.manager = fields.need("KeyManager")?.word(&MANAGERS)?;
    for (name, context_key) in ATTRIBUTES {
        if let Some(value) = fields.text(name)? {
            key.attributes.insert(context_key.into(), value.into());
        }
    }
    if let Some(multi_region) = fields.get("MultiRegionConfiguration") {
        let kind = multi_region.some_fields()?.need("MultiRegionKeyType")?.text()?;
        key.attributes.insert("kms:multiregionkeytype".into(), kind.into());
    }
    world.put_key(key).map_err(|error| field.refuse(error))
}

fn usage(fields: &Fields<'_>) -> Result<KeyUsage, FileError> {
    let is_symmetric = fields.text("KeySpec")?.is_none_or(|spec| spec == "SYMMETRIC_DEFAULT");
    let encrypts = if is_symmetric { KeyUsage::SymmetricEncryption } else { KeyUsage::AsymmetricEncryption };
    fields.need("KeyUsage")?.word(&[
        ("ENCRYPT_DECRYPT", encrypts),
        ("SIGN_VERIFY", KeyUsage::Signing),
        ("GENERATE_VERIFY_MAC", KeyUsage::Mac),
        ("KEY_AGREEMENT", KeyUsage::KeyAgreement),
        ("ENCAPSULATE_DECAPSULATE", KeyUsage::KeyEncapsulation),
    ])
}

/// Of a key without grants the command prints nothing that names the key: that is told beside it.
pub(super) fn list_grants(
    world: &mut World,
    printed: &Printed,
    fields: &Fields<'_>,
    remarks: &mut Vec<FileError>,
) -> Result<(), FileError> {
    refuse_truncated(fields)?;
    if printed.about.is_some() {
        grants_are_told(world, fields.whole(), &printed.about_as("key (by its ARN)")?)?;
    }
    for item in fields.items("Grants")? {
        let fields = item.clone().some_fields()?;
        let key = fields.need("KeyId")?;
        let arn: KeyArn = key.parse()?;
        grants_are_told(world, &key, &arn)?;
        let grantee = grantee(&fields)?;
        if is_unique_id(grantee.text()?) {
            let problem = "left out: the user or role that this grant was for is gone, so nobody can use it";
            remarks.push(grantee.refuse(Problem::Value(problem.to_owned())));
            continue;
        }
        world.put_grant(&arn, grant(&fields)?).map_err(|error| item.refuse(error))?;
    }
    Ok(())
}

fn grants_are_told(world: &mut World, at: &Field<'_>, arn: &KeyArn) -> Result<(), FileError> {
    let untold = Untold { grants: false, ..known(world, at, arn)?.untold };
    world.set_key_untold(arn, untold).map_err(|error| at.refuse(error))
}

/// A service has a member of its own in grants that name it by one; in those that it made itself it is the principal.
fn grantee<'a>(fields: &Fields<'a>) -> Result<Field<'a>, FileError> {
    fields.get("GranteeServicePrincipal").map_or_else(|| fields.need("GranteePrincipal"), Ok)
}

fn grant(fields: &Fields<'_>) -> Result<Grant, FileError> {
    let retiring = fields.get("RetiringPrincipal").filter(|field| !field.text().is_ok_and(is_unique_id));
    let retiring = retiring.or_else(|| fields.get("RetiringServicePrincipal"));
    let constraints = match fields.get("Constraints") {
        Some(field) => {
            keys::constraints_called(field, ["EncryptionContextEquals", "EncryptionContextSubset", "SourceArn"])?
        }
        None => Default::default(),
    };
    Ok(Grant {
        id: fields.need("GrantId")?.text()?.into(),
        token: None,
        propagated: Some(true),
        name: fields.text("Name")?.filter(|name| !name.is_empty()).map(Into::into),
        grantee: grantee(fields)?.parse()?,
        grantee_unique_id: None,
        retiring: retiring.map(|field| field.parse()).transpose()?,
        issuing_account: fields.get("IssuingAccount").map(|field| issuing_account(&field)).transpose()?,
        operations: keys::operations(&fields.need("Operations")?)?,
        constraints,
    })
}

/// An account's id or the ARN of its root.
fn issuing_account(field: &Field<'_>) -> Result<AccountId, FileError> {
    match field.text()?.parse::<Arn>() {
        Ok(arn) => arn.account().parse().map_err(|error| field.refuse(Problem::Value(format!("{error}")))),
        Err(_) => field.parse(),
    }
}

/// What AWS prints in place of the ARN of a user or role that is gone.
fn is_unique_id(text: &str) -> bool {
    (text.starts_with("AROA") || text.starts_with("AIDA")) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

pub(super) fn list_aliases(world: &mut World, account: AccountId, fields: &Fields<'_>) -> Result<(), FileError> {
    refuse_truncated(fields)?;
    for item in fields.items("Aliases")? {
        let fields = item.clone().some_fields()?;
        let alias_arn: Arn = fields.need("AliasArn")?.parse()?;
        // The command lists the aliases of every key of the region.
        aliases_are_told(world, account, alias_arn.region(), &item)?;
        // Aliases that AWS reserves for itself stand for no key yet.
        let Some(target) = fields.text("TargetKeyId")? else { continue };
        let key = format!("arn:{}:kms:{}:{account}:key/{target}", alias_arn.partition(), alias_arn.region());
        let key: KeyArn = key.parse().map_err(|error| item.refuse(Problem::Value(format!("{error}"))))?;
        if world.key(&key).is_some() {
            let alias = fields.need("AliasName")?.text()?;
            world.put_alias(&key, alias).map_err(|error| item.refuse(error))?;
        }
    }
    Ok(())
}

fn aliases_are_told(world: &mut World, account: AccountId, region: &str, at: &Field<'_>) -> Result<(), FileError> {
    let keys = world.account(account).into_iter().flat_map(Account::keys);
    let untold = keys.filter(|key| key.untold.aliases && key.arn.region().as_str() == region);
    let untold: Vec<_> = untold.map(|key| (key.arn.clone(), Untold { aliases: false, ..key.untold })).collect();
    for (key, untold) in untold {
        world.set_key_untold(&key, untold).map_err(|error| at.refuse(error))?;
    }
    Ok(())
}

pub(super) fn list_tags(world: &mut World, printed: &Printed, fields: &Fields<'_>) -> Result<(), FileError> {
    refuse_truncated(fields)?;
    let arn: KeyArn = printed.about_as("key (by its ARN)")?;
    known(world, fields.whole(), &arn)?;
    let tags = tags(fields.items("Tags")?, "TagKey", "TagValue")?;
    world.set_key_tags(&arn, tags).map_err(|error| fields.whole().refuse(error))
}

/// A key whose policy came before.
fn known<'a>(world: &'a World, at: &Field<'_>, arn: &KeyArn) -> Result<&'a Key, FileError> {
    world.key(arn).ok_or_else(|| {
        let problem =
            format!("the policy of `{arn}` is not known: give what `kms get-key-policy` prints for it as well");
        at.refuse(Problem::Value(problem))
    })
}
