//! What the tests need of npm: the IAM simulator that decisions are held against (it is AGPL: it runs as a process of its own,
//! at test time only), and the AWS SDK for JavaScript.

use std::{fs, process::Command};

use anyhow::{Context, Result, bail};

use super::stamp::Stamp;
use crate::{step, workspace};

/// What npm needs to install exactly what is pinned.
const PINS: [&str; 2] = ["package.json", "package-lock.json"];

/// Fails, with what to do, unless `node` and `npm` are there.
pub(crate) fn check() -> Result<()> {
    const NEEDED: &str = "the tests that hold decisions against an IAM simulator, or drive the embedded AWS with the \
         AWS SDK for JavaScript, need Node.js 20 or newer with npm.\n\
         help: on Debian and Ubuntu, `apt-get install nodejs npm`; elsewhere see https://nodejs.org/";
    let probe = "process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)";
    match Command::new("node").args(["-e", probe]).output() {
        Ok(output) if output.status.success() => {}
        Ok(_) => bail!("this is an older Node.js\n{NEEDED}"),
        Err(error) => bail!("cannot start `node`: {error}\n{NEEDED}"),
    }
    match Command::new("npm").arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => bail!("{}\n{NEEDED}", String::from_utf8_lossy(&output.stderr).trim()),
        Err(error) => bail!("cannot start `npm`: {error}\n{NEEDED}"),
    }
}

pub(crate) fn iam_simulate() -> Result<()> {
    install("iam-simulate", "tools/iam-simulate", "@cloud-copilot/iam-simulate")
}

pub(crate) fn aws_sdk() -> Result<()> {
    install("scenario-javascript", "tests/clients/scenario/javascript", "@aws-sdk/client-kms")
}

/// Installs what the two files in `pins` name, under `target/tools`. `package` is one that is then there.
fn install(name: &str, pins: &str, package: &str) -> Result<()> {
    let pinned = workspace::root().join(pins);
    let installed = workspace::tools().join(name);
    let package = installed.join("node_modules").join(package).join("package.json");
    let mut built_from = Stamp::default();
    for pin in PINS {
        built_from = built_from.file(&pinned.join(pin))?;
    }
    built_from.unless_built(name, &[package], || {
        fs::create_dir_all(&installed).with_context(|| format!("cannot make {}", installed.display()))?;
        for pin in PINS {
            fs::copy(pinned.join(pin), installed.join(pin)).with_context(|| format!("cannot copy {pin}"))?;
        }
        let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        step::run(Command::new("npm").current_dir(&installed).args(install))
    })
}
