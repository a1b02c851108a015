//! `claviger addons refresh`.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use aws_catalog::addons::Catalogue;
use clap::Args;
use local_aws::store::{Readers, replace_whole};
use serde::Serialize;

use super::{changes::Changes, connection::Connection, live};
use crate::{
    commands::block_on_this_thread,
    embedded_aws::catalogue,
    exit::Exit,
    failure::Failure,
    printer::{Printer, note},
};

#[derive(Args, Debug)]
pub(super) struct Refresh {
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

impl Refresh {
    pub(super) fn run(&self, printer: Printer) -> Result<Exit, Failure> {
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
