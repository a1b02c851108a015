//! Within one account: identity policies, resource policies, boundaries, session policies, and what caps what.

use authz::{rules::Assumptions, world::World};

use crate::{CLUSTER, KEYS, a_world, denied, verdict, verdict_if};

/// A queue with a policy, and principals whose boundaries allow nothing of SQS.
fn with_queue_policy(principal: &str, condition: &str) -> World {
    a_world(&format!(
        r#"
roles:
  arn:aws:iam::111122223333:role/plain: {{}}
  arn:aws:iam::111122223333:role/allowed: {{policies: {{p: {ALLOWS}}}}}
  arn:aws:iam::111122223333:role/bounded: {{policies: {{p: {ALLOWS}}}, boundary: '{BOUNDARY}'}}
users:
  arn:aws:iam::111122223333:user/ann: {{policies: {{p: {ALLOWS}}}}}
  arn:aws:iam::111122223333:user/bob: {{boundary: '{BOUNDARY}'}}
managedPolicies: {{'{BOUNDARY}': {OTHER}}}
resources:
  arn:aws:sqs:us-west-2:111122223333:q:
    policy:
      Version: 2012-10-17
      Statement: [{{Effect: Allow, Principal: {principal}, Action: 'sqs:*', Resource: '*'{condition}}}]
"#
    ))
}

const ALLOWS: &str = "{Version: 2012-10-17, Statement: [{Effect: Allow, Action: 'sqs:*', Resource: '*'}]}";
const OTHER: &str = "{Version: 2012-10-17, Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]}";
const BOUNDARY: &str = "arn:aws:iam::111122223333:policy/boundary";
const NOBODY: &str = "{AWS: 'arn:aws:iam::111122223333:user/nobody'}";

fn asks(principal: &str, rest: &str) -> String {
    let resource = "arn:aws:sqs:us-west-2:111122223333:q";
    format!("principal: {principal}\naction: sqs:SendMessage\nresource: {resource}\n{rest}")
}

fn role(name: &str) -> String {
    format!("arn:aws:sts::111122223333:assumed-role/{name}/s")
}

fn user(name: &str) -> String {
    format!("arn:aws:iam::111122223333:user/{name}")
}

#[test]
fn either_the_identity_or_the_resource_policy_is_enough() {
    let world = with_queue_policy("{AWS: 'arn:aws:iam::111122223333:role/plain'}", "");
    assert_eq!(verdict(&world, &asks(&role("plain"), "")), "allowed");
    assert_eq!(verdict(&world, &asks(&role("allowed"), "")), "allowed");
    assert_eq!(verdict(&world, &asks(&user("bob"), "")), denied("implicit", "identity", CLUSTER));
}

#[test]
fn a_boundary_caps_what_identity_policies_allow() {
    let world = with_queue_policy(NOBODY, "");
    assert_eq!(verdict(&world, &asks(&role("bounded"), "")), denied("implicit", "boundary", CLUSTER));
}

#[test]
fn session_policies_cap_what_identity_policies_allow() {
    let world = with_queue_policy(NOBODY, "");
    let with = |policies: &str| asks(&role("allowed"), &format!("session: {{policies: [{policies}]}}"));
    assert_eq!(verdict(&world, &with(ALLOWS)), "allowed");
    assert_eq!(verdict(&world, &with(OTHER)), denied("implicit", "session", CLUSTER));
}

#[test]
fn of_several_session_policies_one_is_enough_as_far_as_that_is_assumed() {
    let world = with_queue_policy(NOBODY, "");
    let both = asks(&role("allowed"), &format!("session: {{policies: [{OTHER}, {ALLOWS}]}}"));
    assert_eq!(verdict(&world, &both), "allowed");
    let all = Assumptions { iam_eval_session_policies_union: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&world, &both, &all), denied("implicit", "session", CLUSTER));
}

#[test]
fn a_resource_policy_that_names_the_role_is_capped_by_boundary_and_session() {
    let world = with_queue_policy("{AWS: 'arn:aws:iam::111122223333:role/bounded'}", "");
    assert_eq!(verdict(&world, &asks(&role("bounded"), "")), denied("implicit", "boundary", CLUSTER));
    let world = with_queue_policy("{AWS: 'arn:aws:iam::111122223333:role/plain'}", "");
    let session = asks(&role("plain"), &format!("session: {{policies: [{OTHER}]}}"));
    assert_eq!(verdict(&world, &session), denied("implicit", "session", CLUSTER));
}

#[test]
fn a_resource_policy_that_names_the_session_or_the_user_is_not_capped() {
    let world = with_queue_policy("{AWS: 'arn:aws:sts::111122223333:assumed-role/bounded/s'}", "");
    let session = format!("session: {{policies: [{OTHER}]}}");
    assert_eq!(verdict(&world, &asks(&role("bounded"), &session)), "allowed");
    let other = asks("arn:aws:sts::111122223333:assumed-role/bounded/t", "");
    assert_eq!(verdict(&world, &other), denied("implicit", "boundary", CLUSTER));
    let world = with_queue_policy("{AWS: 'arn:aws:iam::111122223333:user/bob'}", "");
    assert_eq!(verdict(&world, &asks(&user("bob"), "")), "allowed");
}

