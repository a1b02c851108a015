//! Each rule about launches has a say in a launch that works and in one that fails, as each other rule has in cases of the
//! corpus.

use std::collections::BTreeSet;

use authz::{
    launch::{Capacity, FleetKind, GroupTemplate, Image, Launch, Launcher, Outcome, Volume, VolumeKey},
    principal::Principal,
    rules::{Assumptions, RULES},
    world::World,
};

use crate::{
    a_world,
    fixture::{CLUSTER, CONTROLLER, Case, FOREIGN, KEYS, MANAGED, OWN, account, arn, karpenter, key},
};

/// Rules about what is seen of a failure, which nothing that works shows, and those that stand at errors.
const ONLY_IN_FAILURES: [&str; 9] = [
    "launch-aws-managed-not-shared",
    "launch-fails-attach",
    "launch-fails-auto-scaling",
    "launch-fails-inaccessible",
    "launch-fails-invalid-state",
    "launch-fails-volume",
    "launch-image-shared",
    "launch-key-checked-later",
    "launch-symmetric-only",
];
/// A foreign snapshot that was not shared; one that was is read as any other.
const ALSO_ONLY_IN_FAILURES: &str = "launch-volume-snapshot-shared";
/// What the tests of `keys`, `steps` and seed 000 show: a refusal of the mapping, a dry run, a grant made by hand, what
/// is seen afterwards.
const ELSEWHERE: [&str; 4] =
    ["launch-key-needs-encrypted", "launch-dry-run-without-kms", "launch-foreign-grant-manual", "launch-calls-joined"];
/// Under `aws/ebs` nothing that a customer does makes Auto Scaling fail.
const NEVER_IN_FAILURES: &str = "launch-aws-managed-needs-nothing";

#[test]
fn each_rule_has_a_say_in_a_launch_that_works_and_in_one_that_fails() {
    let (mut works, mut fails) = (BTreeSet::new(), BTreeSet::new());
    let worlds = [open(), shut(), half_open(), other_kind()];
    for launch in launches() {
        for world in &worlds {
            let forecast = launch.forecast(world, &Assumptions::default()).unwrap();
            let ids = forecast.rules().into_iter().map(|rule| rule.id);
            match forecast.outcome() {
                Outcome::Works => works.extend(ids),
                Outcome::Fails => fails.extend(ids),
                Outcome::WorksIff(residual) => panic!("nothing is unknown in these worlds: {residual}"),
            }
        }
    }
    let of_launches = RULES.iter().map(|rule| rule.id).filter(|id| id.starts_with("launch-"));
    let (mut not_in_works, mut not_in_fails) = (Vec::new(), Vec::new());
    for id in of_launches.filter(|id| !ELSEWHERE.contains(id)) {
        let only_fails = ONLY_IN_FAILURES.contains(&id) || id == ALSO_ONLY_IN_FAILURES;
        not_in_works.extend((!only_fails && !works.contains(id)).then_some(id));
        not_in_fails.extend((id != NEVER_IN_FAILURES && !fails.contains(id)).then_some(id));
    }
    assert_eq!((not_in_works, not_in_fails), (Vec::<&str>::new(), Vec::<&str>::new()));
}

fn launches() -> Vec<Launch> {
    let whoever = || Principal::User(arn("arn:aws:iam::111122223333:user/whoever-calls"));
    let group = |from, capacity| Launcher::AutoScaling { suffix: None, from, capacity };
    let launchers = [
        Launcher::RunInstances(whoever()),
        karpenter(Capacity::OnDemand),
        karpenter(Capacity::Spot),
        Launcher::Fleet(FleetKind::Instant(whoever())),
        Launcher::Fleet(FleetKind::Maintain),
        Launcher::SpotRequest,
        group(GroupTemplate::LaunchTemplate, Capacity::OnDemand),
        group(GroupTemplate::LaunchConfiguration, Capacity::Spot),
        Launcher::NodeGroup,
        Launcher::EbsCsi { controller: arn(CONTROLLER) },
        Launcher::AutoMode { cluster_role: arn(CONTROLLER) },
    ];
    launchers
        .into_iter()
        .flat_map(|launcher| Case::OF_IMAGES.into_iter().flat_map(move |case| variants(&launcher, case)))
        .collect()
}

/// The launch itself; its image or its snapshot not shared; with a key associated; with an empty volume.
fn variants(launcher: &Launcher, case: Case) -> [Launch; 5] {
    let launch = case.launched_by(launcher.clone());
    let mut kept_back = launch.clone();
    kept_back.volumes[0].snapshot.as_mut().unwrap().shared = Some(false);
    let image = Some(Image { owner: account(KEYS), shared: Some(false) });
    let mut associated = launch.clone();
    associated.volumes[0].snapshot.as_mut().unwrap().associated_keys = vec![key(OWN)];
    let empty = Volume { device: "/dev/xvdb".into(), snapshot: None, key: VolumeKey::Default };
    let with_empty = Launch { volumes: vec![empty], ..launch.clone() };
    [launch.clone(), kept_back, Launch { image, ..launch }, associated, with_empty]
}

/// Roles and keys, where the policies of keys say this of the cluster's account.
fn world(statements: &str, of_foreign: &str) -> World {
    let roles = [
        "autoscaling/AWSServiceRoleForAutoScaling",
        "ec2fleet/AWSServiceRoleForEC2Fleet",
        "spot/AWSServiceRoleForEC2Spot",
    ];
    let allowed =
        "{policies: {p: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: 'kms:*', Resource: '*'}]}}}";
    let roles: String = roles
        .iter()
        .filter_map(|role| role.split_once('/'))
        .map(|(service, name)| {
            format!("  arn:aws:iam::{CLUSTER}:role/aws-service-role/{service}.amazonaws.com/{name}: {allowed}\n")
        })
        .collect();
    let policy = format!("policy: {{Version: 2012-10-17, Statement: [{statements}]}}");
    a_world(&format!(
        "roles:\n{roles}  {CONTROLLER}: {allowed}\nusers: {{'arn:aws:iam::{CLUSTER}:user/whoever-calls': {allowed}}}\n\
         keys:\n  {FOREIGN}: {{{policy}{of_foreign}}}\n  {OWN}: {{{policy}}}\n  {MANAGED}: {{manager: Aws, {policy}}}\n"
    ))
}

const OPEN: &str = "{Effect: Allow, Principal: {AWS: '111122223333'}, Action: 'kms:*', Resource: '*'}";

fn open() -> World {
    world(OPEN, "")
}

fn shut() -> World {
    world("{Effect: Allow, Principal: {AWS: '999999999999'}, Action: 'kms:*', Resource: '*'}", "")
}

/// Volumes are made and cannot be attached.
fn half_open() -> World {
    world(&format!("{OPEN}, {{Effect: Deny, Principal: '*', Action: 'kms:Decrypt', Resource: '*'}}"), "")
}

/// The foreign key is AWS's own there, and no symmetric one.
fn other_kind() -> World {
    world(OPEN, ", manager: Aws, usage: Signing")
}
