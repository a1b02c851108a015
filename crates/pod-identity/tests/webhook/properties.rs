//! What holds for every pod: it keeps all it has, it lacks nothing afterwards, and only what it lacks is added.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::applied::{Known, apply, patch, pod};

/// Something that no webhook knows.
fn unknown() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from)
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("x-[a-z]{1,4}", inner, 0..3)
                .prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

fn variable() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        Just("AWS_CONTAINER_CREDENTIALS_FULL_URI".to_owned()),
        Just("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE".to_owned()),
        Just("AWS_ROLE_ARN".to_owned()),
        Just("AWS_REGION".to_owned()),
        Just("AWS_DEFAULT_REGION".to_owned()),
        Just("AWS_STS_REGIONAL_ENDPOINTS".to_owned()),
        "[A-Z]{1,6}",
    ];
    (name, unknown()).prop_map(|(name, unknown)| json!({ "name": name, "value": "own", "x-new": unknown }))
}

fn mount() -> impl Strategy<Value = Value> {
    let name = prop_oneof![Just("eks-pod-identity-token".to_owned()), "[a-z]{1,4}"];
    let path = prop_oneof![Just("/var/run/secrets/pods.eks.amazonaws.com/serviceaccount".to_owned()), "/[a-z]{1,4}"];
    (name, path).prop_map(|(name, path)| json!({ "name": name, "mountPath": path, "x-new": true }))
}

fn list(of: impl Strategy<Value = Value>) -> impl Strategy<Value = Option<Value>> {
    prop::option::of(prop::collection::vec(of, 0..4).prop_map(Value::from))
}

fn container() -> impl Strategy<Value = Value> {
    ("[a-c]", list(variable()), list(mount()), unknown()).prop_map(|(name, env, mounts, unknown)| {
        let mut container = json!({ "name": name, "x-new": unknown });
        env.into_iter().for_each(|env| container["env"] = env);
        mounts.into_iter().for_each(|mounts| container["volumeMounts"] = mounts);
        container
    })
}

fn any_pod() -> impl Strategy<Value = Value> {
    let labels = prop::option::of(prop::collection::btree_map("[a-z~/]{1,4}", "[a-z]{0,3}", 0..3));
    let skipped = prop::option::of("[a-c](,[a-c])?");
    let volumes = list(("[a-z]{1,4}", unknown()).prop_map(|(name, unknown)| json!({ "name": name, "x-new": unknown })));
    let containers = (list(container()), list(container()), list(container()));
    (labels, skipped, volumes, containers, unknown()).prop_map(|(labels, skipped, volumes, containers, unknown)| {
        let mut pod = pod();
        labels.into_iter().for_each(|labels| pod["metadata"]["labels"] = json!(labels));
        skipped.into_iter().for_each(|skipped| {
            pod["metadata"]["annotations"] = json!({ "eks.amazonaws.com/skip-containers": skipped });
        });
        volumes.into_iter().for_each(|volumes| pod["spec"]["volumes"] = volumes);
        containers.0.into_iter().for_each(|list| pod["spec"]["containers"] = list);
        containers.1.into_iter().for_each(|list| pod["spec"]["initContainers"] = list);
        containers.2.into_iter().for_each(|list| pod["spec"]["ephemeralContainers"] = list);
        pod["spec"]["x-new"] = unknown;
        pod
    })
}

/// Whether all of `before` is in `after`, lists in their order.
fn is_kept(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            before.iter().all(|(name, value)| after.get(name).is_some_and(|after| is_kept(value, after)))
        }
        (Value::Array(before), Value::Array(after)) => {
            let mut after = after.iter();
            before.iter().all(|value| after.any(|candidate| is_kept(value, candidate)))
        }
        (before, after) => before == after,
    }
}

proptest! {
    #[test]
    fn a_pod_keeps_all_it_has_and_lacks_nothing_afterwards(pod in any_pod(), jitter in any::<u64>(), again in any::<u64>()) {
        let known = Known { jitter, ..Known::associated() };
        let added = patch(&known.inject(&pod).unwrap().patch);
        let mut after = pod.clone();
        apply(&mut after, &added);
        prop_assert!(is_kept(&pod, &after), "{pod} lost something: {after}");
        prop_assert_eq!(&after["spec"]["ephemeralContainers"], &pod["spec"]["ephemeralContainers"]);
        let again = Known { jitter: again, ..Known::associated() }.inject(&after).unwrap();
        prop_assert!(again.patch.is_empty(), "{} is missing still", patch(&again.patch));
    }

    #[test]
    fn no_variable_is_there_twice_and_each_name_has_one_place(pod in any_pod()) {
        let after = Known::associated().injected(&pod);
        for list in ["containers", "initContainers"] {
            let pairs = after["spec"][list].as_array().into_iter().flatten().zip(pod["spec"][list].as_array().into_iter().flatten());
            for (after, before) in pairs {
                let count = |container: &Value, name: &str| {
                    container["env"].as_array().into_iter().flatten().filter(|variable| variable["name"] == name).count()
                };
                for name in ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_REGION", "AWS_STS_REGIONAL_ENDPOINTS"] {
                    prop_assert!(count(after, name) <= count(before, name).max(1), "{name} twice: {after}");
                }
            }
        }
    }
}
