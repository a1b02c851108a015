//! Grants: what lacks in those that are there, and which one to make.

use authz::{
    fix::Edit,
    world::{ContextConstraint, Grant, GrantOperation, World},
};

use crate::{CLUSTER, CONTROLLER, KEY, a_world, all_told, fixes, told};

fn with_grant(grant: &str) -> World {
    a_world(&format!(
        "accounts: {{'{CLUSTER}': {{}}}}\nroles: {{'{CONTROLLER}': {{id: AROANEW}}}}\nkeys: {{'{KEY}': {{grants: [{grant}]}}}}"
    ))
}

fn decrypts(rest: &str) -> String {
    format!("principal: {CONTROLLER}\naction: kms:Decrypt\nresource: {KEY}\n{rest}")
}

fn grants(fixes: &authz::fix::Fixes) -> Vec<Grant> {
    let changes = fixes.fixes.iter().flat_map(|fix| &fix.changes);
    changes
        .filter_map(|change| match &change.edit {
            Edit::Grant(new) => Some(new.grant.clone()),
            Edit::Policy(_) | Edit::Request(_) => None,
        })
        .collect()
}

#[test]
fn a_pair_that_a_constraint_waits_for_is_to_be_passed() {
    let world = with_grant(&format!(
        "{{id: g, grantee: '{CONTROLLER}', operations: [Decrypt], constraints: {{encryptionContextSubset: {{App: shop}}}}}}"
    ));
    let fixes = fixes(&world, &decrypts(""));
    assert_eq!(all_told(&fixes)[0], "pass the encryption context App=shop");
}

#[test]
fn the_token_of_a_grant_that_has_not_spread_is_to_be_passed() {
    for propagated in ["false", "unknown"] {
        let grant = |token: &str| {
            with_grant(&format!(
                "{{id: g, grantee: '{CONTROLLER}', operations: [Decrypt], propagated: {propagated}{token}}}"
            ))
        };
        let passed = all_told(&fixes(&grant(", token: AQpAM2RhZ"), &decrypts("")));
        assert_eq!(passed[0], "pass the token of grant g: AQpAM2RhZ", "{propagated}");
        // Of a token that nobody told, nothing can be passed.
        assert!(all_told(&fixes(&grant(""), &decrypts(""))).iter().all(|told| !told.contains("token")), "{propagated}");
    }
}

#[test]
fn a_new_grant_can_be_held_to_the_encryption_context() {
    let fixes = fixes(&with_grant(""), &decrypts("encryptionContext: {App: shop}"));
    let grants = grants(&fixes);
    let [constrained, plain] = grants.as_slice() else { panic!("two grants: {:?}", all_told(&fixes)) };
    assert!(
        matches!(&constrained.constraints.encryption_context, Some(ContextConstraint::Subset(pairs)) if pairs.value_of("App") == Some("shop"))
    );
    assert_eq!(plain.constraints.encryption_context, None, "the narrower one comes first");
}

#[test]
fn a_grant_for_volumes_is_not_held_to_one_of_them() {
    let fixes = fixes(&with_grant(""), &decrypts("encryptionContext: {'aws:ebs:id': vol-1}"));
    assert!(grants(&fixes).iter().all(|grant| grant.constraints.encryption_context.is_none()));
}

#[test]
fn the_grant_of_a_role_that_was_made_again_is_made_again() {
    let world = with_grant(&format!("{{id: g, grantee: '{CONTROLLER}', granteeId: AROAOLD, operations: [Decrypt]}}"));
    let fixes = fixes(&world, &decrypts(""));
    assert_eq!(told(&fixes.fixes[0]), format!("grant {CONTROLLER} Decrypt on {KEY}"));
}

#[test]
fn a_grant_that_makes_grants_permits_what_these_permit() {
    let asked = format!(
        "principal: {CONTROLLER}\naction: kms:CreateGrant\nresource: {KEY}\nnewGrant: {{grantee: 'arn:aws:iam::{CLUSTER}:role/node', operations: [Decrypt]}}"
    );
    let fixes = fixes(&with_grant(""), &asked);
    let grants = grants(&fixes);
    assert!(!grants.is_empty() && grants.iter().all(|grant| grant.operations.contains(GrantOperation::Decrypt)));
}

#[test]
fn a_service_gets_a_grant_for_the_resource_that_it_calls_for() {
    let asked =
        |context: &str| format!("principal: dynamodb.amazonaws.com\naction: kms:Decrypt\nresource: {KEY}\n{context}");
    let table = "arn:aws:dynamodb:us-west-2:444455556666:table/t";
    let fixes_for_table = fixes(&with_grant(""), &asked(&format!("context: {{aws:SourceArn: '{table}'}}")));
    let made = grants(&fixes_for_table);
    assert!(
        made.iter().all(|grant| grant.constraints.source_arn.as_deref() == Some(table) && grant.retiring.is_some())
    );
    assert!(!made.is_empty());
    assert!(grants(&fixes(&with_grant(""), &asked(""))).is_empty(), "without a source there is nothing to hold it to");
}
