//! What becomes of a launch in a world, and what people see of it.

use authz::{
    launch::{Capacity, FleetKind, Image, Launch, Launcher, Obstacle, Outcome, Shown, Snapshot},
    rules::Assumptions,
    world::World,
};

use crate::{
    a_world,
    fixture::{
        AUTO_SCALING, CLUSTER, CONTROLLER, Case, FOREIGN, KEYS, MANAGED, OWN, SPOT, account, arn, group, karpenter, key,
    },
    forecast, told,
};

/// The foreign key with a policy for the cluster's account and these further entries (state, grants), and what the
/// controller's policy allows.
fn the_world(of_key: &str, controller: &str) -> World {
    a_world(&format!(
        r#"
accounts: {{"{CLUSTER}": {{}}}}
roles:
  {CONTROLLER}: {{policies: {{kms: {{Version: 2012-10-17, Statement: [{controller}]}}}}}}
  {AUTO_SCALING}: {{}}
keys:
  {FOREIGN}:
    policy:
      Version: 2012-10-17
      Statement:
        - {{Effect: Allow, Principal: {{AWS: '{CLUSTER}'}}, Action: 'kms:*', Resource: '*'}}
    {of_key}
"#
    ))
}

const ALLOWED: &str = "{Effect: Allow, Action: 'kms:*', Resource: '*'}";
const NO_KMS: &str = "{Effect: Allow, Action: 'ec2:*', Resource: '*'}";
const NO_GRANTS: &str = "{Effect: Allow, Action: 'kms:Generate*', Resource: '*'}";

fn by_karpenter() -> Launch {
    Case::OwnImage.launched_by(karpenter(Capacity::OnDemand))
}

fn codes(launch: &Launch, world: &World) -> Vec<(Shown, Option<&'static str>)> {
    forecast(launch, world).symptoms.iter().map(|seen| (seen.shown, seen.code)).collect()
}

/// `aws/ebs` with the policy that AWS gives it: everybody of the account, through EC2.
const MANAGED_KEY: &str = "{manager: Aws, policy: {Version: 2012-10-17, Statement: [{Effect: Allow, Principal: {AWS: '*'}, \
     Action: ['kms:Decrypt', 'kms:GenerateDataKey*', 'kms:CreateGrant'], Resource: '*', Condition: {StringEquals: \
     {'kms:ViaService': ec2.us-west-2.amazonaws.com, 'kms:CallerAccount': '111122223333'}}}]}}";

/// Rule: `launch-aws-managed-needs-nothing`.
#[test]
fn under_the_managed_key_a_group_needs_nothing_that_it_needs_under_another() {
    let launched = |default: &str| {
        let launch = Launch { default_key: Some(key(default)), ..Case::DefaultKey.launched_by(group()) };
        let text = format!("roles: {{{AUTO_SCALING}: {{}}}}\nkeys: {{{MANAGED}: {MANAGED_KEY}, {OWN}: {{}}}}");
        forecast(&launch, &a_world(&text))
    };
    let (managed, own) = (launched(MANAGED), launched(OWN));
    assert_eq!((managed.outcome(), managed.failing().is_some()), (Outcome::Works, false), "{:?}", managed.obstacle);
    assert!(managed.rules().iter().any(|rule| rule.id == "launch-aws-managed-needs-nothing"));
    assert_eq!((own.outcome(), &own.obstacle), (Outcome::Fails, &Some(Obstacle::Denied)));
    assert!(own.rules().iter().all(|rule| rule.id != "launch-aws-managed-needs-nothing"));
}

#[test]
fn what_both_sides_allow_works_and_the_grant_made_is_what_decrypts() {
    let world = the_world("state: Enabled", ALLOWED);
    let forecast = forecast(&by_karpenter(), &world);
    assert_eq!((forecast.outcome(), &forecast.obstacle), (Outcome::Works, &None));
    let decrypt = &forecast.steps[2];
    assert_eq!(
        &*decrypt.explanation.gates.iter().flat_map(|gate| &gate.grants).next().unwrap().grant.id,
        "made by step 2 of the launch"
    );
    assert_eq!(forecast.symptoms, []);
    assert_eq!(world.key(&key(FOREIGN)).unwrap().grants.iter().count(), 0, "a forecast changes no world");
}

