//! Conditions over keys that nobody told: what stays open, and that it is answered as if it had been told at once.

use authz::{
    context::{Context, Others, Told},
    formula::{Asks, Formula},
    policy::Comparison,
};
use proptest::prelude::*;

use crate::{conditions, context, policy, word};

#[test]
fn an_unknown_key_leaves_open_what_depends_on_it() {
    for (operator, wanted, holds) in [
        ("StringEquals", r#""a""#, "open"),
        ("StringEqualsIfExists", r#""a""#, "open"),
        ("StringNotEquals", r#""a""#, "open"),
        ("Null", "true", "open"),
        ("Null", r#"["true", "false"]"#, "yes"),
        ("Null", r#""maybe""#, "no"),
        // Present or not: it holds.
        ("StringLikeIfExists", r#""*""#, "yes"),
        ("ForAllValues:StringLike", r#"["a", "**"]"#, "yes"),
        ("ArnLikeIfExists", r#""*""#, "yes"),
        // It holds only if the key is there, or only if it is not.
        ("StringLike", r#""*""#, "open"),
        ("StringNotLike", r#""*""#, "open"),
        ("ForAnyValue:StringLike", r#""*""#, "open"),
        // No value could match.
        ("NumericEquals", r#""ten""#, "no"),
        ("NumericNotEquals", r#""ten""#, "yes"),
        ("StringEquals", r#""${aws:PrincipalTag/none}""#, "no"),
        ("StringNotEquals", r#""${aws:PrincipalTag/none}""#, "yes"),
        ("ForAllValues:StringEquals", r#""${aws:PrincipalTag/none}""#, "open"),
        ("ForAnyValue:StringEquals", r#""${aws:PrincipalTag/none}""#, "no"),
        ("StringEqualsIfExists", r#""${aws:PrincipalTag/none}""#, "open"),
    ] {
        let policy = policy("2012-10-17", &format!(r#""Condition": {{"{operator}": {{"x": {wanted}}}}}"#));
        assert_eq!(word(&conditions(&policy, &context(&[("x", None)]))), holds, "{operator} {wanted}");
    }
}

#[test]
fn an_unknown_variable_leaves_open_what_depends_on_it() {
    for (operator, wanted, given, holds) in [
        ("StringEquals", r#""${v}""#, ["a"], "open"),
        ("StringNotEquals", r#""${v}""#, ["a"], "open"),
        ("StringEquals", r#"["${v}", "a"]"#, ["a"], "yes"),
        ("StringNotEquals", r#"["${v}", "a"]"#, ["a"], "no"),
        ("StringEquals", r#""x${v}""#, ["a"], "no"),
        ("StringNotEquals", r#""x${v}""#, ["a"], "yes"),
        ("ForAnyValue:StringLike", r#""${v}*""#, ["a"], "open"),
        ("Bool", r#""${v}""#, ["a"], "no"),
        ("Bool", r#""${v}""#, ["true"], "open"),
        // A multivalued key is no variable, whatever its values.
        ("StringEquals", r#""${aws:TagKeys}""#, ["a"], "no"),
        ("StringEquals", r#""${aws:TagKeys, 'a'}""#, ["a"], "yes"),
    ] {
        let policy = policy("2012-10-17", &format!(r#""Condition": {{"{operator}": {{"x": {wanted}}}}}"#));
        let context = context(&[("x", Some(&given)), ("v", None), ("aws:tagkeys", None)]);
        assert_eq!(word(&conditions(&policy, &context)), holds, "{operator} {wanted} of {given:?}");
    }
}

#[test]
fn an_atom_tells_the_key_and_the_values_as_far_as_they_are_known() {
    let policy = policy("2012-10-17", r#""Condition": {"StringLike": {"X": ["${a}/${b}/*", "${$}{y"]}}"#);
    let told = context(&[("x", Some(&["1*/2/3"])), ("a", Some(&["1*"])), ("b", None)]);
    let Formula::Atom(atom) = conditions(&policy, &told) else { panic!("it hangs on b") };
    assert_eq!(atom.key.as_str(), "b");
    let Asks::Condition { operator, compared, values, at } = &atom.asks else { panic!("a condition") };
    assert_eq!(operator.comparison, Comparison::StringLike);
    assert_eq!(compared.as_str(), "x");
    assert_eq!(values.iter().map(|value| &**value).collect::<Vec<_>>(), ["1${*}/${b}/*", "${$}{y"]);
    assert_eq!(policy.source().slice(at.span), r#""X": ["${a}/${b}/*", "${$}{y"]"#);
}

fn told() -> impl Strategy<Value = Told> {
    prop_oneof![
        1 => Just(Told::Absent),
        1 => Just(Told::Unknown),
        3 => prop::collection::vec(value(), 0..3).prop_map(Told::Values),
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "",
        "a",
        "A",
        "ab",
        "*",
        "1",
        "1.0",
        "2020",
        "2020-01-01",
        "true",
        "10.0.0.1",
        "::1",
        "YQ==",
        "arn:a:b:c:d:e",
        "arn:a:b:c:d:e:f",
        "no",
    ])
    .prop_map(str::to_owned)
}

fn wanted() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "",
        "a",
        "A",
        "a*",
        "*",
        "?",
        "${v}",
        "x${v}",
        "${v}*",
        "${w}",
        "${v}${w}",
        "${v, 'a'}",
        "${none}",
        "1",
        "0",
        "2020-01-01",
        "true",
        "false",
        "10.0.0.0/8",
        "::/0",
        "YQ==",
        "arn:a:b:c:d:e*",
        "arn:a:*:c:d:*",
        "arn:${v}:b:c:d:e",
    ])
    .prop_map(str::to_owned)
}

fn operator() -> impl Strategy<Value = String> {
    (
        prop::sample::select(vec!["", "ForAllValues:", "ForAnyValue:"]),
        prop::sample::select(Comparison::ALL.to_vec()),
        any::<bool>(),
    )
        .prop_map(|(set, comparison, if_exists)| {
            let suffix = if if_exists && comparison != Comparison::Null { "IfExists" } else { "" };
            format!("{set}{comparison:?}{suffix}")
        })
}

/// `unknown_keys_resolve_to_what_was_to_be` found that a variable that is empty made a difference between what is asked of
/// a key that nobody told and what is answered once it is known: `*` is for everything, and `${v}*` was for ARNs only.
#[test]
fn an_empty_variable_beside_a_star_is_a_star() {
    for (operator, holds) in [("ArnLike", "yes"), ("ForAnyValue:ArnNotLike", "no"), ("StringLike", "yes")] {
        let policy = policy("2012-10-17", &format!(r#""Condition": {{"{operator}": {{"x": "${{v}}*"}}}}"#));
        let told = |x| context(&[("x", x), ("v", Some(&[""]))]);
        let known = told(Some(&["::1"]));
        assert_eq!(word(&conditions(&policy, &known)), holds, "{operator}");
        assert_eq!(
            word(&conditions(&policy, &told(None)).resolve(&known)),
            holds,
            "{operator}, of a key that is unknown"
        );
    }
}

/// The same with everything known: where nobody told, `known` tells.
fn completed(context: &Context, known: &Context) -> Context {
    context.mentioned().fold(Context::new(Others::Absent), |all, (key, told)| {
        let told = if *told == Told::Unknown { known.told(key.as_str()).unwrap().clone() } else { told.clone() };
        all.with(key.as_str(), told)
    })
}

fn context_of(values: Vec<Told>) -> Context {
    ["x", "v", "w"]
        .iter()
        .zip(values)
        .fold(Context::new(Others::Absent), |context, (key, told)| context.with(key, told))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2048) })]

    /// Whatever an unknown key turns out to be: what was sure stays, and what was open is answered as if it had been
    /// known from the beginning.
    #[test]
    fn unknown_keys_resolve_to_what_was_to_be(
        operator in operator(),
        values in prop::collection::vec(wanted(), 1..3),
        partly in prop::collection::vec(told(), 3),
        known in prop::collection::vec(told().prop_filter("known", |told| *told != Told::Unknown), 3),
    ) {
        let values = if operator.contains("Date") { vec!["2020-01-01".to_owned()] } else { values };
        let wanted = serde_json::to_string(&values).unwrap();
        let policy = policy("2012-10-17", &format!(r#""Condition": {{"{operator}": {{"x": {wanted}}}}}"#));
        let (partly, known) = (context_of(partly), context_of(known));
        let complete = completed(&partly, &known);
        let open = conditions(&policy, &partly);
        let sure = conditions(&policy, &complete);
        prop_assert!(word(&sure) != "open", "{operator} {wanted} of {complete:?}");
        prop_assert_eq!(open.resolve(&complete), sure, "{} {} of {:?}", operator, wanted, complete);
    }

    /// The order of values, on either side, does not matter.
    #[test]
    fn order_does_not_matter(
        operator in operator(),
        mut values in prop::collection::vec(wanted(), 1..4),
        mut given in prop::collection::vec(value(), 1..4),
        v in told(),
    ) {
        if operator.contains("Date") {
            values = vec!["2020-01-01".to_owned(), "5".to_owned()];
        }
        let verdict = |values: &[String], given: &[String]| {
            let wanted = serde_json::to_string(values).unwrap();
            let policy = policy("2012-10-17", &format!(r#""Condition": {{"{operator}": {{"x": {wanted}}}}}"#));
            word(&conditions(&policy, &context_of(vec![Told::Values(given.to_vec()), v.clone(), Told::Absent])))
        };
        let before = verdict(&values, &given);
        values.reverse();
        given.reverse();
        prop_assert_eq!(before, verdict(&values, &given));
    }
}
