//! What is no JSON, and what is too much of it.

use PolicyKind::{Identity, Resource};
use authz::policy::{Flaw, PolicyKind};

use crate::{document, read, refuse};

#[test]
fn what_is_no_json_is_told_where_it_ends_to_be() {
    for (marked, what) in [
        ("", "there is nothing in it"),
        ("«nonsense»", "this does not belong here"),
        ("{«'Statement'»: []}", "strings are written in double quotes"),
        ("{«Statement»: []}", "names are written in double quotes"),
        (r#"{"Statement": [], «//» none"#, "JSON has no comments"),
        (r#"{"Statement": []«,»}"#, "the last entry has no `,` after it"),
        (r#"{"Statement": [{}«,»]}"#, "the last entry has no `,` after it"),
        (r#"{"Version": "2012-10-17"«» "Statement": []}"#, "a `,` is missing"),
        (r#"{"Statement": [{}«» {}]}"#, "a `,` is missing"),
        (r#"{"Statement" «[»]}"#, "a `:` is missing after the name"),
        (r#"{"Statement": «}»"#, "this does not belong here"),
        (r#"«{"Statement": []»"#, "this object does not end"),
        (r#"{"Statement": «[»"#, "this list does not end"),
        (r#"{"Statement": «"a}»"#, "this string does not end"),
        ("{\"Id\": «\"a, »\n\"Statement\": []}", "this string does not end"),
        (r#"{"Statement": []} «{»}"#, "something follows the end of the document"),
        (r#"{"Id": "a«\q»"}"#, "JSON has no such escape"),
        (r#"{"Id": "«\ud800"»}"#, "JSON has no such escape"),
        (r#"{"Id": «0x»10}"#, "JSON has no such number"),
        ("{\"Id\": \"a«\t»b\"}", "a control character in a string has to be escaped"),
        ("{«\u{a0}»\"Id\": 1}", "this character is no white space of JSON"),
    ] {
        let text = marked.replace(['«', '»'], "");
        let error = refuse(&text, Identity);
        let start = marked.find('«').unwrap_or_default();
        assert_eq!((error.flaw(), error.span().start as usize), (&Flaw::Json(what), start), "{error}");
    }
}

#[test]
fn depth_and_size_are_bounded_before_anything_recurses() {
    for bracket in ["[", "{\"a\":"] {
        let error = refuse(&bracket.repeat(1_000_000 / bracket.len()), Resource);
        assert_eq!(*error.flaw(), Flaw::TooDeep);
        assert_eq!(error.span().start as usize, 32 * bracket.len());
    }
    let error = refuse(&" ".repeat(1_000_001), Resource);
    assert_eq!((error.flaw(), error.span().start), (&Flaw::TooLong { limit: 1_000_000 }, 1_000_000));
}

/// Were any step quadratic, these would take minutes.
#[test]
fn the_widest_documents_read() {
    let list = |entry: &dyn Fn(usize) -> String, count| (0..count).map(entry).collect::<Vec<_>>().join(",");
    let statements = list(&|n| format!(r#"{{"Sid":"{n}","Effect":"Deny","Action":"*","Resource":"*"}}"#), 12_000);
    assert_eq!(read(&format!(r#"{{"Statement":[{statements}]}}"#), Identity).statements().len(), 12_000);
    let actions = list(&|n| format!("\"a:{n}\""), 90_000);
    let keys = list(&|n| format!("\"a:{n}\":1"), 80_000);
    for statement in [
        format!(r#""Effect":"Deny","Action":[{actions}],"Resource":"*""#),
        format!(r#""Effect":"Deny","Action":"*","Resource":"*","Condition":{{"NumericEquals":{{{keys}}}}}"#),
    ] {
        read(&document(&statement), Identity);
    }
}
