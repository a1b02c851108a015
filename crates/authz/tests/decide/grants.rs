//! Grants: whom they serve, what they permit, under which constraints, and what caps them.

use authz::{decision::GrantMiss, rules::Assumptions, world::World};

use crate::{KEYS, a_world, denied, explain, verdict, verdict_if};

/// A key of another account whose policy names nobody here, with these grants.
fn with_grants(grants: &str) -> World {
    a_world(&format!(
        r#"
accounts: {{"111122223333": {{}}}}
roles:
  arn:aws:iam::111122223333:role/app: {{id: AROAAPP}}
  arn:aws:iam::111122223333:role/allowed:
    policies: {{p: {{Version: 2012-10-17, Statement: [{{Effect: Allow, Action: 'kms:*', Resource: '*'}}]}}}}
  arn:aws:iam::111122223333:role/refused:
    policies: {{p: {{Version: 2012-10-17, Statement: [{{Effect: Deny, Action: 'kms:*', Resource: '*'}}]}}}}
  arn:aws:iam::111122223333:role/bounded:
    boundary: arn:aws:iam::111122223333:policy/nothing
users:
  arn:aws:iam::111122223333:user/ann: {{}}
managedPolicies:
  arn:aws:iam::111122223333:policy/nothing:
    {{Version: 2012-10-17, Statement: [{{Effect: Allow, Action: 's3:*', Resource: '*'}}]}}
keys:
  arn:aws:kms:us-west-2:444455556666:key/k:
    grants:
{grants}
"#
    ))
}

fn grant(grantee: &str, rest: &str) -> World {
    with_grants(&format!(
        "    - {{id: g, grantee: '{grantee}', operations: [Decrypt, DescribeKey, CreateGrant]{rest}}}"
    ))
}

fn asks(principal: &str, action: &str, rest: &str) -> String {
    format!("principal: {principal}\naction: {action}\nresource: arn:aws:kms:us-west-2:444455556666:key/k\n{rest}")
}

/// What is in the way of the only grant.
fn misses(world: &World, request: &str) -> Vec<GrantMiss> {
    explain(world, request).gates.iter().flat_map(|gate| &gate.grants).flat_map(|grant| grant.misses.clone()).collect()
}

#[test]
fn what_a_new_grant_lacks_is_its_token() {
    let world = grant(ROLE, ", token: T, propagated: false");
    assert_eq!(misses(&world, &asks(APP, "kms:Decrypt", "")), [GrantMiss::Propagation]);
    assert_eq!(misses(&world, &asks(APP, "kms:Decrypt", "grantTokens: [T]")), []);
    // To somebody else it gives nothing anyway, which is the farther miss.
    let other = asks("arn:aws:sts::111122223333:assumed-role/other/s", "kms:Decrypt", "");
    assert_eq!(misses(&world, &other), [GrantMiss::OtherGrantee, GrantMiss::Propagation]);
}

const APP: &str = "arn:aws:sts::111122223333:assumed-role/app/s";
const ROLE: &str = "arn:aws:iam::111122223333:role/app";

#[test]
fn a_grant_on_a_foreign_key_is_enough_alone() {
    let world = grant(ROLE, "");
    assert_eq!(verdict(&world, &asks(APP, "kms:Decrypt", "")), "allowed");
    let other = Assumptions { kms_grant_foreign_enough: false, ..Assumptions::default() };
    assert_eq!(
        verdict_if(&world, &asks(APP, "kms:Decrypt", ""), &other),
        denied("implicit", "identity", "111122223333")
    );
}

#[test]
fn a_grant_permits_what_it_lists_and_to_its_grantee_only() {
    let world = grant(ROLE, "");
    assert_eq!(verdict(&world, &asks(APP, "kms:Encrypt", "")), denied("implicit", "key-policy", KEYS));
    let ann = asks("arn:aws:iam::111122223333:user/ann", "kms:Decrypt", "");
    assert_eq!(verdict(&world, &ann), denied("implicit", "key-policy", KEYS));
    let report = explain(&world, &asks(APP, "kms:Encrypt", ""));
    let grants: Vec<_> = report.gates.iter().flat_map(|gate| &gate.grants).collect();
    assert_eq!(grants.iter().map(|grant| grant.misses.clone()).collect::<Vec<_>>(), [[GrantMiss::Operation]]);
}

#[test]
fn a_grant_for_a_session_serves_that_session_only() {
    let world = grant(APP, "");
    assert_eq!(verdict(&world, &asks(APP, "kms:Decrypt", "")), "allowed");
    let other = asks("arn:aws:sts::111122223333:assumed-role/app/t", "kms:Decrypt", "");
    assert_eq!(verdict(&world, &other), denied("implicit", "key-policy", KEYS));
    let unnamed = verdict(&world, &asks(ROLE, "kms:Decrypt", ""));
    assert_eq!(unnamed, "{allowedIff: 'the caller''s session is called s'}");
}

