//! One process after another takes the socket over while the apiserver's clients go on calling.

use std::{env, path::Path, process::Stdio};

use daemon::{
    shutdown::Shutdown,
    unix_socket::{Endpoint, Listener, Options, WhenLive},
};
use kms_plugin::server::{Limits, serve};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::{
    apiserver_client::Client,
    served::{DRAIN, engine},
};

#[tokio::test(flavor = "multi_thread")]
async fn no_call_fails_while_the_socket_changes_hands() {
    let directory = tempfile::tempdir().unwrap();
    let endpoint = Endpoint::Path(directory.path().join("kms.sock"));
    let mut serving = Process::start(directory.path()).await;
    let mut calling = Vec::new();
    for (release, api) in [("v0.26", "v1beta1"), ("v0.28", "v2"), ("latest", "v2")] {
        calling.push((release, Client::of(release).api(api).calls(0).parallel(3).start(&endpoint).await));
    }
    for _ in 0..4 {
        let next = Process::start(directory.path()).await;
        assert_eq!(next.displaced, serving.process.id().map(|pid| pid.to_string()));
        let ended = serving.process.wait().await.unwrap();
        assert!(ended.success(), "the former ended with {ended}");
        serving = next;
    }
    for (release, calling) in calling {
        let done = calling.end().await;
        done.assert_flawless(0, release);
        assert!(done.done > 10, "{release}: {done:?}");
    }
}

/// A plugin in a process of its own.
struct Process {
    process: Child,
    /// Whom it took the socket from.
    displaced: Option<String>,
    _output: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Returns when it serves, and has told the former to go.
    async fn start(directory: &Path) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "hand_over::serving_process", "--ignored", "--nocapture"])
            .env(DIRECTORY, directory)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        let displaced = loop {
            let line = output.next_line().await.unwrap().expect("it serves");
            if let Some(displaced) = line.strip_prefix("serving, after ") {
                break Some(displaced.to_owned()).filter(|pid| pid != "nobody");
            }
        };
        Self { process, displaced, _output: output }
    }
}

const DIRECTORY: &str = "CLAVIGER_TEST_DIRECTORY";

/// What [`Process`] runs.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by no_call_fails_while_the_socket_changes_hands"]
async fn serving_process() {
    let directory = env::var_os(DIRECTORY).expect("started by the other test");
    let directory = Path::new(&directory);
    let shutdown = Shutdown::on_signals(DRAIN).unwrap();
    let engine = engine(&directory.join("keyring"));
    let endpoint = Endpoint::Path(directory.join("kms.sock"));
    let options = Options { when_live: WhenLive::TakeOver, ..Options::default() };
    let mut listener = Listener::bind(&endpoint, options).unwrap();
    let displaced = listener.take_place().unwrap();
    let former = displaced.as_ref().map_or("nobody".to_owned(), |former| match former.owner() {
        daemon::unix_socket::Owner::Process(pid) => pid.to_string(),
        unknown => unknown.to_string(),
    });
    let serving = tokio::spawn(serve(listener, engine, Limits::default(), shutdown));
    if let Some(former) = displaced {
        former.terminate().unwrap();
    }
    println!("serving, after {former}");
    serving.await.unwrap().unwrap();
}
