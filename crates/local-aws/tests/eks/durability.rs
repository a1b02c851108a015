//! Clusters are there after a restart, as they were, and pods' tokens are good that were issued before.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};

use crate::{
    support::{active, admin, associate, assume, eks, new_cluster, new_node_role, query, read, role, start_at, token},
    wire::{ACCOUNT, start},
};

async fn told(aws: &local_aws::Running, association: &str) -> Vec<Value> {
    let mut told = Vec::new();
    let [entries, profiles] = ["access-entries", "fargate-profiles"].map(|kind| format!("/clusters/entries/{kind}"));
    for path in ["/clusters", "/clusters/demo", association, &entries, &profiles] {
        told.push(eks(aws, "GET", path, Value::Null).await);
    }
    told
}

/// Nobody asks for anything between the answer and the end: what is left to do is done by the next start.
#[tokio::test]
async fn a_node_group_is_made_and_deleted_to_its_end_after_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let aws = start_at(&path).await;
    new_cluster(&aws, "demo").await;
    active(&aws, "demo").await;
    let subnet = query(&aws, "ec2", "Action=DescribeSubnets&Version=2016-11-15".to_owned()).await.element("subnetId");
    let group = json!({
        "nodegroupName": "one", "nodeRole": new_node_role(&aws, "node").await, "subnets": [subnet],
        "scalingConfig": { "minSize": 1, "maxSize": 1, "desiredSize": 1 },
    });
    let made = eks(&aws, "POST", "/clusters/demo/node-groups", group).await;
    assert_eq!(made["nodegroup"]["status"], "CREATING", "{made}");
    aws.shutdown().await;

    let one = "/clusters/demo/node-groups/one";
    let aws = start_at(&path).await;
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let known = eks(&aws, "GET", one, Value::Null).await;
        if known["nodegroup"]["status"] == "ACTIVE" {
            assert_eq!(known["nodegroup"]["nodegroupArn"], made["nodegroup"]["nodegroupArn"]);
            break;
        }
        assert!(known["nodegroup"]["status"] == "CREATING" && std::time::Instant::now() < patience, "{known}");
    }
    eks(&aws, "DELETE", one, Value::Null).await;
    aws.shutdown().await;

    let aws = start_at(&path).await;
    while eks(&aws, "GET", "/clusters/demo/node-groups", Value::Null).await["nodegroups"] != json!([]) {
        assert!(std::time::Instant::now() < patience, "it is still there");
    }
    eks(&aws, "DELETE", "/clusters/demo", Value::Null).await;
    aws.shutdown().await;
}

#[tokio::test]
async fn everything_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let aws = start_at(&path).await;
    let cluster = new_cluster(&aws, "demo").await;
    new_cluster(&aws, "gone").await;
    let made = associate(&aws, "demo", "api").await;
    let association = format!("/clusters/demo/pod-identity-associations/{}", made["associationId"].as_str().unwrap());
    let tags = format!("/tags/{}", cluster["arn"].as_str().unwrap().replace(':', "%3A").replace('/', "%2F"));
    eks(&aws, "POST", &tags, json!({ "tags": { "team": "blue" } })).await;
    eks(&aws, "DELETE", "/clusters/gone", Value::Null).await;
    let entries = json!({
        "name": "entries", "roleArn": role("cluster"), "resourcesVpcConfig": { "subnetIds": ["subnet-1"] },
        "accessConfig": { "authenticationMode": "API" },
    });
    eks(&aws, "POST", "/clusters", entries).await;
    let profile = json!({
        "fargateProfileName": "one", "podExecutionRoleArn": role("pod"), "selectors": [{ "namespace": "default" }],
    });
    eks(&aws, "POST", "/clusters/entries/fargate-profiles", profile).await;
    let behind = json!({ "cluster": cluster["arn"], "endpoint": "https://127.0.0.1:6443" });
    read(&admin(&aws, "POST", "eks/behind", behind).await);
    active(&aws, "demo").await;
    let (pods_token, before) = (token(&aws, "demo").await, told(&aws, &association).await);
    aws.shutdown().await;

    let aws = start_at(&path).await;
    assert_eq!(told(&aws, &association).await, before);
    assert_eq!(before[0]["clusters"], json!(["demo", "entries"]));
    assert_eq!(before[3]["accessEntries"], json!([role("pod"), format!("arn:aws:iam::{ACCOUNT}:root")]));
    assert_eq!(before[4]["fargateProfileNames"], json!(["one"]));
    assert_eq!(before[1]["cluster"]["tags"], json!({ "team": "blue" }));
    let answer = read(&assume(&aws, "demo", &pods_token).await);
    assert_eq!(answer["podIdentityAssociation"]["associationId"], made["associationId"]);
    aws.shutdown().await;
}