#[test]
fn a_grant_for_a_user_serves_the_user() {
    let ann = "arn:aws:iam::111122223333:user/ann";
    assert_eq!(verdict(&grant(ann, ""), &asks(ann, "kms:Decrypt", "")), "allowed");
}

#[test]
fn a_grant_for_an_account_serves_whom_its_policies_let_as_far_as_that_is_assumed() {
    let world = grant("arn:aws:iam::111122223333:root", "");
    let allowed = asks("arn:aws:sts::111122223333:assumed-role/allowed/s", "kms:Decrypt", "");
    assert_eq!(verdict(&world, &allowed), "allowed");
    let app = asks(APP, "kms:Decrypt", "");
    assert_eq!(verdict(&world, &app), denied("implicit", "identity", "111122223333"));
    let by_itself = Assumptions { kms_grant_grantee_account: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&world, &app, &by_itself), "allowed");
    assert_eq!(verdict(&world, &asks("arn:aws:iam::111122223333:root", "kms:Decrypt", "")), "allowed");
}

#[test]
fn a_grant_dies_with_its_grantee_as_far_as_that_is_assumed() {
    let world = grant(ROLE, ", granteeId: AROAOLD");
    let decrypt = asks(APP, "kms:Decrypt", "");
    assert_eq!(verdict(&world, &decrypt), denied("implicit", "key-policy", KEYS));
    let misses =
        explain(&world, &decrypt).gates.into_iter().flat_map(|gate| gate.grants).flat_map(|grant| grant.misses);
    assert_eq!(misses.collect::<Vec<_>>(), [GrantMiss::GranteeRecreated]);
    let lives = Assumptions { kms_grant_grantee_recreated: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&world, &decrypt, &lives), "allowed");
}

#[test]
fn an_explicit_deny_of_the_grantee_beats_its_grant() {
    let refused = "arn:aws:iam::111122223333:role/refused";
    let world = grant(refused, "");
    assert_eq!(verdict(&world, &asks(refused, "kms:Decrypt", "")), denied("explicit", "identity", "111122223333"));
}

#[test]
fn what_caps_a_grant_is_assumed() {
    let bounded = "arn:aws:iam::111122223333:role/bounded";
    let world = grant(bounded, "");
    let decrypt = asks(bounded, "kms:Decrypt", "");
    assert_eq!(verdict(&world, &decrypt), "allowed");
    let capped = Assumptions { kms_grant_boundary: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&world, &decrypt, &capped), denied("implicit", "boundary", "111122223333"));

    let other = "{Version: 2012-10-17, Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]}";
    let session = asks(APP, "kms:Decrypt", &format!("session: {{policies: [{other}]}}"));
    let of_role = grant(ROLE, "");
    assert_eq!(verdict(&of_role, &session), denied("implicit", "session", "111122223333"));
    let uncapped = Assumptions { kms_grant_session_policy: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&of_role, &session, &uncapped), "allowed");
    let of_session = grant(APP, "");
    assert_eq!(verdict(&of_session, &session), "allowed");
    let capped = Assumptions { kms_grant_session_grantee: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&of_session, &session, &capped), denied("implicit", "session", "111122223333"));
}

#[test]
fn a_subset_constraint_wants_its_pairs_whatever_the_case_of_their_keys() {
    let world = grant(ROLE, ", constraints: {encryptionContextSubset: {'aws:ebs:id': vol-1}}");
    let with = |context: &str| asks(APP, "kms:Decrypt", &format!("encryptionContext: {context}"));
    let refused = denied("implicit", "key-policy", KEYS);
    assert_eq!(verdict(&world, &with("{'aws:ebs:id': vol-1, other: x}")), "allowed");
    assert_eq!(verdict(&world, &with("{'AWS:EBS:id': vol-1}")), "allowed");
    assert_eq!(verdict(&world, &with("{'aws:ebs:id': VOL-1}")), refused);
    assert_eq!(verdict(&world, &with("{other: x}")), refused);
    assert_eq!(verdict(&world, &asks(APP, "kms:DescribeKey", "")), "allowed", "constraints are not for DescribeKey");
    let by_case = Assumptions { kms_grant_context_key_case: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&world, &with("{'AWS:EBS:id': vol-1}"), &by_case), refused);
}

