use std::time::Duration;

use authz::text::SourceText;
use aws_model::Region;
use aws_wire::model;
use jiff::SignedDuration;
use serde_json::json;

use super::*;
use crate::caller::Caller;

const KEY: &str = "arn:aws:kms:us-west-2:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";

struct Rig {
    faults: Faults,
    clock: Clock,
}

impl Rig {
    fn of(lines: &[&str]) -> Self {
        Self::seeded(7, lines)
    }

    fn seeded(seed: u64, lines: &[&str]) -> Self {
        let clock = Clock::frozen_at("2026-01-01T00:00:00Z".parse().unwrap());
        let text = json!({ "seed": seed, "faults": lines }).to_string();
        let plan = FaultPlan::read(&SourceText::new("faults", text)).unwrap();
        Self { faults: Faults::new(clock.clone(), plan).unwrap(), clock }
    }

    /// What becomes of a call of the root user of 111122223333 in us-west-2, on a key if it is one of KMS.
    fn call(&self, operation: &str) -> Ruling {
        self.call_as(operation, &Caller::root("111122223333".parse().unwrap(), "AKIA"), "us-west-2")
    }

    fn call_as(&self, operation: &str, caller: &Caller, region: &str) -> Ruling {
        let (service, name) = operation.split_once(':').unwrap();
        let service = model::service_for_signing_name(service).unwrap();
        let key = NamedKey { arn: KEY.parse().unwrap(), aliases: vec!["alias/etcd".to_owned()] };
        let region: Region = region.parse().unwrap();
        let keys = if service == ServiceId::Kms { vec![key] } else { Vec::new() };
        let operation = model::service(service).operation(name).unwrap();
        self.faults.rule(&Called { service, operation, caller, region: &region, keys })
    }

    /// Of so many calls, which numbers fail.
    fn failing(&self, calls: u64) -> Vec<u64> {
        (1..=calls).filter(|_| !matches!(self.call("kms:Decrypt").fate, Fate::Answered)).collect()
    }
}

