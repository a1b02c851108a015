//! An agent before replicas that know different things: nothing is handed to the wrong pod, nor for longer than it may be.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use pod_identity::agent::CacheSettings;
use proptest::prelude::*;
use tokio::task::JoinSet;

use crate::{
    replicas::{Fault, Fleet, Way},
    rig::pod_claims,
};

const REPLICAS: usize = 2;
/// Service account and number of each pod. Two have a second token, as after its renewal.
const PODS: [(usize, u8); 4] = [(0, 0), (0, 1), (1, 0), (2, 0)];
const TOKENS: [usize; 6] = [0, 1, 2, 3, 0, 2];

#[derive(Clone, Debug)]
enum Step {
    /// Somebody asks with a token, so many times at once.
    Ask {
        token: usize,
        times: u8,
    },
    /// A service account gets another role (or none) at a replica, or at all of them one after the other.
    Associate {
        replica: Option<usize>,
        account: usize,
        role: u8,
    },
    Lead(Way),
    Delete {
        pod: usize,
    },
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let fault = prop_oneof![
        6 => Just(None),
        1 => Just(Some(Fault::HangsUp)),
        1 => Just(Some(Fault::Throttles)),
        1 => Just(Some(Fault::IsIll)),
        1 => Just(Some(Fault::Lies)),
    ];
    let slow = || prop_oneof![1 => Just(0), 1 => 1..40_u64];
    let way = (0..REPLICAS, slow(), slow(), fault)
        .prop_map(|(replica, before, after, fault)| Step::Lead(Way { replica, before, after, fault }));
    let step = prop_oneof![
        10 => (0..TOKENS.len(), 1..4_u8).prop_map(|(token, times)| Step::Ask { token, times }),
        6 => (prop::option::of(0..REPLICAS), 0..2_usize, 0..4_u8)
            .prop_map(|(replica, account, role)| Step::Associate { replica, account, role }),
        4 => way,
        1 => (0..PODS.len()).prop_map(|pod| Step::Delete { pod }),
        5 => (1..12_u64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 10..80)
}

/// Small and hasty, so that entries push each other out, are renewed and are had anew all the time; or as it is by default.
fn settings() -> impl Strategy<Value = CacheSettings> {
    let soon = SignedDuration::from_millis(5);
    let hasty = CacheSettings {
        entries: 3,
        retention: SignedDuration::from_millis(30),
        renewals_per_second: 1000,
        remember_refusal: soon,
        remember_failure: soon,
        retry: soon,
        wait_for_renewal: Duration::from_millis(5),
        ..CacheSettings::default()
    };
    let usual = CacheSettings { remember_refusal: soon, remember_failure: soon, ..CacheSettings::default() };
    prop_oneof![Just(hasty), Just(usual)]
}

async fn run(settings: CacheSettings, steps: Vec<Step>) -> usize {
    let fleet = Arc::new(Fleet::start(REPLICAS, settings).await);
    let name = |pod: usize| format!("sa{}-{}", PODS[pod].0, PODS[pod].1);
    let tokens: Vec<String> = (0..TOKENS.len())
        .map(|token| {
            let pod = TOKENS[token];
            let mut claims = pod_claims("shop", &format!("sa{}", PODS[pod].0), Some("one"));
            claims["kubernetes.io"]["pod"] =
                serde_json::json!({ "name": name(pod), "uid": format!("uid-of-{}", name(pod)) });
            claims["jti"] = token.into();
            fleet.front.replicas[0].key.token(&claims)
        })
        .collect();
    let mut asking = JoinSet::new();
    let mut roles = [[1; 3]; REPLICAS];
    for step in steps {
        match step {
            Step::Ask { token, times } => {
                let pod = TOKENS[token];
                for _ in 0..times {
                    let (fleet, token, name) = (Arc::clone(&fleet), tokens[token].clone(), name(pod));
                    asking.spawn(async move { fleet.ask(&name, PODS[pod].0, &token).await });
                }
            }
            Step::Associate { replica, account, role } => {
                for (number, roles) in roles.iter_mut().enumerate() {
                    if replica.is_none_or(|replica| replica == number) {
                        roles[account] = role;
                        fleet.associate(number, *roles).await;
                    }
                }
            }
            Step::Lead(way) => fleet.lead(way),
            Step::Delete { pod } => fleet.delete(&format!("uid-of-{}", name(pod))),
            Step::Wait(milliseconds) => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
        }
    }
    let mut kept = 0;
    while let Some(asked) = asking.join_next().await {
        kept += usize::from(fleet.check(&asked.unwrap()));
    }
    kept
}

#[test]
fn nothing_is_handed_to_the_wrong_pod_or_of_a_state_that_is_over() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 48,
        max_shrink_iters: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let kept = std::cell::Cell::new(0);
    let run = runner.run(&(settings(), steps()), |(settings, steps)| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        kept.set(kept.get() + runtime.block_on(run(settings, steps)));
        runtime.shutdown_background();
        Ok(())
    });
    run.unwrap_or_else(|failed| panic!("{failed}"));
    // Else it would say nothing of the cache.
    assert!(kept.get() > 10, "only {} were handed what was there already", kept.get());
}
