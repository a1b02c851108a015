//! Walkthroughs that people follow, with the `aws` command: `tests/seeds`.

use std::net::SocketAddr;

use local_aws::{LocalAws, Options};

use crate::python::{credentials_of, run};

#[tokio::test(flavor = "multi_thread")]
async fn the_foreign_key_of_karpenter_is_granted_as_the_article_says() {
    walk("000", &["111122223333", "444455556666"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_a_kops_cluster_is_made_as_the_article_says() {
    walk("001", &["111122223333"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pod_identity_of_an_add_on_answers_as_it_was_published() {
    // Its cluster has a version of that time.
    walk_at("2024-11-19T00:00:00Z", "002", &["123456789012"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_nodes_is_made_as_the_guide_says() {
    walk("003", &["111122223333"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_a_key_of_kms_holds() {
    walk("004", &["123456789012"]).await;
}

async fn walk(seed: &str, accounts: &[&str]) {
    walk_at("real", seed, accounts).await;
}

async fn walk_at(clock: &str, seed: &str, accounts: &[&str]) {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = Options {
        listen,
        clock: clock.parse().unwrap(),
        accounts: accounts.iter().map(|account| account.parse().unwrap()).collect(),
        ..Options::default()
    };
    let aws = LocalAws::start(options).await.unwrap();
    let credentials = credentials_of(&aws, accounts);
    run("../seeds/run.py", &[seed.to_owned()], &aws.endpoint_url(), &credentials, None).await;
    aws.shutdown().await;
}
