//! One call for identical Decrypts, and Decrypts first.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use key_service::ErrorClass;
use kms_plugin::{
    caller::Api,
    engine::{EngineSettings, Gate},
};
use tokio::{task::JoinSet, time::sleep};
use tonic::Code;

use crate::support::{Rig, TestKey, caller, open, seed};

/// An engine that has sealed one ciphertext, and how many calls that took.
async fn sealed(gate: Arc<Gate>) -> (Arc<TestKey>, Rig, Vec<u8>, usize) {
    let key = TestKey::new();
    let rig = Rig::with(key.clone(), gate, EngineSettings::default());
    let ciphertext = rig.engine.encrypt(seed(), &caller(Api::V2)).await.unwrap().ciphertext;
    let (seals, opens) = key.counts();
    (key, rig, ciphertext, seals + opens)
}

#[tokio::test]
async fn sixty_four_identical_decrypts_make_one_call_and_others_their_own() {
    let (key, rig, ciphertext, begun) = sealed(Gate::new(64, None)).await;
    let other = rig.engine.encrypt(seed(), &caller(Api::V2)).await.unwrap().ciphertext;
    let before = key.counts().1;
    let holds = key.hold();
    let mut decrypts = JoinSet::new();
    for _ in 0..64 {
        let (engine, ciphertext) = (rig.engine.clone(), ciphertext.clone());
        decrypts.spawn(async move { open(&engine, &ciphertext).await });
    }
    let (engine, other) = (rig.engine.clone(), other.clone());
    decrypts.spawn(async move { open(&engine, &other).await });
    key.calls_begun(begun + 2 + 2).await;
    holds.add_permits(2);
    for opened in decrypts.join_all().await {
        assert_eq!(opened.unwrap(), seed());
    }
    assert_eq!(key.counts().1 - before, 2);
    assert!(rig.scrape().contains("claviger_kms_shared_decrypts_total{key=\"test-key\"} 63"));
}

#[tokio::test]
async fn the_next_decrypt_after_a_landing_makes_a_call_of_its_own() {
    let (key, rig, ciphertext, _) = sealed(Gate::new(64, None)).await;
    let before = key.counts().1;
    for _ in 0..3 {
        open(&rig.engine, &ciphertext).await.unwrap();
    }
    assert_eq!(key.counts().1 - before, 3, "plaintext is not kept");
}

#[tokio::test]
async fn a_caller_that_gives_up_takes_nobody_with_it() {
    let (key, rig, ciphertext, begun) = sealed(Gate::new(64, None)).await;
    let holds = key.hold();
    let spawn = || {
        let (engine, ciphertext) = (rig.engine.clone(), ciphertext.clone());
        tokio::spawn(async move { open(&engine, &ciphertext).await })
    };
    let leader = spawn();
    key.calls_begun(begun + 1).await;
    let follower = spawn();
    tokio::task::yield_now().await;
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    holds.add_permits(1);
    assert_eq!(follower.await.unwrap().unwrap(), seed());
}

#[tokio::test(start_paused = true)]
async fn a_follower_does_not_inherit_its_leaders_deadline() {
    let (key, rig, ciphertext, begun) = sealed(Gate::new(64, None)).await;
    let holds = key.hold();
    let spawn = || {
        let (engine, ciphertext) = (rig.engine.clone(), ciphertext.clone());
        tokio::spawn(async move { open(&engine, &ciphertext).await })
    };
    let leader = spawn();
    key.calls_begun(begun + 1).await;
    sleep(Duration::from_secs(2)).await;
    let follower = spawn();
    assert_eq!(leader.await.unwrap().unwrap_err().code, Code::DeadlineExceeded);
    // Enough for the probe that the failure brings forward, too.
    holds.add_permits(10);
    assert_eq!(follower.await.unwrap().unwrap(), seed());
}

