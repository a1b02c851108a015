//! One simulation does not keep the server from others' calls, however much it asks for.

use local_aws::Running;
use serde_json::{Value, json};

use crate::{
    support::{allow, iam},
    wire::{Answer, start},
};

/// A custom policy, simulated.
async fn simulate(aws: &Running, policies: &[String], actions: &[&str], more: &[(&str, &str)]) -> Answer {
    let numbered = |list: &str, values: Vec<&str>| -> Vec<(String, String)> {
        (1..).zip(values).map(|(at, value): (u32, _)| (format!("{list}.member.{at}"), value.to_owned())).collect()
    };
    let mut parameters = numbered("PolicyInputList", policies.iter().map(String::as_str).collect());
    parameters.extend(numbered("ActionNames", actions.to_vec()));
    parameters.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let parameters: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (&**name, &**value)).collect();
    iam(aws, "SimulateCustomPolicy", &parameters).await
}

fn policy(statements: &[Value]) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn refused_as_too_large(answer: &Answer) {
    let (status, code, message) = answer.query_error();
    assert_eq!((status, code.as_str()), (400, "InvalidInput"), "{answer:?}");
    assert!(message.contains("larger than") && message.contains("MaxItems"), "{message}");
}

#[tokio::test]
async fn patterns_that_try_every_place_of_a_long_text_are_refused() {
    let aws = start().await;
    let long = "a".repeat(200_000);
    let tries = |pattern: String| {
        policy(&[json!({ "Effect": "Allow", "Action": "kms:*", "Resource": "*",
                         "Condition": { "StringLike": { "aws:SourceVpc": pattern } } })])
    };
    let context = [
        ("ContextEntries.member.1.ContextKeyName", "aws:SourceVpc"),
        ("ContextEntries.member.1.ContextKeyValues.member.1", &*long),
        ("ContextEntries.member.1.ContextKeyType", "string"),
    ];
    let holes = tries(format!("*{}b", "?a".repeat(2000)));
    refused_as_too_large(&simulate(&aws, &[holes], &["kms:Encrypt"], &context).await);
    let variables = tries(format!("*{}b", "${aws:SourceVpc}".repeat(10)));
    refused_as_too_large(&simulate(&aws, &[variables], &["kms:Encrypt"], &context).await);
    // An ordinary pattern is held against the same text.
    let allowed = simulate(&aws, &[tries("a*a".to_owned())], &["kms:Encrypt"], &context).await;
    assert_eq!(allowed.element("EvalDecision"), "allowed", "{allowed:?}");
    aws.shutdown().await;
}

#[tokio::test]
async fn actions_on_resources_under_many_statements_are_asked_about_in_pages() {
    let aws = start().await;
    let statement = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    let wide = [policy(&vec![statement; 1000])];
    let actions = ["kms:Encrypt"; 100];
    refused_as_too_large(&simulate(&aws, &wide, &actions, &[]).await);
    let page = simulate(&aws, &wide, &actions, &[("MaxItems", "1")]).await;
    assert_eq!((page.status, page.element("IsTruncated")), (200, "true".to_owned()));
    aws.shutdown().await;
}

#[tokio::test]
async fn actions_and_resources_multiply() {
    let aws = start().await;
    let resources: Vec<String> = (1..=200).map(|at| format!("ResourceArns.member.{at}")).collect();
    let on = |number: usize| -> Vec<(&str, &str)> {
        resources.iter().take(number).map(|name| (&**name, "arn:aws:s3:::bucket/key")).collect()
    };
    let policies = [allow("s3:GetObject")];
    let answer = simulate(&aws, &policies, &["s3:GetObject"; 100], &on(100)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    refused_as_too_large(&simulate(&aws, &policies, &["s3:GetObject"; 100], &on(200)).await);
    // Without resources, many actions make pages of a hundred.
    let answer = simulate(&aws, &policies, &["s3:GetObject"; 10_001], &[]).await;
    assert_eq!((answer.status, answer.body.matches("<EvalActionName>").count()), (200, 100));
    aws.shutdown().await;
}

#[tokio::test]
async fn an_organization_has_no_more_levels_than_one_can_have() {
    let aws = start().await;
    let levels = |number: usize| -> Vec<String> {
        let name =
            |at| format!("OrderedOrganizationPolicyInputList.member.{at}.ServiceControlPolicyInputList.member.1");
        (1..=number).map(name).collect()
    };
    for (number, status) in [(7, 200), (8, 400)] {
        let (names, everything) = (levels(number), allow("*"));
        let more: Vec<(&str, &str)> = names.iter().map(|name| (&**name, &*everything)).collect();
        let answer = simulate(&aws, &[allow("kms:*")], &["kms:Encrypt"], &more).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    aws.shutdown().await;
}