#[test]
fn it_ends_at_the_first_call_that_is_denied() {
    let forecast = forecast(&by_karpenter(), &the_world("state: Enabled", NO_GRANTS));
    assert_eq!(forecast.obstacle, Some(Obstacle::Denied));
    assert_eq!(forecast.failing().unwrap().step.call.action(), "kms:CreateGrant");
    assert_eq!(forecast.steps.len(), 2);
}

#[test]
fn ec2_shows_one_code_for_a_denial_and_for_a_key_state_and_kms_two() {
    let denied = the_world("state: Enabled", NO_KMS);
    let disabled = the_world("state: Disabled", ALLOWED);
    for world in [&denied, &disabled] {
        let expected = [(Shown::Answer, None), (Shown::StateReason, Some("Client.InvalidKMSKey.InvalidState"))];
        assert_eq!(codes(&by_karpenter(), world), expected);
    }
    let assumptions = Assumptions::default();
    let denied = forecast(&by_karpenter(), &denied);
    assert_eq!(denied.kms_error(&assumptions), Some("AccessDeniedException"));
    let words = denied.denial(&assumptions).unwrap().message;
    assert!(
        words.contains("because no identity-based policy allows the kms:GenerateDataKeyWithoutPlaintext action"),
        "{words}"
    );
    let disabled = forecast(&by_karpenter(), &disabled);
    assert_eq!(disabled.kms_error(&assumptions), Some("DisabledException"));
    assert_eq!(disabled.denial(&assumptions), None);
    assert!(matches!(disabled.obstacle, Some(Obstacle::KeyState(_))));
}

#[test]
fn a_denial_comes_before_the_keys_state() {
    let forecast = forecast(&by_karpenter(), &the_world("state: Disabled", NO_KMS));
    assert_eq!(forecast.obstacle, Some(Obstacle::Denied));
}

#[test]
fn a_group_tells_it_in_its_activities_too() {
    let world = the_world("state: Enabled", ALLOWED);
    let launch = Case::OwnImage.launched_by(group());
    let seen = forecast(&launch, &world).symptoms;
    let in_activity: Vec<&str> =
        seen.iter().filter(|seen| seen.shown == Shown::ScalingActivity).map(|seen| seen.text).collect();
    assert_eq!(in_activity, ["Client error on launch", "encrypted with an inaccessible AWS KMS key"]);
    // Of a plain image nobody quotes the second text, and it is an assumption anyway.
    assert_eq!(forecast(&Case::PlainImage.launched_by(group()), &world).symptoms.len(), 3);
    let not = Assumptions { launch_fails_inaccessible: false, ..Assumptions::default() };
    assert_eq!(launch.forecast(&world, &not).unwrap().symptoms.len(), 3);
    assert_eq!(codes(&Case::OwnImage.launched_by(Launcher::NodeGroup), &world).len(), 4);
}

#[test]
fn a_volume_of_the_csi_driver_disappears_or_is_not_attached() {
    let driver = || Launcher::EbsCsi { controller: arn(CONTROLLER) };
    let launch = Launch { image: None, ..Case::OwnImage.launched_by(driver()) };
    let seen = codes(&launch, &the_world("state: Enabled", NO_KMS));
    assert_eq!(seen, [(Shown::Answer, None), (Shown::DescribeVolumes, Some("InvalidVolume.NotFound"))]);
    let seen = codes(&launch, &the_world("state: Enabled", NO_GRANTS));
    assert_eq!(seen, [(Shown::AttachVolume, Some("CustomerKeyHasBeenRevoked"))]);
}

#[test]
fn what_is_unknown_becomes_a_condition() {
    let hinges = "{Effect: Allow, Action: 'kms:*', Resource: '*', \
                   Condition: {StringEquals: {'aws:SourceVpc': vpc-1}}}";
    let forecast = forecast(&by_karpenter(), &the_world("state: Enabled", hinges));
    let Outcome::WorksIff(residual) = forecast.outcome() else { panic!("{:?}", forecast.outcome()) };
    assert!(residual.to_string().contains("aws:sourcevpc"), "{residual}");
    let nothing = Case::OwnImage.launched_by(group()).forecast(&World::new(), &Assumptions::default()).unwrap();
    assert!(matches!(nothing.outcome(), Outcome::WorksIff(_)), "of a world of which nothing is known nothing is told");
}

#[test]
fn a_state_that_nobody_told_is_a_condition_too() {
    let forecast = forecast(&by_karpenter(), &the_world("state: unknown", ALLOWED));
    let Outcome::WorksIff(residual) = forecast.outcome() else { panic!("{:?}", forecast.outcome()) };
    assert_eq!(residual.to_string(), format!("the key {FOREIGN} is enabled"));
}

