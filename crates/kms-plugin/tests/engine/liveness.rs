//! When a restart is asked for: the prober hangs. (That it is dead, `src/engine/health.rs` tests.)

use std::{sync::atomic::Ordering, time::Duration};

use daemon::http::Health as _;
use kms_plugin::{
    caller::Api,
    engine::{EngineSettings, Gate},
    status::StatusSettings,
};
use tokio::time::sleep;

use crate::support::{Rig, TestKey, settings};

/// The interval, two deadlines and a minute, by the default settings.
const PATIENCE: Duration = Duration::from_millis(30_000 + 2 * 2_700 + 60_000);
const A_MOMENT: Duration = Duration::from_millis(10);

#[tokio::test(start_paused = true)]
async fn a_key_service_that_never_returns_fails_livez_and_nothing_sooner_does() {
    let key = TestKey::new();
    let engine = Rig::start(key.clone()).engine;
    engine.status(Api::V2).await.unwrap();
    key.hangs.store(true, Ordering::SeqCst);
    sleep(PATIENCE - A_MOMENT).await;
    assert_eq!(key.counts(), (2, 1), "the second probe hangs");
    assert_eq!(engine.live(), Ok(()));
    sleep(2 * A_MOMENT).await;
    assert_eq!(engine.live(), Err("the key was last probed 95 s ago: the task hangs".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn one_that_never_returned_at_all_too() {
    let key = TestKey::new();
    key.hangs.store(true, Ordering::SeqCst);
    let engine = Rig::start(key.clone()).engine;
    sleep(PATIENCE - A_MOMENT).await;
    assert_eq!(engine.live(), Ok(()));
    sleep(2 * A_MOMENT).await;
    assert!(engine.live().unwrap_err().ends_with("the task hangs"));
    assert!(engine.ready().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_long_interval_is_no_hanging() {
    let key = TestKey::new();
    let hour = Duration::from_secs(3600);
    let status = StatusSettings { settled_interval: hour, ..StatusSettings::default() };
    let engine = Rig::with(key.clone(), Gate::new(8, None), settings(status)).engine;
    engine.status(Api::V2).await.unwrap();
    sleep(hour - A_MOMENT).await;
    assert_eq!((key.counts(), engine.live()), ((1, 1), Ok(())));
    // Under a shorter one the same silence would be; it counts from when that is in force.
    key.hangs.store(true, Ordering::SeqCst);
    engine.adjust(EngineSettings::default());
    sleep(PATIENCE - A_MOMENT).await;
    assert_eq!(engine.live(), Ok(()));
    sleep(2 * A_MOMENT).await;
    assert!(engine.live().unwrap_err().ends_with("the task hangs"));
}
