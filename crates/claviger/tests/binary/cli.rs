//! The command line as its users read it.

use std::{collections::BTreeSet, fs, process::Stdio};

use crate::support::{claviger, run, told};

const COMMANDS: [&[&str]; 26] = [
    &[],
    &["up"],
    &["kms-plugin"],
    &["pod-identity"],
    &["pod-identity", "agent"],
    &["pod-identity", "broker"],
    &["pod-identity", "broker", "trust-policy"],
    &["pod-identity", "initialize"],
    &["pod-identity", "webhook"],
    &["local-aws"],
    &["local-aws", "snapshot"],
    &["local-aws", "restore"],
    &["local-aws", "export"],
    &["local-aws", "import"],
    &["addons"],
    &["addons", "list"],
    &["addons", "show"],
    &["addons", "plan"],
    &["addons", "apply"],
    &["addons", "refresh"],
    &["keyring"],
    &["diagnose"],
    &["diagnose", "pod"],
    &["explain"],
    &["completions"],
    &["man"],
];

#[test]
fn help_of_every_command() {
    for command in COMMANDS {
        let output = run(&[command, &["--help"]].concat());
        assert_eq!(output.status.code(), Some(0));
        assert!(output.stderr.is_empty(), "help is data");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(command.is_empty() || text.contains("Example"), "no example:\n{text}");
        insta::assert_snapshot!(format!("help {}", command.join(" ")).trim().replace(' ', "_"), text);
    }
}

#[test]
fn usage_errors_exit_with_3_and_are_told_once() {
    for (name, arguments) in [
        ("nothing", &[][..]),
        ("unknown_command", &["seal"]),
        ("unknown_flag", &["up", "--kubernetes"]),
        ("unknown_log", &["up", "--log", "a=b=c"]),
        ("unknown_level", &["up", "--log", "warn,degub"]),
        ("no_key", &["kms-plugin"]),
        ("no_directory", &["kms-plugin", "--prepare-directories=1000:1000", "--listen=kms.sock"]),
        (
            "all_at_once",
            &[
                "kms-plugin",
                "--key=alias/a",
                "--key=nonsense!",
                "--listen=tcp://127.0.0.1:1",
                "--region=moon",
                "--endpoint-url=localhost",
                "--encryption-context=a",
                "--health-listen=8080",
                "--qps-limit=1",
            ],
        ),
        ("secret_stays_secret", &["local-aws", "--credential", "AKIDEXAMPLE:hunter2", "--account", "12"]),
        ("fault", &["local-aws", "--fault", "kms:Encrypt loss=closed times=3"]),
        ("clock", &["up", "--clock", "noon"]),
        ("propagation", &["local-aws", "--propagation=-5s"]),
        ("quota", &["local-aws", "--quota", "Roles=5000"]),
        ("socket", &["up", "--socket", "/tmp/", "--master-key", "/k"]),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(3), "{name}");
        assert!(output.stdout.is_empty(), "{name}: errors are not data");
        let text = told(&output);
        assert!(!text.contains("hunter2"), "{text}");
        insta::assert_snapshot!(format!("error_{name}"), text);
    }
}

#[test]
fn what_cannot_be_done_exits_with_1_and_says_how_to_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = directory.path().join("keyring.json");
    let keyring = keyring.to_str().unwrap();
    let faults = directory.path().join("drill.yaml");
    std::fs::write(&faults, "faults:\n  - on: kms:Decrypt\n    error: ThrotlingException\n").unwrap();
    let faults = faults.to_str().unwrap();
    for (name, arguments) in [
        (
            "keyring_absent",
            &["kms-plugin", "--keyring", keyring, "--listen", "@claviger-test", "--health-listen=none"][..],
        ),
        ("keyring_no_version", &["keyring", "use-version", "7", keyring]),
        ("master_key_absent", &["local-aws", "--listen=127.0.0.1:0", "--state", keyring, "--master-key", keyring]),
        ("faults", &["local-aws", "--listen=127.0.0.1:0", "--faults", faults]),
        ("kubernetes_absent", &["up", "--listen=127.0.0.1:0", "--with-kubernetes", "--kubernetes-bin", keyring]),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{name}: {}", told(&output));
        let text = told(&output).replace(directory.path().to_str().unwrap(), "/DIRECTORY");
        insta::assert_snapshot!(format!("failure_{name}"), text);
    }
}

#[test]
fn a_keyring_is_made_once_and_never_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let keyring = directory.path().join("keyring.json");
    let path = keyring.to_str().unwrap();
    assert_eq!(run(&["keyring", "create", path]).status.code(), Some(0));
    let first = fs::read(&keyring).unwrap();
    let again = run(&["keyring", "create", path]);
    assert_eq!(again.status.code(), Some(1));
    assert!(told(&again).contains("help: a keyring is never overwritten"), "{}", told(&again));
    assert_eq!(fs::read(&keyring).unwrap(), first);
    assert_eq!(run(&["keyring", "add-version", path]).status.code(), Some(0));
    assert_eq!(run(&["keyring", "use-version", "2", path]).status.code(), Some(0));
}

#[test]
fn every_command_has_a_manual_page() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(&["man", directory.path().to_str().unwrap()]).status.code(), Some(0));
    let pages: BTreeSet<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for command in ["", "-up", "-kms-plugin", "-local-aws", "-keyring", "-diagnose", "-explain", "-completions", "-man"]
    {
        let page = format!("claviger{command}.1");
        assert!(pages.contains(&page), "{page} is not among {pages:?}");
    }
    let first = run(&["man"]);
    assert_eq!(first.stdout, fs::read(directory.path().join("claviger.1")).unwrap());
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8(output.stdout).unwrap().contains("kms-plugin"), "{shell}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = claviger(&["completions", "bash"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(told(&output), "exit 0\n--- stdout\n--- stderr\n");
}

#[test]
fn no_colour_where_there_is_no_terminal() {
    let output = run(&["up", "--nonsense"]);
    assert!(!output.stderr.contains(&0x1b));
}
