//! What pods are given for Pod Identity. The cases are those that the peer's tests have.

use serde_json::{Value, json};

use crate::applied::{Known, mount, patch, pod, variables, volume};

fn names(env: &Value) -> Vec<&str> {
    env.as_array().unwrap().iter().map(|variable| variable["name"].as_str().unwrap()).collect()
}

#[test]
fn a_bare_pod_gets_all_that_eks_gives_and_nothing_else_changes() {
    let injection = Known::associated().inject(&pod()).unwrap();
    let expected = json!([
        { "op": "add", "path": "/metadata/labels", "value": { "eks.amazonaws.com/pod-identity": "enabled" } },
        { "op": "add", "path": "/spec/volumes", "value": [volume(86_400)] },
        { "op": "add", "path": "/spec/containers/0/env", "value": variables() },
        { "op": "add", "path": "/spec/containers/0/volumeMounts", "value": [mount()] },
    ]);
    assert_eq!(patch(&injection.patch), expected);
}

#[test]
fn what_a_pod_has_stays_where_it_is() {
    let mut before = pod();
    before["metadata"]["labels"] = json!({ "app": "api" });
    before["spec"]["volumes"] = json!([{ "name": "work", "emptyDir": {} }]);
    before["spec"]["containers"][0]["env"] = json!([{ "name": "COLOR", "value": "blue" }]);
    before["spec"]["containers"][0]["volumeMounts"] = json!([{ "name": "work", "mountPath": "/work" }]);
    let after = Known::associated().injected(&before);
    assert_eq!(after["metadata"]["labels"], json!({ "app": "api", "eks.amazonaws.com/pod-identity": "enabled" }));
    // The peer puts its volume first, and variables and mounts last.
    assert_eq!(after["spec"]["volumes"], json!([volume(86_400), { "name": "work", "emptyDir": {} }]));
    let container = &after["spec"]["containers"][0];
    let mut expected = vec![json!({ "name": "COLOR", "value": "blue" })];
    expected.extend(variables().as_array().unwrap().clone());
    assert_eq!(container["env"], Value::Array(expected));
    assert_eq!(container["volumeMounts"], json!([{ "name": "work", "mountPath": "/work" }, mount()]));
}

#[test]
fn lists_that_are_empty_or_null_are_as_good_as_none() {
    for nothing in [json!([]), Value::Null] {
        let mut before = pod();
        before["metadata"]["labels"] = if nothing.is_null() { Value::Null } else { json!({}) };
        before["spec"]["volumes"] = nothing.clone();
        before["spec"]["initContainers"] = nothing.clone();
        before["spec"]["containers"][0]["env"] = nothing.clone();
        before["spec"]["containers"][0]["volumeMounts"] = nothing.clone();
        let after = Known::associated().injected(&before);
        assert_eq!(after["spec"]["volumes"], json!([volume(86_400)]));
        assert_eq!(after["spec"]["containers"][0]["env"], variables());
        assert_eq!(after["spec"]["containers"][0]["volumeMounts"], json!([mount()]));
        assert_eq!(after["spec"]["initContainers"], nothing);
    }
}

#[test]
fn init_containers_are_injected_and_ephemeral_ones_are_not() {
    let mut before = pod();
    before["spec"]["initContainers"] = json!([{ "name": "migrate" }, { "name": "proxy", "restartPolicy": "Always" }]);
    before["spec"]["ephemeralContainers"] = json!([{ "name": "debugger" }]);
    let after = Known::associated().injected(&before);
    for container in after["spec"]["initContainers"].as_array().unwrap() {
        assert_eq!((&container["env"], &container["volumeMounts"]), (&variables(), &json!([mount()])));
    }
    assert_eq!(after["spec"]["ephemeralContainers"], json!([{ "name": "debugger" }]));
}

