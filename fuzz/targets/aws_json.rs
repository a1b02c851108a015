//! The decoders of KMS, which speaks awsJson.
#![no_main]

#[path = "wire.rs"]
mod wire;

use aws_wire::model::{self, ServiceId};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> libfuzzer_sys::Corpus {
    wire::take(model::service(ServiceId::Kms), bytes)
});
