//! Conditions: values that lack, and what nobody told.

use authz::{decision::Verdict, fix::How, world::World};

use crate::{a_world, all_told, best, fixes, how, statement, told};

const KEY: &str = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const APP: &str = "arn:aws:iam::111122223333:role/app";

fn with_condition(condition: &str) -> World {
    let policy = format!(
        "{{Version: '2012-10-17', Statement: [{{Effect: Allow, Action: 'kms:Decrypt', Resource: '{KEY}', Condition: {condition}}}]}}"
    );
    a_world(&format!("roles: {{'{APP}': {{policies: {{app: {policy}}}}}}}\nkeys: {{'{KEY}': {{}}}}"))
}

fn decrypts(rest: &str) -> String {
    format!("principal: {APP}\naction: kms:Decrypt\nresource: {KEY}\n{rest}")
}

#[test]
fn a_service_that_lacks_in_a_list_is_added() {
    let world = with_condition("{StringEquals: {'kms:ViaService': [s3.us-west-2.amazonaws.com]}}");
    let fixes = fixes(&world, &decrypts("via: [ec2.amazonaws.com]"));
    let widened = fixes
        .fixes
        .iter()
        .find(|fix| how(&fix.changes[0]) == Some(How::StatementWidened) && told(fix).contains("inline"));
    let widened = statement(&widened.unwrap_or_else(|| panic!("{:?}", all_told(&fixes))).changes[0]);
    assert!(widened.contains(r#""s3.us-west-2.amazonaws.com", "ec2.us-west-2.amazonaws.com""#), "{widened}");
}

#[test]
fn a_new_statement_carries_what_holds_of_the_nearest() {
    let policy = format!(
        "{{Version: '2012-10-17', Statement: [{{Effect: Allow, Action: 'kms:Encrypt', Resource: '{KEY}', Condition: {{Bool: {{'aws:SecureTransport': 'true'}}, StringEquals: {{'aws:PrincipalTag/Team': other}}}}}}]}}"
    );
    let world = a_world(&format!(
        "roles: {{'{APP}': {{tags: {{Team: payments}}, policies: {{app: {policy}}}}}}}\nkeys: {{'{KEY}': {{}}}}"
    ));
    let fixes = fixes(&world, &decrypts("context: {aws:SecureTransport: 'true'}"));
    let added = statement(&best(&fixes).changes[0]);
    assert!(added.contains("aws:SecureTransport") && !added.contains("PrincipalTag"), "{added}");
}

#[test]
fn an_encryption_context_that_is_not_passed_is_to_be_passed() {
    let world =
        with_condition("{StringEquals: {'kms:EncryptionContext:App': shop, 'kms:EncryptionContext:Stage': prod}}");
    let fixes = fixes(&world, &decrypts(""));
    assert_eq!(told(best(&fixes)), "pass the encryption context App=shop; pass the encryption context Stage=prod");
}

#[test]
fn a_session_tag_that_lacks_is_to_be_passed() {
    let world = with_condition("{StringEquals: {'aws:PrincipalTag/Team': payments}}");
    let fixes = fixes(&world, &decrypts("session: {name: s}"));
    assert_eq!(told(best(&fixes)), "begin the session with the tag Team=payments");
}

#[test]
fn what_nobody_told_is_to_be_told_as_the_policy_wants_it() {
    let world = with_condition("{StringEquals: {'aws:SourceVpce': vpce-1}}");
    let fixes = fixes(&world, &decrypts("otherKeys: unknown"));
    assert!(matches!(fixes.before, Verdict::AllowedIff(_)));
    assert_eq!(told(best(&fixes)), "make the call such that aws:sourcevpce is vpce-1");
}

#[test]
fn what_was_told_otherwise_is_not_told_away() {
    let world = with_condition("{StringEquals: {'aws:SourceVpce': vpce-1}}");
    let fixes = fixes(&world, &decrypts("context: {aws:SourceVpce: vpce-2}"));
    assert!(all_told(&fixes).iter().all(|told| !told.contains("make the call")), "{:?}", all_told(&fixes));
}
