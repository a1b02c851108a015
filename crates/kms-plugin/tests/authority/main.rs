//! The rewrite against stock tonic: the same reaction to everything, but that every `:authority` passes.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod cases;
mod differences;
mod pieces;
mod reaction;
mod replay;

mod wire;

use cases::{Case, cases};
use reaction::{Reaction, rewritten, stock};
use wire::Value;

/// Authorities as apiservers send them, each with one that h2 takes and that is as long, letter for letter, in either
/// coding: `l` has as many bits as `/` and `%`.
fn values() -> [(Value, Value); 5] {
    [
        (Value::plain("localhost"), Value::plain("localhost")),
        (Value::plain("/run/kms.sock"), Value::plain("lrunlkms.sock")),
        (Value::plain("%2Frun%2Fkms.sock"), Value::plain("l2Frunl2Fkms.sock")),
        (Value::huffman("/run/kms.sock"), Value::huffman("lrunlkms.sock")),
        (Value::huffman("%2Frun%2Fkms.sock"), Value::huffman("l2Frunl2Fkms.sock")),
    ]
}

#[tokio::test(start_paused = true)]
async fn tonic_behind_the_rewrite_reacts_to_each_case_as_tonic_to_one_with_an_authority_that_it_takes() {
    let cases = cases();
    assert!(cases.len() >= 110, "{}", cases.len());
    for Case { name, octets, stops } in &cases {
        for (sent, taken) in values() {
            let sent = octets(&sent);
            let like = if *stops { sent.clone() } else { octets(&taken) };
            for piece in [usize::MAX, 1, 7] {
                let expected = stock(&like, piece).await;
                assert_same(&rewritten(&sent, piece).await, &expected, &format!("{name}, in pieces of {piece}"));
            }
        }
    }
}

/// The case of each kind that tells something is among `cases`, for the fuzzer; here are all.
#[tokio::test(start_paused = true)]
async fn a_block_may_be_continued_at_every_octet() {
    for (sent, taken) in values() {
        let mut at = 0;
        while let (Some(octets), Some(like)) = (cases::continued_at(at, &sent), cases::continued_at(at, &taken)) {
            for piece in [usize::MAX, 1] {
                let expected = stock(&like, piece).await;
                assert_eq!(expected.requests.len(), 2, "{sent:?} at {at}");
                let found = rewritten(&octets, piece).await;
                assert_same(&found, &expected, &format!("{sent:?} at {at}, in pieces of {piece}"));
            }
            at += 1;
        }
        assert!(at > 70, "{sent:?} was split at {at} places");
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_rewrite_tonic_refuses_what_apiservers_send() {
    let [_, bad @ ..] = values();
    for (sent, taken) in bad {
        let (sent, taken) = (cases::one_request(&sent), cases::one_request(&taken));
        let refused = stock(&sent, usize::MAX).await;
        assert!(refused.requests.is_empty(), "{sent:?}");
        // RST_STREAM of stream 1 with PROTOCOL_ERROR.
        let reset = wire::frame(wire::RST_STREAM, 0, 1, &1_u32.to_be_bytes());
        assert!(refused.heard.windows(reset.len()).any(|window| window == reset), "{refused:?}");
        assert_eq!(stock(&taken, usize::MAX).await.requests.len(), 1);
    }
}

fn assert_same(found: &Reaction, expected: &Reaction, context: &str) {
    assert_eq!(found.requests, expected.requests, "{context}");
    assert_eq!(found.closed, expected.closed, "{context}");
    assert_eq!(found.heard, expected.heard, "{context}");
}