#[test]
fn conditions_on_a_launch_are_met_or_not() {
    let conditions = [
        ("StringEquals: {'kms:ViaService': ec2.us-west-2.amazonaws.com}", true),
        ("StringEquals: {'kms:ViaService': ec2.eu-west-1.amazonaws.com}", false),
        ("StringEquals: {'kms:CallerAccount': '111122223333'}", true),
        ("StringLike: {'kms:EncryptionContext:aws:ebs:id': 'vol-*'}", true),
        ("StringEquals: {'kms:EncryptionContext:aws:ebs:id': vol-1}", false),
        ("'ForAllValues:StringEquals': {'kms:EncryptionContextKeys': ['aws:ebs:id']}", true),
    ];
    for (condition, works) in conditions {
        let statement = format!("{{Effect: Allow, Action: 'kms:*', Resource: '*', Condition: {{{condition}}}}}");
        let forecast = forecast(&by_karpenter(), &the_world("state: Enabled", &statement));
        let expected = if works { Outcome::Works } else { Outcome::Fails };
        assert_eq!(forecast.outcome(), expected, "{condition}");
    }
    let for_service = "{Effect: Allow, Action: 'kms:CreateGrant', Resource: '*', \
                       Condition: {Bool: {'kms:GrantIsForAWSResource': true}}}, {Effect: Allow, \
                       Action: 'kms:Generate*', Resource: '*'}";
    assert_eq!(forecast(&by_karpenter(), &the_world("state: Enabled", for_service)).outcome(), Outcome::Works);
}

#[test]
fn a_service_linked_role_that_is_not_there_launches_nothing() {
    let launch = Case::OwnImage.launched_by(Launcher::SpotRequest);
    let stopped = forecast(&launch, &the_world("state: Enabled", ALLOWED));
    let Some(Obstacle::NoCaller(missing)) = &stopped.obstacle else { panic!("{:?}", stopped.obstacle) };
    assert_eq!(missing.role.as_str(), SPOT);
    assert!(missing.to_string().contains("create-service-linked-role --aws-service-name spot.amazonaws.com"));
    assert!(stopped.steps.is_empty() && stopped.symptoms.is_empty());
    // Who knows only part of the account's roles cannot say so.
    let partial = a_world(&format!("accounts: {{\"{CLUSTER}\": {{identities: partial}}}}"));
    assert!(matches!(forecast(&launch, &partial).outcome(), Outcome::WorksIff(_)));
}

#[test]
fn an_image_or_snapshot_that_was_not_shared_is_an_obstacle_where_that_is_told() {
    let world = the_world("state: Enabled", ALLOWED);
    let image = |shared| {
        let image = Some(Image { owner: account(KEYS), shared });
        let launch = Launch { image, ..by_karpenter() };
        forecast(&launch, &world).obstacle
    };
    assert_eq!(image(Some(false)), Some(Obstacle::ImageNotShared(account(KEYS))));
    assert_eq!((image(Some(true)), image(None)), (None, None));
    let own = Launch { image: Some(Image { owner: account(CLUSTER), shared: Some(false) }), ..by_karpenter() };
    assert_eq!(forecast(&own, &world).obstacle, None);

    let snapshot = |launcher, shared| {
        let mut launch = Case::SharedImage.launched_by(launcher);
        let of = launch.volumes[0].snapshot.as_mut().unwrap();
        *of = Snapshot { shared, ..of.clone() };
        forecast(&launch, &world).obstacle
    };
    let driver = Launcher::EbsCsi { controller: arn(CONTROLLER) };
    assert_eq!(snapshot(driver.clone(), Some(false)), Some(Obstacle::SnapshotNotShared(account(KEYS))));
    // A launch needs the image shared, not its snapshots.
    assert_eq!(snapshot(karpenter(Capacity::OnDemand), Some(false)), None);
}

#[test]
fn a_snapshot_is_read_by_a_key_associated_with_it_as_well() {
    // The foreign key is not open to the group; a key of the own account is.
    let world = a_world(&format!(
        "roles: {{'{AUTO_SCALING}': {{policies: {{kms: {{Version: 2012-10-17, Statement: [{ALLOWED}]}}}}}}}}\nkeys: \
         {{'{OWN}': {{}}, '{MANAGED}': {{}}, '{FOREIGN}': {{}}}}"
    ));
    let mut launch = Case::SharedImage.launched_by(group());
    assert_eq!(forecast(&launch, &world).outcome(), Outcome::Fails);
    launch.volumes[0].snapshot.as_mut().unwrap().associated_keys = vec![key(OWN)];
    let forecast = forecast(&launch, &world);
    assert_eq!(forecast.outcome(), Outcome::Works);
    assert_eq!(told(&[forecast.steps[1].step.clone()]), ["ReEncryptFrom on own as AWSServiceRoleForAutoScaling"]);
}

