//! Changes as commands.

use authz::world::World;

use crate::{AUTO_SCALING, CLUSTER, CONTROLLER, KEY, KEYS, a_request, a_world, fixes};

/// The commands of the first fix whose words contain this.
fn commands(world: &World, request: &str, containing: &str) -> Vec<String> {
    let found = fixes(world, request);
    let fix = found.fixes.iter().find(|fix| crate::told(fix).contains(containing));
    let fix = fix.unwrap_or_else(|| panic!("{:?}", crate::all_told(&found)));
    let asked = a_request(world, request);
    fix.changes.iter().flat_map(|change| change.commands(&asked)).map(|command| command.to_string()).collect()
}

#[test]
fn a_grant_is_told_whole() {
    let world = a_world(&format!("roles: {{'{AUTO_SCALING}': {{}}}}\nkeys: {{'{KEY}': {{}}}}"));
    let asked = format!(
        "principal: {AUTO_SCALING}\naction: kms:GenerateDataKey\nresource: {KEY}\nencryptionContext: {{it's: \"o'clock\"}}"
    );
    assert_eq!(
        commands(&world, &asked, "constrained"),
        [format!(
            r#"aws kms create-grant --region us-west-2 --key-id {KEY} --grantee-principal {AUTO_SCALING} --operations GenerateDataKey --constraints '{{"EncryptionContextSubset":{{"it'\''s":"o'\''clock"}}}}'"#
        )]
    );
    assert_eq!(
        commands(&world, &asked, "ReEncryptTo"),
        [format!(
            "aws kms create-grant --region us-west-2 --key-id {KEY} --grantee-principal {AUTO_SCALING} --operations Decrypt Encrypt \
             GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo CreateGrant DescribeKey"
        )]
    );
}

#[test]
fn policies_are_put_where_they_are() {
    let world = a_world(&format!(
        "roles: {{'{CONTROLLER}': {{}}, 'arn:aws:iam::{KEYS}:role/r': {{}}}}\nkeys: {{'{KEY}': {{}}}}"
    ));
    let lists = format!("principal: {CONTROLLER}\naction: kms:ListGrants\nresource: {KEY}");
    let both = commands(&world, &lists, "add a statement");
    let [of_key, of_role] = both.as_slice() else { panic!("{both:?}") };
    assert!(
        of_key.starts_with(&format!(
            "aws kms put-key-policy --region us-west-2 --key-id {KEY} --policy-name default --policy '{{"
        )),
        "{of_key}"
    );
    assert_eq!(
        *of_role,
        format!(
            r#"aws iam put-role-policy --role-name KarpenterController --policy-name kms-listgrants --policy-document '{{"Version":"2012-10-17","Statement":[{{"Sid":"AllowListGrants","Effect":"Allow","Action":"kms:ListGrants","Resource":"{KEY}"}}]}}'"#
        )
    );
    let assumes = format!("principal: {CONTROLLER}\naction: sts:AssumeRole\nresource: arn:aws:iam::{KEYS}:role/r");
    assert!(
        commands(&world, &assumes, "trust policy")[0]
            .starts_with("aws iam update-assume-role-policy --role-name r --policy-document '{")
    );
}

#[test]
fn the_organizations_policies_are_found_before_they_are_changed() {
    let deny = "{Version: '2012-10-17', Statement: [{Effect: Deny, Action: 'kms:*', Resource: '*'}]}";
    let world = a_world(&format!(
        "roles: {{'{CONTROLLER}': {{}}}}\nkeys: {{'{KEY}': {{}}}}\norganization: {{id: o-1, managementAccount: '999999999999', root: {{accounts: {{'{CLUSTER}': {{scps: {{FullAWSAccess: aws, Guard: {deny}}}}}}}}}}}"
    ));
    let asked = format!("principal: {CONTROLLER}\naction: kms:ListKeys\nresource: '*'");
    let told = commands(&world, &asked, "Guard");
    assert_eq!(
        told[0],
        "aws organizations list-policies --filter SERVICE_CONTROL_POLICY --query 'Policies[?Name=='\\''Guard'\\''].Id'"
    );
    assert!(told[1].starts_with("aws organizations update-policy --policy-id '<id>' --content '{"), "{}", told[1]);
}
