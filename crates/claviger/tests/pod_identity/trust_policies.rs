//! What `trust-policy` renders is put into IAM as it is, and then decides whom STS gives what.

use std::process::Command;

use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region};
use serde_json::{Value, json};
use test_support::{EmbeddedAws, REGION, eventually};

use crate::{
    CLAVIGER,
    cluster::SOON,
    lending::{Issuer, Lending, allow, association, flag, iam},
};

const OTHER: &str = "444455556666";
const OTHER_ID: &str = "AKIAI44QH8DHBEXAMPLE";
const OTHER_SECRET: &str = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY";

/// A role of the first account.
fn role(name: &str) -> String {
    format!("arn:aws:iam::111122223333:role/{name}")
}

/// Those of a file, for the user `broker`.
fn rendered(cluster: &Issuer, associations: &str) -> Value {
    let mut command = Command::new(CLAVIGER);
    command.args(["pod-identity", "broker", "trust-policy", "--broker=arn:aws:iam::111122223333:user/broker"]);
    let output = command.args(["--cluster-arn", &cluster.arn, "--associations", associations]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains(&format!("note: the trust policy of {} lets in every session", role("first"))), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// KMS, by what the broker has lent.
fn kms(aws: &EmbeddedAws, given: &Value) -> aws_sdk_kms::Client {
    let text = |name: &str| given["credentials"][name].as_str().unwrap().to_owned();
    let keys = Credentials::new(text("accessKeyId"), text("secretAccessKey"), Some(text("sessionToken")), None, "lent");
    let config = aws_sdk_kms::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(format!("http://{}", aws.address()))
        .region(Region::new(REGION))
        .credentials_provider(keys);
    aws_sdk_kms::Client::from_conf(config.build())
}

async fn has_random(kms: &aws_sdk_kms::Client) -> bool {
    match kms.generate_random().number_of_bytes(8).send().await {
        Ok(_) => true,
        Err(error) => {
            let error = error.into_service_error();
            assert_eq!(error.meta().code(), Some("AccessDeniedException"), "{error:?}");
            false
        }
    }
}

fn arn(given: &Value) -> &str {
    given["assumedRoleUser"]["arn"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rendered_policies_let_in_whom_their_associations_name_and_nobody_else() {
    let credential = format!("--credential={OTHER_ID}:{OTHER_SECRET}:{OTHER}");
    let lending = Lending::start(&[&credential]).await;
    let demo = lending.cluster("demo").await;
    let target = format!("arn:aws:iam::{OTHER}:role/target");
    let narrowed = allow(&["kms:GenerateRandom"], json!({ "Resource": "*" }));
    let chained = json!({
        "targetRoleArn": target, "externalId": "of-the-shop", "disableSessionTags": true, "policy": narrowed,
    });
    let of_team = json!({ "sessionTags": { "team": "blue" }, "sessionName": "{cluster}@{namespace}@{pod}" });
    let wanted = association("payments", "api", &role("pods"), json!({}))
        + &association("payments", "worker", &role("pods"), json!({}))
        + &association("shop", "clerk", &role("pods"), json!({}))
        + &association("payments", "team", &role("team"), of_team)
        + &association("shop", "chained", &role("first"), chained.clone());
    let associations = lending.file("associations.yaml", &wanted);
    let policies = rendered(&demo, &associations);

    // All of it as it is, and what pods do beside it.
    let (id, secret) = lending.user("broker", &policies["brokerPermissions"].to_string()).await;
    let trust = |role: &str| policies["trustPolicies"][role].to_string();
    let random = |also: Value| {
        let mut all = json!({ "Resource": "*" });
        all.as_object_mut().unwrap().extend(also.as_object().unwrap().clone());
        allow(&["kms:GenerateRandom", "kms:ListKeys"], all)
    };
    lending.role("pods", &trust(&role("pods")), &random(json!({}))).await;
    let blue = json!({ "Condition": { "StringEquals": { "aws:PrincipalTag/team": "blue" } } });
    lending.role("team", &trust(&role("team")), &random(blue)).await;
    lending.role("first", &trust(&role("first")), &policies["permissions"][role("first")].to_string()).await;
    let other = iam(&lending.aws, OTHER_ID, OTHER_SECRET);
    other.create_role().role_name("target").assume_role_policy_document(trust(&target)).send().await.unwrap();
    let may = random(json!({}));
    other.put_role_policy().role_name("target").policy_name("may").policy_document(may).send().await.unwrap();

    // Of the same roles the broker is told more than the policies were rendered of.
    let more = association("other", "api", &role("pods"), json!({}))
        + &association("shop", "api", &role("pods"), json!({}))
        + &association("payments", "untagged", &role("team"), json!({}));
    lending.file("associations.yaml", &(wanted + &more));
    let keys = [("AWS_ACCESS_KEY_ID", &*id), ("AWS_SECRET_ACCESS_KEY", &*secret)];
    let broker = lending.broker("broker", &[flag(&demo, &associations)], &keys).await;
    let ask = async |namespace: &str, account: &str| {
        broker.ask("demo", &lending.token(&demo, namespace, account).await).await
    };

    let given = ask("payments", "api").await.unwrap();
    assert!(arn(&given).starts_with("arn:aws:sts::111122223333:assumed-role/pods/eks-demo-"), "{}", arn(&given));
    assert!(has_random(&kms(&lending.aws, &given)).await);
    for (namespace, account) in [("payments", "worker"), ("shop", "clerk")] {
        ask(namespace, account).await.unwrap();
    }
    for (namespace, account) in [("other", "api"), ("shop", "api"), ("payments", "untagged")] {
        let refused = ask(namespace, account).await.unwrap_err();
        assert!(refused.starts_with("HTTP/1.1 400") && refused.contains("AccessDeniedException"), "{refused}");
    }

    let given = ask("payments", "team").await.unwrap();
    let name = "arn:aws:sts::111122223333:assumed-role/team/demo@payments@";
    assert!(arn(&given).starts_with(name), "{}", arn(&given));
    assert!(has_random(&kms(&lending.aws, &given)).await, "its tag `team` is not the session's");

    let given = ask("shop", "chained").await.unwrap();
    assert!(arn(&given).starts_with("arn:aws:sts::444455556666:assumed-role/target/"), "{}", arn(&given));
    let narrow = kms(&lending.aws, &given);
    assert!(has_random(&narrow).await);
    let denied = narrow.list_keys().send().await.unwrap_err().into_service_error();
    assert_eq!(denied.meta().code(), Some("AccessDeniedException"), "{denied:?}");
    assert!(
        denied.to_string().contains("session policy") || format!("{denied:?}").contains("session policy"),
        "{denied:?}"
    );

    // The same without its external id, and with another tag.
    let mut chained = chained;
    chained.as_object_mut().unwrap().remove("externalId");
    let red = json!({ "sessionTags": { "team": "red" }, "sessionName": "{cluster}@{namespace}@{pod}" });
    let changed =
        association("payments", "team", &role("team"), red) + &association("shop", "chained", &role("first"), chained);
    lending.file("associations.yaml", &changed);
    let refused = eventually("the broker has read the file again", SOON, async || {
        ask("shop", "chained").await.err().ok_or("it still lends the target role")
    })
    .await;
    assert!(refused.starts_with("HTTP/1.1 400") && refused.contains("AccessDeniedException"), "{refused}");
    let given = ask("payments", "team").await.unwrap();
    assert!(!has_random(&kms(&lending.aws, &given)).await, "another team's session is let in");
}
