//! Explicit denials: they win wherever they stand, and the first in AWS's order is told.

use authz::{rules::Assumptions, world::World};

use crate::{CLUSTER, a_world, denied, verdict, verdict_if};

const DENIES: &str = "{Version: 2012-10-17, Statement: [{Effect: Deny, Action: 'sqs:*', Resource: '*'}]}";
const ALLOWS: &str = "{Version: 2012-10-17, Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}";

/// A queue that everybody may use except whom `denial` means, and principals with all permissions.
fn with_queue_policy(denial: &str) -> World {
    a_world(&format!(
        r#"
roles:
  arn:aws:iam::111122223333:role/app: {{policies: {{p: {ALLOWS}}}}}
  arn:aws:iam::111122223333:role/denied: {{policies: {{p: {ALLOWS}, q: {DENIES}}}}}
  arn:aws:iam::111122223333:role/limited: {{policies: {{p: {ALLOWS}}}, boundary: 'arn:aws:iam::111122223333:policy/d'}}
  arn:aws:iam::111122223333:role/bounded: {{policies: {{p: {ALLOWS}}}, boundary: 'arn:aws:iam::111122223333:policy/a'}}
users:
  arn:aws:iam::111122223333:user/ann: {{policies: {{p: {ALLOWS}}}}}
managedPolicies:
  arn:aws:iam::111122223333:policy/d: {DENIES}
  arn:aws:iam::111122223333:policy/a: {ALLOWS}
resources:
  arn:aws:sqs:us-west-2:111122223333:q:
    policy:
      Version: 2012-10-17
      Statement:
        - {{Effect: Allow, Principal: '*', Action: 'sqs:*', Resource: '*'}}
        - {{Effect: Deny, {denial}, Action: 'sqs:*', Resource: '*'}}
"#
    ))
}

const NOBODY: &str = "Principal: {AWS: 'arn:aws:iam::111122223333:user/nobody'}";

fn asks(principal: &str, rest: &str) -> String {
    let resource = "arn:aws:sqs:us-west-2:111122223333:q";
    format!("principal: {principal}\naction: sqs:SendMessage\nresource: {resource}\n{rest}")
}

fn role(name: &str) -> String {
    asks(&format!("arn:aws:sts::111122223333:assumed-role/{name}/s"), "")
}

#[test]
fn a_deny_in_any_policy_wins_over_every_allow() {
    let world = with_queue_policy(NOBODY);
    assert_eq!(verdict(&world, &role("app")), "allowed");
    assert_eq!(verdict(&world, &role("denied")), denied("explicit", "identity", CLUSTER));
    assert_eq!(verdict(&world, &role("limited")), denied("explicit", "boundary", CLUSTER));
    let session = asks("arn:aws:sts::111122223333:assumed-role/app/s", &format!("session: {{policies: [{DENIES}]}}"));
    assert_eq!(verdict(&world, &session), denied("explicit", "session", CLUSTER));
}

#[test]
fn the_first_gate_in_order_that_denies_is_told() {
    let world = with_queue_policy("Principal: '*'");
    assert_eq!(verdict(&world, &role("denied")), denied("explicit", "resource-policy", CLUSTER));
}

#[test]
fn a_deny_reaches_by_role_session_and_account() {
    for named in [
        "arn:aws:iam::111122223333:role/app",
        "arn:aws:sts::111122223333:assumed-role/app/s",
        "arn:aws:iam::111122223333:root",
    ] {
        let world = with_queue_policy(&format!("Principal: {{AWS: '{named}'}}"));
        assert_eq!(verdict(&world, &role("app")), denied("explicit", "resource-policy", CLUSTER), "{named}");
    }
    let world = with_queue_policy("Principal: {AWS: '111122223333'}");
    let not_by_account = Assumptions { iam_principal_deny_account: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&world, &role("app"), &not_by_account), "allowed");
}

#[test]
fn not_principal_spares_only_who_is_listed_at_every_level() {
    let (session, role_arn, account) = (
        "'arn:aws:sts::111122223333:assumed-role/app/s'",
        "'arn:aws:iam::111122223333:role/app'",
        "'arn:aws:iam::111122223333:root'",
    );
    let spared = |list: &str| with_queue_policy(&format!("NotPrincipal: {{AWS: [{list}]}}"));
    assert_eq!(verdict(&spared(&format!("{session}, {role_arn}, {account}")), &role("app")), "allowed");
    for list in [format!("{role_arn}, {account}"), format!("{session}, {account}"), format!("{session}, {role_arn}")] {
        assert_eq!(verdict(&spared(&list), &role("app")), denied("explicit", "resource-policy", CLUSTER), "{list}");
    }
    let ann = asks("arn:aws:iam::111122223333:user/ann", "");
    let user = "'arn:aws:iam::111122223333:user/ann'";
    assert_eq!(verdict(&spared(&format!("{user}, {account}")), &ann), "allowed");
    assert_eq!(verdict(&spared(user), &ann), denied("explicit", "resource-policy", CLUSTER));
}

#[test]
fn not_principal_spares_nobody_with_a_boundary() {
    let world = with_queue_policy(
        "NotPrincipal: {AWS: ['arn:aws:sts::111122223333:assumed-role/bounded/s', \
         'arn:aws:iam::111122223333:role/bounded', 'arn:aws:iam::111122223333:root']}",
    );
    assert_eq!(verdict(&world, &role("bounded")), denied("explicit", "resource-policy", CLUSTER));
}
