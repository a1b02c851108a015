//! Tokens that are verified by the cluster's keys.

use std::sync::Arc;

use http::StatusCode;
use jiff::Timestamp;
use pod_identity::{
    ClusterKeys, KeySource,
    agent::{InvalidBearer, Validator},
};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    issuer::{SigningKey, jwks},
    rig::{Agent, eks_auth},
    stub::{Answers, Stub},
    tokens,
};

fn now() -> i64 {
    Timestamp::now().as_second()
}

async fn validator(source: &str) -> (Arc<ClusterKeys>, Validator) {
    let keys = ClusterKeys::watch(source.parse().unwrap());
    keys.look().await;
    (Arc::clone(&keys), Validator::with_keys(keys))
}

/// Key ids of kubeadm and kops are no hexadecimal digits, and an issuer chooses its algorithm.
#[tokio::test]
async fn tokens_of_any_key_id_and_algorithm_are_verified_and_no_others_passed_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    let algorithms = ["RS256", "RS512", "PS256", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
    let keys: Vec<_> = algorithms.into_iter().map(|algorithm| SigningKey::new("_pQ-8k", algorithm)).collect();
    std::fs::write(&file, jwks(&keys).to_string()).unwrap();
    let (_keys, validator) = validator(file.to_str().unwrap()).await;
    let good = tokens::claims("api", now() - 10, now() + 3600);
    for key in &keys {
        let bearer = validator.validate(&key.token(&good), Timestamp::now()).unwrap();
        assert_eq!(bearer.subject, "system:serviceaccount:shop:api", "{}", key.algorithm);
        let forged = SigningKey::new("_pQ-8k", key.algorithm).token(&good);
        let refused = validator.validate(&forged, Timestamp::now()).unwrap_err();
        assert!(matches!(refused, InvalidBearer::Unverified(_)), "{}: {refused}", key.algorithm);
    }
    for algorithm in ["none", "HS256", "HS512"] {
        let header = json!({ "alg": algorithm, "kid": "_pQ-8k" });
        let refused = validator.validate(&keys[0].signed(&header, &good.to_string()), Timestamp::now()).unwrap_err();
        assert!(matches!(refused, InvalidBearer::Unreadable(_)), "{algorithm}: {refused}");
    }
    let mut for_others = good.clone();
    for_others["aud"] = json!(["https://kubernetes.default.svc"]);
    let mut unbound = good.clone();
    unbound["kubernetes.io"].as_object_mut().unwrap().remove("pod");
    let mut of_another = good.clone();
    of_another["sub"] = json!("system:serviceaccount:shop:admin");
    for claims in [for_others, unbound, of_another] {
        let refused = validator.validate(&keys[0].token(&claims), Timestamp::now()).unwrap_err();
        assert!(matches!(refused, InvalidBearer::NoPod(_)), "{refused}");
    }
}

#[tokio::test]
async fn a_forged_token_is_refused_without_a_call_and_a_new_key_is_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    let (former, newer) = (SigningKey::new("one", "ES256"), SigningKey::new("two", "ES256"));
    std::fs::write(&file, jwks([&former]).to_string()).unwrap();
    let (keys, validator) = validator(file.to_str().unwrap()).await;
    let stub = Stub::start(Answers::Lending(3600)).await;
    let source = eks_auth(format!("http://{}", stub.address));
    let agent = Agent::validating(source, Default::default(), 0, validator).await;
    let claims = tokens::claims("api", now() - 10, now() + 3600);
    let forged = agent.ask(&tokens::of("api")).await;
    assert_eq!(forged.status, StatusCode::BAD_REQUEST);
    assert_eq!(forged.body, "Service account token failed signature validation: the issuer has no such key\n");
    assert_eq!(stub.calls(), 0);
    assert_eq!(agent.ask(&former.token(&claims)).await.status, StatusCode::OK);
    // Rotation, as the daemon hears of it.
    std::fs::write(&file, jwks([&former, &newer]).to_string()).unwrap();
    keys.look().await;
    assert_eq!(agent.ask(&newer.token(&claims)).await.status, StatusCode::OK);
    // While keys cannot be had, one that is not known may be newer than they are; one that is known still decides.
    std::fs::write(&file, "<html>").unwrap();
    keys.look().await;
    let newest = SigningKey::new("three", "ES256");
    assert_eq!(agent.ask(&newest.token(&tokens::claims("b", now(), now() + 60))).await.status, StatusCode::OK);
    let forged = SigningKey::new("one", "ES256").token(&tokens::claims("c", now(), now() + 60));
    assert_eq!(agent.ask(&forged).await.status, StatusCode::BAD_REQUEST);
}

#[test]
fn a_place_of_keys_is_a_file_a_url_or_the_apiserver() {
    assert_eq!("apiserver".parse(), Ok(KeySource::Apiserver));
    assert_eq!("/etc/jwks.json".parse(), Ok(KeySource::File("/etc/jwks.json".into())));
    for url in ["https://oidc.example.com/keys", "http://127.0.0.1:8001/openid/v1/jwks", "http://[::1]/keys"] {
        assert_eq!(url.parse(), Ok(KeySource::Url(url.to_owned())));
    }
    for wrong in ["", "http://oidc.example.com/keys", "http://127.0.0.1.example.com/", "ftp://a/b", "https://"] {
        assert!(wrong.parse::<KeySource>().is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn keys_are_had_from_a_url_and_what_is_no_good_answer_is_none() {
    let key = SigningKey::new("one", "ES256");
    let good = jwks([&key]).to_string();
    let token = key.token(&tokens::claims("api", now() - 10, now() + 3600));
    let forged = SigningKey::new("one", "ES256").token(&tokens::claims("api", now() - 10, now() + 3600));
    let large = "a".repeat(300 << 10);
    for (status, body, has_keys) in
        [("200 OK", &good, true), ("302 Found", &good, false), ("500 No", &good, false), ("200 OK", &large, false)]
    {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nlocation: /other\r\n\r\n{body}", body.len());
        let serving = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = [0; 1024];
                let length = stream.read(&mut head).await.unwrap();
                assert!(head[..length].starts_with(b"GET /keys HTTP/1.1\r\n"));
                // Whoever has seen enough hangs up.
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let (_keys, validator) = validator(&url).await;
        assert!(validator.validate(&token, Timestamp::now()).is_ok(), "{status}");
        assert_eq!(validator.validate(&forged, Timestamp::now()).is_err(), has_keys, "{status}");
        serving.abort();
    }
}
