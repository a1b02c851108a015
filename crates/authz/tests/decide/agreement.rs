//! Whatever the world and the request: who enforces and who explains decide the same.

use authz::rules::Assumptions;
use proptest::{prelude::*, sample::select};

use crate::{a_request, a_world};

const PRINCIPALS: [&str; 9] = [
    "'*'",
    "{AWS: '111122223333'}",
    "{AWS: 'arn:aws:iam::444455556666:root'}",
    "{AWS: 'arn:aws:iam::111122223333:role/app'}",
    "{AWS: 'arn:aws:sts::111122223333:assumed-role/app/s'}",
    "{AWS: 'arn:aws:iam::111122223333:user/ann'}",
    "{AWS: ['arn:aws:sts::111122223333:federated-user/carol', 'arn:aws:iam::444455556666:role/far']}",
    "{Service: ec2.amazonaws.com}",
    "{AWS: 'arn:aws:iam::999999999999:role/r'}",
];

const CONDITIONS: [&str; 8] = [
    "",
    "",
    ", Condition: {StringEquals: {kms:ViaService: ec2.us-west-2.amazonaws.com}}",
    ", Condition: {StringNotEquals: {aws:PrincipalAccount: '111122223333'}}",
    ", Condition: {ArnLike: {aws:PrincipalArn: 'arn:aws:iam::*:role/app'}}",
    ", Condition: {'Null': {aws:SourceVpc: 'true'}}",
    ", Condition: {StringEqualsIfExists: {aws:SourceVpc: vpc-1}}",
    ", Condition: {'ForAnyValue:StringEquals': {kms:EncryptionContextKeys: a}}",
];

const ACTIONS: [&str; 5] =
    ["'*'", "'kms:*'", "'kms:Decrypt'", "['kms:CreateGrant', 'kms:ScheduleKeyDeletion']", "'sqs:*'"];

/// A statement; one with a principal may name whom it is about the other way round.
fn statement(names: bool) -> impl Strategy<Value = String> {
    let principal = (select(&PRINCIPALS[..]), prop::bool::weighted(0.2));
    let parts = (select(&["Allow", "Allow", "Deny"][..]), select(&ACTIONS[..]), select(&CONDITIONS[..]), principal);
    parts.prop_map(move |(effect, action, condition, (principal, not))| {
        let not = if not && effect == "Deny" { "Not" } else { "" };
        let principal = if names { format!("{not}Principal: {principal}, ") } else { String::new() };
        format!("{{Effect: {effect}, {principal}Action: {action}, Resource: '*'{condition}}}")
    })
}

fn policy(names: bool) -> impl Strategy<Value = String> {
    prop::collection::vec(statement(names), 1..4)
        .prop_map(|statements| format!("{{Version: 2012-10-17, Statement: [{}]}}", statements.join(", ")))
}

fn grant() -> impl Strategy<Value = String> {
    let grantees = select(
        &[
            "arn:aws:iam::111122223333:role/app",
            "arn:aws:sts::111122223333:assumed-role/app/s",
            "arn:aws:iam::111122223333:root",
            "arn:aws:iam::111122223333:user/ann",
        ][..],
    );
    let constraint = select(&["", ", constraints: {encryptionContextSubset: {a: b}}", ", granteeId: AROAOLD"][..]);
    (grantees, constraint).prop_map(|(grantee, constraint)| {
        format!("{{grantee: '{grantee}', operations: [Decrypt, CreateGrant, RetireGrant]{constraint}}}")
    })
}

fn world() -> impl Strategy<Value = String> {
    let policies = (policy(false), policy(false), policy(false), policy(true), policy(true), policy(false));
    let grants = prop::collection::vec(grant(), 0..3);
    (policies, grants, any::<[bool; 3]>()).prop_map(|((near, far, limit, key, queue, scp), grants, has)| {
        let [boundary, organization, near_key] = has;
        let boundary = if boundary { ", boundary: 'arn:aws:iam::111122223333:policy/limit'" } else { "" };
        let organization = if organization {
            format!(
                "organization: {{id: o-a, managementAccount: '999999999999', root: {{accounts: {{'111122223333': \
                 {{scps: {{FullAWSAccess: aws, p: {scp}}}}}, '444455556666': {{}}}}}}}}"
            )
        } else {
            String::new()
        };
        let key_account = if near_key { "111122223333" } else { "444455556666" };
        let grants = grants.join(", ");
        format!(
            "roles:
  arn:aws:iam::111122223333:role/app: {{id: AROAAPP, policies: {{p: {near}}}{boundary}}}
  arn:aws:iam::444455556666:role/far: {{policies: {{p: {far}}}}}
users: {{arn:aws:iam::111122223333:user/ann: {{policies: {{p: {near}}}{boundary}}}}}
managedPolicies: {{'arn:aws:iam::111122223333:policy/limit': {limit}}}
keys: {{arn:aws:kms:us-west-2:{key_account}:key/k: {{policy: {key}, grants: [{grants}]}}}}
resources: {{'arn:aws:sqs:us-west-2:{key_account}:q': {{policy: {queue}}}}}
{organization}"
        )
    })
}

fn request() -> impl Strategy<Value = String> {
    let principal = select(
        &[
            "arn:aws:sts::111122223333:assumed-role/app/s",
            "arn:aws:iam::111122223333:role/app",
            "arn:aws:iam::444455556666:role/far",
            "arn:aws:iam::111122223333:user/ann",
            "arn:aws:iam::111122223333:root",
            "arn:aws:sts::111122223333:federated-user/carol",
            "arn:aws:iam::999999999999:role/r",
            "ec2.amazonaws.com",
            "anonymous",
        ][..],
    );
    let call = select(
        &[
            ("kms:Decrypt", "kms", "key/k"),
            ("kms:CreateGrant", "kms", "key/k"),
            ("kms:RetireGrant", "kms", "key/k"),
            ("kms:ScheduleKeyDeletion", "kms", "key/k"),
            ("kms:Decrypt", "kms", "key/unknown"),
            ("sqs:SendMessage", "sqs", "q"),
        ][..],
    );
    let rest = select(
        &[
            "",
            "otherKeys: unknown",
            "via: [ec2.amazonaws.com]",
            "encryptionContext: {a: b}",
            "encryptionContextIsPartial: true\notherKeys: unknown",
            "grantId: grant-1",
        ][..],
    );
    let account = select(&["111122223333", "444455556666"][..]);
    (principal, call, account, rest).prop_map(|(principal, (action, service, name), account, rest)| {
        format!(
            "principal: {principal}\naction: {action}\nresource: arn:aws:{service}:us-west-2:{account}:{name}\n{rest}"
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn enforcing_and_explaining_agree(world in world(), request in request()) {
        let world = a_world(&world);
        let request = a_request(&world, &request);
        let decided = world.decide(&request, &Assumptions::default());
        let explained = world.explain(&request, &Assumptions::default());
        prop_assert_eq!(decided, explained.verdict);
    }
}
