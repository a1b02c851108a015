//! What annotations ask for: of service accounts, whose role a pod gets from STS (IRSA), and of pods.

use pod_identity::webhook::{Expiration, Method, Settings};
use serde_json::{Value, json};

use crate::applied::{Known, patch, pod, variables};

const ROLE: (&str, &str) = ("eks.amazonaws.com/role-arn", "arn:aws:iam::111122223333:role/s3-reader");

fn expiration(known: &Known, pod: &Value) -> Value {
    known.injected(pod)["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"]
        .clone()
}

#[test]
fn a_role_in_an_annotation_is_assumed_at_sts() {
    let injection = Known::annotated(&[ROLE]).inject(&pod()).unwrap();
    assert_eq!(injection.method, Method::WebIdentity);
    let file = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
    let token = json!({ "audience": "sts.amazonaws.com", "expirationSeconds": 86_400, "path": "token" });
    let volume = json!({ "name": "aws-iam-token", "projected": { "sources": [{ "serviceAccountToken": token }] } });
    let env = json!([
        { "name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "regional" },
        { "name": "AWS_DEFAULT_REGION", "value": "us-west-2" },
        { "name": "AWS_REGION", "value": "us-west-2" },
        { "name": "AWS_ROLE_ARN", "value": ROLE.1 },
        { "name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": file },
    ]);
    let mount = json!({
        "name": "aws-iam-token", "readOnly": true, "mountPath": "/var/run/secrets/eks.amazonaws.com/serviceaccount",
    });
    // EKS's label is for Pod Identity alone.
    let expected = json!([
        { "op": "add", "path": "/spec/volumes", "value": [volume] },
        { "op": "add", "path": "/spec/containers/0/env", "value": env },
        { "op": "add", "path": "/spec/containers/0/volumeMounts", "value": [mount] },
    ]);
    assert_eq!(patch(&injection.patch), expected);
}

#[test]
fn an_association_counts_before_a_role_in_an_annotation() {
    let known = Known::associated().with(&[ROLE, ("eks.amazonaws.com/audience", "sts.example")]);
    let injection = known.inject(&pod()).unwrap();
    assert_eq!(injection.method, Method::PodIdentity);
    let after = known.injected(&pod());
    assert_eq!(after["spec"]["containers"][0]["env"], variables());
    let token = &after["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"];
    assert_eq!(token["audience"], "pods.eks.amazonaws.com", "the annotation is about STS");
}

#[test]
fn audience_and_endpoints_are_as_the_service_account_says() {
    let audience = ("eks.amazonaws.com/audience", "sts.cn.example");
    let after = Known::annotated(&[ROLE, audience]).injected(&pod());
    let token = &after["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"];
    assert_eq!(token["audience"], "sts.cn.example");
    for (value, is_there) in [("true", true), ("1", true), ("false", false), ("F", false), ("perhaps", true)] {
        let said = ("eks.amazonaws.com/sts-regional-endpoints", value);
        let after = Known::annotated(&[ROLE, said]).injected(&pod());
        let has = after["spec"]["containers"][0]["env"][0]["name"] == "AWS_STS_REGIONAL_ENDPOINTS";
        assert_eq!(has, is_there, "{value}");
    }
}

#[test]
fn the_nearest_word_on_expiration_counts() {
    let flag = |seconds| {
        let settings = Settings { token_expiration: Expiration::of(seconds), ..Settings::default() };
        Known { settings, ..Known::associated() }
    };
    let of_account = ("eks.amazonaws.com/token-expiration", "3600");
    let of_pod = |text: &str| {
        let mut pod = pod();
        pod["metadata"]["annotations"] = json!({ "eks.amazonaws.com/token-expiration": text });
        pod
    };
    assert_eq!(expiration(&flag(7200), &pod()), 7200);
    assert_eq!(expiration(&flag(7200).with(&[of_account]), &pod()), 3600);
    assert_eq!(expiration(&flag(7200).with(&[of_account]), &of_pod("900")), 900);
    assert_eq!(expiration(&flag(7200).with(&[of_account]), &of_pod("soon")), 3600, "no number is no word");
    // Kubernetes refuses less than ten minutes and more than 2^32 seconds.
    for (asked, given) in [("0", 600_i64), ("-1", 600), ("599", 600), ("99999999999", 1 << 32)] {
        assert_eq!(expiration(&flag(7200), &of_pod(asked)), given, "{asked}");
    }
}

#[test]
fn a_whole_day_is_shortened_by_up_to_two_hours() {
    let with = |jitter| Known { jitter, ..Known::associated() };
    assert_eq!(expiration(&with(0), &pod()), 86_400);
    assert_eq!(expiration(&with(7200), &pod()), 79_200);
    assert_eq!(expiration(&with(7201), &pod()), 86_400);
    let mut known = with(7200);
    known.settings.token_expiration = Expiration::of(86_399);
    assert_eq!(expiration(&known, &pod()), 86_399, "only a whole day");
}

#[test]
fn containers_that_the_pod_names_are_left_alone() {
    for list in ["istio-proxy,migrate", " istio-proxy , migrate ", r#""istio-proxy","migrate""#] {
        let mut before = pod();
        before["metadata"]["annotations"] = json!({ "eks.amazonaws.com/skip-containers": list });
        before["spec"]["initContainers"] = json!([{ "name": "migrate" }]);
        before["spec"]["containers"].as_array_mut().unwrap().insert(0, json!({ "name": "istio-proxy" }));
        let after = Known::associated().injected(&before);
        assert_eq!(after["spec"]["initContainers"], json!([{ "name": "migrate" }]), "{list}");
        assert_eq!(after["spec"]["containers"][0], json!({ "name": "istio-proxy" }), "{list}");
        assert_eq!(after["spec"]["containers"][1]["env"], variables(), "{list}");
    }
}

#[test]
fn annotations_have_the_prefix_that_is_set() {
    let mut known = Known::associated();
    known.settings.annotation_prefix = "iam.example".to_owned();
    let known = known.with(&[("iam.example/token-expiration", "1200"), ("eks.amazonaws.com/token-expiration", "3600")]);
    assert_eq!(expiration(&known, &pod()), 1200);
}
