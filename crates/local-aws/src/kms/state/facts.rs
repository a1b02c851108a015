//! What the authorization model is told of keys, aliases and grants: each change as it is made, in order.

use authz::world::{self, ChangeError, ContextConstraint, GrantPrincipal, KeyManager, World};
use aws_model::{Arn, KeyArn, Region};
use jiff::Timestamp;

use crate::{
    authorization::Authorizer,
    kms::{
        grants::Grant,
        key::KeyRecord,
        key_state::KeyState,
        kind::{KeyKind, KeyUsage},
    },
};

const TYPE: &str = "kms:multiregionkeytype";

/// The model's facts about the keys.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a>(pub(super) &'a Authorizer);

impl Facts<'_> {
    /// A key that is new to the model, without aliases and grants.
    pub(super) fn new_key(self, record: &KeyRecord, kind: KeyKind, primary: &Region) {
        // An account of which nothing but keys is known is an open one.
        self.0.name(record.arn.account());
        self.change("a key", |world| {
            let mut key = world::Key::new(record.arn.clone(), record.policy.of_model(world));
            key.state = Some(state(record));
            key.manager = if record.aws_managed { KeyManager::Aws } else { KeyManager::Customer };
            key.tags.clone_from(&record.tags);
            key.usage = usage(kind);
            key.attributes.insert("kms:keyspec".into(), kind.spec.as_str().into());
            key.attributes.insert("kms:keyorigin".into(), kind.origin.as_str().into());
            if record.arn.is_multi_region() {
                key.attributes.insert(TYPE.into(), multi_region_type(record.arn.region() == primary).into());
            }
            world.put_key(key)
        });
    }

    /// What has changed of a key.
    pub(super) fn key(self, before: &KeyRecord, now: &KeyRecord) {
        if before.policy != now.policy {
            let (arn, policy) = (now.arn.clone(), now.policy.clone());
            self.0.spread("a key policy", move |world| {
                let policy = policy.of_model(world);
                world.put_key_policy(&arn, policy)
            });
        }
        if before.tags != now.tags {
            let (arn, tags) = (now.arn.clone(), now.tags.clone());
            self.0.spread("tags", move |world| world.set_key_tags(&arn, tags));
        }
        if state(before) != state(now) {
            let (arn, state) = (now.arn.clone(), state(now));
            self.0.spread("a key state", move |world| world.set_key_state(&arn, Some(state)));
        }
    }

    pub(super) fn key_gone(self, arn: &KeyArn) {
        self.change("a key's end", |world| world.remove_key(arn));
    }

    /// Which of a multi-Region key's regions is the primary one.
    pub(super) fn primary(self, arn: &KeyArn, is_primary: bool) {
        self.change("a primary key", |world| world.set_key_attribute(arn, TYPE, multi_region_type(is_primary)));
    }

    /// An alias that stands for another key, or for none, than before.
    pub(super) fn alias(self, name: &str, before: Option<&KeyArn>, now: Option<&KeyArn>) {
        if before == now {
            return;
        }
        let (name, before, now) = (name.to_owned(), before.cloned(), now.cloned());
        self.0.spread("an alias", move |world| {
            // The key may have gone before its alias.
            before.map_or(Ok(false), |arn| world.remove_alias(&arn, &name)).or_else(not_there)?;
            now.map_or(Ok(()), |arn| world.put_alias(&arn, &name))
        });
    }

    /// A grant, which counts when it has spread, and at once for who shows its token.
    pub(super) fn grant(self, grant: &Grant) {
        let Some(fact) = of_grant(grant) else {
            tracing::error!(grant = grant.id, "a grant is for nobody who can hold one");
            return;
        };
        if self.0.spreading().is_none() {
            return self.change("a grant", |world| world.put_grant(&grant.key, fact));
        }
        let on_its_way = world::Grant { propagated: Some(false), token: Some(fact.id.clone()), ..fact };
        self.change("a grant", |world| world.put_grant(&grant.key, on_its_way));
        let (key, id) = (grant.key.clone(), grant.id.clone());
        self.0.spread("a grant", move |world| {
            let there = world.key(&key).and_then(|key| key.grants.get(&id)).map(|grant| world::Grant::clone(grant));
            there.map_or(Ok(()), |grant| {
                world.put_grant(&key, world::Grant { propagated: Some(true), token: None, ..grant })
            })
        });
    }

    pub(super) fn grant_gone(self, grant: &Grant) {
        let (key, id) = (grant.key.clone(), grant.id.clone());
        self.0.spread("a grant's end", move |world| world.remove_grant(&key, &id).map(drop));
    }

    fn change(self, what: &str, change: impl FnOnce(&mut World) -> Result<(), ChangeError>) {
        // Keys are told before what belongs to them, so there is nothing that could be missing.
        if let Err(refused) = self.0.change(change) {
            tracing::error!(%refused, "the authorization model was not told of {what}");
        }
    }
}

