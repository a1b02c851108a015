//! What the chart does not take.

use serde_json::{Value, json};

use crate::{
    helm::{lint, over_demo, render},
    sets::sets,
};

#[test]
fn every_set_of_values_passes_helms_strict_lint() {
    for (name, values) in sets() {
        lint(&values).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn a_value_that_is_none_is_refused_by_its_name() {
    let cases: [(Value, &[&str]); 18] = [
        (json!({ "networkPolicies": { "nodes": ["10.0.0.0"] } }), &["/networkPolicies/nodes/0"]),
        (json!({ "networkPolicies": { "enable": true } }), &["/networkPolicies", "enable"]),
        (json!({ "monitoring": { "rules": { "runbooks": "http://a#b" } } }), &["/monitoring/rules/runbooks"]),
        (json!({ "broker": { "replica": 2 } }), &["/broker", "replica"]),
        (json!({ "brokers": {} }), &["brokers"]),
        (json!({ "broker": { "replicas": 0 } }), &["/broker/replicas", "minimum"]),
        (json!({ "broker": { "replicas": "two" } }), &["/broker/replicas", "integer"]),
        (json!({ "agent": { "upstream": "sts" } }), &["/agent/upstream", "'eks'"]),
        (json!({ "agent": { "extraArgs": ["pod-identity"] } }), &["/agent/extraArgs/0"]),
        (json!({ "webhook": { "failurePolicy": "ignore" } }), &["/webhook/failurePolicy", "'Ignore'"]),
        (json!({ "webhook": { "certificates": "self" } }), &["/webhook/certificates", "'own'"]),
        (json!({ "webhook": { "timeoutSeconds": 31 } }), &["/webhook/timeoutSeconds"]),
        (json!({ "cluster": { "arn": "arn:aws:eks:eu-west-1:1:cluster/demo" } }), &["/cluster/arn"]),
        (json!({ "cluster": { "issuer": "https://a,keys=b" } }), &["/cluster/issuer"]),
        (json!({ "associations": { "eks": "a,b" } }), &["/associations/eks"]),
        (json!({ "associations": { "inline": [{ "namespace": "a" }] } }), &["/associations/inline/0", "roleArn"]),
        (
            json!({ "associations": { "inline": [{
                "namespace": "a", "serviceAccount": "b", "roleArn": "arn:aws:iam::111122223333:role/a", "sessionTag": {},
            }] } }),
            &["/associations/inline/0", "sessionTag"],
        ),
        (json!({ "image": { "digest": "latest" } }), &["/image/digest"]),
    ];
    for (values, said) in cases {
        let refused = render(&over_demo(values.clone())).err().unwrap_or_else(|| panic!("{values} is taken"));
        for words in said {
            assert!(refused.contains(words), "{values}: `{words}` is not in {refused}");
        }
    }
}

#[test]
fn what_must_be_said_is_asked_for() {
    let cases = [
        (json!({}), "cluster."),
        (json!({ "cluster": { "name": "demo" } }), "cluster.arn is required with the broker"),
        (
            over_demo(json!({ "cluster": { "name": "other" } })),
            "cluster.name is `other`, but cluster.arn ends with `demo`",
        ),
        (over_demo(json!({ "associations": { "kubernetes": false } })), "associations names no source"),
        (over_demo(json!({ "webhook": { "certificates": "secret" } })), "webhook.caBundle is required"),
    ];
    for (values, said) in cases {
        let refused = render(&values).err().unwrap_or_else(|| panic!("{values} is taken"));
        assert!(refused.contains(said), "{values}: {refused}");
    }
}
