use std::time::Duration;

use clap::{Args as _, Command, Parser};

use super::*;
use crate::commands::kms_plugin::flags::{Flags, SealFormat};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    flags: Flags,
}

fn file(flags: &[&str]) -> SettingsFile {
    let flags = Line::try_parse_from(["kms-plugin"].iter().chain(flags)).unwrap().flags;
    SettingsFile::new("s.json".into(), Changeable::of(&flags))
}

fn problems(text: &str) -> Vec<String> {
    file(&[]).parse(text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn the_file_wins_over_its_flag_and_the_flag_holds_where_it_says_nothing() {
    let text = r#"{
        "probe-interval": "1m 30s", "agreeing-probes": 5, "call-timeout": "2s", "seal-format": "aws-encryption-provider",
        "allow-uid": [65532], "max-calls": 8, "qps-limit": 10, "burst-limit": 20, "log": "warn,kms_plugin=debug"
    }"#;
    let settings = file(&["--probe-interval=5s", "--coast=1h", "--allow-uid=7"]).parse(text).unwrap();
    let wanted = Changeable {
        probe_interval: Duration::from_secs(90),
        agreeing_probes: 5,
        coast: Duration::from_secs(3600),
        call_timeout: Duration::from_secs(2),
        seal_format: SealFormat::AwsEncryptionProvider,
        allow_uid: vec![65532],
        max_calls: 8,
        qps_limit: 10,
        burst_limit: 20,
        log: Some("warn,kms_plugin=debug".parse().unwrap()),
    };
    assert_eq!(settings, wanted);
    assert_eq!(file(&[]).parse("{}").unwrap(), file(&[]).flags);
}

#[test]
fn all_that_is_wrong_is_told_with_its_place() {
    let text = "{\n  \"coust\": \"10m\",\n  \"coast\": 600,\n  \"agreeing-probes\": 0, \"agreeing-probes\": 2,\n  \
                \"\u{fc}\u{fc}\": [{\"a\": \"b\"}], \"allow-uid\": [-1],\n  \"log\": \"a=b=c\", \"qps-limit\": 1e3\n}";
    assert_eq!(
        problems(text),
        [
            "s.json:2:3: `coust` is no setting; the nearest is `coast`",
            "s.json:3:12: `coast` is a time with its unit, such as `\"90s\"` or `\"10m\"`, not `600`",
            "s.json:4:22: `agreeing-probes` is a whole number from 1 to 4294967295, not `0`",
            "s.json:4:25: `agreeing-probes` is set twice",
            "s.json:5:3: `\u{fc}\u{fc}` is no setting; there are probe-interval, agreeing-probes, coast, call-timeout, \
             seal-format, allow-uid, max-calls, qps-limit, burst-limit, log",
            "s.json:5:36: `allow-uid` is a list of user ids, such as `[0, 65532]`, not `[-1]`",
            "s.json:6:10: `log` is a level such as `\"debug\"`, or directives such as `\"warn,kms_plugin=debug\"`, not \
             `\"a=b=c\"`",
            "s.json:6:32: `qps-limit` is a whole number from 0 to 4294967295, not `1000.0`",
        ]
    );
}

#[test]
fn a_call_takes_no_longer_than_the_server_waits() {
    let wrong = ["s.json:1:18: `call-timeout` is a time above zero, `\"30s\"` at most, not `\"31s\"`"];
    assert_eq!(problems(r#"{"call-timeout": "31s"}"#), wrong);
    assert!(file(&[]).parse(r#"{"call-timeout": "30s"}"#).is_ok());
}

#[test]
fn what_is_no_json_object_is_told_with_its_place() {
    assert_eq!(problems("{\n  \"coast\": \"10m\"\n  \"log\": \"info\"\n}"), ["s.json:3:3: expected `,` or `}`"]);
    assert_eq!(problems("{ \"\u{fc}\u{fc}\" 1 }"), ["s.json:1:8: expected `:`"], "columns are characters");
    assert!(problems("[]").concat().contains("expected a map"));
    assert!(problems("").concat().starts_with("s.json:1:0: EOF"));
    assert_eq!(file(&[]).read().unwrap_err().len(), 1, "and a file that is not there is one problem");
}

#[test]
fn a_rate_needs_a_burst_wherever_each_is_set() {
    assert_eq!(problems("{ \"qps-limit\": 5 }"), ["s.json:1:3: `qps-limit` needs a `burst-limit` above 0"]);
    let both = ["--qps-limit=1", "--burst-limit=2"];
    assert_eq!(file(&both).parse("{\"qps-limit\": 5}").unwrap().burst_limit, 2);
    assert!(file(&both).parse("{\"burst-limit\": 0}").is_err());
    assert!(file(&both).parse("{\"qps-limit\": 0, \"burst-limit\": 0}").unwrap().rate().is_none());
}

#[test]
fn every_setting_but_the_log_is_named_as_a_flag_is() {
    let command = Flags::augment_args(Command::new("kms-plugin"));
    let flags: Vec<_> = command.get_arguments().filter_map(|argument| argument.get_long()).collect();
    for (name, _) in SETTINGS {
        assert!(name == "log" || flags.contains(&name), "{name}");
    }
}

#[test]
fn the_document_names_every_setting_and_no_other() {
    let document = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/settings.md"));
    let documented: Vec<_> = document.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(documented, SETTINGS.map(|(name, _)| name));
}