/// What signs tokens is a secret: it goes with the state or is made anew.
#[tokio::test]
async fn a_clusters_key_goes_with_a_state_that_has_its_secrets() {
    let (aws, other) = (start().await, start().await);
    new_cluster(&aws, "demo").await;
    associate(&aws, "demo", "api").await;
    let former = token(&aws, "demo").await;
    for (secrets, is_good) in [(true, true), (false, false)] {
        let state = admin(&aws, "POST", "export", json!({ "secrets": secrets })).await;
        assert_eq!(state.body.contains("eks.issuer-key"), secrets);
        read(&admin(&other, "POST", "import", serde_json::from_str(&state.body).unwrap()).await);
        assert_eq!(assume(&other, "demo", &former).await.status == 200, is_good, "with secrets: {secrets}");
        read(&assume(&other, "demo", &token(&other, "demo").await).await);
    }
    // A text of before there were such keys.
    let mut state: Value =
        serde_json::from_str(&admin(&aws, "POST", "export", json!({ "secrets": true })).await.body).unwrap();
    state["tables"].as_object_mut().unwrap().remove("eks.issuer-key").unwrap();
    read(&admin(&other, "POST", "import", state.clone()).await);
    read(&assume(&other, "demo", &token(&other, "demo").await).await);
    // One that is none, and one of nobody.
    for key in [format!("{ACCOUNT}/us-west-2/demo"), format!("{ACCOUNT}/us-west-2/none")] {
        state["tables"]["eks.issuer-key"] = json!({ key: "c2VjcmV0" });
        assert_eq!(admin(&other, "POST", "import", state.clone()).await.status, 400);
    }
    aws.shutdown().await;
    other.shutdown().await;
}

/// A kube-apiserver has an issuer and keys of its own: they are told, and tokens that it issues are good.
#[tokio::test]
async fn tokens_of_a_server_that_is_told_are_good() {
    let aws = start().await;
    let cluster = new_cluster(&aws, "demo").await;
    associate(&aws, "demo", "api").await;
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let [x, y] = [1..33, 33..65].map(|half| BASE64.encode(&pair.public_key().as_ref()[half]));
    let issuer = "https://kubernetes.default.svc";
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({
        "aud": ["pods.eks.amazonaws.com"], "exp": now + 600, "iat": now, "iss": issuer, "sub": "system:serviceaccount:default:api",
        "kubernetes.io": { "namespace": "default", "pod": { "name": "api-0", "uid": "u" }, "serviceaccount": { "name": "api", "uid": "v" } },
    });
    let signed =
        [json!({ "alg": "ES256", "kid": "theirs" }), claims].map(|part| BASE64.encode(part.to_string())).join(".");
    let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    let token = format!("{signed}.{}", BASE64.encode(signature));
    assert_eq!(assume(&aws, "demo", &token).await.rest_error().1, "InvalidTokenException");

    let jwks = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "theirs", "x": x, "y": y }] });
    let mut behind = json!({ "cluster": cluster["arn"], "jwks": jwks });
    read(&admin(&aws, "POST", "eks/behind", behind.clone()).await);
    assert_eq!(assume(&aws, "demo", &token).await.rest_error().1, "InvalidTokenException", "the issuer is not told");
    behind["issuer"] = issuer.into();
    read(&admin(&aws, "POST", "eks/behind", behind).await);
    let answer = read(&assume(&aws, "demo", &token).await);
    assert_eq!(answer["subject"], json!({ "namespace": "default", "serviceAccount": "api" }));

    active(&aws, "demo").await;
    let published = cluster["arn"].as_str().map(|_| eks(&aws, "GET", "/clusters/demo", Value::Null)).unwrap().await;
    let issuer = published["cluster"]["identity"]["oidc"]["issuer"].as_str().unwrap().to_owned();
    let id = issuer.rsplit('/').next().unwrap();
    let keys = read(&admin(&aws, "GET", &format!("eks/id/{id}/keys"), Value::Null).await);
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2, "{keys}");
    for (route, input, status) in [
        ("eks/behind", json!({ "cluster": cluster["arn"], "jwks": { "keys": [] } }), 400),
        ("eks/behind", json!({ "cluster": cluster["arn"], "unknown": 1 }), 400),
        ("eks/behind", json!({ "cluster": format!("arn:aws:eks:us-west-2:{ACCOUNT}:cluster/none") }), 404),
        ("eks/token", json!({ "cluster": cluster["arn"] }), 400),
    ] {
        assert_eq!(admin(&aws, "POST", route, input.clone()).await.status, status, "{route} {input}");
    }
    aws.shutdown().await;
}
