//! `claviger up`, from its start to its end.

mod kubernetes;
mod text;

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
};

use crate::support::{Daemon, run, told};
use rustix::process::Signal;
use test_support::tools;

#[test]
fn it_gets_ready_and_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let mut up = Daemon::start(&["up", "--listen", "127.0.0.1:0", "-o", "json"], directory.path());
    let events = up.until("ready");
    let order: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(order, ["aws", "key", "plugin", "sample", "pod", "ready"]);

    let sample = &events[3];
    let key_id = sample["key_id"].as_str().unwrap();
    let arn = events[1]["arn"].as_str().unwrap();
    assert!(key_id.starts_with(&format!("{arn}@")), "{key_id}");
    let ciphertext = sample["ciphertext"].as_str().unwrap();
    assert_eq!(ciphertext.len() as u64, sample["ciphertext_octets"].as_u64().unwrap() * 2);

    let pod = &events[4];
    assert_eq!((&pod["pod"], &pod["refused_with"]), (&"default/claviger-up".into(), &"AccessDeniedException".into()));
    let session = "arn:aws:sts::111122223333:assumed-role/claviger-up-pod/eks-claviger-u-";
    assert!(pod["caller"].as_str().unwrap().starts_with(session), "{pod}");
    let token = pod["token_file"].as_str().unwrap().to_owned();
    assert_eq!(fs::metadata(&token).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!format!("{events:?}").contains(fs::read_to_string(&token).unwrap().trim()), "the token is told");

    let ready = &events[5];
    assert_eq!(ready["key_id"], key_id);
    let socket = ready["socket"].as_str().unwrap().strip_prefix("unix://").unwrap().to_owned();
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let configuration = fs::read_to_string(ready["encryption_configuration"].as_str().unwrap()).unwrap();
    assert!(configuration.contains(&format!("endpoint: \"unix://{socket}\"")), "{configuration}");
    let endpoint = ready["endpoint"].as_str().unwrap().strip_prefix("http://").unwrap();
    TcpStream::connect(endpoint).unwrap();

    // As it tells people to.
    let home = tempfile::tempdir().unwrap();
    let told = Command::new(tools().join("venv/bin/aws"))
        .args(["sts", "get-caller-identity", "--query", "Arn", "--output", "text"])
        .env_clear()
        .envs([("HOME", home.path()), ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", Path::new(&token))])
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", pod["credentials_uri"].as_str().unwrap())
        .env("AWS_ENDPOINT_URL", ready["endpoint"].as_str().unwrap())
        .env("AWS_DEFAULT_REGION", "us-west-2")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&told.stdout).starts_with(session), "{told:?}");

    up.signal(Signal::INT);
    assert_eq!(up.ended().code(), Some(0));
    assert_eq!(up.rest().trim(), r#"{"event":"stopped"}"#);
    assert!(!Path::new(&socket).exists());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "left over");
}

#[test]
fn told_to_stop_before_it_is_ready_it_stops_clean() {
    let directory = tempfile::tempdir().unwrap();
    let mut up = Daemon::start(&["up", "--listen", "127.0.0.1:0", "-o", "json"], directory.path());
    up.until("aws");
    up.signal(Signal::INT);
    up.until("stopped");
    assert_eq!(up.ended().code(), Some(0));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "left over");
}

#[test]
fn a_state_file_keeps_the_key() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("aws.redb");
    let arguments = ["up", "--listen", "127.0.0.1:0", "-o", "json", "--state", state.to_str().unwrap()];
    let mut arns = Vec::new();
    for made in [true, false] {
        let mut up = Daemon::start(&arguments, directory.path());
        let events = up.until("ready");
        assert_eq!(events[1]["made"], made);
        arns.push(events[1]["arn"].clone());
        up.signal(Signal::TERM);
        assert_eq!(up.ended().code(), Some(0));
    }
    assert_eq!(arns[0], arns[1]);
}

/// Its sessions would be over before they begin, and roles that were just made could not be assumed.
#[test]
fn an_aws_of_another_time_or_that_decides_late_or_refuses_has_no_pod() {
    let directory = tempfile::tempdir().unwrap();
    for (flag, why) in [
        ("--clock=2024-01-01T00:00:00Z", "the embedded AWS's time is 2024-"),
        ("--propagation=1h", "under --propagation"),
        ("--fault=sts:AssumeRole error=ExpiredTokenException", "met a fault"),
    ] {
        let mut up = Daemon::start(&["up", "--listen", "127.0.0.1:0", "-o", "json", flag], directory.path());
        let events = up.until("ready");
        assert!(events.iter().all(|event| event["event"] != "pod"), "{flag}");
        up.signal(Signal::INT);
        assert_eq!(up.ended().code(), Some(0));
        let notes = up.notes();
        assert!(
            notes.iter().any(|note| note.contains("Pod Identity is left out: ") && note.contains(why)),
            "{notes:?}"
        );
    }
}

#[test]
fn a_taken_port_is_named_and_nothing_stays() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let socket = directory.path().join("kms.sock");
    let output = run(&["up", "--listen", &address, "--socket", socket.to_str().unwrap()]);
    let text = told(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(&format!("error: cannot listen on {address}: the port is taken\nhelp: ")), "{text}");
    assert!(!socket.exists(), "the socket is left over");
}

#[test]
fn a_taken_socket_names_its_owner() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("kms.sock");
    let arguments = ["up", "--listen", "127.0.0.1:0", "-o", "json", "--socket", socket.to_str().unwrap()];
    let mut first = Daemon::start(&arguments, directory.path());
    first.until("ready");
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(1));
    let text = told(&output);
    assert!(text.contains(&format!("is served by process {}", first.pid())), "{text}");
    // It was not disturbed.
    first.signal(Signal::INT);
    assert_eq!(first.ended().code(), Some(0));
}
