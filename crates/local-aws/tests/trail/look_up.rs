//! LookupEvents: by attributes, by time, page by page.

use std::collections::HashSet;

use jiff::SignedDuration;
use local_aws::{Clock, Options, Running};
use serde_json::{Value, json};

use crate::{
    secrets_of_iam::iam,
    wire::{self, ACCOUNT, Answer, Signer},
    world::{
        OTHER, ann, assume, bob, cloudtrail, events, kms, listed, listed_of_iam, named, page, root_of, start,
        start_with, with,
    },
};

/// Ids of the events of a page or a list, in its order.
fn ids(events: &Value) -> Vec<String> {
    events.as_array().unwrap().iter().map(|event| event["EventId"].as_str().unwrap().to_owned()).collect()
}

async fn refused(aws: &Running, signer: &Signer, input: Value) -> (u16, String, String) {
    let answer: Answer = cloudtrail("LookupEvents", &input.to_string()).signed(aws, signer).send(aws).await;
    answer.json_error()
}

#[tokio::test]
async fn each_attribute_finds_its_events_and_no_others() {
    let aws = start().await;
    let key = kms(&aws, &ann(), "CreateKey", json!({})).await["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    kms(&aws, &root_of(&aws, ACCOUNT), "DescribeKey", json!({ "KeyId": key })).await;
    let role = "arn:aws:iam::111122223333:role/path/Reader";
    let (session, _) = assume(&aws, &wire::of(&ann(), "sts"), role, "").await;

    let all = listed(&aws, ACCOUNT, json!({})).await;
    let names = |events: &[Value]| -> Vec<String> {
        events.iter().map(|event| event["EventName"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&all), ["CreateKey", "DescribeKey", "AssumeRole"]);
    assert_eq!(all[0]["Resources"], json!([{"ResourceType": "AWS::KMS::Key", "ResourceName": key}]));
    assert_eq!(
        all[2]["Resources"],
        json!([
            {"ResourceType": "AWS::IAM::AccessKey", "ResourceName": session.access_key_id},
            {"ResourceType": "AWS::STS::AssumedRole", "ResourceName": "AROAREADERREADERREADE:me"},
            {"ResourceType": "AWS::STS::AssumedRole", "ResourceName": "arn:aws:sts::111122223333:assumed-role/Reader/me"},
            {"ResourceType": "AWS::IAM::Role", "ResourceName": role},
        ])
    );
    let root_key = root_of(&aws, ACCOUNT).access_key_id;
    for (attribute, value, found) in [
        ("EventId", all[1]["EventId"].as_str().unwrap(), &["DescribeKey"][..]),
        ("EventName", "AssumeRole", &["AssumeRole"]),
        ("EventName", "assumerole", &[]),
        ("ReadOnly", "false", &["CreateKey"]),
        ("Username", "ann", &["CreateKey", "AssumeRole"]),
        ("Username", "root", &["DescribeKey"]),
        ("ResourceType", "AWS::IAM::Role", &["AssumeRole"]),
        ("ResourceName", &key, &["CreateKey", "DescribeKey"]),
        ("ResourceName", &session.access_key_id, &["AssumeRole"]),
        ("EventSource", "sts.amazonaws.com", &["AssumeRole"]),
        ("AccessKeyId", &root_key, &["DescribeKey"]),
        ("AccessKeyId", "AKIANONE", &[]),
    ] {
        // The lookups themselves are read-only events of the root user, of another source.
        let mut events = listed(&aws, ACCOUNT, with(attribute, value)).await;
        events.retain(|event| event["EventSource"] != "cloudtrail.amazonaws.com");
        assert_eq!(names(&events), found, "{attribute}={value}");
    }
    for name in ["EventId", "EventName", "ReadOnly", "AccessKeyId", "EventSource", "Username"] {
        assert!(all[0][name].is_string(), "{name} of {}", all[0]);
    }
    let lookups = events(&aws, ACCOUNT, named("LookupEvents")).await;
    assert_eq!(lookups[0]["requestParameters"], Value::Null);
    assert_eq!(lookups[1]["requestParameters"]["lookupAttributes"][0]["attributeKey"], "EventId");
    assert_eq!(lookups[1]["readOnly"], true);
    aws.shutdown().await;
}

#[tokio::test]
async fn events_are_of_their_account_and_region_alone() {
    let aws = start().await;
    kms(&aws, &ann(), "ListKeys", json!({})).await;
    assert_eq!(listed(&aws, OTHER, named("ListKeys")).await.len(), 0);
    let elsewhere = Signer { region: "eu-west-1", ..wire::root(&aws, "cloudtrail") };
    assert_eq!(page(&aws, &elsewhere, &named("ListKeys")).await["Events"], json!([]));
    assert_eq!(listed(&aws, ACCOUNT, named("ListKeys")).await.len(), 1);
    aws.shutdown().await;
}

/// Source: AWS CloudTrail API Reference, "LookupEvents", "Errors".
#[tokio::test]
async fn a_lookup_that_cannot_be_is_refused() {
    let aws = start().await;
    let root = wire::root(&aws, "cloudtrail");
    let attribute = json!({"AttributeKey": "EventName", "AttributeValue": "Encrypt"});
    kms(&aws, &ann(), "ListKeys", json!({})).await;
    kms(&aws, &ann(), "ListKeys", json!({})).await;
    let first = page(&aws, &root, &json!({"MaxResults": 1})).await;
    let token = &first["NextToken"];
    for (code, input) in [
        ("InvalidLookupAttributesException", json!({"LookupAttributes": [attribute, attribute]})),
        ("InvalidTimeRangeException", json!({"StartTime": 20, "EndTime": 10})),
        ("InvalidNextTokenException", json!({"NextToken": "none"})),
        ("InvalidNextTokenException", json!({"NextToken": token, "LookupAttributes": [attribute]})),
        ("ValidationException", json!({"MaxResults": 51})),
        ("ValidationException", json!({"MaxResults": 0})),
        ("ValidationException", json!({"LookupAttributes": [{"AttributeKey": "Region", "AttributeValue": "x"}]})),
        ("ValidationException", json!({"EventCategory": "data"})),
    ] {
        let (status, answered, message) = refused(&aws, &root, input.clone()).await;
        assert_eq!((status, answered.as_str()), (400, code), "{input}: {message}");
    }
    let foreign = wire::of(&root_of(&aws, OTHER), "cloudtrail");
    assert_eq!(refused(&aws, &foreign, json!({"NextToken": token})).await.1, "InvalidNextTokenException");
    assert_eq!(page(&aws, &root, &json!({"EventCategory": "insight"})).await, json!({"Events": []}));

    let (status, code, message) = refused(&aws, &wire::of(&bob(), "cloudtrail"), json!({})).await;
    assert_eq!((status, code.as_str()), (400, "AccessDeniedException"));
    assert!(message.contains("user/bob is not authorized to perform: cloudtrail:LookupEvents"), "{message}");
    aws.shutdown().await;
}

#[tokio::test]
async fn a_time_range_is_inclusive_and_ninety_days_are_the_reach() {
    let clock = Clock::frozen_at("2026-01-01T00:00:00.4Z".parse().unwrap());
    let aws = start_with(Options { clock: clock.clone(), ..Options::default() }).await;
    for _ in 0..3 {
        kms(&aws, &ann(), "ListKeys", json!({})).await;
        clock.advance(SignedDuration::from_hours(24)).unwrap();
    }
    let first: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let day = |days: i64| first.as_second() + days * 86_400;
    let count = async |from: Option<i64>, to: Option<i64>| {
        let mut input = named("ListKeys");
        from.into_iter().for_each(|from| input["StartTime"] = from.into());
        to.into_iter().for_each(|to| input["EndTime"] = to.into());
        events(&aws, ACCOUNT, input).await.len()
    };
    assert_eq!(count(None, None).await, 3);
    assert_eq!(count(Some(day(1)), None).await, 2);
    assert_eq!(count(Some(day(1) + 1), None).await, 1);
    assert_eq!(count(None, Some(day(1))).await, 2);
    assert_eq!(count(Some(day(0)), Some(day(0))).await, 1);
    clock.advance(SignedDuration::from_hours(24 * 88)).unwrap();
    assert_eq!(count(Some(0), None).await, 2, "the first is 91 days old");
    clock.advance(SignedDuration::from_hours(24 * 90)).unwrap();
    assert_eq!(count(None, None).await, 0);
    aws.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_lose_and_repeat_nothing_while_others_write() {
    let aws = start().await;
    let aws = &aws;
    let write = async |count: usize| {
        for _ in 0..count {
            kms(aws, &ann(), "ListKeys", json!({})).await;
        }
    };
    write(120).await;
    let before: HashSet<String> = ids(&listed(aws, ACCOUNT, named("ListKeys")).await.into()).into_iter().collect();
    assert_eq!(before.len(), 120);
    let read = async {
        let signer = wire::root(aws, "cloudtrail");
        let (mut input, mut pages) = (named("ListKeys"), Vec::new());
        input["MaxResults"] = 7.into();
        loop {
            let mut page = page(aws, &signer, &input).await;
            pages.push(ids(&page["Events"]));
            match page["NextToken"].take() {
                Value::Null => break pages,
                token => input["NextToken"] = token,
            }
        }
    };
    let (pages, ()) = tokio::join!(read, write(120));
    assert!(pages[..pages.len() - 1].iter().all(|page| page.len() == 7), "{pages:?}");
    let found: Vec<String> = pages.concat();
    let distinct: HashSet<String> = found.iter().cloned().collect();
    assert_eq!(found.len(), distinct.len(), "an event came twice");
    assert!(before.is_subset(&distinct), "an event is lost");
    assert_eq!(listed(aws, ACCOUNT, named("ListKeys")).await.len(), 240);
}

#[tokio::test]
async fn what_iam_did_is_found_by_what_it_was_done_to() {
    let aws = wire::start().await;
    let made = iam(&aws, "CreateUser", &[("UserName", "bob")]).await;
    iam(&aws, "AttachUserPolicy", &[("UserName", "bob"), ("PolicyArn", "arn:aws:iam::aws:policy/AWSDenyAll")]).await;
    let key = iam(&aws, "CreateAccessKey", &[("UserName", "bob")]).await;
    let names = async |key: &str, value: &str| -> Vec<String> {
        let found = listed_of_iam(&aws, wire::ACCOUNT, with(key, value)).await;
        found.iter().map(|event| event["EventName"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("ResourceName", "bob").await, ["CreateUser", "AttachUserPolicy", "CreateAccessKey"]);
    assert_eq!(names("ResourceName", &made.element("UserId")).await, ["CreateUser"]);
    assert_eq!(names("ResourceName", &key.element("AccessKeyId")).await, ["CreateAccessKey"]);
    assert_eq!(names("ResourceType", "AWS::IAM::Policy").await, ["AttachUserPolicy"]);
    let [created] = &listed_of_iam(&aws, wire::ACCOUNT, with("EventName", "CreateUser")).await[..] else {
        panic!("one user was made")
    };
    let told = [("bob".to_owned()), made.element("UserId"), made.element("Arn")];
    let told = told.map(|name| json!({ "ResourceType": "AWS::IAM::User", "ResourceName": name }));
    assert_eq!(created["Resources"], json!(told));
    aws.shutdown().await;
}
