//! `claviger man`.

use std::{fs, path::PathBuf};

use clap::Args;
use clap_mangen::{Man as Page, generate_to};

use crate::{
    cli::definition,
    exit::Exit,
    failure::Failure,
    printer::{Format, Printer},
};

const EXAMPLES: &str = "\
Examples:
  claviger man | man -l -
  claviger man /usr/local/share/man/man1";

/// Print the manual page, or write one for each command into a directory
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Man {
    /// Where to write `claviger.1`, `claviger-up.1` and so on; made if it is not there
    directory: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        match &self.directory {
            Some(directory) => {
                let failed = |error| {
                    Failure::new(format_args!("cannot write manual pages to `{}`: {error}", directory.display()))
                };
                fs::create_dir_all(directory).map_err(failed)?;
                generate_to(definition(), directory).map_err(failed)?;
            }
            None => {
                let mut page = Vec::new();
                Page::new(definition()).render(&mut page)?;
                Printer::new(Format::Text).raw(&page)?;
            }
        }
        Ok(Exit::Done)
    }
}
