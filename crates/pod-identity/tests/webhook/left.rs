//! Pods that are left as they are.

use pod_identity::webhook::{Left, Method};
use serde_json::json;

use crate::applied::{Known, pod};

#[test]
fn a_service_account_that_nobody_gave_anything_gets_nothing() {
    assert_eq!(Known::annotated(&[]).inject(&pod()), Err(Left::NotAsked));
    assert_eq!(Known::annotated(&[("eks.amazonaws.com/role-arn", "")]).inject(&pod()), Err(Left::NotAsked));
    assert_eq!(Known::annotated(&[("other/role-arn", "arn:aws:iam::1:role/r")]).inject(&pod()), Err(Left::NotAsked));
    // A mirror of a static pod has none.
    let mut mirror = pod();
    mirror["spec"].as_object_mut().unwrap().remove("serviceAccountName");
    assert_eq!(Known::associated().inject(&mirror), Err(Left::NotAsked));
}

#[test]
fn a_pod_that_says_so_is_left() {
    for value in ["true", "false", ""] {
        let mut pod = pod();
        pod["metadata"]["labels"] = json!({ "eks.amazonaws.com/skip-pod-identity-webhook": value });
        assert_eq!(Known::associated().inject(&pod), Err(Left::OptedOut), "{value}");
    }
}

#[test]
fn on_fargate_there_is_no_agent_but_sts() {
    let role = ("eks.amazonaws.com/role-arn", "arn:aws:iam::111122223333:role/s3-reader");
    let mut by_label = pod();
    by_label["metadata"]["labels"] = json!({ "eks.amazonaws.com/fargate-profile": "default" });
    let mut by_scheduler = pod();
    by_scheduler["spec"]["schedulerName"] = json!("fargate-scheduler");
    for pod in [by_label, by_scheduler] {
        assert_eq!(Known::associated().inject(&pod), Err(Left::Fargate));
        let injection = Known::associated().with(&[role]).inject(&pod).unwrap();
        assert_eq!(injection.method, Method::WebIdentity);
    }
}

#[test]
fn a_volume_of_the_tokens_name_that_is_no_token_of_ours_keeps_it_out() {
    let token = |audience: &str, path: &str| {
        let token = json!({ "audience": audience, "path": path });
        json!({ "projected": { "sources": [{ "serviceAccountToken": token }] } })
    };
    let others = [
        json!({ "hostPath": { "path": "/token" } }),
        json!({ "projected": {} }),
        token("vault", "eks-pod-identity-token"),
        token("pods.eks.amazonaws.com", "other"),
    ];
    for source in others {
        let mut pod = pod();
        let mut volume = source.clone();
        volume["name"] = json!("eks-pod-identity-token");
        pod["spec"]["volumes"] = json!([volume]);
        assert_eq!(Known::associated().inject(&pod), Err(Left::VolumeTaken), "{source}");
    }
    let mut own = pod();
    let mut volume = token("pods.eks.amazonaws.com", "eks-pod-identity-token");
    volume["name"] = json!("eks-pod-identity-token");
    own["spec"]["volumes"] = json!([volume]);
    let after = Known::associated().injected(&own);
    assert_eq!(after["spec"]["volumes"], own["spec"]["volumes"], "one like ours is as good");
}
