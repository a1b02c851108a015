//! `cargo xtask test`: the one command of the README and of CI.

use anyhow::Result;

use crate::{lint, step, tools, workspace};

pub(crate) fn run(cargo_test: &[String]) -> Result<()> {
    step::timed("all of it", || {
        tools::run()?;
        lint::run()?;
        step::timed("tests", || {
            step::run(workspace::cargo().args(["test", "--workspace", "--locked"]).args(cargo_test))
        })
    })
}
