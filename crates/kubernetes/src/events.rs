//! Events: what `kubectl describe` tells below an object.

use std::{
    fmt::Write as _,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use k8s_openapi::{
    api::{core::v1::ObjectReference, events::v1::Event},
    apimachinery::pkg::apis::meta::v1::MicroTime,
};
use kube::{Api, Client, api::PostParams, core::ObjectMeta};

use crate::{
    Connection,
    call::{CallError, call},
};

/// The longest note. Source: Kubernetes API Reference, "Event v1 events.k8s.io", `note`.
const LONGEST_NOTE: usize = 1024;

/// How much of its object's name an event's has.
const LONGEST_NAME: usize = 200;

/// Who tells.
#[derive(Clone, Debug)]
pub struct Reporter {
    /// The program, as `claviger.dev/broker`.
    pub controller: &'static str,
    /// The pod.
    pub instance: String,
}

/// What an event is of.
#[derive(Clone, Debug, Hash)]
pub struct Regarding {
    /// As `v1`.
    pub api_version: String,
    /// As `Pod`.
    pub kind: String,
    /// None, where it is cluster-scoped.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Its unique id.
    pub uid: String,
}

/// Writes events.
#[derive(Clone)]
pub struct Events {
    client: Client,
    reporter: Reporter,
}

impl Events {
    /// Events of this reporter.
    #[must_use]
    pub fn new(connection: &Connection, reporter: Reporter) -> Self {
        Self { client: connection.client(), reporter }
    }

    /// Warns of an object. The same warning is one event, whoever writes it and however often: its name says what it says.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn warn(&self, regarding: &Regarding, action: &str, reason: &str, note: &str) -> Result<(), CallError> {
        // Events of what is in no namespace lie in this one.
        let namespace = regarding.namespace.as_deref().unwrap_or("default");
        let mut hasher = DefaultHasher::new();
        (regarding, reason, note).hash(&mut hasher);
        let event = Event {
            metadata: ObjectMeta {
                name: Some(name_of(&regarding.name, hasher.finish())),
                namespace: Some(namespace.to_owned()),
                ..ObjectMeta::default()
            },
            action: Some(action.to_owned()),
            event_time: Some(MicroTime(k8s_openapi::jiff::Timestamp::now())),
            note: Some(cut(note)),
            reason: Some(reason.to_owned()),
            regarding: Some(ObjectReference {
                api_version: Some(regarding.api_version.clone()),
                kind: Some(regarding.kind.clone()),
                name: Some(regarding.name.clone()),
                namespace: regarding.namespace.clone(),
                uid: Some(regarding.uid.clone()),
                ..ObjectReference::default()
            }),
            reporting_controller: Some(self.reporter.controller.to_owned()),
            reporting_instance: Some(self.reporter.instance.clone()),
            type_: Some("Warning".to_owned()),
            ..Event::default()
        };
        let api: Api<Event> = Api::namespaced(self.client.clone(), namespace);
        match call("write an event", api.create(&PostParams::default(), &event)).await {
            Err(error) if error.status() == Some(409) => Ok(()),
            written => written.map(drop),
        }
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Events").field(&self.reporter).finish()
    }
}

/// A name of dots and dashes has each of them between letters or digits. Source: Kubernetes documentation, "Object Names and
/// IDs", "DNS Subdomain Names".
fn name_of(object: &str, says: u64) -> String {
    let cut: String = object.chars().take(LONGEST_NAME).collect();
    format!("{}.{says:016x}", cut.trim_end_matches(['.', '-']))
}

fn cut(note: &str) -> String {
    if note.len() <= LONGEST_NOTE {
        return note.to_owned();
    }
    let mut cut = String::with_capacity(LONGEST_NOTE);
    for c in note.chars() {
        if cut.len() + c.len_utf8() + "...".len() > LONGEST_NOTE {
            break;
        }
        cut.push(c);
    }
    let _ = cut.write_str("...");
    cut
}
