//! The roles that service accounts are annotated with, as `kubectl` tells them.
//!
//! Source: Amazon EKS User Guide, "Assign IAM roles to Kubernetes service accounts": the annotation `eks.amazonaws.com/role-arn`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Deserialize;

use crate::failure::Failure;

/// More than the service accounts of any cluster are.
const LARGEST: u64 = 256 * 1024 * 1024;

const ROLE: &str = "eks.amazonaws.com/role-arn";

#[derive(Args, Debug)]
pub(super) struct ServiceAccounts {
    /// What `kubectl get serviceaccounts -A -o json` printed (`-`: on stdin), for the roles that they are annotated with
    #[arg(long = "service-accounts", value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Listed {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    namespace: String,
    name: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl ServiceAccounts {
    /// The roles by namespace and name.
    pub(super) fn read(&self) -> Result<BTreeMap<(String, String), String>, Failure> {
        let Some(file) = &self.file else { return Ok(BTreeMap::new()) };
        let failed = |why: &dyn std::fmt::Display| {
            Failure::new(format_args!("cannot read the service accounts of `{}`: {why}", file.display()))
                .help("give what `kubectl get serviceaccounts -A -o json` prints")
        };
        let text = text(file).map_err(|error| failed(&error))?;
        let listed: Listed = serde_json::from_str(&text).map_err(|error| failed(&error))?;
        let annotated = listed.items.into_iter().filter_map(|Item { metadata }| {
            let Metadata { namespace, name, mut annotations } = metadata;
            Some(((namespace, name), annotations.remove(ROLE)?))
        });
        Ok(annotated.collect())
    }
}

fn text(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    if file.as_os_str() == "-" {
        io::stdin().take(LARGEST).read_to_string(&mut text)?;
    } else {
        File::open(file)?.take(LARGEST).read_to_string(&mut text)?;
    }
    Ok(text)
}
