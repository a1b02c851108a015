use tokio::task::{JoinHandle, yield_now};

use super::*;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

/// Starts waiters in the given order and makes sure that each of them queues before the next.
async fn queue(gate: &Arc<Gate>, lanes: &[Lane], served: &Arc<Mutex<Vec<Lane>>>) -> Vec<JoinHandle<()>> {
    let mut waiters = Vec::new();
    for lane in lanes.iter().copied() {
        let (gate, served) = (gate.clone(), served.clone());
        waiters.push(tokio::spawn(async move {
            let (mut turn, _) = gate.enter(lane, 1, soon()).await.unwrap();
            turn.calls();
            served.lock().unwrap().push(lane);
        }));
        yield_now().await;
    }
    waiters
}

#[tokio::test]
async fn decrypts_go_before_encrypts_and_probes_come_last() {
    use Lane::{Decrypt, Encrypt, Probe};
    let (gate, served) = (Gate::new(1, None), Arc::default());
    let (permit, queued) = gate.enter(Encrypt, 1, soon()).await.unwrap();
    assert!(!queued);
    let waiters = queue(&gate, &[Probe, Encrypt, Decrypt, Encrypt, Decrypt], &served).await;
    drop(permit);
    for waiter in waiters {
        waiter.await.unwrap();
    }
    assert_eq!(*served.lock().unwrap(), [Decrypt, Decrypt, Encrypt, Encrypt, Probe]);
}

