use std::borrow::Cow;

use proptest::prelude::*;

use super::{Fit, Manner, Pattern, Piece, Resolved, Syntax, ValuesAre, Variable, fits::STEPS};

const WILDCARDS: Syntax = Syntax { wildcards: true, variables: false };
const ALL: Syntax = Syntax { wildcards: true, variables: true };
const VARIABLES: Syntax = Syntax { wildcards: false, variables: true };

fn glob(pattern: &str, text: &str) -> bool {
    Pattern::read(pattern, WILDCARDS).fits(text, Manner::Plain, |_| Resolved::Nothing) == Fit::Yes
}

/// The values: `a` is known, `star` holds wildcards, `gone` is absent, everything else is unknown.
fn value(variable: &Variable) -> Resolved<'static> {
    match variable.key.as_str() {
        "a" => Resolved::Text(Cow::Borrowed("alice")),
        "arn" => Resolved::Text(Cow::Borrowed("arn:aws:iam::111122223333:role/x")),
        "star" => Resolved::Text(Cow::Borrowed("*?")),
        "empty" => Resolved::Text(Cow::Borrowed("")),
        "gone" => variable.default.clone().map_or(Resolved::Nothing, |text| Resolved::Text(Cow::Owned(text.into()))),
        _ => Resolved::Unknown,
    }
}

fn fit(pattern: &str, text: &str, syntax: Syntax, manner: Manner) -> &'static str {
    match Pattern::read(pattern, syntax).fits(text, manner, value) {
        Fit::Yes => "yes",
        Fit::No => "no",
        Fit::Perhaps(_) => "perhaps",
    }
}

#[test]
fn wildcards_stand_for_any_characters() {
    for (pattern, text, fits) in [
        ("", "", true),
        ("", "a", false),
        ("a", "a", true),
        ("a", "A", false),
        ("a", "ab", false),
        ("*", "", true),
        ("*", "a:b/c", true),
        ("?", "", false),
        ("?", "é", true),
        ("??", "é", false),
        ("a*", "a", true),
        ("a*", "ba", false),
        ("*a", "ba", true),
        ("*a", "ab", false),
        ("*a", "aba", true),
        ("a*c", "abcbc", true),
        ("a*c", "abcb", false),
        ("a**c", "ac", true),
        ("a*?c", "ac", false),
        ("a*?c", "abc", true),
        ("*a?c*", "xxabaac", true),
        ("*ab*ab", "abab", true),
        ("*ab*ab", "xab", false),
        ("*aab", "aaab", true),
        ("kms:*key*", "kms:generatedatakeypair", true),
    ] {
        assert_eq!(glob(pattern, text), fits, "`{pattern}` and `{text}`");
    }
}

#[test]
fn fields_of_arns_are_compared_one_by_one() {
    for (pattern, text, fits) in [
        // The example of the IAM User Guide: as a text it fits.
        (
            "arn:aws:someservice:*:111122223333:finance/*",
            "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
            "no",
        ),
        ("arn:aws:sns:*:111122223333:topic", "arn:aws:sns:us-east-1:111122223333:topic", "yes"),
        ("arn:aws:sns:*:topic", "arn:aws:sns:us-east-1:111122223333:topic", "no"),
        ("arn:*:sns:??-east-?:*:*", "arn:aws:sns:us-east-1:111122223333:a:b:c", "yes"),
        ("arn:aws:iam::*:role/*", "arn:aws:iam::111122223333:role/path/name", "yes"),
        ("arn:aws:iam::?:role/x", "arn:aws:iam:::role/x", "no"),
        ("arn:aws:iam:?:role/x", "arn:aws:iam::role/x", "no"),
        ("arn:aws:iam::*", "arn:aws:iam::111122223333:role/x", "no"),
        ("arn:aws:rds:*:*:db:*-x", "arn:aws:rds:eu-west-1:111122223333:db:a:b-x", "yes"),
        ("arn:aws:iam::*b:c", "arn:aws:iam::abb:c", "yes"),
        ("arn:AWS:iam::1:c", "arn:aws:iam::1:c", "no"),
        // Not an ARN pattern, but what many policies write for "any".
        ("*", "arn:aws:iam::111122223333:role/x", "yes"),
    ] {
        assert_eq!(fit(pattern, text, ALL, Manner::Arn), fits, "`{pattern}` and `{text}`");
    }
    let as_text = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt";
    assert!(glob("arn:aws:someservice:*:111122223333:finance/*", as_text));
}

