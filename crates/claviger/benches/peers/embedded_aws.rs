//! The embedded AWS, moto and ministack, with the same bytes. Ours verifies the signature each time and asks whether
//! the caller is allowed; the others do neither, and ministack's Encrypt is no cipher.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use control_plane::Process;
use serde_json::{Value, json};
use test_support::{EmbeddedAws, tools};

use super::{
    CLAVIGER,
    connection::Connection,
    load::Pace,
    proc,
    report::{heading, reached, row},
    roles::Turns,
    server::free_address,
    wire,
};

const CONNECTIONS: [usize; 2] = [1, 16];

/// What stands in for AWS.
#[derive(Clone, Copy)]
enum Emulator {
    Claviger,
    Moto,
    Ministack,
}

impl Emulator {
    const ALL: [Self; 3] = [Self::Claviger, Self::Moto, Self::Ministack];

    fn name(self) -> &'static str {
        match self {
            Self::Claviger => "claviger",
            Self::Moto => "moto",
            Self::Ministack => "ministack",
        }
    }

    fn command(self, port: u16) -> Command {
        match self {
            Self::Claviger => EmbeddedAws::command(Path::new(CLAVIGER), port),
            Self::Moto => {
                let mut command = Command::new(tools().join("venv/bin/moto_server"));
                command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
                command
            }
            Self::Ministack => {
                let mut command = Command::new(tools().join("venv-ministack/bin/ministack"));
                command.env("GATEWAY_PORT", port.to_string());
                command
            }
        }
    }
}

/// Calls a second: one row for each number of connections, one column for each emulator.
type Rates = [[f64; Emulator::ALL.len()]; CONNECTIONS.len()];

pub(crate) async fn run(pace: Pace) {
    let folder = tempfile::tempdir().unwrap();
    heading("Embedded AWS");
    let (mut encrypt, mut identity, mut roles) = (Rates::default(), Rates::default(), Rates::default());
    for (column, emulator) in Emulator::ALL.into_iter().enumerate() {
        let started = Instant::now();
        let running = Running::start(emulator, folder.path());
        let created = running.first_answer().await;
        let (start, idle) = (started.elapsed().as_secs_f64() * 1e3, proc::rss(running.process.pid()));

        let body = json!({"KeyId": created["KeyMetadata"]["Arn"], "Plaintext": "c2VlZA=="});
        let request = wire::kms(running.address, "Encrypt", &body);
        for (line, rates) in encrypt.iter_mut().enumerate() {
            rates[column] = running.load("KMS Encrypt", &request, CONNECTIONS[line], "CiphertextBlob", pace).await;
        }
        let request = wire::get_caller_identity(running.address);
        for (line, rates) in identity.iter_mut().enumerate() {
            rates[column] = running.load("STS GetCallerIdentity", &request, CONNECTIONS[line], "<Account>", pace).await;
        }
        // Ours with a state that survives a kill, which the others have not.
        let durable = matches!(emulator, Emulator::Claviger).then(|| Running::durable(folder.path()));
        if let Some(durable) = &durable {
            durable.first_answer().await;
        }
        for (line, rates) in roles.iter_mut().enumerate() {
            rates[column] = durable.as_ref().unwrap_or(&running).roles(CONNECTIONS[line], pace).await;
        }
        let aim = |aim| matches!(emulator, Emulator::Claviger).then_some(aim);
        let after = proc::rss(running.process.pid());
        reached("", &format!("first KMS answer after {start:.0} ms"), aim("30 ms"));
        reached("", &format!("RSS {idle:.0} MiB, after load {after:.0} MiB"), aim("12 and 30 MiB"));
    }
    compare("KMS Encrypt", &encrypt, "at 16 connections 40x moto, 5x ministack, 20,000 calls/s, 45 us of CPU");
    compare("STS GetCallerIdentity", &identity, "5x ministack");
    compare("IAM CreateRole, DeleteRole", &roles, "4x ministack, durable");
}

fn compare(what: &str, rates: &Rates, aim: &str) {
    for (connections, [ours, moto, ministack]) in CONNECTIONS.iter().zip(rates) {
        let (moto, ministack) = (ours / moto, ours / ministack);
        let what = format!("{what}, {connections} connections");
        reached(&what, &format!("ours is {moto:.0}x moto, {ministack:.1}x ministack"), Some(aim));
    }
}

/// An emulator as a process.
pub(crate) struct Running {
    name: &'static str,
    process: Process,
    address: SocketAddr,
}

impl Running {
    fn start(emulator: Emulator, folder: &Path) -> Self {
        let port = free_address().port();
        Self::spawn(emulator.name(), emulator.command(port), port, folder)
    }

    /// Ours, with its state in a file.
    fn durable(folder: &Path) -> Self {
        Self::with_state(Path::new("state"), folder)
    }

    /// Ours, with its state in this file.
    pub(crate) fn with_state(state: &Path, folder: &Path) -> Self {
        let port = free_address().port();
        let mut command = Emulator::Claviger.command(port);
        command.arg("--state").arg(state);
        Self::spawn("durable", command, port, folder)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    fn spawn(name: &'static str, mut command: Command, port: u16, folder: &Path) -> Self {
        // What they leave behind goes with the benchmark.
        command.current_dir(folder);
        let process = Process::spawn(command, &folder.join(format!("{name}.log"))).unwrap();
        Self { name, process, address: (Ipv4Addr::LOCALHOST, port).into() }
    }

    /// Asks for a key until there is one: that is the first answer.
    pub(crate) async fn first_answer(&self) -> Value {
        let started = Instant::now();
        loop {
            let request = wire::kms(self.address, "CreateKey", &json!({}));
            if let Ok(mut connection) = Connection::open(self.address, request).await
                && let Ok(answer) = connection.call().await
            {
                return serde_json::from_slice(answer.body()).unwrap();
            }
            let log = || self.process.log_tail();
            assert!(started.elapsed() < Duration::from_secs(30), "{} does not start: {}", self.name, log());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Makes and deletes roles over so many connections, and returns the calls a second.
    async fn roles(&self, connections: usize, pace: Pace) -> f64 {
        let mut callers = Vec::new();
        for at in 0..connections {
            callers.push(Turns::open(self.address, &format!("turns-{connections}-{at}")).await);
        }
        let outcome = pace.closed_loop(self.process.pid(), callers, Turns::call).await;
        row(&format!("IAM CreateRole, DeleteRole, {connections} conn."), self.name, &outcome);
        outcome.per_second()
    }

    /// Sends `request` over so many connections, prints the row and returns the calls a second. Each answer must
    /// hold `marker`.
    async fn load(&self, what: &str, request: &[u8], connections: usize, marker: &'static str, pace: Pace) -> f64 {
        let mut callers = Vec::new();
        for _ in 0..connections {
            callers.push(Connection::open(self.address, request.to_vec()).await.unwrap());
        }
        let call = move |connection: Connection| connection.expect(marker);
        let outcome = pace.closed_loop(self.process.pid(), callers, call).await;
        row(&format!("{what}, {connections} connections"), self.name, &outcome);
        outcome.per_second()
    }
}
