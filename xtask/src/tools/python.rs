//! boto3 and the `aws` CLI, which drive the embedded AWS, and moto, which the same tests are held against.

use std::process::Command;

use anyhow::{Result, bail};

use super::stamp::Stamp;
use crate::{step, workspace};

/// Fails, with what to do, unless `python3` can make the venv.
pub(crate) fn check() -> Result<()> {
    const NEEDED: &str = "the tests that drive the embedded AWS with boto3 and the aws CLI need Python 3.10 or newer \
         with its venv module.\n\
         help: on Debian and Ubuntu, `apt-get install python3 python3-venv`; elsewhere see https://www.python.org/";
    let probe = "import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 10) else \
         'this is Python %d.%d' % sys.version_info[:2])";
    match Command::new("python3").args(["-c", probe]).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => bail!("{}\n{NEEDED}", String::from_utf8_lossy(&output.stderr).trim()),
        Err(error) => bail!("cannot start `python3`: {error}\n{NEEDED}"),
    }
}

/// The tests' venv.
pub(crate) fn venv() -> Result<()> {
    install("requirements.txt", "venv", "moto_server")
}

/// ministack's, which the benchmark alone needs.
pub(crate) fn ministack() -> Result<()> {
    install("ministack-requirements.txt", "venv-ministack", "ministack")
}

fn install(requirements: &str, venv: &str, program: &str) -> Result<()> {
    let requirements = workspace::root().join("tools/python").join(requirements);
    let folder = workspace::tools().join(venv);
    let python = folder.join("bin/python");
    // `requirements` names every package: with `--no-deps` none can come in that it does not pin.
    Stamp::default().file(&requirements)?.unless_built(
        venv,
        &[python.clone(), folder.join("bin").join(program)],
        || {
            step::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
            let install =
                ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"];
            step::run(Command::new(&python).args(install).arg(&requirements))?;
            step::run(Command::new(&python).args(["-m", "pip", "check", "--disable-pip-version-check"]))
        },
    )
}
