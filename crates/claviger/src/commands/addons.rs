//! `claviger addons`.

mod changes;
mod connection;
mod live;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use aws_catalog::addons::Catalogue;
use clap::{Args, Subcommand};
use local_aws::store::{Readers, replace_whole};
use serde::Serialize;

use self::{changes::Changes, connection::Connection};
use super::block_on_this_thread;
use crate::{
    embedded_aws::catalogue,
    exit::Exit,
    failure::Failure,
    printer::{Format, Printer, note},
};

const EXAMPLES: &str = "\
Examples:
  What EKS has in the region of the profile, with its credentials:
    claviger addons refresh addons.json

  Another region, then an embedded AWS that has what EKS has there:
    claviger addons refresh addons.json --region eu-central-1
    claviger local-aws --addons addons.json

  What has changed since, for a program:
    claviger addons refresh addons.json -o json";

/// Take the catalogue of EKS add-ons anew from a live EKS, for `local-aws --addons`
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES, disable_help_subcommand = true, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Addons {
    #[command(subcommand)]
    action: Action,

    /// The form of what is printed
    #[arg(short, long, global = true, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Ask EKS for its add-ons, versions and what they need of IAM, write them to a file, and tell what has changed
    ///
    /// It takes eks:DescribeAddonVersions and eks:DescribeAddonConfiguration. What EKS does not tell stays as the file, or
    /// what is part of this program, has it: from which version on an add-on takes roles by Pod Identity, where none of
    /// its versions says otherwise. Each entry names its source and date. The file is replaced at once, or stays as it was.
    #[command(after_long_help = EXAMPLES)]
    Refresh(Refresh),
}

#[derive(Args, Debug)]
struct Refresh {
    /// The file; what it has is compared, else what is part of this program
    file: PathBuf,

    #[command(flatten)]
    connection: Connection,
}

/// What was done.
#[derive(Serialize)]
struct Refreshed<'a> {
    event: &'static str,
    file: &'a Path,
    addons: usize,
    versions: usize,
    changes: Changes,
}

impl Addons {
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let Action::Refresh(refresh) = &self.action;
        refresh.run(Printer::new(self.output))
    }
}

impl Refresh {
    fn run(&self, printer: Printer) -> Result<Exit, Failure> {
        let is_there = self.file.try_exists().unwrap_or(true);
        let known = if is_there { catalogue(&self.file)? } else { Catalogue::published().clone() };
        let fresh = block_on_this_thread(async {
            let aws = self.connection.aws().await;
            Ok(live::catalogue(&aws, &known, note).await?)
        })?;
        let text = fresh.text()?;
        replace_whole(&self.file, text.as_bytes(), Readers::Usual).map_err(|error| {
            Failure::new(format_args!("cannot write the catalogue `{}`: {error}", self.file.display()))
        })?;
        printer.say(&Refreshed {
            event: "refreshed",
            file: &self.file,
            addons: fresh.all().len(),
            versions: fresh.all().iter().map(|addon| addon.versions.len()).sum(),
            changes: Changes::between(&known, &fresh),
        })?;
        Ok(Exit::Done)
    }
}

impl fmt::Display for Refreshed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.changes)?;
        write!(f, "{}: {} add-ons in {} versions", self.file.display(), self.addons, self.versions)
    }
}
