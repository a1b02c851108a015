//! `docs/reference/launches.md`: written from the steps themselves.

use std::{fmt::Write, fs, path::Path};

use authz::{
    launch::{Capacity, FleetKind, GroupTemplate, Launcher, Phase, Step},
    principal::Principal,
    rules::{Assumptions, RULES, Rule},
};
use aws_model::KeyArn;

use crate::{
    caller,
    fixture::{Case, arn, group, karpenter},
    steps, steps_if, told,
};

const HEAD: &str = "\
# What a launch asks of KMS

The calls to KMS by which an instance gets its encrypted volumes, as `authz::launch` tells them: who calls, what, under \
which key. Generated from the steps themselves; the test `launch` of `crates/authz` compares this page with them and \
writes it anew with `UPDATE_DOCS=1`. Ids are those of [rules.md](rules.md); the sentences marked (assumed) nobody has \
published, see [assumptions.md](assumptions.md).

The node's own role is in none of these calls.
";

const CASES_HEAD: &str = "
## Which calls

The caller is that of the launcher above; the calls are the same for all of them. Each call of the caller comes through \
EC2 (`kms:ViaService` is `ec2.<region>.amazonaws.com`), and is in the encryption context `aws:ebs:id` of the volume.
";

const SWITCHES_HEAD: &str = "
## What the assumptions change

The calls that are there only if an assumption does not hold.

| assumption | case | instead of | calls |
|---|---|---|---|
";

#[test]
fn the_page_is_that_of_the_steps() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/launches.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    assert!(
        fs::read_to_string(&file).is_ok_and(|written| written == page),
        "docs/reference/launches.md is not what the steps are: run this test with UPDATE_DOCS=1"
    );
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n## Who calls\n\n| launched by | calls KMS as | rules |\n|---|---|---|\n");
    for (title, launcher) in launchers() {
        let steps = steps(&Case::OwnImage.launched_by(launcher));
        let rules: Vec<_> = steps[0].rules.iter().filter(|rule| rule.id.ends_with("-caller")).copied().collect();
        let _ = writeln!(page, "| {title} | {} | {} |", name(&caller(&steps[0])), ids(&rules));
    }
    page.push_str(CASES_HEAD);
    for case in Case::ALL {
        write_case(&mut page, case);
    }
    page.push_str(SWITCHES_HEAD);
    write_switches(&mut page);
    page
}

fn launchers() -> Vec<(&'static str, Launcher)> {
    let whoever = || Principal::User(arn("arn:aws:iam::111122223333:user/whoever-calls"));
    let group_of = |from, capacity| Launcher::AutoScaling { suffix: None, from, capacity };
    vec![
        ("`RunInstances`", Launcher::RunInstances(whoever())),
        ("Karpenter, on demand", karpenter(Capacity::OnDemand)),
        ("Karpenter, Spot", karpenter(Capacity::Spot)),
        ("`CreateFleet`, instant", Launcher::Fleet(FleetKind::Instant(whoever()))),
        ("`CreateFleet`, request or maintain", Launcher::Fleet(FleetKind::Maintain)),
        ("`RequestSpotInstances`", Launcher::SpotRequest),
        ("Auto Scaling, on demand", group()),
        ("Auto Scaling, Spot by a launch template", group_of(GroupTemplate::LaunchTemplate, Capacity::Spot)),
        ("Auto Scaling, Spot by a launch configuration", group_of(GroupTemplate::LaunchConfiguration, Capacity::Spot)),
        ("a managed node group of EKS", Launcher::NodeGroup),
        (
            "the EBS CSI driver (a volume alone)",
            Launcher::EbsCsi { controller: arn("arn:aws:iam::111122223333:role/driver") },
        ),
        ("EKS Auto Mode", Launcher::AutoMode { cluster_role: arn("arn:aws:iam::111122223333:role/cluster") }),
    ]
}

/// Who calls, in words.
fn name(role: &str) -> String {
    match role {
        "whoever-calls" => "who calls EC2".to_owned(),
        "KarpenterController" => "the role of Karpenter's controller".to_owned(),
        "driver" => "the role of the driver's controller".to_owned(),
        "cluster" => "the cluster's role".to_owned(),
        other => format!("`{other}`"),
    }
}

