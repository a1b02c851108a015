//! What a diagnosis of a pod says, link by link: first of one that is as it should be, then with one thing wrong at a time.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod in_aws;
mod on_node;
mod rig;

use diagnose::{chain::State, pod::Pod};
use serde_json::json;

use crate::rig::Rig;

#[test]
fn a_whole_chain_holds_from_the_pod_to_what_it_may_do() {
    let chain = Rig::whole().chain();
    let links: Vec<_> = chain.links.iter().map(|link| (link.name, link.state)).collect();
    let names = [
        "pod",
        "service account",
        "association",
        "injection",
        "token",
        "agent",
        "connection",
        "upstream",
        "role",
        "trust policy",
        "permission",
    ];
    assert_eq!(links, names.map(|name| (name, State::Ok)), "{chain:#?}");
    assert_eq!((chain.state(), chain.broken()), (State::Ok, None));
    // What nobody asked is no part of the chain.
    let chain = Rig { wish: None, ..Rig::whole() }.chain();
    assert_eq!((chain.state(), chain.links.last().unwrap().state), (State::Ok, State::Skipped));
}

#[test]
fn what_is_no_pod_is_said() {
    let refused = Pod::of(&json!({"kind": "Deployment", "metadata": {"name": "api"}})).unwrap_err().to_string();
    assert_eq!(refused, "it is no pod as the apiserver tells it: its kind is `Deployment`");
    assert!(Pod::of(&json!({"metadata": {}})).unwrap_err().to_string().contains("missing field `name`"));
}
