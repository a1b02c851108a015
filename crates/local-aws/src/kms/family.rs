//! What all regions of one key share: its material and its rotation.

use std::{collections::BTreeSet, sync::Arc};

use arc_swap::ArcSwap;
use aws_model::Region;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    key_id::MaterialId,
    kind::KeyKind,
    material::{Material, MaterialRecord},
};
use crate::{sealing::SealingKey, store::Ticket};

/// One key, in every region where it has a replica. A single-Region key is a family of one.
///
/// Source: AWS KMS Developer Guide, "Multi-Region keys in AWS KMS", section "Shared properties".
#[derive(Debug)]
pub(super) struct Family {
    pub(super) kind: KeyKind,
    /// What authenticates the family's tokens, where its first material cannot: where that is no symmetric one of AWS's.
    secret: Option<SealingKey>,
    state: ArcSwap<FamilyState>,
}

/// A family at one moment. Never changed; replaced.
#[derive(Clone, Debug)]
pub(super) struct FamilyState {
    pub(super) record: FamilyRecord,
    /// Oldest first; as many as the record names; never empty unless they are imported.
    pub(super) materials: Vec<Arc<Material>>,
    /// There if the record has one.
    pub(super) pending: Option<Arc<Material>>,
    /// When this moment is durable, so may be told.
    pub(super) ticket: Ticket,
}

/// The part of a family that is kept as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct FamilyRecord {
    /// A symmetric key with material of AWS's where the row was written before there were others.
    #[serde(default)]
    pub(super) kind: KeyKind,
    pub(super) primary: Region,
    pub(super) regions: BTreeSet<Region>,
    pub(super) rotation: Option<Rotation>,
    pub(super) on_demand_rotations: u32,
    pub(super) materials: Vec<MaterialRecord>,
    /// Imported material to which the key has yet to be rotated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pending: Option<MaterialRecord>,
}

/// Automatic rotation, while it is enabled.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Rotation {
    #[serde(rename = "period_days")]
    pub(super) period: RotationPeriod,
    pub(super) next: Timestamp,
}

/// Days between rotations. Never so few that catching up with the clock would not end.
///
/// Source: AWS KMS API Reference, "EnableKeyRotation", `RotationPeriodInDays`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub(super) struct RotationPeriod(i64);

/// There is no such rotation period.
#[derive(Debug, thiserror::Error)]
#[error(
    "a rotation period of {days} days is not one of {} to {} days",
    RotationPeriod::SHORTEST,
    RotationPeriod::LONGEST
)]
pub(super) struct InvalidRotationPeriod {
    days: i64,
}

impl RotationPeriod {
    /// What EnableKeyRotation takes where nobody says.
    pub(super) const USUAL: Self = Self(365);
    const SHORTEST: i64 = 90;
    const LONGEST: i64 = 2560;

    pub(super) fn days(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for RotationPeriod {
    type Error = InvalidRotationPeriod;

    fn try_from(days: i64) -> Result<Self, Self::Error> {
        if (Self::SHORTEST..=Self::LONGEST).contains(&days) {
            Ok(Self(days))
        } else {
            Err(InvalidRotationPeriod { days })
        }
    }
}

impl From<RotationPeriod> for i64 {
    fn from(period: RotationPeriod) -> Self {
        period.0
    }
}

impl Rotation {
    pub(super) fn starting(now: Timestamp, period: RotationPeriod) -> Self {
        Self { period, next: days_after(now, period.days()) }
    }

    /// When it happens next; never, if that would be at the end of time or beyond.
    pub(super) fn due(self) -> Option<Timestamp> {
        (self.next < Timestamp::MAX).then_some(self.next)
    }
}

impl Family {
    pub(super) fn new(secret: Option<SealingKey>, state: FamilyState) -> Self {
        Self { kind: state.record.kind, secret, state: ArcSwap::from_pointee(state) }
    }

    pub(super) fn now(&self) -> Arc<FamilyState> {
        self.state.load_full()
    }

    pub(super) fn replace(&self, state: FamilyState) {
        self.state.store(Arc::new(state));
    }

    /// Does something with the key of the family's tokens, which every replica shares and rotation keeps.
    pub(super) fn with_token_key<R>(&self, with: impl FnOnce(&SealingKey) -> R) -> Option<R> {
        match &self.secret {
            Some(secret) => Some(with(secret)),
            None => self.now().materials.first().and_then(|first| first.symmetric()).map(with),
        }
    }
}

impl FamilyState {
    /// The material that seals.
    pub(super) fn current(&self) -> Option<&Arc<Material>> {
        self.materials.last()
    }

    pub(super) fn material(&self, id: MaterialId) -> Option<&Arc<Material>> {
        // The newest is the likeliest.
        self.materials.iter().rev().find(|material| material.id == id)
    }
}

/// A moment so many days later; at the end of time, the end of time.
pub(super) fn days_after(from: Timestamp, days: i64) -> Timestamp {
    from.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_beyond_the_end_of_time_is_never_due() {
        let days_before_the_end = |days: i64| Timestamp::MAX - SignedDuration::from_hours(24 * days);
        let period = RotationPeriod::try_from(90).unwrap();
        assert_eq!(Rotation::starting(days_before_the_end(91), period).due(), Some(days_before_the_end(1)));
        assert_eq!(Rotation::starting(days_before_the_end(90), period).due(), None);
        assert_eq!(Rotation::starting(Timestamp::MAX, period).due(), None);
    }

    #[test]
    fn a_row_that_tells_no_kind_is_of_a_symmetric_key_with_material_of_awss() {
        let row = r#"{"primary": "us-east-1", "regions": ["us-east-1"], "rotation": null, "on_demand_rotations": 0,
            "materials": []}"#;
        let record: FamilyRecord = serde_json::from_str(row).unwrap();
        assert_eq!(record.kind, KeyKind::default());
        assert!(record.kind.is_symmetric_encryption() && !record.kind.is_imported());
    }
}
