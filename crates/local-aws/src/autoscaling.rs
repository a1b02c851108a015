//! The embedded AWS's Auto Scaling: groups that are kept at their size by the service-linked role of their account.
//!
//! ```text
//!   call ------> groups, capacity, instances, activities, tags       one file for each family of operations
//!     |             |
//!     |          authorize                                           who may
//!     |             |
//!     +--------> state: groups and what has been done for them <----- work: launches, health, shrinking
//!                   |                                                  |
//!                 store                                               EC2, as the role
//! ```
//!
//! A call changes what a group should be. What follows from it is done beside all calls: whoever looks at anything lets it
//! happen first ([`AutoScaling::catch_up`]), by the clock that tests can move.
//!
//! Sources: Amazon EC2 Auto Scaling API Reference, the page of each operation; Amazon EC2 Auto Scaling User Guide; messages as
//! the service sends them, as far as people quote them.

mod activities;
mod authorize;
mod call;
mod capacity;
mod config;
mod fault;
mod filters;
mod groups;
mod instances;
mod of_node_groups;
mod records;
mod role;
mod state;
mod tags;
mod work;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::{CallContext, ServiceError, accounts::Accounts, ec2::Ec2, iam::Iam, operations::Lacks, trail::Trail};

use call::Call;
pub(crate) use of_node_groups::GroupNow;
pub(crate) use state::{State, TABLES};

/// Auto Scaling, as every account sees it. Clones share their state.
#[derive(Clone, Debug)]
pub(crate) struct AutoScaling(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: State,
    ec2: Ec2,
    iam: Iam,
    accounts: Arc<Accounts>,
    trail: Arc<Trail>,
    /// Held by who changes groups, from what it has seen of them to what it makes of them.
    working: Mutex<()>,
}

impl AutoScaling {
    /// The groups of a state, with all that keeps them at their size.
    pub(crate) fn new(state: State, ec2: Ec2, iam: Iam, accounts: Arc<Accounts>, trail: Arc<Trail>) -> Self {
        Self(Arc::new(Inner { state, ec2, iam, accounts, trail, working: Mutex::new(()) }))
    }

    /// Lets happen what groups have to do by now.
    pub(crate) async fn catch_up(&self, now: Timestamp) {
        let now = call::to_millisecond(now);
        if self.0.state.read().due(now).is_none() {
            return;
        }
        let _working = self.0.working.lock().await;
        loop {
            let due = self.0.state.read().due(now);
            let Some(group) = due else { return };
            work::on(&self.0, &group, now).await;
        }
    }
}

/// The operations that are answered, by what, and what of them is not there. Those without a handler ask other services.
macro_rules! operations {
    ($($name:literal $(=> $handler:path)?, $(lacks $lacks:literal,)?)*) => {
        impl AutoScaling {
            /// The names of the operations that [`call`](Self::call) answers.
            pub(crate) const OPERATIONS: &'static [&'static str] = &[$($name),*];

            /// What of them is not there, as `docs/reference/operations.md` tells it.
            pub(crate) const LACKS: Lacks = &[$($(($name, $lacks),)?)*];

            fn at_once(call: &Call<'_>, operation: &str, input: Value) -> Result<Value, ServiceError> {
                match operation {
                    $($($name => $handler(call, input),)?)*
                    other => Err(fault::unsupported(other)),
                }
            }
        }
    };
}

impl AutoScaling {
    /// Answers one operation. `input` was decoded and validated.
    pub(crate) async fn call(
        &self,
        ctx: &CallContext<'_>,
        operation: &str,
        input: Value,
    ) -> Result<Value, ServiceError> {
        let call = Call { ctx, all: &self.0 };
        let input = config::completed(input);
        authorize::authorize(&call, operation, &input)?;
        let _working = match operation.starts_with("Describe") {
            true => None,
            false => Some(self.0.working.lock().await),
        };
        match operation {
            "CreateAutoScalingGroup" => groups::create(&call, input).await,
            "UpdateAutoScalingGroup" => groups::update(&call, input).await,
            "TerminateInstanceInAutoScalingGroup" => capacity::terminate(&call, input).await,
            _ => Self::at_once(&call, operation, input),
        }
    }
}

operations! {
    "CreateAutoScalingGroup",
        lacks "launch configurations, and groups made from an instance; load balancers, lifecycle hooks, placement groups, \
               capacity reservations, instance requirements; prices, so that the overrides of a mixed instances policy are \
               taken in their order; suspension after a day of failures",
    "CreateOrUpdateTags" => tags::create_or_update,
    "DeleteAutoScalingGroup" => groups::delete,
    "DeleteTags" => tags::delete,
    "DescribeAutoScalingGroups" => groups::describe,
    "DescribeAutoScalingInstances" => instances::describe,
    "DescribeScalingActivities" => activities::describe,
        lacks "activities but the newest 1,000 of an account in a region",
    "DescribeTags" => tags::describe,
    "SetDesiredCapacity" => capacity::set_desired,
    "TerminateInstanceInAutoScalingGroup",
        lacks "`InstanceIds`",
    "UpdateAutoScalingGroup",
        lacks "what `CreateAutoScalingGroup` lacks; instance refreshes, warm pools and scaling policies",
}
