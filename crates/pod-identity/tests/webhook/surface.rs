//! What is answered over TLS.

use http::{Request, StatusCode};
use http_body_util::Full;
use pod_identity::webhook::{Desk, Missed, Settings};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::{
    applied::pod,
    rig::{Webhook, ask, new_certificate, request, review, shop},
};

#[tokio::test]
async fn reviews_are_answered_over_tls_and_counted() {
    let webhook = Webhook::start().await;
    let (status, body) = webhook.send(request(review(&pod()).to_string().into_bytes())).await;
    assert_eq!(status, StatusCode::OK, "{body:?}");
    let mut dry = review(&pod());
    dry["request"]["dryRun"] = json!(true);
    webhook.send(request(dry.to_string().into_bytes())).await;
    let counted = webhook.counted();
    for metric in [
        r#"claviger_webhook_reviews_total{outcome="injected",dry_run="false"}"#,
        r#"claviger_webhook_reviews_total{outcome="injected",dry_run="true"}"#,
        r#"claviger_webhook_pods_injected_total{method="container_credentials"}"#,
        "claviger_webhook_review_duration_seconds_count",
        "claviger_webhook_connections",
        "pod_identity_webhook_used",
    ] {
        assert!(counted.contains(metric), "{metric} is not in {counted:#?}");
    }
}

#[tokio::test]
async fn the_docs_tell_every_metric_and_no_other() {
    let docs = include_str!("../../../../docs/reference/pod-identity-webhook.md");
    let rows = docs.lines().filter_map(|line| line.strip_prefix("| `"));
    let told = rows.filter_map(|row| {
        let (name, rest) = row.split_once("` | ")?;
        let kind = rest.split(' ').next()?;
        matches!(kind, "counter" | "gauge" | "histogram").then(|| (name.to_owned(), kind.to_owned()))
    });
    let mut registry = prometheus_client::registry::Registry::default();
    let metrics = pod_identity::webhook::Metrics::register(&mut registry);
    let desk = Desk::new(Settings::default(), shop(), metrics.clone());
    ask(&desk, &review(&pod())).await;
    metrics.reloaded(true);
    metrics.missed(Missed::VolumeTaken);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let registered = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let registered = registered.map(|(name, kind)| (name.to_owned(), kind.to_owned()));
    assert_eq!(told.collect::<std::collections::BTreeSet<_>>(), registered.collect());
}

#[tokio::test]
async fn other_paths_methods_and_types_are_refused() {
    let webhook = Webhook::start().await;
    let body = || Full::from(review(&pod()).to_string());
    let json = "application/json";
    let cases = [
        (Request::post("/mutate").header("content-type", "application/json; charset=utf-8"), StatusCode::OK),
        (Request::get("/healthz"), StatusCode::OK),
        (Request::post("/").header("content-type", json), StatusCode::NOT_FOUND),
        (Request::put("/mutate").header("content-type", json), StatusCode::METHOD_NOT_ALLOWED),
        (Request::post("/mutate").header("content-type", "application/yaml"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (Request::post("/mutate"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ];
    for (request, expected) in cases {
        let request = request.header("host", "webhook").body(body()).unwrap();
        let what = format!("{} {} {:?}", request.method(), request.uri(), request.headers());
        assert_eq!(webhook.send(request).await.0, expected, "{what}");
    }
}

#[tokio::test]
async fn a_pod_as_large_as_the_apiserver_takes_is_reviewed_and_a_larger_one_is_not() {
    let webhook = Webhook::start().await;
    let padded = |octets: usize| {
        let mut pod = pod();
        pod["metadata"]["annotations"] = json!({ "padding": "x".repeat(octets) });
        request(review(&pod).to_string().into_bytes())
    };
    let (status, body) = webhook.send(padded(3 << 20)).await;
    assert_eq!(status, StatusCode::OK, "{body:?}");
    assert!(String::from_utf8_lossy(&body).contains("JSONPatch"));
    // The length is told before the body comes, so that none of it is read.
    assert_eq!(webhook.send(padded(5 << 20)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_new_certificate_is_spoken_by_and_a_broken_one_is_not() {
    let webhook = Webhook::start().await;
    let former = webhook.trusted.clone();
    let newer = new_certificate(&webhook.folder);
    webhook.connect(&former).await.unwrap();
    assert!(webhook.certificate.reload().unwrap());
    webhook.connect(&newer).await.unwrap();
    webhook.connect(&former).await.unwrap_err();

    std::fs::write(webhook.folder.path().join("tls.key"), "-----BEGIN nothing").unwrap();
    webhook.certificate.reload().unwrap_err();
    webhook.connect(&newer).await.unwrap();
}

#[tokio::test]
async fn what_speaks_no_tls_is_counted() {
    let webhook = Webhook::start().await;
    let mut stream = tokio::net::TcpStream::connect(webhook.address).await.unwrap();
    stream.write_all(b"POST /mutate HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // An alert, then the end.
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer).await;
    assert!(webhook.counted().contains("claviger_webhook_handshakes_failed_total"));
}

#[tokio::test]
async fn the_end_waits_for_what_is_being_asked() {
    let webhook = Webhook::start().await;
    let text = review(&pod()).to_string();
    let mut stream = webhook.connect(&webhook.trusted).await.unwrap();
    let head = format!(
        "POST /mutate HTTP/1.1\r\nhost: w\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        text.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&text.as_bytes()[..20]).await.unwrap();
    // The server has read the head when it waits for the rest.
    webhook.send(request(review(&pod()).to_string().into_bytes())).await;
    webhook.shutdown.request();
    stream.write_all(&text.as_bytes()[20..]).await.unwrap();
    let mut answer = String::new();
    let _ = tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("JSONPatch"), "{answer}");
    webhook.serving.await.unwrap();
}
