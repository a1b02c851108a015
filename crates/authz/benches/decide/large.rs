//! A large account: 1,000 roles with boundaries under an organization's policies, and 10,000 grants.

use std::sync::Arc;

use authz::{
    context::{Context, Others},
    decision::Verdict,
    policy::{Policy, PolicyKind},
    principal::{Principal, RoleSession},
    request::{KmsDetail, Request, Resource},
    rules::Assumptions,
    text::SourceText,
    world::{
        AttachedPolicy, Grant, GrantConstraints, GrantOperation, GrantPrincipal, Key, Organization, OrganizationNode,
        PolicyOrigin, World,
    },
};

use crate::{aim, line, microseconds};

const ACCOUNT: &str = "111122223333";
const FOREIGN: &str = "444455556666";
const ROLES: usize = 1_000;
const GRANTS: usize = 10_000;
const DECIDED_IN: f64 = 5.0;
const CHANGED_IN: f64 = 50.0;

const SCP: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
    {"Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}]}"#;
const BOUNDARY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:*","ec2:*","s3:*"],"Resource":"*"},
    {"Effect":"Deny","Action":"kms:ScheduleKeyDeletion","Resource":"*"}]}"#;
const IDENTITY: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":["ec2:RunInstances","ec2:CreateFleet"],"Resource":"*"},
    {"Effect":"Allow","Action":["kms:Decrypt","kms:CreateGrant"],"Resource":"arn:aws:kms:us-west-2:444455556666:key/*",
     "Condition":{"StringEquals":{"kms:ViaService":"ec2.us-west-2.amazonaws.com"}}}]}"#;
const KEY: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"kms:*","Resource":"*"},
    {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":["kms:Decrypt","kms:CreateGrant"],"Resource":"*"}]}"#;

pub(crate) fn run() {
    for keys in [20, 1] {
        println!("\nA world of {ROLES} roles and {GRANTS} grants on {keys} foreign key(s), boundaries and SCPs");
        let mut world = world(keys);
        let by_policy = decide(&world, keys, "by both accounts' policies", &request("ec2.amazonaws.com"), true);
        let by_grant = decide(&world, keys, "by a grant", &request(""), true);
        let by_none = decide(&world, keys, "denied", &request("denied"), false);
        let slowest = by_policy.max(by_grant).max(by_none);
        aim("decided in less than 5 us", slowest < DECIDED_IN, &format!("{slowest:.2} us at most"));
        let grants: Vec<_> = (0..1_000).map(|at| grant(GRANTS + at)).collect();
        let create =
            microseconds(1_000, |at| world.put_grant(&key_arn(at % keys), grants[at].clone()).expect("a grant"));
        line("CreateGrant", create);
        let put = microseconds(1_000, |at| {
            let policy = parse(IDENTITY, PolicyKind::Identity);
            world.put_inline_policy(&role(at % ROLES).parse().expect("an ARN"), "p", policy).expect("a policy");
        });
        line("PutRolePolicy, with reading the policy", put);
        let copied = microseconds(100, |at| {
            let mut copy = world.clone();
            copy.put_grant(&key_arn(at % keys), grants[at].clone()).expect("a grant");
            copy
        });
        line("a copy of the world, and CreateGrant on the copy", copied);
        let denied = request("denied")(0, keys);
        let fixed = microseconds(1, |_| world.fixes(&denied, &Assumptions::default()));
        line("the fixes of a denial", fixed);
        let slowest = create.max(put);
        aim("changed in less than 50 us", slowest < CHANGED_IN, &format!("{slowest:.2} us at most"));
    }
}

fn decide(world: &World, keys: usize, how: &str, ask: &impl Fn(usize, usize) -> Request, is_allowed: bool) -> f64 {
    let requests: Vec<_> = (0..2_000).map(|at| ask(at * 7 % ROLES, keys)).collect();
    let assumptions = Assumptions::default();
    let one = microseconds(requests.len(), |at| {
        assert_eq!(world.decide(&requests[at], &assumptions) == Verdict::Allowed, is_allowed);
    });
    line(&format!("decided, {how}"), one);
    one
}

/// A role's call of Decrypt: through EC2, as its policy asks for; of its own, for which it has a grant; or of an
/// operation that nothing allows.
fn request(how: &'static str) -> impl Fn(usize, usize) -> Request {
    move |at, keys| Request {
        principal: Principal::Session(Box::new(RoleSession::of(
            role(at).parse().expect("an ARN"),
            Some("s".to_owned()),
        ))),
        through: if how.contains('.') { vec![how.into()] } else { Vec::new() },
        action: if how == "denied" { "kms:Encrypt" } else { "kms:Decrypt" }.parse().expect("an action"),
        resource: Resource { arn: key_arn(at % keys).as_str().into(), owner: None, tags: Default::default() },
        region: Some("us-west-2".parse().expect("a region")),
        kms: KmsDetail::default(),
        context: Context::new(Others::Absent),
    }
}

fn world(keys: usize) -> World {
    let mut world = World::new();
    let boundary = format!("arn:aws:iam::{ACCOUNT}:policy/boundary").parse().expect("an ARN");
    world.put_managed_policy(&boundary, parse(BOUNDARY, PolicyKind::Identity)).expect("a managed policy");
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
    let trust = parse(trust, PolicyKind::Trust);
    for at in 0..ROLES {
        let arn = role(at).parse().expect("an ARN");
        world.put_role(&arn, &format!("AROA{at:017}"), trust.clone()).expect("a role");
        world.put_inline_policy(&arn, "p", parse(IDENTITY, PolicyKind::Identity)).expect("a policy");
        world.set_boundary(&arn, Some(&boundary)).expect("a boundary");
    }
    for at in 0..keys {
        let policy = world.saved(parse(KEY, PolicyKind::Key));
        world.put_key(Key::new(key_arn(at), policy)).expect("a key");
    }
    // A role asks the key of its own place, so its grants have to be there.
    for at in 0..GRANTS {
        world.put_grant(&key_arn(at % ROLES % keys), grant(at)).expect("a grant");
    }
    world.set_organization(Some(organization()));
    world
}

fn organization() -> Organization {
    let mut organization = Organization::new("o-example", "999999999999".parse().expect("an account"));
    let policy = parse(SCP, PolicyKind::ServiceControl);
    let mut parent: Option<&str> = None;
    for id in ["r-root", "ou-workloads", ACCOUNT] {
        let attached = AttachedPolicy { origin: PolicyOrigin::Managed("scp".into()), policy: policy.clone() };
        let node = OrganizationNode { service_control: Some(vec![attached]), ..OrganizationNode::new(id) };
        organization.put_level(parent, node).expect("a level");
        parent = Some(id);
    }
    organization
}

fn parse(text: &str, kind: PolicyKind) -> Arc<Policy> {
    Arc::new(Policy::parse(SourceText::new("policy", text), kind).expect("a policy"))
}

fn role(at: usize) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/role-{at}")
}

fn key_arn(at: usize) -> aws_model::KeyArn {
    format!("arn:aws:kms:us-west-2:{FOREIGN}:key/key-{at}").parse().expect("a key's ARN")
}

fn grant(at: usize) -> Grant {
    Grant {
        id: format!("{at:064x}").into(),
        token: None,
        propagated: Some(true),
        name: None,
        grantee: GrantPrincipal::Role(role(at % ROLES).parse().expect("an ARN")),
        grantee_unique_id: None,
        retiring: None,
        issuing_account: Some(FOREIGN.parse().expect("an account")),
        operations: [GrantOperation::Decrypt, GrantOperation::CreateGrant].into_iter().collect(),
        constraints: GrantConstraints::default(),
    }
}
