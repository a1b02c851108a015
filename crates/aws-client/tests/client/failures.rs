//! What goes wrong on the way, and how it is told.

use std::time::{Duration, Instant};

use aws_client::{Aws, Cause};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::Credentials;
use aws_wire::model::ServiceId;
use serde_json::{Value, json};

use crate::{
    SECRET, at, settings,
    stub::{Does, Stub, answer},
};

async fn describe(stub: &Stub) -> Result<Value, aws_client::CallError> {
    let eks = at(&stub.endpoint).client(ServiceId::Eks).unwrap();
    eks.call("DescribeCluster", json!({ "name": "demo" })).await
}

fn cluster() -> Does {
    answer("200 OK", "", r#"{"cluster":{"name":"demo","status":"ACTIVE"}}"#)
}

fn throttled() -> Does {
    let headers = "x-amzn-errortype: ThrottlingException\r\nx-amzn-requestid: r-1\r\n";
    answer("400 Bad Request", headers, r#"{"message":"Rate exceeded"}"#)
}

#[tokio::test]
async fn what_is_throttled_broken_or_down_is_asked_again() {
    for first in [throttled(), answer("503 Service Unavailable", "", "<html>"), Does::Closes, Does::BreaksOff] {
        let stub = Stub::start(vec![first.clone(), first.clone(), cluster()]).await;
        let told = describe(&stub).await.unwrap_or_else(|error| panic!("{first:?}: {error}"));
        assert_eq!(told["cluster"]["status"], "ACTIVE");
        let asked = stub.asked();
        assert_eq!(asked.len(), 3, "{first:?}");
        for request in asked {
            assert!(request.starts_with("GET /clusters/demo HTTP/1.1\r\n"), "{request}");
            assert!(request.contains("/us-west-2/eks/aws4_request"), "{request}");
            assert!(request.contains("x-amz-security-token: the-token"), "{request}");
        }
    }
}

#[tokio::test]
async fn who_goes_on_failing_is_told_with_code_message_request_endpoint_and_attempts() {
    let stub = Stub::start(vec![throttled()]).await;
    let error = describe(&stub).await.unwrap_err();
    let told = format!(
        "EKS's DescribeCluster at {} (asked 3 times): ThrottlingException: Rate exceeded (request r-1)",
        stub.endpoint
    );
    assert_eq!(error.to_string(), told);
    assert!(error.is("ThrottlingException") && stub.asked().len() == 3);

    let stub = Stub::start(vec![Does::Closes]).await;
    let error = describe(&stub).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Unreachable(_)) && error.attempts == 3, "{error}");
    let nobody = at("http://127.0.0.1:1").client(ServiceId::Eks).unwrap();
    let error = nobody.call("ListClusters", Value::Null).await.unwrap_err().to_string();
    assert!(
        error.contains("at http://127.0.0.1:1 (asked 3 times): no answer: ") && error.contains("refused"),
        "{error}"
    );
}

#[tokio::test]
async fn what_the_service_means_is_not_asked_again() {
    let headers = "x-amzn-errortype: ResourceNotFoundException:http://internal\r\n";
    let body = r#"{"message":"No cluster found for name: demo.","clusterName":"demo"}"#;
    let stub = Stub::start(vec![answer("404 Not Found", headers, body)]).await;
    let error = describe(&stub).await.unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!((&*refusal.code, refusal.status, error.attempts), ("ResourceNotFoundException", 404, 1));
    assert_eq!(refusal.message, "No cluster found for name: demo.");
    assert_eq!(refusal.fields["clusterName"], "demo");
    // Nor is a redirection followed: who signs for one host does not sign for another.
    let moved = answer("307 Temporary Redirect", &format!("location: {}/elsewhere\r\n", stub.endpoint), "");
    let stub = Stub::start(vec![moved]).await;
    assert!(describe(&stub).await.unwrap_err().is("307") && stub.asked().len() == 1);
}

