//! `claviger local-aws --state`, killed and started again at one address, and its admin routes.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::Command,
    time::Duration,
};

use control_plane::Process;
use serde_json::{Value, json};
use test_support::eventually;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{PATIENCE, REGION};

/// What stays the same from start to start.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) folder: PathBuf,
    pub(crate) address: SocketAddr,
    /// `ACCESS_KEY:SECRET:ACCOUNT`, each.
    pub(crate) credentials: Vec<String>,
}

/// One process of it.
#[derive(Debug)]
pub(crate) struct Server {
    process: Process,
    address: SocketAddr,
}

/// A fault, and what came of it.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) name: String,
    pub(crate) fired: u64,
}

/// An address that no other test has, and that no client's own end of a connection can take while nobody listens there:
/// the kernel gives those 127.0.0.1.
pub(crate) fn address() -> SocketAddr {
    let [_, _, second, third] = std::process::id().to_be_bytes();
    let own = Ipv4Addr::new(127, 99, second, third);
    TcpListener::bind((own, 0)).and_then(|listener| listener.local_addr()).expect("a free port")
}

impl Setting {
    pub(crate) fn trail(&self) -> PathBuf {
        self.folder.join("trail")
    }

    /// Starts it, its clock so many days ahead, with these faults, and the trail's files where they are asked for.
    pub(crate) async fn start(&self, days: u64, seed: u64, faults: &[&str], has_trail: bool) -> Server {
        let plan = self.folder.join("faults.json");
        std::fs::write(&plan, json!({ "seed": seed, "faults": faults }).to_string()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_claviger"));
        command.args(["local-aws", "--output=json"]).arg(format!("--region={REGION}"));
        command.arg(format!("--listen={}", self.address)).arg("--state").arg(self.folder.join("aws.redb"));
        command.arg(format!("--clock=+{days}d"));
        command.args(self.credentials.iter().map(|credential| format!("--credential={credential}")));
        command.arg("--faults").arg(plan);
        if has_trail {
            command.arg("--trail").arg(self.trail());
        }
        let process = Process::spawn(command, &self.folder.join("local-aws.log")).unwrap();
        let server = Server { process, address: self.address };
        eventually("the embedded AWS is there", PATIENCE, async || {
            server.admin("GET", "health", &Value::Null).await.map_err(|error| (error, server.process.log_tail()))
        })
        .await;
        server
    }
}

impl Server {
    pub(crate) async fn kill(self) {
        self.process.kill().await;
    }

    /// Asks it to end, which it does in good order.
    pub(crate) async fn stop(self) {
        let ended = self.process.stop(PATIENCE).await;
        assert!(ended.success(), "it ended with {ended}: {}", self.process.log_tail());
    }

    /// Lets its clock go on, and gives the time it is then.
    pub(crate) async fn advance(&self, days: u64) -> String {
        let told = self.ask("POST", "clock", &json!({ "advance": format!("P{days}D") })).await;
        told["now"].as_str().unwrap().to_owned()
    }

    /// These faults instead of those that there are.
    pub(crate) async fn put_faults(&self, seed: u64, faults: &[&str]) {
        self.ask("PUT", "faults", &json!({ "seed": seed, "faults": faults })).await;
    }

    pub(crate) async fn faults(&self) -> Vec<Fault> {
        let told = self.ask("GET", "faults", &Value::Null).await;
        let fault = |fault: &Value| Fault {
            name: fault["name"].as_str().unwrap().to_owned(),
            fired: fault["fired"].as_u64().unwrap(),
        };
        told["faults"].as_array().unwrap().iter().map(fault).collect()
    }

    /// Its resident memory in KiB.
    pub(crate) fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.pid())).expect("it lives");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    async fn ask(&self, method: &str, route: &str, body: &Value) -> Value {
        self.admin(method, route, body).await.unwrap()
    }

    /// A request to an admin route.
    async fn admin(&self, method: &str, route: &str, body: &Value) -> Result<Value, String> {
        let (address, body) = (self.address, body.to_string());
        let request = format!(
            "{method} /_claviger/{route} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
             connection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let exchange = async {
            let mut stream = TcpStream::connect(address).await?;
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            Ok::<_, std::io::Error>(answer)
        };
        let answer = tokio::time::timeout(Duration::from_secs(10), exchange).await;
        let answer = answer.map_err(|late| late.to_string())?.map_err(|error| error.to_string())?;
        match answer.split_once("\r\n\r\n") {
            Some((head, body)) if head.starts_with("HTTP/1.1 200 ") => Ok(serde_json::from_str(body).unwrap()),
            _ => Err(answer),
        }
    }
}