#[tokio::test]
async fn whoever_gives_up_waiting_costs_nobody_a_turn() {
    let (gate, served) = (Gate::new(1, None), Arc::default());
    let (permit, _) = gate.enter(Lane::Encrypt, 1, soon()).await.unwrap();
    let given_up = queue(&gate, &[Lane::Decrypt; MOST_WAITING - 1], &served).await;
    let patient = queue(&gate, &[Lane::Encrypt], &served).await;
    for waiter in &given_up {
        waiter.abort();
    }
    for waiter in given_up {
        assert!(waiter.await.unwrap_err().is_cancelled());
    }
    drop(permit);
    for waiter in patient {
        waiter.await.unwrap();
    }
    assert_eq!(*served.lock().unwrap(), [Lane::Encrypt]);
    assert_eq!(gate.lock().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_the_deadline_and_the_queue_with_its_length() {
    let (gate, served) = (Gate::new(1, None), Arc::default());
    let (_permit, _) = gate.enter(Lane::Encrypt, 1, soon()).await.unwrap();
    let in_a_second = Instant::now() + Duration::from_secs(1);
    assert_eq!(gate.enter(Lane::Decrypt, 1, in_a_second).await.unwrap_err(), NoPermit::OutOfTime);
    assert_eq!(Instant::now(), in_a_second);
    let _waiters = queue(&gate, &[Lane::Decrypt; MOST_WAITING], &served).await;
    assert_eq!(gate.enter(Lane::Decrypt, 1, soon()).await.unwrap_err(), NoPermit::Overloaded);
}

#[tokio::test]
async fn a_queue_full_of_encrypts_refuses_encrypts_and_probes_but_no_decrypt() {
    use Lane::{Decrypt, Encrypt, Probe};
    let (gate, served) = (Gate::new(1, None), Arc::default());
    let (permit, _) = gate.enter(Encrypt, 1, soon()).await.unwrap();
    let encrypts = queue(&gate, &[Encrypt; MOST_WAITING], &served).await;
    for lane in [Encrypt, Probe] {
        assert_eq!(gate.enter(lane, 1, soon()).await.unwrap_err(), NoPermit::Overloaded);
    }
    let decrypts = queue(&gate, &[Decrypt], &served).await;
    // Room again at once, though no turn has come.
    let (given_up, patient) = encrypts.split_at(MOST_WAITING - 1);
    given_up.iter().for_each(JoinHandle::abort);
    yield_now().await;
    let late = queue(&gate, &[Probe], &served).await;
    drop(permit);
    for waiter in decrypts.into_iter().chain(late) {
        waiter.await.unwrap();
    }
    assert!(patient.iter().all(JoinHandle::is_finished));
    assert_eq!(*served.lock().unwrap(), [Decrypt, Encrypt, Probe]);
}

#[tokio::test(start_paused = true)]
async fn throttling_halves_the_room_once_a_burst_and_good_answers_bring_it_back() {
    let gate = Gate::new(16, None);
    for _ in 0..20 {
        gate.throttled(Instant::now());
    }
    assert_eq!(gate.limit(), 8);
    for _ in 0..10 {
        tokio::time::advance(BETWEEN_CUTS).await;
        gate.throttled(Instant::now());
    }
    assert_eq!(gate.limit(), 1, "never less, or nobody would find out that it is over");
    for _ in 0..1000 {
        gate.answered();
    }
    assert_eq!(gate.limit(), 16);
}

#[tokio::test]
async fn room_that_grows_admits_who_waits() {
    let (gate, served) = (Gate::new(2, None), Arc::default());
    gate.throttled(Instant::now());
    let (_permit, _) = gate.enter(Lane::Encrypt, 1, soon()).await.unwrap();
    let waiters = queue(&gate, &[Lane::Decrypt], &served).await;
    assert!(served.lock().unwrap().is_empty());
    gate.answered();
    for waiter in waiters {
        waiter.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_lets_a_burst_through_then_paces_and_an_encrypt_counts_twice() {
    let gate = Gate::new(16, Some(Rate { per_second: 10.0, burst: 3.0 }));
    let enter = async |lane, calls| {
        let (mut turn, _) = gate.enter(lane, calls, soon()).await.unwrap();
        (0..calls).for_each(|_| turn.calls());
    };
    let started = Instant::now();
    for _ in 0..3 {
        enter(Lane::Decrypt, 1).await;
    }
    assert_eq!(started.elapsed(), Duration::ZERO);
    enter(Lane::Encrypt, 2).await;
    let after_one = started.elapsed();
    assert!((95..=110).contains(&after_one.as_millis()), "{after_one:?}");
    enter(Lane::Decrypt, 1).await;
    let after_two_more = started.elapsed();
    assert!((295..=310).contains(&after_two_more.as_millis()), "{after_two_more:?}");
    let too_soon = Instant::now() + Duration::from_millis(50);
    assert_eq!(gate.enter(Lane::Decrypt, 1, too_soon).await.unwrap_err(), NoPermit::OutOfTime);
}

#[tokio::test(start_paused = true)]
async fn a_paced_decrypt_overtakes_the_encrypts_that_wait() {
    let (gate, served) = (Gate::new(16, Some(Rate { per_second: 1.0, burst: 1.0 })), Arc::default());
    gate.enter(Lane::Encrypt, 1, soon()).await.unwrap().0.calls();
    let waiters = queue(&gate, &[Lane::Encrypt, Lane::Encrypt, Lane::Decrypt], &served).await;
    for waiter in waiters {
        waiter.await.unwrap();
    }
    assert_eq!(*served.lock().unwrap(), [Lane::Encrypt, Lane::Decrypt, Lane::Encrypt]);
}

#[tokio::test(start_paused = true)]
async fn other_limits_are_in_force_at_once_and_cost_nobody_a_turn() {
    let (gate, served) = (Gate::new(1, None), Arc::default());
    let (permit, _) = gate.enter(Lane::Encrypt, 1, soon()).await.unwrap();
    let waiters = queue(&gate, &[Lane::Encrypt, Lane::Decrypt], &served).await;
    gate.adjust(3, None);
    for waiter in waiters {
        waiter.await.unwrap();
    }
    assert_eq!(*served.lock().unwrap(), [Lane::Decrypt, Lane::Encrypt]);
    drop(permit);

    gate.throttled(Instant::now());
    gate.adjust(64, None);
    assert_eq!(gate.limit(), 1, "what throttling has lowered comes back by good answers alone");
}

#[tokio::test(start_paused = true)]
async fn a_rate_comes_changes_and_goes_while_calls_are_made() {
    let gate = Gate::new(16, None);
    let enter = async |calls| {
        let (mut turn, queued) = gate.enter(Lane::Decrypt, calls, soon()).await.unwrap();
        turn.calls();
        queued
    };
    assert!(!enter(1).await);
    let slow = Rate { per_second: 0.1, burst: 1.0 };
    gate.adjust(16, Some(slow));
    let started = Instant::now();
    assert!(!enter(1).await, "the burst");
    assert!(enter(1).await);
    assert_eq!(started.elapsed().as_secs(), 10);

    let fast = Rate { per_second: 10.0, burst: 5.0 };
    gate.adjust(16, Some(fast));
    let started = Instant::now();
    assert!(enter(1).await, "a change is no way to another burst");
    assert!((95..=110).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());

    gate.adjust(16, None);
    for _ in 0..100 {
        assert!(!enter(1).await);
    }
}

/// A rate of one call a second after a burst of two.
fn paced(most: usize) -> Arc<Gate> {
    Gate::new(most, Some(Rate { per_second: 1.0, burst: 2.0 }))
}

async fn waits(gate: &Arc<Gate>) -> Duration {
    let started = Instant::now();
    gate.enter(Lane::Decrypt, 1, soon()).await.unwrap().0.calls();
    started.elapsed()
}

#[tokio::test(start_paused = true)]
async fn only_calls_that_are_made_use_tokens_up() {
    let gate = paced(16);
    for _ in 0..100 {
        gate.enter(Lane::Encrypt, 2, soon()).await.unwrap();
    }
    assert!(waits(&gate).await.is_zero(), "of turns that were not used");
    let (mut turn, _) = gate.enter(Lane::Encrypt, 2, soon()).await.unwrap();
    // It could not seal, so there is nothing to open.
    turn.calls();
    drop(turn);
    assert_eq!(waits(&gate).await.as_secs(), 1, "the third call");
}

#[tokio::test(start_paused = true)]
async fn who_gets_no_place_or_gives_up_waiting_gives_its_tokens_back() {
    let gate = paced(1);
    let (mut first, _) = gate.enter(Lane::Decrypt, 1, soon()).await.unwrap();
    first.calls();
    let at_once = Instant::now();
    assert_eq!(gate.enter(Lane::Decrypt, 1, at_once).await.unwrap_err(), NoPermit::OutOfTime, "no place");
    drop(first);
    assert!(waits(&gate).await.is_zero());

    let served = Arc::default();
    let patient = queue(&gate, &[Lane::Encrypt], &served).await;
    patient.iter().for_each(JoinHandle::abort);
    yield_now().await;
    assert_eq!(waits(&gate).await.as_secs(), 1, "not two, for one that gave up");
}
