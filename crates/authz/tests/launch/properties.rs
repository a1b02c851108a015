//! What holds of any launch in any such world, under any assumptions.

use authz::{
    launch::{Capacity, FleetKind, GroupTemplate, Launch, Launcher, Obstacle, Outcome},
    rules::{Assumptions, RULES},
    world::World,
};
use proptest::prelude::*;

use crate::{
    a_world,
    fixture::{AUTO_SCALING, CLUSTER, CONTROLLER, Case, FOREIGN, MANAGED, OWN, arn, karpenter},
};

const ACTIONS: [&str; 6] =
    ["Decrypt", "Encrypt", "ReEncrypt*", "GenerateDataKeyWithoutPlaintext", "DescribeKey", "CreateGrant"];

fn launches() -> impl Strategy<Value = Launch> {
    let group = |from, capacity| Launcher::AutoScaling { suffix: None, from, capacity };
    let launchers = vec![
        karpenter(Capacity::OnDemand),
        karpenter(Capacity::Spot),
        Launcher::Fleet(FleetKind::Maintain),
        Launcher::SpotRequest,
        group(GroupTemplate::LaunchTemplate, Capacity::OnDemand),
        Launcher::NodeGroup,
        Launcher::EbsCsi { controller: arn(CONTROLLER) },
        Launcher::AutoMode { cluster_role: arn(CONTROLLER) },
    ];
    (prop::sample::select(Case::ALL.to_vec()), prop::sample::select(launchers))
        .prop_map(|(case, launcher)| case.launched_by(launcher))
}

fn assumptions() -> impl Strategy<Value = Assumptions> {
    let ids: Vec<&str> = RULES.iter().filter(|rule| rule.has_switch()).map(|rule| rule.id).collect();
    prop::sample::subsequence(ids.clone(), 0..ids.len())
        .prop_map(|off| off.into_iter().fold(Assumptions::default(), |rest, id| rest.with(id, false).unwrap()))
}

/// Which actions the key policies, the controller's policy and a grant for the group's role give, as bits.
#[derive(Clone, Copy, Debug)]
struct Given {
    keys: u8,
    controller: u8,
    granted: u8,
    is_disabled: bool,
}

fn given() -> impl Strategy<Value = Given> {
    (0..64u8, 0..64u8, 0..64u8, prop::bool::weighted(0.1)).prop_map(|(keys, controller, granted, is_disabled)| Given {
        keys,
        controller,
        granted,
        is_disabled,
    })
}

impl Given {
    fn world(self) -> World {
        let named = |bits: u8, prefix: &str| -> Vec<String> {
            let given = ACTIONS.iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0);
            given.map(|(_, action)| format!("'{prefix}{action}'")).collect()
        };
        // No list of actions is empty.
        let actions = |bits| format!("['kms:ListGrants', {}]", named(bits, "kms:").join(", "));
        let operations = named(self.granted, "").join(", ").replace("'ReEncrypt*'", "ReEncryptFrom, ReEncryptTo");
        let grants = match operations.as_str() {
            "" => String::new(),
            _ => format!(", grants: [{{grantee: '{AUTO_SCALING}', operations: [{operations}]}}]"),
        };
        let state = if self.is_disabled { ", state: Disabled" } else { "" };
        let policy = format!(
            "policy: {{Version: 2012-10-17, Statement: [{{Effect: Allow, Principal: {{AWS: '{CLUSTER}'}}, Action: {}, \
             Resource: '*'}}]}}",
            actions(self.keys)
        );
        a_world(&format!(
            "roles:\n  {AUTO_SCALING}: {{}}\n  {CONTROLLER}: {{policies: {{p: {{Version: 2012-10-17, Statement: \
             [{{Effect: Allow, Action: {}, Resource: '*'}}]}}}}}}\nkeys:\n  {FOREIGN}: {{{policy}{grants}{state}}}\n  \
             {OWN}: {{{policy}}}\n  {MANAGED}: {{{policy}}}\n",
            actions(self.controller)
        ))
    }

    const fn and(self, more: Self) -> Self {
        Self {
            keys: self.keys | more.keys,
            controller: self.controller | more.controller,
            granted: self.granted | more.granted,
            ..self
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_forecast_agrees_with_what_it_is_made_of(launch in launches(), given in given(), assumptions in assumptions()) {
        let world = given.world();
        let forecast = launch.forecast(&world, &assumptions).unwrap();
        let is_stopped_by_kms = matches!(forecast.obstacle, Some(Obstacle::Denied | Obstacle::KeyState(_)));
        prop_assert_eq!(forecast.outcome() == Outcome::Fails, forecast.obstacle.is_some());
        prop_assert_eq!(forecast.failing().is_some(), is_stopped_by_kms);
        prop_assert_eq!(forecast.kms_error(&assumptions).is_some(), is_stopped_by_kms);
        prop_assert_eq!(!forecast.symptoms.is_empty(), is_stopped_by_kms);
        if forecast.obstacle.is_none() {
            prop_assert_eq!(forecast.steps.len(), launch.steps(&assumptions).unwrap().len());
        }
    }

    #[test]
    fn giving_more_stops_no_launch(launch in launches(), given in given(), more in given(), assumptions in assumptions()) {
        let works = |given: Given| launch.forecast(&given.world(), &assumptions).unwrap().outcome() == Outcome::Works;
        prop_assert!(!works(given) || works(given.and(more)));
    }

    #[test]
    fn what_a_world_does_not_tell_stops_nothing_for_sure(launch in launches(), assumptions in assumptions()) {
        let forecast = launch.forecast(&World::new(), &assumptions).unwrap();
        prop_assert!(matches!(forecast.outcome(), Outcome::WorksIff(_)), "{:?}", forecast.outcome());
    }
}
