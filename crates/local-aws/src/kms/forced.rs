//! Keys that change state on request, though nobody called; and which keys a call is on, before anybody looks whether it
//! may.

use std::sync::Arc;

use aws_model::KeyArn;
use jiff::Timestamp;
use serde_json::Value;

use super::{
    Kms, authorize,
    call::Call,
    key::{Deletion, Key, KeyRecord},
    lifecycle, rotation,
    state::Change,
};
use crate::{
    CallContext,
    faults::{ForcedState, KeyPattern, NamedKey},
};

/// A key that was put into a state on request.
#[derive(Clone, Debug)]
pub(crate) struct Forced {
    key: KeyArn,
    before: Standing,
    made: Standing,
}

/// What of a key its forced state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    enabled: bool,
    deletion: Option<Deletion>,
    unavailable: bool,
}

impl Standing {
    fn of(record: &KeyRecord) -> Self {
        Self { enabled: record.enabled, deletion: record.deletion, unavailable: record.unavailable }
    }

    fn is_in_use(self) -> bool {
        self.enabled && self.deletion.is_none()
    }
}

/// Makes a key stand so.
fn stand(mut change: Change<'_>, key: &Arc<Key>, record: &KeyRecord, standing: Standing, now: Timestamp) {
    let Standing { enabled, deletion, unavailable } = standing;
    let was_in_use = Standing::of(record).is_in_use();
    change.key(key, KeyRecord { enabled, deletion, unavailable, ..record.clone() });
    let is_made_up = match standing.is_in_use() && !was_in_use {
        true => rotation::make_up(now, &mut change, key),
        false => Ok(()),
    };
    if let Err(failed) = is_made_up {
        tracing::error!(key = %key.arn, %failed, "a key that was enabled on request was not rotated");
    }
    change.commit();
}

impl Kms {
    /// The keys that a call is on, as far as they are there.
    pub(crate) fn keys_of(&self, ctx: &CallContext<'_>, operation: &str, input: &Value) -> Vec<NamedKey> {
        let call = Call::new(ctx, &self.state, operation, None);
        authorize::keys(&call, operation, input).iter().map(|key| self.named(key)).collect()
    }

    /// Grows whenever a key may have come to be meant that was not.
    pub(crate) fn changes_of_names(&self) -> u64 {
        self.state.changes_of_names()
    }

    /// Puts the customer's keys that are meant into a state, as an operation would that somebody calls.
    pub(crate) fn force(&self, keys: &KeyPattern, state: ForcedState, now: Timestamp) -> Vec<Forced> {
        let meant = self.state.keys().into_iter().filter(|key| keys.fits(&self.named(key)));
        meant.filter_map(|key| self.force_one(&key, state, now)).collect()
    }

    /// Puts a key back as it was. One that somebody changed meanwhile is as they want it.
    pub(crate) fn put_back(&self, forced: &Forced, now: Timestamp) {
        let Some(key) = self.state.key_at(&forced.key) else { return };
        let change = Change::begin(&self.state);
        let record = key.now().record.clone();
        if Standing::of(&record) == forced.made {
            stand(change, &key, &record, forced.before, now);
        }
    }

    fn force_one(&self, key: &Arc<Key>, state: ForcedState, now: Timestamp) -> Option<Forced> {
        let change = Change::begin(&self.state);
        let record = key.now().record.clone();
        if record.aws_managed {
            return None;
        }
        let before = Standing::of(&record);
        let made = Standing { unavailable: false, deletion: None, ..before };
        let made = match state {
            ForcedState::Enabled => Standing { enabled: true, ..made },
            ForcedState::Disabled => Standing { enabled: false, ..made },
            ForcedState::Unavailable => Standing { unavailable: true, ..made },
            ForcedState::PendingDeletion => {
                let deletion = lifecycle::deletion(key, now, lifecycle::USUAL_WINDOW_DAYS);
                Standing { deletion: before.deletion.or(Some(deletion)), ..made }
            }
        };
        stand(change, key, &record, made, now);
        Some(Forced { key: key.arn.clone(), before, made })
    }

    fn named(&self, key: &Key) -> NamedKey {
        let realm = self.state.realm(key.account(), key.region());
        let aliases =
            realm.map(|realm| realm.aliases().of_key_after(key.id, None).map(|(name, _)| name.to_owned()).collect());
        NamedKey { arn: key.arn.clone(), aliases: aliases.unwrap_or_default() }
    }
}
