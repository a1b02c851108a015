//! What is seen (lines 5, 43 and 52).

use authz::{decision::Gate, launch::Shown, rules::Assumptions};

use crate::{
    fixture::{AUTO_SCALING, Case, group},
    permissions::by_karpenter,
    setup::{EIGHT, FOR_CLUSTER, SIX, Setup},
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

/// Rule: `kms-grant-use-not-told`.
#[test]
pub(crate) fn the_record_of_a_call_tells_no_grant_that_allowed_it() {
    let launch = Case::OwnImage.launched_by(group());
    let launched = |id: &str| {
        let grant = format!("{{id: {id}, grantee: '{AUTO_SCALING}', operations: [{EIGHT}]}}");
        Setup { grants: vec![grant], ..Setup::default() }.forecast(&launch)
    };
    let [one, other] = ["one", "other"].map(launched);
    // What a record can hold is the same whichever grant it was, and has no id of it.
    let records = |forecast: &authz::launch::Forecast| -> Vec<String> {
        forecast.steps.iter().map(|step| format!("{:?}", step.step.request)).collect()
    };
    assert_eq!(records(&one), records(&other));
    // Which it was, only who knows the key's grants can tell: of the data key the one, of Decrypt what the launch made.
    let gives = |forecast: &authz::launch::Forecast, step: usize| -> Vec<String> {
        let gates = &forecast.steps[step].explanation.gates;
        let grants = gates.iter().filter(|gate| gate.gate == Gate::Grants).flat_map(|gate| &gate.grants);
        grants.filter(|grant| grant.gives.is_true()).map(|grant| grant.grant.id.to_string()).collect()
    };
    assert_eq!((gives(&one, 0), gives(&other, 0)), (vec!["one".to_owned()], vec!["other".to_owned()]));
    // That a grant is made is a call of its own.
    let made = one.steps.iter().filter(|step| step.step.request.kms.new_grant.is_some());
    assert_eq!(made.map(|step| step.step.call.action()).collect::<Vec<_>>(), ["kms:CreateGrant"]);
}
