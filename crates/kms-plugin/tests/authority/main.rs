//! The rewrite against stock tonic: the same reaction to everything, but that every `:authority` passes.

mod cases;
mod differences;
mod pieces;
mod reaction;

mod wire;

use cases::{Case, cases};
use reaction::{Reaction, rewritten, stock};
use wire::Value;

/// Authorities as apiservers send them, each with one of the same length, in the same coding, that h2 takes.
fn values() -> [(Value, Value); 5] {
    [
        (Value::plain("localhost"), Value::plain("localhost")),
        (Value::plain("/run/kms.sock"), Value::plain("local.host.to")),
        (Value::plain("%2Frun%2Fkms.sock"), Value::plain("local.host.to.ask")),
        (Value::huffman("/run/kms.sock"), Value::huffman("www.sock.host")),
        (Value::huffman("%2Frun%2Fkms.sock"), Value::huffman("www.www.host.sock")),
    ]
}

#[tokio::test(start_paused = true)]
async fn tonic_behind_the_rewrite_reacts_to_each_case_as_tonic_to_one_with_an_authority_that_it_takes() {
    let cases = cases();
    assert!(cases.len() >= 110, "{}", cases.len());
    for Case { name, octets, stops } in &cases {
        for (sent, taken) in values() {
            let sent = octets(&sent);
            let expected = if *stops { stock(&sent).await } else { stock(&octets(&taken)).await };
            for piece in [usize::MAX, 1, 7] {
                assert_same(&rewritten(&sent, piece).await, &expected, &format!("{name}, in pieces of {piece}"));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_rewrite_tonic_refuses_what_apiservers_send() {
    let [_, bad @ ..] = values();
    for (sent, taken) in bad {
        let (sent, taken) = (cases::one_request(&sent), cases::one_request(&taken));
        let refused = stock(&sent).await;
        assert!(refused.requests.is_empty(), "{sent:?}");
        // RST_STREAM of stream 1 with PROTOCOL_ERROR.
        let reset = wire::frame(wire::RST_STREAM, 0, 1, &1_u32.to_be_bytes());
        assert!(refused.heard.windows(reset.len()).any(|window| window == reset), "{refused:?}");
        assert_eq!(stock(&taken).await.requests.len(), 1);
    }
}

fn assert_same(found: &Reaction, expected: &Reaction, context: &str) {
    assert_eq!(found.requests, expected.requests, "{context}");
    assert_eq!(found.closed, expected.closed, "{context}");
    assert_eq!(found.heard, expected.heard, "{context}");
}
