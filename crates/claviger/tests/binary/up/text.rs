//! What `up` prints for people, and that the README shows just that.

use regex::Regex;
use rustix::process::Signal;
use test_support::tools;

use crate::support::Daemon;

const README: &str = include_str!("../../../../../README.md");

/// What differs from run to run, and what stands for it.
const MASKS: [(&str, &str); 10] = [
    ("(/[A-Za-z0-9_.-]+)*/claviger-[A-Za-z0-9]{6}/", "/DIRECTORY/"),
    (r"127\.0\.0\.1:[0-9]+", "127.0.0.1:PORT"),
    ("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"),
    ("[0-9a-f]{64}", "64-HEX-DIGITS"),
    ("AKIA[A-Z0-9]{16}", "ACCESS-KEY-ID"),
    ("ASIA[A-Z0-9]{16}", "SESSION-KEY-ID"),
    ("until [0-9-]{10}T[0-9:.]+Z", "until TIME"),
    (r"SECRET_ACCESS_KEY=[A-Za-z0-9/+]{40}\n", "SECRET_ACCESS_KEY=SECRET\n"),
    (r"(k8s:enc:kms:v2:claviger:)[ -~]+\.\.\.", "${1}OCTETS..."),
    // Encodings of times have no fixed length.
    (r"(/claviger-up )\([0-9]+ octets\)", "${1}(N octets)"),
];

fn masked(text: &str) -> String {
    MASKS.iter().fold(text.to_owned(), |text, (pattern, with)| {
        Regex::new(pattern).unwrap().replace_all(&text, *with).into_owned()
    })
}

/// What the README shows below this command.
fn shown_below(command: &str) -> String {
    let below = README.split_once(&format!("\n$ {command}\n")).expect("the README has it").1;
    masked(below.split_once("```").unwrap().0)
}

#[test]
fn it_is_as_the_readme_shows() {
    let directory = tempfile::tempdir().unwrap();
    let mut up = Daemon::start(&["up", "--listen", "127.0.0.1:0"], directory.path());
    let text = masked(&up.text_until("Ready. "));
    insta::assert_snapshot!("up_text", text);
    assert_eq!(shown_below("cargo up"), text);
    up.signal(Signal::INT);
    assert_eq!(up.ended().code(), Some(0));
    assert_eq!(up.rest(), "Stopped.");
    assert_eq!(up.notes(), [""; 0]);
}

#[test]
fn with_kubernetes_too() {
    let directory = tempfile::tempdir().unwrap();
    let tools = tools();
    let tools = tools.to_str().unwrap();
    // No version: the newest is taken.
    let bin = ["--with-kubernetes", "--kubernetes-bin", tools];
    let mut up = Daemon::start(&[&["up", "--listen", "127.0.0.1:0"][..], &bin].concat(), directory.path());
    let text = masked(&up.text_until("Ready. "));
    insta::assert_snapshot!("up_text_with_kubernetes", text);
    up.signal(Signal::INT);
    assert_eq!(up.ended().code(), Some(0));

    // The README leaves out what it has shown already.
    let shown = shown_below("cargo up --with-kubernetes").replace("...\n", "\n");
    let shown: Vec<_> = shown.lines().filter(|line| !line.is_empty()).collect();
    let (started, rest) = shown.split_first().unwrap();
    assert_eq!(up.notes(), [started.replace("target/tools", tools)]);
    let text = text.replace("...\n", "\n");
    assert!(text.contains(&rest.join("\n")), "{rest:#?} is not in {text}");
}
