//! How sessions of STS begin: how long they last, what they are narrowed to and what they hand on.
//!
//! Sources: AWS STS API Reference, "AssumeRole", "GetSessionToken"; IAM User Guide, "Pass session tags in AWS STS",
//! "Roles terms and concepts" > "Role chaining".

use std::io;

use authz::{file::world, text::SourceText};
use aws_model::SecretBytes;
use local_aws::{Options, Running};

use crate::wire::{self, ACCOUNT, Answer, Signer, root, start_with, sts};

/// Roles that trust their whole account, one with long sessions, and managed policies of two accounts.
const WORLD: &str = r#"
roles:
  arn:aws:iam::111122223333:role/First: &open
    maxSession: 7200
    trust:
      Statement:
        - {Effect: Allow, Principal: {AWS: "111122223333"}, Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]}
    policies: {all: {Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}}
  arn:aws:iam::111122223333:role/Second: *open
  # Lets nobody set tags or a source identity.
  arn:aws:iam::111122223333:role/Plain:
    trust: {Statement: [{Effect: Allow, Principal: {AWS: "111122223333"}, Action: "sts:AssumeRole"}]}
users:
  arn:aws:iam::111122223333:user/ann:
    policies: {all: {Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}}
managedPolicies:
  arn:aws:iam::111122223333:policy/kms: {Statement: [{Effect: Allow, Action: "kms:*", Resource: "*"}]}
  arn:aws:iam::444455556666:policy/kms: {Statement: [{Effect: Allow, Action: "kms:*", Resource: "*"}]}
"#;

async fn begin() -> (Running, Signer) {
    let no_files = |_: &str| -> io::Result<String> { Err(io::ErrorKind::NotFound.into()) };
    let world = world::read(&SourceText::new("world", WORLD), &no_files).unwrap();
    let ann: local_aws::Credential = "AKIAANN:ann:arn:aws:iam::111122223333:user/ann".parse().unwrap();
    let aws = start_with(Options { world, credentials: vec![ann.clone()], ..Options::default() }).await;
    let signer = wire::of(&ann, "sts");
    (aws, signer)
}

/// A text in a form's value.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn assume(aws: &Running, signer: &Signer, role: &str, more: &str) -> Answer {
    let role = encoded(&format!("arn:aws:iam::{ACCOUNT}:role/{role}"));
    sts(&format!("Action=AssumeRole&RoleSessionName=me&RoleArn={role}{more}")).signed(aws, signer).send(aws).await
}

/// The holder of the session that an answer tells.
fn session(begun: &Answer, like: &Signer) -> Signer {
    assert_eq!(begun.status, 200, "{begun:?}");
    Signer {
        access_key_id: begun.element("AccessKeyId"),
        secret: SecretBytes::new(begun.element("SecretAccessKey").into_bytes()),
        token: Some(SecretBytes::new(begun.element("SessionToken").into_bytes())),
        ..*like
    }
}

fn refusal(code: &str, message: &str) -> (u16, String, String) {
    let status = if code == "AccessDenied" { 403 } else { 400 };
    (status, code.into(), message.into())
}

/// How many seconds a session lasts.
fn lasts(begun: &Answer) -> i64 {
    assert_eq!(begun.status, 200, "{begun:?}");
    let end: jiff::Timestamp = begun.element("Expiration").parse().unwrap();
    // It began at most some seconds ago.
    let left = end.as_second() - jiff::Timestamp::now().as_second();
    (left + 59) / 60 * 60
}

/// Rule: `trust-duration`.
#[tokio::test]
async fn a_session_lasts_as_long_as_its_role_lets_it_and_an_hour_if_nobody_says() {
    let (aws, ann) = begin().await;
    assert_eq!(lasts(&assume(&aws, &ann, "First", "").await), 3600);
    assert_eq!(lasts(&assume(&aws, &ann, "First", "&DurationSeconds=7200").await), 7200);
    assert_eq!(lasts(&assume(&aws, &ann, "First", "&DurationSeconds=900").await), 900);
    let longer = assume(&aws, &ann, "First", "&DurationSeconds=7201").await;
    let exceeds = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
    assert_eq!(longer.query_error(), refusal("ValidationError", exceeds));
    let shorter = assume(&aws, &ann, "First", "&DurationSeconds=899").await;
    assert_eq!((shorter.status, shorter.query_error().1), (400, "ValidationError".into()), "{shorter:?}");
    aws.shutdown().await;
}

