//! A server under measurement, as a process.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use control_plane::Process;
use tokio::net::TcpStream;

use super::proc::Memory;

/// How long a start took: until connections are accepted, and until the first good answer.
#[derive(Clone, Copy)]
pub(crate) struct Started {
    listening: Duration,
    answering: Duration,
}

/// Of how many starts the median is told.
const STARTS: usize = 5;

/// It.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    process: Process,
    started: Started,
    /// At its first good answer.
    pub(crate) idle: Memory,
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
        let mut listening = None;
        while !answers(address).await {
            if listening.is_none() && TcpStream::connect(address).await.is_ok() {
                listening = Some(started.elapsed());
            }
            let log = || process.log_tail();
            assert!(started.elapsed() < Duration::from_secs(30), "{name} does not start: {}", log());
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        let answering = started.elapsed();
        let started = Started { listening: listening.unwrap_or(answering), answering };
        let idle = Memory::of(process.pid());
        Self { address, process, started, idle }
    }

    /// How long a start takes, the median of a few, each of which `start` makes anew.
    pub(crate) async fn starts(start: impl AsyncFn() -> Self) -> Started {
        let mut starts = Vec::new();
        for _ in 0..STARTS {
            let server = start().await;
            starts.push(server.started);
            server.process.kill().await;
        }
        starts.sort_unstable_by_key(|start| start.answering);
        starts[STARTS / 2]
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    pub(crate) fn memory(&self) -> Memory {
        Memory::of(self.pid())
    }
}

/// In milliseconds.
impl Started {
    pub(crate) fn listening(self) -> f64 {
        self.listening.as_secs_f64() * 1e3
    }

    pub(crate) fn answering(self) -> f64 {
        self.answering.as_secs_f64() * 1e3
    }
}

/// An address of this machine that nobody listens on.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}
