//! The ways to be allowed to use a key: by its policy, by its policy and IAM, by both accounts.

use authz::rules::Assumptions;

use crate::{CLUSTER, a_world, denied, verdict, verdict_if};

/// A key of the cluster's account with this policy, and a role with another.
fn with_key_policy(key_policy: &str, role_policy: &str) -> authz::world::World {
    a_world(&format!(
        r#"
roles:
  arn:aws:iam::111122223333:role/app: {{policies: {{p: {role_policy}}}}}
users:
  arn:aws:iam::111122223333:user/ann: {{}}
keys:
  arn:aws:kms:us-west-2:111122223333:key/k: {{policy: {key_policy}}}
"#
    ))
}

fn statement(parts: &str) -> String {
    format!("{{Version: 2012-10-17, Statement: [{{Effect: Allow, {parts}}}]}}")
}

const NOTHING: &str = "{Version: 2012-10-17, Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]}";

const DECRYPT: &str = "
principal: arn:aws:sts::111122223333:assumed-role/app/s
action: kms:Decrypt
resource: arn:aws:kms:us-west-2:111122223333:key/k";

#[test]
fn the_key_policy_that_names_the_role_is_enough() {
    let names = statement("Principal: {AWS: 'arn:aws:iam::111122223333:role/app'}, Action: 'kms:*', Resource: '*'");
    assert_eq!(verdict(&with_key_policy(&names, NOTHING), DECRYPT), "allowed");
}

#[test]
fn the_key_policy_for_the_account_leaves_it_to_iam() {
    let delegates = statement("Principal: {AWS: '111122223333'}, Action: 'kms:*', Resource: '*'");
    let allows = statement("Action: 'kms:Decrypt', Resource: '*'");
    assert_eq!(verdict(&with_key_policy(&delegates, &allows), DECRYPT), "allowed");
    assert_eq!(verdict(&with_key_policy(&delegates, NOTHING), DECRYPT), denied("implicit", "identity", CLUSTER));
}

#[test]
fn without_the_key_policy_iam_opens_no_key() {
    let other = statement("Principal: {AWS: 'arn:aws:iam::111122223333:user/ann'}, Action: 'kms:*', Resource: '*'");
    let allows = statement("Action: 'kms:*', Resource: '*'");
    assert_eq!(verdict(&with_key_policy(&other, &allows), DECRYPT), denied("implicit", "key-policy", CLUSTER));
}

#[test]
fn conditions_of_the_statement_for_the_account_must_hold() {
    let via = statement(
        "Principal: {AWS: '111122223333'}, Action: 'kms:*', Resource: '*', \
         Condition: {StringEquals: {kms:ViaService: ec2.us-west-2.amazonaws.com}}",
    );
    let world = with_key_policy(&via, &statement("Action: 'kms:*', Resource: '*'"));
    assert_eq!(verdict(&world, DECRYPT), denied("implicit", "key-policy", CLUSTER));
    assert_eq!(verdict(&world, &format!("{DECRYPT}\nvia: [ec2.amazonaws.com]")), "allowed");
}

#[test]
fn everybody_in_a_key_policy_is_everybody_of_the_account() {
    let everybody = statement(
        "Principal: {AWS: '*'}, Action: 'kms:*', Resource: '*', \
         Condition: {StringEquals: {kms:CallerAccount: '111122223333'}}",
    );
    assert_eq!(verdict(&with_key_policy(&everybody, NOTHING), DECRYPT), "allowed");
}

#[test]
fn the_root_user_needs_the_key_policy() {
    let root = DECRYPT.replace("arn:aws:sts::111122223333:assumed-role/app/s", "arn:aws:iam::111122223333:root");
    let delegates = statement("Principal: {AWS: '111122223333'}, Action: 'kms:*', Resource: '*'");
    assert_eq!(verdict(&with_key_policy(&delegates, NOTHING), &root), "allowed");
    let other = statement("Principal: {AWS: 'arn:aws:iam::111122223333:user/ann'}, Action: 'kms:*', Resource: '*'");
    assert_eq!(verdict(&with_key_policy(&other, NOTHING), &root), denied("implicit", "key-policy", CLUSTER));
}

#[test]
fn a_role_created_anew_is_not_the_one_that_the_key_policy_names() {
    let world = |saved: &str| {
        a_world(&format!(
            r#"
roles: {{arn:aws:iam::111122223333:role/app: {{id: AROANEW}}}}
keys:
  arn:aws:kms:us-west-2:111122223333:key/k:
    savedIds: {{{saved}}}
    policy:
      Version: 2012-10-17
      Statement:
        - {{Effect: Allow, Principal: {{AWS: 'arn:aws:iam::111122223333:role/app'}}, Action: 'kms:*', Resource: '*'}}
"#
        ))
    };
    assert_eq!(verdict(&world(""), DECRYPT), "allowed");
    let old = world("arn:aws:iam::111122223333:role/app: AROAOLD");
    assert_eq!(verdict(&old, DECRYPT), denied("implicit", "key-policy", CLUSTER));
    let by_name = Assumptions { iam_principal_saved_id_key: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&old, DECRYPT, &by_name), "allowed");
}

#[test]
fn what_is_about_no_key_is_decided_by_iam() {
    let delegates = statement("Principal: {AWS: '111122223333'}, Action: 'kms:*', Resource: '*'");
    let world = with_key_policy(&delegates, &statement("Action: 'kms:ListKeys', Resource: '*'"));
    let asks = |action: &str, resource: &str| {
        let app = "arn:aws:sts::111122223333:assumed-role/app/s";
        format!("principal: {app}\naction: {action}\nresource: '{resource}'")
    };
    assert_eq!(verdict(&world, &asks("kms:ListKeys", "*")), "allowed");
    assert_eq!(verdict(&world, &asks("kms:CreateKey", "*")), denied("implicit", "identity", CLUSTER));
    let world = with_key_policy(&delegates, &statement("Action: 'kms:CreateAlias', Resource: '*'"));
    let alias = "arn:aws:kms:us-west-2:111122223333:alias/a";
    assert_eq!(verdict(&world, &asks("kms:CreateAlias", alias)), "allowed");
}
