//! The servers under measurement, as processes.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use control_plane::Process;
use kms_plugin::proto::v2::StatusRequest;
use test_support::{EmbeddedAws, Network, connect};
use tokio::net::UnixStream;

use crate::{CLAVIGER, proc};

/// Who is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Who<'a> {
    /// A server that does nothing.
    Floor,
    Ours,
    /// aws-encryption-provider, built here.
    Peer(&'a Path),
}

impl Who<'_> {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Ours => "claviger",
            Self::Peer(_) => "peer",
        }
    }

    fn command(self, socket: &Path, key: &str, network: &Network) -> Command {
        let (program, health) = match self {
            Self::Floor => {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.arg("--serve-floor").arg(socket);
                return command;
            }
            Self::Ours => (Path::new(CLAVIGER), ["kms-plugin", "--health-listen=127.0.0.1:0"].as_slice()),
            Self::Peer(program) => (program, ["--health-port=127.0.0.1:0"].as_slice()),
        };
        let mut command = Command::new(program);
        // The peer's own flags: ours takes them too.
        command.args(health).arg(format!("--listen={}", socket.display())).arg(format!("--key={key}"));
        command.arg(format!("--kms-endpoint={}", network.url())).arg(format!("--region={}", test_support::REGION));
        command.envs(EmbeddedAws::environment(network.address())).env("AWS_ENDPOINT_URL", network.url());
        if let Some(authority) = network.authority() {
            // Go and rustls-native-certs both read it; AWS_CA_BUNDLE is unknown to AWS's SDK for Rust.
            command.env("SSL_CERT_FILE", authority);
        }
        command
    }
}

/// One server under measurement.
pub(super) struct Subject<'a> {
    pub(super) who: Who<'a>,
    pub(super) process: Process,
    pub(super) socket: PathBuf,
    /// Until the first Status that was well.
    pub(super) start: Duration,
    /// MiB, right then.
    pub(super) idle: f64,
}

impl<'a> Subject<'a> {
    /// Starts it and waits for the first Status that is well.
    pub(super) async fn start(who: Who<'a>, key: &str, network: &Network, folder: &Path) -> Self {
        let mut subject = Self::listening(who, key, network, folder).await;
        let started = Instant::now();
        while connect(&subject.socket).status(StatusRequest {}).await.is_err() {
            subject.wait(started).await;
        }
        subject.start += started.elapsed();
        subject.idle = proc::rss(subject.process.pid());
        subject
    }

    /// Starts it and waits until it accepts a connection: nobody has asked for its Status yet.
    pub(super) async fn listening(who: Who<'a>, key: &str, network: &Network, folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let socket = folder.join(format!("{}.sock", who.name()));
        let started = Instant::now();
        let command = who.command(&socket, key, network);
        let process = Process::spawn(command, &folder.join(format!("{}.log", who.name()))).unwrap();
        let mut subject = Self { who, process, socket, start: Duration::ZERO, idle: 0.0 };
        while UnixStream::connect(&subject.socket).await.is_err() {
            subject.wait(started).await;
        }
        subject.start = started.elapsed();
        subject
    }

    async fn wait(&self, since: Instant) {
        let log = || self.process.log_tail();
        assert!(since.elapsed() < Duration::from_secs(20), "{} does not start: {}", self.who.name(), log());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.pid()
    }
}
