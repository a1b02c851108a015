//! EC2's instance types and where they are offered, as moto carries them.
//!
//! ```text
//!   offerings.json.gz   zones   [region, [zone id, ..]]                     by region
//!                       places  [[zone, ..], ..]                            sets of places in all zones, counted through
//!                       types   [name, [architecture, ..], set of places]   by name
//!   types.jsonl.gz      what DescribeInstanceTypes answers of each, a line for a line of `types`, in members of 128
//!                       lines: each unpacks alone
//! ```

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use super::gzipped;
use crate::{tools::python, workspace};

/// How many descriptions are unpacked to read one of them.
const TOGETHER: usize = 128;

/// The families that are kept, by their letters: what clusters run on. Accelerators, high memory, storage and Mac are not.
const FAMILIES: &str = "cgimrt";

/// Tells in JSON what the package has, but features of processors that botocore's model has not yet.
const READ: &str = "\
import botocore.session, importlib.metadata, json, sys
from moto.ec2.models.instance_types import INSTANCE_TYPES, INSTANCE_TYPE_OFFERINGS
offered = {
    region: [(each['Location'], each['InstanceType']) for each in offerings]
    for region, offerings in INSTANCE_TYPE_OFFERINGS['availability-zone-id'].items()
}
shapes = botocore.session.get_session().get_service_model('ec2')
features = shapes.shape_for('SupportedAdditionalProcessorFeature').enum
for each in INSTANCE_TYPES.values():
    processor = each['ProcessorInfo']
    if known := [feature for feature in processor.pop('SupportedFeatures', []) if feature in features]:
        processor['SupportedFeatures'] = known
json.dump({'version': importlib.metadata.version('moto'), 'types': INSTANCE_TYPES, 'offered': offered}, sys.stdout)
";

#[derive(Deserialize)]
struct Published {
    version: String,
    types: BTreeMap<String, Value>,
    /// By region: a zone's id and a type.
    offered: BTreeMap<String, Vec<(String, String)>>,
}

/// The files of `data/instance-types/`: name and content.
pub(super) fn generate() -> Result<Vec<(String, Vec<u8>)>> {
    python::venv()?;
    let python = workspace::tools().join("venv/bin/python");
    let told = Command::new(&python).args(["-c", READ]).output();
    let told = told.with_context(|| format!("cannot start `{}`", python.display()))?;
    if !told.status.success() {
        bail!("moto's instance types do not read: {}", String::from_utf8_lossy(&told.stderr).trim());
    }
    let mut published: Published =
        serde_json::from_slice(&told.stdout).context("moto's instance types have another form")?;
    published.types.retain(|name, _| is_kept(name));
    let files = [
        ("NOTICE", notice(&published).into_bytes()),
        ("offerings.json.gz", gzipped(&serde_json::to_vec(&offerings(&published))?)?),
        ("types.jsonl.gz", descriptions(&published)?),
    ];
    Ok(files.into_iter().map(|(name, content)| (format!("instance-types/{name}"), content)).collect())
}

/// `m5.large`, and not `mac1.metal`.
fn is_kept(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|family| FAMILIES.contains(family))
        && letters.next().is_some_and(|generation| generation.is_ascii_digit())
}

fn descriptions(published: &Published) -> Result<Vec<u8>> {
    let mut members = Vec::new();
    for together in published.types.values().collect::<Vec<_>>().chunks(TOGETHER) {
        let mut lines = Vec::new();
        for description in together {
            serde_json::to_writer(&mut lines, description)?;
            lines.push(b'\n');
        }
        members.extend(gzipped(&lines)?);
    }
    Ok(members)
}

fn offerings(published: &Published) -> Value {
    let zones: BTreeMap<&str, BTreeSet<&str>> = published
        .offered
        .iter()
        .map(|(region, offered)| (region.as_str(), offered.iter().map(|(zone, _)| zone.as_str()).collect()))
        .collect();
    let places: BTreeMap<&str, usize> =
        zones.values().flatten().enumerate().map(|(place, zone)| (*zone, place)).collect();
    let mut of_type: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (zone, name) in published.offered.values().flatten() {
        of_type.entry(name).or_default().extend(places.get(zone.as_str()));
    }
    let mut sets: Vec<BTreeSet<usize>> = Vec::new();
    let mut types = Vec::new();
    for (name, description) in &published.types {
        let offered = of_type.remove(name.as_str()).unwrap_or_default();
        let set = sets.iter().position(|set| *set == offered).unwrap_or_else(|| {
            sets.push(offered);
            sets.len() - 1
        });
        types.push(json!([name, description.pointer("/ProcessorInfo/SupportedArchitectures"), set]));
    }
    json!({ "zones": zones.into_iter().collect::<Vec<_>>(), "places": sets, "types": types })
}

fn notice(published: &Published) -> String {
    let version = &published.version;
    format!(
        "The data in this folder is from `moto/ec2/resources` of the PyPI package moto {version}, in another form, by\n\
         `cargo xtask catalog`: {count} instance types of EC2 and the zones of {regions} regions that they are offered in,\n\
         which moto takes from AWS's own answers.\n\n\
         Moto, Copyright 2012 Steve Pulec. Licensed under the Apache License, Version 2.0, whose text is in LICENSE at the\n\
         root of this repository.\n",
        count = published.types.len(),
        regions = published.offered.len(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_kept_by_letter_and_generation() {
        assert!(["m5.large", "c7gn.metal", "t2.micro", "i4i.large", "g4dn.xlarge"].into_iter().all(is_kept));
        assert!(
            !["mac1.metal", "trn1.2xlarge", "inf1.xlarge", "x1.16xlarge", "gr6.4xlarge", ""].into_iter().any(is_kept)
        );
    }
}
