//! Near misses.

use serde_json::{Value, json};

use crate::nearest::{Difference, Differing, Near, NearMiss};

use super::{
    super::{
        nearest::{arn_part, element},
        words,
    },
    both, origin, place, statement_at,
};

pub(super) fn of(near: &NearMiss) -> Value {
    let what = match &near.what {
        Near::Statement(statement) => {
            let attached = json!({ "attached": statement.origin.as_ref().map(origin), "level": statement.level });
            both(statement_at(&statement.policy, statement.index), attached)
        }
        Near::Grant(grant) => json!({ "grant": grant.id, "grantee": grant.grantee.to_string() }),
    };
    let how = json!({
        "gate": near.gate.as_str(),
        "account": near.account.map(|id| id.to_string()),
        "distance": near.distance,
        "differs": near.differs.iter().map(|one| difference(near, one)).collect::<Vec<_>>(),
    });
    both(what, how)
}

fn difference(near: &NearMiss, difference: &Difference) -> Value {
    let parts = match &difference.element {
        Differing::Principal(name) | Differing::Resource(name) => {
            name.parts.iter().map(|part| arn_part(*part)).collect()
        }
        _ => Vec::new(),
    };
    let (element, place) = match &near.what {
        Near::Statement(statement) => {
            (element(&difference.element, statement), difference.span.map(|span| place(&statement.policy, span)))
        }
        Near::Grant(_) => match difference.element {
            Differing::Grant(miss) => (words::grant_miss_word(miss).to_owned(), None),
            _ => (String::new(), None),
        },
    };
    json!({
        "element": element,
        "parts": parts,
        "says": difference.says,
        "requestHas": difference.request_has,
        "open": difference.is_open,
        "place": place,
    })
}
