use std::{sync::Arc, time::Instant};

use authz::{
    policy::PolicyKind,
    world::{AttachedPolicy, ChangeError, Organization, OrganizationNode, PolicyOrigin, World},
};

use super::policy;

const ACCOUNT: &str = "111122223333";

fn scp(name: &str) -> AttachedPolicy {
    let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let policy = policy(PolicyKind::ServiceControl, name, text);
    AttachedPolicy { origin: PolicyOrigin::Managed(name.into()), policy }
}

fn organization() -> Organization {
    let mut organization = Organization::new("o-example", "999999999999".parse().unwrap());
    organization.put_level(None, OrganizationNode::new("r-root")).unwrap();
    for unit in ["ou-a", "ou-b"] {
        organization.put_level(Some("r-root"), OrganizationNode::new(unit)).unwrap();
    }
    organization.put_level(Some("ou-a"), OrganizationNode::new(ACCOUNT)).unwrap();
    organization
}

fn path(world: &World) -> Vec<(String, Vec<String>)> {
    let levels = &world.organization().unwrap().accounts.get(&ACCOUNT.parse().unwrap()).unwrap().levels;
    let names = |level: &Arc<OrganizationNode>| {
        level.service_control.iter().flatten().map(|attached| attached.origin.name().to_owned()).collect()
    };
    levels.iter().map(|level| (level.id.to_string(), names(level))).collect()
}

#[test]
fn an_account_is_under_what_its_levels_have_attached_now() {
    let mut world = World::new();
    world.set_organization(Some(organization()));
    world.attach_organization_policy("r-root", scp("full")).unwrap();
    world.attach_organization_policy("ou-a", scp("limit")).unwrap();
    world.attach_organization_policy("ou-b", scp("other")).unwrap();
    let level = |id: &str, policies: &[&str]| (id.to_owned(), policies.iter().map(ToString::to_string).collect());
    assert_eq!(path(&world), [level("r-root", &["full"]), level("ou-a", &["limit"]), level(ACCOUNT, &[])]);

    world.detach_organization_policy("ou-a", &PolicyOrigin::Managed("limit".into())).unwrap();
    world.organization_mut().unwrap().put_level(Some("ou-b"), OrganizationNode::new(ACCOUNT)).unwrap();
    assert_eq!(path(&world), [level("r-root", &["full"]), level("ou-b", &["other"]), level(ACCOUNT, &[])]);

    // Moving a unit takes its accounts along.
    world.organization_mut().unwrap().put_level(Some("ou-a"), OrganizationNode::new("ou-b")).unwrap();
    assert_eq!(path(&world), [level("r-root", &["full"]), level("ou-a", &[]), level("ou-b", &[]), level(ACCOUNT, &[])]);
}

#[test]
fn levels_that_cannot_be_are_refused() {
    let mut organization = organization();
    let below_itself = organization.put_level(Some("ou-a"), OrganizationNode::new("r-root"));
    assert_eq!(below_itself, Err(ChangeError::BelowItself { level: "r-root".to_owned() }));
    assert!(organization.put_level(Some("ou-c"), OrganizationNode::new("ou-d")).is_err());
    assert!(matches!(organization.remove_level("ou-a"), Err(ChangeError::NotEmpty { .. })));
    organization.remove_level(ACCOUNT).unwrap();
    organization.remove_level("ou-a").unwrap();
    assert!(organization.accounts.is_empty());
}

#[test]
fn a_new_unit_costs_the_same_in_a_large_organization() {
    let mut organization = organization();
    for n in 0..10_000_u64 {
        let account = format!("{:012}", 200_000_000_000 + n);
        organization.put_level(Some("ou-a"), OrganizationNode::new(&account)).unwrap();
    }
    let started = Instant::now();
    for n in 0..500 {
        organization.put_level(Some("ou-b"), OrganizationNode::new(&format!("ou-{n}"))).unwrap();
    }
    let each = started.elapsed() / 500;
    assert!(each.as_micros() < 500, "{each:?} a change");
}
