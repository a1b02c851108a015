//! What each code of the service becomes: `docs/reference/errors.md`, the code, and a server that answers each row.

use std::collections::BTreeMap;

use key_service::{ErrorClass, KeyServiceError, aws::known_codes};
use tokio::task::JoinSet;

use crate::{
    classes::answering,
    support::{open, seal},
};

const DOCUMENT: &str = include_str!("../../../../docs/reference/errors.md");
/// Its row is there to be read: it stands for every code that is not listed.
const NOT_TOLD_APART: &str = "KMSInternalException";

/// An answer of the service, and the class it is documented to be of.
#[derive(Clone, Debug)]
struct Case {
    code: &'static str,
    /// A part of it.
    message: &'static str,
    class: ErrorClass,
}

fn class(cell: &str) -> ErrorClass {
    let name = cell.trim_matches('`');
    ErrorClass::ALL.into_iter().find(|class| class.as_str() == name).unwrap_or_else(|| panic!("`{cell}` is no class"))
}

/// The rows of the table. What is quoted and has a space is a part of the message of the code before it.
fn documented() -> Vec<Case> {
    let rows = DOCUMENT.lines().skip_while(|line| *line != "| code | class |").skip(2);
    let mut cases: Vec<Case> = Vec::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let (told, class_name) = row.trim_matches(['|', ' ']).rsplit_once(" | ").unwrap();
        for quoted in told.split('`').skip(1).step_by(2) {
            match cases.last_mut() {
                Some(case) if quoted.contains(' ') => case.message = quoted,
                _ => cases.push(Case { code: quoted, message: "", class: class(class_name) }),
            }
        }
    }
    cases
}

/// Both calls, answered alike.
async fn answered(status: &'static str, code: &str, message: &str) -> [KeyServiceError; 2] {
    let body = format!(r#"{{"__type":"{code}","message":"the key {message}"}}"#);
    let key = answering(status, body).await;
    [seal(&key).await.unwrap_err(), open(&key, b"ciphertext").await.unwrap_err()]
}

#[test]
fn the_document_and_the_code_know_the_same_codes() {
    let of_message = |case: &Case| case.message.is_empty() && case.code != NOT_TOLD_APART;
    let documented: BTreeMap<_, _> =
        documented().into_iter().filter(of_message).map(|case| (case.code, case.class)).collect();
    assert_eq!(documented, known_codes().collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_row_is_what_an_answer_becomes() {
    let mut answers = JoinSet::new();
    for case in documented() {
        answers.spawn(async move {
            for error in answered("400 Bad Request", case.code, case.message).await {
                assert_eq!((error.class, error.code.as_deref()), (case.class, Some(case.code)), "{error}");
            }
        });
    }
    assert!(answers.len() > 30, "the table was read");
    answers.join_all().await;
}

#[tokio::test]
async fn what_is_not_listed_is_told_by_its_status() {
    for (status, class) in [
        ("400 Bad Request", ErrorClass::Internal),
        ("429 Too Many Requests", ErrorClass::Throttled),
        ("500 Internal Server Error", ErrorClass::Internal),
        ("503 Service Unavailable", ErrorClass::Internal),
    ] {
        for error in answered(status, "SomethingNewException", "is odd").await {
            assert_eq!(error.class, class, "{status}: {error}");
            assert_eq!(error.message, "SomethingNewException: the key is odd");
        }
    }
}
