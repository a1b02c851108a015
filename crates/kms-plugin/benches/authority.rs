//! What the `:authority` rewrite costs, without any I/O: per call, and per octet that is not its business.

use divan::{Bencher, counter::BytesCount};
use kms_plugin::authority::Rewriter;

fn main() {
    divan::main();
}

/// What grpc-go sends for a further call on a connection: indexed fields, one literal, and a small message.
const CALL: &[u8] = b"\0\0\x1d\x01\x04\0\0\0\x03\x83\x86\xc1\xc0\xbf\xbe\x40\x0cgrpc-timeout\x082999990u\
\0\0\x0b\0\x01\0\0\0\x03\0\0\0\0\x06\x0a\x04ping";

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[divan::bench]
fn a_call(bencher: Bencher<'_, '_>) {
    bencher.counter(BytesCount::of_slice(CALL)).with_inputs(|| (begun(), CALL.to_vec())).bench_refs(
        |(rewriter, call)| {
            rewriter.rewrite(divan::black_box(call));
        },
    );
}

#[divan::bench]
fn data_of_16_kib(bencher: Bencher<'_, '_>) {
    let frame = [b"\0\x40\0\0\0\0\0\0\x01".to_vec(), vec![b'x'; 16 * 1024]].concat();
    bencher.counter(BytesCount::of_slice(&frame)).with_inputs(|| (begun(), frame.clone())).bench_refs(
        |(rewriter, frame)| {
            rewriter.rewrite(divan::black_box(frame));
        },
    );
}

/// A connection that has its preface behind it.
fn begun() -> Rewriter {
    let mut rewriter = Rewriter::default();
    rewriter.rewrite(&mut PREFACE.to_vec());
    rewriter
}
