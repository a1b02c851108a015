//! The role of the nodes, which the seed and the reporter of issue 2052 give permissions (lines 18, 49 and 56).

use authz::{
    decision::Gate,
    rules::{self, Assumptions},
};

use crate::{
    fixture::{Case, group},
    permissions::by_karpenter,
    setup::{ALL, EIGHT, FOR_CLUSTER, SIX, Setup, grant_to, works_if},
};

const NOTHING_OF_KMS: &str = "{Effect: Deny, Action: 'kms:*', Resource: '*'}";

#[test]
pub(crate) fn permissions_of_the_node_role_have_no_effect() {
    let before = Setup { key_policy: FOR_CLUSTER.into(), ..Setup::default() };
    let edited = Setup { node: ALL.into(), ..before.clone() };
    for case in Case::ALL {
        for launch in [by_karpenter(case), case.launched_by(group())] {
            let (before, after) = (before.forecast(&launch), edited.forecast(&launch));
            assert_eq!(before.obstacle, after.obstacle, "{case:?}");
            assert_eq!(before.steps.len(), after.steps.len(), "{case:?}");
            assert!(after.rules().contains(&&rules::LAUNCH_NOT_NODE_ROLE), "and that is told");
        }
    }
}

#[test]
pub(crate) fn a_node_role_that_is_denied_everything_of_kms_launches() {
    let setup = Setup {
        key_policy: FOR_CLUSTER.into(),
        controller: SIX.into(),
        node: NOTHING_OF_KMS.into(),
        ..Setup::default()
    };
    for case in Case::ALL {
        assert!(setup.works(&by_karpenter(case)), "{case:?}");
    }
    // That it takes no part is an assumption: were it wrong, this would not launch.
    let not = Assumptions { launch_not_node_role: false, ..Assumptions::default() };
    assert!(!works_if(&by_karpenter(Case::OwnImage), &setup.world(), &not));
}

#[test]
pub(crate) fn with_a_grant_the_node_role_still_needs_nothing() {
    let granted = Setup {
        node: NOTHING_OF_KMS.into(),
        grants: vec![grant_to(crate::fixture::AUTO_SCALING, EIGHT)],
        ..Setup::default()
    };
    assert!(granted.works(&Case::OwnImage.launched_by(group())));
}

#[test]
pub(crate) fn what_decrypts_is_ec2_itself_by_the_launchers_grant() {
    let setup = Setup { key_policy: FOR_CLUSTER.into(), controller: SIX.into(), ..Setup::default() };
    let forecast = setup.forecast(&by_karpenter(Case::OwnImage));
    let decrypt = forecast.steps.last().unwrap();
    let grants = decrypt.explanation.gates.iter().find(|gate| gate.gate == Gate::Grants).unwrap();
    let gives: Vec<&str> =
        grants.grants.iter().filter(|grant| grant.gives.is_true()).map(|grant| &*grant.grant.id).collect();
    assert_eq!(gives, ["made by step 2 of the launch"]);
}
