//! The associations that count, anew with each change.
//!
//! ```text
//!   changes --> objects --review--> Associations --> watch::Receiver
//!                  |
//!                  +--> what is not told yet --> Teller --> status, events
//! ```
//! While the apiserver is away, the last that it said stays in force. There is no leader: replicas review the same objects,
//! so they say the same, and who comes second finds it said.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    pin::pin,
    sync::Arc,
};

use eks_auth::Associations;
use futures_util::{FutureExt as _, StreamExt as _};
use jiff::Timestamp;
use kube::{Api, runtime::watcher::Event};
use tokio::sync::watch;

use super::{
    resource::PodIdentityAssociation,
    review::{Objects, Read, Verdict, review},
    teller::{Teller, Untold},
};
use crate::{Connection, changes::changes, events::Reporter};

/// A source of associations.
pub type AssociationsReceiver = watch::Receiver<Option<Arc<Associations>>>;

/// The associations of a cluster: `None` until all have been seen once. The future follows them for as long as it is polled;
/// it has no end.
pub fn follow_associations(connection: &Connection) -> (AssociationsReceiver, impl Future<Output = ()> + Send + use<>) {
    let (feed, receiver) = Feed::new(None);
    (receiver, feed.run(Api::all(connection.client())))
}

/// The same; and each object is told in its status what became of it.
pub fn follow_and_tell_associations(
    connection: &Connection,
    reporter: Reporter,
) -> (AssociationsReceiver, impl Future<Output = ()> + Send + use<>) {
    let untold = Arc::new(Untold::default());
    let teller = Teller::new(connection, reporter, Arc::clone(&untold));
    let (feed, receiver) = Feed::new(Some(untold));
    let following = feed.run(Api::all(connection.client()));
    (receiver, async move {
        tokio::join!(following, teller.run());
    })
}

struct Feed {
    published: watch::Sender<Option<Arc<Associations>>>,
    /// Where what became of each is told.
    untold: Option<Arc<Untold>>,
    objects: Objects,
    /// What a list has so far: until it is whole, the former objects count.
    listed: Option<Objects>,
    verdicts: BTreeMap<String, Verdict>,
}

impl Feed {
    fn new(untold: Option<Arc<Untold>>) -> (Self, AssociationsReceiver) {
        let (published, receiver) = watch::channel(None);
        let feed = Self { published, untold, objects: Objects::new(), listed: None, verdicts: BTreeMap::new() };
        (feed, receiver)
    }

    async fn run(mut self, api: Api<PodIdentityAssociation>) {
        let mut changes = pin!(changes(api, None));
        while let Some(change) = changes.next().await {
            let mut is_new = self.take(change);
            // What has come meanwhile is reviewed with it.
            while let Some(Some(change)) = changes.next().now_or_never() {
                is_new |= self.take(change);
            }
            if is_new {
                self.publish();
            }
        }
    }

    /// Whether something else counts now.
    fn take(&mut self, change: Event<PodIdentityAssociation>) -> bool {
        match change {
            Event::Init => {
                self.listed = Some(Objects::new());
                false
            }
            Event::InitApply(object) => {
                let (name, read) = Read::new(object);
                self.listed.get_or_insert_default().insert(name, read);
                false
            }
            Event::InitDone => {
                self.objects = self.listed.take().unwrap_or_default();
                true
            }
            Event::Apply(object) => {
                let (name, read) = Read::new(object);
                match self.objects.entry(name) {
                    Entry::Occupied(mut known) if known.get().says_the_same(&read) => {
                        if let Some(untold) = &self.untold {
                            untold.look_at(known.key(), &read, self.verdicts.get(known.key()), Timestamp::now());
                        }
                        known.insert(read);
                        false
                    }
                    Entry::Occupied(mut known) => {
                        known.insert(read);
                        true
                    }
                    Entry::Vacant(free) => {
                        free.insert(read);
                        true
                    }
                }
            }
            Event::Delete(object) => self.objects.remove(object.metadata.name.as_deref().unwrap_or_default()).is_some(),
        }
    }

    fn publish(&mut self) {
        let (associations, verdicts) = review(&self.objects);
        let left_out = verdicts.len() - associations.len();
        tracing::info!(associations = associations.len(), left_out, "associations of the cluster");
        self.published.send_replace(Some(Arc::new(associations)));
        self.verdicts = verdicts;
        if let Some(untold) = &self.untold {
            untold.look_at_all(&self.objects, &self.verdicts, Timestamp::now());
        }
    }
}
