//! What Auto Scaling keeps, as rows have it.

mod activity;
mod group;
mod template;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(super) use activity::{Activity, Status};
pub(super) use group::{Group, Lifecycle, Member, Settings};
pub(super) use template::{Choice, Distribution, Override, Specification, Template};

/// A tag of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Tag {
    pub(super) value: String,
    /// Whether instances that are launched get it.
    pub(super) propagates: bool,
}

/// The tags of a group, by their keys.
pub(super) type Tags = BTreeMap<String, Tag>;