#[tokio::test]
async fn the_wait_that_a_service_asks_for_is_kept() {
    let asks = answer("429 Too Many Requests", "x-amz-retry-after: 300\r\n", "{}");
    let stub = Stub::start(vec![asks, cluster()]).await;
    let begun = Instant::now();
    describe(&stub).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_service_that_hangs_is_given_up() {
    let stub = Stub::start(vec![Does::Hangs, cluster()]).await;
    let credentials = || Credentials::new("AKIDEXAMPLE", SECRET, None, None, "test");
    let short = Duration::from_millis(200);
    let patience = TimeoutConfig::builder().operation_attempt_timeout(short).build();
    let config = settings(credentials()).timeout_config(patience).endpoint_url(&stub.endpoint).build();
    let eks = Aws::new(&config).client(ServiceId::Eks).unwrap();
    eks.call("DescribeCluster", json!({ "name": "demo" })).await.unwrap();
    assert_eq!(stub.asked().len(), 2);

    let stub = Stub::start(vec![Does::Hangs]).await;
    let patience = TimeoutConfig::builder().operation_timeout(short).build();
    let config = settings(credentials()).timeout_config(patience).endpoint_url(&stub.endpoint).build();
    let eks = Aws::new(&config).client(ServiceId::Eks).unwrap();
    let error = eks.call("DescribeCluster", json!({ "name": "demo" })).await.unwrap_err();
    assert!(matches!(error.cause, Cause::TimedOut(limit) if limit == short), "{error}");
}

#[tokio::test]
async fn an_answer_beyond_bounds_or_of_something_else_is_refused_and_not_shown() {
    let large = format!(r#"{{"cluster":{{"name":"{}"}}}}"#, "x".repeat(5000));
    let stub = Stub::start(vec![answer("200 OK", "", &large)]).await;
    let eks = at(&stub.endpoint).with_largest_answer(4000).client(ServiceId::Eks).unwrap();
    let error = eks.call("DescribeCluster", json!({ "name": "demo" })).await.unwrap_err();
    assert!(matches!(error.cause, Cause::TooLarge(4000)) && stub.asked().len() == 1, "{error}");

    for page in ["<html>Log in, please: s3cr3t</html>", r#"{"cluster": "s3cr3t"}"#, r#"{"cluster":{"name":"s3cr3t"#, ""]
    {
        let stub = Stub::start(vec![answer("200 OK", "", page)]).await;
        let error = describe(&stub).await.unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(matches!(error.cause, Cause::Garbled { status: 200, .. }) && !told.contains("s3cr3t"), "{told}");
        assert!(told.contains("is the endpoint really the service's?") && stub.asked().len() == 1, "{told}");
    }
    let stub = Stub::start(vec![answer("200 OK", "", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>")]).await;
    let sts = at(&stub.endpoint).client(ServiceId::Sts).unwrap();
    let error = sts.call("GetCallerIdentity", Value::Null).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Garbled { .. }), "{error}");
}

#[tokio::test]
async fn pages_that_lead_back_end() {
    let page = |next: &str| answer("200 OK", "", &format!(r#"{{"clusters":["a"],"nextToken":"{next}"}}"#));
    let stub = Stub::start(vec![page("one"), page("two"), page("one")]).await;
    let eks = at(&stub.endpoint).client(ServiceId::Eks).unwrap();
    let error = eks.items("ListClusters", Value::Null, "clusters").await.unwrap_err();
    assert!(matches!(error.cause, Cause::Endless), "{error}");
    let asked = stub.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked[0].starts_with("GET /clusters HTTP"), "{}", asked[0]);
    assert!(asked[2].starts_with("GET /clusters?nextToken=two HTTP"), "{}", asked[2]);
}

#[tokio::test]
async fn a_request_that_is_sent_twice_has_one_token() {
    let made = answer("200 OK", "", r#"{"association":{"associationId":"a-1"}}"#);
    let stub = Stub::start(vec![Does::Closes, made]).await;
    let eks = at(&stub.endpoint).client(ServiceId::Eks).unwrap();
    let input = json!({
        "clusterName": "demo", "namespace": "kube-system", "serviceAccount": "aws-node",
        "roleArn": "arn:aws:iam::111122223333:role/cni",
    });
    eks.call("CreatePodIdentityAssociation", input).await.unwrap();
    let tokens: Vec<_> = stub.asked().iter().map(|request| body(request)["clientRequestToken"].clone()).collect();
    assert!(tokens.len() == 2 && tokens[0] == tokens[1] && tokens[0].as_str().unwrap().len() == 36, "{tokens:?}");
}

#[tokio::test]
async fn mistakes_of_the_caller_are_told_before_anything_is_sent() {
    let stub = Stub::start(vec![cluster()]).await;
    let eks = at(&stub.endpoint).client(ServiceId::Eks).unwrap();
    let unknown = eks.call("DescribeClutter", Value::Null).await.unwrap_err();
    assert!(matches!(unknown.cause, Cause::UnknownOperation), "{unknown}");
    for input in [json!({}), json!({ "name": "" }), json!({ "name": 7 }), json!({ "name": "demo", "nome": "demo" })] {
        let error = eks.call("DescribeCluster", input.clone()).await.unwrap_err();
        assert!(matches!(error.cause, Cause::Input(_)), "{input}: {error}");
    }
    let error = eks.pages("DescribeCluster", json!({ "name": "demo" })).next().await.unwrap_err();
    assert!(matches!(error.cause, Cause::NoPages), "{error}");
    assert!(stub.asked().is_empty());

    // Nothing to sign with.
    let config = aws_config::SdkConfig::builder()
        .region(aws_config::Region::new("us-west-2"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(&stub.endpoint);
    let eks = Aws::new(&config.build()).client(ServiceId::Eks).unwrap();
    let error = eks.call("ListClusters", Value::Null).await.unwrap_err();
    assert!(matches!(error.cause, Cause::NoCredentials(_)) && stub.asked().is_empty(), "{error}");
}

#[tokio::test]
async fn nothing_that_is_shown_has_the_secret() {
    let stub = Stub::start(vec![cluster()]).await;
    let aws = at(&stub.endpoint);
    let eks = aws.client(ServiceId::Eks).unwrap();
    let shown = format!("{aws:?} {eks:?} {:?}", eks.pages("ListClusters", Value::Null));
    assert!(!shown.contains(SECRET) && !shown.contains("the-token"), "{shown}");
    describe(&stub).await.unwrap();
    assert!(!stub.asked()[0].contains(SECRET));
}

fn body(request: &str) -> Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}
