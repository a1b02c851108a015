//! What holds of deciding, whatever policy and request. Shared with the fuzz target `evaluator`.

use std::sync::Arc;

use authz::{
    context::{Context, Others, Told},
    decision::Verdict,
    policy::{Policy, PolicyKind},
    principal::{Principal, RoleSession},
    request::{KmsDetail, Request, Resource},
    rules::Assumptions,
    text::SourceText,
    world::{Key, OtherResource, World},
};

const ACCOUNT: &str = "111122223333";
const FOREIGN: &str = "444455556666";
const ROLE: &str = "arn:aws:iam::111122223333:role/app";
const KEY: &str = "arn:aws:kms:us-west-2:111122223333:key/k";

/// Takes a text of lines: an action, a resource, what its context keys are, and a policy in all lines that follow. The
/// policy is put wherever it reads. Answers to how many requests that led.
pub(crate) fn take(text: &str) -> usize {
    let mut lines = text.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (action, resource, value, policy) = (line(), line(), line(), line());
    let Ok(action) = action.parse::<authz::request::Action>() else { return 0 };
    let Some(world) = world(resource, policy) else { return 0 };
    let context = |others| {
        let team = Told::Values(value.split(',').map(str::to_owned).collect());
        Context::new(others).with("aws:PrincipalTag/team", team).with_value("aws:SourceIp", value)
    };
    let mut requests = 0;
    for principal in principals() {
        for others in [Others::Absent, Others::Unknown] {
            decide(
                &world,
                &Request {
                    principal: principal.clone(),
                    through: Vec::new(),
                    action: action.clone(),
                    resource: Resource { arn: resource.into(), owner: None, tags: Default::default() },
                    region: None,
                    kms: KmsDetail::default(),
                    context: context(others),
                },
            );
            requests += 1;
        }
    }
    requests
}

/// `None` if the policy reads as no kind of policy.
fn world(resource: &str, policy: &str) -> Option<World> {
    let read = |kind| Policy::parse(SourceText::new("fuzz", policy), kind).ok().map(Arc::new);
    let own = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:*"}}"#;
    let own = Policy::parse(SourceText::new("trust", own), PolicyKind::Trust).expect("a trust policy");
    let mut world = World::new();
    let role = ROLE.parse().expect("a role's ARN");
    let mut is_read = false;
    let trust = read(PolicyKind::Trust).inspect(|_| is_read = true).unwrap_or_else(|| Arc::new(own));
    world.put_role(&role, "AROAAPP", trust).expect("a role");
    if let Some(policy) = read(PolicyKind::Identity) {
        is_read = true;
        world.put_inline_policy(&role, "p", policy).expect("a policy");
    }
    if let Some(policy) = read(PolicyKind::Key) {
        is_read = true;
        let policy = world.saved(policy);
        world.put_key(Key::new(KEY.parse().expect("a key's ARN"), policy)).expect("a key");
    }
    if let Some(policy) = read(PolicyKind::Resource) {
        is_read = true;
        let policy = Some(world.saved(policy));
        let owner = FOREIGN.parse().expect("an account");
        world.put_resource(owner, resource, OtherResource { policy, ..OtherResource::default() });
    }
    is_read.then_some(world)
}

fn principals() -> [Principal; 4] {
    let role = ROLE.parse().expect("a role's ARN");
    [
        Principal::Session(Box::new(RoleSession::of(role, Some("s".to_owned())))),
        Principal::Root(ACCOUNT.parse().expect("an account")),
        Principal::Service("ec2.amazonaws.com".into()),
        Principal::Anonymous,
    ]
}

/// Who enforces and who explains agree, and everything that is told can be shown.
fn decide(world: &World, request: &Request) {
    let assumptions = Assumptions::default();
    let decided = world.decide(request, &assumptions);
    let explained = world.explain(request, &assumptions);
    assert_eq!(decided, explained.verdict);
    if let Verdict::AllowedIff(residual) = &decided {
        assert!(!residual.is_true() && !residual.is_false() && !residual.to_string().is_empty());
    }
    assert_eq!(explained.error.is_some(), matches!(decided, Verdict::Denied(_)));
}
