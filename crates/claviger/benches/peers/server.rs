//! A server under measurement, as a process.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use control_plane::Process;

use super::proc;

/// Of how many starts the median is told.
const STARTS: usize = 5;

/// It.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    process: Process,
    /// Until its first good answer.
    start: Duration,
    /// MiB, right then.
    pub(crate) idle: f64,
}

impl Server {
    /// Starts it, and waits for its first good answer.
    pub(crate) async fn start(
        name: &str,
        address: SocketAddr,
        command: Command,
        folder: &Path,
        answers: impl AsyncFn(SocketAddr) -> bool,
    ) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let started = Instant::now();
        let process = Process::spawn(command, &folder.join(format!("{name}.log"))).unwrap();
        while !answers(address).await {
            let log = || process.log_tail();
            assert!(started.elapsed() < Duration::from_secs(30), "{name} does not start: {}", log());
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        let start = started.elapsed();
        let idle = proc::rss(process.pid());
        Self { address, process, start, idle }
    }

    /// How many milliseconds a start takes: the median of a few, each of which `started` makes anew.
    pub(crate) async fn starts(started: impl AsyncFn() -> Self) -> f64 {
        let mut starts = Vec::new();
        for _ in 0..STARTS {
            let server = started().await;
            starts.push(server.start);
            server.process.kill().await;
        }
        starts.sort_unstable();
        starts[STARTS / 2].as_secs_f64() * 1e3
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// MiB that are resident now.
    pub(crate) fn rss(&self) -> f64 {
        proc::rss(self.pid())
    }
}

/// An address of this machine that nobody listens on.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}
