//! Pods that should have been injected and were not: found after the fact, since a webhook does not hear of the pods about
//! which it is not asked.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kubernetes::{Connection, Events, Regarding, follow_pods};
use pod_identity::webhook::{Desk, Metrics, Missed, Pod, Sources};
use serde::Deserialize as _;
use serde_json::Value;
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, sleep, sleep_until},
};

use super::cluster::reporter;

/// After a change of who has an association, all pods are looked at again; many changes are one.
const SETTLE: Duration = Duration::from_secs(5);
/// How long it is from one look at all pods to the next: whoever may change one association may do so without end.
const APART: Duration = Duration::from_secs(30);
/// How often it is looked whether what is to be known is known.
const LOOK: Duration = Duration::from_millis(500);
/// How soon an event is written again that could not be.
const TELL_AGAIN: Duration = Duration::from_secs(2);
/// Pods that are remembered as told. Where there are more, some are told twice: of the same warning one event remains.
///
/// Source: Kubernetes documentation, "Considerations for large clusters", "No more than 150,000 total pods".
const MOST_TOLD: usize = 150_000;
/// Warnings that wait to be written.
const MOST_WAITING: usize = 1024;

/// Finds them.
pub(super) struct Missing {
    pub(super) connection: Connection,
    pub(super) desk: Arc<Desk>,
    pub(super) sources: Sources,
    pub(super) metrics: Metrics,
}

/// What has been told, and whether something could not be.
#[derive(Default)]
struct Telling {
    /// The unique ids of pods.
    told: Mutex<HashSet<String>>,
    /// There was no room for a warning.
    left_out: AtomicBool,
    /// There is room again.
    again: Notify,
}

struct Found {
    regarding: Regarding,
    missed: Missed,
}

impl Missing {
    /// Finds and tells them for as long as it is polled; it has no end.
    pub(super) async fn find(self) {
        let (found, mut to_tell) = mpsc::channel::<Found>(MOST_WAITING);
        let events = Events::new(&self.connection, reporter());
        let state = Telling::default();
        let telling = async {
            while let Some(Found { regarding, missed }) = to_tell.recv().await {
                tell(&events, &regarding, missed).await;
                if to_tell.is_empty() && state.left_out.swap(false, Ordering::Relaxed) {
                    state.again.notify_one();
                }
            }
        };
        tokio::join!(self.look(found, &state), telling);
    }

    async fn look(&self, found: mpsc::Sender<Found>, state: &Telling) {
        let mut sources = self.sources.clone();
        loop {
            while self.sources.awaited().is_some() {
                sleep(LOOK).await;
            }
            let began = Instant::now();
            let looking = follow_pods(&self.connection, |pod| self.check(&pod, state, &found));
            tokio::select! {
                () = looking => {}
                () = state.again.notified() => {}
                () = sources.changed() => sleep_until((Instant::now() + SETTLE).max(began + APART)).await,
            }
        }
    }

    fn check(&self, json: &Value, state: &Telling, found: &mpsc::Sender<Found>) {
        let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let is_over = matches!(&*text("/status/phase"), "Succeeded" | "Failed")
            || json.pointer("/metadata/deletionTimestamp").is_some();
        let (namespace, uid) = (text("/metadata/namespace"), text("/metadata/uid"));
        let Ok(pod) = Pod::deserialize(json) else { return };
        let Some(missed) = self.desk.missed(&namespace, &pod).filter(|_| !is_over) else { return };
        let mut told = state.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.contains(&uid) {
            return;
        }
        // Where there is no room, all pods are looked at again when there is.
        let Ok(room) = found.try_reserve() else {
            return state.left_out.store(true, Ordering::Relaxed);
        };
        if told.len() >= MOST_TOLD {
            told.clear();
        }
        told.insert(uid.clone());
        drop(told);
        let name = text("/metadata/name");
        tracing::warn!(namespace, pod = name, ?missed, "a pod should have been injected and was not");
        self.metrics.missed(missed);
        let (api_version, kind) = ("v1".to_owned(), "Pod".to_owned());
        let regarding = Regarding { api_version, kind, namespace: Some(namespace), name, uid };
        room.send(Found { regarding, missed });
    }
}

/// Writes the event, again where the apiserver is away: until then no other could be written.
async fn tell(events: &Events, regarding: &Regarding, missed: Missed) {
    let (reason, note) = words(missed);
    let mut is_told = false;
    while let Err(error) = events.warn(regarding, "Inject", reason, note).await {
        if !std::mem::replace(&mut is_told, true) {
            tracing::warn!(%error, "cannot tell of a pod that should have been injected");
        }
        // Refused, or its namespace has gone.
        if error.status().is_some_and(|status| (400..500).contains(&status) && status != 429) {
            return;
        }
        sleep(TELL_AGAIN).await;
    }
}

fn words(missed: Missed) -> (&'static str, &'static str) {
    match missed {
        Missed::NotInjected(_) => (
            "NotInjected",
            "this pod has no AWS credentials though its service account is to have some: the webhook was not asked, or \
             the pod is older than the association or annotation; delete the pod, so that it is made anew",
        ),
        Missed::VolumeTaken => (
            "VolumeTaken",
            "this pod has no AWS credentials: it has a volume of its own of the name that the volume of its token has; \
             call that volume something else",
        ),
    }
}