fn write_case(page: &mut String, case: Case) {
    let mut name = case.name().to_owned();
    name.replace_range(..1, &case.name().get(..1).unwrap().to_uppercase());
    let _ = write!(page, "\n### {name}\n\nOf {}.\n\n", case.title());
    page.push_str("| | call | key | as | rules |\n|---|---|---|---|---|\n");
    let all = steps(&case.launched_by(karpenter(Capacity::OnDemand)));
    for (step, line) in all.iter().zip(told(&all)) {
        let mut words = line.split(" on ");
        let call = words.next().unwrap();
        let (key, who) = words.next().unwrap().split_once(" as ").unwrap();
        let who = if who == "KarpenterController" { "the caller" } else { "`aws:ec2-infrastructure`" };
        let phase = if step.phase == Phase::Create { "create" } else { "attach" };
        let why: Vec<_> = step.rules.iter().filter(|rule| !is_about_caller(rule)).copied().collect();
        let _ = writeln!(page, "| {phase} | `{call}` | {key} | {who} | {} |", ids(&why));
    }
    // That the launcher changes nothing but the caller is what the page claims.
    for (_, launcher) in launchers() {
        let others = steps(&case.launched_by(launcher));
        assert_eq!(by_the_caller(&others), by_the_caller(&all));
    }
}

/// Each step's whole line, the launcher's own caller as `the caller`.
fn by_the_caller(steps: &[Step]) -> Vec<String> {
    let own = format!(" as {}", caller(&steps[0]));
    told(steps).iter().map(|line| line.replace(&own, " as the caller")).collect()
}

fn is_about_caller(rule: &Rule) -> bool {
    rule.id.ends_with("-caller") && rule.id != "launch-plain-decrypt-caller"
        || rule.id.starts_with("launch-via-")
        || rule.id.starts_with("launch-context-")
}

fn write_switches(page: &mut String) {
    let launches = RULES.iter().filter(|rule| rule.is_assumption() && rule.id.starts_with("launch-"));
    for rule in launches {
        let not = Assumptions::default().with(rule.id, false).unwrap();
        let mut changes: Vec<([String; 2], Vec<Case>)> = Vec::new();
        for case in Case::ALL {
            let launch = case.launched_by(group());
            let volume = launch.key_of(&launch.volumes[0]).unwrap().unwrap().key.clone();
            let with = by_whose_key(&steps(&launch), &volume);
            let without = by_whose_key(&steps_if(&launch, &not), &volume);
            let change = [beyond(&with, &without), beyond(&without, &with)];
            match changes.iter_mut().find(|(known, _)| *known == change) {
                Some((_, cases)) => cases.push(case),
                None => changes.push((change, vec![case])),
            }
        }
        for ([gone, come], cases) in changes.iter().filter(|([gone, come], _)| !(gone.is_empty() && come.is_empty())) {
            let names: Vec<&str> = cases.iter().map(|case| case.name()).collect();
            let names = if cases.len() == Case::ALL.len() { "all".to_owned() } else { names.join("; ") };
            let _ = writeln!(page, "| `{}` | {names} | {gone} | {come} |", rule.id);
        }
    }
}

/// Each step as `CALL on the volume's key`, with the caller where it is another than the launcher's.
fn by_whose_key(steps: &[Step], volume: &KeyArn) -> Vec<String> {
    let whose = |step: &Step| if *step.request.resource.arn == *volume.as_str() { "volume's" } else { "snapshot's" };
    let who = |step: &Step| match caller(step) {
        name if name == "AWSServiceRoleForAutoScaling" => String::new(),
        name if name == "AmazonEKSNodeRole" => " as the node's role".to_owned(),
        name => format!(" as `{name}`"),
    };
    let call = |step: &Step| step.call.action().trim_start_matches("kms:");
    steps.iter().map(|step| format!("{} on the {} key{}", call(step), whose(step), who(step))).collect()
}

/// Those steps that the others do not have.
fn beyond(these: &[String], those: &[String]) -> String {
    these.iter().filter(|step| !those.contains(step)).cloned().collect::<Vec<_>>().join(", ")
}

fn ids(rules: &[&'static Rule]) -> String {
    let words: Vec<String> = rules
        .iter()
        .map(|rule| format!("`{}`{}", rule.id, if rule.is_assumption() { " (assumed)" } else { "" }))
        .collect();
    words.join(", ")
}