#[test]
fn variables_stand_for_literal_values() {
    for (pattern, text, fits) in [
        ("home/${a}/*", "home/alice/x", "yes"),
        ("home/${a}/*", "home/bob/x", "no"),
        ("${A}", "alice", "yes"),
        ("*${a}", "xalice", "yes"),
        ("*${a}b", "alicealiceb", "yes"),
        ("${star}", "*?", "yes"),
        ("${star}", "xy", "no"),
        ("${empty}", "", "yes"),
        ("x${empty}y", "xy", "yes"),
        ("${gone}", "", "no"),
        ("*${gone}*", "anything", "no"),
        ("${gone, 'team'}", "team", "yes"),
        ("${gone,'team'}", "team", "yes"),
        ("${gone, '*'}", "x", "no"),
        ("${gone, 'a}b'}", "a}b", "yes"),
        ("${gone, ''}", "", "yes"),
        ("${a, 'bob'}", "bob", "no"),
        ("${*}${?}${$}", "*?$", "yes"),
        ("${*}", "x", "no"),
        ("${$}{a}", "${a}", "yes"),
        // What is no variable is a text.
        ("${a", "${a", "yes"),
        ("${}", "${}", "yes"),
        ("${a, b}", "${a, b}", "yes"),
        ("$a", "$a", "yes"),
        ("${${a}}", "${alice}", "yes"),
        // Where only what surrounds the variable decides, it need not be known.
        ("home/${unknown}/x", "home/bob/x", "perhaps"),
        ("home/${unknown}/x", "home/bob/y", "no"),
        ("home/${unknown}/x", "work/bob/x", "no"),
        ("${unknown}${gone}", "x", "no"),
        ("${unknown}*", "x", "perhaps"),
    ] {
        assert_eq!(fit(pattern, text, ALL, Manner::Plain), fits, "`{pattern}` and `{text}`");
    }
    assert_eq!(fit("${a}", "${a}", WILDCARDS, Manner::Plain), "yes");
    assert_eq!(fit("*${a}*", "*alice*", VARIABLES, Manner::Plain), "yes");
    assert_eq!(fit("*${a}*", "xalicex", VARIABLES, Manner::Plain), "no");
}

#[test]
fn variables_in_arns_may_be_whole_arns() {
    for (pattern, text, fits) in [
        ("${arn}", "arn:aws:iam::111122223333:role/x", "yes"),
        ("${arn}*", "arn:aws:iam::111122223333:role/xyz:z", "yes"),
        ("arn:aws:iam::${unknown}:role/*", "arn:aws:iam::111122223333:role/x", "perhaps"),
        ("arn:aws:iam::${unknown}:user/*", "arn:aws:iam::111122223333:role/x", "no"),
        ("${unknown}", "arn:aws:iam::111122223333:role/x", "perhaps"),
        // The unknown part may be any number of fields.
        ("${unknown}:*/x", "arn:aws:iam::111122223333:role/x", "perhaps"),
    ] {
        assert_eq!(fit(pattern, text, ALL, Manner::Arn), fits, "`{pattern}` and `{text}`");
    }
}

