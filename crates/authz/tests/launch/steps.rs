//! The calls of one launch, in their order, and what each carries.

use std::collections::BTreeSet;

use authz::{
    launch::{Call, Capacity, Launch, Phase, Volume, VolumeKey},
    rules::Assumptions,
    world::{ContextConstraint, GrantOperation},
};

use crate::{
    fixture::{Case, FOREIGN, group, karpenter, key},
    steps, steps_if, told,
};

fn launched(case: Case) -> Launch {
    case.launched_by(karpenter(Capacity::OnDemand))
}

#[test]
fn a_volume_under_its_snapshots_key() {
    let expected = [
        "GenerateDataKeyWithoutPlaintext on foreign as KarpenterController",
        "CreateGrant on foreign as KarpenterController",
        "Decrypt on foreign as aws:ec2-infrastructure",
    ];
    assert_eq!(told(&steps(&launched(Case::OwnImage))), expected);
    // A shared image with its own key named for the volume is the same.
    let mut named = launched(Case::SharedImage);
    named.volumes[0].key = VolumeKey::Named(key(FOREIGN));
    assert_eq!(told(&steps(&named)), expected);
}

#[test]
fn a_volume_under_another_key_than_its_snapshots() {
    let expected = [
        "GenerateDataKeyWithoutPlaintext on aws/ebs as AWSServiceRoleForAutoScaling",
        "ReEncryptFrom on foreign as AWSServiceRoleForAutoScaling",
        "ReEncryptTo on aws/ebs as AWSServiceRoleForAutoScaling",
        "CreateGrant on aws/ebs as AWSServiceRoleForAutoScaling",
        "Decrypt on aws/ebs as aws:ec2-infrastructure",
    ];
    assert_eq!(told(&steps(&Case::SharedImage.launched_by(group()))), expected);
    let other = expected.map(|step| step.replace("aws/ebs", "own"));
    assert_eq!(told(&steps(&Case::OtherKey.launched_by(group()))), other);
}

#[test]
fn an_encrypted_volume_of_a_plain_snapshot() {
    let expected = [
        "CreateGrant on foreign as KarpenterController",
        "GenerateDataKeyWithoutPlaintext on foreign as KarpenterController",
        "Decrypt on foreign as aws:ec2-infrastructure",
        "CreateGrant on foreign as KarpenterController",
        "Decrypt on foreign as aws:ec2-infrastructure",
    ];
    let steps = steps(&launched(Case::PlainImage));
    assert_eq!(told(&steps), expected);
    let phases: Vec<Phase> = steps.iter().map(|step| step.phase).collect();
    use Phase::{Attach, Create};
    assert_eq!(phases, [Create, Create, Create, Attach, Attach]);
}

#[test]
fn volumes_are_made_one_after_the_other() {
    let mut launch = launched(Case::OwnImage);
    launch.volumes.push(Volume { device: "/dev/xvdb".into(), snapshot: None, key: VolumeKey::Default });
    let steps = steps(&launch);
    let devices: Vec<&str> = steps.iter().map(|step| &*step.device).collect();
    assert_eq!(devices, ["/dev/xvda"; 3].into_iter().chain(["/dev/xvdb"; 3]).collect::<Vec<_>>());
    assert_eq!(told(&steps)[3], "GenerateDataKeyWithoutPlaintext on aws/ebs as KarpenterController");
}

#[test]
fn the_callers_calls_come_through_ec2_and_the_infrastructures_do_not() {
    for step in steps(&launched(Case::PlainImage)) {
        let own = told(std::slice::from_ref(&step))[0].ends_with("aws:ec2-infrastructure");
        let through: Vec<&str> = step.request.through.iter().map(|service| &**service).collect();
        assert_eq!(through, if own { &[][..] } else { &["ec2.amazonaws.com"] });
        assert_eq!(step.request.region.unwrap().as_str(), "us-west-2");
    }
    let not = Assumptions { kms_cond_via_infrastructure: false, ..Assumptions::default() };
    let all = steps_if(&launched(Case::PlainImage), &not);
    assert!(all.iter().all(|step| step.request.through.len() == 1));
}

#[test]
fn the_grant_is_for_ec2_to_decrypt_this_volume_only() {
    let steps = steps(&launched(Case::OwnImage));
    let grant = steps[1].request.kms.new_grant.as_ref().unwrap();
    assert_eq!(grant.operations.iter().collect::<Vec<_>>(), [GrantOperation::Decrypt]);
    assert!(grant.grantee.to_string().starts_with("arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-"));
    let Some(ContextConstraint::Subset(pairs)) = &grant.constraints.encryption_context else { panic!("constrained") };
    assert_eq!(pairs, &steps[0].request.kms.encryption_context);
    assert_eq!(pairs.pairs().map(|(key, _)| key).collect::<Vec<_>>(), ["aws:ebs:id"]);
}

/// Rule: `launch-calls-joined`. Only what is about a snapshot of the owner's own tells that one's volume, which nobody
/// knows.
#[test]
fn every_call_for_a_volume_tells_its_id() {
    for launcher in [karpenter(Capacity::OnDemand), karpenter(Capacity::Spot), group()] {
        for case in Case::ALL {
            let steps = steps(&case.launched_by(launcher.clone()));
            let id = |step: &authz::launch::Step| {
                let of_grant = step.request.kms.new_grant.as_ref().map(|grant| &grant.constraints.encryption_context);
                let pairs = match of_grant {
                    Some(Some(ContextConstraint::Subset(pairs))) => pairs,
                    Some(other) => panic!("{other:?}"),
                    None => &step.request.kms.encryption_context,
                };
                pairs.pairs().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
            };
            let of_volume = steps.iter().filter(|step| step.call != Call::ReEncryptFrom);
            let ids: BTreeSet<_> = of_volume.map(id).collect();
            assert!(ids.len() <= 1 && ids.iter().all(|id| id.starts_with("aws:ebs:id=vol-")), "{case:?}: {ids:?}");
        }
    }
}

#[test]
fn of_which_volume_a_snapshot_was_made_is_not_known() {
    let from = &steps(&launched(Case::SharedImage))[1];
    assert!(from.request.kms.encryption_context_is_partial && from.request.kms.encryption_context.is_empty());
}

/// Rule: `launch-dry-run-without-kms`.
#[test]
fn a_dry_run_asks_nothing_as_far_as_that_is_assumed() {
    let launch = launched(Case::OwnImage);
    assert!(launch.steps_of_dry_run(&Assumptions::default()).unwrap().is_empty());
    let not = Assumptions { launch_dry_run_without_kms: false, ..Assumptions::default() };
    assert_eq!(told(&launch.steps_of_dry_run(&not).unwrap()), told(&steps(&launch)));
}
