//! One account: its own policies do, and what else they open is listed.

use authz::fix::{Edit, How, Obstacle};

use crate::{CLUSTER, a_world, all_told, best, fixes, how, statement, told};

const KEY: &str = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const APP: &str = "arn:aws:iam::111122223333:role/app";

fn decrypts(principal: &str) -> String {
    format!("principal: {principal}\naction: kms:Decrypt\nresource: {KEY}")
}

#[test]
fn a_statement_is_added_to_the_policy_that_is_there() {
    let policy = r#"{"Version": "2012-10-17", "Statement": {"Sid": "AllowDecrypt", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;
    let world = a_world(&format!("roles: {{'{APP}': {{policies: {{app: '{policy}'}}}}}}\nkeys: {{'{KEY}': {{}}}}"));
    let fixes = fixes(&world, &decrypts(APP));
    let fix = best(&fixes);
    assert_eq!(told(fix), format!("add a statement to the inline policy `app` of {APP}"));
    let Edit::Policy(edit) = &fix.changes[0].edit else { panic!("a policy is changed") };
    assert_eq!(
        edit.after.source().text(),
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Sid": "AllowDecrypt", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}}, {{"Sid":"AllowDecrypt2","Effect":"Allow","Action":"kms:Decrypt","Resource":"{KEY}"}}]}}"#
        )
    );
}

