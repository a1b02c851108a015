//! Which associations changed, for agents that wait to hear of it.
//!
//! A state of the associations is named by what is in it, so that every replica gives it the same name, and an agent may ask
//! another one next. A replica that does not know the state that an agent names cannot say what is different.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use aws_lc_rs::digest::{Context, SHA256};
use eks_auth::{Association, Associations, SessionName};
use serde::Serialize;
use tokio::{sync::watch, task::AbortHandle, time::timeout};

use super::cluster::AssociationsFeed;

/// How long an agent waits for one answer. Proxies and load balancers cut what is silent for a minute.
const HELD: Duration = Duration::from_secs(50);
/// How long a replica that does not know a state waits to come to it itself: another may have heard of it sooner.
const CATCHING_UP: Duration = Duration::from_secs(10);
/// States that are remembered.
const REMEMBERED: usize = 16;
/// More than this is told as all.
const MOST_TOLD: usize = 256;

/// The states of a cluster's associations, as they follow each other.
#[derive(Debug)]
pub(super) struct Changes {
    states: watch::Receiver<States>,
    following: AbortHandle,
}

#[derive(Clone, Debug, Default)]
struct States {
    /// The newest last.
    all: VecDeque<(String, Arc<Associations>)>,
}

/// What an agent is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Told {
    /// The state that it knows then.
    revision: String,
    /// Whether all may be different.
    all: bool,
    /// Else what is.
    service_accounts: Vec<Patterns>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
struct Patterns {
    namespace: String,
    service_account: String,
}

impl Changes {
    /// Follows a feed for as long as it lives. Must be called within a tokio runtime.
    pub(super) fn follow(mut feed: AssociationsFeed) -> Self {
        let (sender, states) = watch::channel(States::default());
        let following = tokio::spawn(async move {
            loop {
                let now = feed.borrow_and_update().clone();
                if let Some(now) = now {
                    sender.send_if_modified(|states| states.add(now));
                }
                if feed.changed().await.is_err() {
                    // Nobody changes them any more; who waits goes on to wait.
                    return std::future::pending().await;
                }
            }
        });
        Self { states, following: following.abort_handle() }
    }

    /// What is different from the state `since`: at once where something is, else when something becomes so.
    pub(super) async fn since(&self, since: Option<&str>) -> Option<Told> {
        let mut states = self.states.clone();
        let known = states.wait_for(|states| states.newest().is_some()).await.ok()?.clone();
        let Some(since) = since else { return known.told(None) };
        let patience = if known.has(since) { HELD } else { CATCHING_UP };
        let is_other =
            |states: &States| states.newest() != Some(since) && (known.has(since) || states.newest() != known.newest());
        match timeout(patience, states.wait_for(is_other)).await {
            Ok(Ok(states)) => states.told(Some(since)),
            Ok(Err(_)) => None,
            Err(_) => self.states.borrow().told(Some(since)),
        }
    }
}

/// The name of the state that associations are in.
pub(super) fn revision(changes: Option<&Changes>, associations: &Arc<Associations>) -> String {
    let known = changes.and_then(|changes| changes.states.borrow().name_of(associations));
    known.unwrap_or_else(|| name(associations))
}

impl Drop for Changes {
    fn drop(&mut self) {
        self.following.abort();
    }
}

impl States {
    /// Says whether it is another one.
    fn add(&mut self, associations: Arc<Associations>) -> bool {
        let name = name(&associations);
        if self.newest() == Some(&name) {
            return false;
        }
        // A state that comes back is the newest then, and no other.
        self.all.retain(|(known, _)| *known != name);
        if self.all.len() >= REMEMBERED {
            self.all.pop_front();
        }
        self.all.push_back((name, associations));
        true
    }

    fn newest(&self) -> Option<&str> {
        self.all.back().map(|(name, _)| name.as_str())
    }

    fn name_of(&self, associations: &Arc<Associations>) -> Option<String> {
        let mut all = self.all.iter().rev();
        all.find(|(_, known)| Arc::ptr_eq(known, associations)).map(|(name, _)| name.clone())
    }

    fn has(&self, name: &str) -> bool {
        self.all.iter().any(|(known, _)| known == name)
    }

    fn told(&self, since: Option<&str>) -> Option<Told> {
        let (revision, newest) = self.all.back()?;
        let told = |all, service_accounts| Some(Told { revision: revision.clone(), all, service_accounts });
        let Some(since) = since.filter(|since| *since != revision) else { return told(false, Vec::new()) };
        let Some((_, former)) = self.all.iter().find(|(name, _)| name == since) else { return told(true, Vec::new()) };
        let different = different(former, newest);
        if different.len() > MOST_TOLD { told(true, Vec::new()) } else { told(false, different) }
    }
}

/// The patterns of which one has an association that the other has not.
fn different(former: &Associations, newest: &Associations) -> Vec<Patterns> {
    type ByPatterns<'a> = HashMap<(&'a str, &'a str), &'a Association>;
    let by_patterns = |associations| -> ByPatterns<'_> {
        let all = Associations::iter(associations);
        all.map(|one| ((one.namespace.as_str(), one.service_account.as_str()), &**one)).collect()
    };
    let (former, newest) = (by_patterns(former), by_patterns(newest));
    let changed = former.iter().filter(|(patterns, one)| newest.get(*patterns) != Some(*one));
    let new = newest.iter().filter(|(patterns, _)| !former.contains_key(*patterns));
    let mut different: Vec<_> = changed
        .chain(new)
        .map(|((namespace, service_account), _)| Patterns {
            namespace: (*namespace).to_owned(),
            service_account: (*service_account).to_owned(),
        })
        .collect();
    different.sort();
    different
}

/// Of the same associations the same name, in whatever order they were told.
fn name(associations: &Associations) -> String {
    let mut all: Vec<_> = associations.iter().collect();
    all.sort_by_key(|one| (one.namespace.as_str(), one.service_account.as_str()));
    let mut context = Context::new(&SHA256);
    for one in all {
        let Association {
            id,
            namespace,
            service_account,
            role,
            target_role,
            external_id,
            session_tags,
            tags,
            session_name,
            policy,
        } = &**one;
        let parts = [
            id.as_str(),
            namespace.as_str(),
            service_account.as_str(),
            role.as_str(),
            target_role.as_ref().map_or("", |role| role.as_str()),
            external_id.as_deref().unwrap_or_default(),
            if *session_tags { "tags" } else { "" },
            policy.as_deref().unwrap_or_default(),
            session_name.as_ref().map_or("", SessionName::as_str),
        ];
        let number = tags.iter().count().to_string();
        let tags = tags.iter().flat_map(|(key, value)| [key, value]);
        for part in parts.into_iter().chain([number.as_str()]).chain(tags) {
            // With its length, so that no two lists look the same.
            context.update(&part.len().to_be_bytes());
            context.update(part.as_bytes());
        }
    }
    context.finish().as_ref().iter().take(16).map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests;
