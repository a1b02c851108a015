//! Tells of each object in its status, and of one that does not count in an event.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::json;
use tokio::{sync::Notify, time::sleep};

use super::{
    GROUP, KIND, VERSION,
    resource::PodIdentityAssociation,
    review::{Objects, Read, Verdict},
    status::Telling,
};
use crate::{
    Connection,
    call::{CallError, call},
    events::{Events, Regarding, Reporter},
};

/// Between two writes: ten thousand objects that are new do not keep an apiserver from its other work.
const BETWEEN_WRITES: Duration = Duration::from_millis(20);
/// After one that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// Every replica writes as this one.
const FIELD_MANAGER: &str = "claviger";

/// What is to be told and is not yet, by the objects' names.
#[derive(Debug, Default)]
pub(super) struct Untold {
    tellings: Mutex<BTreeMap<String, Telling>>,
    stirred: Notify,
}

impl Untold {
    /// One object has changed, and not what is to be said of it.
    pub(super) fn look_at(&self, name: &str, read: &Read, verdict: Option<&Verdict>, now: Timestamp) {
        let mut tellings = self.tellings.lock().unwrap_or_else(PoisonError::into_inner);
        match verdict.and_then(|verdict| verdict.untold(read, now)) {
            Some(telling) => drop(tellings.insert(name.to_owned(), telling)),
            None => drop(tellings.remove(name)),
        }
        self.stirred.notify_one();
    }

    /// What is to be said has changed.
    pub(super) fn look_at_all(&self, objects: &Objects, verdicts: &BTreeMap<String, Verdict>, now: Timestamp) {
        let of = |(name, read): (&String, &Read)| Some((name.clone(), verdicts.get(name)?.untold(read, now)?));
        let all = objects.iter().filter_map(of).collect();
        *self.tellings.lock().unwrap_or_else(PoisonError::into_inner) = all;
        self.stirred.notify_one();
    }

    /// The first behind the one of this name, and the first of all where there is none: one that the apiserver refuses for
    /// good keeps nobody else from being told.
    fn take_behind(&self, name: &str) -> Option<(String, Telling)> {
        let mut tellings = self.tellings.lock().unwrap_or_else(PoisonError::into_inner);
        let behind = (Bound::Excluded(name), Bound::Unbounded);
        let next = tellings.range::<str, _>(behind).next().map(|(name, _)| name.clone());
        match next {
            Some(next) => tellings.remove_entry(&next),
            None => tellings.pop_first(),
        }
    }

    /// It is tried again, unless what is to be told has changed.
    fn put_back(&self, name: String, telling: Telling) {
        self.tellings.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_insert(telling);
    }
}

pub(super) struct Teller {
    api: Api<PodIdentityAssociation>,
    events: Events,
    untold: Arc<Untold>,
}

impl Teller {
    pub(super) fn new(connection: &Connection, reporter: Reporter, untold: Arc<Untold>) -> Self {
        Self { api: Api::all(connection.client()), events: Events::new(connection, reporter), untold }
    }

    pub(super) async fn run(self) {
        let mut last = String::new();
        loop {
            let Some((name, telling)) = self.untold.take_behind(&last) else {
                self.untold.stirred.notified().await;
                continue;
            };
            last.clone_from(&name);
            match self.tell(&name, &telling).await {
                Ok(()) => sleep(BETWEEN_WRITES).await,
                // It has changed or gone meanwhile, as the feed will hear: another replica may have told it.
                Err(error) if matches!(error.status(), Some(404 | 409)) => {
                    tracing::debug!(name, %error, "an association has changed before it was told of");
                }
                Err(error) => {
                    tracing::warn!(name, %error, "an association is not told what became of it");
                    self.untold.put_back(name, telling);
                    sleep(AFTER_FAILURE).await;
                }
            }
        }
    }

    /// The event first: what is told in the status is told nowhere again.
    async fn tell(&self, name: &str, telling: &Telling) -> Result<(), CallError> {
        let api_version = format!("{GROUP}/{VERSION}");
        if let Some((reason, message)) = &telling.warning {
            let regarding = Regarding {
                api_version: api_version.clone(),
                kind: KIND.to_owned(),
                namespace: None,
                name: name.to_owned(),
                uid: telling.uid.clone(),
            };
            if let Err(error) = self.events.warn(&regarding, "Review", reason, message).await {
                tracing::warn!(name, %error, "an association has no event");
            }
        }
        // With the version that it was read in: else who comes second would write the same once more.
        let object = json!({
            "apiVersion": api_version,
            "kind": KIND,
            "metadata": { "name": name, "uid": telling.uid, "resourceVersion": telling.resource_version },
            "status": telling.status,
        });
        let parameters = PatchParams::apply(FIELD_MANAGER).force();
        let patch = Patch::Apply(&object);
        call("write the status of an association", self.api.patch_status(name, &parameters, &patch)).await.map(drop)
    }
}