/// Rules: `trust-chain-hour`, `trust-chain-hour-session-token`.
#[tokio::test]
async fn a_chained_session_lasts_an_hour_at_most() {
    let (aws, ann) = begin().await;
    let first = session(&assume(&aws, &ann, "First", "&DurationSeconds=7200").await, &ann);
    assert_eq!(lasts(&assume(&aws, &first, "Second", "&DurationSeconds=3600").await), 3600);
    let exceeds = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.";
    let longer = assume(&aws, &first, "Second", "&DurationSeconds=3601").await;
    assert_eq!(longer.query_error(), refusal("ValidationError", exceeds));

    // AWS counts the session of GetSessionToken as a link of the chain, as its Knowledge Center tells.
    let token = sts("Action=GetSessionToken").signed(&aws, &ann).send(&aws).await;
    let longer = assume(&aws, &session(&token, &ann), "First", "&DurationSeconds=7200").await;
    assert_eq!(longer.query_error(), refusal("ValidationError", exceeds));
    aws.shutdown().await;
}

/// Rule: `sts-session-token-duration`.
#[tokio::test]
async fn a_session_of_get_session_token_lasts_twelve_hours_if_nobody_says_and_the_root_users_one() {
    let (aws, ann) = begin().await;
    let of_user = |wish: &str| sts(&format!("Action=GetSessionToken{wish}")).signed(&aws, &ann);
    assert_eq!(lasts(&of_user("").send(&aws).await), 43_200);
    assert_eq!(lasts(&of_user("&DurationSeconds=129600").send(&aws).await), 129_600);
    for wish in ["899", "129601"] {
        let refused = of_user(&format!("&DurationSeconds={wish}")).send(&aws).await;
        assert_eq!((refused.status, refused.query_error().1), (400, "ValidationError".into()), "{wish}: {refused:?}");
    }
    let of_root = sts("Action=GetSessionToken&DurationSeconds=7200").signed(&aws, &root(&aws, "sts")).send(&aws).await;
    assert_eq!(lasts(&of_root), 3600);
    aws.shutdown().await;
}

/// Rule: `trust-tags-limits`.
#[tokio::test]
async fn session_tags_are_fifty_at_most_of_bounded_length_and_each_once() {
    let (aws, ann) = begin().await;
    let tags = |count: usize| -> String {
        (1..=count).map(|at| format!("&Tags.member.{at}.Key=k{at}&Tags.member.{at}.Value=v")).collect()
    };
    let first = |key: &str, value: &str| format!("&Tags.member.1.Key={key}&Tags.member.1.Value={value}");
    for (passed, is_taken) in [
        (tags(50), true),
        (tags(51), false),
        (first(&"k".repeat(128), "v"), true),
        (first(&"k".repeat(129), "v"), false),
        (first("k", &"v".repeat(256)), true),
        (first("k", &"v".repeat(257)), false),
    ] {
        let answer = assume(&aws, &ann, "First", &passed).await;
        assert_eq!(answer.status == 200, is_taken, "{passed}: {answer:?}");
    }
    let twice = format!("{}&Tags.member.2.Key=TEAM&Tags.member.2.Value=b", first("team", "a"));
    let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
    let twice = assume(&aws, &ann, "First", &twice).await;
    assert_eq!(twice.query_error(), refusal("InvalidParameterValue", message));
    aws.shutdown().await;
}

