//! What opens the key to which launcher, image by image.

use authz::{
    launch::{Capacity, Launch, Launcher},
    rules::{self, Assumptions, RULES, Rule},
    world::World,
};

use crate::{
    fixture::{AUTO_SCALING, CONTROLLER, Case, SPOT, group, karpenter},
    setup::{EIGHT, FOR_CLUSTER, SIX, Setup, failing, grant_to, works_if},
};

/// What is done about the foreign key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    KeyPolicyAndIam,
    GrantToController,
    GrantToAutoScaling,
    GrantToSpot,
    KeyPolicyNamesRoles,
}

/// Who launches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    KarpenterOnDemand,
    KarpenterSpot,
    AutoScaling,
}

/// What is expected of one cell.
pub(crate) struct Cell {
    pub(crate) works: bool,
    /// The assumptions on each of which the answer hinges: nobody has published it.
    pub(crate) hinges: Vec<&'static Rule>,
    /// The rules that it follows.
    pub(crate) source: Vec<&'static Rule>,
}

/// What every cell that works and has a volume under a customer's key rests on as well; told once above the tables.
pub(crate) static EVERYWHERE: &Rule = &rules::LAUNCH_NOT_NODE_ROLE;

impl Remedy {
    pub(crate) const ALL: [Self; 5] = [
        Self::KeyPolicyAndIam,
        Self::GrantToController,
        Self::GrantToAutoScaling,
        Self::GrantToSpot,
        Self::KeyPolicyNamesRoles,
    ];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::KeyPolicyAndIam => "key policy for the cluster's account, and IAM for the controller's role",
            Self::GrantToController => "grant to the controller's role",
            Self::GrantToAutoScaling => "grant to `AWSServiceRoleForAutoScaling`",
            Self::GrantToSpot => "grant to `AWSServiceRoleForEC2Spot`",
            Self::KeyPolicyNamesRoles => "key policy that names the controller's and the service-linked roles",
        }
    }

    fn setup(self) -> Setup {
        let granted = |role| Setup { grants: vec![grant_to(role, EIGHT)], ..Setup::default() };
        match self {
            Self::KeyPolicyAndIam => {
                Setup { key_policy: FOR_CLUSTER.into(), controller: SIX.into(), ..Setup::default() }
            }
            Self::GrantToController => granted(CONTROLLER),
            Self::GrantToAutoScaling => granted(AUTO_SCALING),
            Self::GrantToSpot => granted(SPOT),
            Self::KeyPolicyNamesRoles => Setup {
                key_policy: format!(
                    "{{Effect: Allow, Principal: {{AWS: ['{CONTROLLER}', '{AUTO_SCALING}', '{SPOT}']}}, Action: \
                     'kms:*', Resource: '*'}}"
                ),
                ..Setup::default()
            },
        }
    }
}

impl By {
    pub(crate) const ALL: [Self; 3] = [Self::KarpenterOnDemand, Self::KarpenterSpot, Self::AutoScaling];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::KarpenterOnDemand => "Karpenter, on demand",
            Self::KarpenterSpot => "Karpenter, Spot",
            Self::AutoScaling => "Auto Scaling",
        }
    }

    fn launcher(self) -> Launcher {
        match self {
            Self::KarpenterOnDemand => karpenter(Capacity::OnDemand),
            Self::KarpenterSpot => karpenter(Capacity::Spot),
            Self::AutoScaling => group(),
        }
    }

    const fn caller_rule(self) -> &'static Rule {
        match self {
            Self::KarpenterOnDemand => &rules::LAUNCH_KARPENTER_CALLER,
            Self::KarpenterSpot => &rules::LAUNCH_KARPENTER_SPOT_CALLER,
            Self::AutoScaling => &rules::LAUNCH_AUTO_SCALING_CALLER,
        }
    }
}

