//! States that are not taken: told with their place, and nothing of them is there afterwards.

use local_aws::{Limits, Options};
use serde_json::{Value, json};

use crate::{
    ask, export,
    filled::fill,
    refusal,
    wire::{start, start_with},
};

/// The state, changed.
fn changed(state: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut value: Value = serde_json::from_str(state).unwrap();
    change(&mut value);
    serde_json::to_string_pretty(&value).unwrap()
}

/// The first row of a table.
fn first<'v>(state: &'v mut Value, table: &str) -> &'v mut Value {
    state["tables"][table].as_object_mut().unwrap().values_mut().next().unwrap()
}

/// Rows come by their random ids, and a key that waits for imported material has none.
fn family_with_material(state: &mut Value) -> &mut Value {
    let mut families = state["tables"]["kms.family"].as_object_mut().unwrap().values_mut();
    families.find(|family| family["materials"].as_array().is_some_and(|all| !all.is_empty())).unwrap()
}

fn ann(state: &mut Value) -> &mut Value {
    &mut state["tables"]["iam.user"]["111122223333/ann"]
}

/// The place of a line that has this.
fn line_of(text: &str, what: &str) -> String {
    let line = text.lines().position(|line| line.contains(what));
    let line = line.unwrap_or(usize::MAX - 1) + 1;
    format!("{line}:")
}

#[tokio::test]
async fn what_is_wrong_is_told_with_its_place_and_nothing_of_it_is_taken() {
    let aws = start().await;
    fill(&aws).await;
    let state = export(&aws).await;
    type Change = fn(&mut Value);
    let cases: [(Change, &str, &str); 35] = [
        (|s| s["version"] = "2".into(), "\"version\": \"2\"", "version: is `2`, and this program reads `1`"),
        (|s| s["format"] = "other".into(), "\"format\"", "format: has to be `claviger local-aws state`"),
        (|s| s["tabels"] = json!({}), "\"tabels\"", "there is no field `tabels` here; did you mean `tables`?"),
        (|s| s["secrets"] = "plian".into(), "\"secrets\"", "there is no word `plian` here; did you mean `plain`?"),
        (|s| s["secrets"] = "absent".into(), "\"account.seed\"", "has secrets, and `secrets` says `absent`"),
        (|s| s["clock"] = json!({"ahead": "soon"}), "\"ahead\"", "this is no clock"),
        (|s| s["world"] = json!({"userz": {}}), "\"userz\"", "there is no field `userz` here; did you mean `users`?"),
        (|s| s["tables"]["kms.keys"] = json!({}), "\"kms.keys\"", "no table `kms.keys` here; did you mean `kms.key`?"),
        (|s| first(s, "kms.key")["descripton"] = "x".into(), "\"descripton\"", "did you mean `description`?"),
        (
            |s| first(s, "kms.key")["policy"]["saved_ids"] = 7.into(),
            "\"saved_ids\": 7",
            "invalid type: integer `7`, expected a map",
        ),
        (
            |s| {
                let policy = first(s, "kms.key")["policy"].as_object_mut().unwrap();
                let text = policy.remove("text").unwrap();
                policy.insert("txet".into(), text);
            },
            "\"txet\"",
            "has no field `txet`; did you mean `text`?",
        ),
        (|s| first(s, "kms.key")["policy"] = 7.into(), "\"policy\": 7", "expected a key policy: its text, or `text`"),
        (|s| first(s, "kms.key")["enabled"] = "yes".into(), "\"enabled\": \"yes\"", "invalid type: string \"yes\""),
        (|s| drop(first(s, "kms.key").as_object_mut().unwrap().remove("created")), "", "missing field `created`"),
        (
            |s| {
                let row = first(s, "kms.key").as_object_mut().unwrap();
                let created = row.remove("created").unwrap();
                row.insert("craeted".into(), created);
            },
            "\"craeted\"",
            "has no field `craeted`; did you mean `created`?",
        ),
        (|s| family_with_material(s)["materials"][0]["id"] = "00".into(), "\"id\": \"00\"", "is not there"),
        (|s| s["tables"]["kms.family"] = json!({}), "", "its family, is not there"),
        (|s| first(s, "kms.alias")["target"] = elsewhere(), "1234567890ab\"", "there is no key"),
        (|s| first(s, "kms.grant")["key"] = elsewhere(), "", "this is the row of"),
        (|s| first(s, "kms.material").clone_from(&"%".into()), "\"%\"", "this has to be a secret, in base64"),
        (|s| first(s, "kms.material").clone_from(&"AAAA".into()), "", "tables.kms.material"),
        (|s| s["tables"]["account.named"]["1111"] = json!({}), "\"1111\"", "is no account's"),
        (
            |s| first(s, "account.seed").clone_from(&"AAAA".into()),
            "\"AAAA\"",
            "a secret of 3 bytes, and it has to be one of 32",
        ),
        (
            |s| {
                let seed = first(s, "account.seed").clone();
                s["tables"]["account.seed"] = json!({ "sead": seed });
            },
            "\"sead\"",
            "there is one seed, and it is named `seed`",
        ),
        (|s| first(s, "kms.token-key").clone_from(&"AAAA".into()), "\"AAAA\"", "a secret of 3 bytes"),
        (|s| ann(s)["keys"][0]["id"] = "AKIA".into(), "\"id\": \"AKIA\"", "this is no access key id"),
        (
            |s| ann(s)["keys"][0]["id"] = "AKIAY34FZKBOKMUTVV7A".into(),
            "AKIAY34FZKBOKMUTVV7A",
            "an access key of a session or of another account",
        ),
        (
            |s| {
                let key = ann(s)["keys"][0].clone();
                ann(s)["keys"].as_array_mut().unwrap().push(key);
            },
            "",
            "this access key is there twice",
        ),
        (|s| first(s, "iam.user")["nmae"] = "x".into(), "\"nmae\"", "did you mean `name`?"),
        (|s| first(s, "iam.user")["name"] = "bob".into(), "", "this is the row of `111122223333/bob`"),
        (
            |s| first(s, "iam.user")["carried"]["attached"] = json!(["arn:aws:iam::111122223333:policy/all-of-kmz"]),
            "all-of-kmz",
            "did you mean `arn:aws:iam::111122223333:policy/all-of-kms`?",
        ),
        (
            |s| first(s, "iam.role")["carried"]["boundary"] = "arn:aws:iam::111122223333:policy/no".into(),
            "policy/no\"",
            "there is no managed policy",
        ),
        (|s| s["tables"]["iam.user"] = json!({}), "user/team/ann", "there is no user"),
        (
            |s| first(s, "iam.instance-profile")["role"] = "Raeder".into(),
            "\"Raeder\"",
            "did you mean `111122223333/reader`?",
        ),
        (|s| first(s, "cloudtrail.trail")["settings"]["colour"] = "x".into(), "\"colour\"", "has no field `colour`"),
    ];
    for (change, place, why) in cases {
        let text = changed(&state, change);
        let refused = refusal(&aws, &text).await;
        assert!(refused.contains(why), "{why}: {refused}");
        assert!(place.is_empty() || refused.starts_with(&line_of(&text, place)), "{place}: {refused}");
        assert!(!refused.starts_with("1:1 "), "{why}: {refused}");
    }
    let twice = state.replacen("\"kms.alias\": {", "\"kms.alias\": {}, \"kms.alias\": {", 1);
    let refused = refusal(&aws, &twice).await;
    assert!(refused.starts_with(&line_of(&twice, "\"kms.alias\": {}")), "{refused}");
    assert!(refused.contains("`kms.alias` is there twice; keep one"), "{refused}");

    assert_eq!(export(&aws).await, state, "nothing of any of them is there");
    aws.shutdown().await;
}

