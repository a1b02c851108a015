//! Every queue of all accounts and regions, and what is in it.
//!
//! One lock orders all changes. Queues and messages are kept, and who has received a message is not: after a restart every message
//! that was not deleted is there to be received again, as SQS may deliver any message twice.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use authz::{
    policy::{Policy, PolicyKind},
    text::SourceText,
    world::OtherResource,
};
use aws_model::{AccountId, Region, SecretBytes};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::attributes::Attributes;
use crate::{
    authorization::Authorizer,
    store::{Batch, OpenError, Store, Table, Ticket},
};

pub(crate) const TABLES: &[Table] = &[QUEUES, MESSAGES];

const QUEUES: Table = Table::plain("sqs.queue");
const MESSAGES: Table = Table::plain("sqs.message");

/// A queue's account, region and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Name {
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) name: String,
}

/// A queue as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    #[serde(flatten)]
    pub(super) of: Name,
    pub(super) attributes: Attributes,
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
}

/// A message as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) attributes: Map<String, Value>,
    pub(super) sender: String,
    pub(super) sent: Timestamp,
    /// Before then it is not received, though nobody has.
    pub(super) delayed: Timestamp,
}

/// A message in its queue.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) message: Message,
    pub(super) visible: Timestamp,
    pub(super) receipt: Option<String>,
    pub(super) receives: u64,
    pub(super) first_received: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct Queue {
    pub(super) record: Record,
    /// In the order in which they were sent.
    pub(super) messages: BTreeMap<u64, Held>,
    pub(super) purged: Option<Timestamp>,
    /// Told of whatever may be received sooner than was known.
    pub(super) news: watch::Sender<()>,
}

#[derive(Debug, Default)]
pub(super) struct Realm {
    pub(super) queues: BTreeMap<Name, Queue>,
    next: u64,
    /// The bytes of all messages.
    bytes: usize,
}

/// SQS's state.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) store: Store,
    pub(super) authorizer: Arc<Authorizer>,
    realm: Mutex<Realm>,
    pub(super) stops: watch::Sender<bool>,
}

/// The bytes that all messages together may take.
const MOST_BYTES: usize = 256 << 20;

/// There is no room for another message.
pub(super) struct Full;

impl Name {
    pub(super) fn arn(&self) -> String {
        let Self { account, region, name } = self;
        format!("arn:{}:sqs:{region}:{account}:{name}", region.partition())
    }

    fn key(&self) -> String {
        format!("{}/{}/{}", self.account, self.region, self.name)
    }
}

impl Message {
    /// What counts as its size: the body, and of each attribute the name, the type and the value.
    ///
    /// Source: Amazon SQS Developer Guide, "Amazon SQS message quotas".
    pub(super) fn size(&self) -> usize {
        size(&self.body, &self.attributes)
    }
}

/// The same of what is not a message yet.
pub(super) fn size(body: &str, attributes: &Map<String, Value>) -> usize {
    let of_attribute = |(name, value): (&String, &Value)| {
        let members = value.as_object().into_iter().flatten();
        name.len() + members.filter_map(|(_, value)| value.as_str()).map(str::len).sum::<usize>()
    };
    body.len() + attributes.iter().map(of_attribute).sum::<usize>()
}

