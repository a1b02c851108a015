//! What organizations let through: every level, for whom and for what.

use authz::{rules::Assumptions, world::World};

use crate::{CLUSTER, KEYS, a_world, denied, verdict, verdict_if};

const ALLOWS: &str = "{Version: 2012-10-17, Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}";
const NO_KMS: &str = "{Version: 2012-10-17, Statement: [{Effect: Deny, Action: 'kms:*', Resource: '*'}]}";
const ONLY_S3: &str = "{Version: 2012-10-17, Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]}";
const RCP: &str = "{Version: 2012-10-17, Statement: [{Effect: Deny, Principal: '*', Action: 'kms:*', Resource: '*'}]}";

const SLR: &str =
    "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";

/// Two member accounts, in two units of an organization, with keys that both may use.
fn members(of_root: &str, of_cluster: &str, of_keys: &str) -> World {
    let key = "policy: {Version: 2012-10-17, Statement: [{Effect: Allow, Principal: {AWS: ['111122223333', \
               '444455556666', '999999999999']}, Action: 'kms:*', Resource: '*'}]}";
    let grants = format!("grants: [{{id: g, grantee: '{SLR}', operations: [Decrypt, RetireGrant]}}]");
    a_world(&format!(
        r#"
roles:
  arn:aws:iam::111122223333:role/app: {{policies: {{p: {ALLOWS}}}}}
  arn:aws:iam::999999999999:role/app: {{policies: {{p: {ALLOWS}}}}}
  {SLR}: {{}}
keys:
  arn:aws:kms:us-west-2:111122223333:key/near: {{{key}}}
  arn:aws:kms:us-west-2:444455556666:key/far: {{{key}, {grants}}}
  arn:aws:kms:us-west-2:444455556666:key/aws: {{{key}, manager: Aws}}
  arn:aws:kms:us-west-2:999999999999:key/top: {{{key}}}
organization:
  id: o-a
  managementAccount: "999999999999"
  root:
    {of_root}
    units:
      one: {{accounts: {{"111122223333": {{{of_cluster}}}}}}}
      two: {{accounts: {{"444455556666": {{{of_keys}}}}}}}
"#
    ))
}

fn decrypt(principal: &str, key: &str) -> String {
    format!("principal: {principal}\naction: kms:Decrypt\nresource: arn:aws:kms:us-west-2:{key}")
}

const APP: &str = "arn:aws:sts::111122223333:assumed-role/app/s";
const MANAGER: &str = "arn:aws:sts::999999999999:assumed-role/app/s";
const NEAR: &str = "111122223333:key/near";
const FAR: &str = "444455556666:key/far";

#[test]
fn a_deny_of_any_level_above_the_caller_denies() {
    for (root, cluster) in [
        (format!("scps: {{FullAWSAccess: aws, d: {NO_KMS}}}"), String::new()),
        (String::new(), format!("scps: {{FullAWSAccess: aws, d: {NO_KMS}}}")),
    ] {
        let world = members(&root, &cluster, "");
        assert_eq!(verdict(&world, &decrypt(APP, NEAR)), denied("explicit", "scp", CLUSTER));
        let root_user = "arn:aws:iam::111122223333:root";
        assert_eq!(verdict(&world, &decrypt(root_user, NEAR)), denied("explicit", "scp", CLUSTER));
    }
}

#[test]
fn every_level_above_the_caller_must_allow_and_one_policy_of_it_is_enough() {
    let world = members("", &format!("scps: {{s: {ONLY_S3}}}"), "");
    assert_eq!(verdict(&world, &decrypt(APP, NEAR)), denied("implicit", "scp", CLUSTER));
    let world = members("", &format!("scps: {{s: {ONLY_S3}, FullAWSAccess: aws}}"), "");
    assert_eq!(verdict(&world, &decrypt(APP, NEAR)), "allowed");
    let world = members("scps: {}", "", "");
    assert_eq!(verdict(&world, &decrypt(APP, NEAR)), denied("implicit", "scp", CLUSTER));
}

#[test]
fn service_control_of_the_resources_account_does_not_bind_outsiders() {
    let world = members("", "", &format!("scps: {{d: {NO_KMS}}}"));
    assert_eq!(verdict(&world, &decrypt(APP, FAR)), "allowed");
}

#[test]
fn service_control_binds_neither_service_linked_roles_nor_the_management_account() {
    let world = members(&format!("scps: {{FullAWSAccess: aws, d: {NO_KMS}}}"), "", "");
    assert_eq!(verdict(&world, &decrypt(SLR, FAR)), "allowed");
    assert_eq!(verdict(&world, &decrypt(MANAGER, "999999999999:key/top")), "allowed");
}

