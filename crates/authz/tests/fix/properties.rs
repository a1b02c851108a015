//! Small worlds at random: what is proposed allows, and opens nothing that it does not list.

use authz::{
    decision::Verdict,
    fix::{BlastRadius, Fix, NotAsked},
    principal::{Principal, RoleSession},
    request::{Request, Resource},
    rules::Assumptions,
    world::{GrantOperation, World},
};
use proptest::prelude::*;

use crate::{AUTO_SCALING, CLUSTER, CONTROLLER, KEY, KEYS, a_request, a_world, after, check, told};

/// Statements of identity-based policies, boundaries and the organization's.
fn statement() -> impl Strategy<Value = String> {
    let action = prop::sample::select(vec![
        "*",
        "kms:*",
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:CreateGrant",
        "sts:AssumeRole",
        "s3:*",
    ]);
    let resource = prop::sample::select(vec![
        "*",
        KEY,
        "arn:aws:kms:us-east-1:444455556666:key/*",
        "arn:aws:iam::444455556666:role/*",
    ]);
    (effect(), action, resource, condition()).prop_map(|(effect, action, resource, condition)| {
        format!("{{Effect: {effect}, Action: '{action}', Resource: '{resource}'{condition}}}")
    })
}

fn effect() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["Allow", "Allow", "Allow", "Deny"])
}

fn condition() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "",
        ", Condition: {StringEquals: {'kms:ViaService': ec2.us-west-2.amazonaws.com}}",
        ", Condition: {StringNotEquals: {'kms:EncryptionContext:App': shop}}",
        ", Condition: {StringEquals: {'kms:EncryptionContext:App': shop}}",
        ", Condition: {StringEquals: {'aws:PrincipalTag/Team': payments}}",
        ", Condition: {StringEquals: {'aws:SourceVpce': vpce-1}}",
        ", Condition: {ArnNotEquals: {'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/admin'}}",
    ])
}

fn principal_element() -> impl Strategy<Value = String> {
    let names = vec![
        CLUSTER.to_owned(),
        KEYS.to_owned(),
        CONTROLLER.to_owned(),
        "arn:aws:iam::111122223333:user/ann".to_owned(),
    ];
    prop::sample::select(names).prop_map(|name| format!("{{AWS: '{name}'}}"))
}

/// Statements of the policies of resources.
fn statement_for(actions: Vec<&'static str>, resource: &'static str) -> impl Strategy<Value = String> {
    (effect(), principal_element(), prop::sample::select(actions), condition()).prop_map(
        move |(effect, principal, action, condition)| {
            format!("{{Effect: {effect}, Principal: {principal}, Action: '{action}'{resource}{condition}}}")
        },
    )
}

fn policy(statement: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::collection::vec(statement, 1..3)
        .prop_map(|statements| format!("{{Version: '2012-10-17', Statement: [{}]}}", statements.join(", ")))
}

fn grant() -> impl Strategy<Value = String> {
    let grantee = prop::sample::select(vec![CONTROLLER, AUTO_SCALING, "arn:aws:iam::111122223333:user/ann"]);
    let constraint = prop::sample::select(vec!["", ", constraints: {encryptionContextSubset: {App: shop}}"]);
    (grantee, prop::sample::select(vec!["Decrypt", "Encrypt", "CreateGrant, Decrypt"]), constraint).prop_map(
        |(grantee, operations, constraint)| format!("{{grantee: '{grantee}', operations: [{operations}]{constraint}}}"),
    )
}

