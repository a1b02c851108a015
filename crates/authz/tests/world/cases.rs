use std::io;

use authz::{
    decision::{Denial, DenialEffect, Gate, Verdict},
    file::{
        FileError,
        case::{self, Case, Expected, ExpectedKeyState},
    },
    policy::PolicyKind,
    text::SourceText,
};

const ROLE: &str = "arn:aws:iam::111122223333:role/A";

fn read(text: &str) -> Result<Vec<Case>, FileError> {
    let files = |path: &str| match path {
        "worlds/shared.yaml" => Ok(format!("roles: {{{ROLE}: {{tags: {{a: shared, b: shared, c: shared}}}}}}")),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    case::read(&SourceText::new("cases.yaml", text), &files).map(|cases| cases.requests)
}

fn tags(case: &Case) -> String {
    let role = case.question.world.role(&ROLE.parse().unwrap()).unwrap();
    role.identity.tags.iter().map(|(key, value)| format!("{key}={value} ")).collect()
}

#[test]
fn a_case_changes_its_files_world_which_changes_the_shared_one() {
    let cases = read(&format!(
        r#"
base: shared
world: {{roles: {{{ROLE}: {{tags: {{b: file}}}}}}}}
request: {{principal: {ROLE}, action: kms:Decrypt}}
cases:
  - name: one
    rules: [x, y]
    off: [z]
    world: {{roles: {{{ROLE}: {{tags: {{a: null, c: case}}}}}}}}
    expect: {{denied: explicit, gate: key-policy, account: 444455556666}}
    keyState: DisabledException
    mutant: {{request: {{action: kms:Encrypt}}}}
  - {{name: two, expect: allowed}}
"#
    ))
    .unwrap();
    let [one, two] = &cases[..] else { unreachable!("two cases") };
    assert_eq!((tags(one).trim(), tags(two).trim()), ("b=file c=case", "a=shared b=file c=shared"));
    assert_eq!(
        (&one.about.rules[..], &one.about.off[..]),
        (&["x".to_owned(), "y".to_owned()][..], &["z".to_owned()][..])
    );
    assert_eq!(one.about.source.place(one.about.span).line, 6);
    assert_eq!(one.key_state, Some(ExpectedKeyState::Error("DisabledException".to_owned())));
    let mutant = one.mutant.as_ref().unwrap();
    assert_eq!((one.question.request.action.name(), mutant.request.action.name()), ("Decrypt", "Encrypt"));
}

#[test]
fn a_case_that_cannot_show_anything_is_refused() {
    let refusal = |case: &str| {
        let text = format!("request: {{principal: {ROLE}, action: kms:Decrypt}}\ncases:\n  - {{name: x, {case}}}\n");
        read(&text).unwrap_err().to_string()
    };
    let no_mutant = refusal("expect: {denied: implicit, gate: identity}");
    assert!(no_mutant.starts_with("cases.yaml:3:5: cases[0]: a case that is denied"), "{no_mutant}");
    assert!(refusal("expect: allowed, keyState: DisabledException").contains("has a `mutant` that allows"));
    assert!(refusal("expect: allowed, mutant: {}").contains("no other has one"));
    assert!(refusal("expect: {denied: implicit, gate: identityy}").contains("did you mean `identity`?"));
    assert!(refusal("base: nowhere, expect: allowed").contains("`worlds/nowhere.yaml` cannot be read"));
    assert!(refusal("expect: {allowedIff: a, denied: implicit}").contains("write one of"));
}

#[test]
fn what_was_decided_is_written_as_a_case_would_expect_it() {
    let denial = |account: Option<&str>| {
        Verdict::Denied(Denial {
            effect: DenialEffect::Implicit,
            gate: Gate::Resource(PolicyKind::Key),
            account: account.map(|id| id.parse().unwrap()),
            policy: None,
        })
    };
    let keys = denial(Some("444455556666"));
    assert_eq!(Expected::of(&keys).to_string(), r#"{denied: implicit, gate: key-policy, account: "444455556666"}"#);
    let anybodys = Expected::of(&denial(None));
    assert!(anybodys.is_met_by(&keys), "an account that is not told can be any");
    assert!(!Expected::of(&keys).is_met_by(&denial(Some("111122223333"))));
    assert!(!Expected::Allowed.is_met_by(&keys));
}