#[test]
fn resource_control_binds_whoever_uses_the_accounts_resources() {
    let world = members("", "", &format!("rcps: {{RCPFullAWSAccess: aws, d: {RCP}}}"));
    assert_eq!(verdict(&world, &decrypt(APP, FAR)), denied("explicit", "rcp", KEYS));
    assert_eq!(verdict(&world, &decrypt(MANAGER, FAR)), denied("explicit", "rcp", KEYS));
    assert_eq!(verdict(&world, &decrypt(APP, NEAR)), "allowed");
}

#[test]
fn resource_control_spares_what_it_does_not_reach() {
    let world = members(&format!("rcps: {{RCPFullAWSAccess: aws, d: {RCP}}}"), "", "");
    assert_eq!(verdict(&world, &decrypt(APP, "999999999999:key/top")), "allowed", "the management account's resources");
    assert_eq!(verdict(&world, &decrypt(APP, "444455556666:key/aws")), "allowed", "AWS managed keys");
    assert_eq!(verdict(&world, &decrypt(SLR, FAR)), "allowed", "service-linked roles");
    let retire = format!("{}\ngrantId: g", decrypt(SLR, FAR).replace("kms:Decrypt", "kms:RetireGrant"));
    assert_eq!(verdict(&world, &retire), "allowed", "retiring grants");
}

#[test]
fn resource_control_binds_only_services_that_have_it() {
    let everything = RCP.replace("'kms:*'", "['iam:*', 'sts:*']");
    let world = members(&format!("rcps: {{RCPFullAWSAccess: aws, d: {everything}}}"), "", "");
    let asked = "principal: arn:aws:sts::111122223333:assumed-role/app/s
action: iam:GetRole
resource: arn:aws:iam::111122223333:role/app";
    assert_eq!(verdict(&world, asked), "allowed");
    let assume = asked.replace("iam:GetRole", "sts:AssumeRole");
    assert_eq!(verdict(&world, &assume), denied("explicit", "rcp", CLUSTER));
}

#[test]
fn what_of_the_organization_caps_a_grant_is_assumed() {
    let granted = |scps: &str, rcps: &str| {
        a_world(&format!(
            r#"
roles: {{arn:aws:iam::111122223333:role/app: {{}}}}
keys:
  arn:aws:kms:us-west-2:444455556666:key/k:
    grants: [{{grantee: 'arn:aws:iam::111122223333:role/app', operations: [Decrypt]}}]
organization:
  id: o-a
  managementAccount: "999999999999"
  root: {{accounts: {{"111122223333": {{{scps}}}, "444455556666": {{{rcps}}}}}}}
"#
        ))
    };
    let decrypt = decrypt(APP, "444455556666:key/k");
    assert_eq!(verdict(&granted("", ""), &decrypt), "allowed");
    let world = granted(&format!("scps: {{s: {ONLY_S3}}}"), "");
    assert_eq!(verdict(&world, &decrypt), denied("implicit", "scp", CLUSTER));
    let uncapped = Assumptions { kms_grant_scp: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&world, &decrypt, &uncapped), "allowed");
    let world = granted("", "rcps: {}");
    assert_eq!(verdict(&world, &decrypt), denied("implicit", "rcp", KEYS));
    let uncapped = Assumptions { kms_grant_rcp: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&world, &decrypt, &uncapped), "allowed");
}

#[test]
fn whether_the_role_that_attaches_volumes_is_bound_is_assumed() {
    let attaches = "arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-1";
    let world = |scps: &str, rcps: &str| {
        a_world(&format!(
            r#"
accounts: {{"111122223333": {{}}}}
keys:
  arn:aws:kms:us-west-2:444455556666:key/k:
    grants: [{{grantee: '{attaches}', operations: [Decrypt]}}]
organization:
  id: o-a
  managementAccount: "999999999999"
  root: {{accounts: {{"111122223333": {{{scps}}}, "444455556666": {{{rcps}}}}}}}
"#
        ))
    };
    let decrypt = decrypt(attaches, "444455556666:key/k");
    let scp = world(&format!("scps: {{FullAWSAccess: aws, d: {NO_KMS}}}"), "");
    assert_eq!(verdict(&scp, &decrypt), "allowed");
    let bound = Assumptions { org_scp_infrastructure: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&scp, &decrypt, &bound), denied("explicit", "scp", CLUSTER));
    let rcp = world("", &format!("rcps: {{RCPFullAWSAccess: aws, d: {RCP}}}"));
    assert_eq!(verdict(&rcp, &decrypt), denied("explicit", "rcp", KEYS));
    let free = Assumptions { org_rcp_infrastructure: false, ..Assumptions::default() };
    assert_eq!(verdict_if(&rcp, &decrypt, &free), "allowed");
}
