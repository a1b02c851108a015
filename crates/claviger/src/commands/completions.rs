//! `claviger completions`.

use clap::Args;
use clap_complete::{Shell, generate};

use crate::{
    cli::definition,
    exit::Exit,
    failure::Failure,
    printer::{Format, Printer},
};

const EXAMPLES: &str = "\
Examples:
  claviger completions bash > /etc/bash_completion.d/claviger
  claviger completions zsh > \"${fpath[1]}/_claviger\"
  claviger completions fish > ~/.config/fish/completions/claviger.fish";

/// Print a completion script for a shell
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        generate(self.shell, &mut definition(), "claviger", &mut script);
        Printer::new(Format::Text).raw(&script)?;
        Ok(Exit::Done)
    }
}