#[test]
fn a_resource_policy_for_everybody_is_not_capped() {
    let by_arn = ", Condition: {ArnEquals: {aws:PrincipalArn: 'arn:aws:iam::111122223333:role/bounded'}}";
    let world = with_queue_policy("'*'", by_arn);
    assert_eq!(verdict(&world, &asks(&role("bounded"), "")), "allowed");
    assert_eq!(verdict(&world, &asks(&role("plain"), "")), denied("implicit", "identity", CLUSTER));
    let capped = Assumptions { iam_eval_names_everybody: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&world, &asks(&role("bounded"), ""), &capped), "allowed");
    let world = with_queue_policy("'*'", "");
    assert_eq!(verdict(&world, &asks(&role("bounded"), "")), "allowed");
    assert_eq!(verdict_if(&world, &asks(&role("bounded"), ""), &capped), denied("implicit", "boundary", CLUSTER));
}

#[test]
fn a_resource_policy_for_the_account_allows_nobody_by_itself() {
    let world = with_queue_policy("{AWS: '111122223333'}", "");
    assert_eq!(verdict(&world, &asks(&role("plain"), "")), denied("implicit", "identity", CLUSTER));
    assert_eq!(verdict(&world, &asks(&role("allowed"), "")), "allowed");
}

#[test]
fn the_root_user_needs_no_policy() {
    let world = with_queue_policy(NOBODY, "");
    assert_eq!(verdict(&world, &asks("arn:aws:iam::111122223333:root", "")), "allowed");
}

#[test]
fn a_federated_user_has_what_its_user_and_its_session_policies_have_in_common() {
    let world = with_queue_policy(NOBODY, "");
    let federated = |parent: &str, policies: &str| {
        let session = format!("session: {{policies: [{policies}], parent: '{}'}}", user(parent));
        asks("arn:aws:sts::111122223333:federated-user/carol", &session)
    };
    assert_eq!(verdict(&world, &federated("ann", ALLOWS)), "allowed");
    assert_eq!(verdict(&world, &federated("ann", OTHER)), denied("implicit", "session", CLUSTER));
    assert_eq!(verdict(&world, &federated("ann", "")), denied("implicit", "session", CLUSTER));
    assert_eq!(verdict(&world, &federated("bob", ALLOWS)), denied("implicit", "identity", CLUSTER));
}

#[test]
fn a_federated_user_may_what_a_resource_policy_gives_it_or_its_user() {
    let federated = asks(
        "arn:aws:sts::111122223333:federated-user/carol",
        "session: {parent: 'arn:aws:iam::111122223333:user/ann'}",
    );
    let world = with_queue_policy("{AWS: 'arn:aws:sts::111122223333:federated-user/carol'}", "");
    assert_eq!(verdict(&world, &federated), "allowed");
    // What names the user behind it is capped by the session policies, of which it has none.
    let world = with_queue_policy("{AWS: 'arn:aws:iam::111122223333:user/ann'}", "");
    assert_eq!(verdict(&world, &federated), denied("implicit", "session", CLUSTER));
}

#[test]
fn services_and_nobody_may_only_what_resource_policies_give_them() {
    let world = with_queue_policy("{Service: sns.amazonaws.com}", "");
    assert_eq!(verdict(&world, &asks("sns.amazonaws.com", "")), "allowed");
    assert_eq!(verdict(&world, &asks("s3.amazonaws.com", "")), denied("implicit", "resource-policy", CLUSTER));
    assert_eq!(verdict(&world, &asks("anonymous", "")), denied("implicit", "resource-policy", CLUSTER));
    assert_eq!(verdict(&with_queue_policy("'*'", ""), &asks("anonymous", "")), "allowed");
}

#[test]
fn the_policy_of_a_bucket_is_about_its_objects() {
    let with = |deny: &str| {
        a_world(&format!(
            r#"
roles: {{'arn:aws:iam::111122223333:role/app': {{}}, 'arn:aws:iam::444455556666:role/app': {{policies: {{p: {{Version: 2012-10-17, Statement: [{{Effect: Allow, Action: 's3:*', Resource: '*'}}]}}}}}}}}
resources:
  arn:aws:s3:::backups:
    owner: '111122223333'
    policy:
      Version: 2012-10-17
      Statement:
        - {{Effect: Allow, Principal: {{AWS: ['111122223333', '444455556666', 'arn:aws:iam::111122223333:role/app']}}, Action: s3:GetObject, Resource: 'arn:aws:s3:::backups/open/*'}}
        {deny}
"#
        ))
    };
    let reads = |account: &str, object: &str| {
        format!(
            "principal: arn:aws:iam::{account}:role/app\naction: s3:GetObject\nresource: arn:aws:s3:::backups/{object}"
        )
    };
    let world = with("");
    for account in [CLUSTER, KEYS] {
        assert_eq!(verdict(&world, &reads(account, "open/a")), "allowed", "{account}");
    }
    assert_eq!(verdict(&world, &reads(KEYS, "closed/a")), denied("implicit", "resource-policy", CLUSTER));
    let denying = with("- {Effect: Deny, Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::backups/open/b'}");
    assert_eq!(verdict(&denying, &reads(CLUSTER, "open/b")), denied("explicit", "resource-policy", CLUSTER));
    assert_eq!(verdict(&denying, &reads(CLUSTER, "open/a")), "allowed");
}
