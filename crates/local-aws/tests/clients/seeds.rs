//! Walkthroughs that AWS published, with the `aws` command: `tests/seeds`.

use std::net::SocketAddr;

use local_aws::{LocalAws, Options};

use crate::python::{credentials_of, run};

#[tokio::test(flavor = "multi_thread")]
async fn pod_identity_of_an_add_on_answers_as_it_was_published() {
    let account = "123456789012";
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = Options { listen, accounts: vec![account.parse().unwrap()], ..Options::default() };
    let aws = LocalAws::start(options).await.unwrap();
    run("../seeds/002/walkthrough.py", &[], &aws.endpoint_url(), &credentials_of(&aws, &[account]), None).await;
    aws.shutdown().await;
}
