//! A source that refuses, stalls, lies and hangs up.

use std::time::{Duration, Instant};

use http::StatusCode;
use jiff::SignedDuration;
use pod_identity::agent::CacheSettings;

use crate::{
    rig::{Agent, eks_auth},
    stub::{Answers, Stub},
    tokens,
};

#[tokio::test]
async fn what_eks_auth_says_keeps_its_status_and_tells_who_said_it() {
    let stub = Stub::start(Answers::Lending(3600)).await;
    let agent = Agent::before(&stub).await;
    for (number, (status, code, fault)) in [
        (400, "AccessDeniedException", "client"),
        (400, "ExpiredTokenException", "client"),
        (400, "InvalidTokenException", "client"),
        (400, "InvalidParameterException", "client"),
        (400, "InvalidRequestException", "client"),
        (404, "ResourceNotFoundException", "client"),
        (429, "ThrottlingException", "client"),
        (500, "InternalServerException", "server"),
        (503, "ServiceUnavailableException", "server"),
    ]
    .into_iter()
    .enumerate()
    {
        stub.now(Answers::Refusing(status, code, "Because."));
        let answer = agent.ask(&tokens::of(&format!("pod{number}"))).await;
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
        let told =
            format!("[stub-request]: ({code}): Because., fault: {fault}, from EKS Auth at http://{}\n", stub.address);
        assert_eq!(answer.body, told);
    }
    assert!(agent.cache.is_empty());
}

#[tokio::test]
async fn a_lie_is_not_handed_on() {
    let stub = Stub::start(Answers::Lending(3600)).await;
    let agent = Agent::before(&stub).await;
    for (number, (lie, told)) in [
        (Answers::OfAnother, "of another service account"),
        (Answers::Lending(-1), "are expired or will expire within"),
        (Answers::Lending(10), "are expired or will expire within"),
        (Answers::Lying("{}"), "invalid response from server: EKS Auth at http://"),
        (Answers::Lying("<html>"), "invalid response from server: EKS Auth at http://"),
        (Answers::Lying(""), "invalid response from server: EKS Auth at http://"),
        (Answers::HangingUp, "unable to fetch credentials from EKS Auth at http://"),
    ]
    .into_iter()
    .enumerate()
    {
        stub.now(lie.clone());
        let answer = agent.ask(&tokens::of(&format!("pod{number}"))).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{lie:?}: {answer:?}");
        assert!(answer.body.contains(told), "{lie:?}: {answer:?}");
        assert!(!answer.body.contains("secret-of"), "{answer:?}");
    }
    assert!(agent.cache.is_empty());
}

#[tokio::test]
async fn a_source_that_stalls_or_is_not_there_is_told_in_time() {
    let stub = Stub::start(Answers::Stalling).await;
    let agent = Agent::before(&stub).await;
    let started = Instant::now();
    let answer = agent.ask(&tokens::of("api")).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.body.starts_with("unable to fetch credentials from EKS Auth at http://"), "{answer:?}");
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());

    let nobody = Agent::with(eks_auth("http://127.0.0.1:1".to_owned()), Default::default(), 0).await;
    let answer = nobody.ask(&tokens::of("api")).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.body.contains("http://127.0.0.1:1"), "{answer:?}");
}

/// Whoever stands in EKS Auth's place can have the agent keep no more than an answer's worth.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_does_not_end_is_left_off() {
    let stub = Stub::start(Answers::Endless).await;
    let agent = Agent::patient_before(&stub).await;
    let answer = agent.ask(&tokens::of("api")).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{answer:?}");
    assert!(answer.body.contains("unable to fetch credentials from EKS Auth at http://"), "{answer:?}");
    assert!(answer.body.contains("length limit exceeded"), "{answer:?}");
    // What lies in the sockets between both is the kernel's.
    let each = stub.poured() / stub.calls();
    assert!(each < 16 << 20, "{each} bytes of each of {} answers", stub.calls());
    stub.now(Answers::Lending(3600));
    assert_eq!(agent.ask(&tokens::of("other")).await.status, StatusCode::OK);
}

/// What EKS Auth says of the time is nothing by which credentials grow old.
#[tokio::test]
async fn a_skewed_or_senseless_date_of_eks_auth_changes_nothing() {
    let stub = Stub::start(Answers::Lending(3600)).await;
    let agent = Agent::before(&stub).await;
    for (number, date) in
        ["Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "yesterday", ""].into_iter().enumerate()
    {
        stub.now(Answers::Dated(date));
        let token = tokens::of(&format!("pod{number}"));
        for _ in 0..2 {
            let answer = agent.ask(&token).await;
            assert_eq!(answer.status, StatusCode::OK, "{date}: {answer:?}");
            assert!(answer.body.contains(&format!("session-of-pod{number}")), "{date}: {answer:?}");
        }
        assert_eq!(stub.calls(), number + 1, "{date}: kept as any other");
    }
}

/// A node whose clock is wrong signs what EKS Auth does not take, and a throttled one is not heard: no pod loses by it what it has.
#[tokio::test]
async fn what_is_no_refusal_of_the_pod_takes_nothing_from_it() {
    let stub = Stub::start(Answers::Lending(3600)).await;
    let hasty = CacheSettings { retention: SignedDuration::from_millis(1), ..CacheSettings::default() };
    let agent = Agent::with(eks_auth(format!("http://{}", stub.address)), hasty, 0).await;
    let token = tokens::of("api");
    let given = agent.ask(&token).await;
    assert_eq!(given.status, StatusCode::OK, "{given:?}");
    for (status, code) in [
        (403, "InvalidSignatureException"),
        (403, "UnrecognizedClientException"),
        (403, "RequestExpired"),
        (429, "ThrottlingException"),
        (503, "ServiceUnavailableException"),
    ] {
        // Else it is postponed.
        stub.now(Answers::Lending(3600));
        let other = tokens::of(&format!("of-{code}"));
        assert_eq!(agent.ask(&other).await.status, StatusCode::OK);
        tokio::time::sleep(Duration::from_millis(5)).await;
        stub.now(Answers::Refusing(status, code, "Signature expired: 20261130T000000Z is now earlier than .."));
        let before = stub.calls();
        let answer = agent.ask(&other).await;
        assert_eq!(answer.status, StatusCode::OK, "{code}: {answer:?}");
        assert!(stub.calls() > before, "{code}: EKS Auth was asked");
        // Who has nothing yet is told what it is.
        let new = agent.ask(&tokens::of(&format!("new-{code}"))).await;
        assert_eq!(new.status.as_u16(), status, "{new:?}");
        assert!(new.body.contains(&format!("({code}): Signature expired")), "{new:?}");
    }
}
