//! Every command and flag in the chart is one that the program has.

use std::process::Command;

use crate::{CLAVIGER, helm::render, sets::sets};

#[test]
fn the_program_reads_the_flags_of_every_container() {
    let mut containers = 0;
    for (set, values) in sets() {
        for document in render(&values).unwrap() {
            let Some(spec) = document.pod_spec() else { continue };
            for container in ["initContainers", "containers"].iter().filter_map(|kind| spec[kind].as_array()).flatten()
            {
                let arguments = container["args"].as_array().unwrap().iter().map(|argument| argument.as_str().unwrap());
                let mut arguments: Vec<&str> = arguments.collect();
                reads(&arguments)
                    .unwrap_or_else(|refused| panic!("{set}, {}: {arguments:?}: {refused}", document.name()));
                containers += 1;
                // So that this can fail at all.
                arguments.push("--no-such-flag");
                let refused = reads(&arguments).unwrap_err();
                assert!(refused.contains("--no-such-flag"), "{refused}");
            }
        }
    }
    assert!(containers >= 16, "{containers}");
}

/// With `--help` at their end, arguments are read to the last one, and nothing is started.
fn reads(arguments: &[&str]) -> Result<(), String> {
    let done = Command::new(CLAVIGER).env_clear().args(arguments).arg("--help").output().unwrap();
    if done.status.success() { Ok(()) } else { Err(String::from_utf8(done.stderr).unwrap()) }
}
