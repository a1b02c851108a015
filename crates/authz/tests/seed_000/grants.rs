//! The grant: from which account, for whom, on which key, for how long (lines 20 to 25, 41, 47, 54, 61).

use authz::{
    launch::{Launch, Launcher, Obstacle},
    rules::Assumptions,
    world::{GrantPrincipal, World},
};

use crate::{
    fixture::{AUTO_SCALING, CLUSTER, Case, FOREIGN, KEYS, SPOT, arn, group, key},
    permissions::by_karpenter,
    setup::{
        ADMIN, ALL, CREATE_GRANT, EIGHT, FOR_CLUSTER, KEY_ADMIN, SIX, Setup, create_grant, forecast, grant_to, works,
        works_if,
    },
};

fn by_group(case: Case) -> Launch {
    case.launched_by(group())
}

fn denied(gate: &str, account: &str) -> String {
    format!("{{denied: implicit, gate: {gate}, account: \"{account}\"}}")
}

#[test]
pub(crate) fn from_the_keys_account_its_own_permission_is_enough() {
    let mut world = Setup::default().world();
    assert_eq!(create_grant(&mut world, KEY_ADMIN, AUTO_SCALING), "allowed");
    assert!(works(&by_group(Case::OwnImage), &world));
}

#[test]
pub(crate) fn from_the_groups_account_both_sides_must_let_the_grant_be_made() {
    let both = Setup { key_policy: FOR_CLUSTER.into(), admin: CREATE_GRANT.into(), ..Setup::default() };
    let made = |setup: &Setup| create_grant(&mut setup.world(), ADMIN, AUTO_SCALING);
    assert_eq!(made(&both), "allowed");
    assert_eq!(made(&Setup { key_policy: String::new(), ..both.clone() }), denied("key-policy", KEYS));
    assert_eq!(made(&Setup { admin: String::new(), ..both }), denied("identity", CLUSTER));
}

#[test]
pub(crate) fn a_grant_from_either_account_lets_the_group_launch() {
    let setup = Setup { key_policy: FOR_CLUSTER.into(), admin: CREATE_GRANT.into(), ..Setup::default() };
    for by in [KEY_ADMIN, ADMIN] {
        let mut world = setup.world();
        assert!(!works(&by_group(Case::OwnImage), &world));
        assert_eq!(create_grant(&mut world, by, AUTO_SCALING), "allowed", "{by}");
        for case in Case::OF_IMAGES {
            assert!(works(&by_group(case), &world), "{case:?} by {by}");
        }
    }
}

#[test]
pub(crate) fn for_aws_resources_only_is_not_for_who_makes_the_grant_by_hand() {
    let condition = ", Condition: {Bool: {'kms:GrantIsForAWSResource': true}}}";
    let copied = |statement: &str| format!("{}{condition}", statement.strip_suffix('}').unwrap());
    let both = Setup { key_policy: FOR_CLUSTER.into(), admin: CREATE_GRANT.into(), ..Setup::default() };
    let made = |setup: &Setup| create_grant(&mut setup.world(), ADMIN, AUTO_SCALING);
    assert_eq!(made(&Setup { admin: copied(CREATE_GRANT), ..both.clone() }), denied("identity", CLUSTER));
    assert_eq!(made(&Setup { key_policy: copied(FOR_CLUSTER), ..both.clone() }), denied("key-policy", KEYS));
    // The controller, for whom EC2 calls, meets it.
    let launching = Setup { controller: format!("{SIX}, {}", copied(CREATE_GRANT)), ..both };
    assert!(launching.works(&by_karpenter(Case::OwnImage)));
}

#[test]
pub(crate) fn the_group_launches_by_the_grant_and_karpenter_does_not() {
    let setup = Setup { grants: vec![grant_to(AUTO_SCALING, EIGHT)], ..Setup::default() };
    for case in [Case::OwnImage, Case::SharedImage, Case::OtherKey, Case::PlainImage] {
        assert!(setup.works(&by_group(case)), "{case:?}");
        assert!(setup.works(&case.launched_by(Launcher::NodeGroup)), "{case:?}");
        assert!(!setup.works(&by_karpenter(case)), "{case:?}");
    }
}

