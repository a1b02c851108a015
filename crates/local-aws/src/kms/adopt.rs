//! Keys of a world that was given: made with their ARNs, policies, states, tags, aliases and grants.

use std::{collections::BTreeMap, sync::Arc};

use authz::world;
use aws_model::KeyArn;
use jiff::Timestamp;

use super::{
    Kms,
    family::days_after,
    grants::{Grant, GrantConstraints, GrantOperation},
    key::{Deletion, Key, KeyRecord, Passing, PassingState},
    key_id::KeyId,
    kind::KeyKind,
    material::{self, MaterialError},
    state::{Alias, Change},
};
use crate::store::WriteFailed;

/// How long a key that is to be pending deletion still has.
const WINDOW_DAYS: i64 = 30;

/// A key of a given world cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum UnfitKey {
    /// The state has it already.
    #[error(
        "the world file has the key `{0}`, and so has the state: a key is made once. Start without the world file, or \
         take the key out of it, or take a new state"
    )]
    Twice(KeyArn),
    /// The KMS here makes no such ids.
    #[error(
        "the world file's key `{0}` has an id that no key has: a UUID in lower case, or `mrk-` and 32 hexadecimal digits"
    )]
    Id(KeyArn),
    /// The KMS here has no such keys.
    #[error("the world file's key `{key}` cannot be made: {what} is not supported by the embedded AWS")]
    Unsupported {
        /// Which key.
        key: KeyArn,
        /// What it has.
        what: &'static str,
    },
    /// An alias stands for two keys.
    #[error("the world file's alias `{alias}` stands for `{key}` and for another key of its account and region")]
    Alias {
        /// The alias.
        alias: String,
        /// One of the keys.
        key: KeyArn,
    },
    /// Its material could not be made.
    #[error(
        "the material of the world file's keys could not be made: the operating system's random generator or the cipher \
         failed"
    )]
    Material,
    /// It could not be kept.
    #[error(transparent)]
    NotKept(#[from] WriteFailed),
}

impl Kms {
    /// Makes the keys of a given world, and waits until they would survive a kill.
    pub(crate) async fn adopt(&self, mut keys: Vec<world::Key>, now: Timestamp) -> Result<(), UnfitKey> {
        // A primary key before its replicas, which share its material; the first region where nobody says.
        keys.sort_by_key(|key| (key.arn.key_id().to_owned(), !is_primary(key), key.arn.region().clone()));
        for key in &keys {
            self.adopt_one(key, now)?;
        }
        self.state.store().durable(self.state.store().newest()).await?;
        Ok(())
    }

    fn adopt_one(&self, given: &world::Key, now: Timestamp) -> Result<(), UnfitKey> {
        let state = &*self.state;
        let arn = &given.arn;
        let id: KeyId = arn.key_id().parse().map_err(|_| UnfitKey::Id(arn.clone()))?;
        if state.key_at(arn).is_some() {
            return Err(UnfitKey::Twice(arn.clone()));
        }
        if given.usage != world::KeyUsage::SymmetricEncryption {
            return Err(UnfitKey::Unsupported { key: arn.clone(), what: "a usage other than SymmetricEncryption" });
        }
        // A grant counts here as soon as it is made.
        if given.grants.iter().any(|grant| grant.propagated != Some(true)) {
            return Err(UnfitKey::Unsupported { key: arn.clone(), what: "a grant that may not have spread yet" });
        }
        let record = record(given, now)?;
        let mut change = Change::begin(state);
        match state.anywhere(arn.account(), id) {
            Some(primary) => {
                let mut family = primary.family.now().record.clone();
                family.regions.insert(arn.region().clone());
                change.family(&primary, family);
                change.new_replica(id, Arc::clone(&primary.family), record);
            }
            None => {
                let kind = KeyKind::default();
                let secret = material::generate(kind.spec).map_err(|_: MaterialError| UnfitKey::Material)?;
                change.new_key(id, record, kind, Some(secret)).map_err(|_: MaterialError| UnfitKey::Material)?;
            }
        }
        change.commit();
        let Some(key) = state.key_at(arn) else { return Ok(()) };
        // The ids that the policy was saved with, and what else only the world tells, stay as they were given.
        state.authorizer().change(|world| {
            let _ = world.put_key(world::Key {
                aliases: Default::default(),
                grants: Default::default(),
                attributes: attributes(world, given),
                ..given.clone()
            });
        });
        self.adopt_belongings(&key, given, now)
    }