#[test]
fn an_equals_constraint_wants_its_pairs_and_no_others() {
    let world = grant(ROLE, ", constraints: {encryptionContextEquals: {a: '1', b: '2'}}");
    let with = |context: &str| asks(APP, "kms:Decrypt", &format!("encryptionContext: {context}"));
    assert_eq!(verdict(&world, &with("{a: '1', b: '2'}")), "allowed");
    for context in ["{a: '1', b: '2', c: '3'}", "{a: '1'}", "{a: '1', b: '3'}", "{}"] {
        assert_eq!(verdict(&world, &with(context)), denied("implicit", "key-policy", KEYS), "{context}");
    }
}

#[test]
fn a_volume_that_has_no_id_yet_leaves_the_constraint_open() {
    let world = grant(ROLE, ", constraints: {encryptionContextSubset: {'aws:ebs:id': vol-1}}");
    let unknown = asks(APP, "kms:Decrypt", "encryptionContext: {a: b}\nencryptionContextIsPartial: true");
    assert_eq!(verdict(&world, &unknown), "{allowedIff: 'the encryption context has aws:ebs:id=vol-1'}");
    let other = asks(APP, "kms:Decrypt", "encryptionContext: {'aws:ebs:id': vol-2}\nencryptionContextIsPartial: true");
    assert_eq!(verdict(&world, &other), denied("implicit", "key-policy", KEYS));
}

#[test]
fn a_grant_for_a_service_holds_for_the_resource_that_it_is_for() {
    let arn = "arn:aws:dynamodb:us-west-2:444455556666:table/t";
    let world = grant("dynamodb.amazonaws.com", &format!(", constraints: {{sourceArn: '{arn}'}}, retiring: '{ROLE}'"));
    let called = |source: &str| {
        asks("dynamodb.amazonaws.com", "kms:Decrypt", &format!("context: {{aws:SourceArn: '{source}'}}"))
    };
    assert_eq!(verdict(&world, &called(arn)), "allowed");
    let other = "arn:aws:dynamodb:us-west-2:444455556666:table/u";
    assert_eq!(verdict(&world, &called(other)), denied("implicit", "key-policy", KEYS));
}

#[test]
fn a_source_is_asked_of_services_only_and_goes_on_to_grants_made_through_the_grant() {
    let arn = "arn:aws:dynamodb:us-west-2:444455556666:table/t";
    let world = grant(ROLE, &format!(", constraints: {{sourceArn: '{arn}'}}"));
    assert_eq!(verdict(&world, &asks(APP, "kms:Decrypt", "")), "allowed");
    let makes = |constraints: &str| {
        asks(APP, "kms:CreateGrant", &format!("newGrant: {{grantee: '{ROLE}', operations: [Decrypt]{constraints}}}"))
    };
    assert_eq!(verdict(&world, &makes(&format!(", constraints: {{sourceArn: '{arn}'}}"))), "allowed");
    assert_eq!(verdict(&world, &makes("")), denied("implicit", "key-policy", KEYS));
    let free = Assumptions { kms_grant_child_source_arn: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&world, &makes(""), &free), "allowed");
}

#[test]
fn a_grant_for_a_service_linked_role_dies_with_it_as_far_as_that_is_assumed() {
    let slr = "arn:aws:iam::111122223333:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot";
    let world = a_world(&format!(
        "roles: {{'{slr}': {{id: AROANEW}}}}
keys:
  arn:aws:kms:us-west-2:444455556666:key/k:
    grants: [{{grantee: '{slr}', granteeId: AROAOLD, operations: [Decrypt]}}]"
    ));
    let decrypt = asks(slr, "kms:Decrypt", "session: {name: spot}");
    assert_eq!(verdict(&world, &decrypt), denied("implicit", "key-policy", KEYS));
    let lives = Assumptions { slr_recreated: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&world, &decrypt, &lives), "allowed");
}

#[test]
fn a_grant_made_through_a_grant_is_within_it() {
    let world = grant(ROLE, ", constraints: {encryptionContextSubset: {'aws:ebs:id': vol-1}}");
    let makes = |grant: &str| {
        let grantee = "arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-1";
        asks(APP, "kms:CreateGrant", &format!("newGrant: {{grantee: '{grantee}', {grant}}}"))
    };
    let refused = denied("implicit", "key-policy", KEYS);
    let as_strict = "constraints: {encryptionContextSubset: {'aws:ebs:id': vol-1, b: c}}";
    let stricter = "constraints: {encryptionContextEquals: {'aws:ebs:id': vol-1}}";
    assert_eq!(verdict(&world, &makes(&format!("operations: [Decrypt], {as_strict}"))), "allowed");
    assert_eq!(verdict(&world, &makes(&format!("operations: [Decrypt], {stricter}"))), "allowed");
    assert_eq!(verdict(&world, &makes(&format!("operations: [Decrypt, Encrypt], {as_strict}"))), refused);
    assert_eq!(verdict(&world, &makes("operations: [Decrypt]")), refused);
    let other = "constraints: {encryptionContextSubset: {'aws:ebs:id': vol-2}}";
    assert_eq!(verdict(&world, &makes(&format!("operations: [Decrypt], {other}"))), refused);
    let open = verdict(&world, &asks(APP, "kms:CreateGrant", ""));
    assert!(open.starts_with("{allowedIff: 'the new grant permits no more than grant g and "), "{open}");
}

