//! Faults on request, from outside: each example of `docs/reference/faults.md`, the admin routes, and the trail.

use std::{collections::BTreeSet, time::Instant};

use authz::text::SourceText;
use jiff::SignedDuration;
use local_aws::{Clock, FaultPlan, Options, Running};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::wire::{Answer, Request, Signer, aws_json, kms, of, read_answer, root, start_with};

const DOCUMENT: &str = include_str!("../../../../docs/reference/faults.md");
const ANN: &str = "AKIDANN:secret:arn:aws:iam::111122223333:user/ann";

/// An embedded AWS on a frozen clock, with a key under `alias/etcd` that was made before the faults were.
struct Rig {
    aws: Running,
    clock: Clock,
    root: Signer,
}

impl Rig {
    async fn with(plan: FaultPlan) -> Self {
        let clock = Clock::real();
        clock.freeze_at(jiff::Timestamp::now()).unwrap();
        let credentials = vec![ANN.parse().unwrap()];
        let aws = start_with(Options { clock: clock.clone(), credentials, ..Options::default() }).await;
        let root = root(&aws, "kms");
        let rig = Self { aws, clock, root };
        let key = rig.kms("CreateKey", json!({})).await.unwrap();
        let key = serde_json::from_str::<Value>(&key.body).unwrap()["KeyMetadata"]["Arn"].clone();
        let alias = json!({ "AliasName": "alias/etcd", "TargetKeyId": key });
        assert_eq!(rig.kms("CreateAlias", alias).await.unwrap().status, 200);
        rig.aws.put_faults(plan).unwrap();
        rig
    }

    async fn of(lines: &[&str]) -> Self {
        let text = json!({ "faults": lines }).to_string();
        Self::with(FaultPlan::read(&SourceText::new("faults", text)).unwrap()).await
    }

    /// A call of KMS; nothing when the connection ends without an answer.
    async fn kms(&self, operation: &str, input: Value) -> Option<Answer> {
        self.send(&kms(operation, &input.to_string()).signed(&self.aws, &self.root)).await
    }

    async fn send(&self, request: &Request) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.aws.local_addr()).await.unwrap();
        stream.write_all(&request.bytes(&self.aws)).await.unwrap();
        read_answer(&mut stream).await
    }

    /// What an Encrypt gets: a code, or `ok`, or `nothing`.
    async fn encrypt(&self) -> String {
        told(self.kms("Encrypt", json!({ "KeyId": "alias/etcd", "Plaintext": "eA==" })).await)
    }

    async fn encrypts(&self, calls: usize) -> Vec<String> {
        let mut outcomes = Vec::new();
        for _ in 0..calls {
            outcomes.push(self.encrypt().await);
        }
        outcomes
    }

    /// The names of the keys that there are.
    async fn keys(&self) -> usize {
        let keys = self.kms("ListKeys", json!({})).await.unwrap();
        serde_json::from_str::<Value>(&keys.body).unwrap()["Keys"].as_array().unwrap().len()
    }

    /// Of the events of that name, newest first, the error codes.
    async fn events(&self, name: &str) -> Vec<Value> {
        const CLOUDTRAIL: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101";
        let attributes = json!([{ "AttributeKey": "EventName", "AttributeValue": name }]);
        let signer = Signer { service: "cloudtrail", ..root(&self.aws, "cloudtrail") };
        let body = json!({ "LookupAttributes": attributes }).to_string();
        let found = aws_json(CLOUDTRAIL, "LookupEvents", &body).signed(&self.aws, &signer).send(&self.aws).await;
        let found: Value = serde_json::from_str(&found.body).unwrap();
        let events = found["Events"].as_array().unwrap().iter();
        let event = |event: &Value| serde_json::from_str(event["CloudTrailEvent"].as_str().unwrap()).unwrap();
        events.map(event).map(|event: Value| event["errorCode"].clone()).collect()
    }

    fn fired(&self, name: &str) -> u64 {
        self.aws.faults().into_iter().find(|fault| fault.name == name).unwrap().fired
    }
}

fn told(answer: Option<Answer>) -> String {
    match answer {
        None => "nothing".to_owned(),
        Some(answer) if answer.status == 200 => "ok".to_owned(),
        Some(answer) => answer.json_error().1,
    }
}