/// A world as people write it, so that a failing case can be read.
fn some_world() -> impl Strategy<Value = String> {
    let key = policy(statement_for(vec!["kms:*", "kms:Decrypt", "kms:Encrypt"], ", Resource: '*'"));
    let trust = policy(statement_for(vec!["sts:AssumeRole"], ""));
    let grants = prop::collection::vec(grant(), 0..2).prop_map(|grants| grants.join(", "));
    let scp = prop::option::of(
        policy(statement())
            .prop_filter("the organization's statements are not all conditions", |text| !text.contains("Principal:")),
    );
    let limit = (policy(statement()), any::<bool>());
    (policy(statement()), policy(statement()), key, trust, grants, scp, limit).prop_map(
        |(controller, shared, key, trust, grants, scp, (limit, is_bounded))| {
            let boundary =
                if is_bounded { format!(", boundary: 'arn:aws:iam::{CLUSTER}:policy/limit'") } else { String::new() };
            let scps = scp.map_or_else(String::new, |scp| format!("scps: {{FullAWSAccess: aws, Guard: {scp}}}"));
            format!(
                r#"
managedPolicies:
  arn:aws:iam::{CLUSTER}:policy/shared: {shared}
  arn:aws:iam::{CLUSTER}:policy/limit: {limit}
roles:
  {CONTROLLER}: {{policies: {{own: {controller}}}, managed: ['arn:aws:iam::{CLUSTER}:policy/shared']{boundary}}}
  {AUTO_SCALING}: {{}}
  arn:aws:iam::{KEYS}:role/target: {{trust: {trust}}}
users:
  arn:aws:iam::{CLUSTER}:user/ann: {{managed: ['arn:aws:iam::{CLUSTER}:policy/shared']}}
keys:
  {KEY}: {{policy: {key}, grants: [{grants}]}}
organization:
  id: o-exampleorgid
  managementAccount: "999999999999"
  root: {{accounts: {{"{CLUSTER}": {{{scps}}}}}}}
"#
            )
        },
    )
}

fn some_request() -> impl Strategy<Value = String> {
    let principal = prop::sample::select(vec![
        format!("principal: {CONTROLLER}"),
        format!("principal: arn:aws:sts::{CLUSTER}:assumed-role/KarpenterController/s"),
        format!("principal: {AUTO_SCALING}"),
        format!("principal: arn:aws:iam::{CLUSTER}:user/ann"),
        format!("principal: arn:aws:iam::{KEYS}:role/target"),
        format!("principal: arn:aws:iam::{CLUSTER}:root"),
        "principal: ec2.amazonaws.com".to_owned(),
    ]);
    let about = prop::sample::select(vec![
        format!("action: kms:Decrypt\nresource: {KEY}"),
        format!("action: kms:Decrypt\nresource: {KEY}\nencryptionContext: {{App: shop}}\nvia: [ec2.amazonaws.com]"),
        format!("action: kms:ListGrants\nresource: {KEY}"),
        format!("action: kms:ScheduleKeyDeletion\nresource: {KEY}"),
        format!("action: sts:AssumeRole\nresource: arn:aws:iam::{KEYS}:role/target"),
        "action: kms:ListKeys\nresource: '*'".to_owned(),
    ]);
    let others = prop::sample::select(vec!["otherKeys: absent", "otherKeys: unknown"]);
    (principal, about, others).prop_map(|(principal, about, others)| format!("{principal}\n{about}\n{others}"))
}

/// Everybody whom the world knows, told without the library's help.
fn everybody(world: &World) -> Vec<Principal> {
    world
        .accounts()
        .flat_map(|(id, account)| {
            let roles = account
                .roles()
                .map(|role| Principal::Session(Box::new(RoleSession::of(role.identity.arn.clone(), None))));
            let users = account.users().map(|user| Principal::User(user.identity.arn.clone()));
            roles.chain(users).chain([Principal::Root(id)])
        })
        .collect()
}

const fn openness(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Denied(_) => 0,
        Verdict::AllowedIff(_) => 1,
        Verdict::Allowed => 2,
    }
}

fn role_of(principal: &Principal) -> String {
    match principal {
        Principal::Session(session) => session.role.to_string(),
        other => other.to_string(),
    }
}

