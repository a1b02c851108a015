//! Assuming roles, passing roles, and the calls of STS that need no permission or can have none.

use authz::{rules::Assumptions, world::World};

use crate::{CLUSTER, KEYS, a_world, denied, verdict, verdict_if};

const ALLOWS: &str = "{Version: 2012-10-17, Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}";
const DENIES: &str = "{Version: 2012-10-17, Statement: [{Effect: Deny, Action: '*', Resource: '*'}]}";
const OTHER: &str = "{Version: 2012-10-17, Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]}";

/// A role of either account, which these statements let be assumed.
fn trusting(statement: &str) -> World {
    let trust = format!("{{Version: 2012-10-17, Statement: [{{Effect: Allow, {statement}}}]}}");
    a_world(&format!(
        r#"
roles:
  arn:aws:iam::111122223333:role/near: {{trust: {trust}}}
  arn:aws:iam::444455556666:role/far: {{trust: {trust}}}
  arn:aws:iam::111122223333:role/plain: {{}}
  arn:aws:iam::111122223333:role/allowed: {{policies: {{p: {ALLOWS}}}}}
  arn:aws:iam::111122223333:role/bounded: {{boundary: 'arn:aws:iam::111122223333:policy/other'}}
users:
  arn:aws:iam::111122223333:user/ann: {{}}
  arn:aws:iam::111122223333:user/bounded: {{boundary: 'arn:aws:iam::111122223333:policy/other'}}
  arn:aws:iam::111122223333:user/denied: {{policies: {{p: {DENIES}}}}}
managedPolicies: {{'arn:aws:iam::111122223333:policy/other': {OTHER}}}
"#
    ))
}

fn assume(principal: &str, role: &str) -> String {
    action(principal, "sts:AssumeRole", role)
}

fn action(principal: &str, action: &str, role: &str) -> String {
    format!("principal: {principal}\naction: {action}\nresource: {role}")
}

const NEAR: &str = "arn:aws:iam::111122223333:role/near";
const FAR: &str = "arn:aws:iam::444455556666:role/far";
const PLAIN: &str = "arn:aws:sts::111122223333:assumed-role/plain/s";
const ALLOWED: &str = "arn:aws:sts::111122223333:assumed-role/allowed/s";

#[test]
fn iam_alone_assumes_no_role() {
    let world = trusting("Principal: {AWS: 'arn:aws:iam::111122223333:user/nobody'}, Action: 'sts:AssumeRole'");
    assert_eq!(verdict(&world, &assume(ALLOWED, NEAR)), denied("implicit", "trust-policy", CLUSTER));
}

#[test]
fn whom_the_trust_policy_of_its_account_names_needs_no_policy() {
    let world = trusting("Principal: {AWS: 'arn:aws:iam::111122223333:role/plain'}, Action: 'sts:AssumeRole'");
    assert_eq!(verdict(&world, &assume(PLAIN, NEAR)), "allowed");
    assert_eq!(verdict(&world, &assume(PLAIN, FAR)), denied("implicit", "identity", CLUSTER));
}

#[test]
fn a_trust_policy_for_the_account_leaves_it_to_iam() {
    let world = trusting("Principal: {AWS: '111122223333'}, Action: 'sts:AssumeRole'");
    for role in [NEAR, FAR] {
        assert_eq!(verdict(&world, &assume(ALLOWED, role)), "allowed", "{role}");
        assert_eq!(verdict(&world, &assume(PLAIN, role)), denied("implicit", "identity", CLUSTER), "{role}");
    }
}

#[test]
fn a_session_does_not_assume_its_own_role_unless_it_is_trusted() {
    let world = trusting("Principal: {AWS: '444455556666'}, Action: 'sts:AssumeRole'");
    let asked = assume("arn:aws:sts::111122223333:assumed-role/near/s", NEAR);
    assert_eq!(verdict(&world, &asked), denied("implicit", "trust-policy", CLUSTER));
}

