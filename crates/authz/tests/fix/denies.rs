//! Statements that deny: which one, and how it spares the request.

use authz::{fix::How, world::World};

use crate::{CLUSTER, a_world, all_told, best, fixes, how, statement, told};

const KEY: &str = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const APP: &str = "arn:aws:iam::111122223333:role/app";
const ALL: &str = "{Version: '2012-10-17', Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}";

fn with_key_policy(denies: &str) -> World {
    a_world(&format!(
        r#"
roles: {{'{APP}': {{policies: {{app: {ALL}}}}}, 'arn:aws:iam::{CLUSTER}:role/other': {{policies: {{app: {ALL}}}}}}}
keys:
  {KEY}:
    policy:
      Version: '2012-10-17'
      Statement:
        - {{Effect: Allow, Principal: {{AWS: '{CLUSTER}'}}, Action: 'kms:*', Resource: '*'}}
{denies}
"#
    ))
}

fn decrypts(rest: &str) -> String {
    format!("principal: {APP}\naction: kms:Decrypt\nresource: {KEY}\n{rest}")
}

#[test]
fn a_deny_for_everybody_but_a_list_gets_the_caller_into_its_list() {
    let world = with_key_policy(
        "        - {Effect: Deny, Principal: '*', Action: 'kms:Decrypt', Resource: '*', Condition: {ArnNotEquals: {'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/admin'}}}",
    );
    let fixes = fixes(&world, &decrypts(""));
    let fix = best(&fixes);
    assert_eq!(how(&fix.changes[0]), Some(How::DenyNarrowed), "{:?}", all_told(&fixes));
    assert!(
        statement(&fix.changes[0]).contains(&format!(r#"["arn:aws:iam::111122223333:role/admin", "{APP}"]"#)),
        "{}",
        statement(&fix.changes[0])
    );
    assert_eq!(fix.opens.count, 0);
    assert!(fix.rank.loosens_limit);
}

#[test]
fn every_deny_that_matches_is_part_of_the_fix() {
    let world = with_key_policy(
        "        - {Sid: One, Effect: Deny, Principal: '*', Action: 'kms:Decrypt', Resource: '*'}\n        - {Sid: Two, Effect: Deny, Principal: {AWS: '111122223333'}, Action: 'kms:*', Resource: '*'}",
    );
    let fixes = fixes(&world, &decrypts(""));
    let fix = best(&fixes);
    assert_eq!(fix.changes.len(), 2, "{:?}", all_told(&fixes));
    assert!(fix.changes.iter().all(|change| how(change) == Some(How::DenyNarrowed)));
}

#[test]
fn a_deny_and_a_missing_allow_are_fixed_together() {
    let own = "{Version: '2012-10-17', Statement: [{Effect: Deny, Action: 'kms:Decrypt', Resource: '*'}, {Effect: Allow, Action: 's3:*', Resource: '*'}]}";
    let world = a_world(&format!("roles: {{'{APP}': {{policies: {{app: {own}}}}}}}\nkeys: {{'{KEY}': {{}}}}"));
    let fixes = fixes(&world, &decrypts(""));
    assert!(!fixes.fixes.is_empty());
    assert!(fixes.fixes.iter().all(|fix| fix.rank.loosens_limit), "no fix without touching what denies");
}

#[test]
fn what_a_deny_waits_for_may_be_passed_by_the_caller() {
    let world = with_key_policy(
        "        - {Effect: Deny, Principal: '*', Action: 'kms:Decrypt', Resource: '*', Condition: {StringNotEquals: {'kms:EncryptionContext:Team': payments}}}",
    );
    let fixes = fixes(&world, &decrypts(""));
    assert_eq!(told(best(&fixes)), "pass the encryption context Team=payments");
    assert!(!best(&fixes).rank.loosens_limit);
}

#[test]
fn not_principal_spares_the_caller_by_a_condition() {
    let world = with_key_policy(
        "        - {Effect: Deny, NotPrincipal: {AWS: ['arn:aws:iam::111122223333:role/admin']}, Action: 'kms:Decrypt', Resource: '*'}",
    );
    let fixes = fixes(&world, &decrypts(""));
    assert!(statement(&best(&fixes).changes[0]).contains("ArnNotEquals"), "{:?}", all_told(&fixes));
}

#[test]
fn a_service_is_spared_by_a_condition_too() {
    let world = with_key_policy(
        "        - {Effect: Allow, Principal: {Service: logs.us-west-2.amazonaws.com}, Action: 'kms:Decrypt', Resource: '*'}\n        - {Effect: Deny, Principal: '*', Action: 'kms:Decrypt', Resource: '*'}",
    );
    let asked = format!("principal: logs.us-west-2.amazonaws.com\naction: kms:Decrypt\nresource: {KEY}");
    let fixes = fixes(&world, &asked);
    assert!(statement(&best(&fixes).changes[0]).contains("aws:PrincipalIsAWSService"), "{:?}", all_told(&fixes));
}