/// What is to be expected, as AWS's documents and the public reports have it.
pub(crate) fn expected(case: Case, remedy: Remedy, by: By) -> Cell {
    let mut source = vec![by.caller_rule()];
    let (works, why, hinges): (bool, &[&'static Rule], &[&'static Rule]) = match (remedy, by) {
        // Nothing needs to be done for `aws/ebs`.
        (_, By::AutoScaling) if case == Case::DefaultKey => (true, &[&rules::LAUNCH_AWS_MANAGED_NEEDS_NOTHING], &[]),
        _ if case == Case::DefaultKey => (true, &[&rules::KMS_EBS_KEY], &[]),
        (Remedy::KeyPolicyAndIam, By::KarpenterOnDemand) => (true, &[&rules::XACCT_BOTH_SIDES], &[]),
        (Remedy::KeyPolicyAndIam, By::KarpenterSpot) => {
            (true, &[&rules::XACCT_BOTH_SIDES], &[&rules::LAUNCH_KARPENTER_SPOT_CALLER])
        }
        (Remedy::KeyPolicyAndIam | Remedy::KeyPolicyNamesRoles, By::AutoScaling) => {
            (false, &[&rules::SLR_NO_KMS, &rules::SLR_FOREIGN_KEY_POLICY], &[])
        }
        (Remedy::GrantToController, By::KarpenterOnDemand) => {
            (true, &[&rules::KMS_GRANT_GRANTEE_ROLE], &[&rules::KMS_GRANT_FOREIGN_ENOUGH])
        }
        (Remedy::GrantToController, By::KarpenterSpot) => (
            true,
            &[&rules::KMS_GRANT_GRANTEE_ROLE],
            &[&rules::KMS_GRANT_FOREIGN_ENOUGH, &rules::LAUNCH_KARPENTER_SPOT_CALLER],
        ),
        (Remedy::GrantToAutoScaling, By::AutoScaling) => (true, &[&rules::LAUNCH_FOREIGN_GRANT], &[]),
        // Whoever calls for Spot, the grant is another's.
        (Remedy::GrantToAutoScaling, By::KarpenterOnDemand | By::KarpenterSpot)
        | (Remedy::GrantToController | Remedy::GrantToSpot, By::AutoScaling)
        | (Remedy::GrantToSpot, By::KarpenterOnDemand) => (false, &[&rules::KMS_GRANT_GRANTEE_ROLE], &[]),
        (Remedy::GrantToSpot, By::KarpenterSpot) => {
            (false, &[&rules::KMS_GRANT_GRANTEE_ROLE], &[&rules::LAUNCH_KARPENTER_SPOT_CALLER])
        }
        (Remedy::KeyPolicyNamesRoles, By::KarpenterOnDemand | By::KarpenterSpot) => {
            (false, &[&rules::XACCT_IDENTITY_REQUIRED], &[])
        }
    };
    source.extend(why);
    Cell { works, hinges: hinges.to_vec(), source }
}

/// The cell's launch and world.
fn question(case: Case, remedy: Remedy, by: By) -> (Launch, World) {
    (case.launched_by(by.launcher()), remedy.setup().world())
}

/// The call that fails; nothing if none does.
pub(crate) fn fails_at(case: Case, remedy: Remedy, by: By) -> String {
    let (launch, world) = question(case, remedy, by);
    failing(&launch.forecast(&world, &Assumptions::default()).unwrap())
}

/// The assumptions whose opposite changes the cell's answer.
fn hinges(case: Case, remedy: Remedy, by: By) -> Vec<&'static str> {
    let (launch, world) = question(case, remedy, by);
    let works = works_if(&launch, &world, &Assumptions::default());
    let assumptions = RULES.iter().filter(|rule| rule.has_switch()).map(|rule| rule.id);
    let turned = |id: &str| works_if(&launch, &world, &Assumptions::default().with(id, false).unwrap());
    assumptions.filter(|id| turned(id) != works).collect()
}

#[test]
fn each_cell_is_as_published_or_hinges_on_what_nobody_has_published() {
    for case in Case::OF_IMAGES {
        for remedy in Remedy::ALL {
            for by in By::ALL {
                let expected = expected(case, remedy, by);
                let at = format!("{case:?}, {remedy:?}, {by:?}");
                assert_eq!(fails_at(case, remedy, by).is_empty(), expected.works, "{at}");
                let mut published: Vec<&str> = expected.hinges.iter().map(|rule| rule.id).collect();
                published.extend(
                    (expected.works && case != Case::DefaultKey && case != Case::SharedImage).then_some(EVERYWHERE.id),
                );
                published.sort_unstable();
                assert_eq!(hinges(case, remedy, by), published, "{at}");
            }
        }
    }
}
