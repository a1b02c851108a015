//! The plugin and the embedded AWS against their peers, in one run: `cargo xtask bench [--peer PATH]`.
//!
//! Clients, servers and the key service share the machine's cores, so only figures of one run can be compared. The
//! floor is a gRPC server that does nothing, on the same transport.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reports to the terminal, and fails by panicking"
)]

mod embedded_aws;
mod floor;
mod load;
mod plugin;
mod proc;

use std::path::{Path, PathBuf};

const CLAVIGER: &str = env!("CARGO_BIN_EXE_claviger");

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut peer = None;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // We are also the floor: a process of its own, so that its CPU time can be told.
            "--serve-floor" => return floor::serve(Path::new(&arguments.next().unwrap())).await,
            "--peer" => peer = arguments.next().map(PathBuf::from),
            // What cargo adds.
            "--bench" => {}
            other => panic!("unknown argument `{other}`; known: --peer PATH"),
        }
    }
    plugin::run(peer.as_deref()).await;
    embedded_aws::run().await;
}