    fn adopt_belongings(&self, key: &Arc<Key>, given: &world::Key, now: Timestamp) -> Result<(), UnfitKey> {
        let state = &*self.state;
        let mut change = Change::begin(state);
        for name in &given.aliases {
            if state.alias(key.account(), key.region(), name).is_some() {
                return Err(UnfitKey::Alias { alias: name.to_string(), key: key.arn.clone() });
            }
            let alias = Alias { target: key.arn.clone(), created: now, updated: now, ticket: Default::default() };
            change.alias((key.account(), key.region().clone()), name, Some(alias));
        }
        for grant in given.grants.iter() {
            change.grant(key, of_world(grant, &key.arn, now));
        }
        change.commit();
        Ok(())
    }
}

fn is_primary(key: &world::Key) -> bool {
    key.attributes.get("kms:multiregionkeytype").is_none_or(|kind| &**kind != "REPLICA")
}

/// What KMS tells of the key, over what the world does.
fn attributes(world: &world::World, given: &world::Key) -> BTreeMap<Box<str>, Box<str>> {
    let mut attributes = world.key(&given.arn).map(|key| key.attributes.clone()).unwrap_or_default();
    attributes.extend(given.attributes.clone());
    attributes
}

fn record(given: &world::Key, now: Timestamp) -> Result<KeyRecord, UnfitKey> {
    use world::KeyState::{
        Creating, Disabled, Enabled, PendingDeletion, PendingImport, PendingReplicaDeletion, Unavailable, Updating,
    };
    let unsupported = |what| UnfitKey::Unsupported { key: given.arn.clone(), what };
    let passing = |state| Some(Passing { state, until: Timestamp::MAX });
    let deletion = |date| Some(Deletion { window_days: WINDOW_DAYS, date });
    let (enabled, deletion, passing) = match given.state.unwrap_or(Enabled) {
        Enabled | Unavailable => (true, None, None),
        Disabled => (false, None, None),
        PendingDeletion => (false, deletion(Some(days_after(now, WINDOW_DAYS))), None),
        PendingReplicaDeletion => (false, deletion(None), None),
        Creating => (true, None, passing(PassingState::Creating)),
        Updating => (true, None, passing(PassingState::Updating)),
        PendingImport => return Err(unsupported("the state PendingImport, of imported key material,")),
    };
    Ok(KeyRecord {
        arn: given.arn.clone(),
        created: now,
        description: String::new(),
        enabled,
        deletion,
        passing,
        policy: given.policy.clone().into(),
        tags: given.tags.clone(),
        aws_managed: given.manager == world::KeyManager::Aws,
        imports: BTreeMap::new(),
        awaits_import: false,
        unavailable: given.state == Some(Unavailable),
    })
}

fn of_world(given: &world::Grant, key: &KeyArn, now: Timestamp) -> Grant {
    let principal = |principal: &world::GrantPrincipal| match principal {
        world::GrantPrincipal::Account(account) => format!("arn:{}:iam::{account}:root", key.region().partition()),
        other => other.to_string(),
    };
    let issuer = given.issuing_account.unwrap_or_else(|| key.account());
    let (equals, subset) = match given.constraints.encryption_context.clone() {
        Some(world::ContextConstraint::Equals(pairs)) => (Some(pairs), None),
        Some(world::ContextConstraint::Subset(pairs)) => (None, Some(pairs)),
        None => (None, None),
    };
    Grant {
        id: given.id.to_string(),
        key: key.clone(),
        name: given.name.as_deref().map(str::to_owned),
        created: now,
        grantee: principal(&given.grantee),
        grantee_unique_id: given.grantee_unique_id.as_deref().map(str::to_owned),
        retiring: given.retiring.as_ref().map(principal),
        issuing_account: principal(&world::GrantPrincipal::Account(issuer)),
        operations: given.operations.iter().filter_map(|operation| GrantOperation::named(operation.as_str())).collect(),
        constraints: GrantConstraints {
            encryption_context_equals: equals,
            encryption_context_subset: subset,
            source_arn: given.constraints.source_arn.as_deref().map(str::to_owned),
        },
        ticket: Default::default(),
    }
}
