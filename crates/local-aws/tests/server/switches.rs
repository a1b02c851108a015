//! What nobody has published of AWS, as far as the embedded AWS does it itself: each assumption, held and not.

use std::io;

use authz::{file::world, rules::Assumptions, text::SourceText};
use aws_model::SecretBytes;
use local_aws::{Credential, Options, Running};

use crate::wire::{self, Answer, Signer, kms, start_with, sts};

/// `ann` may make keys and not change their policies; `ben` may do all. `Plain` lets nobody set tags.
const WORLD: &str = r#"
users:
  arn:aws:iam::111122223333:user/ann:
    policies: {some: {Statement: [{Effect: Allow, Action: "kms:CreateKey", Resource: "*"}]}}
  arn:aws:iam::111122223333:user/ben:
    policies: &all {all: {Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}}
roles:
  arn:aws:iam::111122223333:role/First:
    policies: *all
    trust:
      Statement:
        - {Effect: Allow, Principal: {AWS: "111122223333"}, Action: ["sts:AssumeRole", "sts:TagSession"]}
  arn:aws:iam::111122223333:role/Plain:
    trust: {Statement: [{Effect: Allow, Principal: {AWS: "111122223333"}, Action: "sts:AssumeRole"}]}
"#;

async fn start(assumptions: Assumptions) -> Running {
    let no_files = |_: &str| -> io::Result<String> { Err(io::ErrorKind::NotFound.into()) };
    let world = world::read(&SourceText::new("world", WORLD), &no_files).unwrap();
    let credentials = vec![credential("ann"), credential("ben")];
    let accounts = vec!["444455556666".parse().unwrap()];
    start_with(Options { world, credentials, accounts, assumptions, ..Options::default() }).await
}

fn credential(user: &str) -> Credential {
    format!("AKIA{}:{user}:arn:aws:iam::111122223333:user/{user}", user.to_uppercase()).parse().unwrap()
}

/// The code of KMS's error; empty for a success.
async fn kms_code(aws: &Running, user: &str, operation: &str, body: &str) -> String {
    let answer = kms(operation, body).signed(aws, &wire::of(&credential(user), "kms")).send(aws).await;
    if answer.status == 200 { String::new() } else { answer.json_error().1 }
}

#[tokio::test]
async fn a_foreign_key_that_is_missing_is_denied_as_far_as_that_is_assumed() {
    let missing = r#"{"KeyId": "arn:aws:kms:us-west-2:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab"}"#;
    let told = Assumptions { kms_denied_or_missing: false, ..Assumptions::default() };
    for (assumptions, code) in [(Assumptions::default(), "AccessDeniedException"), (told, "NotFoundException")] {
        let aws = start(assumptions).await;
        assert_eq!(kms_code(&aws, "ben", "DescribeKey", missing).await, code);
        aws.shutdown().await;
    }
}

#[tokio::test]
async fn the_lockout_check_asks_no_identity_as_far_as_that_is_assumed() {
    let asked = Assumptions { kms_lockout_identity: false, ..Assumptions::default() };
    let policy = r#"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"111122223333\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}]}"#;
    let policy = format!(r#"{{"Policy": "{policy}"}}"#);
    for (assumptions, code) in [(Assumptions::default(), ""), (asked, "MalformedPolicyDocumentException")] {
        let aws = start(assumptions).await;
        assert_eq!(kms_code(&aws, "ann", "CreateKey", &policy).await, code);
        assert_eq!(kms_code(&aws, "ben", "CreateKey", &policy).await, "", "who may put it again anyway");
        aws.shutdown().await;
    }
}

async fn assume(aws: &Running, signer: &Signer, role: &str, more: &str) -> Answer {
    let role = format!("arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2F{role}");
    sts(&format!("Action=AssumeRole&RoleSessionName=me&RoleArn={role}{more}")).signed(aws, signer).send(aws).await
}

#[tokio::test]
async fn an_inherited_tag_needs_tag_session_as_far_as_that_is_assumed() {
    let free = Assumptions { trust_tag_session_inherited: false, ..Assumptions::default() };
    for (assumptions, status) in [(Assumptions::default(), 403), (free, 200)] {
        let aws = start(assumptions).await;
        let tagged = "&Tags.member.1.Key=team&Tags.member.1.Value=a&TransitiveTagKeys.member.1=team";
        let first = assume(&aws, &wire::of(&credential("ben"), "sts"), "First", tagged).await;
        let first = Signer {
            access_key_id: first.element("AccessKeyId"),
            secret: SecretBytes::new(first.element("SecretAccessKey").into_bytes()),
            token: Some(SecretBytes::new(first.element("SessionToken").into_bytes())),
            ..wire::of(&credential("ben"), "sts")
        };
        assert_eq!(assume(&aws, &first, "Plain", "").await.status, status);
        aws.shutdown().await;
    }
}
