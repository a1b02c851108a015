//! Every operator, as the IAM User Guide tells it ("IAM JSON policy elements: Condition operators").

use authz::policy::Comparison;

use crate::{conditions, context, policy, word};

/// Rows of an operator, the policy's values as JSON, the values of the key `x` (none: it is not in the request), and
/// whether the condition holds.
fn check(rows: &[(&str, &str, &[&str], bool)]) {
    for (operator, wanted, given, holds) in rows {
        let policy = policy("2012-10-17", &format!(r#""Condition": {{"{operator}": {{"X": {wanted}}}}}"#));
        let known = [
            ("aws:username", Some(["alice"].as_slice())),
            ("aws:principaltag/star", Some(["a*"].as_slice())),
            ("aws:principalarn", Some(["arn:aws:iam::111122223333:role/r"].as_slice())),
            ("aws:securetransport", Some(["true"].as_slice())),
            ("aws:tagkeys", Some(["a", "b"].as_slice())),
            ("sts:transitivetagkeys", Some(["a"].as_slice())),
            ("x", Some(*given)),
        ];
        let told = if given.is_empty() { &known[..6] } else { &known[..] };
        let verdict = conditions(&policy, &context(told));
        assert_eq!(word(&verdict), if *holds { "yes" } else { "no" }, "{operator} {wanted} of {given:?}");
    }
}

#[test]
fn strings() {
    check(&[
        ("StringEquals", r#""a""#, &["a"], true),
        ("StringEquals", r#""a""#, &["A"], false),
        ("StringEquals", r#""a*""#, &["ab"], false),
        ("StringEquals", r#""a*""#, &["a*"], true),
        ("StringEquals", r#""""#, &[""], true),
        ("StringEquals", r#"["a", "b"]"#, &["b"], true),
        ("StringEquals", r#"["a", "b"]"#, &["c"], false),
        ("StringEquals", "5", &["5"], true),
        ("StringEquals", "true", &["true"], true),
        ("StringNotEquals", r#""a""#, &["a"], false),
        ("StringNotEquals", r#""a""#, &["b"], true),
        // Of several values none may match.
        ("StringNotEquals", r#"["a", "b"]"#, &["b"], false),
        ("StringNotEquals", r#"["a", "b"]"#, &["c"], true),
        ("StringEqualsIgnoreCase", r#""ab""#, &["AB"], true),
        ("StringEqualsIgnoreCase", r#""ab""#, &["abc"], false),
        ("StringNotEqualsIgnoreCase", r#""ab""#, &["AB"], false),
        ("StringNotEqualsIgnoreCase", r#""ab""#, &["b"], true),
        ("StringLike", r#""a*c?""#, &["abbcd"], true),
        ("StringLike", r#""a*""#, &["A"], false),
        ("StringLike", r#"["", "home/"]"#, &[""], true),
        ("StringNotLike", r#""a*""#, &["ab"], false),
        ("StringNotLike", r#"["a*", "b*"]"#, &["c"], true),
        // Operators are read without case.
        ("stringequals", r#""a""#, &["a"], true),
    ]);
}

#[test]
fn variables_in_strings() {
    check(&[
        ("StringEquals", r#""${aws:username}""#, &["alice"], true),
        ("StringEquals", r#""${AWS:UserName}-x""#, &["alice-x"], true),
        ("StringEquals", r#""${aws:username}""#, &["bob"], false),
        ("StringLike", r#""home/${aws:username}/*""#, &["home/alice/x"], true),
        ("StringEqualsIgnoreCase", r#""${aws:username}""#, &["ALICE"], true),
        // Values are literal.
        ("StringLike", r#""${aws:PrincipalTag/star}""#, &["ab"], false),
        ("StringLike", r#""${aws:PrincipalTag/star}""#, &["a*"], true),
        ("StringLike", r#""${*}""#, &["x"], false),
        ("StringLike", r#""${*}""#, &["*"], true),
        // What resolves to nothing matches nothing, so a negated operator is true of it.
        ("StringEquals", r#""${aws:PrincipalTag/none}""#, &[""], false),
        ("StringLike", r#""*${aws:PrincipalTag/none}*""#, &["x"], false),
        ("StringNotEquals", r#""${aws:PrincipalTag/none}""#, &["x"], true),
        ("StringEquals", r#"["${aws:PrincipalTag/none}", "x"]"#, &["x"], true),
        ("StringEquals", r#""${aws:PrincipalTag/none, 'nobody'}""#, &["nobody"], true),
        ("StringEquals", r#""${aws:username, 'nobody'}""#, &["nobody"], false),
        // A multivalued key is no variable, however many values the request has of it.
        ("StringEquals", r#""${sts:TransitiveTagKeys}""#, &["a"], false),
        ("StringEquals", r#""${sts:TransitiveTagKeys, 'x'}""#, &["x"], true),
        ("StringEquals", r#""${aws:TagKeys}""#, &["a"], false),
        ("StringEquals", r#""${aws:TagKeys, 'x'}""#, &["x"], true),
    ]);
}

#[test]
fn numbers() {
    check(&[
        ("NumericEquals", r#""10""#, &["10.0"], true),
        ("NumericEquals", "10", &["10"], true),
        ("NumericEquals", r#""10""#, &["11"], false),
        ("NumericEquals", r#""-1.50""#, &["-1.5"], true),
        ("NumericNotEquals", r#""10""#, &["10"], false),
        ("NumericNotEquals", r#"["10", "11"]"#, &["12"], true),
        ("NumericLessThan", r#""10""#, &["9.99"], true),
        ("NumericLessThan", r#""10""#, &["10"], false),
        ("NumericLessThanEquals", r#""10""#, &["10"], true),
        ("NumericLessThanEquals", r#""10""#, &["10.01"], false),
        ("NumericGreaterThan", r#""10""#, &["9"], false),
        ("NumericGreaterThan", r#""9""#, &["10"], true),
        ("NumericGreaterThanEquals", r#""10""#, &["10"], true),
        ("NumericGreaterThanEquals", r#"["100", "10"]"#, &["50"], true),
        // What is no number matches nothing, on either side.
        ("NumericEquals", r#""ten""#, &["10"], false),
        ("NumericEquals", r#""10""#, &["ten"], false),
        ("NumericLessThan", r#""10""#, &["-"], false),
        ("NumericNotEquals", r#""10""#, &["ten"], true),
        // Numbers have no variables.
        ("NumericEquals", r#""${aws:username}""#, &["1"], false),
    ]);
}

#[test]
fn dates() {
    check(&[
        ("DateEquals", r#""2020-01-01T00:00:00Z""#, &["1577836800"], true),
        ("DateEquals", "1577836800", &["2020-01-01T01:00:00+01:00"], true),
        ("DateEquals", r#""2020-01-01""#, &["2020-01-01T00:00:00.000Z"], true),
        ("DateEquals", r#""2020-01""#, &["2020-01-01"], true),
        ("DateEquals", r#""2020-01-01t00:00z""#, &["2020-01-01T00:00:00Z"], true),
        ("DateEquals", r#""2019-12-31T18:30-05:30""#, &["2020-01-01"], true),
        ("DateNotEquals", r#""2020-01-01""#, &["2020-01-02"], true),
        ("DateNotEquals", r#""2020-01-01""#, &["2020-01-01"], false),
        ("DateLessThan", r#""2020-01-01""#, &["2019-12-31T23:59:59.999Z"], true),
        ("DateLessThan", r#""2020-01-01""#, &["2020-01-01"], false),
        ("DateLessThanEquals", r#""2020-01-01""#, &["2020-01-01"], true),
        ("DateGreaterThan", r#""2020-01-01""#, &["2020-01-01"], false),
        ("DateGreaterThan", r#""2020-01-01T00:00:00.1Z""#, &["2020-01-01T00:00:00.11Z"], true),
        ("DateGreaterThanEquals", r#""2020-01-01""#, &["2020-01-01"], true),
        ("DateLessThan", r#""9999-12-31T23:59:59Z""#, &["2026-11-25T00:00:00Z"], true),
        ("DateEquals", r#""2020-01-01""#, &["yesterday"], false),
        ("DateLessThan", r#""2020-01-01""#, &["2019-02-30"], false),
        ("DateNotEquals", r#""2020-01-01""#, &["yesterday"], true),
    ]);
}

#[test]
fn booleans() {
    check(&[
        ("Bool", r#""true""#, &["true"], true),
        ("Bool", "true", &["true"], true),
        ("Bool", "false", &["true"], false),
        ("Bool", r#""True""#, &["true"], true),
        ("Bool", r#""true""#, &["TRUE"], true),
        ("Bool", r#"["true", "false"]"#, &["false"], true),
        ("Bool", r#""yes""#, &["yes"], false),
        ("Bool", r#""${aws:SecureTransport}""#, &["true"], true),
        ("Bool", r#""${aws:SecureTransport}""#, &["false"], false),
        ("Bool", r#""${aws:username}""#, &["alice"], false),
    ]);
}

#[test]
fn bytes() {
    check(&[
        ("BinaryEquals", r#""QmluYXJ5VmFsdWVJbkJhc2U2NA==""#, &["QmluYXJ5VmFsdWVJbkJhc2U2NA=="], true),
        ("BinaryEquals", r#""QmluYXJ5""#, &["QmluYXJ6"], false),
        ("BinaryEquals", r#""%""#, &["%"], false),
    ]);
}

#[test]
fn addresses() {
    check(&[
        ("IpAddress", r#""203.0.113.0/24""#, &["203.0.113.255"], true),
        ("IpAddress", r#""203.0.113.0/24""#, &["203.0.114.0"], false),
        ("IpAddress", r#""203.0.113.7/24""#, &["203.0.113.9"], true),
        ("IpAddress", r#""203.0.113.7""#, &["203.0.113.7"], true),
        ("IpAddress", r#""203.0.113.7""#, &["203.0.113.8"], false),
        ("IpAddress", r#""0.0.0.0/0""#, &["203.0.113.8"], true),
        ("IpAddress", r#""2001:DB8:1234:5678::/64""#, &["2001:db8:1234:5678::1"], true),
        ("IpAddress", r#""2001:db8::1""#, &["2001:db8::1"], true),
        ("IpAddress", r#""2001:db8::1""#, &["2001:db8::2"], false),
        // The families do not mix.
        ("IpAddress", r#""0.0.0.0/0""#, &["2001:db8::2"], false),
        ("IpAddress", r#""::/0""#, &["203.0.113.8"], false),
        ("IpAddress", r#"["203.0.113.0/24", "2001:db8::/32"]"#, &["2001:db8::2"], true),
        ("NotIpAddress", r#""203.0.113.0/24""#, &["203.0.113.1"], false),
        ("NotIpAddress", r#"["203.0.113.0/24", "198.51.100.0/24"]"#, &["192.0.2.1"], true),
        ("NotIpAddress", r#""203.0.113.0/24""#, &["2001:db8::2"], true),
        ("IpAddress", r#""203.0.113.0/33""#, &["203.0.113.0"], false),
        ("IpAddress", r#""203.0.113.0/24""#, &["here"], false),
        ("NotIpAddress", r#""203.0.113.0/24""#, &["here"], true),
    ]);
}

#[test]
fn arns() {
    for (like, unlike) in [("ArnLike", "ArnNotLike"), ("ArnEquals", "ArnNotEquals")] {
        for (wanted, given, holds) in [
            (r#""arn:aws:iam::*:role/*""#, "arn:aws:iam::111122223333:role/a/b", true),
            (r#""arn:aws:iam::*:role/r""#, "arn:aws:iam::111122223333:role/R", false),
            (r#""arn:aws:iam::*:r""#, "arn:aws:iam::1:2:r", false),
            (r#""${aws:PrincipalArn}""#, "arn:aws:iam::111122223333:role/r", true),
            (r#""arn:aws:iam::${aws:PrincipalTag/none}:role/r""#, "arn:aws:iam:::role/r", false),
            (r#"["arn:aws:sns:*:*:a", "arn:aws:sns:*:*:b"]"#, "arn:aws:sns:eu-west-1:111122223333:b", true),
            (r#""arn:aws:iam::*:role/*""#, "no-arn", false),
        ] {
            check(&[(like, wanted, &[given], holds), (unlike, wanted, &[given], !holds)]);
        }
    }
}

#[test]
fn missing_keys() {
    check(&[
        ("StringEquals", r#""a""#, &[], false),
        ("StringLike", r#""*""#, &[], false),
        ("StringNotEquals", r#""a""#, &[], true),
        ("NumericLessThan", "1", &[], false),
        ("NotIpAddress", r#""10.0.0.0/8""#, &[], true),
        ("ArnNotLike", r#""*""#, &[], true),
        ("Bool", "false", &[], false),
        ("StringEqualsIfExists", r#""a""#, &[], true),
        ("StringEqualsIfExists", r#""a""#, &["b"], false),
        ("StringEqualsIfExists", r#""a""#, &["a"], true),
        ("StringNotEqualsIfExists", r#""a""#, &[], true),
        ("StringNotEqualsIfExists", r#""a""#, &["a"], false),
        ("Null", "true", &[], true),
        ("Null", "true", &["a"], false),
        ("Null", r#""false""#, &[], false),
        ("Null", r#""false""#, &["a"], true),
        ("Null", r#"["true", "false"]"#, &["a"], true),
        ("Null", r#""maybe""#, &[], false),
        ("Null", r#""maybe""#, &["a"], false),
    ]);
}

/// What a request without the key makes of each operator: the guide tells it by the kind of operator, not one by one.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Condition operators" > "..IfExists condition operators" and
/// "Multivalued context keys". Rules: `iam-cond-for-any-missing-negated`, `iam-cond-for-any-if-exists`.
#[test]
fn every_operator_without_the_key() {
    for comparison in Comparison::ALL {
        let name = format!("{comparison:?}");
        let value = match name.as_str() {
            // Whether there is the key is what it asks.
            "Null" => continue,
            name if name.starts_with("Numeric") => "1",
            name if name.starts_with("Date") => r#""2026-01-01T00:00:00Z""#,
            "Bool" => "true",
            "IpAddress" | "NotIpAddress" => r#""10.0.0.0/8""#,
            name if name.starts_with("Arn") => r#""arn:aws:iam::111122223333:role/r""#,
            _ => r#""YQ==""#,
        };
        let negated = name.contains("Not");
        for (operator, holds) in [
            (name.clone(), negated),
            (format!("{name}IfExists"), true),
            (format!("ForAllValues:{name}"), true),
            (format!("ForAllValues:{name}IfExists"), true),
            (format!("ForAnyValue:{name}"), false),
            (format!("ForAnyValue:{name}IfExists"), false),
        ] {
            check(&[(&operator, value, &[], holds)]);
        }
    }
}

#[test]
fn sets() {
    check(&[
        ("ForAllValues:StringEquals", r#"["a", "b"]"#, &["a", "b"], true),
        ("ForAllValues:StringEquals", r#"["a", "b"]"#, &["a", "c"], false),
        ("ForAllValues:StringLike", r#""a*""#, &["a", "ab"], true),
        ("ForAllValues:StringEquals", r#""a""#, &[], true),
        ("ForAllValues:StringEquals", r#""a""#, &[""], true),
        ("ForAllValues:StringEqualsIfExists", r#""a""#, &[], true),
        ("ForAnyValue:StringEquals", r#"["a", "b"]"#, &["c", "b"], true),
        ("ForAnyValue:StringEquals", r#"["a", "b"]"#, &["c", "d"], false),
        ("ForAnyValue:StringEquals", r#""a""#, &[], false),
        ("ForAnyValue:StringLike", r#""*""#, &[""], false),
        // Negated: value by value.
        ("ForAllValues:StringNotEquals", r#"["a", "b"]"#, &["c", "d"], true),
        ("ForAllValues:StringNotEquals", r#"["a", "b"]"#, &["c", "a"], false),
        ("ForAllValues:StringNotEquals", r#""a""#, &[], true),
        ("ForAnyValue:StringNotEquals", r#"["a", "b"]"#, &["a", "c"], true),
        ("ForAnyValue:StringNotEquals", r#"["a", "b"]"#, &["a", "b"], false),
        ("ForAnyValue:StringNotEquals", r#""a""#, &[], false),
        ("ForAnyValue:NumericGreaterThan", "5", &["1", "6"], true),
        (
            "ForAllValues:ArnLike",
            r#""arn:aws:iam::*:role/*""#,
            &["arn:aws:iam::1:role/a", "arn:aws:iam::1:user/a"],
            false,
        ),
    ]);
}

#[test]
fn under_the_old_version_variables_are_text() {
    let old = policy("2008-10-17", r#""Condition": {"StringLike": {"x": "${aws:username}*"}}"#);
    for (given, holds) in [("alice", "no"), ("${aws:username}!", "yes")] {
        let context = context(&[("aws:username", Some(&["alice"])), ("x", Some(&[given]))]);
        assert_eq!(word(&conditions(&old, &context)), holds, "{given}");
    }
}

#[test]
fn all_entries_have_to_hold() {
    let policy = policy("2012-10-17", r#""Condition": {"StringEquals": {"a": "1", "b": "2"}, "Bool": {"c": "true"}}"#);
    for (a, b, c, holds) in
        [("1", "2", "true", "yes"), ("1", "2", "false", "no"), ("1", "3", "true", "no"), ("2", "2", "true", "no")]
    {
        let context = context(&[("a", Some(&[a])), ("b", Some(&[b])), ("c", Some(&[c]))]);
        assert_eq!(word(&conditions(&policy, &context)), holds, "{a} {b} {c}");
    }
}

#[test]
fn a_date_that_is_none_is_refused_with_its_place() {
    use authz::{
        policy::{Policy, PolicyKind},
        text::SourceText,
    };
    for written in ["", "soon", "2020-13-01", "2020-02-30", "-5", "2020-01-01T25:00Z", "2020-01-01T00:00:00+1", "1.5"] {
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Deny", "Action": "*", "Resource": "*",
"Condition": {{"DateLessThan": {{"aws:CurrentTime": "{written}"}}}}}}]}}"#
        );
        let refused = Policy::parse(SourceText::new("p.json", text), PolicyKind::Identity).unwrap_err();
        assert!(refused.to_string().starts_with("p.json:2:"), "{refused}");
        assert!(refused.to_string().contains("is no date"), "{refused}");
    }
}
