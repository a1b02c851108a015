//! Deciding: one test for each rule of the gates, of trust, of keys and of grants.
//!
//! Every request is decided and explained, and both must agree.
#![expect(clippy::panic, reason = "a failing test says where")]

mod agreement;
mod context;
mod denies;
mod foreign;
mod grants;
mod key_state;
mod keys;
mod organization;
mod told;
mod trust;
mod unknown;
mod within;

use authz::{
    decision::Explanation,
    file::{NoFiles, case::Expected, request, world},
    request::Request,
    rules::Assumptions,
    text::SourceText,
    world::World,
};

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

/// The verdict as a case of the corpus writes it, from who enforces and from who explains alike.
fn verdict(world: &World, request: &str) -> String {
    verdict_if(world, request, &Assumptions::default())
}

/// The same under other assumptions.
fn verdict_if(world: &World, request: &str, assumptions: &Assumptions) -> String {
    let asked = a_request(world, request);
    let decided = world.decide(&asked, assumptions);
    let explained = world.explain(&asked, assumptions).verdict;
    assert_eq!(decided, explained, "enforced and explained differ for {request}");
    Expected::of(&decided).to_string()
}

fn explain(world: &World, request: &str) -> Explanation {
    world.explain(&a_request(world, request), &Assumptions::default())
}

/// A denial as a case of the corpus writes it.
fn denied(effect: &str, gate: &str, account: &str) -> String {
    format!("{{denied: {effect}, gate: {gate}, account: \"{account}\"}}")
}

/// The account of the callers.
const CLUSTER: &str = "111122223333";
/// The account of what they use.
const KEYS: &str = "444455556666";
