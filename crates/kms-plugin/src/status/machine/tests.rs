use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn version(number: u8) -> KeyVersion {
    KeyVersion { key: "k".to_owned(), version: Some(number.to_string()) }
}

/// What happens to the machine, and how long after the event before.
#[derive(Clone, Debug)]
enum Event {
    Good(u8),
    Failed(ErrorClass),
    Sighted(u8),
    Adjusted(StatusSettings),
}

fn events(versions: u8) -> impl Strategy<Value = Vec<(Duration, Event)>> {
    let pause = prop_oneof![9 => 1..20_u64, 1 => 500..900_u64].prop_map(Duration::from_secs);
    let event = prop_oneof![
        6 => (0..versions).prop_map(Event::Good),
        2 => proptest::sample::select(ErrorClass::ALL.as_slice()).prop_map(Event::Failed),
        1 => (0..versions).prop_map(Event::Sighted),
        1 => adjustments().prop_map(Event::Adjusted),
    ];
    proptest::collection::vec((pause, event), 1..200)
}

fn adjustments() -> impl Strategy<Value = StatusSettings> {
    (1..6_u32, 0..1200_u64, 0..1200_u64).prop_map(|(agreement, coast, return_after)| StatusSettings {
        agreement,
        coast: Duration::from_secs(coast),
        return_after: Duration::from_secs(return_after),
        ..StatusSettings::default()
    })
}

fn feed(machine: &mut Machine, event: &Event, now: Instant) {
    match event {
        Event::Good(number) => machine.succeeded(version(*number), now),
        Event::Failed(class) => machine.failed(*class, "failed".into()),
        Event::Sighted(number) => machine.sighted(&version(*number), now),
        Event::Adjusted(settings) => machine.adjust(settings.clone()),
    }
}

/// What was seen, newest first, until something else than `wanted` was seen.
fn row_of(wanted: u8, history: &[(Instant, Event)]) -> Vec<(Instant, Event)> {
    let says_nothing = |event: &Event| matches!(event, Event::Failed(_) | Event::Adjusted(_));
    let seen = history.iter().rev().filter(|(_, event)| !says_nothing(event));
    seen.take_while(|(_, event)| matches!(event, Event::Good(n) | Event::Sighted(n) if *n == wanted)).cloned().collect()
}

proptest! {
    /// Whatever the order of events, a version is published only after enough probes in a row, and again only after
    /// a long time of nothing else, by the settings in force then. Changed settings publish nothing.
    #[test]
    fn a_version_is_published_only_by_a_row_of_probes(events in events(3)) {
        let mut settings = StatusSettings::default();
        let mut machine = Machine::new(settings.clone());
        let (mut now, mut history, mut published_before) = (Instant::now(), Vec::new(), Vec::<u8>::new());
        for (pause, event) in events {
            now += pause;
            history.push((now, event.clone()));
            let former = machine.published().cloned();
            feed(&mut machine, &event, now);
            if let Event::Adjusted(new) = &event {
                settings = new.clone();
            }
            if machine.published() == former.as_ref() {
                continue;
            }
            let Event::Good(number) = event else { panic!("{event:?} published a version") };
            prop_assert_eq!(machine.published(), Some(&version(number)));
            if former.is_some() {
                let row = row_of(number, &history);
                let probes: Vec<_> = row.iter().filter(|(_, event)| matches!(event, Event::Good(_))).collect();
                prop_assert!(probes.len() >= settings.agreement as usize, "{:?}", row);
                if published_before.contains(&number) {
                    let since = probes.last().unwrap().0;
                    prop_assert!(now - since >= settings.return_after, "back after {:?}", now - since);
                }
            }
            published_before.push(number);
        }
    }

    /// Two materials in any mixture, for as long as KMS may be inconsistent: the key_id changes once at most.
    #[test]
    fn an_inconsistent_kms_never_makes_the_key_id_flip_flop(seen in proptest::collection::vec(0..2_u8, 1..110)) {
        let mut machine = Machine::new(StatusSettings::default());
        let (mut now, mut changes) = (Instant::now(), 0);
        machine.succeeded(version(0), now);
        for number in seen {
            now += 5 * SECOND;
            let former = machine.published().cloned();
            machine.succeeded(version(number), now);
            changes += u32::from(machine.published() != former.as_ref());
        }
        prop_assert!(changes <= 1, "{} changes", changes);
    }

    /// A coast ends in time, counted from the last proof of the published version; only a good probe ends an error.
    #[test]
    fn status_is_good_only_after_a_good_probe_and_never_longer_than_the_coast(events in events(2)) {
        let mut settings = StatusSettings::default();
        let mut machine = Machine::new(settings.clone());
        let (mut now, mut last_good, mut taken_away, mut well) = (Instant::now(), None, false, true);
        for (pause, event) in events {
            now += pause;
            feed(&mut machine, &event, now);
            match event {
                Event::Good(_) => (last_good, taken_away, well) = (Some(now), false, true),
                Event::Failed(class) => {
                    taken_away |= policy(class).status == StatusReaction::Err;
                    well = false;
                }
                Event::Sighted(number) => {
                    if machine.published() == Some(&version(number)) {
                        last_good = Some(now);
                    }
                    continue;
                }
                Event::Adjusted(new) => settings = new,
            }
            let is_good = |at| machine.failure().is_none_or(|f| f.coast_until.is_some_and(|until| at < until));
            let may_coast = last_good.is_some() && !taken_away;
            prop_assert_eq!(machine.failure().is_none(), well);
            if !well {
                let end = last_good.map(|good| good + settings.coast);
                prop_assert_eq!(is_good(now), may_coast && end.is_some_and(|end| now < end));
                prop_assert!(end.is_none_or(|end| !is_good(end)));
            }
        }
    }
}

#[test]
fn the_first_version_is_published_at_once_and_a_new_one_by_the_third_probe() {
    let mut machine = Machine::new(StatusSettings::default());
    let now = Instant::now();
    machine.succeeded(version(1), now);
    assert_eq!(machine.published(), Some(&version(1)));
    machine.succeeded(version(2), now + SECOND);
    machine.succeeded(version(2), now + 2 * SECOND);
    assert_eq!((machine.published(), machine.is_pending()), (Some(&version(1)), true));
    machine.succeeded(version(2), now + 3 * SECOND);
    assert_eq!((machine.published(), machine.is_pending()), (Some(&version(2)), false));
}

#[test]
fn an_encrypt_can_break_a_row_but_never_complete_one() {
    let mut machine = Machine::new(StatusSettings::default());
    let now = Instant::now();
    machine.succeeded(version(1), now);
    for _ in 0..2 {
        machine.succeeded(version(2), now);
    }
    for _ in 0..10 {
        machine.sighted(&version(2), now);
    }
    assert_eq!(machine.published(), Some(&version(1)));
    machine.sighted(&version(1), now);
    machine.succeeded(version(2), now);
    assert_eq!(machine.published(), Some(&version(1)), "the row began anew");
}

#[test]
fn probes_come_sooner_while_something_is_unsettled() {
    let settings = StatusSettings::default();
    let mut machine = Machine::new(settings.clone());
    let now = Instant::now();
    machine.succeeded(version(1), now);
    assert_eq!(machine.pause(), settings.settled_interval);
    machine.succeeded(version(2), now);
    assert_eq!(machine.pause(), settings.unsettled_interval);
    machine.succeeded(version(1), now);
    assert_eq!(machine.pause(), settings.settled_interval);
    machine.failed(ErrorClass::Throttled, "slow down".into());
    assert_eq!(machine.pause(), settings.unsettled_interval);
}
