//! The answers, in the octets of AWS's own agent.

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    rig::{Agent, Answer},
    stub::{Answers, Stub},
    tokens,
};

fn without_date(answer: &Answer) -> Vec<(&str, &str)> {
    let headers = answer.headers.iter().filter(|(name, _)| name != "date");
    headers.map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[tokio::test]
async fn credentials_are_the_peers_document() {
    let stub = Stub::start(Answers::Lending(3600)).await;
    let agent = Agent::before(&stub).await;
    let answer = agent.ask(&tokens::of("api")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let length = answer.body.len().to_string();
    assert_eq!(without_date(&answer), [("content-type", "application/json"), ("content-length", &length)]);
    let document: Value = serde_json::from_str(&answer.body).unwrap();
    let expires = document["Expiration"].as_str().unwrap();
    assert_eq!(
        answer.body,
        format!(
            r#"{{"AccessKeyId":"ASIAapi","SecretAccessKey":"secret-of-api","Token":"session-of-api","AccountId":"111122223333","Expiration":"{expires}"}}"#
        )
    );
    assert!(expires.len() == 20 && expires.ends_with('Z') && expires.parse::<Timestamp>().is_ok(), "{expires}");
}

#[tokio::test]
async fn any_method_will_do_and_no_other_path() {
    let stub = Stub::start(Answers::Lending(3600)).await;
    let agent = Agent::before(&stub).await;
    let (token, host) = (tokens::of("api"), agent.address.to_string());
    let mut client = agent.connect().await;
    for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let headers = [("host", host.as_str()), ("authorization", &token)];
        let answer = client.send(method.clone(), "/v1/credentials?a=b", &headers).await;
        assert_eq!(answer.status, StatusCode::OK, "{method}");
    }
    for path in ["/", "/v1/credentials/", "/v1", "/v1/credential", "/metrics", "/healthz"] {
        let answer = client.send(Method::GET, path, &[("host", "anything")]).await;
        assert_eq!((answer.status, &*answer.body), (StatusCode::NOT_FOUND, "404 page not found\n"), "{path}");
        let length = answer.body.len().to_string();
        assert_eq!(
            without_date(&answer),
            [
                ("content-type", "text/plain; charset=utf-8"),
                ("x-content-type-options", "nosniff"),
                ("content-length", &length)
            ]
        );
    }
    assert_eq!(stub.calls(), 1);
}

#[tokio::test]
async fn bad_requests_are_told_as_the_peer_tells_them() {
    let stub = Stub::start(Answers::Lending(3600)).await;
    let agent = Agent::before(&stub).await;
    let now = Timestamp::now().as_second();
    let expired = tokens::unsigned(&tokens::claims("api", now - 7200, now - 1));
    let early = tokens::unsigned(&tokens::claims("api", now + 600, now + 7200));
    let bearer = format!("Bearer {}", tokens::of("api"));
    for (token, told) in [
        ("", "Service account token cannot be empty\n"),
        (&expired, "Service account token failed basic claim validations: token is expired\n"),
        (&early, "Service account token failed basic claim validations: token is not valid yet\n"),
        (&bearer, "Service account token cannot be parsed: "),
        ("nonsense", "Service account token cannot be parsed: "),
        ("a.b.c", "Service account token cannot be parsed: "),
    ] {
        let answer = agent.ask(token).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
        assert!(answer.body.starts_with(told) && answer.body.ends_with('\n'), "{answer:?}");
        assert!(token.len() < 20 || !answer.body.contains(token.get(10..).unwrap()), "a token is told: {answer:?}");
    }
    let mut client = agent.connect().await;
    let nobody = client.send(Method::GET, "/v1/credentials", &[("host", "127.0.0.1")]).await;
    assert_eq!(nobody.body, "Service account token cannot be empty\n");
    let token = tokens::of("api");
    let rebound =
        client.send(Method::GET, "/v1/credentials", &[("host", "evil.example"), ("authorization", &token)]).await;
    assert_eq!(rebound.status, StatusCode::FORBIDDEN);
    assert_eq!(
        rebound.body,
        "Access Denied. Called agent through invalid address, please use either [169.254.170.23 fd00:ec2::23 127.0.0.1] \
         address not evil.example\n"
    );
    assert_eq!(stub.calls(), 0, "nobody was asked about any of them");
}

/// Clocks of the apiserver and of the node differ.
#[tokio::test]
async fn a_token_of_a_clock_that_is_some_seconds_ahead_is_good() {
    let stub = Stub::start(Answers::Lending(3600)).await;
    let agent = Agent::before(&stub).await;
    let now = Timestamp::now().as_second();
    let answer = agent.ask(&tokens::unsigned(&tokens::claims("api", now + 30, now + 7200))).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}
