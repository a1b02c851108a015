//! Near misses: which statement, what differs, and how much.

use authz::{
    decision::GrantMiss,
    nearest::{ArnPart, Differing, NameDifference, Near, NearMiss},
    rules::Assumptions,
    world::World,
};

use crate::{CLUSTER, CONTROLLER, KEY, a_request, a_world};

fn misses(world: &World, request: &str) -> Vec<NearMiss> {
    let asked = a_request(world, request);
    let assumptions = Assumptions::default();
    world.near_misses(&asked, &assumptions, &world.explain(&asked, &assumptions))
}

/// The ids of the statements and grants, the nearest first.
fn ids(misses: &[NearMiss]) -> Vec<String> {
    let id = |miss: &NearMiss| match &miss.what {
        Near::Statement(near) => {
            near.statement().and_then(|statement| statement.sid.as_ref()).map_or("?", |sid| &sid.value).to_owned()
        }
        Near::Grant(grant) => grant.id.to_string(),
    };
    misses.iter().map(id).collect()
}

fn decrypts(rest: &str) -> String {
    format!("principal: {CONTROLLER}\naction: kms:Decrypt\nresource: {KEY}\n{rest}")
}

const DELEGATES: &str = "policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {AWS: '111122223333'}, Action: 'kms:*', Resource: '*'}]}";

#[test]
fn statements_come_by_how_little_differs() {
    let statement = |sid: &str, action: &str, resource: &str| {
        format!("{{Sid: {sid}, Effect: Allow, Action: '{action}', Resource: '{resource}'}}")
    };
    let statements = [
        statement("OtherService", "s3:GetObject", "*"),
        statement("Both", "kms:Encrypt", "arn:aws:kms:us-east-1:444455556666:key/*"),
        statement("OtherAccount", "kms:Decrypt", "arn:aws:kms:us-west-2:999999999999:key/*"),
        statement("OtherRegion", "kms:Decrypt", "arn:aws:kms:us-east-1:444455556666:key/*"),
        statement("OtherAction", "kms:Sign", KEY),
    ];
    let world = a_world(&format!(
        "roles: {{'{CONTROLLER}': {{policies: {{p: {{Version: '2012-10-17', Statement: [{}]}}}}}}}}\nkeys: {{'{KEY}': {{{DELEGATES}}}}}",
        statements.join(", ")
    ));
    let misses = misses(&world, &decrypts(""));
    assert_eq!(ids(&misses), ["OtherRegion", "OtherAccount", "OtherAction", "Both"]);
    let [nearest, ..] = misses.as_slice() else { panic!("there are some") };
    let [difference] = nearest.differs.as_slice() else { panic!("one element differs") };
    assert_eq!(difference.element, Differing::Resource(NameDifference { parts: vec![ArnPart::Region] }));
    assert_eq!(difference.says, "arn:aws:kms:us-east-1:444455556666:key/*");
    assert_eq!(difference.request_has.as_deref(), Some(KEY));
    let Near::Statement(near) = &nearest.what else { panic!("a statement is nearest") };
    let span = difference.span.unwrap_or_else(|| panic!("it stands somewhere"));
    assert_eq!(near.policy.source().slice(span), "\"arn:aws:kms:us-east-1:444455556666:key/*\"");
}

#[test]
fn principals_and_conditions_are_told_with_what_was_there() {
    let policy = "policy: {Version: '2012-10-17', Statement: [\
         {Sid: Role, Effect: Allow, Principal: {AWS: ['arn:aws:iam::999999999999:role/x', 'arn:aws:iam::111122223333:role/KarpenterControler']}, Action: 'kms:Decrypt', Resource: '*'},\
         {Sid: Via, Effect: Allow, Principal: {AWS: '111122223333'}, Action: 'kms:Decrypt', Resource: '*', Condition: {StringEquals: {'kms:ViaService': [rds.eu-central-1.amazonaws.com, ec2.us-west-1.amazonaws.com]}}}]}";
    let world = a_world(&format!("roles: {{'{CONTROLLER}': {{}}}}\nkeys: {{'{KEY}': {{{policy}}}}}"));
    let misses = misses(&world, &decrypts("via: [ec2.amazonaws.com]"));
    let of = |sid: &str| {
        let at =
            ids(&misses).iter().position(|id| id == sid).unwrap_or_else(|| panic!("{sid} is near: {:?}", ids(&misses)));
        misses[at].differs[0].clone()
    };
    assert_eq!(of("Role").says, "arn:aws:iam::111122223333:role/KarpenterControler");
    assert_eq!(of("Role").request_has.as_deref(), Some(CONTROLLER));
    assert_eq!(of("Role").element, Differing::Principal(NameDifference { parts: vec![ArnPart::Resource] }));
    assert_eq!(of("Via").says, "ec2.us-west-1.amazonaws.com");
    assert_eq!(of("Via").request_has.as_deref(), Some("ec2.us-west-2.amazonaws.com"));
    assert_eq!(of("Via").element, Differing::Condition(0));
}

#[test]
fn grants_are_told_with_what_is_in_the_way() {
    let world = a_world(&format!(
        "accounts: {{'{CLUSTER}': {{}}}}\nroles: {{'{CONTROLLER}': {{}}}}\nkeys: {{'{KEY}': {{grants: [{{id: far, grantee: dynamodb.amazonaws.com, operations: [Encrypt]}}, {{id: near, grantee: '{CONTROLLER}', operations: [Encrypt, DescribeKey]}}]}}}}"
    ));
    let misses = misses(&world, &decrypts(""));
    let grants: Vec<_> = misses.into_iter().filter(|miss| matches!(miss.what, Near::Grant(_))).collect();
    assert_eq!(ids(&grants), ["near", "far"]);
    assert_eq!(grants[0].differs[0].element, Differing::Grant(GrantMiss::Operation));
    assert_eq!(
        (&*grants[0].differs[0].says, grants[0].differs[0].request_has.as_deref()),
        ("Encrypt, DescribeKey", Some("Decrypt"))
    );
}

#[test]
fn what_hangs_on_something_unknown_is_nearest_and_open() {
    let statement = |sid: &str, vpce: &str, action: &str| {
        format!(
            "{{Sid: {sid}, Effect: Allow, Action: '{action}', Resource: '*', Condition: {{StringEquals: {{'aws:SourceVpce': {vpce}}}}}}}"
        )
    };
    let world = a_world(&format!(
        "roles: {{'{CONTROLLER}': {{policies: {{p: {{Version: '2012-10-17', Statement: [{}, {}]}}}}}}}}\nkeys: {{'{KEY}': {{{DELEGATES}}}}}",
        statement("Other", "vpce-1", "kms:Encrypt"),
        statement("Open", "vpce-1", "kms:Decrypt")
    ));
    let misses = misses(&world, &decrypts("otherKeys: unknown"));
    assert_eq!(ids(&misses), ["Open", "Other"]);
    assert!(misses[0].differs[0].is_open && misses[0].differs[0].request_has.is_none());
}

#[test]
fn nothing_is_near_what_is_allowed() {
    let world = a_world(&format!(
        "roles: {{'{CONTROLLER}': {{policies: {{p: {{Version: '2012-10-17', Statement: [{{Effect: Allow, Action: 'kms:*', Resource: '*'}}]}}}}}}}}\nkeys: {{'{KEY}': {{{DELEGATES}}}}}"
    ));
    assert!(misses(&world, &decrypts("")).is_empty());
}
