//! `claviger explain` on the corpus's cases of policies: each stands where a user would put it, and is taken, or refused
//! at its place.

use std::{fs, path::Path, process::Output};

use authz::{
    file::case::{Document, ExpectedReading, PolicyCase},
    policy::{PolicyKind, limits::SizeQuota},
    rules::Assumptions,
};
use serde_json::{Value, json};

use crate::{
    explain::corpus,
    support::{run, told},
};

const ROLE: &str = "arn:aws:iam::111122223333:role/app";
const KEY: &str = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// The world file in which a policy stands where it is to be attached; a session's stands in no world.
fn world(document: &Document) -> Value {
    let policy = document.text.text();
    let attached = json!({ "p": policy });
    let organization = |kind: &str| json!({ "organization": { "id": "o-1", "managementAccount": "999999999999", "root": { kind: attached } } });
    match (document.kind, document.quota) {
        (_, Some(SizeQuota::Managed)) => {
            json!({ "managedPolicies": { "arn:aws:iam::111122223333:policy/p": policy } })
        }
        (_, Some(SizeQuota::UserInline)) => {
            json!({ "users": { "arn:aws:iam::111122223333:user/ann": { "policies": attached } } })
        }
        (_, Some(SizeQuota::GroupInline)) => {
            json!({ "groups": { "arn:aws:iam::111122223333:group/all": { "policies": attached } } })
        }
        (PolicyKind::Identity, _) => json!({ "roles": { ROLE: { "policies": attached } } }),
        (PolicyKind::Trust, _) => json!({ "roles": { ROLE: { "trust": policy } } }),
        (PolicyKind::Key, _) => json!({ "keys": { KEY: { "policy": policy } } }),
        (PolicyKind::Resource, _) => {
            json!({ "resources": { "arn:aws:s3:::bucket": { "owner": "111122223333", "policy": policy } } })
        }
        (PolicyKind::ServiceControl, _) => organization("scps"),
        (PolicyKind::ResourceControl, _) => organization("rcps"),
        (PolicyKind::Session, _) => json!({}),
    }
}

fn explained(document: &Document, directory: &Path) -> Output {
    let (world_file, policy_file) = (directory.join("world.json"), directory.join("session.json"));
    fs::write(&world_file, world(document).to_string()).unwrap();
    fs::write(&policy_file, document.text.text()).unwrap();
    let mut arguments = vec!["explain", "--no-fix", "--world", world_file.to_str().unwrap()];
    arguments.extend(["--principal", ROLE, "--action", "kms:Decrypt", "--resource", KEY]);
    if document.kind == PolicyKind::Session {
        arguments.extend(["--session-policy", policy_file.to_str().unwrap()]);
    }
    run(&arguments)
}

/// What the command does not do with a case as it should.
fn wrong(case: &PolicyCase, directory: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    let ExpectedReading::Refused { at, .. } = &case.expect else {
        let output = explained(&case.document, directory);
        if !matches!(output.status.code(), Some(0 | 2)) {
            wrong.push(told(&output));
        }
        return wrong;
    };
    let refusal = case.document.take(&Assumptions::default()).unwrap_err();
    let output = explained(&case.document, directory);
    let place = at.clone().unwrap_or_else(|| refusal.at());
    let stderr = String::from_utf8_lossy(&output.stderr);
    // The place is one in the policy, named as it stands in the world; behind it the line is shown.
    if output.status.code() != Some(1) || !stderr.contains(&format!(":{place}: ")) || !stderr.contains(" | ") {
        wrong.push(format!("refused at {place}:\n{}", told(&output)));
    }
    if let Some(mutant) = &case.mutant {
        let output = explained(mutant, directory);
        if !matches!(output.status.code(), Some(0 | 2)) {
            wrong.push(format!("the mutant:\n{}", told(&output)));
        }
    }
    wrong
}

/// A session's managed policy is named, as for AssumeRole, and what it says is in the world.
#[test]
fn a_session_is_narrowed_by_a_managed_policy_of_the_world() {
    const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnly";
    let directory = tempfile::tempdir().unwrap();
    let world_file = directory.path().join("world.json");
    let allow = |action: &str| {
        let statement = json!({ "Effect": "Allow", "Action": action, "Resource": "*" });
        json!({ "Version": "2012-10-17", "Statement": statement })
    };
    let world = json!({
        "managedPolicies": { READ_ONLY: allow("kms:Describe*") },
        "roles": { ROLE: { "policies": { "p": allow("kms:*") } } },
        "keys": { KEY: {} },
    });
    fs::write(&world_file, world.to_string()).unwrap();
    let explained = |action: &str, policy: &str| {
        let arguments = ["explain", "--no-fix", "--world", world_file.to_str().unwrap(), "--principal", ROLE];
        run(&[&arguments[..], &["--action", action, "--resource", KEY, "--session-policy", policy]].concat())
    };
    assert_eq!(explained("kms:DescribeKey", READ_ONLY).status.code(), Some(0));
    let denied = explained("kms:Decrypt", READ_ONLY);
    assert_eq!(denied.status.code(), Some(2), "{}", told(&denied));
    assert!(String::from_utf8_lossy(&denied.stdout).contains("no session policy allows"), "{}", told(&denied));
    let unknown = explained("kms:Decrypt", "arn:aws:iam::aws:policy/ReadOnl");
    assert_eq!(unknown.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains(READ_ONLY), "{}", told(&unknown));
}

/// Policies that AWS does not take when they are made, but has had for long: a world may hold them.
const MADE_EARLIER: &str = "iam-policy-version-managed";

#[test]
fn every_policy_of_the_corpus_is_taken_or_refused_at_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let cases = corpus().policies;
    // A switch of how policies are read is none of the command's.
    let (asked, others): (Vec<_>, Vec<_>) = cases
        .iter()
        .partition(|case| case.about.off.is_empty() && !case.about.rules.iter().any(|id| id == MADE_EARLIER));
    assert!(asked.len() > 90 && others.len() < 10, "{} of {}", asked.len(), cases.len());
    let failed = asked.iter().flat_map(|case| {
        let wrong = wrong(case, directory.path());
        wrong.into_iter().map(|wrong| format!("{}: {wrong}", case.about.name)).collect::<Vec<_>>()
    });
    let failed: Vec<_> = failed.collect();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), asked.len(), failed.join("\n"));
}
