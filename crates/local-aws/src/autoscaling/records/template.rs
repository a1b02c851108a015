//! What a group launches by.

use serde::{Deserialize, Serialize};

/// A launch template and its version, as they were named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::autoscaling) struct Specification {
    pub(in crate::autoscaling) id: String,
    pub(in crate::autoscaling) name: String,
    pub(in crate::autoscaling) version: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::autoscaling) enum Template {
    Single(Specification),
    Mixed { specification: Specification, overrides: Vec<Override>, distribution: Distribution },
}

/// An override of a mixed instances policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::autoscaling) struct Override {
    pub(in crate::autoscaling) kind: Option<String>,
    /// How many units of capacity one instance is.
    pub(in crate::autoscaling) weight: Option<i64>,
    pub(in crate::autoscaling) specification: Option<Specification>,
}

/// How on-demand and Spot instances share a group.
///
/// Source: Amazon EC2 Auto Scaling API Reference, "InstancesDistribution".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::autoscaling) struct Distribution {
    pub(in crate::autoscaling) on_demand_strategy: String,
    pub(in crate::autoscaling) on_demand_base: i64,
    pub(in crate::autoscaling) on_demand_percentage: i64,
    pub(in crate::autoscaling) spot_strategy: String,
    pub(in crate::autoscaling) spot_pools: Option<i64>,
    pub(in crate::autoscaling) spot_max_price: Option<String>,
}

/// One thing that a group can launch.
#[derive(Clone, Debug)]
pub(in crate::autoscaling) struct Choice {
    pub(in crate::autoscaling) specification: Specification,
    pub(in crate::autoscaling) kind: Option<String>,
    pub(in crate::autoscaling) weight: Option<i64>,
}

impl Template {
    /// What can be launched, in the order in which it is tried.
    pub(in crate::autoscaling) fn choices(&self) -> Vec<Choice> {
        match self {
            Self::Single(specification) => {
                vec![Choice { specification: specification.clone(), kind: None, weight: None }]
            }
            Self::Mixed { specification, overrides, .. } if overrides.is_empty() => {
                vec![Choice { specification: specification.clone(), kind: None, weight: None }]
            }
            Self::Mixed { specification, overrides, .. } => overrides
                .iter()
                .map(|over| Choice {
                    specification: over.specification.as_ref().unwrap_or(specification).clone(),
                    kind: over.kind.clone(),
                    weight: over.weight,
                })
                .collect(),
        }
    }

    /// How many units of a capacity are to be on demand.
    pub(in crate::autoscaling) fn on_demand(&self, capacity: i64) -> i64 {
        match self {
            Self::Single(_) => capacity,
            Self::Mixed { distribution, .. } => {
                let base = distribution.on_demand_base.clamp(0, capacity.max(0));
                let above = (capacity - base).max(0) * distribution.on_demand_percentage.clamp(0, 100);
                // What is no whole instance is one on demand.
                base + (above + 99) / 100
            }
        }
    }
}