#[test]
pub(crate) fn karpenter_needs_no_grant_that_somebody_makes() {
    let setup = Setup { key_policy: FOR_CLUSTER.into(), controller: SIX.into(), ..Setup::default() };
    assert!(setup.world().key(&key(FOREIGN)).unwrap().grants.iter().next().is_none());
    assert!(setup.works(&by_karpenter(Case::OwnImage)));
    let named = format!("{{Effect: Allow, Principal: {{AWS: '{AUTO_SCALING}'}}, Action: 'kms:*', Resource: '*'}}");
    assert!(!Setup { key_policy: named, ..setup }.works(&by_group(Case::OwnImage)));
}

#[test]
pub(crate) fn naming_a_foreign_service_linked_role_in_the_key_policy_is_inert() {
    let named = format!("{{Effect: Allow, Principal: {{AWS: '{AUTO_SCALING}'}}, Action: 'kms:*', Resource: '*'}}");
    let setup = Setup { key_policy: named, ..Setup::default() };
    let forecast = setup.forecast(&by_group(Case::OwnImage));
    let authz::decision::Verdict::Denied(denial) = &forecast.failing().unwrap().explanation.verdict else {
        panic!("denied")
    };
    // The key policy let it in; its own account did not, and nobody can change that role's policies.
    assert_eq!((denial.gate, denial.account.unwrap().as_str()), (authz::decision::Gate::Identity, CLUSTER));
}

#[test]
pub(crate) fn three_of_the_eight_operations_are_called_under_one_key() {
    let with = |operations: &str| {
        let setup = Setup { grants: vec![grant_to(AUTO_SCALING, operations)], ..Setup::default() };
        [Case::OwnImage, Case::PlainImage, Case::SharedImage].map(|case| setup.works(&by_group(case)))
    };
    assert_eq!(with(EIGHT), [true, true, true]);
    assert_eq!(with("CreateGrant, Decrypt, GenerateDataKeyWithoutPlaintext"), [true, true, false]);
    // For a volume under another key, the foreign one is only read.
    assert_eq!(with("ReEncryptFrom"), [false, false, true]);
    for missing in ["CreateGrant, Decrypt", "CreateGrant, GenerateDataKeyWithoutPlaintext"] {
        assert_eq!(with(missing), [false, false, false], "{missing}");
    }
    let three = grant_to(AUTO_SCALING, "CreateGrant, Decrypt, GenerateDataKeyWithoutPlaintext");
    let world = Setup { grants: vec![three], ..Setup::default() }.world();
    for off in
        ["launch-foreign-grant-minimum", "launch-no-describe-key", "launch-no-encrypt", "launch-grant-operations"]
    {
        let not = Assumptions::default().with(off, false).unwrap();
        assert!(!works_if(&by_group(Case::OwnImage), &world, &not), "{off}");
    }
}

#[test]
pub(crate) fn each_region_has_its_own_key_and_grant() {
    let west = "arn:aws:kms:eu-west-1:444455556666:key/1a2b3c4d-5e6f-1a2b-3c4d-5e6f1a2b3c4d";
    let there = |grants: &str| {
        Setup {
            grants: vec![grant_to(AUTO_SCALING, EIGHT)],
            more: format!("  {west}: {{grants: [{grants}]}}"),
            ..Setup::default()
        }
        .world()
    };
    let mut launch = by_group(Case::OwnImage);
    launch.region = "eu-west-1".parse().unwrap();
    // The snapshot's copy in the other region is under a key of that region.
    launch.volumes[0].snapshot.as_mut().unwrap().key = Some(key(west));
    assert!(!works(&launch, &there("")));
    assert!(works(&launch, &there(&grant_to(AUTO_SCALING, EIGHT))));
    launch.volumes[0].snapshot.as_mut().unwrap().key = Some(key(FOREIGN));
    let forecast = forecast(&launch, &there(""), &Assumptions::default());
    assert_eq!(forecast.obstacle, Some(Obstacle::OtherRegion(key(FOREIGN))));
}

