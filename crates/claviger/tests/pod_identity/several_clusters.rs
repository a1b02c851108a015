//! One broker for several clusters: none has anything of another, and none needs another.

use std::fs;

use serde_json::json;
use test_support::eventually;

use crate::{
    cluster::SOON,
    lending::{Lending, allow, association, flag},
};

#[tokio::test(flavor = "multi_thread")]
async fn clusters_of_one_broker_lend_each_its_own_roles_and_do_without_another() {
    let lending = Lending::start(&[]).await;
    let actions = ["sts:AssumeRole", "sts:TagSession"];
    let (id, secret) = lending.user("broker", &allow(&actions, json!({ "Resource": "*" }))).await;
    let trust = allow(&actions, json!({ "Principal": { "AWS": "arn:aws:iam::111122223333:user/broker" } }));
    let may = allow(&["kms:GenerateRandom"], json!({ "Resource": "*" }));
    let (mut clusters, mut flags, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
    for name in ["one", "two"] {
        let cluster = lending.cluster(name).await;
        let role = lending.role(name, &trust, &may).await;
        let here = association("payments", "api", &role, json!({}));
        let associations = lending.file(&format!("{name}.yaml"), &here);
        flags.push(flag(&cluster, &associations));
        tokens.push(lending.token(&cluster, "payments", "api").await);
        clusters.push(cluster);
    }
    let keys = [("AWS_ACCESS_KEY_ID", &*id), ("AWS_SECRET_ACCESS_KEY", &*secret)];
    let broker = lending.broker("both", &flags, &keys).await;
    for (name, own, others) in [("one", &tokens[0], &tokens[1]), ("two", &tokens[1], &tokens[0])] {
        let given = broker.ask(name, own).await.unwrap_or_else(|refused| panic!("{name}: {refused}"));
        let arn = given["assumedRoleUser"]["arn"].as_str().unwrap();
        assert!(arn.starts_with(&format!("arn:aws:sts::111122223333:assumed-role/{name}/eks-{name}-")), "{arn}");
        let refused = broker.ask(name, others).await.unwrap_err();
        assert!(refused.starts_with("HTTP/1.1 400") && refused.contains("InvalidTokenException"), "{name}: {refused}");
    }
    drop(broker);

    // A broker that begins without the keys of one.
    let kept = fs::read_to_string(&clusters[0].keys).unwrap();
    fs::remove_file(&clusters[0].keys).unwrap();
    let broker = lending.broker("without-one", &flags, &keys).await;
    broker.ask("two", &tokens[1]).await.unwrap_or_else(|refused| panic!("{refused}"));
    let ready = broker.ready().await;
    assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
    let refused = broker.ask("one", &tokens[0]).await.unwrap_err();
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("ServiceUnavailableException"), "{refused}");

    lending.file("one.jwks.json", &kept);
    eventually("the keys that are back are taken up", SOON, async || broker.ask("one", &tokens[0]).await).await;
    let missing = fs::read_to_string(broker.process.log()).unwrap().matches("the cluster's keys cannot be had").count();
    // Those that go while it runs go on to decide.
    fs::remove_file(&clusters[0].keys).unwrap();
    eventually("it has looked again", SOON, async || {
        let log = fs::read_to_string(broker.process.log()).unwrap();
        let told = log.matches("the cluster's keys cannot be had").count();
        if told > missing { Ok(()) } else { Err(log) }
    })
    .await;
    for (name, token) in [("one", &tokens[0]), ("two", &tokens[1])] {
        broker.ask(name, token).await.unwrap_or_else(|refused| panic!("{name}: {refused}"));
    }
}
