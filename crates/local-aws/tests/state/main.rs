//! The whole state as JSON: exported, imported elsewhere, and the same there.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

#[path = "../server/wire.rs"]
#[expect(dead_code, reason = "what other tests use of it")]
mod wire;

#[path = "../iam/support.rs"]
mod support;

#[path = "../../../oidc/tests/oidc/issuer.rs"]
#[expect(dead_code, reason = "what other tests use of it")]
mod issuer;

mod any_text;
mod callers;
mod calls;
mod filled;
mod hostile;
mod kept;
mod replay;
mod round_trip;
mod while_serving;

use local_aws::Running;
use serde_json::Value;

use crate::wire::{Answer, Request};

/// Asks a route of the embedded AWS's own.
async fn ask(aws: &Running, method: &'static str, route: &str, body: &str) -> Answer {
    let headers = vec![("content-type".into(), "application/json".into())];
    let request = Request { method, query: String::new(), headers, body: body.into() };
    request.send_to(aws, &format!("/_claviger/{route}")).await
}

/// The state with its secrets.
async fn export(aws: &Running) -> String {
    let answer = ask(aws, "POST", "export", r#"{"secrets": true}"#).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

async fn import(aws: &Running, state: &str) -> Value {
    let answer = ask(aws, "POST", "import", state).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

/// Why a state is refused: `LINE:COLUMN FIELD: WHY`.
async fn refusal(aws: &Running, state: &str) -> String {
    let answer = ask(aws, "POST", "import", state).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    let told: Value = serde_json::from_str(&answer.body).unwrap();
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    format!("{}:{} {}: {}", told["line"], told["column"], text("field"), text("error"))
}
