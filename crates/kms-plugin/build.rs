//! Generates the three KMS plugin APIs from `proto/`, without protoc.

use std::{error::Error, path::Path};

const PROTOS: [&str; 3] = ["v1beta1.proto", "v2alpha1.proto", "v2.proto"];

/// The messages that carry plaintext: `src/proto.rs` gives them a `Debug` that hides it and a `Drop` that wipes it.
const SECRET: [&str; 4] =
    [".v1beta1.DecryptResponse", ".v1beta1.EncryptRequest", ".v2.DecryptResponse", ".v2.EncryptRequest"];

fn main() -> Result<(), Box<dyn Error>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    println!("cargo::rerun-if-changed={}", directory.display());
    let descriptors = protox::compile(PROTOS, [&directory])?;
    tonic_prost_build::configure()
        .btree_map(".")
        .skip_debug(SECRET)
        // The server lives behind a unix socket of ours, the client behind any transport that a test has.
        .build_transport(false)
        .compile_fds(descriptors)?;
    Ok(())
}
