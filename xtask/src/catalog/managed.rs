//! AWS's managed policies, as moto carries them.
//!
//! ```text
//!   index.json.gz        [name, path, version, created, updated, member, line]   by path and name
//!   documents.jsonl.gz   one document a line, in members of 32 lines: each unpacks alone
//! ```

use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use super::gzipped;
use crate::{tools::python, workspace};

/// How many documents are unpacked to read one of them.
const TOGETHER: usize = 32;

/// Tells in JSON what the package has: its form is Python's.
const READ: &str = "\
import datetime, importlib.metadata, json, sys
from moto.iam.aws_managed_policies import aws_managed_policies_data as data
seconds = lambda text: int(datetime.datetime.fromisoformat(text).timestamp())
policies = [
    {'name': name, 'path': each['Path'], 'version': int(each['DefaultVersionId'][1:]),
     'created': seconds(each['CreateDate']), 'updated': seconds(each['UpdateDate']), 'document': each['Document']}
    for name, each in json.loads(data).items()
]
json.dump({'version': importlib.metadata.version('moto'), 'policies': policies}, sys.stdout)
";

#[derive(Deserialize)]
struct Published {
    version: String,
    policies: Vec<Policy>,
}

#[derive(Deserialize)]
struct Policy {
    name: String,
    path: String,
    version: u32,
    created: i64,
    updated: i64,
    document: Value,
}

/// The files of `data/managed-policies/`: name and content.
pub(super) fn generate() -> Result<Vec<(String, Vec<u8>)>> {
    python::venv()?;
    let python = workspace::tools().join("venv/bin/python");
    let told = Command::new(&python).args(["-c", READ]).output();
    let told = told.with_context(|| format!("cannot start `{}`", python.display()))?;
    if !told.status.success() {
        bail!("moto's managed policies do not read: {}", String::from_utf8_lossy(&told.stderr).trim());
    }
    let published: Published =
        serde_json::from_slice(&told.stdout).context("moto's managed policies have another form")?;
    let files = [("NOTICE", notice(&published).into_bytes())].into_iter().chain(pack(published.policies)?);
    Ok(files.map(|(name, content)| (format!("managed-policies/{name}"), content)).collect())
}

fn pack(mut policies: Vec<Policy>) -> Result<Vec<(&'static str, Vec<u8>)>> {
    policies.sort_by_cached_key(|policy| format!("{}{}", policy.path, policy.name));
    let (mut index, mut documents) = (Vec::new(), Vec::new());
    for together in policies.chunks(TOGETHER) {
        let member = documents.len();
        let mut lines = Vec::new();
        for (line, policy) in together.iter().enumerate() {
            let Policy { name, path, version, created, updated, document } = policy;
            index.push(json!([name, path, version, created, updated, member, line]));
            serde_json::to_writer(&mut lines, document)?;
            lines.push(b'\n');
        }
        documents.extend(gzipped(&lines)?);
    }
    Ok(vec![("index.json.gz", gzipped(&serde_json::to_vec(&index)?)?), ("documents.jsonl.gz", documents)])
}

fn notice(published: &Published) -> String {
    let version = &published.version;
    format!(
        "The data in this folder is from `moto/iam/aws_managed_policies.py` of the PyPI package moto {version}, in another\n\
         form, by `cargo xtask catalog`: {count} managed policies of AWS, which moto takes from AWS's own answers.\n\n\
         Moto, Copyright 2012 Steve Pulec. Licensed under the Apache License, Version 2.0, whose text is in LICENSE at the\n\
         root of this repository.\n",
        count = published.policies.len(),
    )
}