/// Wherever a secret stands, also where it does not belong, what is told of the text is told without it.
#[tokio::test]
async fn no_refusal_has_a_secret_in_it() {
    let aws = start().await;
    fill(&aws).await;
    let state = export(&aws).await;
    let read: Value = serde_json::from_str(&state).unwrap();
    let secret = read["tables"]["account.seed"]["seed"].as_str().unwrap().to_owned();
    type Change = fn(&mut Value, Value);
    let changes: [Change; 9] = [
        |s, secret| s["clock"] = secret,
        |s, secret| s["clock"] = json!({ "ahead": secret }),
        |s, secret| s["world"] = json!({ "users": secret }),
        |s, secret| first(s, "kms.key").clone_from(&secret),
        |s, secret| first(s, "kms.key")["arn"] = secret,
        |s, secret| first(s, "kms.family")["kind"]["spec"] = secret,
        |s, secret| first(s, "kms.grant")["operations"] = json!([secret]),
        |s, secret| first(s, "iam.role")["created"] = secret,
        |s, secret| first(s, "kms.material").clone_from(&format!("{}!", secret.as_str().unwrap()).into()),
    ];
    for (turn, change) in changes.into_iter().enumerate() {
        let text = changed(&state, |state| change(state, secret.as_str().into()));
        let refused = refusal(&aws, &text).await;
        assert!(!refused.contains(secret.get(..30).unwrap()), "{turn}: {refused}");
    }
    aws.shutdown().await;
}

fn elsewhere() -> Value {
    "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".into()
}

#[tokio::test]
async fn a_state_that_is_cut_anywhere_or_is_none_is_refused() {
    let aws = start().await;
    let state = export(&aws).await;
    for len in 0..state.trim_end().len() {
        let refused = refusal(&aws, state.get(..len).unwrap()).await;
        assert!(refused.contains("this is no JSON"), "{len}: {refused}");
    }
    for none in ["[]", "null", "7", "{}", r#"{"format": "claviger local-aws state"}"#, &"[".repeat(4000)] {
        refusal(&aws, none).await;
    }
    assert_eq!(export(&aws).await, state);
    aws.shutdown().await;
}

#[tokio::test]
async fn of_another_partition_or_sealed_it_is_refused_with_what_to_do() {
    let aws = start().await;
    let state = export(&aws).await;
    let china = state.replacen("\"partition\": \"aws\"", "\"partition\": \"aws-cn\"", 1);
    assert!(refusal(&aws, &china).await.contains("it is of the partition `aws-cn`"));
    let sealed = state.replacen("\"secrets\": \"plain\"", "\"secrets\": \"sealed\"", 1);
    assert!(refusal(&aws, &sealed).await.contains("`claviger local-aws restore FILE` unseals them"));
    aws.shutdown().await;
}

#[tokio::test]
async fn a_state_may_be_larger_than_any_call_and_only_a_state() {
    let aws =
        start_with(Options { limits: Limits { body_bytes: 2000, ..Limits::default() }, ..Options::default() }).await;
    fill(&aws).await;
    let state = export(&aws).await;
    assert!(state.len() > 2000);
    crate::import(&aws, &state).await;
    let long = format!("{{\"account\": \"111122223333\"{}}}", " ".repeat(2000));
    assert_eq!(ask(&aws, "POST", "accounts", &long).await.status, 413);
    aws.shutdown().await;
}
