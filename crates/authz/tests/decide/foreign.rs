//! Across accounts: both sides must allow.

use authz::{rules::Assumptions, world::World};

use crate::{CLUSTER, KEYS, a_world, denied, verdict, verdict_if};

const ALLOWS: &str = "{Version: 2012-10-17, Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}";
const OTHER: &str = "{Version: 2012-10-17, Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]}";

/// A key of another account whose policy names this principal.
fn with_key_policy(principal: &str) -> World {
    a_world(&format!(
        r#"
roles:
  arn:aws:iam::111122223333:role/plain: {{}}
  arn:aws:iam::111122223333:role/allowed: {{policies: {{p: {ALLOWS}}}}}
  arn:aws:iam::111122223333:role/bounded:
    {{policies: {{p: {ALLOWS}}}, boundary: 'arn:aws:iam::111122223333:policy/other'}}
  arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling:
    {{policies: {{p: {OTHER}}}}}
managedPolicies: {{'arn:aws:iam::111122223333:policy/other': {OTHER}}}
keys:
  arn:aws:kms:us-west-2:444455556666:key/k:
    policy:
      Version: 2012-10-17
      Statement: [{{Effect: Allow, Principal: {principal}, Action: 'kms:*', Resource: '*'}}]
"#
    ))
}

fn asks(principal: &str, action: &str, rest: &str) -> String {
    format!("principal: {principal}\naction: {action}\nresource: arn:aws:kms:us-west-2:444455556666:key/k\n{rest}")
}

fn decrypt(role: &str) -> String {
    asks(&format!("arn:aws:sts::111122223333:assumed-role/{role}/s"), "kms:Decrypt", "")
}

#[test]
fn both_sides_must_allow() {
    for named in ["'*'", "{AWS: '111122223333'}"] {
        let world = with_key_policy(named);
        assert_eq!(verdict(&world, &decrypt("allowed")), "allowed", "{named}");
        assert_eq!(verdict(&world, &decrypt("plain")), denied("implicit", "identity", CLUSTER), "{named}");
    }
    let world = with_key_policy("{AWS: '444455556666'}");
    assert_eq!(verdict(&world, &decrypt("allowed")), denied("implicit", "key-policy", KEYS));
}

#[test]
fn naming_a_foreign_role_or_session_still_needs_its_own_policy() {
    for named in ["arn:aws:iam::111122223333:role/plain", "arn:aws:sts::111122223333:assumed-role/plain/s"] {
        let world = with_key_policy(&format!("{{AWS: '{named}'}}"));
        assert_eq!(verdict(&world, &decrypt("plain")), denied("implicit", "identity", CLUSTER), "{named}");
    }
}

#[test]
fn naming_a_foreign_service_linked_role_is_inert() {
    let slr = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
    let world = with_key_policy(&format!("{{AWS: 'arn:aws:iam::111122223333:{slr}'}}"));
    let asked = asks(&format!("arn:aws:iam::111122223333:{slr}"), "kms:CreateGrant", "session: {name: AutoScaling}");
    assert_eq!(verdict(&world, &asked), denied("implicit", "identity", CLUSTER));
}

#[test]
fn boundary_and_session_policies_cap_the_callers_side() {
    let world = with_key_policy("{AWS: 'arn:aws:sts::111122223333:assumed-role/bounded/s'}");
    assert_eq!(verdict(&world, &decrypt("bounded")), denied("implicit", "boundary", CLUSTER));
    let lifted = Assumptions { xacct_names_session: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&world, &decrypt("bounded"), &lifted), "allowed");
    let world = with_key_policy("{AWS: '111122223333'}");
    let session = format!("session: {{policies: [{OTHER}]}}");
    let asked = asks("arn:aws:sts::111122223333:assumed-role/allowed/s", "kms:Decrypt", &session);
    assert_eq!(verdict(&world, &asked), denied("implicit", "session", CLUSTER));
}

#[test]
fn a_foreign_root_user_needs_only_the_resource_policy_as_far_as_that_is_assumed() {
    let world = with_key_policy("{AWS: '111122223333'}");
    let root = asks("arn:aws:iam::111122223333:root", "kms:Decrypt", "");
    assert_eq!(verdict(&world, &root), "allowed");
    let not = Assumptions { xacct_root_user: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&world, &root, &not), denied("implicit", "identity", CLUSTER));
}

#[test]
fn operations_that_are_not_for_foreign_keys_are_denied_whatever_both_sides_say() {
    let world = with_key_policy("{AWS: '111122223333'}");
    let caller = "arn:aws:sts::111122223333:assumed-role/allowed/s";
    for action in ["kms:ScheduleKeyDeletion", "kms:PutKeyPolicy", "kms:EnableKey", "kms:TagResource"] {
        assert_eq!(verdict(&world, &asks(caller, action, "")), denied("implicit", "key-policy", KEYS), "{action}");
    }
    for action in ["kms:DescribeKey", "kms:ListGrants", "kms:RevokeGrant", "kms:CreateGrant", "kms:reencryptfrom"] {
        assert_eq!(verdict(&world, &asks(caller, action, "")), "allowed", "{action}");
    }
}
