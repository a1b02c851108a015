//! Eight clients with their SDKs' retries work with one embedded AWS, which is killed, stopped and started again, and fails
//! on request: no acknowledged write is lost, nothing that is retried and idempotent happens twice, no server error comes
//! that was not asked for, and memory stays what it is.
//!
//! ```text
//!   storm:  work, with every kind of fault -> all stand; count, let time pass -> work, with lost answers
//!             ^                                                                        |
//!             '---- each client compares its account with its ledger <- start <- kill -'
//!   calm:   work, with every kind of fault, while memory is watched; then the trail's files are counted
//! ```
//!
//! `CLAVIGER_SOAK_MINUTES` and `CLAVIGER_SOAK_SEED` say for how long, and what is repeated: each client's choices and each
//! fault's. `cargo xtask soak --minutes 10` sets them.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]
#![expect(clippy::indexing_slicing, reason = "tests fail by panicking")]

mod client;
mod identities;
mod keys;
mod ledger;
mod memory;
mod random;
mod run;
mod server;
mod storm;
mod traffic;
mod trail;

use std::time::Duration;

use serde_json::Value;

const REGION: &str = "us-west-2";
/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Until a client asks again what was not answered.
const PAUSE: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_nothing_done_twice_and_memory_stays() {
    let of = |name| std::env::var(name).ok();
    let minutes = of("CLAVIGER_SOAK_MINUTES").map_or(1.0, |text| text.parse().expect("minutes"));
    let seed = of("CLAVIGER_SOAK_SEED")
        .map_or_else(|| jiff::Timestamp::now().as_millisecond().unsigned_abs(), |text| text.parse().expect("a seed"));
    storm::soak(Duration::from_secs_f64(60.0 * minutes), seed).await;
}

#[expect(clippy::print_stderr, reason = "what a run did is read where it failed, or by who asked for it")]
fn say(text: &str) {
    eprintln!("{text}");
}

/// The `Sid` of a document's first statement.
fn sid(document: &str) -> Option<String> {
    let document: Value = serde_json::from_str(document).expect("a policy is JSON");
    document["Statement"][0]["Sid"].as_str().map(str::to_owned)
}

/// IAM's documents come as URLs spell them.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).expect("two digits"));
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).expect("text")
}