/// Rules: `trust-tags-transitive`, `trust-tags-transitive-fixed`.
#[tokio::test]
async fn a_transitive_tag_goes_on_to_the_next_session_which_cannot_pass_it_anew() {
    let (aws, ann) = begin().await;
    let team = "&Tags.member.1.Key=team&Tags.member.1.Value=payments";
    let kept = session(&assume(&aws, &ann, "First", team).await, &ann);
    let handed_on = format!("{team}&TransitiveTagKeys.member.1=team");
    let transitive = session(&assume(&aws, &ann, "First", &handed_on).await, &ann);

    // A tag that does not go on may be passed anew, and needs no permission where it is not passed.
    assert_eq!(assume(&aws, &kept, "Second", team).await.status, 200);
    assert_eq!(assume(&aws, &kept, "Plain", "").await.status, 200);
    let conflicts = "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag \
                     key from the calling session.";
    let anew = assume(&aws, &transitive, "Second", "&Tags.member.1.Key=Team&Tags.member.1.Value=fraud").await;
    assert_eq!(anew.query_error(), refusal("InvalidParameterValue", conflicts));
    // One that goes on does so through every link of the chain.
    let second = session(&assume(&aws, &transitive, "Second", "").await, &ann);
    let third = assume(&aws, &second, "First", "&Tags.member.1.Key=team&Tags.member.1.Value=fraud").await;
    assert_eq!(third.query_error(), refusal("InvalidParameterValue", conflicts));
    aws.shutdown().await;
}

/// Rule: `trust-tag-session-inherited`.
#[tokio::test]
async fn a_transitive_tag_needs_tag_session_of_the_next_role_too() {
    let (aws, ann) = begin().await;
    let team = "&Tags.member.1.Key=team&Tags.member.1.Value=payments&TransitiveTagKeys.member.1=team";
    let first = session(&assume(&aws, &ann, "First", team).await, &ann);
    let denied = assume(&aws, &first, "Plain", "").await.query_error();
    assert_eq!((denied.0, &*denied.1), (403, "AccessDenied"));
    assert!(denied.2.contains("not authorized to perform: sts:TagSession"), "{}", denied.2);
    aws.shutdown().await;
}

/// Rule: `trust-source-identity-fixed`.
#[tokio::test]
async fn a_source_identity_goes_on_and_stays() {
    let (aws, ann) = begin().await;
    let first = assume(&aws, &ann, "First", "&SourceIdentity=ann").await;
    assert_eq!(first.element("SourceIdentity"), "ann");
    let first = session(&first, &ann);
    assert_eq!(assume(&aws, &first, "Second", "").await.element("SourceIdentity"), "ann");
    let other = assume(&aws, &first, "Second", "&SourceIdentity=bob").await.query_error();
    assert_eq!((other.0, &*other.1), (403, "AccessDenied"));
    // It goes on only where the next role lets it.
    let denied = assume(&aws, &first, "Plain", "").await.query_error();
    assert_eq!((denied.0, &*denied.1), (403, "AccessDenied"));
    assert!(denied.2.contains("not authorized to perform: sts:SetSourceIdentity"), "{}", denied.2);
    aws.shutdown().await;
}

/// Rule: `trust-session-policy-limits`.
#[tokio::test]
async fn session_policies_are_one_and_ten_and_2048_characters_together() {
    let (aws, ann) = begin().await;
    let policy = |characters: usize| {
        let start = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":["#;
        let end = r#""*"]}]}"#;
        let padding = " ".repeat(characters - start.len() - end.len());
        format!("&Policy={}", encoded(&format!("{start}{padding}{end}")))
    };
    assert_eq!(assume(&aws, &ann, "First", &policy(2048)).await.status, 200);
    let longer = assume(&aws, &ann, "First", &policy(2049)).await;
    assert_eq!(longer.status, 400, "{longer:?}");
    let arns = |count: usize| -> String {
        let arn = encoded(&format!("arn:aws:iam::{ACCOUNT}:policy/kms"));
        (1..=count).map(|at| format!("&PolicyArns.member.{at}.arn={arn}")).collect()
    };
    assert_eq!(assume(&aws, &ann, "First", &arns(10)).await.status, 200);
    assert_eq!(assume(&aws, &ann, "First", &arns(11)).await.query_error().1, "ValidationError");
    assert_eq!(assume(&aws, &ann, "First", &format!("{}{}", policy(2000), arns(2))).await.status, 400);
    aws.shutdown().await;
}

/// Rule: `trust-session-policy-account`.
#[tokio::test]
async fn a_managed_session_policy_is_of_the_roles_account() {
    let (aws, ann) = begin().await;
    let foreign = encoded("arn:aws:iam::444455556666:policy/kms");
    let refused = assume(&aws, &ann, "First", &format!("&PolicyArns.member.1.arn={foreign}")).await;
    assert_eq!((refused.status, refused.query_error().1), (400, "ValidationError".into()), "{refused:?}");
    aws.shutdown().await;
}
