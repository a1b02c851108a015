//! What the controller's role needs (lines 8 to 16, 27 to 38 and 66).

use authz::{
    file::{NoFiles, world},
    launch::{Capacity, Launch, Launcher},
    text::SourceText,
};

use crate::{
    fixture::{AUTO_SCALING, CONTROLLER, Case, FOREIGN, group, karpenter},
    setup::{ALL, CREATE_GRANT, EIGHT, FOR_CLUSTER, SIX, Setup, create_grant, failing, grant_to},
};

pub(crate) fn by_karpenter(case: Case) -> Launch {
    case.launched_by(karpenter(Capacity::OnDemand))
}

/// The cases in which the foreign key is touched.
const FOREIGN_CASES: [Case; 4] = [Case::OwnImage, Case::SharedImage, Case::OtherKey, Case::PlainImage];

#[test]
pub(crate) fn both_sides_open_the_key_to_the_controller() {
    let both = Setup { key_policy: FOR_CLUSTER.into(), controller: SIX.into(), ..Setup::default() };
    let only_key = Setup { key_policy: FOR_CLUSTER.into(), ..Setup::default() };
    for case in FOREIGN_CASES {
        assert!(both.works(&by_karpenter(case)), "{case:?}");
        assert!(!only_key.works(&by_karpenter(case)), "{case:?}");
    }
}

#[test]
pub(crate) fn iam_alone_opens_nothing() {
    let only_iam = Setup { controller: ALL.into(), ..Setup::default() };
    for case in FOREIGN_CASES {
        let forecast = only_iam.forecast(&by_karpenter(case));
        let failing = forecast.failing().unwrap();
        assert_eq!(&*failing.step.request.resource.arn, FOREIGN, "{case:?}");
        let authz::decision::Verdict::Denied(denial) = &failing.explanation.verdict else { panic!("denied") };
        assert_eq!(denial.account.unwrap().as_str(), crate::fixture::KEYS, "{case:?}");
    }
}

/// Whether the controller's launch works with everything but one action, on both sides.
fn works_without(action: &str, case: Case) -> bool {
    let but = |statement: &str, principal: &str| {
        format!("{statement}, {{Effect: Deny, {principal}Action: 'kms:{action}', Resource: '{FOREIGN}'}}")
    };
    let setup = Setup { key_policy: FOR_CLUSTER.into(), controller: but(SIX, ""), ..Setup::default() };
    setup.works(&by_karpenter(case))
}

/// The cases that need the action.
fn needs(action: &str) -> Vec<Case> {
    FOREIGN_CASES.into_iter().filter(|case| !works_without(action, *case)).collect()
}

#[test]
pub(crate) fn encrypt_is_in_no_step() {
    assert_eq!(needs("Encrypt"), []);
}

#[test]
pub(crate) fn decrypt_is_for_the_grant_to_pass_on_only() {
    // Who may CreateGrant by a policy may grant Decrypt without having it.
    assert_eq!(needs("Decrypt"), []);
    // Who may by a grant passes on what that grant gives.
    let granted = |operations: &str| {
        let setup = Setup { grants: vec![grant_to(CONTROLLER, operations)], ..Setup::default() };
        failing(&setup.forecast(&by_karpenter(Case::OwnImage)))
    };
    assert_eq!(granted("GenerateDataKeyWithoutPlaintext, CreateGrant, Decrypt"), "");
    assert_eq!(granted("GenerateDataKeyWithoutPlaintext, CreateGrant"), "CreateGrant as KarpenterController");
}

#[test]
pub(crate) fn re_encrypt_is_for_a_volume_under_another_key() {
    assert_eq!(needs("ReEncryptFrom"), [Case::SharedImage, Case::OtherKey]);
    assert_eq!(needs("ReEncryptTo"), [], "the other key is not the foreign one");
}

#[test]
pub(crate) fn of_the_data_key_actions_one_is_called() {
    assert_eq!(needs("GenerateDataKeyWithoutPlaintext"), [Case::OwnImage, Case::PlainImage]);
    assert_eq!(needs("GenerateDataKey"), []);
    assert_eq!(needs("GenerateDataKeyPair"), []);
}

#[test]
pub(crate) fn describe_key_is_in_no_step() {
    assert_eq!(needs("DescribeKey"), []);
}

