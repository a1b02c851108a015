//! Any text at all, and texts that nearly are policies.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::invariants::take;

/// A value that an element might have, rightly or not.
fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(json!("*")),
        Just(json!("Allow")),
        Just(json!("Deny")),
        Just(json!("kms:Decrypt")),
        Just(json!("sts:AssumeRole")),
        Just(json!("arn:aws:iam::111122223333:root")),
        Just(json!("111122223333")),
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[ -~]{0,8}".prop_map(Value::from),
        "[\\PC]{0,4}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("AWS".to_owned()),
        Just("Service".to_owned()),
        Just("StringLike".to_owned()),
        Just("ForAnyValue:ArnLikeIfExists".to_owned()),
        Just("DateLessThan".to_owned()),
        Just("aws:PrincipalArn".to_owned()),
        "[a-z:]{0,6}",
    ];
    scalar.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..3)
                .prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

/// A statement that is whole, with some elements replaced, dropped or added.
fn statement() -> impl Strategy<Value = Value> {
    let base = prop_oneof![
        Just(json!({"Effect": "Allow", "Action": "kms:*", "Resource": "*"})),
        Just(json!({"Effect": "Allow", "Principal": "*", "Action": ["kms:*"], "Resource": "*"})),
        Just(json!({"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"})),
        Just(json!({"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"})),
        Just(
            json!({"Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"}, "NotAction": "kms:*", "NotResource": "*"})
        ),
        Just(json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {
            "StringEquals": {"aws:PrincipalTag/a": ["b", "${aws:username}"]}, "Bool": {"aws:SecureTransport": true}}})),
    ];
    let name = prop::sample::select(vec![
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
        "X",
    ]);
    let changes = prop::collection::vec((name, prop::option::of(value())), 0..3);
    (base, changes).prop_map(|(mut statement, changes)| {
        let members = statement.as_object_mut().expect("an object");
        for (name, value) in changes {
            match value {
                Some(value) => drop(members.insert(name.to_owned(), value)),
                None => drop(members.remove(name)),
            }
        }
        statement
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn any_text_is_taken(text in any::<String>()) {
        take(&text);
    }

    #[test]
    fn anything_like_json_is_taken(text in r#"\{?("(Version|Statement|Id)"|[\[\]{}:,"'/*0-9a-eE.+\\ \n-]){0,24}"#) {
        take(&text);
    }

    #[test]
    fn anything_like_a_policy_is_taken(
        version in prop::option::of(prop::sample::select(vec!["2012-10-17", "2008-10-17", "2020-01-01"])),
        statements in prop::collection::vec(statement(), 1..4),
        is_pretty in any::<bool>(),
    ) {
        let mut policy = json!({ "Statement": statements });
        if let Some(version) = version {
            policy["Version"] = version.into();
        }
        take(&if is_pretty { serde_json::to_string_pretty(&policy).unwrap() } else { policy.to_string() });
    }

    #[test]
    fn a_policy_that_is_cut_or_patched_is_taken(
        statement in statement(),
        (at, patch) in (0_usize..200, "[\\PC]{0,3}"),
    ) {
        let mut text = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        take(&text[..at]);
        text.insert_str(at, &patch);
        take(&text);
    }
}

/// The properties are about something only if some of these read.
#[test]
fn whole_statements_read() {
    let text = json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}});
    assert_eq!(take(&text.to_string()), 3, "as a key's, another resource's and a resource control policy");
}
