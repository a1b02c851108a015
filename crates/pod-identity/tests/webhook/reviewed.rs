//! Reviews, and the answers to them.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    applied::{pod, variables},
    rig::{ask, desk, patched, review, send, shop},
};

#[tokio::test]
async fn a_pod_is_allowed_with_what_it_lacks() {
    let response = ask(&desk(shop()), &review(&pod())).await;
    assert_eq!(response["uid"], "705ab4f5-6393-11e8-b7cc-42010a800002");
    let after = patched(&pod(), &response);
    assert_eq!(after["spec"]["containers"][0]["env"], variables());
    let expiration =
        &after["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"];
    assert!((79_200..=86_400).contains(&expiration.as_i64().unwrap()), "{expiration}");
    assert_eq!(ask(&desk(shop()), &review(&pod())).await, response, "the same review, the same answer");
    let mut others = review(&pod());
    others["request"]["uid"] = json!("f3a3b8f0-0000-4000-8000-000000000000");
    let other = patched(&pod(), &ask(&desk(shop()), &others).await);
    assert_ne!(other["spec"]["volumes"], after["spec"]["volumes"], "tokens of a day end at different times");
}

#[tokio::test]
async fn a_dry_run_is_answered_as_any() {
    let mut dry = review(&pod());
    dry["request"]["dryRun"] = json!(true);
    let desk = desk(shop());
    assert_eq!(ask(&desk, &dry).await, ask(&desk, &review(&pod())).await);
}

#[tokio::test]
async fn the_peers_version_of_reviews_is_answered_in_kind() {
    let mut elder = review(&pod());
    elder["apiVersion"] = json!("admission.k8s.io/v1beta1");
    let (status, body) = send(&desk(shop()), &elder).await;
    let answer: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &answer["apiVersion"]), (StatusCode::OK, &json!("admission.k8s.io/v1beta1")));
    assert!(answer["response"]["patch"].is_string());
}

#[tokio::test]
async fn what_is_no_new_pod_is_allowed_as_it_is() {
    let changes = [
        ("operation", json!("UPDATE")),
        ("subResource", json!("ephemeralcontainers")),
        ("kind", json!({ "group": "apps", "version": "v1", "kind": "Deployment" })),
        ("object", Value::Null),
        ("namespace", json!("elsewhere")),
    ];
    for (member, value) in changes {
        let mut other = review(&pod());
        other["request"][member] = value;
        let response = ask(&desk(shop()), &other).await;
        let uid = "705ab4f5-6393-11e8-b7cc-42010a800002";
        assert_eq!(response, json!({ "uid": uid, "allowed": true }), "{member}");
    }
}

/// The namespace of the request counts: the pod need not have one, and could lie.
#[tokio::test]
async fn a_pod_is_of_the_namespace_that_the_apiserver_says() {
    let mut elsewhere = pod();
    elsewhere["metadata"]["namespace"] = json!("elsewhere");
    let response = ask(&desk(shop()), &review(&elsewhere)).await;
    assert!(response["patch"].is_string(), "{response}");
}

#[tokio::test]
async fn who_makes_a_pod_that_cannot_be_injected_is_told() {
    let mut taken = pod();
    taken["spec"]["volumes"] = json!([{ "name": "eks-pod-identity-token", "emptyDir": {} }]);
    let response = ask(&desk(shop()), &review(&taken)).await;
    assert!(response["warnings"][0].as_str().unwrap().contains("call that volume something else"), "{response}");
    let mut on_fargate = pod();
    on_fargate["spec"]["schedulerName"] = json!("fargate-scheduler");
    let response = ask(&desk(shop()), &review(&on_fargate)).await;
    assert!(response["warnings"][0].as_str().unwrap().contains("no agent on Fargate"), "{response}");
    assert_eq!(response["allowed"], true);
}

#[tokio::test]
async fn what_is_no_review_is_refused_with_what_to_do() {
    let mut no_request = review(&pod());
    no_request.as_object_mut().unwrap().remove("request");
    let mut other_version = review(&pod());
    other_version["apiVersion"] = json!("admission.k8s.io/v2");
    let mut nameless = review(&pod());
    nameless["request"]["object"]["spec"]["containers"] = json!([{}]);
    let cases = [
        (json!({}), "missing field `apiVersion`"),
        (no_request, "this AdmissionReview has no request"),
        (other_version, "register the webhook with admissionReviewVersions [\"v1\"]"),
        (nameless, "missing field `name`"),
        (json!([1]), "this is no AdmissionReview"),
    ];
    for (sent, expected) in cases {
        let (status, body) = send(&desk(shop()), &sent).await;
        let body = String::from_utf8(body).unwrap();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(body.contains(expected), "{body}");
    }
}
