//! What AWS's documents leave open: each switch, both ways.

use authz::{
    context::Context,
    formula::Formula,
    matching::{ContextView, Lookup},
    rules::Assumptions,
};

use crate::{context, policy};

/// A context where one assumption does not hold.
struct Without {
    context: Context,
    assumptions: Assumptions,
}

impl ContextView for Without {
    fn look_up(&self, lower_case_key: &str) -> Lookup<'_> {
        self.context.look_up(lower_case_key)
    }

    fn assumptions(&self) -> &Assumptions {
        &self.assumptions
    }
}

/// Whether a condition on `x` holds, with all assumptions and without this one.
fn both(assumption: &str, operator: &str, wanted: &str, x: Option<&[&str]>) -> [Formula; 2] {
    let policy = policy("2012-10-17", &format!(r#""Condition": {{"{operator}": {{"x": {wanted}}}}}"#));
    let mut context = context(&[("v", Some(&["true"])), ("star", Some(&["a*"]))]);
    if let Some(values) = x {
        context = context.with("x", authz::context::Told::Values(values.iter().map(ToString::to_string).collect()));
    }
    let assumptions = Assumptions::default().with(assumption, false).unwrap();
    let condition = &policy.statements()[0].conditions[0];
    let with = condition.holds(&context, &policy);
    [with, condition.holds(&Without { context, assumptions }, &policy)]
}

#[test]
fn each_switch_turns_what_its_rule_says() {
    for (assumption, operator, wanted, x, with) in [
        ("iam-cond-arn-star", "ArnLike", r#""*""#, Some(["arn:a:b:c:d:e"].as_slice()), true),
        ("iam-cond-arn-star", "ArnNotEquals", r#""**""#, Some(&["arn:a:b:c:d:e"]), false),
        ("iam-cond-bool-case", "Bool", r#""TRUE""#, Some(&["true"]), true),
        ("iam-cond-bool-case", "Bool", r#""true""#, Some(&["True"]), true),
        ("iam-cond-date-year", "DateGreaterThan", r#""2100""#, Some(&["2026-01-01"]), false),
        ("iam-cond-date-year", "DateEquals", r#""2020-01-01""#, Some(&["2020"]), true),
        ("iam-cond-for-any-if-exists", "ForAnyValue:StringEqualsIfExists", r#""a""#, None, false),
        ("iam-cond-for-any-if-exists", "ForAnyValue:StringNotEqualsIfExists", r#""a""#, None, false),
        ("iam-cond-for-any-missing-negated", "ForAnyValue:StringNotEquals", r#""a""#, None, false),
        ("iam-cond-ip-bare-v6", "IpAddress", r#""2001:db8::1""#, Some(&["2001:db8::2"]), false),
        ("iam-cond-ip-host-bits", "IpAddress", r#""203.0.113.7/24""#, Some(&["203.0.113.9"]), true),
        ("iam-cond-multi-without-set", "StringEquals", r#""a""#, Some(&["a", "b"]), true),
        ("iam-cond-multi-without-set", "StringNotEquals", r#"["a", "b"]"#, Some(&["a", "b"]), false),
        ("iam-cond-null-empty", "Null", "true", Some(&[]), true),
        ("iam-cond-null-empty", "Null", "false", Some(&[]), false),
        ("iam-cond-unparsable-negated", "NumericNotEquals", "1", Some(&["eu-west-1"]), true),
        ("iam-cond-unparsable-negated", "NotIpAddress", r#""10.0.0.0/8""#, Some(&["here"]), true),
        ("iam-variable-bool", "Bool", r#""${v}""#, Some(&["true"]), true),
        ("iam-variable-value-literal", "StringLike", r#""${star}c""#, Some(&["abc"]), false),
        ("iam-variable-value-literal", "ArnLike", r#""arn:a:b:c:d:${star}""#, Some(&["arn:a:b:c:d:ab"]), false),
    ] {
        let verdicts = both(assumption, operator, wanted, x);
        assert_eq!(verdicts, [with.into(), (!with).into()], "{assumption}: {operator} {wanted} of {x:?}");
    }
}

#[test]
fn switches_turn_nothing_else() {
    for (assumption, operator, wanted, x, holds) in [
        ("iam-cond-arn-star", "StringLike", r#""*""#, Some(["arn:a:b:c:d:e"].as_slice()), true),
        ("iam-cond-arn-star", "ArnLike", r#""arn:a:b:c:d:*""#, Some(&["arn:a:b:c:d:e"]), true),
        ("iam-cond-bool-case", "Bool", r#""true""#, Some(&["true"]), true),
        ("iam-cond-date-year", "DateGreaterThan", r#""20100""#, Some(&["2026-01-01"]), true),
        ("iam-cond-ip-bare-v6", "IpAddress", r#""10.0.0.1""#, Some(&["10.0.0.2"]), false),
        ("iam-cond-ip-host-bits", "IpAddress", r#""203.0.113.0/24""#, Some(&["203.0.113.9"]), true),
        ("iam-cond-multi-without-set", "StringEquals", r#""a""#, Some(&["a"]), true),
        ("iam-cond-multi-without-set", "ForAnyValue:StringEquals", r#""a""#, Some(&["a", "b"]), true),
        ("iam-cond-null-empty", "StringNotEquals", r#""a""#, Some(&[]), true),
        ("iam-cond-unparsable-negated", "StringNotEquals", r#""a""#, Some(&["b"]), true),
        ("iam-variable-bool", "StringEquals", r#""${v}""#, Some(&["true"]), true),
        // Where there are no wildcards, values have none either.
        ("iam-variable-value-literal", "StringEquals", r#""${star}""#, Some(&["ab"]), false),
    ] {
        let verdicts = both(assumption, operator, wanted, x);
        assert_eq!(verdicts, [holds.into(), holds.into()], "{assumption}: {operator} {wanted} of {x:?}");
    }
}

#[test]
fn wildcards_of_resources_stay_in_their_part_if_so_assumed() {
    let text = "arn:aws:logs:eu-west-1:111122223333:log-group:g:*";
    for (pattern, with, without) in [
        ("arn:aws:logs:eu-*23333:log-group:g:*", true, false),
        ("arn:aws:logs:eu-west-1?111122223333:log-group:g:*", true, false),
        ("arn:aws:logs:*:log-group:g:*", true, true),
        ("arn:aws:logs:eu-*1:*23333:log-group:*", true, true),
        ("arn:aws:logs:eu-*:111122223333:log-*:g:*", true, true),
        ("arn:aws:logs:us-*", false, false),
    ] {
        let policy = policy("2012-10-17", &format!(r#""Resource": "{pattern}""#));
        let resources = policy.statements()[0].resources.as_ref().unwrap();
        let assumptions = Assumptions::default().with("iam-match-resource-parts", false).unwrap();
        assert_eq!(resources.covers(text, &context(&[]), &policy), with.into(), "{pattern}");
        let context = Without { context: context(&[]), assumptions };
        assert_eq!(resources.covers(text, &context, &policy), without.into(), "{pattern}");
    }
}

/// With any of the switches turned, an open answer is still answered as if all had been known.
#[test]
fn open_answers_resolve_under_every_assumption() {
    let switches = [
        "iam-cond-arn-star",
        "iam-cond-bool-case",
        "iam-cond-date-year",
        "iam-cond-for-any-if-exists",
        "iam-cond-for-any-missing-negated",
        "iam-cond-ip-bare-v6",
        "iam-cond-ip-host-bits",
        "iam-cond-multi-without-set",
        "iam-cond-null-empty",
        "iam-cond-unparsable-negated",
        "iam-variable-bool",
        "iam-variable-value-literal",
    ];
    let sets = ["", "ForAllValues:", "ForAnyValue:"];
    let operators = [
        "StringEquals",
        "StringNotLike",
        "StringLikeIfExists",
        "NumericNotEquals",
        "DateNotEquals",
        "Bool",
        "Null",
        "NotIpAddress",
        "ArnLike",
        "StringNotEqualsIfExists",
    ];
    let values =
        [vec!["*"], vec!["${v}"], vec!["x${v}", "*"], vec!["1", "true"], vec!["2020"], vec!["10.0.0.1/8", "ten"]];
    let given: [Option<&[&str]>; 7] =
        [None, Some(&["TRUE"]), Some(&["a*"]), Some(&["a", "xa"]), Some(&[]), Some(&[""]), Some(&["1", "10.0.0.2"])];
    for switch in switches {
        let assumptions = Assumptions::default().with(switch, false).unwrap();
        for (set, operator) in sets.iter().flat_map(|set| operators.iter().map(move |operator| (set, operator))) {
            for wanted in values.iter().filter(|values| !operator.contains("Date") || **values == ["2020"]) {
                let wanted = serde_json::to_string(wanted).unwrap();
                let policy = policy("2012-10-17", &format!(r#""Condition": {{"{set}{operator}": {{"x": {wanted}}}}}"#));
                let condition = &policy.statements()[0].conditions[0];
                for (x, v) in given.iter().flat_map(|x| given.iter().take(3).map(move |v| (x, v))) {
                    let told: Vec<_> = [("x", x), ("v", v)].into_iter().filter(|(_, told)| told.is_some()).collect();
                    let known = told.iter().map(|(key, told)| (*key, **told)).collect::<Vec<_>>();
                    let known = Without { context: context(&known), assumptions: assumptions.clone() };
                    let sure = condition.holds(&known, &policy);
                    for unknown in [["x"].as_slice(), &["v"], &["x", "v"]] {
                        let mut open = Without { context: known.context.clone(), assumptions: assumptions.clone() };
                        for key in unknown {
                            open.context.tell(key, authz::context::Told::Unknown);
                        }
                        let again = condition.holds(&open, &policy).resolve(&known);
                        assert_eq!(again, sure, "{switch}: {set}{operator} {wanted} of {x:?} with {v:?}, {unknown:?}");
                    }
                }
            }
        }
    }
}
