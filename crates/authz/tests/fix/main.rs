//! The smallest fix: worlds of each kind of mistake, and what is proposed for them.
//!
//! Every fix that is proposed anywhere here is applied again and must allow.
#![expect(clippy::indexing_slicing, clippy::panic, reason = "a failing test says where")]

mod across;
mod commands;
mod conditions;
mod corpus;
mod denies;
mod grants;
mod limits;
mod nearest;
mod properties;
mod same_account;
mod trust;

use authz::{
    decision::Verdict,
    file::{NoFiles, request, world},
    fix::{Change, Edit, Fix, Fixes, How, PolicyPlace, WhoApplies},
    request::Request,
    rules::Assumptions,
    text::SourceText,
    world::World,
};

/// The account of the callers.
const CLUSTER: &str = "111122223333";
/// The account of the keys.
const KEYS: &str = "444455556666";

const KEY: &str = "arn:aws:kms:us-west-2:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const CONTROLLER: &str = "arn:aws:iam::111122223333:role/KarpenterController";
const AUTO_SCALING: &str =
    "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";

/// Reads a world as people write it.
fn a_world(yaml: &str) -> World {
    world::read(&SourceText::new("world", yaml.to_owned()), &NoFiles).unwrap_or_else(|wrong| panic!("{wrong}\n{yaml}"))
}

/// Reads a request as people write it. Its context is whole, unless it says otherwise.
fn a_request(world: &World, yaml: &str) -> Request {
    let whole = if yaml.contains("otherKeys") { "" } else { "\notherKeys: absent" };
    let text = format!("{yaml}{whole}");
    request::read(&SourceText::new("request", text.clone()), world, &NoFiles)
        .unwrap_or_else(|wrong| panic!("{wrong}\n{text}"))
}

/// Looks for fixes, and checks what holds of all of them.
fn fixes(world: &World, request: &str) -> Fixes {
    let asked = a_request(world, request);
    let fixes = world.fixes(&asked, &Assumptions::default());
    check(world, &asked, &fixes);
    fixes
}

/// Each fix is in its place and, applied, allows; each without one of its changes does not.
fn check(world: &World, request: &Request, fixes: &Fixes) {
    let assumptions = Assumptions::default();
    assert!(fixes.fixes.is_sorted_by_key(|fix| fix.rank), "the best first");
    for fix in &fixes.fixes {
        assert_eq!(fix.verified, Verdict::Allowed);
        assert_eq!(
            after(world, request, &fix.changes).map(|(world, request)| world.decide(&request, &assumptions)),
            Some(Verdict::Allowed),
            "{}",
            told(fix)
        );
        for left_out in 0..fix.changes.len() {
            let mut others = fix.changes.clone();
            others.remove(left_out);
            let verdict = after(world, request, &others).map(|(world, request)| world.decide(&request, &assumptions));
            // What cannot be applied alone is not superfluous either; neither is a step that a later one builds on.
            let is_built_on = fix
                .changes
                .get(left_out + 1..)
                .is_some_and(|later| later.iter().any(|other| place(other) == place(&fix.changes[left_out])));
            assert!(
                is_built_on || verdict != Some(Verdict::Allowed),
                "change {left_out} is superfluous: {}",
                told(fix)
            );
        }
    }
}

fn place(change: &Change) -> Option<PolicyPlace> {
    match &change.edit {
        Edit::Policy(edit) => Some(edit.place.clone()),
        Edit::Grant(_) | Edit::Request(_) => None,
    }
}

/// The world and the request with changes applied.
fn after(world: &World, request: &Request, changes: &[Change]) -> Option<(World, Request)> {
    let (mut world, mut request) = (world.clone(), request.clone());
    changes.iter().all(|change| change.apply(&mut world, &mut request).is_ok()).then_some((world, request))
}

/// A fix in words.
fn told(fix: &Fix) -> String {
    fix.changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// All fixes in words, the best first.
fn all_told(fixes: &Fixes) -> Vec<String> {
    fixes.fixes.iter().map(told).collect()
}

fn best(fixes: &Fixes) -> &Fix {
    fixes.fixes.first().unwrap_or_else(|| panic!("no fix; in the way: {:?}", fixes.obstacles))
}

fn account_of(change: &Change) -> &str {
    match &change.who {
        WhoApplies::Administrator { account, .. } => account.as_str(),
        WhoApplies::Caller => "caller",
    }
}

fn how(change: &Change) -> Option<How> {
    match &change.edit {
        Edit::Policy(edit) => Some(edit.how),
        Edit::Grant(_) | Edit::Request(_) => None,
    }
}

/// The statement that a change adds or changes, on one line.
fn statement(change: &Change) -> String {
    let Edit::Policy(edit) = &change.edit else { panic!("no policy is changed: {change}") };
    edit.statement_text().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}
