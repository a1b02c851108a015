//! Equal tokens share one call, whatever comes of it.

use std::time::Duration;

use futures_util::future::join_all;
use http::StatusCode;
use tokio::time::{sleep, timeout};

use crate::{
    rig::{Agent, Answer},
    stub::{Answers, Stub},
    tokens,
};

/// So many connections ask at once, while the stub holds the call back until it has come.
async fn all_at_once(agent: &Agent, stub: &Stub, token: &str, clients: usize) -> Vec<Answer> {
    stub.hold();
    let mut connections = join_all((0..clients).map(|_| agent.connect())).await;
    let asking = join_all(connections.iter_mut().map(|client| client.ask(token)));
    let release = async {
        while stub.calls() == 0 {
            tokio::task::yield_now().await;
        }
        stub.go_on();
    };
    tokio::join!(asking, release).0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_requests_with_one_token_are_one_call() {
    let stub = Stub::start(Answers::Lending(3600)).await;
    let agent = Agent::patient_before(&stub).await;
    let answers = all_at_once(&agent, &stub, &tokens::of("api"), 1000).await;
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK && answer.body == answers[0].body));
    assert_eq!(stub.calls(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn also_where_the_call_is_refused_and_everyone_is_told_at_once() {
    let refusal = Answers::Refusing(404, "ResourceNotFoundException", "No association.");
    let stub = Stub::start(refusal).await;
    let agent = Agent::patient_before(&stub).await;
    let token = tokens::of("api");
    let answers = all_at_once(&agent, &stub, &token, 1000).await;
    let told = format!(
        "[stub-request]: (ResourceNotFoundException): No association., fault: client, from EKS Auth at http://{}\n",
        stub.address
    );
    assert!(
        answers.iter().all(|answer| answer.status == StatusCode::NOT_FOUND && answer.body == told),
        "{:?}",
        answers[0]
    );
    // Whoever comes a moment later is told the same without a call.
    assert_eq!(agent.ask(&token).await.body, told);
    assert_eq!(stub.calls(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_pods_at_once_are_a_call_each_and_get_their_own() {
    let stub = Stub::start(Answers::Lending(3600)).await;
    let agent = Agent::patient_before(&stub).await;
    let pods: Vec<(String, String)> =
        (0..500).map(|pod| format!("pod{pod}")).map(|name| (tokens::of(&name), name)).collect();
    let asked = pods.iter().map(async |(token, name)| {
        let answer = agent.ask(token).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert!(answer.body.contains(&format!(r#""session-of-{name}""#)), "{name} got {}", answer.body);
    });
    join_all(asked).await;
    let calls = stub.calls_by_token();
    assert_eq!((calls.len(), calls.values().max()), (500, Some(&1)));
    assert_eq!(agent.cache.len(), 500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_pods_at_once_are_a_call_each_also_where_all_are_refused() {
    let refusal = Answers::Refusing(404, "ResourceNotFoundException", "No association.");
    let stub = Stub::start(refusal).await;
    let agent = Agent::patient_before(&stub).await;
    let pods: Vec<String> = (0..500).map(|pod| tokens::of(&format!("pod{pod}"))).collect();
    for _ in 0..2 {
        for answer in join_all(pods.iter().map(|token| agent.ask(token))).await {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{answer:?}");
            assert!(answer.body.contains("(ResourceNotFoundException): No association."), "{answer:?}");
        }
        let calls = stub.calls_by_token();
        assert_eq!((calls.len(), calls.values().max()), (500, Some(&1)));
    }
    assert!(agent.cache.is_empty());
    // A refusal is kept for moments: with an association they get what they asked for.
    stub.now(Answers::Lending(3600));
    for (pod, token) in pods.iter().enumerate() {
        let answer = timeout(Duration::from_secs(30), async {
            loop {
                match agent.ask(token).await {
                    answer if answer.status == StatusCode::OK => break answer,
                    _ => sleep(Duration::from_millis(50)).await,
                }
            }
        });
        let answer = answer.await.expect("it is asked for again");
        assert!(answer.body.contains(&format!(r#""session-of-pod{pod}""#)), "{answer:?}");
    }
}

/// A pod that hangs up takes nobody with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_goes_on_when_who_asked_first_has_gone() {
    let stub = Stub::start(Answers::Lending(3600)).await;
    let agent = Agent::patient_before(&stub).await;
    let token = tokens::of("api");
    stub.hold();
    let first = tokio::spawn({
        let (mut client, token) = (agent.connect().await, token.clone());
        async move { client.ask(&token).await }
    });
    while stub.calls() == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let (second, ()) = tokio::join!(agent.ask(&token), async { stub.go_on() });
    assert_eq!((second.status, stub.calls()), (StatusCode::OK, 1));
}