/// The examples of the document that have a name, each a file.
fn examples() -> Vec<(String, FaultPlan)> {
    let (_, examples) = DOCUMENT.split_once("## Examples").unwrap();
    let blocks = examples.split("```yaml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    let named = |block: &str| {
        let (_, rest) = block.split_once("name: ").unwrap();
        let name = rest.split([',', '\n']).next().unwrap().to_owned();
        (name, FaultPlan::read(&SourceText::new("example", block)).unwrap())
    };
    blocks.map(named).collect()
}

#[tokio::test]
async fn each_example_of_the_document_does_what_it_says() {
    const THROTTLED: &str = "ThrottlingException";
    let mut ran = BTreeSet::new();
    for (name, plan) in examples() {
        let rig = Rig::with(plan).await;
        match name.as_str() {
            "throttled" => assert_eq!(rig.encrypts(4).await, [THROTTLED, THROTTLED, THROTTLED, "ok"]),
            "quota" => {
                assert_eq!(rig.encrypts(3).await, ["ok", "ok", THROTTLED]);
                rig.clock.advance(SignedDuration::from_secs(1)).unwrap();
                assert_eq!(rig.encrypts(3).await, ["ok", "ok", THROTTLED]);
            }
            "unreliable" => {
                let failed = |outcomes: &[String]| -> Vec<usize> {
                    let failed = |outcome: &&String| **outcome == "KMSInternalException";
                    (0..outcomes.len()).filter(|at| failed(&&outcomes[*at])).collect()
                };
                let first = failed(&rig.encrypts(60).await);
                assert!((1..20).contains(&first.len()), "{first:?}");
                let (_, again) = examples().into_iter().find(|(other, _)| *other == name).unwrap();
                rig.aws.put_faults(again).unwrap();
                assert_eq!(failed(&rig.encrypts(60).await), first);
            }
            "slow" => {
                let started = Instant::now();
                assert_eq!(rig.encrypt().await, "ok");
                assert!(started.elapsed().as_millis() >= 150);
                assert_eq!((rig.encrypt().await.as_str(), rig.fired("slow")), ("ok", 1));
            }
            "region-gone" => {
                let mut outcomes = Vec::new();
                for minutes in [0, 59, 1, 9, 1] {
                    rig.clock.advance(SignedDuration::from_mins(minutes)).unwrap();
                    outcomes.push(rig.encrypt().await);
                }
                assert_eq!(outcomes, ["ok", "ok", "nothing", "nothing", "ok"]);
                assert_eq!(rig.events("Encrypt").await, vec![Value::Null; 3], "nobody of AWS heard of the others");
            }
            "lost-answer" => {
                assert_eq!(told(rig.kms("CreateKey", json!({})).await), "nothing");
                assert_eq!(rig.keys().await, 2);
                assert_eq!(rig.events("CreateKey").await, [Value::Null, Value::Null], "it was done");
                assert_eq!(told(rig.kms("CreateKey", json!({})).await), "ok");
            }
            "key-disabled" => {
                let mut outcomes = Vec::new();
                for minutes in [59, 1, 59, 1] {
                    rig.clock.advance(SignedDuration::from_mins(minutes)).unwrap();
                    outcomes.push(rig.encrypt().await);
                }
                assert_eq!(outcomes, ["ok", "DisabledException", "DisabledException", "ok"]);
            }
            "denied" => {
                assert_eq!(rig.encrypt().await, "ok");
                let body = json!({ "KeyId": "alias/etcd", "Plaintext": "eA==" }).to_string();
                let ann = of(&ANN.parse().unwrap(), "kms");
                let denied = rig.send(&kms("Encrypt", &body).signed(&rig.aws, &ann)).await;
                assert_eq!(told(denied), "AccessDeniedException");
            }
            other => panic!("nobody runs the example `{other}`"),
        }
        ran.insert(name);
        rig.aws.shutdown().await;
    }
    assert_eq!(ran.len(), 8, "{ran:?}");
}

#[test]
fn what_the_document_shows_besides_reads() {
    for line in DOCUMENT.lines().filter(|line| line.starts_with("$ claviger")) {
        for fault in line.split('\'').skip(1).step_by(2) {
            fault.parse::<FaultPlan>().unwrap();
        }
    }
    let block = DOCUMENT.split("```yaml\n").nth(1).unwrap().split_once("```").unwrap().0;
    assert!(!FaultPlan::read(&SourceText::new("drill.yaml", block)).unwrap().is_empty());
}

