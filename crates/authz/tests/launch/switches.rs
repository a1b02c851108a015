//! Each assumption about launches changes the steps as its sentence says.

use authz::{launch::Capacity, rules::Assumptions};

use crate::{
    fixture::{Case, group, karpenter},
    steps, steps_if, told,
};

/// The steps that are there only without the assumption, and those that are there only with it.
fn changes(case: Case, by_group: bool, off: &str) -> (Vec<String>, Vec<String>) {
    let launcher = if by_group { group() } else { karpenter(Capacity::OnDemand) };
    let launch = case.launched_by(launcher);
    let with = told(&steps(&launch));
    let without = told(&steps_if(&launch, &Assumptions::default().with(off, false).unwrap()));
    let beyond = |these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|step| !those.contains(step)).cloned().collect()
    };
    (beyond(&without, &with), beyond(&with, &without))
}

fn adds(case: Case, by_group: bool, off: &str, expected: &[&str]) {
    assert_eq!(
        changes(case, by_group, off),
        (expected.iter().map(|&step| step.to_owned()).collect(), Vec::new()),
        "{case:?}"
    );
}

#[test]
fn describe_key_and_encrypt_are_called() {
    for case in [Case::OwnImage, Case::PlainImage, Case::EmptyVolume] {
        adds(case, false, "launch-no-describe-key", &["DescribeKey on foreign as KarpenterController"]);
        adds(case, false, "launch-no-encrypt", &["Encrypt on foreign as KarpenterController"]);
    }
}

#[test]
fn re_encrypt_is_called_under_one_key_too() {
    let both = ["ReEncryptFrom on foreign as KarpenterController", "ReEncryptTo on foreign as KarpenterController"];
    for case in [Case::OwnImage, Case::PlainImage, Case::EmptyVolume] {
        adds(case, false, "launch-same-key-no-re-encrypt", &both);
    }
    adds(Case::SharedImage, false, "launch-same-key-no-re-encrypt", &[]);
}

#[test]
fn another_key_is_read_by_decrypt_instead() {
    let (more, less) = changes(Case::OtherKey, false, "launch-other-key-re-encrypt");
    assert_eq!(more, ["Decrypt on foreign as KarpenterController"]);
    assert_eq!(less, ["ReEncryptFrom on foreign as KarpenterController", "ReEncryptTo on own as KarpenterController"]);
}

#[test]
fn the_first_decrypt_of_a_plain_snapshots_volume_is_the_callers() {
    adds(Case::PlainImage, false, "launch-plain-decrypt-caller", &["Decrypt on foreign as KarpenterController"]);
}

#[test]
fn the_grant_lists_more() {
    let launch = Case::OwnImage.launched_by(group());
    let operations = |assumptions: &Assumptions| {
        let steps = steps_if(&launch, assumptions);
        steps[1].request.kms.new_grant.as_ref().unwrap().operations.iter().count()
    };
    assert_eq!(operations(&Assumptions::default()), 1);
    assert_eq!(operations(&Assumptions { launch_grant_operations: false, ..Assumptions::default() }), 3);
}

#[test]
fn the_node_role_takes_part() {
    for case in Case::ALL {
        let key = match case {
            Case::OwnImage | Case::PlainImage | Case::EmptyVolume => "foreign",
            Case::OtherKey => "own",
            Case::SharedImage | Case::DefaultKey => "aws/ebs",
        };
        adds(case, true, "launch-not-node-role", &[&format!("Decrypt on {key} as AmazonEKSNodeRole")]);
    }
}

#[test]
fn the_guides_whole_list_is_needed_of_a_foreign_key() {
    let rest = ["DescribeKey", "GenerateDataKey", "Encrypt", "ReEncryptFrom", "ReEncryptTo"]
        .map(|call| format!("{call} on foreign as AWSServiceRoleForAutoScaling"));
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    for case in [Case::OwnImage, Case::PlainImage, Case::EmptyVolume] {
        adds(case, true, "launch-foreign-grant-minimum", &rest);
        adds(case, false, "launch-foreign-grant-minimum", &[]);
    }
    for case in [Case::SharedImage, Case::DefaultKey, Case::OtherKey] {
        adds(case, true, "launch-foreign-grant-minimum", &[]);
    }
}
