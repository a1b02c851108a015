//! `up --with-kubernetes`: a real apiserver's Secret, seen from both sides, and nothing left behind.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use test_support::{NEWEST_KUBERNETES, OLDEST_KUBERNETES, eventually, tools};

use crate::support::{Daemon, SOON, claviger};

const PASSWORD: &str = "correct horse battery staple";

fn start(version: &str, directory: &Path) -> Daemon {
    let tools = tools();
    let bin = ["--kubernetes-bin", tools.to_str().unwrap(), "--kubernetes-version", version];
    let own = ["up", "--listen", "127.0.0.1:0", "-o", "json", "--with-kubernetes"];
    // Also its home: what is left there is found as well.
    let mut command = claviger(&[&own[..], &bin].concat());
    Daemon::spawn(command.env("XDG_RUNTIME_DIR", directory).env("HOME", directory))
}

/// The programs that run with files of this directory, as their command lines tell, and their processes.
fn processes_in(directory: &Path) -> BTreeMap<String, Pid> {
    let directory = directory.to_str().unwrap();
    let mut programs = BTreeMap::new();
    for process in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        // What is no process has none, and one that has just ended neither.
        let line = String::from_utf8(fs::read(process.path().join("cmdline")).unwrap_or_default()).unwrap_or_default();
        if line.contains(directory) {
            let program = Path::new(line.split('\0').next().unwrap()).file_name().unwrap().to_str().unwrap();
            let pid = process.file_name().to_str().unwrap().parse().unwrap();
            programs.insert(program.to_owned(), Pid::from_raw(pid).unwrap());
        }
    }
    programs
}

fn running_in(directory: &Path) -> BTreeSet<String> {
    processes_in(directory).into_keys().collect()
}

fn the_two(version: &str) -> BTreeSet<String> {
    BTreeSet::from(["etcd".to_owned(), format!("kube-apiserver-{version}")])
}

/// A tool's stdout. kubectl leaves its cache in `home`.
fn output_of(tool: &str, home: &Path, arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new(tools().join(tool));
    let output = command.args(arguments).env_clear().env("HOME", home).output().unwrap();
    assert!(output.status.success(), "{tool}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What etcd holds, by etcd's own client.
fn stored(kubernetes: &Value) -> Vec<u8> {
    let pki = PathBuf::from(kubernetes["kubeconfig"].as_str().unwrap()).with_file_name("pki");
    let file = |flag: &str, name: &str| format!("--{flag}={}", pki.join(name).display());
    let mut value = output_of(
        "etcdctl",
        &pki,
        &[
            "get",
            "--print-value-only",
            kubernetes["etcd_key"].as_str().unwrap(),
            &format!("--endpoints={}", kubernetes["etcd"].as_str().unwrap()),
            &file("cacert", "ca.crt"),
            &file("cert", "etcd-client.crt"),
            &file("key", "etcd-client.key"),
        ],
    );
    assert_eq!(value.pop(), Some(b'\n'), "etcdctl ends the line");
    value
}

fn a_secret_is_sealed(version: &str) {
    let directory = tempfile::tempdir().unwrap();
    let mut up = start(version, directory.path());
    let events = up.until("ready");
    let order: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(order, ["aws", "key", "plugin", "sample", "kubernetes", "pod", "ready"]);

    let kubernetes = &events[4];
    assert_eq!(kubernetes["reader"], "kubectl", "it lies beside the apiserver");
    assert_eq!(kubernetes["reads"]["password"], PASSWORD);
    let told = kubernetes["etcd_value"].as_str().unwrap();
    assert!(told.starts_with("k8s:enc:kms:v2:claviger:"), "{told}");
    let value = stored(kubernetes);
    assert!(value.starts_with(b"k8s:enc:kms:v2:claviger:"), "{}", value.escape_ascii());
    assert!(value.escape_ascii().to_string().starts_with(told), "{told} is not how {} begins", value.escape_ascii());
    assert_eq!(kubernetes["etcd_octets"], value.len());
    assert!(!value.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes()));

    assert_eq!(events[5]["signed_by"], "the apiserver");
    assert_eq!(events[6]["kubeconfig"], kubernetes["kubeconfig"]);
    let kubeconfig = kubernetes["kubeconfig"].as_str().unwrap();
    let secret = kubernetes["secret"].as_str().unwrap().strip_prefix("default/").unwrap();
    let template = "go-template={{.data.password | base64decode}}";
    let home = tempfile::tempdir().unwrap();
    let read =
        output_of("kubectl", home.path(), &["--kubeconfig", kubeconfig, "get", "secret", secret, "--output", template]);
    assert_eq!(String::from_utf8(read).unwrap(), PASSWORD);

    assert_eq!(running_in(directory.path()), the_two(version));
    up.signal(Signal::INT);
    assert_eq!(up.ended().code(), Some(0), "{:#?}", up.notes());
    assert_eq!(up.rest(), r#"{"event":"stopped"}"#);
    assert_eq!(running_in(directory.path()), BTreeSet::new(), "left over");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "left over");
}

/// On a loaded machine an apiserver needs longer to end than calls in flight get: nothing has failed by that.
#[test]
fn an_apiserver_that_is_slow_to_stop_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let mut up = start(NEWEST_KUBERNETES, directory.path());
    up.until("ready");
    let apiserver = processes_in(directory.path())[&format!("kube-apiserver-{NEWEST_KUBERNETES}")];
    kill_process(apiserver, Signal::STOP).unwrap();
    up.signal(Signal::INT);
    // Longer than calls in flight get: it is the span itself that is tested, so there is no event to wait for.
    thread::sleep(Duration::from_secs(6));
    kill_process(apiserver, Signal::CONT).unwrap();
    assert_eq!(up.ended().code(), Some(0), "{:#?}", up.notes());
    assert_eq!(running_in(directory.path()), BTreeSet::new(), "left over");
}

#[test]
fn kubernetes_1_31_has_its_secrets_sealed() {
    a_secret_is_sealed(OLDEST_KUBERNETES);
}

#[test]
fn kubernetes_1_37_has_its_secrets_sealed() {
    a_secret_is_sealed(NEWEST_KUBERNETES);
}

#[tokio::test]
async fn told_to_stop_while_the_apiserver_starts_it_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let mut up = start(NEWEST_KUBERNETES, directory.path());
    up.until("sample");
    eventually("the apiserver starts", SOON, async || match running_in(directory.path()) {
        programs if programs == the_two(NEWEST_KUBERNETES) => Ok(()),
        programs => Err(programs),
    })
    .await;
    up.signal(Signal::INT);
    up.until("stopped");
    assert_eq!(up.ended().code(), Some(0), "{:#?}", up.notes());
    assert_eq!(running_in(directory.path()), BTreeSet::new(), "left over");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "left over");
}
