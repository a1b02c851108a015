//! Status costs no calls, and the key_id changes when it should, no sooner and no more often.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use daemon::http::Health as _;
use key_service::{ErrorClass, keyring};
use kms_plugin::{
    caller::Api,
    engine::{EngineSettings, Gate, MATERIAL_ANNOTATION},
    status::StatusSettings,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use tonic::Code;

use crate::support::{Rig, TestKey, caller, open, seed, settings, status_becomes};

#[tokio::test]
async fn sixty_four_first_polls_cost_one_probe_and_later_ones_nothing() {
    let key = TestKey::new();
    let holds = key.hold();
    let engine = Rig::start(key.clone()).engine;
    let mut polls = JoinSet::new();
    for _ in 0..64 {
        let engine = engine.clone();
        polls.spawn(async move { engine.status(Api::V2).await });
    }
    key.calls_begun(1).await;
    holds.add_permits(2);
    let answers = polls.join_all().await;
    let expected = key.current().to_string();
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap().as_str() == expected));
    for _ in 0..1000 {
        engine.status(Api::V2).await.unwrap();
    }
    assert_eq!(key.counts(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_first_poll_waits_no_longer_than_an_apiserver_does() {
    let key = TestKey::new();
    let _holds = key.hold();
    let engine = Rig::start(key.clone()).engine;
    let started = Instant::now();
    assert_eq!(engine.status(Api::V2).await.unwrap_err().code, Code::DeadlineExceeded);
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_rotation_is_published_after_three_probes_and_encrypts_answer_what_status_does() {
    let key = TestKey::new();
    let engine = Rig::start(key.clone()).engine;
    let before = engine.status(Api::V2).await.unwrap();

    let number = keyring::add_version(key.path()).unwrap();
    keyring::set_current(key.path(), number).unwrap();
    engine.reload().await.unwrap();
    let rotated = Instant::now();
    let sealed = engine.encrypt(seed(), &caller(Api::V2)).await.unwrap();
    assert_eq!(sealed.key_id, before, "what Status still publishes");
    assert_eq!(sealed.annotations[MATERIAL_ANNOTATION], key.current().to_string().into_bytes());
    assert_eq!(open(&engine, &sealed.ciphertext).await.unwrap(), seed());

    status_becomes(&engine, |status| status.as_deref() == Ok(&key.current().to_string())).await;
    let took = rotated.elapsed();
    assert!((10..=13).contains(&took.as_secs()), "published after {took:?}");
    let sealed = engine.encrypt(seed(), &caller(Api::V2)).await.unwrap();
    assert_eq!(sealed.key_id.as_str(), key.current().to_string());
    assert!(sealed.annotations.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_kms_that_answers_by_old_and_new_material_in_turns_never_makes_the_key_id_go_back() {
    let key = TestKey::new();
    key.claims.lock().unwrap().extend(["old"]);
    let engine = Rig::start(key.clone()).engine;
    engine.status(Api::V2).await.unwrap();
    let mixed =
        ["new", "old", "new", "new", "old", "old", "old", "new", "old", "new", "new", "new", "old", "old", "old"];
    key.claims.lock().unwrap().extend(mixed.into_iter().chain(["old", "old", "new", "old"]).chain(["new"; 2000]));
    let mut published = Vec::new();
    for _ in 0..600 {
        let now = engine.status(Api::V2).await.unwrap().version().version.clone().unwrap();
        if published.last() != Some(&now) {
            published.push(now);
        }
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(published, ["old", "new"]);
}

#[tokio::test(start_paused = true)]
async fn the_prober_asks_seldom_when_all_is_well_and_no_faster_than_once_a_second_when_it_is_not() {
    let key = TestKey::new();
    let engine = Rig::start(key.clone()).engine;
    sleep(Duration::from_secs(3600)).await;
    let (seals, opens) = key.counts();
    assert!((119..=122).contains(&seals) && opens == seals, "{seals} probes in an hour");

    key.fail(ErrorClass::Absent);
    let from = Instant::now();
    while from.elapsed() < Duration::from_secs(60) {
        // Each failing call asks for a probe.
        open(&engine, b"1x").await.unwrap_err();
        sleep(Duration::from_millis(10)).await;
    }
    let probes = key.counts().0 - seals;
    assert!((12..=61).contains(&probes), "{probes} probes in a minute");
}

#[tokio::test(start_paused = true)]
async fn a_key_service_that_panics_is_an_internal_error_and_the_prober_goes_on() {
    let key = TestKey::new();
    let engine = Rig::start(key.clone()).engine;
    let before = engine.status(Api::V2).await.unwrap();
    key.crashes.store(true, Ordering::SeqCst);
    let refusal = engine.encrypt(seed(), &caller(Api::V2)).await.unwrap_err();
    assert_eq!(refusal.code, Code::Internal);
    sleep(Duration::from_secs(300)).await;
    assert!(key.counts().0 >= 60, "it probes faster while something is wrong: {:?}", key.counts());
    assert_eq!(engine.live(), Ok(()), "a restart would mend nothing");
    assert_eq!(engine.status(Api::V2).await.unwrap(), before, "it coasts");
    status_becomes(&engine, |status| status.as_ref().is_err_and(|refusal| refusal.code == Code::Internal)).await;
    key.crashes.store(false, Ordering::SeqCst);
    status_becomes(&engine, |status| status.as_deref() == Ok(before.as_str())).await;
}

#[tokio::test(start_paused = true)]
async fn failing_decrypts_never_change_status() {
    let key = TestKey::new();
    let engine = Rig::start(key.clone()).engine;
    let before = engine.status(Api::V2).await.unwrap();
    for _ in 0..100 {
        let refusal = open(&engine, b"1not a ciphertext of ours").await.unwrap_err();
        assert_eq!(refusal.code, Code::InvalidArgument);
        sleep(Duration::from_millis(100)).await;
        assert_eq!(engine.status(Api::V2).await.unwrap(), before);
    }
}

#[tokio::test(start_paused = true)]
async fn the_coast_is_a_setting_and_may_be_nothing() {
    let key = TestKey::new();
    let status = StatusSettings { coast: Duration::ZERO, ..StatusSettings::default() };
    let engine = Rig::with(key.clone(), Gate::new(8, None), settings(status)).engine;
    engine.status(Api::V2).await.unwrap();
    key.fail(ErrorClass::Absent);
    let after = status_becomes(&engine, |status| status.is_err()).await;
    assert!(after <= Duration::from_secs(31), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn other_settings_wake_a_prober_that_sleeps_and_end_a_coast_at_once() {
    let key = TestKey::new();
    let status = StatusSettings { settled_interval: Duration::from_secs(80_000), ..StatusSettings::default() };
    let engine = Rig::with(key.clone(), Gate::new(8, None), settings(status)).engine;
    let published = engine.status(Api::V2).await.unwrap();
    sleep(Duration::from_secs(70_000)).await;
    assert_eq!(key.counts(), (1, 1));

    let quick = StatusSettings { agreement: 1, settled_interval: Duration::from_secs(10), ..StatusSettings::default() };
    let adjusted = Instant::now();
    engine.adjust(settings(quick.clone()));
    assert_eq!(engine.live(), Ok(()), "it was silent for long, and was to be");
    key.calls_begun(4).await;
    assert!(adjusted.elapsed() < Duration::from_secs(1), "{:?}", adjusted.elapsed());
    sleep(Duration::from_secs(100)).await;
    let (seals, _) = key.counts();
    assert!((11..=12).contains(&seals), "{seals} probes");

    key.fail(ErrorClass::Absent);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(engine.status(Api::V2).await.unwrap(), published, "it coasts");
    let mut now = settings(StatusSettings { coast: Duration::from_secs(30), ..quick.clone() });
    engine.adjust(now.clone());
    sleep(Duration::from_millis(1)).await;
    assert_eq!(engine.status(Api::V2).await.unwrap_err().code, Code::Unavailable);
    now.status.coast = Duration::from_secs(3600);
    engine.adjust(now);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(engine.status(Api::V2).await.unwrap(), published);
}

#[tokio::test(start_paused = true)]
async fn another_deadline_holds_from_the_next_call_on() {
    let key = TestKey::new();
    let engine = Rig::start(key.clone()).engine;
    engine.status(Api::V2).await.unwrap();
    let holds = key.hold();
    engine.adjust(EngineSettings { deadline: Duration::from_millis(100), ..EngineSettings::default() });
    let started = Instant::now();
    assert_eq!(open(&engine, b"1x").await.unwrap_err().code, Code::DeadlineExceeded);
    assert!(started.elapsed() < Duration::from_millis(200), "{:?}", started.elapsed());
    drop(holds);
}

#[tokio::test(start_paused = true)]
async fn a_probe_without_a_turn_says_nothing_of_a_key_service_that_answers() {
    let key = TestKey::new();
    let coast = Duration::from_millis(500);
    let settings = settings(StatusSettings { coast, ..StatusSettings::default() });
    let engine = Rig::with(key.clone(), Gate::new(1, None), settings).engine;
    let mut ciphertexts = Vec::new();
    for _ in 0..2 {
        ciphertexts.push(engine.encrypt(seed(), &caller(Api::V2)).await.unwrap().ciphertext);
    }
    // Each call takes longer than the coast, and a Decrypt always waits: probes get no turn.
    let holds = key.hold();
    let mut callers = JoinSet::new();
    for ciphertext in ciphertexts {
        let engine = engine.clone();
        callers.spawn(async move { while open(&engine, &ciphertext).await.is_ok() {} });
    }
    let seals = key.counts().0;
    for _ in 0..120 {
        sleep(Duration::from_secs(1)).await;
        holds.add_permits(1);
        engine.status(Api::V2).await.unwrap();
    }
    assert_eq!(key.counts().0, seals, "no probe had a turn");
    // Now the one turn is held by calls that hang.
    let error_after = status_becomes(&engine, Result::is_err).await;
    assert!(error_after < Duration::from_secs(60), "{error_after:?}");
}

#[tokio::test(start_paused = true)]
async fn two_keys_do_not_share_their_health() {
    let (well, ill) = (TestKey::new(), TestKey::new());
    ill.fail(ErrorClass::Disabled);
    let gate = Gate::new(8, None);
    let one = Rig::with(well, gate.clone(), EngineSettings::default()).engine;
    let other = Rig::with(ill, gate, EngineSettings::default()).engine;
    assert!(one.status(Api::V2).await.is_ok());
    assert!(other.status(Api::V2).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_is_let_go_stops_probing() {
    let key = TestKey::new();
    let engine = Rig::start(key.clone()).engine;
    engine.status(Api::V2).await.unwrap();
    drop(engine);
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(key.counts(), (1, 1));
    assert_eq!(Arc::strong_count(&key), 1, "nothing holds the key any more");
}