#[test]
fn the_nearest_statement_is_widened_where_one_element_differs() {
    let policy = "{Version: '2012-10-17', Statement: [{Effect: Allow, Action: ['kms:Encrypt'], Resource: 'arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'}]}";
    let world = a_world(&format!("roles: {{'{APP}': {{policies: {{app: {policy}}}}}}}\nkeys: {{'{KEY}': {{}}}}"));
    let fixes = fixes(&world, &decrypts(APP));
    let widened = fixes
        .fixes
        .iter()
        .find(|fix| how(&fix.changes[0]) == Some(How::StatementWidened) && told(fix).contains("inline"));
    let widened = widened.unwrap_or_else(|| panic!("{:?}", all_told(&fixes)));
    assert!(
        statement(&widened.changes[0]).contains(r#""kms:Encrypt", "kms:Decrypt""#),
        "{}",
        statement(&widened.changes[0])
    );
    assert_eq!(widened.opens.count, 0);
}

#[test]
fn what_a_shared_policy_opens_to_others_is_listed_and_ranks_it_last() {
    let world = a_world(&format!(
        r#"
managedPolicies:
  arn:aws:iam::{CLUSTER}:policy/shared:
    {{Version: '2012-10-17', Statement: [{{Effect: Allow, Action: 'kms:Encrypt', Resource: '{KEY}'}}]}}
roles:
  {APP}: {{managed: ['arn:aws:iam::{CLUSTER}:policy/shared']}}
  arn:aws:iam::{CLUSTER}:role/other: {{managed: ['arn:aws:iam::{CLUSTER}:policy/shared']}}
users:
  arn:aws:iam::{CLUSTER}:user/ann: {{managed: ['arn:aws:iam::{CLUSTER}:policy/shared']}}
keys: {{'{KEY}': {{}}}}
"#
    ));
    let fixes = fixes(&world, &decrypts(APP));
    assert!(told(best(&fixes)).contains("inline policy"), "{:?}", all_told(&fixes));
    let shared = fixes
        .fixes
        .iter()
        .find(|fix| told(fix).contains("policy/shared"))
        .unwrap_or_else(|| panic!("{:?}", all_told(&fixes)));
    let gains: Vec<_> =
        shared.opens.gains.iter().map(|gain| (gain.principal.to_string(), gain.action.to_string())).collect();
    let gained = |who: &str| (format!("arn:aws:iam::{CLUSTER}:{who}"), "kms:Decrypt".to_owned());
    assert_eq!(gains, [gained("role/other"), gained("user/ann")]);
    assert_eq!(shared.rank.opens, 2);
}

#[test]
fn policies_of_aws_and_of_aws_keys_are_not_proposed() {
    let world = a_world(&format!(
        r#"
managedPolicies:
  arn:aws:iam::aws:policy/Some:
    {{Version: '2012-10-17', Statement: [{{Effect: Allow, Action: 'kms:Encrypt', Resource: '*'}}]}}
roles: {{'{APP}': {{managed: ['arn:aws:iam::aws:policy/Some']}}}}
keys:
  {KEY}:
    manager: Aws
    policy: {{Version: '2012-10-17', Statement: [{{Effect: Allow, Principal: {{AWS: '{CLUSTER}'}}, Action: 'kms:DescribeKey', Resource: '*'}}]}}
"#
    ));
    let fixes = fixes(&world, &decrypts(APP));
    assert!(fixes.fixes.is_empty(), "{:?}", all_told(&fixes));
    assert!(matches!(fixes.obstacles.as_slice(), [Obstacle::AwsManagedKey(_)]), "{:?}", fixes.obstacles);
}

#[test]
fn a_key_whose_policy_lets_nobody_in_needs_its_own_policy_changed() {
    let policy = format!(
        "{{Version: '2012-10-17', Statement: [{{Effect: Allow, Principal: {{AWS: 'arn:aws:iam::{CLUSTER}:role/admin'}}, Action: 'kms:*', Resource: '*'}}]}}"
    );
    let all = "{Version: '2012-10-17', Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}";
    let world = a_world(&format!(
        "roles: {{'{APP}': {{policies: {{app: {all}}}}}, 'arn:aws:iam::{CLUSTER}:role/admin': {{}}}}\nkeys: {{'{KEY}': {{policy: {policy}}}}}"
    ));
    let fixes = fixes(&world, &decrypts(APP));
    assert!(statement(&best(&fixes).changes[0]).contains(&format!(r#""AWS": "{APP}""#)), "{:?}", all_told(&fixes));
    assert!(
        fixes.fixes.iter().all(|fix| !told(fix).contains("inline")),
        "its own policies allow already: {:?}",
        all_told(&fixes)
    );
}

#[test]
fn a_bucket_of_another_account_gets_a_policy_that_it_did_not_have() {
    let bucket = "arn:aws:s3:::backups";
    let world = a_world(&format!("roles: {{'{APP}': {{}}}}\nresources: {{'{bucket}': {{owner: '444455556666'}}}}"));
    let fixes = fixes(&world, &format!("principal: {APP}\naction: s3:ListBucket\nresource: {bucket}"));
    assert!(fixes.needs_both_sides(), "{:?}", all_told(&fixes));
    assert_eq!(how(&best(&fixes).changes[0]), Some(How::PolicyMade));
}

#[test]
fn a_policy_that_would_be_too_large_is_not_proposed() {
    let filler = "x".repeat(10_100);
    let policy = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{filler}"}}]}}"#
    );
    let world = a_world(&format!("roles: {{'{APP}': {{policies: {{app: '{policy}'}}}}}}\nkeys: {{'{KEY}': {{}}}}"));
    let fixes = fixes(&world, &decrypts(APP));
    assert!(fixes.fixes.iter().all(|fix| !told(fix).contains("inline")), "{:?}", all_told(&fixes));
    assert!(
        fixes.obstacles.iter().any(|obstacle| matches!(obstacle, Obstacle::TooLarge { .. })),
        "{:?}",
        fixes.obstacles
    );
}

#[test]
fn wildcards_in_a_resources_name_do_not_become_patterns() {
    let world = a_world(&format!("roles: {{'{APP}': {{}}}}\nresources: {{'arn:aws:s3:::b': {{owner: '{CLUSTER}'}}}}"));
    let fixes = fixes(
        &world,
        &format!("principal: {APP}\naction: s3:GetObject\nresource: {{arn: 'arn:aws:s3:::b/a*b', owner: '{CLUSTER}'}}"),
    );
    assert!(statement(&best(&fixes).changes[0]).contains("arn:aws:s3:::b/a${*}b"), "{:?}", all_told(&fixes));
}
