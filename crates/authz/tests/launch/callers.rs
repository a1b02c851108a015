//! Who calls KMS, launcher by launcher.

use authz::{
    launch::{Capacity, FleetKind, GroupTemplate, Launcher},
    principal::Principal,
    rules::Assumptions,
};

use crate::{
    caller,
    fixture::{self, Case, arn, karpenter},
    steps, steps_if,
};

/// The first caller and the rules by which it is the caller.
fn called_by(launcher: Launcher) -> (String, Vec<&'static str>) {
    called_by_if(launcher, &Assumptions::default())
}

fn called_by_if(launcher: Launcher, assumptions: &Assumptions) -> (String, Vec<&'static str>) {
    let steps = steps_if(&Case::OwnImage.launched_by(launcher), assumptions);
    let rules = steps[0].rules.iter().map(|rule| rule.id).filter(|id| id.ends_with("-caller"));
    (caller(&steps[0]), rules.collect())
}

fn says(name: &str, rules: &[&'static str]) -> (String, Vec<&'static str>) {
    (name.to_owned(), rules.to_vec())
}

#[test]
fn each_launcher_has_its_caller() {
    let ann = || Principal::User(arn("arn:aws:iam::111122223333:user/ann"));
    let group = |from, capacity| Launcher::AutoScaling { suffix: None, from, capacity };
    use Capacity::{OnDemand, Spot};
    use GroupTemplate::{LaunchConfiguration, LaunchTemplate};
    for (launcher, name, rules) in [
        (Launcher::RunInstances(ann()), "ann", &["launch-run-instances-caller"][..]),
        (karpenter(OnDemand), "KarpenterController", &["launch-karpenter-caller"]),
        (karpenter(Spot), "KarpenterController", &["launch-karpenter-spot-caller"]),
        (Launcher::Fleet(FleetKind::Instant(ann())), "ann", &["launch-fleet-instant-caller"]),
        (Launcher::Fleet(FleetKind::Request), "AWSServiceRoleForEC2Fleet", &["launch-fleet-caller"]),
        (Launcher::Fleet(FleetKind::Maintain), "AWSServiceRoleForEC2Fleet", &["launch-fleet-caller"]),
        (Launcher::SpotRequest, "AWSServiceRoleForEC2Spot", &["launch-spot-request-caller"]),
        (group(LaunchTemplate, OnDemand), "AWSServiceRoleForAutoScaling", &["launch-auto-scaling-caller"]),
        (group(LaunchConfiguration, OnDemand), "AWSServiceRoleForAutoScaling", &["launch-auto-scaling-caller"]),
        (group(LaunchTemplate, Spot), "AWSServiceRoleForAutoScaling", &["launch-auto-scaling-spot-caller"]),
        (group(LaunchConfiguration, Spot), "AWSServiceRoleForEC2Spot", &["launch-auto-scaling-spot-caller"]),
        (
            Launcher::NodeGroup,
            "AWSServiceRoleForAutoScaling",
            &["launch-node-group-caller", "launch-auto-scaling-caller"],
        ),
        (Launcher::EbsCsi { controller: arn("arn:aws:iam::111122223333:role/ebs") }, "ebs", &["launch-ebs-csi-caller"]),
        (
            Launcher::AutoMode { cluster_role: arn("arn:aws:iam::111122223333:role/cluster") },
            "cluster",
            &["launch-auto-mode-caller"],
        ),
    ] {
        assert_eq!(called_by(launcher.clone()), says(name, rules), "{launcher:?}");
    }
}

#[test]
fn a_group_may_have_a_service_linked_role_of_its_own() {
    let group = |suffix: &str| Launcher::AutoScaling {
        suffix: Some(suffix.into()),
        from: GroupTemplate::LaunchTemplate,
        capacity: Capacity::OnDemand,
    };
    assert_eq!(called_by(group("batch")).0, "AWSServiceRoleForAutoScaling_batch");
    let launch = Case::OwnImage.launched_by(group("batch"));
    let Principal::Session(session) = &steps(&launch)[0].request.principal else { panic!("a role") };
    assert_eq!(
        session.role.resource(),
        "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_batch"
    );
}

#[test]
fn for_spot_by_karpenter_the_caller_is_an_assumption() {
    let not = Assumptions { launch_karpenter_spot_caller: false, ..Assumptions::default() };
    let spot = says("AWSServiceRoleForEC2Spot", &["launch-karpenter-spot-caller"]);
    assert_eq!(called_by_if(karpenter(Capacity::Spot), &not), spot);
    assert_eq!(called_by_if(karpenter(Capacity::OnDemand), &not).0, "KarpenterController");
}

#[test]
fn the_name_of_a_services_session_is_not_known() {
    let launch = Case::OwnImage.launched_by(fixture::group());
    for step in steps(&launch).iter().filter(|step| caller(step).starts_with("AWSServiceRole")) {
        let Principal::Session(session) = &step.request.principal else { panic!("a role") };
        assert_eq!(session.name, None);
    }
}