#[test]
fn boundaries_cap_named_roles_and_not_named_users_as_far_as_that_is_assumed() {
    let role = "arn:aws:sts::111122223333:assumed-role/bounded/s";
    let world = trusting("Principal: {AWS: 'arn:aws:iam::111122223333:role/bounded'}, Action: 'sts:AssumeRole'");
    assert_eq!(verdict(&world, &assume(role, NEAR)), denied("implicit", "boundary", CLUSTER));
    let lifted = Assumptions { trust_named_boundary: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&world, &assume(role, NEAR), &lifted), "allowed");
    let user = "arn:aws:iam::111122223333:user/bounded";
    let world = trusting(&format!("Principal: {{AWS: '{user}'}}, Action: 'sts:AssumeRole'"));
    assert_eq!(verdict(&world, &assume(user, NEAR)), "allowed");
    let capped = Assumptions { trust_named_user_boundary: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&world, &assume(user, NEAR), &capped), denied("implicit", "boundary", CLUSTER));
}

#[test]
fn services_assume_the_roles_that_trust_them_with_tags_only_if_trusted_with_tags() {
    let world = trusting("Principal: {Service: pods.eks.amazonaws.com}, Action: 'sts:AssumeRole'");
    assert_eq!(verdict(&world, &assume("pods.eks.amazonaws.com", NEAR)), "allowed");
    assert_eq!(verdict(&world, &assume("ec2.amazonaws.com", NEAR)), denied("implicit", "trust-policy", CLUSTER));
    let tags = action("pods.eks.amazonaws.com", "sts:TagSession", NEAR);
    assert_eq!(verdict(&world, &tags), denied("implicit", "trust-policy", CLUSTER));
    let both = "Principal: {Service: pods.eks.amazonaws.com}, Action: ['sts:AssumeRole', 'sts:TagSession']";
    assert_eq!(verdict(&trusting(both), &tags), "allowed");
}

#[test]
fn an_identity_provider_is_trusted_by_name_and_by_its_claims() {
    let provider = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/A";
    let world = trusting(&format!(
        "Principal: {{Federated: '{provider}'}}, Action: 'sts:AssumeRoleWithWebIdentity', \
         Condition: {{StringEquals: {{'oidc.example.com/id/A:sub': 'system:serviceaccount:a:b'}}}}"
    ));
    let asked = |sub: &str| {
        let action = action(provider, "sts:AssumeRoleWithWebIdentity", NEAR);
        format!("{action}\ncontext: {{'oidc.example.com/id/A:sub': '{sub}'}}")
    };
    assert_eq!(verdict(&world, &asked("system:serviceaccount:a:b")), "allowed");
    assert_eq!(verdict(&world, &asked("system:serviceaccount:a:c")), denied("implicit", "trust-policy", CLUSTER));
}

#[test]
fn a_role_that_does_not_exist_is_denied_and_one_of_an_unknown_account_is_unknown() {
    let world = trusting("Principal: {AWS: '*'}, Action: 'sts:AssumeRole'");
    let missing = assume(ALLOWED, "arn:aws:iam::444455556666:role/none");
    assert_eq!(verdict(&world, &missing), denied("implicit", "trust-policy", KEYS));
    let unknown = verdict(&world, &assume(ALLOWED, "arn:aws:iam::999999999999:role/x"));
    assert!(unknown.starts_with("{allowedIff:"), "{unknown}");
    let some = verdict(&world, &assume(ALLOWED, "'*'"));
    assert!(some.starts_with("{allowedIff:"), "which role it is, nobody told: {some}");
}

#[test]
fn the_root_user_assumes_no_role() {
    let world = trusting("Principal: {AWS: '111122223333'}, Action: 'sts:AssumeRole'");
    let root = assume("arn:aws:iam::111122223333:root", NEAR);
    assert_eq!(verdict(&world, &root), denied("implicit", "identity", CLUSTER));
}

