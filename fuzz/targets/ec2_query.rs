//! The decoders of EC2, which speaks a Query of its own.
#![no_main]

#[path = "wire.rs"]
mod wire;

use aws_wire::model::{self, ServiceId};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> libfuzzer_sys::Corpus {
    wire::take(model::service(ServiceId::Ec2), bytes)
});