#[test]
fn case_is_ignored_where_it_is_to_be() {
    for (pattern, text, fits) in [
        ("ABC", "abc", "yes"),
        ("ÄB", "äb", "yes"),
        ("abc", "abcd", "no"),
        ("abcd", "abc", "no"),
        ("x${a}", "XALICE", "yes"),
        ("*", "x", "no"),
        ("X${unknown}Z", "xyz", "perhaps"),
        ("X${unknown}Z", "xya", "no"),
    ] {
        assert_eq!(fit(pattern, text, VARIABLES, Manner::IgnoreCase), fits, "`{pattern}` and `{text}`");
    }
}

/// A matcher that tried every way would take longer than the universe is old, and one that forgot where it was would
/// compare the whole pattern anew at each character.
#[test]
fn no_pattern_takes_more_steps_than_its_length_times_the_texts() {
    let text = "a".repeat(10_000);
    for pattern in [
        format!("{}b", "*a".repeat(500)),
        format!("{}b", "a*".repeat(500)),
        format!("{}b", "*?".repeat(500)),
        format!("{}b", "*a?".repeat(300)),
        format!("{}b", "*${a}${empty}a".repeat(100)),
        format!("{}b", "${unknown}a".repeat(200)),
        "*".repeat(5_000) + "b",
    ] {
        for manner in [Manner::Plain, Manner::Arn, Manner::Parts, Manner::IgnoreCase] {
            STEPS.set(0);
            assert_eq!(fit(&pattern, &text, ALL, manner), "no");
            assert!(STEPS.get() <= pattern.len() * text.len(), "{} steps: {manner:?}", STEPS.get());
        }
    }
}

/// What a pattern means, told as simply as can be.
fn reference(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => reference(rest, text) || (!text.is_empty() && reference(pattern, &text[1..])),
        (['?', rest @ ..], [_, others @ ..]) => reference(rest, others),
        ([one, rest @ ..], [other, others @ ..]) => one == other && reference(rest, others),
        _ => false,
    }
}

/// The same for ARNs: field by field.
fn arn_reference(pattern: &str, text: &str) -> bool {
    let chars = |part: &str| part.chars().collect::<Vec<_>>();
    let (patterns, texts): (Vec<_>, Vec<_>) = (pattern.splitn(6, ':').collect(), text.splitn(6, ':').collect());
    patterns.iter().all(|part| part.is_empty() || part.chars().all(|c| c == '*'))
        && patterns.len() == 1
        && !pattern.is_empty()
        || (patterns.len() == texts.len()
            && patterns.iter().zip(&texts).all(|(pattern, text)| reference(&chars(pattern), &chars(text))))
}

