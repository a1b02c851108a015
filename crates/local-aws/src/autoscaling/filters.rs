//! Filters of groups and tags.
//!
//! Source: Amazon EC2 Auto Scaling API Reference, "Filter", "DescribeAutoScalingGroups", "DescribeTags".

use serde::Deserialize;
use serde_json::Value;

use super::{
    call::input,
    fault,
    records::{Group, Tag},
};
use crate::ServiceError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Filter {
    name: Option<String>,
    #[serde(default)]
    values: Vec<String>,
}

/// All of which must let something through.
pub(super) struct Filters(Vec<Filter>);

impl Filters {
    pub(super) fn of(value: &Value) -> Result<Self, ServiceError> {
        match value.get("Filters") {
            Some(filters) => Ok(Self(input(filters.clone())?)),
            None => Ok(Self(Vec::new())),
        }
    }

    /// Refuses filters of other names.
    pub(super) fn known(self, known: &[&str]) -> Result<Self, ServiceError> {
        let other = self.0.iter().map(Filter::name).find(|name| !known.contains(name));
        match other {
            Some(other) => Err(fault::validation(format!("Invalid filter name: {other}"))),
            None => Ok(self),
        }
    }

    pub(super) fn let_group_through(&self, group: &Group) -> bool {
        self.0.iter().all(|filter| match (filter.name(), filter.name().strip_prefix("tag:")) {
            (_, Some(key)) => group.tags.get(key).is_some_and(|tag| filter.has(&tag.value)),
            ("tag-key", _) => group.tags.keys().any(|key| filter.has(key)),
            ("tag-value", _) => group.tags.values().any(|tag| filter.has(&tag.value)),
            _ => false,
        })
    }

    pub(super) fn let_tag_through(&self, group: &Group, key: &str, tag: &Tag) -> bool {
        self.0.iter().all(|filter| match filter.name() {
            "auto-scaling-group" => filter.has(group.name()),
            "key" => filter.has(key),
            "value" => filter.has(&tag.value),
            _ => filter.has(if tag.propagates { "true" } else { "false" }),
        })
    }

    /// The values of the filter of a name.
    pub(super) fn values(&self, name: &str) -> Option<&[String]> {
        self.0.iter().find(|filter| filter.name() == name).map(|filter| filter.values.as_slice())
    }
}

impl Filter {
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    fn has(&self, value: &str) -> bool {
        self.values.iter().any(|known| known == value)
    }
}
