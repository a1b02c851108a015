//! Identity policies alone: what every evaluator can decide.

use std::sync::Arc;

use authz::{
    context::{Context, Others},
    decision::Verdict,
    policy::{Policy, PolicyKind},
    principal::Principal,
    request::{KmsDetail, Request, Resource},
    rules::Assumptions,
    text::SourceText,
    world::World,
};
use iam_rs::{
    Arn, Context as TheirContext, Decision, IAMPolicy, IAMRequest, PolicyEvaluator, Principal as TheirPrincipal,
    PrincipalId,
};

use crate::{aim, line, microseconds, simulator};

const USER: &str = "arn:aws:iam::111122223333:user/ann";

/// What an operator of a cluster may have: five statements, one of them a Deny.
const POLICIES: [&str; 2] = [
    r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::reports/${aws:username}/*"},
        {"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::reports","Condition":{"StringLike":{"s3:prefix":["ann/*","shared/*"]}}},
        {"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#,
    r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:BatchGet*","dynamodb:Query"],"Resource":"arn:aws:dynamodb:us-west-2:111122223333:table/*"},
        {"Effect":"Allow","Action":["ec2:Describe*","ec2:RunInstances"],"Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}]}"#,
];

const CONTEXT: [(&str, &str); 4] = [
    ("aws:username", "ann"),
    ("aws:SecureTransport", "true"),
    ("aws:SourceIp", "203.0.113.7"),
    ("s3:prefix", "ann/2026"),
];

/// What is asked, and whether it is allowed.
const ASKS: [(&str, &str, bool); 6] = [
    ("s3:GetObject", "arn:aws:s3:::reports/ann/november", true),
    ("s3:GetObject", "arn:aws:s3:::reports/bob/november", false),
    ("s3:ListBucket", "arn:aws:s3:::reports", true),
    ("dynamodb:GetItem", "arn:aws:dynamodb:us-west-2:111122223333:table/orders", true),
    ("ec2:RunInstances", "arn:aws:ec2:us-west-2:111122223333:instance/i-0123456789abcdef0", true),
    ("sqs:SendMessage", "arn:aws:sqs:us-west-2:111122223333:queue", false),
];

pub(crate) fn run() {
    println!("\nFlat policies: two, of five statements; six requests in turn");
    let (world, requests, assumptions) = (world(), requests(), Assumptions::default());
    let ours = microseconds(20_000, |at| {
        let at = at % ASKS.len();
        let verdict = world.decide(&requests[at], &assumptions);
        assert_eq!(verdict == Verdict::Allowed, ASKS[at].2);
    });
    line("authz, compiled", ours);
    let (evaluator, asked) = theirs();
    let iam_rs = microseconds(20_000, |at| {
        let at = at % ASKS.len();
        let result = evaluator.evaluate(&asked[at]).expect("iam-rs decides");
        assert_eq!(result.decision == Decision::Allow, ASKS[at].2);
    });
    line("iam-rs, compiled", iam_rs);
    let parsing = microseconds(2_000, |at| {
        let (world, at) = (self::world(), at % ASKS.len());
        let verdict = world.decide(&request(ASKS[at]), &assumptions);
        assert_eq!(verdict == Verdict::Allowed, ASKS[at].2);
    });
    line("authz, parsing and compiling for each decision", parsing);
    let simulated = simulator::microseconds(&POLICIES, USER, &CONTEXT, &ASKS);
    line("iam-simulate, which parses for each decision", simulated);
    aim("ahead of iam-rs", ours < iam_rs, &format!("{:.1} times its rate", iam_rs / ours));
    aim("100 times iam-simulate, compiled", simulated > 100.0 * ours, &format!("{:.0} times", simulated / ours));
    aim(
        "100 times iam-simulate, parsing included",
        simulated > 100.0 * parsing,
        &format!("{:.1} times", simulated / parsing),
    );
}

fn world() -> World {
    let mut world = World::new();
    let user = USER.parse().expect("a user's ARN");
    world.put_user(&user, "AIDAANN").expect("a user");
    for (name, text) in ["p0", "p1"].into_iter().zip(POLICIES) {
        let policy = Policy::parse(SourceText::new(name, text), PolicyKind::Identity).expect("a policy");
        world.put_inline_policy(&user, name, Arc::new(policy)).expect("a user's policy");
    }
    world
}

fn requests() -> Vec<Request> {
    ASKS.into_iter().map(request).collect()
}

fn request((action, arn, _): (&str, &str, bool)) -> Request {
    let context =
        CONTEXT.iter().fold(Context::new(Others::Absent), |context, (key, value)| context.with_value(key, *value));
    let owner = Some("111122223333".parse().expect("an account"));
    Request {
        principal: Principal::User(USER.parse().expect("a user's ARN")),
        through: Vec::new(),
        action: action.parse().expect("an action"),
        resource: Resource { arn: arn.into(), owner, tags: Default::default() },
        region: None,
        kms: KmsDetail::default(),
        context,
    }
}

fn theirs() -> (PolicyEvaluator, Vec<IAMRequest>) {
    let policies = POLICIES.iter().map(|text| serde_json::from_str::<IAMPolicy>(text).expect("a policy")).collect();
    let request = |(action, arn, _): (&str, &str, bool)| {
        let context = CONTEXT.iter().fold(TheirContext::new(), |context, (key, value)| match *value {
            "true" => context.with_boolean(*key, true),
            value => context.with_string(*key, value),
        });
        let principal = TheirPrincipal::Aws(PrincipalId::String(USER.to_owned()));
        IAMRequest::new_with_context(principal, action, Arn::parse(arn).expect("an ARN"), context)
    };
    (PolicyEvaluator::with_policies(policies), ASKS.into_iter().map(request).collect())
}
