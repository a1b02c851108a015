//! What CloudTrail keeps: an event for each call that somebody has signed, in bounded memory.
//!
//! ```text
//!   router, after the answer --> Call (compact; its parameters as text, secrets left out) --> Ring
//!                                                                                           |   |
//!                                LookupEvents <-- Event (AWS's JSON, made when it is read) <-   +--> log files
//! ```
//!
//! A call pays for little more than the text of its parameters; everything else about its event follows from what is
//! kept, when somebody reads it. An event that is of two accounts (a key or a role of another) is kept once and read twice.
//!
//! Sources: AWS CloudTrail User Guide, "CloudTrail record contents for management, data, and network activity events",
//! "CloudTrail userIdentity element"; AWS KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail" and its
//! examples; IAM User Guide, "Logging IAM and AWS STS API calls with AWS CloudTrail".

mod call;
mod event;
mod files;
mod identity;
mod notes;
mod operation;
mod resources;
mod ring;
mod shown;

use std::sync::{Arc, Mutex, PoisonError};

use aws_model::KeyArn;
use aws_wire::model::{Operation, ServiceId};
use serde_json::Value;
use tokio::sync::Notify;

pub use self::notes::Notes;
use self::{call::Call, identity::Known, ring::Ring};
pub(crate) use self::{
    event::{id, json, source, time},
    files::Delivery,
    notes::{Noted, Touched},
    resources::named,
    ring::Record,
};
use crate::{caller::CallContext, clock::Clock, error::ServiceError};

/// The events of one embedded AWS, the newest of them.
#[derive(Debug)]
pub(crate) struct Trail {
    clock: Clock,
    kept: Mutex<Kept>,
    has_files: bool,
    /// There is much for files.
    due: Notify,
    /// Files have got something.
    delivered: Notify,
}

#[derive(Debug)]
struct Kept {
    ring: Ring,
    known: Known,
}

/// A call that was answered, as the router has seen it.
pub(crate) struct Answered<'a> {
    pub(crate) service: ServiceId,
    pub(crate) operation: &'static Operation,
    pub(crate) context: &'a CallContext<'a>,
    /// What [`Trail::parameters`] made of the input.
    pub(crate) parameters: Option<Box<str>>,
    pub(crate) answer: Result<&'a Value, &'a ServiceError>,
    pub(crate) noted: Noted,
}

impl Trail {
    /// Keeps as many of the newest events as fit into `most` bytes.
    pub(crate) fn new(clock: Clock, most: usize) -> Self {
        Self::with(clock, most, false)
    }

    /// The same, and waits for [`Delivery`] to take each of them.
    pub(crate) fn with_files(clock: Clock, most: usize) -> Self {
        Self::with(clock, most, true)
    }

    fn with(clock: Clock, most: usize, has_files: bool) -> Self {
        let kept = Mutex::new(Kept { ring: Ring::new(most, has_files), known: Known::default() });
        Self { clock, kept, has_files, due: Notify::new(), delivered: Notify::new() }
    }

    /// The input as its event shows it, to be taken before the operation takes the input; `None` for nothing.
    pub(crate) fn parameters(service: ServiceId, operation: &Operation, input: &Value) -> Option<Box<str>> {
        shown::parameters(service, operation, input)
    }

    /// Keeps the event of a call.
    pub(crate) fn record(&self, answered: Answered<'_>) {
        if operation::is_of_data(answered.service, answered.operation.name()) {
            return;
        }
        let call = Call::of(answered);
        let further = call.in_other_region();
        let mut kept = self.lock();
        // One after the other under the lock, so that the order of events is that of their times.
        let at = self.clock.now();
        for call in [Some(call), further].into_iter().flatten() {
            kept.keep(call, at);
        }
        if kept.ring.is_due() {
            self.due.notify_one();
        }
    }

    /// Waits while files are so far behind that they would miss events.
    pub(crate) async fn room(&self) {
        while self.has_files && self.lock().ring.is_behind() {
            let delivered = self.delivered.notified();
            if self.lock().ring.is_behind() {
                delivered.await;
            }
        }
    }

    /// Keeps the event of something that KMS did to a key by itself.
    pub(crate) fn of_key(&self, name: &'static str, key: &KeyArn) {
        let mut kept = self.lock();
        let at = self.clock.now();
        kept.keep(call::Unkept::by_kms(name, key), at);
    }

    /// At most `most` events that are older than the one numbered `before`, newest first.
    pub(crate) fn older(&self, before: u64, most: usize) -> Vec<Record> {
        self.lock().ring.older(before, most)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep(&mut self, call: call::Unkept, at: jiff::Timestamp) {
        let call = call.keep(at, &mut self.known);
        let others = call.other_accounts();
        let own = call.account();
        let call = Arc::new(call);
        for recipient in others.into_iter().chain([own]) {
            self.ring.push(recipient, Arc::clone(&call));
        }
    }
}
