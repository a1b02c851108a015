//! The rewrite alone: what it leaves behind does not depend on how the octets come.

use kms_plugin::authority::Rewriter;
use proptest::prelude::*;

use crate::{cases::cases, values, wire::Value};

fn whole(octets: &[u8]) -> Vec<u8> {
    let mut whole = octets.to_vec();
    Rewriter::default().rewrite(&mut whole);
    whole
}

#[test]
fn reads_may_be_split_at_every_octet() {
    for case in cases() {
        for (sent, _) in values() {
            let octets = (case.octets)(&sent);
            let expected = whole(&octets);
            // Of the long ones, the beginning: they repeat themselves.
            for at in 0..octets.len().min(600) {
                let mut rewriter = Rewriter::default();
                let mut pieces = octets.clone();
                let (first, second) = pieces.split_at_mut(at);
                rewriter.rewrite(first);
                rewriter.rewrite(second);
                assert_eq!(pieces, expected, "{} at {at}", case.name);
            }
        }
    }
}

#[test]
fn only_the_value_and_its_huffman_bit_are_written() {
    let sent = Value::huffman("/run/kms.sock");
    let octets = crate::cases::one_request(&sent);
    let rewritten = whole(&octets);
    let literal = sent.literal();
    let at = octets.windows(literal.len()).position(|window| window == literal).unwrap();
    let mut expected = octets.clone();
    expected[at] &= 0x7f;
    expected[at + 1..at + literal.len()].fill(b'a');
    assert_eq!(rewritten, expected);
}

#[test]
fn an_authority_that_is_plain_already_changes_its_letters_only() {
    let octets = crate::cases::one_request(&Value::plain("localhost"));
    let text = String::from_utf8_lossy(&whole(&octets)).into_owned();
    assert!(!text.contains("localhost") && text.contains("aaaaaaaaa"), "{text:?}");
}

proptest! {
    /// Whatever comes, in whatever pieces: no panic, nothing longer or shorter, and the same as in one piece.
    #[test]
    fn any_octets_in_any_pieces(octets in any::<Vec<u8>>(), cuts in prop::collection::vec(1_usize..20, 0..50)) {
        let mut octets = [crate::wire::PREFACE.to_vec(), octets].concat();
        let expected = whole(&octets);
        let mut rewriter = Rewriter::default();
        let mut rest = octets.as_mut_slice();
        for cut in cuts {
            let (piece, others) = rest.split_at_mut(cut.min(rest.len()));
            rewriter.rewrite(piece);
            rest = others;
        }
        rewriter.rewrite(rest);
        prop_assert_eq!(octets, expected);
    }
}
