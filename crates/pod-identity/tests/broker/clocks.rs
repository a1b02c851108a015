//! Clocks that differ: the apiserver's, which writes when a token begins and ends, and the broker's.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;

use crate::rig::{Rig, agent_claims, pod_claims};

/// The same token, begun and ended so many seconds from now.
fn at(mut claims: Value, begins: i64, ends: i64) -> Value {
    let now = Timestamp::now().as_second();
    for (claim, seconds) in [("iat", begins), ("nbf", begins), ("exp", ends)] {
        claims[claim] = (now + seconds).into();
    }
    claims
}

#[tokio::test]
async fn a_token_may_be_from_a_clock_that_is_a_minute_ahead_and_is_over_when_it_says() {
    let rig = Rig::start().await;
    for (begins, ends, status, code) in [
        (30, 3600, 200, ""),
        (120, 3600, 400, "InvalidTokenException"),
        (-3600, 30, 200, ""),
        (-3600, -1, 400, "ExpiredTokenException"),
    ] {
        let pod = rig.key.token(&at(pod_claims("shop", "api", Some("one")), begins, ends));
        let answer = rig.ask(&pod).await;
        assert_eq!((answer.status.as_u16(), &*answer.error), (status, code), "{begins}..{ends}: {answer:?}");

        // The agent's own token is no different; but the pod is not told that it is its own that is wrong.
        let agent = rig.key.token(&at(agent_claims("one"), begins, ends));
        let answer = rig.ask_as(&format!("Bearer {agent}"), &rig.pod("api")).await;
        let refused = (StatusCode::FORBIDDEN, "UnrecognizedClientException");
        let expected = if status == 200 { (StatusCode::OK, "") } else { refused };
        assert_eq!((answer.status, &*answer.error), expected, "{begins}..{ends}: {answer:?}");
    }
}
