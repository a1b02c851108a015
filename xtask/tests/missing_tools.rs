//! Where Go, Python or Node.js is missing or too old, `cargo xtask tools` says so, and how to get it, before it builds
//! anything.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

/// What `xtask tools` says, on a machine that has these programs only.
fn complaint(programs: &Path) -> String {
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = xtask.arg("tools").env_clear().env("PATH", programs).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_tool_that_is_missing_or_too_old_is_named_with_how_to_get_it() {
    let programs = tempfile::tempdir().unwrap();
    for (program, whence) in [
        ("go", "https://go.dev/doc/install"),
        ("python3", "apt-get install python3 python3-venv"),
        ("node", "apt-get install nodejs npm"),
        ("npm", "apt-get install nodejs npm"),
    ] {
        let told = complaint(programs.path());
        assert!(told.contains(&format!("error: cannot start `{program}`: ")), "{told}");
        assert_helps(&told, whence);

        let place = programs.path().join(program);
        // One that fails whatever it is asked, as one that is too old does.
        symlink("/bin/false", &place).unwrap();
        let told = complaint(programs.path());
        assert!(!told.contains("cannot start"), "{told}");
        assert_helps(&told, whence);

        fs::remove_file(&place).unwrap();
        symlink("/bin/true", &place).unwrap();
    }
}

fn assert_helps(told: &str, whence: &str) {
    let help = told.lines().find_map(|line| line.strip_prefix("help: "));
    assert!(help.is_some_and(|help| help.contains(whence)), "{whence} is not in {told}");
    assert!(!told.contains("==>"), "something was begun: {told}");
}
