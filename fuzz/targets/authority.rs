//! The `:authority` rewrite: any octets, in any pieces, change neither in number nor by how they come.
#![no_main]

use kms_plugin::authority::Rewriter;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let mut whole = octets.to_vec();
    Rewriter::default().rewrite(&mut whole);
    let mut single = octets.to_vec();
    let mut rewriter = Rewriter::default();
    for octet in single.chunks_mut(1) {
        rewriter.rewrite(octet);
    }
    assert_eq!(whole, single);
    // What was written is an `a`, or a Huffman bit that went.
    for (before, after) in octets.iter().zip(&whole) {
        assert!(after == before || *after == b'a' || *after == before & 0x7f);
    }
});