fn not_there(refused: ChangeError) -> Result<bool, ChangeError> {
    if matches!(refused, ChangeError::Missing { .. }) { Ok(false) } else { Err(refused) }
}

const fn multi_region_type(is_primary: bool) -> &'static str {
    if is_primary { "PRIMARY" } else { "REPLICA" }
}

/// What the key is for, as the model takes it: it needs to know who encrypts symmetrically.
pub(in crate::kms) fn usage(kind: KeyKind) -> world::KeyUsage {
    match kind.usage {
        KeyUsage::EncryptDecrypt if kind.is_symmetric_encryption() => world::KeyUsage::SymmetricEncryption,
        KeyUsage::EncryptDecrypt => world::KeyUsage::AsymmetricEncryption,
        KeyUsage::SignVerify => world::KeyUsage::Signing,
        KeyUsage::GenerateVerifyMac => world::KeyUsage::Mac,
        KeyUsage::KeyAgreement => world::KeyUsage::KeyAgreement,
        KeyUsage::EncapsulateDecapsulate => world::KeyUsage::KeyEncapsulation,
    }
}

/// The state that a key stays in: those that pass by themselves take part in no decision.
fn state(record: &KeyRecord) -> world::KeyState {
    match record.state(Timestamp::MAX) {
        KeyState::Enabled => world::KeyState::Enabled,
        KeyState::Disabled => world::KeyState::Disabled,
        KeyState::PendingDeletion => world::KeyState::PendingDeletion,
        KeyState::PendingReplicaDeletion => world::KeyState::PendingReplicaDeletion,
        KeyState::PendingImport => world::KeyState::PendingImport,
        KeyState::Creating => world::KeyState::Creating,
        KeyState::Updating => world::KeyState::Updating,
        KeyState::Unavailable => world::KeyState::Unavailable,
    }
}

/// The grant as the model takes it; `None` when its grantee is nobody.
pub(in crate::kms) fn of_grant(grant: &Grant) -> Option<world::Grant> {
    let parse = |text: &str| text.parse::<GrantPrincipal>().ok();
    let issuer: Option<Arn> = grant.issuing_account.parse().ok();
    Some(world::Grant {
        id: grant.id.as_str().into(),
        token: None,
        propagated: Some(true),
        name: grant.name.as_deref().map(Into::into),
        grantee: parse(&grant.grantee)?,
        grantee_unique_id: grant.grantee_unique_id.as_deref().map(Into::into),
        retiring: grant.retiring.as_deref().and_then(parse),
        issuing_account: issuer.and_then(|arn| arn.account().parse().ok()),
        operations: grant
            .operations
            .iter()
            .filter_map(|known| world::GrantOperation::of_action(known.as_str()))
            .collect(),
        constraints: grant.constraints.of_model(),
    })
}

impl crate::kms::grants::GrantConstraints {
    /// The constraints as the model takes them.
    pub(in crate::kms) fn of_model(&self) -> world::GrantConstraints {
        let equals = self.encryption_context_equals.clone().map(ContextConstraint::Equals);
        let subset = self.encryption_context_subset.clone().map(ContextConstraint::Subset);
        world::GrantConstraints {
            encryption_context: equals.or(subset),
            source_arn: self.source_arn.as_deref().map(Into::into),
        }
    }
}
