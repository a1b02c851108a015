//! The embedded AWS's Simple Queue Service: standard queues, as far as a queue of interruptions goes.
//!
//! ```text
//!   call ------> queues, messages       one file for each family of operations
//!     |             |
//!     |          authorize              who may: identities, and the queue's own policy
//!     |             |
//!     +--------> state -----> store
//!                   ^
//!   EC2 --> heard --'                   what becomes of instances, put into queues as EventBridge puts it
//! ```
//!
//! Sources: Amazon SQS API Reference, the page of each operation; Amazon SQS Developer Guide.

mod attributes;
mod authorize;
mod digest;
mod fault;
mod heard;
mod messages;
mod queues;
mod state;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

pub(crate) use fault::invalid;
pub(crate) use heard::StateChange;
use state::Name;
pub(crate) use state::{State, TABLES};

use crate::{CallContext, ServiceError, clock::Clock, operations::Lacks};

/// SQS, as every account sees it. Clones share their queues.
#[derive(Clone, Debug)]
pub(crate) struct Sqs {
    state: Arc<State>,
    clock: Clock,
}

/// One call.
struct Call<'a> {
    ctx: &'a CallContext<'a>,
    sqs: &'a Sqs,
}

impl Sqs {
    pub(crate) fn new(state: State, clock: Clock) -> Self {
        Self { state: Arc::new(state), clock }
    }

    /// Ends the waiting of those who wait for messages: with none.
    pub(crate) fn stop(&self) {
        self.state.stops.send_replace(true);
    }

    /// Answers one operation. `input` was decoded and validated.
    pub(crate) async fn call(
        &self,
        ctx: &CallContext<'_>,
        operation: &str,
        input: Value,
    ) -> Result<Value, ServiceError> {
        let call = Call { ctx, sqs: self };
        authorize::authorize(&call, operation, &input)?;
        let answer = match operation {
            "ReceiveMessage" => messages::receive(&call, input).await,
            _ => Self::at_once(&call, operation, input),
        };
        self.state.store.durable(self.state.store.newest()).await.map_err(|_| fault::internal())?;
        answer
    }
}

/// The operations that are answered, by what, and what of them is not there. The one without a handler waits.
macro_rules! operations {
    ($($name:literal $(=> $handler:path)?, $(lacks $lacks:literal,)?)*) => {
        impl Sqs {
            /// The names of the operations that [`call`](Self::call) answers.
            pub(crate) const OPERATIONS: &'static [&'static str] = &[$($name),*];

            /// What of them is not there, as `docs/reference/operations.md` tells it.
            pub(crate) const LACKS: Lacks = &[$($(($name, $lacks),)?)*];

            fn at_once(call: &Call<'_>, operation: &str, input: Value) -> Result<Value, ServiceError> {
                match operation {
                    $($($name => $handler(call, input),)?)*
                    other => Err(fault::unsupported(format!("{other} is not supported by the embedded AWS."))),
                }
            }
        }
    };
}

operations! {
    "ChangeMessageVisibility" => messages::change_visibility,
    "CreateQueue" => queues::create,
        lacks "FIFO queues, dead-letter queues, keys of KMS's; tags; the wait after a queue of the same name was deleted",
    "DeleteMessage" => messages::delete,
    "DeleteMessageBatch" => messages::delete_batch,
    "DeleteQueue" => queues::delete,
    "GetQueueAttributes" => queues::get_attributes,
    "GetQueueUrl" => queues::get_url,
    "ListQueues" => queues::list,
    "PurgeQueue" => queues::purge,
    "ReceiveMessage",
        lacks "samples of servers: a short poll finds whatever is there; who has received what, after a restart",
    "SendMessage" => messages::send,
        lacks "message groups, deduplication and trace headers",
    "SetQueueAttributes" => queues::set_attributes,
        lacks "FIFO queues, dead-letter queues, keys of KMS's",
}

impl Call<'_> {
    fn now(&self) -> Timestamp {
        self.ctx.now
    }

    fn text<'v>(&self, input: &'v Value, member: &str) -> &'v str {
        input.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    fn list<'v>(&self, input: &'v Value, member: &str) -> impl Iterator<Item = &'v str> {
        input.get(member).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// The caller's queue of this name.
    fn own(&self, name: &str) -> Name {
        Name { account: self.ctx.caller.account, region: self.ctx.region.clone(), name: name.to_owned() }
    }

    /// The queue that a URL names by its path, whatever the host: clients reach this one by many names.
    fn named(&self, input: &Value) -> Result<Name, ServiceError> {
        let url = self.text(input, "QueueUrl");
        let mut parts = url.trim_end_matches('/').rsplit('/');
        let (name, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let account = account.parse().map_err(|_| fault::invalid_address(url))?;
        Ok(Name { account, region: self.ctx.region.clone(), name: name.to_owned() })
    }

    /// The URL of a queue, on the host that was asked.
    fn url(&self, of: &Name) -> String {
        let peer = self.ctx.peer.as_ref();
        let scheme = if peer.is_some_and(|peer| peer.tls.is_some()) { "https" } else { "http" };
        let amazon = format!("sqs.{}.amazonaws.com", of.region);
        let host = peer.and_then(|peer| peer.host).unwrap_or(&amazon);
        format!("{scheme}://{host}/{}/{}", of.account, of.name)
    }
}
