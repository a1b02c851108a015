//! What the embedded AWS says of itself: `docs/reference/operations.md`.

use std::{collections::BTreeSet, env, fs, path::Path};

use aws_wire::model::{self, ServiceId};
use local_aws::operations::{lacks, page, supported};

#[test]
fn the_page_of_the_operations_is_that_of_the_handlers() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/operations.md");
    let page = page();
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    assert!(
        fs::read_to_string(&file).is_ok_and(|written| written == page),
        "docs/reference/operations.md is not what the handlers say: run this test with UPDATE_DOCS=1"
    );
}

#[test]
fn every_operation_that_is_answered_is_one_of_the_model_and_listed_once() {
    for service in ServiceId::ALL {
        let names: BTreeSet<_> = supported(service).iter().collect();
        assert_eq!(names.len(), supported(service).len(), "{service:?} lists an operation twice");
        for name in names {
            assert!(model::service(service).operation(name).is_some(), "{service:?} has no operation {name}");
        }
    }
}

#[test]
fn what_is_told_to_be_missing_is_of_an_operation_that_is_answered() {
    for service in ServiceId::ALL {
        let names: BTreeSet<_> = lacks(service).iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), lacks(service).len(), "{service:?} tells of an operation twice");
        for name in names {
            assert!(
                supported(service).contains(name),
                "{service:?} lacks something of {name}, which it does not answer"
            );
        }
    }
}
