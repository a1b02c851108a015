//! What who asks is answered.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    assumer::Does,
    issuer::SigningKey,
    rig::{ASSOCIATIONS, Differs, Rig, pod_claims},
};

#[tokio::test]
async fn awss_own_client_gets_credentials_and_all_that_its_model_requires() {
    let rig = Rig::with(Differs { unbound: true, ..Differs::default() }).await;
    let answer = rig.ask_by_sdk(&rig.pod("api")).await.unwrap();
    let (subject, association) = (answer.subject().unwrap(), answer.pod_identity_association().unwrap());
    assert_eq!((subject.namespace(), subject.service_account()), ("shop", "api"));
    assert_eq!(answer.audience(), "pods.eks.amazonaws.com");
    assert!(association.association_id().starts_with("a-"));
    let arn =
        format!("arn:aws:eks:us-west-2:111122223333:podidentityassociation/demo/{}", association.association_id());
    assert_eq!(association.association_arn(), arn);
    let (user, credentials) = (answer.assumed_role_user().unwrap(), answer.credentials().unwrap());
    assert!(user.arn().starts_with("arn:aws:sts::111122223333:assumed-role/api/eks-demo-api-0-"), "{}", user.arn());
    assert!(user.assume_role_id().starts_with("AROAEXAMPLE:eks-demo-api-0-"));
    assert_eq!((credentials.access_key_id(), credentials.secret_access_key()), ("ASIA-api", "secret-of-api"));
    assert!(credentials.session_token().starts_with("session-of-eks-demo-api-0-"));
    let left = credentials.expiration().secs() - Timestamp::now().as_second();
    assert!((21_590..=21_600).contains(&left), "{left}");
}

#[tokio::test]
async fn a_refusal_has_eks_auths_code_and_status_and_tells_nothing_of_the_token() {
    let rig = Rig::start().await;
    let changed = |pointer: &str, value: serde_json::Value| {
        let mut claims = pod_claims("shop", "api", Some("one"));
        *claims.pointer_mut(pointer).unwrap() = value;
        rig.key.token(&claims)
    };
    let now = Timestamp::now().as_second();
    let good = pod_claims("shop", "api", Some("one"));
    let unsigned = rig.key.signed(&json!({ "alg": "none" }), &good.to_string());
    for (token, status, code, outcome) in [
        (String::new(), 400, "InvalidParameterException", "invalid_request"),
        ("no token".to_owned(), 400, "InvalidTokenException", "invalid_token"),
        (unsigned, 400, "InvalidTokenException", "invalid_token"),
        (SigningKey::new("one", "ES256").token(&good), 400, "InvalidTokenException", "invalid_token"),
        (SigningKey::new("two", "ES256").token(&good), 400, "InvalidTokenException", "invalid_token"),
        (changed("/aud", json!(["sts.amazonaws.com"])), 400, "InvalidTokenException", "invalid_token"),
        (changed("/iss", json!("https://other.example")), 400, "InvalidTokenException", "invalid_token"),
        (changed("/sub", json!("system:serviceaccount:shop:admin")), 400, "InvalidTokenException", "invalid_token"),
        (changed("/nbf", json!(now + 600)), 400, "InvalidTokenException", "invalid_token"),
        (changed("/exp", json!(now - 1)), 400, "ExpiredTokenException", "expired_token"),
        (rig.pod("nobody"), 404, "ResourceNotFoundException", "no_association"),
    ] {
        let answer = rig.ask(&token).await;
        assert_eq!((answer.status.as_u16(), &*answer.error), (status, code), "{answer:?}");
        let message = answer.body["message"].as_str().unwrap();
        assert!(!message.is_empty() && (token.is_empty() || !message.contains(&token)), "{message}");
        assert_eq!(answer.request_id.len(), 36);
        let counted = format!("claviger_broker_requests_total{{outcome=\"{outcome}\"}}");
        assert!(rig.scrape().contains(&counted), "{counted}");
    }
    assert!(rig.assumer.take_asked().is_empty());
}

#[tokio::test]
async fn what_is_no_such_call_is_told() {
    let rig = Rig::start().await;
    let bearer = format!("Bearer {}", rig.agent("one"));
    let path = "/clusters/demo/assume-role-for-pod-identity";
    let long = format!("{{\"token\":\"{}\"}}", "a".repeat(40 << 10));
    for (method, path, body, status, code) in [
        (Method::GET, path, "", 404, "UnknownOperationException"),
        (Method::POST, "/", "", 404, "UnknownOperationException"),
        (Method::POST, "/clusters/demo/assume-role-for-pod-identity/x", "", 404, "UnknownOperationException"),
        (Method::POST, "/clusters/other/assume-role-for-pod-identity", "{}", 404, "ResourceNotFoundException"),
        (Method::POST, path, "", 400, "InvalidRequestException"),
        (Method::POST, path, "[]", 400, "InvalidRequestException"),
        (Method::POST, path, "{\"token\":7}", 400, "InvalidRequestException"),
        (Method::POST, path, "{}", 400, "InvalidParameterException"),
        (Method::POST, path, &long, 400, "InvalidRequestException"),
    ] {
        let answer = rig.send(method, path, &bearer, body.to_owned()).await;
        assert_eq!((answer.status.as_u16(), &*answer.error), (status, code), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn a_node_that_asks_too_often_is_held_back_and_no_other() {
    let rig = Rig::with(Differs { node_qps: 4, ..Differs::default() }).await;
    let pod = rig.pod("api");
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(rig.ask(&pod).await.status);
    }
    assert!(statuses.contains(&StatusCode::OK) && statuses.contains(&StatusCode::TOO_MANY_REQUESTS), "{statuses:?}");
    let bearer = format!("Bearer {}", rig.agent("one"));
    let changes = rig.send(Method::GET, "/clusters/demo/changes", &bearer, String::new()).await;
    assert_eq!(changes.status, StatusCode::OK, "it hears of changes: {changes:?}");
    let other = rig.key.token(&pod_claims("shop", "api", Some("two")));
    let answer = rig.ask_as(&format!("Bearer {}", rig.agent("two")), &other).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}

#[tokio::test]
async fn the_docs_tell_every_metric_and_no_other() {
    let rig = Rig::start().await;
    rig.assumer.next([Does::Packed(12)]);
    assert_eq!(rig.ask(&rig.pod("api")).await.status, StatusCode::OK);
    rig.associate(ASSOCIATIONS);
    let docs = include_str!("../../../../docs/reference/pod-identity-broker.md");
    let told = docs.lines().filter_map(|line| line.strip_prefix("| `claviger_broker_")?.split_once('`'));
    let told: BTreeSet<_> = told.map(|(name, _)| name).collect();
    let scraped = rig.scrape();
    let counted = scraped.lines().filter_map(|line| line.strip_prefix("# TYPE claviger_broker_")?.split_once(' '));
    assert_eq!(told, counted.map(|(name, _)| name).collect::<BTreeSet<_>>());
}
