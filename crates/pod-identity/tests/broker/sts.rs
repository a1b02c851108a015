//! The official SDK before an STS over HTTP that does as a test says.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use aws_config::{BehaviorVersion, Region, SdkConfig, timeout::TimeoutConfig};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use http::Response;
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Bytes, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use pod_identity::broker::{RoleAssumer as _, Sts, StsSettings};
use tokio::net::TcpListener;

use crate::rig::{Differs, Rig};

/// An answer: status and body. An empty body stalls.
type Answers = Arc<Mutex<Vec<(u16, String)>>>;

/// An STS, what it will answer to `AssumeRole` (the last of them for ever), and the bodies that it was sent.
async fn stub(answers: &[(u16, String)]) -> (Sts, Answers, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let answers: Answers = Arc::new(Mutex::new(answers.iter().rev().cloned().collect()));
    let sent = Arc::new(Mutex::new(Vec::new()));
    let (served, seen) = (Arc::clone(&answers), Arc::clone(&sent));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (answers, seen) = (Arc::clone(&served), Arc::clone(&seen));
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let (answers, seen) = (Arc::clone(&answers), Arc::clone(&seen));
                async move {
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    let body = String::from_utf8(body.to_vec()).unwrap();
                    let (status, text) = if body.contains("Action=GetCallerIdentity") {
                        (200, identity())
                    } else {
                        seen.lock().unwrap().push(body);
                        let mut answers = answers.lock().unwrap();
                        if answers.len() > 1 { answers.pop().unwrap() } else { answers[0].clone() }
                    };
                    if text.is_empty() {
                        tokio::time::sleep(Duration::from_secs(60)).await;
                    }
                    let mut answer = Response::new(Full::<Bytes>::from(text));
                    *answer.status_mut() = status.try_into().unwrap();
                    answer.headers_mut().insert("content-type", "text/xml".parse().unwrap());
                    Ok::<_, std::convert::Infallible>(answer)
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    let credentials = Credentials::new("AKIDBROKER", "secret-of-the-broker", None, None, "test");
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(2))
        .operation_timeout(Duration::from_secs(3));
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-west-2"))
        .timeout_config(timeouts.build())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    (Sts::new(StsSettings { region: None, endpoint: Some(endpoint), sdk: Some(sdk) }), answers, sent)
}

fn identity() -> String {
    "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
     <Arn>arn:aws:iam::111122223333:user/broker</Arn><UserId>AIDA</UserId><Account>111122223333</Account>\
     </GetCallerIdentityResult></GetCallerIdentityResponse>"
        .to_owned()
}

fn refused(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
    )
}

async fn before(answers: &[(u16, String)]) -> (Rig, Arc<Sts>, Arc<Mutex<Vec<String>>>) {
    let (sts, _, sent) = stub(answers).await;
    let sts = Arc::new(sts);
    let rig = Rig::with(Differs { sts: Some(Arc::clone(&sts) as _), ..Differs::default() }).await;
    (rig, sts, sent)
}

#[tokio::test]
async fn what_sts_says_over_http_is_told_by_what_it_means() {
    for (status, code, message, told) in [
        (403, "AccessDenied", "User: x is not authorized", (400, "AccessDeniedException")),
        (
            400,
            "PackedPolicyTooLarge",
            "Packed policy consumes 120% of allotted space",
            (400, "InvalidRequestException"),
        ),
        (400, "MalformedPolicyDocument", "no", (400, "InvalidRequestException")),
        (400, "Throttling", "Rate exceeded", (429, "ThrottlingException")),
        (403, "InvalidClientTokenId", "The security token is invalid", (503, "ServiceUnavailableException")),
        (500, "InternalFailure", "oh", (503, "ServiceUnavailableException")),
    ] {
        let (rig, _, sent) = before(&[(status, refused(code, message))]).await;
        let answer = rig.ask(&rig.pod("api")).await;
        assert_eq!((answer.status.as_u16(), &*answer.error), told, "{code}: {answer:?}");
        let shown = answer.body["message"].as_str().unwrap();
        assert!(shown.contains(&format!("answered {code}: {message}")), "{shown}");
        let sent = sent.lock().unwrap()[0].clone();
        for part in [
            "DurationSeconds=21600",
            "TransitiveTagKeys.member.6=kubernetes-pod-uid",
            "Tags.member.1.Key=eks-cluster-arn",
        ] {
            assert!(sent.contains(part), "{part}: {sent}");
        }
    }
}

#[tokio::test]
async fn a_duration_that_is_refused_is_asked_for_shorter() {
    let too_long = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
    let (rig, sts, sent) =
        before(&[(400, refused("ValidationError", too_long)), (403, refused("AccessDenied", "no"))]).await;
    assert_eq!(rig.ask(&rig.pod("api")).await.error, "AccessDeniedException");
    assert!(sent.lock().unwrap()[1].contains("DurationSeconds=3600"));
    assert_eq!(sts.identity().unwrap().arn, "arn:aws:iam::111122223333:user/broker");
}

#[tokio::test]
async fn an_sts_that_lies_stalls_or_is_not_there_is_told_in_time() {
    for answer in ["<html>", "<a/>", ""] {
        let (rig, ..) = before(&[(200, answer.to_owned())]).await;
        let started = Instant::now();
        let told = rig.ask(&rig.pod("api")).await;
        assert!(told.status.is_server_error(), "{answer}: {told:?}");
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    }
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-west-2"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("AKID", "secret", None, None, "test")))
        .build();
    let nobody = Sts::new(StsSettings { region: None, endpoint: Some("http://127.0.0.1:1".into()), sdk: Some(sdk) });
    let rig = Rig::with(Differs { sts: Some(Arc::new(nobody)), ..Differs::default() }).await;
    let answer = rig.ask(&rig.pod("api")).await;
    assert_eq!(answer.status.as_u16(), 503, "{answer:?}");
    assert!(answer.body["message"].as_str().unwrap().contains("no answer of STS at http://127.0.0.1:1"), "{answer:?}");
}
