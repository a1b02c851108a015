//! EC2 Fleets.

use aws_model::{AccountId, Region};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How long a fleet is told of that is deleted, or was instant.
///
/// Source: Amazon EC2 User Guide, "Delete an EC2 Fleet": it stays visible; for how long is assumed to be as for its history
/// ("Describe EC2 Fleet history": 48 hours).
const TOLD_FOR: SignedDuration = SignedDuration::from_hours(48);

/// How many events of a fleet are kept.
const MOST_EVENTS: usize = 1000;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct Fleet {
    pub(in crate::ec2) id: String,
    pub(in crate::ec2) owner: AccountId,
    pub(in crate::ec2) region: Region,
    pub(in crate::ec2) kind: FleetKind,
    pub(in crate::ec2) client_token: Option<String>,
    pub(in crate::ec2) created: Timestamp,
    /// As it was asked for, or changed since.
    pub(in crate::ec2) asked: Value,
    pub(in crate::ec2) target: Target,
    /// Those that it launched and that are not replaced.
    pub(in crate::ec2) instances: Vec<FleetInstance>,
    /// What an instant fleet answered.
    pub(in crate::ec2) answer: Option<Value>,
    pub(in crate::ec2) history: Vec<FleetEvent>,
    /// How often it was filled.
    pub(in crate::ec2) fills: u64,
    /// When it is looked at again: an instance ends, something failed, or its instances are yet to be ended.
    pub(in crate::ec2) due: Option<Timestamp>,
    /// How many launches failed since the last that did not.
    pub(in crate::ec2) failures: u32,
    pub(in crate::ec2) deletion: Option<Deletion>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::ec2) enum FleetKind {
    Instant,
    Request,
    Maintain,
}

/// How many instances there are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ec2) struct Target {
    pub(in crate::ec2) on_demand: u32,
    pub(in crate::ec2) spot: u32,
    pub(in crate::ec2) default_is_spot: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct FleetInstance {
    pub(in crate::ec2) id: String,
    pub(in crate::ec2) is_spot: bool,
    pub(in crate::ec2) kind: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct FleetEvent {
    pub(in crate::ec2) at: Timestamp,
    /// `instance-change`, `fleet-change` or `service-error`.
    pub(in crate::ec2) kind: String,
    pub(in crate::ec2) sub: String,
    pub(in crate::ec2) instance: Option<String>,
    pub(in crate::ec2) description: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::ec2) struct Deletion {
    pub(in crate::ec2) at: Timestamp,
    /// When the instances are gone that it terminates. There is none as long as they are not ended, and of a fleet whose instances
    /// run on.
    pub(in crate::ec2) terminated: Option<Timestamp>,
}

impl FleetKind {
    pub(in crate::ec2) const fn name(self) -> &'static str {
        match self {
            Self::Instant => "instant",
            Self::Request => "request",
            Self::Maintain => "maintain",
        }
    }
}

impl Target {
    pub(in crate::ec2) const fn total(self) -> u32 {
        self.on_demand.saturating_add(self.spot)
    }
}

impl Fleet {
    /// Source: Amazon EC2 API Reference, "FleetData" > `fleetState`.
    pub(in crate::ec2) fn state(&self, now: Timestamp) -> &'static str {
        match &self.deletion {
            None => "active",
            Some(Deletion { terminated: Some(at), .. }) if now < *at => "deleted_terminating",
            Some(Deletion { terminated: None, .. }) if self.due.is_some() => "deleted_terminating",
            Some(Deletion { terminated: None, .. }) if !self.instances.is_empty() => "deleted_running",
            Some(_) => "deleted",
        }
    }

    /// When it is not told of any more.
    pub(in crate::ec2) fn forgotten(&self) -> Option<Timestamp> {
        let instant = (self.kind == FleetKind::Instant).then_some(self.created);
        let ended = self.deletion.as_ref().map(|deletion| deletion.at).or(instant)?;
        ended.checked_add(TOLD_FOR).ok()
    }

    pub(in crate::ec2) fn note(&mut self, at: Timestamp, kind: &str, sub: &str, instance: Option<&str>, text: String) {
        self.history.push(FleetEvent {
            at,
            kind: kind.to_owned(),
            sub: sub.to_owned(),
            instance: instance.map(str::to_owned),
            description: text,
        });
        let too_many = self.history.len().saturating_sub(MOST_EVENTS);
        self.history.drain(..too_many);
    }
}