#[test]
pub(crate) fn a_grant_serves_its_key_and_no_successor() {
    let successor = "arn:aws:kms:us-west-2:444455556666:key/2b3c4d5e-5e6f-1a2b-3c4d-5e6f1a2b3c4d";
    let setup =
        Setup { grants: vec![grant_to(AUTO_SCALING, EIGHT)], more: format!("  {successor}: {{}}"), ..Setup::default() };
    let mut launch = by_group(Case::OwnImage);
    assert!(setup.works(&launch));
    launch.volumes[0].snapshot.as_mut().unwrap().key = Some(key(successor));
    assert!(!setup.works(&launch));
}

#[test]
pub(crate) fn a_grant_for_another_arn_has_no_effect() {
    for grantee in [
        // The same role in the key's account, the role without its path, the account's other service-linked role.
        "arn:aws:iam::444455556666:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
        "arn:aws:iam::111122223333:role/AWSServiceRoleForAutoScaling",
        SPOT,
    ] {
        let setup = Setup { grants: vec![grant_to(grantee, EIGHT)], ..Setup::default() };
        assert!(!setup.works(&by_group(Case::OwnImage)), "{grantee}");
    }
    assert!(Setup { grants: vec![grant_to(AUTO_SCALING, EIGHT)], ..Setup::default() }.works(&by_group(Case::OwnImage)));
}

#[test]
pub(crate) fn a_service_linked_role_made_anew_needs_a_new_grant() {
    let old = format!("{{grantee: '{AUTO_SCALING}', granteeId: AROAOLD, operations: [{EIGHT}]}}");
    let mut world = Setup { grants: vec![old], ..Setup::default() }.world();
    assert!(!works(&by_group(Case::OwnImage), &world));
    let not = Assumptions { slr_recreated: false, ..Assumptions::default() };
    assert!(works_if(&by_group(Case::OwnImage), &world, &not));
    assert_eq!(create_grant(&mut world, KEY_ADMIN, AUTO_SCALING), "allowed");
    assert!(works(&by_group(Case::OwnImage), &world));
}

#[test]
pub(crate) fn the_service_linked_role_exists_before_the_group_launches() {
    let mut world: World = Setup { grants: vec![grant_to(AUTO_SCALING, EIGHT)], ..Setup::default() }.world();
    let granted = world.key(&key(FOREIGN)).unwrap().grants.of(&GrantPrincipal::Role(arn(AUTO_SCALING))).len();
    assert_eq!(granted, 1);
    world.remove_identity(&arn(AUTO_SCALING)).unwrap();
    let forecast = forecast(&by_group(Case::OwnImage), &world, &Assumptions::default());
    assert!(matches!(forecast.obstacle, Some(Obstacle::NoCaller(_))));
}

#[test]
pub(crate) fn the_reporters_way_launches_node_groups() {
    // First the worker role was edited, then a grant made in the key's account for a role of before, at last a new grant
    // from the cluster's account, with CreateGrant in IAM.
    let old = format!("{{grantee: '{AUTO_SCALING}', granteeId: AROAOLD, operations: [{EIGHT}]}}");
    let setup = Setup {
        key_policy: FOR_CLUSTER.into(),
        node: ALL.into(),
        admin: CREATE_GRANT.into(),
        grants: vec![old],
        ..Setup::default()
    };
    let mut world = setup.world();
    let node_group = Case::OwnImage.launched_by(Launcher::NodeGroup);
    assert!(!works(&node_group, &world));
    assert_eq!(create_grant(&mut world, ADMIN, AUTO_SCALING), "allowed");
    assert!(works(&node_group, &world));
    assert!(!works(&by_karpenter(Case::OwnImage), &world), "of Karpenter it tells nothing");
}
