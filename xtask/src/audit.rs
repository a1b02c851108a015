//! `cargo xtask audit`: `deny.toml` held against the dependencies.

use anyhow::Result;

use crate::{step, tools::stamp::Stamp, workspace};

/// Pinned, so that a new release cannot change what the audit says.
const CARGO_DENY: &str = "0.20.2";

pub(crate) fn run() -> Result<()> {
    let cargo_deny = workspace::tools().join("bin/cargo-deny");
    let wanted = Stamp::default().fact(&format!("cargo-deny {CARGO_DENY}"));
    wanted.unless_built("cargo-deny", std::slice::from_ref(&cargo_deny), || {
        step::timed("installing cargo-deny", || {
            let mut install = workspace::cargo();
            install.args(["install", "--locked", "--force", "cargo-deny", "--version", CARGO_DENY, "--root"]);
            step::run(install.arg(workspace::tools()))
        })
    })?;
    let check = |what: &[&str]| {
        let mut check = std::process::Command::new(&cargo_deny);
        step::run(check.current_dir(workspace::root()).args(["--all-features", "check"]).args(what))
    };
    // Apart, and last: only the advisories need the network, and who is offline should still hear the rest.
    step::timed("bans, licences, sources", || check(&["bans", "licenses", "sources"]))?;
    step::timed("advisories", || check(&["advisories"]))
}
