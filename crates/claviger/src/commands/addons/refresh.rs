//! `claviger addons refresh`.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use aws_catalog::addons::{Asked, Catalogue};
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
#[serde(rename_all = "camelCase")]
struct Refreshed<'a> {
    event: &'static str,
    file: &'a Path,
    addons: usize,
    versions: usize,
    /// The versions of which EKS did not tell what they take.
    not_known: Vec<String>,
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
        let not_known = not_known(&fresh);
        let exit = if not_known.is_empty() { Exit::Done } else { Exit::Findings };
        printer.say(&Refreshed {
            event: "refreshed",
            file: &self.file,
            addons: fresh.all().len(),
            versions: fresh.all().iter().map(|addon| addon.versions.len()).sum(),
            not_known,
            changes: Changes::between(&known, &fresh),
        })?;
        Ok(exit)
    }
}

fn not_known(catalogue: &Catalogue) -> Vec<String> {
    let all = catalogue.all().iter().flat_map(|addon| addon.versions.iter().map(move |version| (addon, version)));
    let unknown = all.filter(|(_, version)| matches!(version.pod_identity, Some(Asked::NotKnown(_))));
    unknown.map(|(addon, version)| format!("{} {}", addon.name, version.version)).collect()
}

impl fmt::Display for Refreshed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.changes)?;
        write!(f, "{}: {} add-ons in {} versions", self.file.display(), self.addons, self.versions)?;
        if self.not_known.is_empty() {
            return Ok(());
        }
        write!(f, ", of which {} did not tell what they take by Pod Identity", self.not_known.len())
    }
}
