//! Runs the Go client of `tests/apiserver-clients`, as `cargo xtask tools` builds it for each release.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
};

use daemon::unix_socket::Endpoint;
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// The releases that `tests/apiserver-clients` is built against.
pub(crate) const RELEASES: [&str; 5] = ["v0.26", "v0.27", "v0.28", "v0.30", "latest"];

pub(crate) struct Client {
    release: &'static str,
    api: &'static str,
    calls: usize,
    parallel: usize,
    size: usize,
}

/// What a client found.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Done {
    pub(crate) version: String,
    pub(crate) healthz: String,
    pub(crate) status_key_id: String,
    pub(crate) encrypt_key_id: String,
    pub(crate) done: usize,
    pub(crate) failed: usize,
    pub(crate) wrong: usize,
    pub(crate) errors: Vec<String>,
}

impl Client {
    pub(crate) fn of(release: &'static str) -> Self {
        Self { release, api: "v2", calls: 1, parallel: 1, size: 32 }
    }

    pub(crate) fn api(self, api: &'static str) -> Self {
        Self { api, ..self }
    }

    pub(crate) fn calls(self, calls: usize) -> Self {
        Self { calls, ..self }
    }

    pub(crate) fn parallel(self, parallel: usize) -> Self {
        Self { parallel, ..self }
    }

    pub(crate) fn size(self, size: usize) -> Self {
        Self { size, ..self }
    }

    /// Makes the calls, to the end.
    pub(crate) async fn run(self, endpoint: &Endpoint) -> Done {
        self.start(endpoint).await.end().await
    }

    /// Starts making calls; returns after the first has succeeded.
    pub(crate) async fn start(self, endpoint: &Endpoint) -> Calling {
        let mut process = Command::new(program(self.release))
            .args(["-endpoint", &endpoint.to_string(), "-api", self.api])
            .args(["-calls", &self.calls.to_string(), "-parallel", &self.parallel.to_string()])
            .args(["-size", &self.size.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the client starts");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let first = lines.next_line().await.expect("its output").expect("a line");
        assert_eq!(first, r#"{"event":"first"}"#, "{} {}", self.release, self.api);
        Calling { process, lines }
    }
}

/// A client at work.
pub(crate) struct Calling {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Calling {
    /// Lets it end, and tells what it found.
    pub(crate) async fn end(mut self) -> Done {
        drop(self.process.stdin.take());
        let line = self.lines.next_line().await.expect("its output").expect("a result");
        assert!(self.process.wait().await.expect("its end").success());
        serde_json::from_str(&line).expect("a result")
    }
}

impl Done {
    /// Exactly `calls`, or any number when 0, and none of them bad.
    pub(crate) fn assert_flawless(&self, calls: usize, context: &str) {
        assert_eq!((self.failed, self.wrong), (0, 0), "{context}: {:?}, {self:?}", self.errors);
        assert!(calls == 0 || self.done == calls, "{context}: {self:?}");
    }
}

fn program(release: &str) -> PathBuf {
    let tools = env::var_os("CLAVIGER_TOOLS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools"), PathBuf::from);
    let program = tools.join("apiserver-clients").join(release);
    assert!(program.exists(), "{} is not there; run `cargo xtask tools`", program.display());
    program
}