/// The same where a `*` at the end of a part takes colons.
fn parts_reference(pattern: &[char], text: &[char], walls: usize) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => {
            let crosses = walls == 0 || matches!(rest, [] | [':', ..]);
            parts_reference(rest, text, walls)
                || (!text.is_empty() && (text[0] != ':' || crosses) && parts_reference(pattern, &text[1..], walls))
        }
        (['?', rest @ ..], [other, others @ ..]) => {
            (*other != ':' || walls == 0) && parts_reference(rest, others, walls)
        }
        ([one, rest @ ..], [other, others @ ..]) => {
            one == other && parts_reference(rest, others, walls - usize::from(*one == ':' && walls > 0))
        }
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2048) })]

    #[test]
    fn globs_agree_with_their_meaning(pattern in "[ab*?é]{0,8}", text in "[abé]{0,10}") {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        prop_assert_eq!(glob(&pattern, &text), reference(&chars(&pattern), &chars(&text)));
    }

    #[test]
    fn arn_patterns_agree_with_their_meaning(pattern in "([a*?]{0,2}:?){0,8}", text in "([ab]{0,2}:?){0,8}") {
        prop_assert_eq!(fit(&pattern, &text, WILDCARDS, Manner::Arn) == "yes", arn_reference(&pattern, &text));
    }

    #[test]
    fn patterns_of_parts_agree_with_their_meaning(pattern in "([ab*?]{0,3}:?){0,7}", text in "([ab]{0,2}:?){0,8}") {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        let pattern = pattern.replace("**", "*").replace("**", "*");
        prop_assert_eq!(
            fit(&pattern, &text, WILDCARDS, Manner::Parts) == "yes",
            parts_reference(&chars(&pattern), &chars(&text), 5)
        );
    }

    /// Where values are patterns, the whole is as if it had been written.
    #[test]
    fn values_as_patterns_are_as_if_written(before in "[ab*?]{0,3}", value in "[ab*?]{0,3}", after in "[ab*?]{0,3}", text in "[ab]{0,6}") {
        let open = Pattern::read(&format!("{before}${{v}}{after}"), ALL);
        let fit = open.fits_with_patterns_as_values(&text, Manner::Plain, |_| Resolved::Text(Cow::Borrowed(&value)));
        prop_assert_eq!(fit == Fit::Yes, glob(&format!("{before}{value}{after}"), &text));
    }

    /// Whatever an unknown variable stands for, `no` was no; and what could be, can be.
    #[test]
    fn unknown_variables_are_open(before in "[ab*?:]{0,4}", after in "[ab*?:]{0,4}", text in "[ab:]{0,9}", value in "[ab:]{0,4}") {
        let pattern = Pattern::read(&format!("{before}${{v}}{after}"), ALL);
        for manner in [Manner::Plain, Manner::Arn, Manner::Parts] {
            let open = pattern.fits(&text, manner, |_| Resolved::Unknown);
            let known = pattern.fits(&text, manner, |_| Resolved::Text(Cow::Borrowed(&value)));
            prop_assert!(open != Fit::Yes);
            prop_assert!(open != Fit::No || known == Fit::No, "{before}|{value}|{after} and {text}");
        }
    }

    /// An expanded pattern, read again, means the same.
    #[test]
    fn expanded_patterns_read_as_they_mean(pattern in "([ab*?$]|\\$\\{[*?$]\\}|\\$\\{(a|star|gone, '\\*'|unknown)\\}){0,6}", text in "[ab*?$]{0,6}") {
        let pattern = Pattern::read(&pattern, ALL);
        let again = Pattern::read(&pattern.expanded(ValuesAre::Texts, value), ALL);
        for text in [text, "alice".into(), "*?".into()] {
            prop_assert_eq!(
                std::mem::discriminant(&pattern.fits(&text, Manner::Plain, value)),
                std::mem::discriminant(&again.fits(&text, Manner::Plain, value))
            );
        }
    }
}

#[test]
fn texts_and_runs_are_joined() {
    let pattern = Pattern::read("a${*}b***c", ALL);
    assert_eq!(&*pattern.pieces, [Piece::Text("a*b".into()), Piece::Run, Piece::Text("c".into())]);
    assert_eq!(&*Pattern::read("**", ALL).pieces, [Piece::Run]);
}

#[test]
fn what_is_left_of_a_pattern_may_fit_everything() {
    let value = |variable: &Variable| match variable.key.as_str() {
        "empty" => Resolved::Text(Cow::Borrowed("")),
        "star" => Resolved::Text(Cow::Borrowed("*")),
        "text" => Resolved::Text(Cow::Borrowed("a")),
        "none" => Resolved::Nothing,
        _ => Resolved::Unknown,
    };
    for (pattern, as_texts, as_patterns) in [
        ("*", true, true),
        ("**", true, true),
        ("${empty}*", true, true),
        ("*${empty}*", true, true),
        ("${empty}", false, false),
        ("", false, false),
        ("?*", false, false),
        ("${star}", false, true),
        ("${star}*", false, true),
        ("${text}*", false, false),
        ("${none}*", false, false),
        ("${unknown}*", false, false),
    ] {
        let pattern_read = Pattern::read(pattern, ALL);
        let found = [ValuesAre::Texts, ValuesAre::Patterns].map(|values| pattern_read.fits_everything(values, value));
        assert_eq!(found, [as_texts, as_patterns], "{pattern}");
    }
}
