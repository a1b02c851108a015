//! `claviger diagnose`.

mod pod;

use clap::{Args, Subcommand};

use crate::{exit::Exit, failure::Failure};

/// Find out why something does not work, link by link, and how to mend it
#[derive(Args, Debug)]
#[command(
    after_long_help = pod::EXAMPLES,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Diagnose {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Pod(Box<pod::DiagnosePod>),
}

impl Diagnose {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        match &self.what {
            What::Pod(pod) => pod.run(),
        }
    }
}
