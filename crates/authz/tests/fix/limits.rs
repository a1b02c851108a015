//! Boundaries, session policies and the organization: named, but never better than what needs none of them.

use authz::{
    decision::Gate,
    fix::{How, Obstacle},
};

use crate::{CLUSTER, a_world, account_of, all_told, best, fixes, how, statement, told};

const KEY: &str = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const APP: &str = "arn:aws:iam::111122223333:role/app";
const ALL: &str = "{Version: '2012-10-17', Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}";
const S3: &str = "{Version: '2012-10-17', Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]}";

fn decrypts(rest: &str) -> String {
    format!("principal: {APP}\naction: kms:Decrypt\nresource: {KEY}\n{rest}")
}

fn bounded(own: &str) -> authz::world::World {
    a_world(&format!(
        r#"
managedPolicies: {{'arn:aws:iam::{CLUSTER}:policy/limit': {S3}}}
roles: {{'{APP}': {{policies: {{app: {own}}}, boundary: 'arn:aws:iam::{CLUSTER}:policy/limit'}}}}
keys: {{'{KEY}': {{}}}}
"#
    ))
}

#[test]
fn a_boundary_is_widened_before_anything_leads_around_it() {
    let fixes = fixes(&bounded(ALL), &decrypts(""));
    let fix = best(&fixes);
    assert!(told(fix).contains("policy/limit") && fix.changes.len() == 1, "{:?}", all_told(&fixes));
    assert!(fix.rank.loosens_limit && fix.goes_around.is_empty());
    // A grant is not capped by a boundary, as far as that is assumed: it helps, but is told as what it is.
    let grant = fixes.fixes.iter().find(|fix| told(fix).starts_with("grant "));
    let grant = grant.unwrap_or_else(|| panic!("{:?}", all_told(&fixes)));
    assert_eq!(grant.goes_around, [Gate::Boundary]);
    assert!(fix.rank < grant.rank);
}

#[test]
fn where_the_boundary_cannot_be_changed_what_leads_around_it_is_told_as_that() {
    let world = a_world(&format!(
        r#"
managedPolicies: {{'arn:aws:iam::aws:policy/PowerUserAccess': {S3}}}
roles: {{'{APP}': {{policies: {{app: {ALL}}}, boundary: 'arn:aws:iam::aws:policy/PowerUserAccess'}}}}
keys: {{'{KEY}': {{}}}}
"#
    ));
    let fixes = fixes(&world, &decrypts(""));
    assert!(!fixes.fixes.is_empty() && fixes.fixes.iter().all(|fix| fix.goes_around == [Gate::Boundary]));
    assert!(matches!(fixes.obstacles.as_slice(), [Obstacle::AwsManagedPolicy(_)]), "{:?}", fixes.obstacles);
}

#[test]
fn own_policies_and_the_boundary_are_changed_together() {
    let fixes = fixes(&bounded(S3), &decrypts(""));
    let both =
        fixes.fixes.iter().find(|fix| fix.changes.len() == 2).unwrap_or_else(|| panic!("{:?}", all_told(&fixes)));
    assert!(told(both).contains("inline policy `app`") && told(both).contains("policy/limit"), "{}", told(both));
}

#[test]
fn a_session_policy_is_the_callers_to_pass() {
    let world = a_world(&format!("roles: {{'{APP}': {{policies: {{app: {ALL}}}}}}}\nkeys: {{'{KEY}': {{}}}}"));
    let fixes = fixes(&world, &decrypts(&format!("session: {{name: s, policies: [{S3}]}}")));
    let passed = fixes
        .fixes
        .iter()
        .find(|fix| told(fix).contains("session"))
        .unwrap_or_else(|| panic!("{:?}", all_told(&fixes)));
    assert!(passed.rank.loosens_limit && account_of(&passed.changes[0]) == "caller");
}

fn in_organization(scps: &str) -> authz::world::World {
    a_world(&format!(
        r#"
roles: {{'{APP}': {{policies: {{app: {ALL}}}}}, 'arn:aws:iam::{CLUSTER}:role/other': {{policies: {{app: {ALL}}}}}}}
keys: {{'{KEY}': {{}}}}
organization:
  id: o-exampleorgid
  managementAccount: "999999999999"
  root: {{units: {{workloads: {{scps: {scps}, accounts: {{"{CLUSTER}": {{}}}}}}}}}}
"#
    ))
}

#[test]
fn a_service_control_policy_that_does_not_allow_gets_a_statement() {
    let world = in_organization(&format!("{{Some: {S3}}}"));
    let fixes = fixes(&world, &decrypts(""));
    let fix = best(&fixes);
    assert_eq!(told(fix), "add a statement to the organization's policy `Some` at ou-workloads");
    assert_eq!(account_of(&fix.changes[0]), "999999999999");
    assert!(fix.rank.loosens_limit);
    let gains: Vec<_> = fix.opens.gains.iter().map(|gain| gain.principal.to_string()).collect();
    assert_eq!(gains, [format!("arn:aws:iam::{CLUSTER}:role/other"), format!("arn:aws:iam::{CLUSTER}:root")]);
}

#[test]
fn a_level_without_a_policy_gets_one() {
    let fixes = fixes(&in_organization("{}"), &decrypts(""));
    assert_eq!(how(&best(&fixes).changes[0]), Some(How::PolicyMade), "{:?}", all_told(&fixes));
}

#[test]
fn a_service_control_policy_that_denies_spares_the_caller() {
    let deny = "{Version: '2012-10-17', Statement: [{Sid: NoKms, Effect: Deny, Action: 'kms:*', Resource: '*'}, {Effect: Deny, Action: 'ec2:*', Resource: '*'}]}";
    let world = in_organization(&format!("{{FullAWSAccess: aws, Guard: {deny}}}"));
    let fixes = fixes(&world, &decrypts(""));
    let fix = best(&fixes);
    assert_eq!(how(&fix.changes[0]), Some(How::DenyNarrowed), "{:?}", all_told(&fixes));
    assert!(
        statement(&fix.changes[0]).contains(&format!(r#""ArnNotEquals": {{"aws:PrincipalArn": ["{APP}"]}}"#)),
        "{}",
        statement(&fix.changes[0])
    );
    assert!(fix.opens.gains.iter().all(|gain| gain.principal.to_string() == APP), "nobody else is spared");
    let removed = fixes.fixes.iter().find(|fix| how(&fix.changes[0]) == Some(How::DenyRemoved));
    assert!(removed.is_some_and(|removed| removed.opens.count > fix.opens.count && removed.rank > fix.rank));
}

#[test]
fn policies_of_aws_in_the_organization_stay() {
    let restricted = "{FullAWSAccess: {Version: '2012-10-17', Statement: [{Effect: Deny, Action: 'kms:*', Resource: '*'}, {Effect: Allow, Action: '*', Resource: '*'}]}}";
    let fixes = fixes(&in_organization(restricted), &decrypts(""));
    assert!(fixes.fixes.is_empty());
    assert!(matches!(fixes.obstacles.as_slice(), [Obstacle::AwsManagedPolicy(_)]), "{:?}", fixes.obstacles);
}