#[test]
fn what_a_container_says_itself_wins() {
    let (uri, file) = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    let (sts, default_region, region) = ("AWS_STS_REGIONAL_ENDPOINTS", "AWS_DEFAULT_REGION", "AWS_REGION");
    // One of two that belong together keeps the other out.
    let cases = [
        (vec![uri], vec![uri, sts, default_region, region], true),
        (vec![file], vec![file, sts, default_region, region], true),
        (vec![region], vec![region, sts, uri, file], true),
        (vec![default_region], vec![default_region, sts, uri, file], true),
        (vec![sts], vec![sts, default_region, region, uri, file], true),
        // A container that has everything has its own token, too.
        (vec![sts, region, uri], vec![sts, region, uri], false),
        (vec!["AWS_ROLE_ARN"], vec!["AWS_ROLE_ARN", sts, default_region, region, uri, file], true),
    ];
    for (has, expected, is_mounted) in cases {
        let mut before = pod();
        let own: Vec<_> = has.iter().map(|name| json!({ "name": name, "value": "own" })).collect();
        before["spec"]["containers"][0]["env"] = Value::Array(own);
        let after = Known::associated().injected(&before);
        let container = &after["spec"]["containers"][0];
        assert_eq!(names(&container["env"]), expected, "{has:?}");
        for (index, _) in has.iter().enumerate() {
            assert_eq!(container["env"][index]["value"], "own", "{has:?}");
        }
        assert_eq!(container.get("volumeMounts").is_some(), is_mounted, "{has:?}");
    }
}

#[test]
fn a_container_that_has_something_else_at_the_tokens_place_keeps_it() {
    for path in [
        "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount",
        "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/",
    ] {
        let mut before = pod();
        before["spec"]["containers"][0]["volumeMounts"] = json!([{ "name": "own", "mountPath": path }]);
        let after = Known::associated().injected(&before);
        // Two mounts at one place would have the pod refused.
        assert_eq!(after["spec"]["containers"][0]["volumeMounts"], json!([{ "name": "own", "mountPath": path }]));
    }
}

#[test]
fn windows_containers_find_the_token_on_their_drive() {
    let on_windows = [
        json!({ "nodeSelector": { "kubernetes.io/os": "windows" } }),
        json!({ "nodeSelector": { "beta.kubernetes.io/os": "windows" } }),
        json!({ "os": { "name": "windows" } }),
    ];
    for says in on_windows {
        let mut before = pod();
        before["spec"].as_object_mut().unwrap().extend(says.as_object().unwrap().clone());
        let after = Known::associated().injected(&before);
        let container = &after["spec"]["containers"][0];
        let path = r"C:\var\run\secrets\pods.eks.amazonaws.com\serviceaccount\eks-pod-identity-token";
        assert_eq!(container["env"][4]["value"], path, "{says}");
        assert_eq!(container["volumeMounts"], json!([mount()]), "the mount's path is as on Linux");
    }
    let mut before = pod();
    before["spec"]["nodeSelector"] = json!({ "kubernetes.io/os": "linux" });
    assert_eq!(Known::associated().injected(&before)["spec"]["containers"][0]["env"], variables());
}

#[test]
fn an_injected_pod_lacks_nothing_when_it_is_reviewed_again() {
    let mut before = pod();
    before["spec"]["initContainers"] = json!([{ "name": "migrate" }]);
    let after = Known::associated().injected(&before);
    // The apiserver asks again after other webhooks (reinvocationPolicy), under another review's id.
    let again = Known { jitter: 4711, ..Known::associated() }.inject(&after).unwrap();
    assert!(again.patch.is_empty(), "{}", patch(&again.patch));
    // A sidecar that came in between gets its part, and only that is touched.
    let mut with_sidecar = after.clone();
    with_sidecar["spec"]["containers"].as_array_mut().unwrap().push(json!({ "name": "sidecar" }));
    let again = patch(&Known::associated().inject(&with_sidecar).unwrap().patch);
    let paths: Vec<_> = again.as_array().unwrap().iter().map(|addition| addition["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/spec/containers/1/env", "/spec/containers/1/volumeMounts"]);
}

#[test]
fn names_and_places_are_as_they_are_set() {
    let mut known = Known::associated();
    known.settings.region = None;
    known.settings.regional_sts = false;
    known.settings.credentials_uri = "http://[fd00:ec2::23]/v1/credentials".to_owned();
    known.settings.pod_identity.audience = "pods.example".to_owned();
    known.settings.pod_identity.volume = "credentials".to_owned();
    known.settings.pod_identity.mount_path = "/run/credentials/".to_owned();
    known.settings.pod_identity.file = "jwt".to_owned();
    let after = known.injected(&pod());
    assert_eq!(
        after["spec"]["containers"][0]["env"],
        json!([
            { "name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": "http://[fd00:ec2::23]/v1/credentials" },
            { "name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "value": "/run/credentials/jwt" },
        ])
    );
    assert_eq!(after["spec"]["volumes"][0]["name"], "credentials");
    let token = &after["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"];
    assert_eq!(token, &json!({ "audience": "pods.example", "expirationSeconds": 86_400, "path": "jwt" }));
}
