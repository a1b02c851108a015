//! How long what is kept, on a clock that stands until it is moved.

use jiff::SignedDuration;
use pod_identity::agent::{CacheSettings, SourceErrorClass};
use proptest::prelude::*;
use tokio::time::{Duration, advance};

use crate::{
    source::{BEGINNING, Does, Kept},
    tokens,
};

fn token(name: &str, lasts: i64) -> String {
    tokens::unsigned(&tokens::claims(name, BEGINNING - 10, BEGINNING + lasts))
}

const DAY: i64 = 86_400;
const SIX_HOURS: Does = Does::Issue(SignedDuration::from_hours(6));

/// Moves the clock in steps, so that what goes on by itself keeps up.
async fn pass(seconds: u64) {
    for _ in 0..seconds.div_ceil(30) {
        advance(Duration::from_secs(30)).await;
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn kept_credentials_are_renewed_ahead_of_time_and_a_dead_pods_once() {
    let kept = Kept::new(SIX_HOURS, CacheSettings::default());
    let pod = token("api", DAY);
    assert_eq!(kept.ask(&pod).await.unwrap(), "call-1");
    pass(2 * 3600).await;
    assert_eq!((kept.ask(&pod).await.unwrap(), kept.source.calls()), ("call-1".to_owned(), 1));
    // Renewed by itself within three hours, a little sooner at random.
    pass(3600 + 60).await;
    assert_eq!(kept.source.calls(), 2);
    assert_eq!(kept.ask(&pod).await.unwrap(), "call-2");
    // The pod dies: one renewal more, and no other for the rest of the day.
    pass(20 * 3600).await;
    assert_eq!((kept.source.calls(), kept.cache.len()), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_forgotten_with_its_credentials() {
    let kept = Kept::new(SIX_HOURS, CacheSettings::default());
    let pod = token("api", 600);
    kept.ask(&pod).await.unwrap();
    assert_eq!(kept.cache.len(), 1);
    pass(660).await;
    assert_eq!(kept.cache.len(), 0);
    assert!(kept.ask(&pod).await.unwrap_err().contains("token is expired"));
    assert_eq!(kept.source.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_has_gone_is_forgotten_with_every_token_that_it_had_and_no_other_pod() {
    let kept = Kept::new(SIX_HOURS, CacheSettings::default());
    // Two tokens of one pod, as after a rotation.
    let (first, second, other) = (token("api", DAY), token("api", DAY - 60), token("web", DAY));
    for pod in [&first, &second, &other] {
        kept.ask(pod).await.unwrap();
    }
    assert_eq!((kept.cache.len(), kept.source.calls()), (3, 3));
    kept.cache.forget_pod("uid-of-nobody");
    kept.cache.forget_pod("uid-of-api");
    assert_eq!(kept.cache.len(), 1);
    kept.ask(&other).await.unwrap();
    assert_eq!(kept.source.calls(), 3, "the other pod's are kept");
    assert_eq!(kept.ask(&first).await.unwrap(), "call-3", "the source is asked again");
}

#[tokio::test(start_paused = true)]
async fn what_is_given_for_a_pod_that_went_meanwhile_is_not_kept() {
    let late = Does::IssueLate(SignedDuration::from_hours(6), Duration::from_secs(3));
    let kept = Kept::new(late, CacheSettings::default());
    let (gone, other) = (token("api", DAY), token("web", DAY));
    let (of_gone, of_other, ()) = tokio::join!(kept.ask(&gone), kept.ask(&other), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        kept.cache.forget_pod("uid-of-api");
    });
    assert_eq!((of_gone.as_deref(), of_other.as_deref()), (Ok("call-1"), Ok("call-1")));
    assert_eq!(kept.cache.len(), 1, "the other's");
    assert_eq!(kept.ask(&other).await.unwrap(), "call-1");
}

/// A call that is under way may bring what was taken back meanwhile. Who has waited for it gets that; who comes later does not.
#[tokio::test(start_paused = true)]
async fn nobody_joins_a_call_from_before_something_was_taken_back_or_the_pod_went() {
    let late = Does::IssueLate(SignedDuration::from_hours(6), Duration::from_secs(3));
    type TakesBack = fn(&Kept);
    let ways: [TakesBack; 2] = [|kept| kept.source.take_back(), |kept| kept.cache.forget_pod("uid-of-api")];
    for takes_back in ways {
        let kept = Kept::new(late.clone(), CacheSettings::default());
        let pod = token("api", DAY);
        let (before, joined, after) = tokio::join!(kept.ask(&pod), kept.ask(&pod), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            takes_back(&kept);
            tokio::time::sleep(Duration::from_secs(1)).await;
            kept.ask(&pod).await
        });
        assert_eq!((before.as_deref(), joined.as_deref()), (Ok("call-1"), Ok("call-1")));
        assert_eq!(after.as_deref(), Ok("call-2"));
    }
}

/// A refusal from before says nothing of what there is since.
#[tokio::test(start_paused = true)]
async fn a_refusal_that_was_under_way_when_associations_changed_is_not_remembered() {
    let kept =
        Kept::new(Does::IssueLate(SignedDuration::from_secs(1), Duration::from_secs(3)), CacheSettings::default());
    let pod = token("api", DAY);
    let (refused, given) = tokio::join!(kept.ask(&pod), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        kept.source.take_back();
        kept.source.now_does(SIX_HOURS);
        tokio::time::sleep(Duration::from_millis(2001)).await;
        kept.ask(&pod).await
    });
    assert!(refused.unwrap_err().contains("expired or will expire"));
    assert_eq!(given.as_deref(), Ok("call-2"));
}

#[tokio::test(start_paused = true)]
async fn while_the_source_is_away_what_is_kept_goes_on_until_it_ends() {
    for class in [SourceErrorClass::Throttled, SourceErrorClass::Away, SourceErrorClass::Untrue] {
        let kept = Kept::new(SIX_HOURS, CacheSettings::default());
        let pod = token("api", DAY);
        kept.ask(&pod).await.unwrap();
        kept.source.now_does(Does::Fail(class));
        pass(6 * 3600 - 120).await;
        assert_eq!(kept.ask(&pod).await.unwrap(), "call-1", "{class:?}");
        // Tried again every minute or two, not by each request.
        let calls = kept.source.calls();
        assert!((90..=200).contains(&calls), "{class:?}: {calls}");
        pass(120).await;
        assert!(kept.ask(&pod).await.is_err());
        kept.source.now_does(SIX_HOURS);
        advance(Duration::from_millis(1001)).await;
        assert!(kept.ask(&pod).await.is_ok(), "{class:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_source_takes_back_is_dropped_and_the_refusal_is_remembered_for_a_moment() {
    let kept = Kept::new(SIX_HOURS, CacheSettings::default());
    let pod = token("api", DAY);
    kept.ask(&pod).await.unwrap();
    kept.source.now_does(Does::Fail(SourceErrorClass::Refused));
    pass(3 * 3600 + 60).await;
    assert_eq!(kept.cache.len(), 0);
    let before = kept.source.calls();
    assert!(kept.ask(&pod).await.is_err());
    for _ in 0..100 {
        assert!(kept.ask(&pod).await.is_err());
    }
    assert_eq!(kept.source.calls(), before + 1);
    // An association that was made meanwhile is not kept waiting.
    kept.source.now_does(SIX_HOURS);
    advance(Duration::from_millis(5001)).await;
    assert!(kept.ask(&pod).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_what_is_due_waits_half_a_second_at_most() {
    let settings = CacheSettings { renewals_per_second: 0, ..CacheSettings::default() };
    let kept = Kept::new(SIX_HOURS, settings);
    let pod = token("api", DAY);
    kept.ask(&pod).await.unwrap();
    pass(3 * 3600 + 60).await;
    kept.source.now_does(Does::IssueLate(SignedDuration::from_hours(6), Duration::from_secs(2)));
    let started = tokio::time::Instant::now();
    assert_eq!(kept.ask(&pod).await.unwrap(), "call-1");
    assert_eq!(started.elapsed(), Duration::from_millis(500));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(kept.ask(&pod).await.unwrap(), "call-2");
}

#[tokio::test(start_paused = true)]
async fn credentials_of_a_target_role_are_renewed_before_sdks_ask_for_new_ones() {
    let kept = Kept::new(Does::Issue(SignedDuration::from_mins(59)), CacheSettings::default());
    let pod = token("api", DAY);
    kept.ask(&pod).await.unwrap();
    // botocore asks 15 minutes before the end.
    pass(44 * 60).await;
    assert_eq!(kept.ask(&pod).await.unwrap(), "call-2");
}

#[tokio::test(start_paused = true)]
async fn renewals_that_are_due_together_are_begun_a_few_a_second() {
    let kept = Kept::new(SIX_HOURS, CacheSettings::default());
    for pod in 0..200 {
        kept.ask(&token(&format!("pod{pod}"), DAY)).await.unwrap();
    }
    // The first is due a tenth of three hours early, the last on time.
    pass(3 * 3600 - 1080 - 30).await;
    assert_eq!(kept.source.calls(), 200);
    for _ in 0..1200 {
        let before = kept.source.calls();
        advance(Duration::from_secs(1)).await;
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        assert!(kept.source.calls() - before <= 3);
    }
    assert_eq!(kept.source.calls(), 400);
}

#[tokio::test(start_paused = true)]
async fn a_hot_token_stays_while_thousands_pass_and_bad_ones_push_nobody_out() {
    let kept = Kept::new(SIX_HOURS, CacheSettings::default());
    let hot = token("hot", DAY);
    kept.ask(&hot).await.unwrap();
    for pod in 0..5000 {
        kept.ask(&token(&format!("pod{pod}"), DAY)).await.unwrap();
        if pod % 100 == 0 {
            kept.ask(&hot).await.unwrap();
        }
    }
    assert_eq!((kept.cache.len(), kept.ask(&hot).await.unwrap()), (2000, "call-1".to_owned()));
    kept.source.now_does(Does::Fail(SourceErrorClass::Refused));
    for pod in 0..5000 {
        kept.ask(&token(&format!("bad{pod}"), DAY)).await.unwrap_err();
    }
    assert_eq!((kept.cache.len(), kept.ask(&hot).await.unwrap()), (2000, "call-1".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn without_a_cache_equal_requests_still_share_a_call() {
    for settings in [
        CacheSettings { entries: 0, ..CacheSettings::default() },
        CacheSettings { retention: SignedDuration::ZERO, ..CacheSettings::default() },
    ] {
        let kept = Kept::new(SIX_HOURS, settings);
        let pod = token("api", DAY);
        let all = futures_util::future::join_all((0..64).map(|_| kept.ask(&pod))).await;
        assert!(all.iter().all(|got| got.as_deref() == Ok("call-1")));
        assert_eq!(kept.ask(&pod).await.unwrap(), "call-2");
        assert_eq!(kept.cache.len(), 0);
    }
}

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    Ask(u8),
    AskTogether(Vec<u8>),
    Does(Does),
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let minutes = |range| (range, any::<bool>());
    let does = prop_oneof![
        minutes(1..90_i64).prop_map(|(lasts, late)| {
            let lasts = SignedDuration::from_mins(lasts);
            if late { Does::IssueLate(lasts, Duration::from_secs(3)) } else { Does::Issue(lasts) }
        }),
        prop_oneof![
            Just(SourceErrorClass::Refused),
            Just(SourceErrorClass::Throttled),
            Just(SourceErrorClass::Away),
            Just(SourceErrorClass::Untrue)
        ]
        .prop_map(Does::Fail),
    ];
    let step = prop_oneof![
        4 => (0..6_u8).prop_map(Step::Ask),
        3 => prop::collection::vec(0..6_u8, 2..12).prop_map(Step::AskTogether),
        2 => does.prop_map(Step::Does),
        2 => prop_oneof![1..30_u64, 60..3_000_u64].prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever comes in whatever order, a pod is handed its own credentials, and none that are over: `Kept::ask` checks both.
    /// The cache is small, so that pods push each other out.
    #[test]
    fn nobody_is_handed_anothers(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let kept = Kept::new(SIX_HOURS, CacheSettings { entries: 3, ..CacheSettings::default() });
            let pods: Vec<String> = (0..6).map(|pod| token(&format!("pod{pod}"), 5_000 * (pod + 1))).collect();
            for step in steps {
                match step {
                    Step::Ask(pod) => drop(kept.ask(&pods[usize::from(pod)]).await),
                    Step::AskTogether(some) => {
                        drop(futures_util::future::join_all(some.iter().map(|pod| kept.ask(&pods[usize::from(*pod)]))).await);
                    }
                    Step::Does(does) => kept.source.now_does(does),
                    Step::Pass(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                }
                assert!(kept.cache.len() <= 3);
            }
        });
    }
}
