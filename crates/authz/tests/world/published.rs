//! AWS's own managed policies, which need not be told.

use authz::{
    file::{NoFiles, world},
    text::SourceText,
    world::World,
};
use aws_catalog::managed_policies;

#[test]
fn every_policy_that_aws_publishes_reads() {
    let world = World::new();
    for published in managed_policies::all() {
        let arn = published.arn();
        assert!(!world.managed_policy(&arn).expect(&arn).statements().is_empty(), "{arn}");
    }
}

#[test]
fn a_role_carries_what_aws_publishes_unless_the_world_tells_another() {
    const READ: &str = "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess";
    let carried = |more: &str| {
        let role = "arn:aws:iam::111122223333:role/Reader";
        let text = format!(r#"{{"roles": {{"{role}": {{"managed": ["{READ}"]}}}}{more}}}"#);
        let world = world::read(&SourceText::new("world", text), &NoFiles).unwrap();
        world.role(&role.parse().unwrap()).unwrap().identity.policies[0].policy.source().text().to_owned()
    };
    assert!(carried("").contains("ec2:Describe*"), "{}", carried(""));
    let told = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}"#;
    assert!(carried(&format!(r#", "managedPolicies": {{"{READ}": {told}}}"#)).contains("Deny"));
}

#[test]
fn what_aws_does_not_publish_is_not_known() {
    let text = r#"{"roles": {"arn:aws:iam::111122223333:role/R": {"managed": ["arn:aws:iam::aws:policy/Nothing"]}}}"#;
    let refused = world::read(&SourceText::new("world", text), &NoFiles).unwrap_err().to_string();
    assert!(refused.contains("arn:aws:iam::aws:policy/Nothing"), "{refused}");
    assert!(World::new().managed_policy("arn:aws-cn:iam::aws:policy/ReadOnlyAccess").is_none());
}