#[test]
fn the_organization_caps_the_controller_and_not_a_service_linked_role() {
    let denies = "{Effect: Deny, Action: 'kms:*', Resource: '*'}";
    let world = a_world(&format!(
        r#"
roles:
  {CONTROLLER}: {{policies: {{kms: {{Version: 2012-10-17, Statement: [{ALLOWED}]}}}}}}
  {AUTO_SCALING}: {{}}
keys:
  {FOREIGN}:
    policy:
      Version: 2012-10-17
      Statement: [{{Effect: Allow, Principal: {{AWS: '{CLUSTER}'}}, Action: 'kms:*', Resource: '*'}}]
    grants: [{{grantee: '{AUTO_SCALING}', operations: [Decrypt, GenerateDataKeyWithoutPlaintext, CreateGrant]}}]
organization:
  id: o-exampleorgid
  managementAccount: "999999999999"
  root:
    accounts:
      "{CLUSTER}": {{scps: {{FullAWSAccess: aws, denies: {{Version: 2012-10-17, Statement: [{denies}]}}}}}}
"#
    ));
    let stopped = forecast(&by_karpenter(), &world);
    let words = stopped.denial(&Assumptions::default()).unwrap().message;
    assert!(words.contains("service control policy"), "{words}");
    assert_eq!(forecast(&Case::OwnImage.launched_by(group()), &world).outcome(), Outcome::Works);
}

#[test]
fn whether_a_denial_hides_the_keys_state_is_an_assumption() {
    let world = the_world("state: Disabled", NO_KMS);
    let not = Assumptions { kms_state_after_denial: false, ..Assumptions::default() };
    let forecast = by_karpenter().forecast(&world, &not).unwrap();
    assert_eq!(forecast.kms_error(&not), Some("DisabledException"));
}

#[test]
fn keys_that_no_volume_can_be_under_are_obstacles() {
    let asymmetric = the_world("usage: AsymmetricEncryption", ALLOWED);
    assert_eq!(forecast(&by_karpenter(), &asymmetric).obstacle, Some(Obstacle::NotSymmetric(key(FOREIGN))));
    let elsewhere = Launch { region: "eu-west-1".parse().unwrap(), ..by_karpenter() };
    let world = the_world("state: Enabled", ALLOWED);
    assert_eq!(forecast(&elsewhere, &world).obstacle, Some(Obstacle::OtherRegion(key(FOREIGN))));
    let managed = the_world("manager: Aws", ALLOWED);
    let shared = Case::SharedImage.launched_by(karpenter(Capacity::OnDemand));
    assert_eq!(forecast(&shared, &managed).obstacle, Some(Obstacle::ManagedKeyNotShared(key(FOREIGN))));
}

#[test]
fn a_fleets_grantee_has_its_path_as_far_as_that_is_assumed() {
    let pathed = "arn:aws:iam::111122223333:role/aws-service-role/ec2fleet.amazonaws.com/AWSServiceRoleForEC2Fleet";
    let fleet = Launcher::Fleet(FleetKind::Maintain);
    let launch = Case::OwnImage.launched_by(fleet);
    let world = |grantee: &str| {
        a_world(&format!(
            "roles: {{'{pathed}': {{}}}}\nkeys: {{'{FOREIGN}': {{grants: [{{grantee: '{grantee}', operations: \
             [Decrypt, GenerateDataKeyWithoutPlaintext, CreateGrant]}}]}}}}"
        ))
    };
    let pathless = "arn:aws:iam::111122223333:role/AWSServiceRoleForEC2Fleet";
    let not = Assumptions { launch_fleet_grantee_path: false, ..Assumptions::default() };
    assert_eq!(forecast(&launch, &world(pathed)).outcome(), Outcome::Works);
    assert_eq!(forecast(&launch, &world(pathless)).outcome(), Outcome::Fails);
    assert_eq!(launch.forecast(&world(pathless), &not).unwrap().outcome(), Outcome::Works);
}
