//! The plugin, the embedded AWS, Pod Identity's agent and webhook against their peers, in one run:
//! `cargo xtask bench [--peer PATH]`.
//!
//! Clients, servers and what is behind them share the machine's cores, so only figures of one run can be compared. A
//! floor is a server that does nothing, on the same transport. Beside what was reached stands what is aimed for.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reports to the terminal, and fails by panicking"
)]

mod agent;
mod asking;
mod connection;
mod constant;
mod embedded_aws;
mod floor;
mod large;
mod launches;
mod load;
mod nginx;
mod peers;
mod plugin;
mod proc;
mod rates;
mod report;
mod roles;
mod server;
mod webhook;
mod wire;

use std::{path::Path, time::Duration};

use self::{load::Pace, peers::Peers};

const CLAVIGER: &str = env!("CARGO_BIN_EXE_claviger");

/// Long enough that CPU time, which the kernel tells in hundredths of a second, is told to a few percent.
const MEASURED: Duration = Duration::from_secs(2);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut peers, mut only, mut measured) = (Peers::default(), None, MEASURED);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // We are also the floor: a process of its own, so that its CPU time can be told.
            "--serve-constant" => {
                let address = arguments.next().unwrap().parse().unwrap();
                return constant::serve(address, arguments.next().unwrap()).await;
            }
            "--serve-floor" => return floor::serve(Path::new(&arguments.next().unwrap())).await,
            "--peer" => peers.add(arguments.next().unwrap().into()),
            "--only" => only = arguments.next(),
            "--seconds" => measured = Duration::from_secs_f64(arguments.next().unwrap().parse().unwrap()),
            // What cargo adds.
            "--bench" => {}
            other => panic!("unknown argument `{other}`; known: --peer PATH, --only PART, --seconds N"),
        }
    }
    let pace = Pace::new(measured);
    match only.as_deref() {
        None => {
            plugin::run(peers.plugin(), pace).await;
            agent::run(peers.agent(), pace).await;
            webhook::run(peers.webhook(), pace).await;
            embedded_aws::run(pace).await;
            large::run(pace).await;
        }
        Some("plugin") => plugin::run(peers.plugin(), pace).await,
        Some("agent") => agent::run(peers.agent(), pace).await,
        Some("webhook") => webhook::run(peers.webhook(), pace).await,
        Some("embedded-aws") => {
            embedded_aws::run(pace).await;
            large::run(pace).await;
        }
        Some("large") => large::run(pace).await,
        Some("launches") => large::run_launches(pace).await,
        Some(other) => panic!("unknown part `{other}`; known: plugin, agent, webhook, embedded-aws, large, launches"),
    }
}
