//! `claviger kms-plugin` as a daemon.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::Instant,
};

use hyper_util::rt::TokioIo;
use kms_plugin::proto::v2::{StatusRequest, StatusResponse, key_management_service_client::KeyManagementServiceClient};
use rustix::process::Signal;
use test_support::eventually;
use tokio::net::UnixStream;
use tonic::transport::{Endpoint, Uri};
use tower::service_fn;

use crate::support::{Daemon, SOON, claviger, run, told};

/// What every test's plugin has: a log that can be read, a health port that is free.
const COMMON: [&str; 3] = ["--log-format=json", "--health-listen=127.0.0.1:0", "--drain-timeout=5s"];

pub(crate) struct Place {
    directory: tempfile::TempDir,
    pub(crate) socket: PathBuf,
    keyring: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (socket, keyring) = (directory.path().join("kms.sock"), directory.path().join("keyring.json"));
        assert_eq!(run(&["keyring", "create", keyring.to_str().unwrap()]).status.code(), Some(0));
        Self { directory, socket, keyring }
    }

    /// A plugin over the keyring.
    pub(crate) fn start(&self, more: &[&str]) -> Daemon {
        let (socket, keyring) = (self.socket.to_str().unwrap(), self.keyring.to_str().unwrap());
        let own = ["kms-plugin", "--listen", socket, "--keyring", keyring];
        Daemon::start(&[&own, &COMMON[..], more].concat(), self.directory.path())
    }
}

/// Over a new connection, as an apiserver that starts.
async fn status(socket: &Path) -> Result<StatusResponse, String> {
    let path = socket.to_owned();
    let connector = service_fn(move |_: Uri| {
        let path = path.clone();
        async move { UnixStream::connect(path).await.map(TokioIo::new) }
    });
    let channel = Endpoint::from_static("http://localhost").connect_with_connector(connector).await;
    let mut plugin = KeyManagementServiceClient::new(channel.map_err(|error| format!("{error:?}"))?);
    plugin.status(StatusRequest {}).await.map(tonic::Response::into_inner).map_err(|status| status.to_string())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

pub(crate) fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: plugin\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_serves_a_keyring_and_stops_clean() {
    let place = Place::new();
    let mut plugin = place.start(&[]);
    let address = plugin.until_logged("health and metrics")["address"].as_str().unwrap().to_owned();
    let answer = runtime().block_on(status(&place.socket)).unwrap();
    assert_eq!((answer.healthz.as_str(), answer.version.as_str()), ("ok", "v2beta1"));
    assert!(answer.key_id.ends_with("@1"), "{}", answer.key_id);
    assert!(get(&address, "/readyz").starts_with("HTTP/1.1 200"));
    let metrics = get(&address, "/metrics");
    assert!(metrics.contains("claviger_build_info{version="), "{metrics}");
    assert!(metrics.contains("claviger_kms_"), "{metrics}");

    plugin.signal(Signal::TERM);
    assert_eq!(plugin.ended().code(), Some(0));
    assert_eq!(plugin.complaints(), [""; 0]);
    assert!(!place.socket.exists());
}

#[test]
fn it_starts_and_stays_while_its_key_service_is_away() {
    let place = Place::new();
    let socket = place.socket.to_str().unwrap();
    // Port 9 of loopback: nobody listens.
    let arguments = ["kms-plugin", "--key=alias/etcd", "--region=us-west-2", "--endpoint-url=http://127.0.0.1:9"];
    let mut command = claviger(&[&arguments[..], &["--listen", socket], &COMMON[..]].concat());
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "secret");
    let mut plugin = Daemon::spawn(&mut command);
    let address = plugin.until_logged("health and metrics")["address"].as_str().unwrap().to_owned();
    let refused = runtime().block_on(status(&place.socket)).unwrap_err();
    assert!(refused.contains("alias/etcd"), "{refused}");
    assert!(get(&address, "/livez").starts_with("HTTP/1.1 200"), "a restart would not help");
    let answer = get(&address, "/readyz");
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("alias/etcd"), "{answer}");
    plugin.signal(Signal::TERM);
    assert_eq!(plugin.ended().code(), Some(0));
}

#[test]
fn a_changed_keyring_is_taken_up_and_its_key_id_published() {
    let place = Place::new();
    let mut plugin = place.start(&[]);
    plugin.until_logged("health and metrics");
    let keyring = place.keyring.to_str().unwrap();
    runtime().block_on(async {
        assert!(status(&place.socket).await.unwrap().key_id.ends_with("@1"));
        assert_eq!(run(&["keyring", "add-version", keyring]).status.code(), Some(0));
        assert_eq!(run(&["keyring", "use-version", "2", keyring]).status.code(), Some(0));
        plugin.until_logged("reloaded");
        // Once the probes agree. The log tells it a moment before Status does.
        plugin.until_logged("published a key_id");
        eventually("Status tells it", SOON, async || match status(&place.socket).await?.key_id {
            key_id if key_id.ends_with("@2") => Ok(()),
            key_id => Err(key_id),
        })
        .await;
    });
    plugin.signal(Signal::HUP);
    plugin.until_logged("reloading");
    plugin.until_logged("reloaded");
    plugin.signal(Signal::TERM);
    assert_eq!(plugin.ended().code(), Some(0));
}

