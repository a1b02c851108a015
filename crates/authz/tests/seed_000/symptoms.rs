//! What is seen (lines 5 and 52).

use authz::{launch::Shown, rules::Assumptions};

use crate::{
    fixture::Case,
    permissions::by_karpenter,
    setup::{FOR_CLUSTER, SIX, Setup},
};

const CODE: Option<&str> = Some("Client.InvalidKMSKey.InvalidState");

fn state_reason(setup: &Setup) -> Option<&'static str> {
    let forecast = setup.forecast(&by_karpenter(Case::OwnImage));
    forecast.symptoms.iter().find(|seen| seen.shown == Shown::StateReason)?.code
}

#[test]
pub(crate) fn without_a_remedy_the_node_dies_with_the_seeds_code() {
    assert_eq!(state_reason(&Setup::default()), CODE);
}

#[test]
pub(crate) fn the_code_tells_no_denial_from_a_key_state() {
    let disabled = Setup {
        key_policy: FOR_CLUSTER.into(),
        controller: SIX.into(),
        key: "state: Disabled".into(),
        ..Setup::default()
    };
    assert_eq!(state_reason(&disabled), CODE);
    let kms = |setup: &Setup| setup.forecast(&by_karpenter(Case::OwnImage)).kms_error(&Assumptions::default());
    assert_eq!(kms(&disabled), Some("DisabledException"));
    assert_eq!(kms(&Setup::default()), Some("AccessDeniedException"));
}

#[test]
pub(crate) fn cloud_trail_has_the_denial_with_its_caller() {
    let setup = Setup { key_policy: FOR_CLUSTER.into(), ..Setup::default() };
    let forecast = setup.forecast(&by_karpenter(Case::OwnImage));
    let words = forecast.denial(&Assumptions::default()).unwrap().message;
    assert!(words.contains("KarpenterController"), "{words}");
    assert!(!words.contains("AmazonEKSNodeRole"), "{words}");
    assert!(words.contains("kms:GenerateDataKeyWithoutPlaintext"), "{words}");
}