#[test]
fn who_one_is_may_be_asked_by_everybody() {
    let world = trusting("Principal: {AWS: '*'}, Action: 'sts:AssumeRole'");
    for principal in [PLAIN, "arn:aws:iam::111122223333:user/denied", "arn:aws:sts::111122223333:federated-user/x"] {
        assert_eq!(verdict(&world, &action(principal, "sts:GetCallerIdentity", "'*'")), "allowed", "{principal}");
    }
}

#[test]
fn which_credentials_call_what_of_sts_and_iam() {
    let world = trusting("Principal: {AWS: '*'}, Action: 'sts:AssumeRole'");
    let refused = denied("implicit", "identity", CLUSTER);
    let user = "arn:aws:iam::111122223333:user/ann";
    assert_eq!(verdict(&world, &action(user, "sts:GetSessionToken", "'*'")), "allowed");
    assert_eq!(verdict(&world, &action(user, "sts:GetFederationToken", "'*'")), refused);
    for call in ["sts:GetSessionToken", "sts:GetFederationToken"] {
        assert_eq!(verdict(&world, &action(ALLOWED, call, "'*'")), refused, "{call}");
    }
    let federated = "arn:aws:sts::111122223333:federated-user/x";
    for (call, on) in [("sts:AssumeRole", NEAR), ("iam:GetRole", NEAR)] {
        let asked = format!("{}\nsession: {{policies: [{ALLOWS}]}}", action(federated, call, on));
        assert_eq!(verdict(&world, &asked), refused, "{call}");
    }
}

#[test]
fn credentials_that_call_nothing_of_iam_pass_roles_to_other_services() {
    let world = a_world(
        "roles: {arn:aws:iam::111122223333:role/node: {}}
users:
  arn:aws:iam::111122223333:user/ann:
    policies: {p: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}}",
    );
    let pass = |principal: &str| action(principal, "iam:PassRole", "arn:aws:iam::111122223333:role/node");
    let ann = "arn:aws:iam::111122223333:user/ann";
    let federated = pass("arn:aws:sts::111122223333:federated-user/x");
    let federated = format!("{federated}\nsession: {{parent: '{ann}', policies: [{ALLOWS}]}}");
    assert_eq!(verdict(&world, &federated), "allowed");
    let without_code = format!("{}\ncontext: {{aws:TokenIssueTime: '2026-01-01T00:00:00Z'}}", pass(ann));
    assert_eq!(verdict(&world, &without_code), "allowed");
}

#[test]
fn a_role_is_passed_by_identity_policies_alone_within_its_account() {
    let world = trusting("Principal: {AWS: '*'}, Action: 'sts:AssumeRole'");
    let pass = |principal: &str, role: &str| {
        format!("{}\ncontext: {{iam:PassedToService: ec2.amazonaws.com}}", action(principal, "iam:PassRole", role))
    };
    assert_eq!(verdict(&world, &pass(ALLOWED, NEAR)), "allowed");
    assert_eq!(verdict(&world, &pass(PLAIN, NEAR)), denied("implicit", "identity", CLUSTER));
    assert_eq!(verdict(&world, &pass(ALLOWED, FAR)), denied("implicit", "resource-policy", KEYS));
}

#[test]
fn the_service_that_a_role_is_passed_to_is_asked() {
    let world = a_world(
        "roles:
  arn:aws:iam::111122223333:role/node: {tags: {team: a}}
  arn:aws:iam::111122223333:role/launcher:
    policies:
      p:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Action: iam:PassRole
            Resource: arn:aws:iam::111122223333:role/node
            Condition: {StringEquals: {iam:PassedToService: ec2.amazonaws.com}}",
    );
    let pass = |service: &str| {
        let launcher = "arn:aws:sts::111122223333:assumed-role/launcher/s";
        let action = action(launcher, "iam:PassRole", "arn:aws:iam::111122223333:role/node");
        format!("{action}\ncontext: {{iam:PassedToService: {service}}}")
    };
    assert_eq!(verdict(&world, &pass("ec2.amazonaws.com")), "allowed");
    assert_eq!(verdict(&world, &pass("lambda.amazonaws.com")), denied("implicit", "identity", CLUSTER));
}
