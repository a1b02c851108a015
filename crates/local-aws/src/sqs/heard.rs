//! What becomes of instances, put into queues as EventBridge puts it.
//!
//! EventBridge is not here, and so no rule says which queue hears of what. Every queue does whose policy lets EventBridge
//! send to it (`events.amazonaws.com`, `sqs:SendMessage`), of the instances of its account and region: a rule's target needs that
//! policy at AWS, and a queue that nothing is sent to has none.
//!
//! Sources: Amazon EventBridge User Guide, "Using resource-based policies for Amazon EventBridge" > "Amazon SQS permissions";
//! Amazon EC2 User Guide, "Automate Amazon EC2 using EventBridge" > "Instance state change events"; the queue of Karpenter's
//! CloudFormation template has the policy.

use authz::{principal::Principal, request::KmsDetail};
use aws_catalog::access;
use aws_model::{AccountId, Region};
use jiff::Timestamp;
use serde_json::{Map, json};

use super::{
    Sqs,
    state::{Message, Name, State},
};
use crate::{
    CallContext,
    authorization::Asked,
    caller::Caller,
    store::{Batch, Ticket},
};

/// Who sends.
const EVENTS: &str = "events.amazonaws.com";

/// An instance comes into a state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StateChange {
    pub(crate) at: Timestamp,
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) instance: String,
    pub(crate) state: &'static str,
}

impl StateChange {
    fn message(&self) -> Message {
        let Self { at, account, region, instance, state } = self;
        let seconds = Timestamp::from_second(at.as_second()).unwrap_or(*at);
        let body = json!({
            "version": "0",
            "id": uuid::Uuid::new_v4().to_string(),
            "detail-type": "EC2 Instance State-change Notification",
            "source": "aws.ec2",
            "account": account,
            "time": seconds.to_string(),
            "region": region,
            "resources": [format!("arn:{}:ec2:{region}:{account}:instance/{instance}", region.partition())],
            "detail": { "instance-id": instance, "state": state },
        });
        Message {
            id: uuid::Uuid::new_v4().to_string(),
            body: body.to_string(),
            attributes: Map::new(),
            sender: EVENTS.to_owned(),
            sent: *at,
            delayed: *at,
        }
    }

    fn is_told_by(&self, body: &str) -> bool {
        body.contains(&self.instance) && body.contains(&format!("\"state\":\"{}\"", self.state))
    }
}

impl Sqs {
    /// Writes a batch, and with it what comes of it for the queues that hear: what will have come about, each to be received when
    /// its time has come, and without what was to come and does not. A kill leaves both or neither.
    pub(crate) fn write_and_hear(&self, mut batch: Batch, off: &[StateChange], new: &[StateChange]) -> Ticket {
        let Some(one) = off.iter().chain(new).next() else { return self.state.store.write(batch) };
        let hears = self.hears(one);
        let now = self.clock.now();
        let mut realm = self.state.lock();
        for of in &hears {
            let Some(queue) = realm.queues.get(of) else { continue };
            let is_off = |message: &Message| {
                message.delayed > now && off.iter().any(|off| off.at == message.sent && off.is_told_by(&message.body))
            };
            let over: Vec<u64> =
                queue.messages.iter().filter(|(_, held)| is_off(&held.message)).map(|(at, _)| *at).collect();
            State::delete_with(&mut batch, &mut realm, of, &over);
            for change in new {
                if State::send_with(&mut batch, &mut realm, of, change.message()).is_err() {
                    tracing::warn!(queue = %of.arn(), "a state change of an instance found no room in its queue");
                }
            }
        }
        // Under the lock, so that whoever deletes a message is behind it in the file.
        self.state.store.write(batch)
    }

    /// The queues that hear of an instance's changes.
    fn hears(&self, one: &StateChange) -> Vec<Name> {
        let all: Vec<Name> = {
            let realm = self.state.lock();
            let of_place = |known: &&Name| (known.account, &known.region) == (one.account, &one.region);
            realm.queues.keys().filter(of_place).cloned().collect()
        };
        all.into_iter().filter(|of| self.lets_events_in(of)).collect()
    }

    fn lets_events_in(&self, of: &Name) -> bool {
        let source =
            format!("arn:{}:events:{}:{}:rule/instance-state-changes", of.region.partition(), of.region, of.account);
        let events = Caller {
            principal: Principal::Service(EVENTS.into()),
            arn: EVENTS.to_owned(),
            user_id: EVENTS.to_owned(),
            source: source.parse().ok(),
            ..Caller::root(of.account, "")
        };
        let ctx = CallContext {
            caller: &events,
            region: &of.region,
            now: self.clock.now(),
            request_id: "",
            invoked_by: None,
            peer: None,
            notes: None,
        };
        let resource = of.arn();
        let accesses = access::operation("sqs", "SendMessage").map_or(&[][..], access::Operation::accesses);
        accesses.iter().all(|access| {
            let kms = KmsDetail::default();
            let asked = Asked { access, resource: &resource, region: None, kms, on_same_key: None };
            let request = self.state.authorizer.request(&ctx, &serde_json::Value::Null, asked);
            request.is_ok_and(|mut request| {
                request.resource.owner = Some(of.account);
                // Services call one another over TLS.
                request.context.tell("aws:securetransport", authz::context::Told::Values(vec!["true".to_owned()]));
                self.state.authorizer.check(&request).is_ok()
            })
        })
    }
}