#[test]
fn a_successor_takes_over_without_a_failed_call() {
    let place = Place::new();
    let mut first = place.start(&[]);
    first.until_logged("health and metrics");
    let over = Arc::new(AtomicBool::new(false));
    let caller = thread::spawn({
        let (over, socket) = (over.clone(), place.socket.clone());
        move || {
            let runtime = runtime();
            let mut calls = 0;
            while !over.load(SeqCst) {
                runtime.block_on(status(&socket)).expect("no call fails");
                calls += 1;
            }
            calls
        }
    });
    let mut second = place.start(&["--take-over"]);
    second.until_logged("took over, and told the former to stop");
    assert_eq!(first.ended().code(), Some(0));
    over.store(true, SeqCst);
    assert!(caller.join().unwrap() > 0);
    assert!(place.socket.exists(), "the former left the successor's socket alone");
    second.signal(Signal::TERM);
    assert_eq!(second.ended().code(), Some(0));
}

#[test]
fn under_its_peers_name_it_takes_its_peers_flags() {
    let place = Place::new();
    let name = place.directory.path().join("aws-encryption-provider");
    symlink(env!("CARGO_BIN_EXE_claviger"), &name).unwrap();
    let mut command = std::process::Command::new(&name);
    let listen = format!("--listen={}", place.socket.display());
    let flags = ["--key=alias/etcd", "--region=us-west-2", "--kms-endpoint=http://127.0.0.1:9", "--debug=false"];
    let health = ["--health-port=127.0.0.1:0", "--healthz-path=/h", "--livez-path=/l", "--health-kms-version=v2"];
    command.args(flags).args(health).arg(listen).env("CLAVIGER_LOG_FORMAT", "json");
    let mut plugin = Daemon::spawn(&mut command);
    let address = plugin.until_logged("health and metrics")["address"].as_str().unwrap().to_owned();
    // Nobody is at that endpoint.
    for (path, status) in [("/l", 200), ("/livez", 404), ("/h", 503), ("/healthz", 404)] {
        let answer = get(&address, path);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
    }
    plugin.signal(Signal::TERM);
    assert_eq!(plugin.ended().code(), Some(0));
}

#[test]
fn it_leaves_no_core_file() {
    let place = Place::new();
    let plugin = place.start(&[]);
    plugin.until_logged("health and metrics");
    let limits = fs::read_to_string(format!("/proc/{}/limits", plugin.pid())).unwrap();
    let core: Vec<_> =
        limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"], "{limits}");
}

/// Waits until the side port tells of more than `probes` probes, and gives how many.
fn probes_above(address: &str, probes: u64) -> u64 {
    let deadline = Instant::now() + SOON;
    loop {
        let metrics = get(address, "/metrics");
        let is_count = |line: &&str| {
            let is_calls = line.starts_with("claviger_kms_key_service_calls_total{");
            is_calls && line.contains(r#"call="seal""#) && line.contains(r#"purpose="probe""#)
        };
        let count = metrics.lines().find(is_count).and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0);
        if count > probes {
            return count;
        }
        assert!(Instant::now() < deadline, "no more than {count} probes\n{metrics}");
        thread::yield_now();
    }
}

#[test]
fn a_changed_settings_file_is_taken_up_and_a_wrong_one_changes_nothing() {
    let place = Place::new();
    let file = place.directory.path().join("settings.json");
    fs::write(&file, r#"{ "log": "info" }"#).unwrap();
    let mut plugin = place.start(&["--probe-interval=1h", "--log=error", "--settings", file.to_str().unwrap()]);
    // Only by the file, which wins over the flag, is this logged.
    let address = plugin.until_logged("health and metrics")["address"].as_str().unwrap().to_owned();
    assert_eq!(probes_above(&address, 0), 1);

    // The prober sleeps for an hour, and is woken. The log is again as the flag says.
    fs::write(&file, r#"{ "probe-interval": "20ms" }"#).unwrap();
    let probes = probes_above(&address, 10);
    fs::write(&file, "{\n  \"probe-interval\": \"1h\",\n  \"coust\": \"0s\"\n}").unwrap();
    let told = plugin.until_logged("settings not taken up: the former stay in force");
    let problem = told["problem"].as_str().unwrap();
    assert!(problem.ends_with("settings.json:3:3: `coust` is no setting; the nearest is `coast`"), "{problem}");
    probes_above(&address, probes + 10);

    fs::remove_file(&file).unwrap();
    plugin.signal(Signal::HUP);
    let told = plugin.until_logged("settings not taken up: the former stay in force");
    assert!(told["problem"].as_str().unwrap().contains("settings.json: cannot be read"), "{told}");
    assert!(runtime().block_on(status(&place.socket)).is_ok());

    fs::write(&file, r#"{ "log": "info" }"#).unwrap();
    plugin.until_logged("settings taken up");
    plugin.signal(Signal::TERM);
    assert_eq!(plugin.ended().code(), Some(0));
}

#[test]
fn a_wrong_settings_file_is_bad_usage_at_the_start() {
    let place = Place::new();
    let file = place.directory.path().join("settings.json");
    fs::write(&file, r#"{ "coast": 600, "log-level": "debug" }"#).unwrap();
    let (keyring, file) = (place.keyring.to_str().unwrap(), file.to_str().unwrap());
    let output = run(&["kms-plugin", "--keyring", keyring, "--health-listen=8080", "--settings", file]);
    let told = told(&output);
    assert_eq!(output.status.code(), Some(3), "{told}");
    for wrong in ["8080", "settings.json:1:12: `coast` is a time", "settings.json:1:17: `log-level` is no setting"] {
        assert!(told.contains(wrong), "{wrong} is missing in {told}");
    }
}