#[tokio::test]
async fn what_is_refused_on_request_is_recorded_like_any_refusal() {
    let rig = Rig::of(&["kms:Encrypt throttle=0/s times=1", "kms:Encrypt lost=error times=1"]).await;
    assert_eq!(rig.encrypts(3).await, ["ThrottlingException", "KMSInternalException", "ok"]);
    // The second was done, and only its answer was lost.
    assert_eq!(rig.events("Encrypt").await, [Value::Null, Value::Null, json!("ThrottlingException")]);
    rig.aws.shutdown().await;
}

#[tokio::test]
async fn a_key_can_be_in_any_state_that_keeps_it_from_use() {
    let rig = Rig::of(&[]).await;
    let state = async || {
        let described = rig.kms("DescribeKey", json!({ "KeyId": "alias/etcd" })).await.unwrap();
        serde_json::from_str::<Value>(&described.body).unwrap()["KeyMetadata"]["KeyState"].clone()
    };
    for (wanted, outcome) in [
        ("Unavailable", "KMSInvalidStateException"),
        ("PendingDeletion", "KMSInvalidStateException"),
        ("Disabled", "DisabledException"),
        ("Enabled", "ok"),
    ] {
        let line = format!("key=alias/* keyState={wanted}");
        rig.aws.put_faults(line.parse().unwrap()).unwrap();
        assert_eq!((rig.encrypt().await.as_str(), state().await), (outcome, json!(wanted)));
    }
    // It is a change like another: who enables the key has it back.
    rig.aws.put_faults("key=* keyState=Disabled".parse().unwrap()).unwrap();
    assert_eq!(rig.encrypt().await, "DisabledException");
    let key = json!({ "KeyId": serde_json::from_str::<Value>(
        &rig.kms("DescribeKey", json!({ "KeyId": "alias/etcd" })).await.unwrap().body
    ).unwrap()["KeyMetadata"]["KeyId"] });
    assert_eq!(told(rig.kms("EnableKey", key).await), "ok");
    assert_eq!(rig.encrypt().await, "ok");
    rig.aws.shutdown().await;
}

/// A key's state, by its alias or id.
async fn state_of(rig: &Rig, key: &str) -> Value {
    let described = rig.kms("DescribeKey", json!({ "KeyId": key })).await.unwrap();
    serde_json::from_str::<Value>(&described.body).unwrap()["KeyMetadata"]["KeyState"].clone()
}

#[tokio::test]
async fn a_key_is_put_back_to_what_it_was_unless_somebody_changed_it_meanwhile() {
    let rig = Rig::of(&[]).await;
    let key = |name: &str| json!({ "KeyId": name });
    let mut ids = Vec::new();
    for (name, before) in [
        ("enabled", None),
        ("disabled", Some("DisableKey")),
        ("leaving", Some("ScheduleKeyDeletion")),
        ("changed", None),
    ] {
        let made = rig.kms("CreateKey", json!({})).await.unwrap();
        let id = serde_json::from_str::<Value>(&made.body).unwrap()["KeyMetadata"]["KeyId"].clone();
        let alias = json!({ "AliasName": format!("alias/{name}"), "TargetKeyId": id });
        assert_eq!(told(rig.kms("CreateAlias", alias).await), "ok");
        ids.push(id.as_str().unwrap().to_owned());
        if let Some(operation) = before {
            assert_eq!(told(rig.kms(operation, json!({ "KeyId": id })).await), "ok");
        }
    }
    let line = "key=alias/enabled,alias/disabled,alias/leaving,alias/changed keyState=Unavailable until=+1h name=gone";
    rig.aws.put_faults(line.parse().unwrap()).unwrap();
    for name in &ids {
        assert_eq!(state_of(&rig, name).await, "Unavailable");
    }
    assert_eq!(told(rig.kms("ScheduleKeyDeletion", key(&ids[3])).await), "ok");
    rig.clock.advance(SignedDuration::from_hours(1)).unwrap();
    for (id, state) in ids.iter().zip(["Enabled", "Disabled", "PendingDeletion", "PendingDeletion"]) {
        assert_eq!(state_of(&rig, id).await, state);
    }
    assert_eq!(rig.fired("gone"), 2, "it came and went");
    rig.aws.shutdown().await;
}