fn refused(ruling: Ruling) -> ServiceError {
    match ruling.fate {
        Fate::Refused(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_throttle_has_the_code_and_the_words_of_its_service() {
    let rig = Rig::of(&["* throttle=0/s"]);
    for (operation, code, message) in [
        (
            "kms:Decrypt",
            "ThrottlingException",
            "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
        ),
        ("cloudtrail:LookupEvents", "ThrottlingException", "Rate exceeded"),
        ("iam:GetRole", "Throttling", "Rate exceeded"),
        ("sts:AssumeRole", "Throttling", "Rate exceeded"),
    ] {
        let error = refused(rig.call(operation));
        assert_eq!((error.code(), error.message(), error.status()), (code, message, 400), "{operation}");
    }
}

#[test]
fn a_rate_lets_so_many_calls_of_each_second_pass() {
    let rig = Rig::of(&["kms:* throttle=2/s"]);
    assert_eq!(rig.failing(4), [3, 4]);
    rig.clock.advance(SignedDuration::from_secs(1)).unwrap();
    assert_eq!(rig.failing(4), [3, 4]);
    assert!(matches!(rig.call("iam:GetRole").fate, Fate::Answered), "another service");
}

#[test]
fn a_share_takes_the_same_calls_each_time_and_others_under_another_seed() {
    let of = |seed| Rig::seeded(seed, &["kms:Decrypt error=ThrottlingException share=0.1"]).failing(1000);
    let first = of(7);
    assert!((60..140).contains(&first.len()), "{}", first.len());
    assert_eq!(first, of(7));
    assert_ne!(first, of(8));
    // Faults beside it, which have names of their own, change nothing.
    let named = "kms:Decrypt name=mine error=ThrottlingException share=0.1";
    let alone = Rig::of(&[named]).failing(100);
    assert_eq!(alone, Rig::of(&["kms:Encrypt lost=closed", named]).failing(100));
}

#[test]
fn concurrent_calls_fail_as_often_as_calls_one_after_the_other() {
    let lines = ["kms:Decrypt error=ThrottlingException share=0.3 times=50"];
    let one_after_the_other = Rig::of(&lines).failing(400).len();
    let rig = Rig::of(&lines);
    let failed: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| rig.failing(50).len())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(failed, one_after_the_other);
    assert_eq!(failed, 50);
}

#[test]
fn some_calls_pass_first_and_so_many_fail() {
    assert_eq!(Rig::of(&["kms:* gone=closed after=2 times=3"]).failing(10), [3, 4, 5]);
}

#[test]
fn a_window_opens_and_closes_on_the_embedded_clock() {
    let rig = Rig::of(&["kms:* gone=silent from=+10m until=2026-01-01T00:20:00Z"]);
    let passes = |minutes| {
        rig.clock.advance(SignedDuration::from_mins(minutes)).unwrap();
        rig.failing(1).is_empty()
    };
    assert!([passes(0), passes(9), !passes(1), !passes(9), passes(1)].into_iter().all(|as_told| as_told));
    assert_eq!(rig.faults.told()[0].calls, 2, "only what was in the window is counted");
}

#[test]
fn delays_add_up_to_a_bound_and_go_before_what_ends_the_call() {
    let rig =
        Rig::of(&["kms:* latency=100ms..200ms", "kms:Decrypt latency=1s", "kms:Decrypt lost=error", "* gone=closed"]);
    let Ruling { delay, fate } = rig.call("kms:Decrypt");
    assert!((Duration::from_millis(1100)..Duration::from_millis(1200)).contains(&delay), "{delay:?}");
    assert!(matches!(fate, Fate::Lost(Loss::Error)), "the first that ends it");
    assert!(matches!(rig.call("kms:Encrypt").fate, Fate::Gone(Silence::Closed)));
    let calls = |at: usize| rig.faults.told()[at].calls;
    assert_eq!([calls(0), calls(1), calls(2), calls(3)], [2, 1, 1, 1], "behind the end nothing is asked");
    let rig = Rig::of(&["* latency=50s", "* latency=50s"]);
    assert_eq!(rig.call("sts:GetCallerIdentity").delay, LONGEST_DELAY);
}

#[test]
fn an_error_is_only_of_the_operations_that_may_answer_it() {
    let rig = Rig::of(&["kms:* error=DisabledException"]);
    assert!(matches!(rig.call("kms:ListKeys").fate, Fate::Answered));
    let error = refused(rig.call("kms:Decrypt"));
    assert_eq!((error.message(), error.status()), (format!("{KEY} is disabled.").as_str(), 400));
    for (line, operation, status) in [
        ("kms:Decrypt error=KMSInternalException", "kms:Decrypt", 500),
        ("kms:Decrypt error=DependencyTimeoutException", "kms:Decrypt", 500),
        ("kms:Decrypt error=NotFoundException", "kms:Decrypt", 400),
        ("iam:* error=NoSuchEntity", "iam:GetRole", 404),
        ("* error=ServiceUnavailable", "sts:AssumeRole", 503),
        ("kms:Decrypt error=ThrottlingException status=429", "kms:Decrypt", 429),
    ] {
        assert_eq!(refused(Rig::of(&[line]).call(operation)).status(), status, "{line}");
    }
    let told = Rig::of(&[r#"sts:* error=AccessDenied message="not today""#]);
    assert_eq!(refused(told.call("sts:AssumeRole")).message(), "not today");
}

#[test]
fn a_fault_is_about_the_calls_that_it_tells() {
    let node: Caller = {
        let role = "arn:aws:iam::111122223333:role/team/Node".parse().unwrap();
        let session = authz::principal::RoleSession::of(role, Some("i-1".to_owned()));
        Caller {
            arn: "arn:aws:sts::111122223333:assumed-role/Node/i-1".to_owned(),
            principal: authz::principal::Principal::Session(Box::new(session)),
            ..Caller::root("111122223333".parse().unwrap(), "ASIA")
        }
    };
    for (scope, wanted) in [
        ("*", true),
        ("KMS:decrypt", true),
        ("kms:Dec*,iam:*", true),
        ("kms:Encrypt", false),
        ("* account=111122223333", true),
        ("* account=444455556666", false),
        ("* account=4444*,1111*", true),
        ("* region=us-*", true),
        ("* region=eu-west-1", false),
        ("* caller=arn:aws:sts::*:assumed-role/Node/*", true),
        ("* caller=arn:aws:iam::*:role/*Node", true),
        ("* caller=arn:aws:iam::*:root", false),
        ("kms:* key=alias/etcd", true),
        ("kms:* key=alias/e?cd", true),
        ("kms:* key=alias/other", false),
        ("kms:* key=1234abcd-*", true),
        ("kms:* key=arn:aws:kms:*:444455556666:key/*", true),
        ("kms:* key=arn:aws:kms:*:111122223333:key/*", false),
    ] {
        let rig = Rig::of(&[&format!("{scope} gone=closed")]);
        let fate = rig.call_as("kms:Decrypt", &node, "us-west-2").fate;
        assert_eq!(matches!(fate, Fate::Gone(_)), wanted, "{scope}");
    }
}

#[test]
fn what_is_no_fault_is_told_with_its_place_and_what_would_be_right() {
    for (line, told) in [
        (
            "kms:Decript gone=closed",
            "in this line:1:1: on: `kms:Decript` is none of the words that can stand here; did you mean `kms:Decrypt`?",
        ),
        ("s3:* gone=closed", "`s3:*` is no operation here: it looks like `kms:Decrypt`"),
        (
            "kms:Decrypt error=DisabledExeption",
            "1:19: error: `DisabledExeption` is none of the words that can stand here; did you mean `DisabledException`?",
        ),
        ("iam:* error=ThrottlingException", "did you mean"),
        ("kms:Decrypt eror=x", "there is no field `eror` here; did you mean `error`?"),
        ("kms:Decrypt", "a fault does one thing: write one of `error`, `throttle`"),
        ("kms:Decrypt lost=closed gone=closed", "a fault does one thing"),
        ("kms:Decrypt lost=close", "did you mean `closed`?"),
        ("kms:Decrypt lost=closed message=x", "`message` says nothing beside `lost`: leave it out"),
        ("kms:Decrypt gone=closed share=2", "a share is a number from 0 to 1"),
        ("kms:Decrypt gone=closed region=mars", "1:32: region:"),
        ("kms:Decrypt gone=closed account=1", "1:33: account:"),
        ("kms:Decrypt gone=closed from=soon", "a moment is a time such as"),
        ("kms:Decrypt throttle=5", "a rate is how many calls a second pass"),
        ("kms:Decrypt latency=2m", "of up to 60 seconds"),
        ("kms:Decrypt latency=2s..1s", "a latency is a time such as"),
        ("kms:Decrypt error=ThrottlingException status=200", "from 400 to 599"),
        ("key=alias/a keyState=Disable", "did you mean `Disabled`?"),
        ("keyState=Disabled", "`key` is missing"),
        ("on=kms:* key=alias/a keyState=Disabled", "`on` says nothing beside `keyState`"),
        ("iam:* key=alias/a gone=closed", "`key` is for calls of KMS"),
        ("kms:* gone=closed name=a/b", "a name has 1 to 64 letters"),
        ("kms:* gone=closed times=-1", "invalid digit"),
    ] {
        let text = json!({ "faults": [line] }).to_string();
        let refused = FaultPlan::read(&SourceText::new("faults.json", text)).unwrap_err().to_string();
        assert!(refused.starts_with("faults.json:1:12: faults[0]: in ") && refused.contains(told), "{line}: {refused}");
    }
    let text = "faults:\n  - on: kms:Decrypt\n    lost: closed\n    share: most\n";
    let refused = FaultPlan::read(&SourceText::new("faults.yaml", text)).unwrap_err().to_string();
    assert_eq!(refused, "faults.yaml:4:12: faults[0].share: a share is a number from 0 to 1, such as `0.1`");
}

#[test]
fn callers_stand_between_commas_and_names_of_sessions_have_their_own() {
    let of = |line: &str| {
        let text = json!({ "faults": [line] }).to_string();
        let read = FaultPlan::read(&SourceText::new("faults", text)).map_err(|refused| refused.to_string())?;
        Ok::<_, String>(read.faults[0].scope.callers.clone())
    };
    let (ann, session) = ("arn:aws:iam::1:user/ann", "arn:aws:sts::1:assumed-role/Node/a,b=c,d");
    let two = of(&format!("* gone=closed caller={ann},{session}")).unwrap();
    assert_eq!(two, [ann, session]);
    assert_eq!(of(&format!("* gone=closed caller={session},{ann}")).unwrap(), [session, ann]);
    assert_eq!(of(&format!("* gone=closed caller=*:user/ann,{ann}")).unwrap(), ["*:user/ann", ann]);
    for unclear in ["*:user/ann,*:user/ben", "arn:aws:sts::1:assumed-role/Node/a,?"] {
        let refused = of(&format!("* gone=closed caller={unclear}")).unwrap_err();
        assert!(refused.contains("write a list, or begin the second with `arn:`"), "{refused}");
    }
}

#[test]
fn what_every_call_is_held_against_is_bounded() {
    let of = |fault: serde_json::Value| {
        let text = json!({ "faults": [fault] }).to_string();
        FaultPlan::read(&SourceText::new("faults", text)).map(drop).map_err(|refused| refused.to_string())
    };
    let long = "x".repeat(2049);
    for (field, value) in [("caller", json!(long)), ("key", json!([long])), ("account", json!(""))] {
        let refused = of(json!({ "on": "kms:*", "gone": "closed", field: value })).unwrap_err();
        assert!(refused.contains("each has 1 to 2048 characters"), "{field}: {refused}");
    }
    let refused = of(json!({ "on": "kms:*", "gone": "closed", "key": vec!["x".repeat(2048); 8] })).unwrap_err();
    assert!(refused.contains("a fault has at most 16384 bytes in one line"), "{refused}");
    let refused = of(json!({ "on": "kms:*", "throttle": "0/s", "message": long })).unwrap_err();
    assert!(refused.contains("a message has at most 2048 bytes"), "{refused}");
    let most = json!({ "on": "kms:*", "gone": "closed", "key": vec!["x".repeat(2048); 7] });
    assert_eq!(of(most), Ok(()));
}

#[test]
fn a_plan_that_is_refused_changes_nothing_the_seed_neither() {
    let rig = Rig::seeded(7, &["* gone=closed name=mine"]);
    let text = json!({ "seed": 8, "faults": ["* gone=closed name=mine"] }).to_string();
    let again = FaultPlan::read(&SourceText::new("faults", text)).unwrap();
    assert_eq!(rig.faults.add(again), Err(PlanError::Taken("mine".into())));
    assert_eq!(rig.faults.seed(), 7);
}

#[test]
fn names_are_one_faults_and_there_are_so_many() {
    let rig = Rig::of(&["* gone=closed", "* gone=closed name=mine"]);
    let plan =
        |lines: &[&str]| FaultPlan::read(&SourceText::new("more", json!({ "faults": lines }).to_string())).unwrap();
    assert_eq!(
        rig.faults.add(plan(&["* lost=closed", "* lost=closed name=mine"])),
        Err(PlanError::Taken("mine".into()))
    );
    assert_eq!(rig.faults.told().len(), 2, "all or none");
    rig.faults.add(plan(&["kms:Decrypt  lost=closed"])).unwrap();
    assert_eq!(rig.faults.told()[2].name, "fault-2");
    assert_eq!(rig.faults.told()[2].fault, "kms:Decrypt lost=closed");
    assert!(rig.faults.remove(Some("mine")) && !rig.faults.remove(Some("mine")));
    let many = vec!["* gone=closed"; MOST_FAULTS - 1];
    assert_eq!(rig.faults.add(plan(&many)), Err(PlanError::TooMany));
    assert!(rig.faults.remove(None) && !rig.faults.any());
}
