//! The changes of objects of one kind, for as long as the process lives: an apiserver that is away ends nothing.

use std::{fmt::Debug, future::ready, time::Duration};

use futures_util::{Stream, StreamExt as _};
use kube::{
    Api, Resource,
    runtime::{
        WatchStreamExt as _,
        utils::{Backoff, ResetTimerBackoff},
        watcher::{self, Config, Error, Event},
    },
};
use serde::de::DeserializeOwned;

use crate::connection::WATCH_LASTS;

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// After how long without failure the pauses begin anew.
const CALM: Duration = Duration::from_secs(60);

/// How many objects one page of a list has: what is read of them at once is in memory with everything that they have.
const PAGE: u32 = 200;

/// Of the objects that a selector by fields has; whole, or of [`PartialObjectMeta`](kube::core::PartialObjectMeta) what that has.
pub(crate) fn changes<K>(api: Api<K>, fields: Option<&str>) -> impl Stream<Item = Event<K>> + Send + 'static
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let what = api.resource_url().to_owned();
    told(watcher::watcher(api, config(fields)), what)
}

fn config(fields: Option<&str>) -> Config {
    let config = Config::default().timeout(WATCH_LASTS).page_size(PAGE);
    match fields {
        Some(fields) => config.fields(fields),
        None => config,
    }
}

/// Only what has changed goes on; what went wrong is logged, once until it is mended.
fn told<K>(
    events: impl Stream<Item = Result<Event<K>, Error>> + Send + 'static,
    what: String,
) -> impl Stream<Item = Event<K>> + Send + 'static
where
    K: Send + 'static,
{
    let mut is_away = false;
    events.backoff(ResetTimerBackoff::new(Pauses(FIRST_PAUSE), CALM)).filter_map(move |event| {
        ready(match event {
            // It says that a list begins, not that there is an answer.
            Ok(Event::Init) => Some(Event::Init),
            Ok(event) => {
                if std::mem::take(&mut is_away) {
                    tracing::info!(%what, "the apiserver answers again");
                }
                Some(event)
            }
            Err(error) => {
                if !std::mem::replace(&mut is_away, true) {
                    tracing::warn!(%what, %error, "cannot watch; what was known before stays in force");
                }
                None
            }
        })
    })
}

/// Each up to twice as long as the former, and by chance shorter, so that not all replicas come back at once.
struct Pauses(Duration);

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST_PAUSE);
        let chance = getrandom::u32().map_or(0.5, |n| f64::from(n) / f64::from(u32::MAX));
        Some(pause.mul_f64(0.5 + chance / 2.0))
    }
}

impl Backoff for Pauses {
    fn reset(&mut self) {
        self.0 = FIRST_PAUSE;
    }
}
