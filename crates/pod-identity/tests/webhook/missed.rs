//! Pods that are there, and should have been injected.

use pod_identity::webhook::{Method, Missed, Pod, missed};
use serde_json::{Value, json};

use crate::applied::{Known, pod};

const ROLE: (&str, &str) = ("eks.amazonaws.com/role-arn", "arn:aws:iam::111122223333:role/s3-reader");

fn check(known: &Known, pod: &Value) -> Option<Missed> {
    let text = pod.to_string();
    let pod: Pod<'_> = serde_json::from_str(&text).unwrap();
    missed(&pod, &known.facts())
}

#[test]
fn a_pod_that_was_injected_misses_nothing() {
    let known = Known::associated();
    assert_eq!(check(&known, &known.injected(&pod())), None);
    // Other settings since then are no reason to tell.
    let mut later = Known::associated();
    later.settings.region = Some("eu-central-1".to_owned());
    later.settings.regional_sts = false;
    assert_eq!(check(&later, &known.injected(&pod())), None);
}

#[test]
fn one_that_came_past_the_webhook_is_told() {
    let not_injected = Some(Missed::NotInjected(Method::PodIdentity));
    assert_eq!(check(&Known::associated(), &pod()), not_injected);
    assert_eq!(check(&Known::annotated(&[ROLE]), &pod()), Some(Missed::NotInjected(Method::WebIdentity)));
    // The association came after the pod, which was injected for a role in an annotation.
    let with_role = Known::annotated(&[ROLE]).injected(&pod());
    assert_eq!(check(&Known::associated().with(&[ROLE]), &with_role), not_injected);
    // A sidecar came after this webhook was asked.
    let mut with_sidecar = Known::associated().injected(&pod());
    with_sidecar["spec"]["containers"].as_array_mut().unwrap().push(json!({ "name": "sidecar" }));
    assert_eq!(check(&Known::associated(), &with_sidecar), not_injected);
}

#[test]
fn one_whose_volume_keeps_the_token_out_is_told_so() {
    let mut pod = pod();
    pod["spec"]["volumes"] = json!([{ "name": "eks-pod-identity-token", "emptyDir": {} }]);
    assert_eq!(check(&Known::associated(), &pod), Some(Missed::VolumeTaken));
}

#[test]
fn one_that_is_to_have_nothing_or_brings_its_own_is_not() {
    assert_eq!(check(&Known::annotated(&[]), &pod()), None);
    let mut opted_out = pod();
    opted_out["metadata"]["labels"] = json!({ "eks.amazonaws.com/skip-pod-identity-webhook": "true" });
    assert_eq!(check(&Known::associated(), &opted_out), None);
    let mut skipped = pod();
    skipped["metadata"]["annotations"] = json!({ "eks.amazonaws.com/skip-containers": "main" });
    assert_eq!(check(&Known::associated(), &skipped), None);
    let mut own = pod();
    own["spec"]["containers"][0]["env"] =
        json!([{ "name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": "http://x" }]);
    assert_eq!(check(&Known::associated(), &own), None);
    let mut on_fargate = pod();
    on_fargate["spec"]["schedulerName"] = json!("fargate-scheduler");
    assert_eq!(check(&Known::associated(), &on_fargate), None);
}