#[test]
pub(crate) fn create_grant_is_for_a_volume_under_the_foreign_key() {
    assert_eq!(needs("CreateGrant"), [Case::OwnImage, Case::PlainImage]);
}

#[test]
pub(crate) fn create_grant_alone_is_not_all_that_the_controller_needs() {
    let setup = Setup { key_policy: FOR_CLUSTER.into(), controller: CREATE_GRANT.into(), ..Setup::default() };
    for (case, expected) in [
        (Case::OwnImage, "GenerateDataKeyWithoutPlaintext as KarpenterController"),
        (Case::SharedImage, "ReEncryptFrom as KarpenterController"),
        (Case::OtherKey, "ReEncryptFrom as KarpenterController"),
        (Case::PlainImage, "GenerateDataKeyWithoutPlaintext as KarpenterController"),
    ] {
        assert_eq!(failing(&setup.forecast(&by_karpenter(case))), expected, "{case:?}");
    }
    assert_eq!(create_grant(&mut setup.world(), CONTROLLER, AUTO_SCALING), "allowed");
    // With a grant of the whole list it is not needed.
    let granted = Setup { grants: vec![grant_to(CONTROLLER, EIGHT)], ..Setup::default() };
    assert!(granted.works(&by_karpenter(Case::OwnImage)));
}

#[test]
pub(crate) fn create_grant_added_to_the_rest_lets_karpenter_launch() {
    let rest = SIX.replace(", 'kms:CreateGrant'", "");
    let before = Setup { key_policy: FOR_CLUSTER.into(), controller: rest.clone(), ..Setup::default() };
    let granted = Setup { grants: vec![grant_to(AUTO_SCALING, EIGHT)], ..before.clone() };
    for setup in [before, granted] {
        let launch = by_karpenter(Case::OwnImage);
        assert_eq!(failing(&setup.forecast(&launch)), "CreateGrant as KarpenterController");
        let added = Setup { controller: format!("{rest}, {CREATE_GRANT}"), ..setup };
        assert!(added.works(&launch), "with and without the grant to the autoscaling role");
    }
}

#[test]
pub(crate) fn the_recipe_as_a_whole_serves_groups_and_not_karpenter() {
    let recipe = Setup {
        controller: format!("{SIX}, {CREATE_GRANT}"),
        node: SIX.into(),
        grants: vec![grant_to(AUTO_SCALING, EIGHT)],
        ..Setup::default()
    };
    // What it leaves out is a key policy for the cluster's account.
    let with_key_policy = Setup { key_policy: FOR_CLUSTER.into(), ..recipe.clone() };
    for case in FOREIGN_CASES {
        for capacity in [Capacity::OnDemand, Capacity::Spot] {
            let launch = case.launched_by(karpenter(capacity));
            let failed = failing(&recipe.forecast(&launch));
            assert!(failed.ends_with(" as KarpenterController"), "{case:?} {capacity:?}: {failed}");
            assert!(with_key_policy.works(&launch), "{case:?} {capacity:?}");
        }
        for launcher in [group(), Launcher::NodeGroup] {
            assert!(recipe.works(&case.launched_by(launcher)), "{case:?}");
        }
    }
}

#[test]
pub(crate) fn a_condition_sees_the_keys_tags() {
    let tagged = |team: &str| Setup {
        key_policy: FOR_CLUSTER.into(),
        key: "tags: {team: platform}".into(),
        controller: format!(
            "{{Effect: Allow, Action: 'kms:*', Resource: '*', Condition: {{StringEquals: {{'aws:ResourceTag/team': \
             {team}}}}}}}"
        ),
        // The grant has no place for a tag, and none is asked of it.
        grants: vec![grant_to(CONTROLLER, "DescribeKey")],
        ..Setup::default()
    };
    assert!(tagged("platform").works(&by_karpenter(Case::OwnImage)));
    assert!(!tagged("payments").works(&by_karpenter(Case::OwnImage)));
    let grant = grant_to(CONTROLLER, "DescribeKey").replacen('{', "{tags: {team: platform}, ", 1);
    let text = SourceText::new("world", format!("keys: {{'{FOREIGN}': {{grants: [{grant}]}}}}"));
    let refused = world::read(&text, &NoFiles).unwrap_err();
    assert!(refused.to_string().contains("tags"), "{refused}");
}
