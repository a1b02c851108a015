//! Keys that change state on request, though nobody called; and which keys a call is on, before anybody looks whether it
//! may.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Kms, authorize,
    call::Call,
    key::{Key, KeyRecord},
    lifecycle, rotation,
};
use crate::{
    CallContext,
    faults::{ForcedState, KeyPattern, NamedKey},
};

impl Kms {
    /// The keys that a call is on, as far as they are there.
    pub(crate) fn keys_of(&self, ctx: &CallContext<'_>, operation: &str, input: &Value) -> Vec<NamedKey> {
        let call = Call::new(ctx, &self.state, operation, None);
        authorize::keys(&call, operation, input).iter().map(|key| self.named(key)).collect()
    }

    /// Puts the customer's keys that are meant into a state, as an operation would that somebody calls.
    pub(crate) fn force(&self, keys: &KeyPattern, state: ForcedState, now: Timestamp) {
        self.state.catch_up(now);
        let meant = self.state.keys().into_iter().filter(|key| keys.fits(&self.named(key)));
        for key in meant {
            self.force_one(&key, state, now);
        }
    }

    fn force_one(&self, key: &Arc<Key>, state: ForcedState, now: Timestamp) {
        let mut change = super::state::Change::begin(&self.state);
        let before = key.now().record.clone();
        if before.aws_managed {
            return;
        }
        let made = KeyRecord { unavailable: false, deletion: None, ..before.clone() };
        let made = match state {
            ForcedState::Enabled => KeyRecord { enabled: true, ..made },
            ForcedState::Disabled => KeyRecord { enabled: false, ..made },
            ForcedState::Unavailable => KeyRecord { unavailable: true, ..made },
            ForcedState::PendingDeletion => {
                let deletion = lifecycle::deletion(key, now, lifecycle::USUAL_WINDOW_DAYS);
                KeyRecord { deletion: before.deletion.or(Some(deletion)), ..made }
            }
        };
        let was_disabled = !before.enabled || before.deletion.is_some();
        change.key(key, made);
        let is_made_up = match state == ForcedState::Enabled && was_disabled {
            true => rotation::make_up(now, &mut change, key),
            false => Ok(()),
        };
        if let Err(failed) = is_made_up {
            tracing::error!(key = %key.arn, %failed, "a key that was enabled on request was not rotated");
        }
        change.commit();
    }

    fn named(&self, key: &Key) -> NamedKey {
        let realm = self.state.realm(key.account(), key.region());
        let aliases =
            realm.map(|realm| realm.aliases().of_key_after(key.id, None).map(|(name, _)| name.to_owned()).collect());
        NamedKey { arn: key.arn.clone(), aliases: aliases.unwrap_or_default() }
    }
}