/// Whoever else gains what was asked is told.
fn opens_only_what_it_lists(world: &World, request: &Request, fix: &Fix) {
    let assumptions = Assumptions::default();
    let Some((changed, asked)) = after(world, request, &fix.changes) else { panic!("a fix is applied: {}", told(fix)) };
    if fix.opens.count > BlastRadius::SHOWN {
        return;
    }
    for principal in everybody(world) {
        if role_of(&principal) == role_of(&request.principal) {
            continue;
        }
        let question = Request { principal: principal.clone(), ..asked.clone() };
        let gains =
            openness(&changed.decide(&question, &assumptions)) > openness(&world.decide(&question, &assumptions));
        let is_listed = fix.opens.gains.iter().any(|gain| {
            gain.principal.to_string() == principal.to_string()
                && gain.action == request.action
                && gain.resource == request.resource.arn
        });
        assert_eq!(gains, is_listed, "{principal} by: {}", told(fix));
    }
}

/// What else anybody gains, the caller too, by any operation that grants can give or on the role: it is told, or the fix
/// says that its patterns reach further than was asked.
fn opens_nothing_unsaid(world: &World, request: &Request, fix: &Fix) {
    let reaches_further = |left_out: &NotAsked| !matches!(left_out, NotAsked::Identities(_));
    if fix.opens.count > BlastRadius::SHOWN || fix.opens.not_asked.iter().any(reaches_further) {
        return;
    }
    let Some((changed, asked)) = after(world, request, &fix.changes) else { panic!("a fix is applied: {}", told(fix)) };
    let on_key = GrantOperation::ALL.iter().map(|operation| (format!("kms:{}", operation.as_str()), KEY.to_owned()));
    let on_role = ("sts:AssumeRole".to_owned(), format!("arn:aws:iam::{KEYS}:role/target"));
    for (action, arn) in on_key.chain([on_role]) {
        let resource = Resource { arn: arn.as_str().into(), owner: None, tags: Default::default() };
        let resource = if arn == *asked.resource.arn { asked.resource.clone() } else { resource };
        let Ok(parsed) = action.parse() else { panic!("{action} is an action") };
        let question = Request { action: parsed, resource, ..asked.clone() };
        if question.action == request.action && question.resource.arn == request.resource.arn {
            continue;
        }
        for principal in everybody(world) {
            let is_own = role_of(&principal) == role_of(&request.principal);
            let principal = if is_own { asked.principal.clone() } else { principal };
            let question = Request { principal, ..question.clone() };
            let openness = |world: &World| openness(&world.decide(&question, &Assumptions::default()));
            let is_listed = fix.opens.gains.iter().any(|gain| {
                role_of(&gain.principal) == role_of(&question.principal)
                    && gain.action == question.action
                    && gain.resource == question.resource.arn
            });
            let gains = openness(&changed) > openness(world);
            assert!(!gains || is_listed, "{} may {action} on {arn} by: {}", question.principal, told(fix));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(192) })]

    #[test]
    fn what_is_proposed_allows_and_opens_only_what_it_lists(world in some_world(), request in some_request()) {
        let world = a_world(&world);
        let asked = a_request(&world, &request);
        let assumptions = Assumptions::default();
        let fixes = world.fixes(&asked, &assumptions);
        prop_assert_eq!(&fixes.before, &world.decide(&asked, &assumptions));
        check(&world, &asked, &fixes);
        for fix in &fixes.fixes {
            opens_only_what_it_lists(&world, &asked, fix);
            opens_nothing_unsaid(&world, &asked, fix);
        }
    }

    /// Whatever is near differs in something, and what differs was asked for.
    #[test]
    fn near_misses_are_sorted_and_differ(world in some_world(), request in some_request()) {
        let world = a_world(&world);
        let asked = a_request(&world, &request);
        let assumptions = Assumptions::default();
        let misses = world.near_misses(&asked, &assumptions, &world.explain(&asked, &assumptions));
        prop_assert!(misses.is_sorted_by_key(|miss| miss.distance));
        prop_assert!(misses.iter().all(|miss| !miss.differs.is_empty() && miss.distance > 0));
    }
}
