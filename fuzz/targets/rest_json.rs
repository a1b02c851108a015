//! The decoders of EKS, which speaks restJson1. The first line of the bytes is the target.
#![no_main]

#[path = "wire.rs"]
mod wire;

use aws_wire::model::{self, ServiceId};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> libfuzzer_sys::Corpus {
    wire::take(model::service(ServiceId::Eks), bytes)
});
