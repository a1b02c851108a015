//! The embedded AWS's CloudTrail: looking events up, and what is set for trails.
//!
//! Every account has its events from the start, as on AWS: the event history needs no trail.
//!
//! Source: AWS CloudTrail API Reference, the page of each operation.

mod authorize;
mod lookup;
mod name;
mod token;
mod trails;

use std::sync::Arc;

use serde_json::Value;

pub(crate) use self::trails::TABLES;
use self::trails::Trails;
use crate::{
    authorization::Authorizer,
    caller::CallContext,
    error::ServiceError,
    operations::Lacks,
    store::{OpenError, Store},
    trail::Trail,
};

/// CloudTrail over the events that were kept.
#[derive(Debug)]
pub(crate) struct CloudTrail {
    trail: Arc<Trail>,
    trails: Trails,
    authorizer: Arc<Authorizer>,
}

impl CloudTrail {
    /// What it answers; the rest of the service is not there.
    pub(crate) const OPERATIONS: &'static [&'static str] = &[
        "CreateTrail",
        "DeleteTrail",
        "DescribeTrails",
        "GetTrail",
        "GetTrailStatus",
        "ListTrails",
        "LookupEvents",
        "StartLogging",
        "StopLogging",
        "UpdateTrail",
    ];

    /// What of them is not there, as `docs/reference/operations.md` tells it.
    pub(crate) const LACKS: Lacks = &[
        ("CreateTrail", "delivery: bucket, topic, log group and key are not looked at; organization trails; tags"),
        ("GetTrailStatus", "delivery, and so its times and errors"),
        ("LookupEvents", "Insights events; events that no longer fit into memory, or of before the process began"),
        ("StartLogging", "delivery"),
        ("UpdateTrail", "delivery: bucket, topic, log group and key are not looked at; organization trails"),
    ];

    /// Over the events of `trail` and the trails that the store kept.
    ///
    /// # Errors
    /// [`OpenError`] when the store cannot be read or is damaged.
    pub(crate) fn open(store: Store, trail: Arc<Trail>, authorizer: Arc<Authorizer>) -> Result<Self, OpenError> {
        Ok(Self { trail, trails: Trails::open(store)?, authorizer })
    }

    /// Answers an operation. `input` was decoded and validated.
    pub(crate) async fn call(
        &self,
        context: &CallContext<'_>,
        operation: &str,
        input: Value,
    ) -> Result<Value, ServiceError> {
        self.authorize(context, operation, &input)?;
        let answer = match operation {
            "LookupEvents" => return self.lookup_events(context, input).await,
            "CreateTrail" => self.trails.create(context, input),
            "DeleteTrail" => self.trails.delete(context, input),
            "DescribeTrails" => self.trails.describe(context, input),
            "GetTrail" => self.trails.get(context, input),
            "GetTrailStatus" => self.trails.status(context, input),
            "ListTrails" => Ok(self.trails.list(context)),
            "StartLogging" => self.trails.log(context, input, true),
            "StopLogging" => self.trails.log(context, input, false),
            "UpdateTrail" => self.trails.update(context, input),
            other => Err(unsupported(other)),
        };
        self.trails.durable().await?;
        answer
    }
}

fn unsupported(operation: &str) -> ServiceError {
    let message = format!("{operation} is not supported by the embedded AWS.");
    ServiceError::new("UnsupportedOperationException", message)
}