#[test]
fn who_retires_a_grant_is_told_by_the_grant() {
    let ann = "arn:aws:iam::111122223333:user/ann";
    let allowed = "arn:aws:iam::111122223333:role/allowed";
    let retire = |principal: &str| asks(principal, "kms:RetireGrant", "grantId: g");
    let world = with_grants(&format!(
        "    - {{id: g, grantee: '{ROLE}', operations: [Decrypt], retiring: '{ann}', issuingAccount: '444455556666'}}"
    ));
    assert_eq!(verdict(&world, &retire(ann)), "allowed");
    assert_eq!(verdict(&world, &retire(APP)), denied("implicit", "grants", KEYS), "the grantee, not permitted to");
    assert_eq!(verdict(&world, &retire(allowed)), denied("implicit", "grants", KEYS), "no policy alone is enough");
    assert_eq!(verdict(&world, &retire("arn:aws:iam::444455556666:root")), "allowed", "the issuing account");
    let world = with_grants(&format!("    - {{id: g, grantee: '{ROLE}', operations: [Decrypt, RetireGrant]}}"));
    assert_eq!(verdict(&world, &retire(APP)), "allowed");
    let world = with_grants(&format!(
        "    - {{id: g, grantee: '{ROLE}', operations: [Decrypt], issuingAccount: '111122223333'}}"
    ));
    assert_eq!(verdict(&world, &retire(allowed)), "allowed", "the issuing account's policies pass it on");
    assert_eq!(verdict(&world, &retire(ann)), denied("implicit", "identity", "111122223333"));
}

#[test]
fn a_key_policy_has_nothing_to_say_about_retiring() {
    let world = a_world(&format!(
        "roles: {{'{ROLE}': {{}}}}
keys:
  arn:aws:kms:us-west-2:444455556666:key/k:
    policy:
      Version: 2012-10-17
      Statement:
        - {{Effect: Deny, Principal: '*', Action: 'kms:*', Resource: '*'}}
    grants: [{{id: g, grantee: '{ROLE}', operations: [Decrypt, RetireGrant]}}]"
    ));
    assert_eq!(verdict(&world, &asks(APP, "kms:RetireGrant", "grantId: g")), "allowed");
    let decrypt = verdict(&world, &asks(APP, "kms:Decrypt", ""));
    assert_eq!(decrypt, denied("explicit", "key-policy", KEYS), "a Deny of the key policy beats its grants");
}

#[test]
fn grants_are_revoked_and_listed_by_policies_alone() {
    let world = grant(ROLE, "");
    for action in ["kms:RevokeGrant", "kms:ListGrants"] {
        assert_eq!(
            verdict(&world, &asks(APP, action, "grantId: g")),
            denied("implicit", "key-policy", KEYS),
            "{action}"
        );
    }
}

#[test]
fn the_grants_that_nearly_give_come_first() {
    let world = with_grants(&format!(
        "    - {{id: other, grantee: 'arn:aws:iam::111122223333:user/ann', operations: [Encrypt]}}
    - {{id: near, grantee: '{ROLE}', operations: [Encrypt]}}"
    ));
    let report = explain(&world, &asks(APP, "kms:Decrypt", ""));
    let ids: Vec<_> = report.gates.iter().flat_map(|gate| &gate.grants).map(|grant| &*grant.grant.id).collect();
    assert_eq!(ids, ["near", "other"]);
}

#[test]
fn a_grant_for_the_session_counts_beside_one_for_its_role_that_a_session_policy_caps() {
    let world = with_grants(&format!(
        "    - {{id: of-role, grantee: '{ROLE}', operations: [Decrypt]}}\n    - {{id: of-session, grantee: '{APP}', \
         operations: [Decrypt]}}"
    ));
    let other = "{Version: 2012-10-17, Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]}";
    let capped = asks(APP, "kms:Decrypt", &format!("session: {{policies: [{other}]}}"));
    assert_eq!(verdict(&world, &capped), "allowed");
}

#[test]
fn an_equals_constraint_hangs_on_pairs_that_nobody_told() {
    let world = grant(ROLE, ", constraints: {encryptionContextEquals: {a: b}}");
    let partial = "encryptionContext: {a: b}\nencryptionContextIsPartial: true";
    assert_eq!(
        verdict(&world, &asks(APP, "kms:Decrypt", partial)),
        "{allowedIff: 'the encryption context has no other pair'}"
    );
}