#[tokio::test(start_paused = true)]
async fn a_follower_waits_for_a_turn_after_its_leader_has_given_up_on_one() {
    let (key, rig, ciphertext, begun) = sealed(Gate::new(1, None)).await;
    let other = rig.engine.encrypt(seed(), &caller(Api::V2)).await.unwrap().ciphertext;
    let holds = key.hold();
    let spawn = |ciphertext: &[u8]| {
        let (engine, ciphertext) = (rig.engine.clone(), ciphertext.to_vec());
        tokio::spawn(async move { open(&engine, &ciphertext).await })
    };
    let busy = spawn(&other);
    key.calls_begun(begun + 2 + 1).await;
    rig.engine.adjust(EngineSettings { deadline: Duration::from_secs(1), ..EngineSettings::default() });
    let leader = spawn(&ciphertext);
    tokio::task::yield_now().await;
    rig.engine.adjust(EngineSettings::default());
    let follower = spawn(&ciphertext);
    let refused = leader.await.unwrap().unwrap_err();
    assert_eq!(refused.code, Code::DeadlineExceeded);
    holds.add_permits(10);
    assert_eq!(busy.await.unwrap().unwrap(), seed());
    assert_eq!(follower.await.unwrap().unwrap(), seed());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_crashes_is_an_internal_error_at_once_and_the_next_one_works() {
    let (key, rig, ciphertext, _) = sealed(Gate::new(64, None)).await;
    key.crashes.store(true, Ordering::SeqCst);
    assert_eq!(open(&rig.engine, &ciphertext).await.unwrap_err().code, Code::Internal);
    key.crashes.store(false, Ordering::SeqCst);
    assert_eq!(open(&rig.engine, &ciphertext).await.unwrap(), seed());
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_told_to_everyone_who_waits_for_it_and_remembered_by_nobody() {
    let (key, rig, ciphertext, begun) = sealed(Gate::new(64, None)).await;
    let holds = key.hold();
    key.fail(ErrorClass::Throttled);
    let mut decrypts = JoinSet::new();
    for _ in 0..8 {
        let (engine, ciphertext) = (rig.engine.clone(), ciphertext.clone());
        decrypts.spawn(async move { open(&engine, &ciphertext).await });
    }
    key.calls_begun(begun + 1).await;
    holds.add_permits(1);
    for refused in decrypts.join_all().await {
        assert_eq!(refused.unwrap_err().code, Code::ResourceExhausted);
    }
    key.fail(None);
    holds.add_permits(10);
    assert_eq!(open(&rig.engine, &ciphertext).await.unwrap(), seed());
}

#[tokio::test(start_paused = true)]
async fn when_throttled_decrypts_go_before_encrypts() {
    let (key, rig, ciphertext, begun) = sealed(Gate::new(2, None)).await;
    key.fail(ErrorClass::Throttled);
    open(&rig.engine, &ciphertext).await.unwrap_err();
    key.fail(None);
    // One call at a time now: this Encrypt has the turn, and three more and then a Decrypt come after it.
    let holds = key.hold();
    let mut calls = JoinSet::new();
    let encrypt = |calls: &mut JoinSet<()>| {
        let engine = rig.engine.clone();
        calls.spawn(async move { drop(engine.encrypt(seed(), &caller(Api::V2)).await.unwrap()) });
    };
    encrypt(&mut calls);
    key.calls_begun(begun + 2).await;
    for _ in 0..3 {
        encrypt(&mut calls);
    }
    tokio::task::yield_now().await;
    let engine = rig.engine.clone();
    calls.spawn(async move { drop(open(&engine, &ciphertext).await.unwrap()) });
    tokio::task::yield_now().await;
    key.log.lock().unwrap().clear();
    holds.add_permits(100);
    calls.join_all().await;
    let log = key.log.lock().unwrap().clone();
    assert_eq!(log[..3], ["open", "open", "seal"], "the first Encrypt's proof, the Decrypt, the next Encrypt");
}