impl State {
    /// Reads what the store kept.
    ///
    /// # Errors
    /// [`OpenError`] when the store cannot be read or is damaged.
    pub(crate) fn load(store: Store, authorizer: Arc<Authorizer>) -> Result<Self, OpenError> {
        let mut realm = Realm::default();
        for row in store.rows(QUEUES)? {
            let record: Record = store.decode(QUEUES, &row)?;
            put_policy(&authorizer, &record);
            realm.queues.insert(record.of.clone(), Queue::new(record));
        }
        let names: HashMap<String, Name> = realm.queues.keys().map(|name| (name.key(), name.clone())).collect();
        for row in store.rows(MESSAGES)? {
            let message: Message = store.decode(MESSAGES, &row)?;
            let (queue, at) = row.key.rsplit_once('/').unwrap_or_default();
            let at = at.parse::<u64>().unwrap_or_default();
            realm.next = realm.next.max(at.saturating_add(1));
            // What no queue has takes no room, for nobody could ever receive it.
            if let Some(queue) = names.get(queue).and_then(|name| realm.queues.get_mut(name)) {
                realm.bytes += message.size();
                queue.messages.insert(at, Held::new(message));
            }
        }
        Ok(Self { store, authorizer, realm: Mutex::new(realm), stops: watch::Sender::new(false) })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Realm> {
        self.realm.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a queue in place of what it was, with what is in it.
    pub(super) fn put(&self, realm: &mut Realm, record: Record) -> Ticket {
        let mut batch = Batch::new();
        batch.put(QUEUES, record.of.key(), row(&record));
        let ticket = self.store.write(batch);
        put_policy(&self.authorizer, &record);
        self.authorizer.will_rest_on(ticket);
        match realm.queues.get_mut(&record.of) {
            Some(queue) => queue.record = record,
            None => drop(realm.queues.insert(record.of.clone(), Queue::new(record))),
        }
        ticket
    }

    pub(super) fn remove(&self, realm: &mut Realm, of: &Name) {
        self.purge(realm, of);
        let mut batch = Batch::new();
        batch.delete(QUEUES, of.key());
        self.authorizer.will_rest_on(self.store.write(batch));
        realm.queues.remove(of);
        self.authorizer.change(|world| world.remove_resource(of.account, &of.arn()));
    }

    /// Takes all messages of a queue away.
    pub(super) fn purge(&self, realm: &mut Realm, of: &Name) {
        let all: Vec<u64> = realm.queues.get(of).into_iter().flat_map(|queue| queue.messages.keys().copied()).collect();
        self.delete(realm, of, &all);
    }

    pub(super) fn send(&self, realm: &mut Realm, of: &Name, message: Message) -> Result<Ticket, Full> {
        let mut batch = Batch::new();
        Self::send_with(&mut batch, realm, of, message)?;
        Ok(self.store.write(batch))
    }

    /// The same, together with what else is in a batch, which is written before anybody has the realm.
    pub(super) fn send_with(batch: &mut Batch, realm: &mut Realm, of: &Name, message: Message) -> Result<(), Full> {
        let size = message.size();
        if realm.bytes.saturating_add(size) > MOST_BYTES {
            return Err(Full);
        }
        let Some(queue) = realm.queues.get_mut(of) else { return Ok(()) };
        let at = realm.next;
        batch.put(MESSAGES, format!("{}/{at:020}", of.key()), row(&message));
        queue.messages.insert(at, Held::new(message));
        queue.news.send_replace(());
        realm.next = at.saturating_add(1);
        realm.bytes += size;
        Ok(())
    }

    pub(super) fn delete(&self, realm: &mut Realm, of: &Name, messages: &[u64]) -> Ticket {
        let mut batch = Batch::new();
        Self::delete_with(&mut batch, realm, of, messages);
        self.store.write(batch)
    }

    /// The same, together with what else is in a batch, which is written before anybody has the realm.
    pub(super) fn delete_with(batch: &mut Batch, realm: &mut Realm, of: &Name, messages: &[u64]) {
        let Some(queue) = realm.queues.get_mut(of) else { return };
        for at in messages {
            if let Some(held) = queue.messages.remove(at) {
                realm.bytes = realm.bytes.saturating_sub(held.message.size());
                batch.delete(MESSAGES, format!("{}/{at:020}", of.key()));
            }
        }
    }

    /// Forgets what was in a queue for longer than it keeps messages.
    pub(super) fn expire(&self, realm: &mut Realm, of: &Name, now: Timestamp) {
        let Some(queue) = realm.queues.get(of) else { return };
        let keeps = SignedDuration::from_secs(queue.record.attributes.retention());
        let is_old = |held: &Held| held.message.sent.checked_add(keeps).is_ok_and(|ends| ends <= now);
        let old: Vec<u64> = queue.messages.iter().take_while(|(_, held)| is_old(held)).map(|(at, _)| *at).collect();
        if !old.is_empty() {
            self.delete(realm, of, &old);
        }
    }
}

impl Queue {
    fn new(record: Record) -> Self {
        Self { record, messages: BTreeMap::new(), purged: None, news: watch::Sender::new(()) }
    }
}

impl Held {
    fn new(message: Message) -> Self {
        Self { visible: message.delayed, message, receipt: None, receives: 0, first_received: None }
    }
}

fn row(record: &impl Serialize) -> SecretBytes {
    // Records are plain structs of text, numbers and maps: there is nothing in them that JSON refuses.
    SecretBytes::new(serde_json::to_vec(record).unwrap_or_default())
}

/// Tells the authorization model of a queue and its policy.
fn put_policy(authorizer: &Authorizer, record: &Record) {
    let policy = record.attributes.policy().and_then(|text| read_policy(text).ok());
    let (account, arn) = (record.of.account, record.of.arn());
    authorizer.change(|world| {
        let policy = policy.map(|policy| world.saved(Arc::new(policy)));
        world.put_resource(account, &arn, OtherResource { policy, ..OtherResource::default() });
    });
}

/// A queue's policy, if that is what the text is.
pub(super) fn read_policy(text: &str) -> Result<Policy, String> {
    Policy::parse(SourceText::new("the queue's policy", text), PolicyKind::Resource).map_err(|error| error.to_string())
}
