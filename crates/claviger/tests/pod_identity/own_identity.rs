//! The broker's own identity is whatever the SDK finds: an instance's role, what a process prints, a web identity.

use std::fs;

use serde_json::{Value, json};
use test_support::REGION;

use crate::lending::{Broker, Lending, allow, association, flag};

const ASSUME: [&str; 2] = ["sts:AssumeRole", "sts:TagSession"];

/// How long the credentials last that the broker lends, in seconds, and what it says of itself.
async fn lent(broker: &Broker, token: &str) -> (i64, Value) {
    let before = jiff::Timestamp::now().as_second();
    let given = broker.ask("demo", token).await.expect("the broker lends");
    let arn = given["assumedRoleUser"]["arn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:sts::111122223333:assumed-role/pods/eks-demo-"), "{arn}");
    let ends = given["credentials"]["expiration"].as_i64().unwrap();
    let log = fs::read_to_string(broker.process.log()).unwrap();
    assert!(!log.contains("eyJ"), "{log}");
    let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    (ends - before, lines.find(|line| line["message"] == "roles are assumed as this identity").expect(&log))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_a_process_and_a_web_identity_lend_and_a_role_for_an_hour() {
    let lending = Lending::start(&["--imds=127.0.0.1:0", "--imds-role=arn:aws:iam::111122223333:role/broker"]).await;
    let aws_log = fs::read_to_string(lending.folder.path().join("local-aws.log")).unwrap();
    let ready = aws_log
        .lines()
        .find_map(|line| serde_json::from_str::<Value>(line).ok()?["metadata"].as_str().map(str::to_owned));
    let metadata = ready.expect(&aws_log);

    let demo = lending.cluster("demo").await;
    let may = allow(&ASSUME, json!({ "Resource": "arn:aws:iam::111122223333:role/pods" }));
    let (id, secret) = lending.user("broker", &may).await;
    let instance = allow(&["sts:AssumeRole"], json!({ "Principal": { "Service": "ec2.amazonaws.com" } }));
    let instance = lending.role("broker", &instance, &may).await;
    let provider = lending.iam.create_open_id_connect_provider().url(&demo.url).client_id_list("sts.amazonaws.com");
    let provider = provider.thumbprint_list("9".repeat(40)).send().await.unwrap().open_id_connect_provider_arn.unwrap();
    let subject = format!("{}:sub", demo.url.trim_start_matches("https://"));
    let web = json!({
        "Principal": { "Federated": provider },
        "Condition": { "StringEquals": { subject: "system:serviceaccount:claviger:broker" } },
    });
    let web = lending.role("web", &allow(&["sts:AssumeRoleWithWebIdentity"], web), &may).await;
    let trusted = json!({ "Principal": { "AWS": [instance, web, "arn:aws:iam::111122223333:user/broker"] } });
    let role = lending
        .role("pods", &allow(&ASSUME, trusted), &allow(&["kms:GenerateRandom"], json!({ "Resource": "*" })))
        .await;

    let associations = lending.file("associations.yaml", &association("payments", "api", &role, json!({})));
    let clusters = [flag(&demo, &associations)];
    let pod = lending.token(&demo, "payments", "api").await;
    let hour = 3500..=3601;

    let broker = lending.broker("of-instance", &clusters, &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata)]).await;
    let (lasts, own) = lent(&broker, &pod).await;
    assert!(hour.contains(&lasts), "{lasts} s");
    assert!(own["arn"].as_str().unwrap().starts_with("arn:aws:sts::111122223333:assumed-role/broker/i-"), "{own}");
    assert_eq!(own["chains"], true, "{own}");

    let printed = json!({ "Version": 1, "AccessKeyId": id, "SecretAccessKey": secret });
    let printed = lending.file("printed.json", &printed.to_string());
    let config = format!("[default]\nregion = {REGION}\ncredential_process = /bin/cat {printed}\n");
    let config = lending.file("config", &config);
    let none = ("AWS_EC2_METADATA_DISABLED", "true");
    let broker = lending.broker("of-process", &clusters, &[none, ("AWS_CONFIG_FILE", &config)]).await;
    let (lasts, own) = lent(&broker, &pod).await;
    assert!((6 * 3600 - 100..=6 * 3600 + 1).contains(&lasts), "{lasts} s");
    assert_eq!(
        (&own["arn"], &own["chains"]),
        (&"arn:aws:iam::111122223333:user/broker".into(), &false.into()),
        "{own}"
    );
    let log = fs::read_to_string(broker.process.log()).unwrap();
    assert!(!log.contains(&secret), "{log}");

    let token = lending.token_for("sts.amazonaws.com", &demo, "claviger", "broker").await;
    let token = lending.file("web-identity", &token);
    let environment = [none, ("AWS_ROLE_ARN", &*web), ("AWS_WEB_IDENTITY_TOKEN_FILE", &token)];
    let broker = lending.broker("of-web-identity", &clusters, &environment).await;
    let (lasts, own) = lent(&broker, &pod).await;
    assert!(hour.contains(&lasts), "{lasts} s");
    assert!(own["arn"].as_str().unwrap().starts_with("arn:aws:sts::111122223333:assumed-role/web/"), "{own}");
    assert_eq!(own["chains"], true, "{own}");
}