#[tokio::test]
async fn a_fault_of_a_key_waits_until_there_is_one_that_it_means() {
    let rig = Rig::of(&["key=alias/later keyState=Disabled", "key=alias/never keyState=Disabled until=+1h"]).await;
    assert_eq!((rig.encrypt().await.as_str(), rig.fired("fault-1")), ("ok", 0));
    let made = rig.kms("CreateKey", json!({})).await.unwrap();
    let id = serde_json::from_str::<Value>(&made.body).unwrap()["KeyMetadata"]["KeyId"].clone();
    assert_eq!(told(rig.kms("CreateAlias", json!({ "AliasName": "alias/later", "TargetKeyId": id })).await), "ok");
    assert_eq!((state_of(&rig, "alias/later").await, rig.fired("fault-1")), (json!("Disabled"), 1));
    // It is done: who enables the key has it back.
    assert_eq!(told(rig.kms("EnableKey", json!({ "KeyId": id })).await), "ok");
    assert_eq!(state_of(&rig, "alias/later").await, "Enabled");
    // What began and ended with nobody there says nothing any more.
    rig.clock.advance(SignedDuration::from_hours(1)).unwrap();
    assert_eq!(told(rig.kms("CreateAlias", json!({ "AliasName": "alias/never", "TargetKeyId": id })).await), "ok");
    assert_eq!((state_of(&rig, "alias/never").await, rig.fired("fault-2")), (json!("Enabled"), 0));
    rig.aws.shutdown().await;
}

/// Nobody has to call for a time to come: an export that nothing else came before has it, too.
#[tokio::test]
async fn a_key_that_is_to_change_state_by_now_has_in_what_is_told_of_all() {
    for (method, path, body, wanted) in [
        ("POST", "/_claviger/export", "{}", ("/tables/kms.key", "\"enabled\":false")),
        ("GET", "/_claviger/world", "", ("/keys", "\"state\":\"Disabled\"")),
        ("GET", "/_claviger/faults", "", ("/faults", "\"fired\":1")),
    ] {
        let rig = Rig::of(&["key=alias/etcd keyState=Disabled from=+1h"]).await;
        rig.clock.advance(SignedDuration::from_hours(1)).unwrap();
        let (status, told) = admin(&rig, method, path, body).await;
        let (place, has) = wanted;
        let told = told.pointer(place).unwrap().to_string();
        assert!(status == 200 && told.contains(has), "{path}: {told}");
        rig.aws.shutdown().await;
    }
}

/// Asks the admin route.
async fn admin(rig: &Rig, method: &'static str, path: &str, body: &str) -> (u16, Value) {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let request = Request { method, query: String::new(), headers, body: body.as_bytes().to_vec() };
    let answer = request.send_to(&rig.aws, path).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

#[tokio::test]
async fn the_admin_route_sets_adds_tells_and_takes_away() {
    const FAULTS: &str = "/_claviger/faults";
    let rig = Rig::of(&[]).await;
    let body = json!({ "seed": 7, "faults": [{ "name": "mine", "on": "kms:Encrypt", "lost": "error", "times": 1 }] });
    assert_eq!(admin(&rig, "PUT", FAULTS, &body.to_string()).await.0, 200);
    // The admin route is none of AWS's calls, whatever fails.
    let body = json!({ "faults": ["* gone=closed after=1"] }).to_string();
    assert_eq!(admin(&rig, "POST", FAULTS, &body).await.0, 200);
    assert_eq!(rig.encrypts(3).await, ["KMSInternalException", "ok", "nothing"]);
    let (status, told) = admin(&rig, "GET", FAULTS, "").await;
    assert_eq!(status, 200);
    let mine = json!({ "name": "mine", "fault": "kms:Encrypt lost=error times=1", "calls": 3, "fired": 1 });
    let other = json!({ "name": "fault-1", "fault": "* gone=closed after=1", "calls": 2, "fired": 1 });
    assert_eq!(told, json!({ "seed": 7, "faults": [mine, other] }));

    let (status, refused) = admin(&rig, "POST", FAULTS, r#"{"faults": ["kms:Encrypt los=closed"]}"#).await;
    assert!(status == 400 && refused["error"].as_str().unwrap().contains("did you mean `lost`?"), "{refused}");
    assert_eq!(admin(&rig, "DELETE", "/_claviger/faults/nobody", "").await.0, 404);
    let (status, left) = admin(&rig, "DELETE", "/_claviger/faults/fault-1", "").await;
    assert_eq!(
        (status, &left["faults"][0]["name"], left["faults"].as_array().unwrap().len()),
        (200, &json!("mine"), 1)
    );
    assert_eq!(admin(&rig, "DELETE", FAULTS, "").await, (200, json!({ "seed": 7, "faults": [] })));
    assert_eq!(rig.encrypt().await, "ok");
    rig.aws.shutdown().await;
}
