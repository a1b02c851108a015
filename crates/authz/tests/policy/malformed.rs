//! What does not read: the place, what is wrong, what to do.

use PolicyKind::{Identity, Key, Resource, ResourceControl, ServiceControl, Session, Trust};
use authz::policy::{Flaw, PolicyKind};

use crate::{document, refuse};

/// Refuses a document in which « and » stand around the place that is told.
fn refused(marked: &str, kind: PolicyKind) -> (String, String) {
    let text = marked.replace(['«', '»'], "");
    let error = refuse(&text, kind);
    let start = marked.find('«').unwrap_or_default();
    let end = marked.find('»').map_or(text.len(), |end| end - '«'.len_utf8());
    let span = error.span();
    assert_eq!((span.start as usize, span.end as usize), (start, end), "{error}");
    (error.flaw().to_string(), error.help().unwrap_or_default().into_owned())
}

#[test]
fn documents_are_refused_at_the_place_that_is_wrong() {
    for (kind, marked, what, help) in [
        (Identity, "«[]»", "a policy is a JSON object", ""),
        (Identity, "«\"*\"»", "a policy is a JSON object", ""),
        (Identity, r#"«{"Version": "2012-10-17"}»"#, "`Statement` is missing", "add it"),
        (Identity, r#"{"Statement": «[]»}"#, "`Statement` names nothing", "name at least one"),
        (Identity, r#"{"Statement": [«"a"»]}"#, "a statement has to be an object", ""),
        (Identity, r#"{"Statement": «null»}"#, "a statement has to be an object", ""),
        (Identity, r#"{«"Statements"»: []}"#, "a policy has no element `Statements`", "did you mean `Statement`?"),
        (Identity, r#"{«"Extra"»: 1}"#, "a policy has no element `Extra`", "write one of `Version`, `Id`, `Statement`"),
        (Identity, r#"{"Id": "a", «"Id"»: "b"}"#, "`Id` is there twice", "merge the two"),
        (Identity, r#"{"Id": «[1]»}"#, "Id has to be a string", ""),
        (
            Identity,
            r#"{"Version": «"2020-01-01"», "Statement": []}"#,
            "`2020-01-01` is no version of the policy language that such a policy may have",
            "write `2012-10-17`, or `2008-10-17`",
        ),
        (
            ServiceControl,
            r#"{"Version": «"2008-10-17"», "Statement": []}"#,
            "`2008-10-17` is no version of the policy language that such a policy may have",
            "write `2012-10-17`",
        ),
        (ServiceControl, r#"«{"Statement": []}»"#, "`Version` is missing", "add `\"Version\": \"2012-10-17\"`"),
        (Identity, "{\"Id\": \"«Ā»\"}", "such a policy cannot hold the character U+0100", "use U+0020 to U+00FF"),
    ] {
        let (flaw, hint) = refused(marked, kind);
        assert_eq!(flaw, what, "{marked}");
        assert!(hint.starts_with(help) && hint.is_empty() == help.is_empty(), "{hint}\n{marked}");
    }
}

#[test]
fn statements_are_refused_at_the_place_that_is_wrong() {
    let rest = r#""Effect":"Allow","Action":"kms:*","Resource":"*""#;
    let with = |more: &str| format!("{rest},{more}");
    for (kind, marked, what, help) in [
        (Identity, with(r#"«"Ressource"»:"*""#), "a statement has no element `Ressource`", "did you mean `Resource`?"),
        (Identity, with(r#"«"notaction"»:"*""#), "a statement has no element `notaction`", "did you mean `NotAction`?"),
        (Identity, with(r#"«"Effect"»:"Deny""#), "`Effect` is there twice", "merge"),
        (Identity, with(r#"«"NotAction"»:"*""#), "`Action` and `NotAction` exclude each other", "keep one"),
        (Identity, with(r#"«"NotResource"»:"*""#), "`Resource` and `NotResource` exclude each other", "keep one"),
        (Identity, with(r#""Sid":«"a b"»"#), "the statement's id `a b` holds more than letters and digits", "use A"),
        (Identity, with(r#""Sid":«1»"#), "Sid has to be a string", ""),
        (Identity, with(r#"«"Principal":"*"»"#), "such a policy has no `Principal`", "remove it: the policy is about"),
        (Session, with(r#"«"NotPrincipal":"*"»"#), "such a policy has no `NotPrincipal`", "remove it: the policy is"),
        (
            ServiceControl,
            with(r#"«"Principal":"*"»"#),
            "such a policy has no `Principal`",
            "remove it; use a condition",
        ),
        (
            Identity,
            r#""Effect":«"allow"»,"Action":"*","Resource":"*""#.to_owned(),
            "`allow` is no effect",
            "write `Allow`",
        ),
        (Identity, r#""Effect":«{}»,"Action":"*","Resource":"*""#.to_owned(), "`{...}` is no effect", "write `Allow`"),
        (
            Identity,
            r#""Effect":"Deny","Action":["kms:*",«"Decrypt"»],"Resource":"*""#.to_owned(),
            "`Decrypt` names no action",
            "write `SERVICE:NAME`",
        ),
        (
            Identity,
            r#""Effect":"Deny","Action":«"kms:a:b"»,"Resource":"*""#.to_owned(),
            "`kms:a:b` names no action",
            "w",
        ),
        (Identity, r#""Effect":"Deny","Action":«"k s:a"»,"Resource":"*""#.to_owned(), "`k s:a` names no action", "w"),
        (
            Identity,
            r#""Effect":"Deny","NotAction":«[]»,"Resource":"*""#.to_owned(),
            "`NotAction` names nothing",
            "name",
        ),
        (
            Identity,
            r#""Effect":"Deny","Action":["a:b",«[]»],"Resource":"*""#.to_owned(),
            "Action has to be a string or a list of strings",
            "",
        ),
        (
            Identity,
            r#""Effect":"Deny","Action":"*","Resource":«"key"»"#.to_owned(),
            "`key` is neither `*` nor an ARN",
            "write",
        ),
        (
            Identity,
            r#""Effect":"Deny","Action":"*","Resource":«"arn:amazon:s3:::b"»"#.to_owned(),
            "there is no partition of AWS like that of `arn:amazon:s3:::b`",
            "write `aws`",
        ),
        (
            Trust,
            r#""Effect":"Allow","Principal":«"*"»,"Action":"sts:AssumeRole""#.to_owned(),
            "a trust policy has no bare `*` as its principal",
            "write `{\"AWS\": \"*\"}`",
        ),
        (
            Trust,
            r#""Effect":"Deny",«"NotPrincipal":{"AWS":"*"}»,"Action":"sts:AssumeRole""#.to_owned(),
            "such a policy has no `NotPrincipal`",
            "use `Principal`",
        ),
        (
            Trust,
            r#""Effect":"Allow","Principal":{"AWS":"*"},"Action":«"*"»"#.to_owned(),
            "a trust policy is not about `*`",
            "write `sts:AssumeRole`",
        ),
        (
            Trust,
            r#""Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole",«"Resource":"*"»"#.to_owned(),
            "such a policy has no `Resource`",
            "remove it: a trust policy is about the role",
        ),
        (Key, with(r#""Principal":«"root"»"#), "`root` is no principal", "write `\"*\"`, or an object"),
        (Key, with(r#""Principal":«["*"]»"#), "`[...]` is no principal", "write"),
        (Key, with(r#""Principal":«{}»"#), "`Principal` names nothing", "name"),
        (Key, with(r#""Principal":{"AWS":«[]»}"#), "`AWS` names nothing", "name"),
        (Key, with(r#""Principal":{«"aws"»:"*"}"#), "a principal has no element `aws`", "did you mean `AWS`?"),
        (Key, with(r#""Principal":{"AWS":[«1»]}"#), "AWS has to be a string or a list of strings", ""),
        (Key, with(r#""Principal":{«"CanonicalUser"»:"a"}"#), "such a policy has no `CanonicalUser`", "only bucket"),
        (
            Key,
            with(r#""Principal":{"AWS":["111122223333",«"arn:aws:iam::111122223333:role/*"»]}"#),
            "a principal's name has no wildcards",
            "write `*` alone and add a condition",
        ),
        (Key, with(r#"«"NotPrincipal":{"AWS":"111122223333"}»"#), "`NotPrincipal` cannot allow", "name whom"),
        (Resource, with(r#"«"NotPrincipal":"*"»"#), "`NotPrincipal` cannot allow", "name whom"),
        (
            ResourceControl,
            with(r#""Principal":{"AWS":["*",«"111122223333"»]}"#),
            "a resource control policy is about everybody",
            "write `\"Principal\": \"*\"`",
        ),
        (
            ResourceControl,
            r#""Effect":«"Allow"»,"Principal":"*","Action":"*","Resource":"arn:aws:s3:::b""#.to_owned(),
            "a resource control policy does not allow",
            "write `Deny`",
        ),
        (
            ResourceControl,
            r#""Effect":"Deny","Principal":"*","Action":«"*"»,"Resource":"*""#.to_owned(),
            "a resource control policy names the services that it is about",
            "write the service",
        ),
        (
            ResourceControl,
            r#""Effect":"Deny","Principal":"*",«"NotAction":"s3:*"»,"Resource":"*""#.to_owned(),
            "such a policy has no `NotAction`",
            "remove it",
        ),
    ] {
        let (flaw, hint) = refused(&document(&marked), kind);
        assert_eq!(flaw, what, "{marked}");
        assert!(hint.starts_with(help) && hint.is_empty() == help.is_empty(), "{hint}\n{marked}");
    }
}

#[test]
fn what_a_statement_lacks_is_told_at_the_statement() {
    for (kind, statement, what) in [
        (Identity, r#""Action":"*","Resource":"*""#, "Effect"),
        (Identity, r#""Effect":"Allow","Resource":"*""#, "Action"),
        (Identity, r#""Effect":"Allow","Action":"*""#, "Resource"),
        (Key, r#""Effect":"Allow","Action":"*","Resource":"*""#, "Principal"),
        (Trust, r#""Effect":"Allow","Action":"sts:AssumeRole""#, "Principal"),
        (ResourceControl, r#""Effect":"Deny","Action":"s3:*","Resource":"*""#, "Principal"),
    ] {
        let error = refuse(&document(statement), kind);
        assert_eq!(*error.flaw(), Flaw::Missing(what));
        assert_eq!(error.policy_text().slice(error.span()), format!("{{{statement}}}"));
    }
}

#[test]
fn conditions_are_refused_at_the_place_that_is_wrong() {
    for (marked, what, help) in [
        ("«[]»", "`Condition` has to be an object", ""),
        (r#"{"Bool":«"b"»}"#, "a condition operator has to be an object", ""),
        (
            r#"{«"StringEqual"»:{"aws:a":"b"}}"#,
            "there is no condition operator `StringEqual`",
            "did you mean `StringEquals`?",
        ),
        (
            r#"{«"ForAnyValues:StringLikes"»:{"aws:a":"b"}}"#,
            "there is no condition operator `ForAnyValues:StringLikes`",
            "did you mean `ForAnyValue:StringLike`?",
        ),
        (
            r#"{«"StringEqulsIfExists"»:{"aws:a":"b"}}"#,
            "there is no condition operator `StringEqulsIfExists`",
            "did you mean `StringEqualsIfExists`?",
        ),
        (
            r#"{«"NullIfExists"»:{"aws:a":"true"}}"#,
            "there is no condition operator `NullIfExists`",
            "`Null` has no `IfExists`",
        ),
        (r#"{«"aws:a"»:{"aws:a":"true"}}"#, "there is no condition operator `aws:a`", "write an operator as"),
        (
            r#"{"StringLike":{"aws:a":«{}»}}"#,
            "a condition's value has to be a string, a number, a boolean or a list of them",
            "",
        ),
        (
            r#"{"StringLike":{"aws:a":["b",«null»]}}"#,
            "a condition's value has to be a string, a number, a boolean or a list of them",
            "",
        ),
        (r#"{"StringLike":{"aws:a":"b",«"AWS:A"»:"c"}}"#, "`AWS:A` is there twice", "merge"),
        (r#"{"Bool":{"aws:a":"true"},«"Bool"»:{"aws:b":"true"}}"#, "`Bool` is there twice", "merge"),
    ] {
        let statement = format!(r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{marked}"#);
        let (flaw, hint) = refused(&document(&statement), Identity);
        assert_eq!(flaw, what, "{marked}");
        assert!(hint.starts_with(help) && hint.is_empty() == help.is_empty(), "{hint}\n{marked}");
    }
}

#[test]
fn two_statements_have_no_id_in_common() {
    let text = r#"{"Statement": [
  {"Sid": "A", "Effect": "Allow", "Action": "*", "Resource": "*"},
  {"Sid": "a", "Effect": "Allow", "Action": "*", "Resource": "*"},
  {"Sid": "A", "Effect": "Allow", "Action": "*", "Resource": "*"}
]}"#;
    let error = refuse(text, Identity);
    assert_eq!((error.flaw(), error.place().to_string()), (&Flaw::SidTwice("A".to_owned()), "4:11".to_owned()));
}

#[test]
fn an_error_reads_like_a_compilers() {
    let text = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": {\n    \"Efect\": \"Allow\",\n    \"Action\": \"*\"\n  }\n}";
    assert_eq!(
        refuse(text, Identity).to_string(),
        "policy.json:4:5: a statement has no element `Efect`\n\
         \x20 4 |     \"Efect\": \"Allow\",\n\
         \x20   |     ^^^^^^^\n\
         \x20 help: did you mean `Effect`?"
    );
}

#[test]
fn texts_of_a_hostile_policy_are_shown_short_and_tame() {
    let name = format!("\\u001b[31m{}", "x".repeat(5_000));
    let shown = refuse(&format!(r#"{{"{name}": 1}}"#), Resource).to_string();
    assert!(!shown.contains('\u{1b}') && shown.contains("\\u{1b}[31mxxx"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() < 200), "{shown}");
}
