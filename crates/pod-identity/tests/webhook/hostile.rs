//! What holds for whatever is sent: it is answered, nobody is refused a pod, and what is added can be applied.
//!
//! The fuzz target `admission_review` runs this, too.

use std::{
    net::Ipv4Addr,
    sync::{Arc, LazyLock},
};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use pod_identity::webhook::{Desk, Identities, Metrics, Settings, Sources};
use prometheus_client::registry::Registry;
use serde_json::Value;
use tokio::{
    runtime::{Builder, Runtime},
    sync::watch,
};

static DESK: LazyLock<(Runtime, Desk)> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let file = br#"{"identities":[{"namespace":"shop","serviceAccount":"api"}]}"#;
    let identities = Some(Arc::new(Identities::parse(file).unwrap()));
    let sources = Sources { identities: Some(watch::channel(identities).1), ..Sources::default() };
    let settings = Settings { region: Some("us-west-2".to_owned()), ..Settings::default() };
    (runtime, Desk::new(settings, sources, Metrics::register(&mut Registry::default())))
});

/// Takes the bytes for a review. Says whether a pod was injected.
pub(crate) fn check(bytes: &[u8]) -> bool {
    let (runtime, desk) = &*DESK;
    let body = Full::new(Bytes::copy_from_slice(bytes));
    let request = Request::post("/mutate").header("content-type", "application/json").body(body).unwrap();
    let (status, answer) = runtime.block_on(async {
        let answer = desk.answer(request, Ipv4Addr::LOCALHOST.into()).await;
        (answer.status(), answer.into_body().collect().await.unwrap().to_bytes())
    });
    if status != StatusCode::OK {
        assert!(status.is_client_error(), "{status}");
        return false;
    }
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["response"]["allowed"], true);
    // What is wrong with what is not looked at is left to the apiserver.
    if let Ok(sent) = serde_json::from_slice::<Value>(bytes)
        && sent["request"].is_object()
    {
        assert_eq!(answer["response"]["uid"], sent["request"]["uid"]);
        assert_eq!(answer["apiVersion"], sent["apiVersion"]);
    }
    answer["response"].get("patch").is_some()
}
