//! `cargo xtask models`: the service models of `aws-wire`, made again from botocore.
//!
//! botocore ships each model as a gzipped `service-2.json`. What is kept is everything but the documentation,
//! which is most of the size, and of EC2 and Auto Scaling only what is answered; JSON without white space, gzipped with no name and no
//! time in it, so that the same botocore always gives the same files.

mod cut;

use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use self::cut::Kept;
use crate::workspace;

/// The services whose models are embedded, and the version of each.
const SERVICES: [(&str, &str, Kept); 11] = [
    ("autoscaling", "2011-01-01", Kept::Operations(&cut::AUTO_SCALING)),
    ("cloudtrail", "2013-11-01", Kept::Whole),
    ("ec2", "2016-11-15", Kept::Operations(&cut::EC2)),
    ("eks", "2017-11-01", Kept::Whole),
    ("eks-auth", "2023-11-26", Kept::Whole),
    ("iam", "2010-05-08", Kept::Whole),
    ("kms", "2014-11-01", Kept::Whole),
    ("organizations", "2016-11-28", Kept::Whole),
    ("sqs", "2012-11-05", Kept::Whole),
    ("ssm", "2014-11-06", Kept::Operations(&cut::SSM)),
    ("sts", "2011-06-15", Kept::Whole),
];

/// Make the service models of `aws-wire` again from botocore.
#[derive(Debug, clap::Args)]
pub(crate) struct Models {
    /// Only tell whether the committed models are what botocore gives; change nothing.
    #[arg(long)]
    check: bool,
    /// A directory with the Python package `botocore` [default: the one that `cargo xtask tools` installed]
    #[arg(long, value_name = "SITE_PACKAGES")]
    from: Option<PathBuf>,
}

/// Writes the models, or compares them with what is committed.
///
/// # Errors
/// When botocore is not there, a model cannot be read or written, or `--check` finds a difference.
pub(crate) fn run(models: &Models) -> Result<()> {
    let packages = match &models.from {
        Some(packages) => packages.clone(),
        None => installed_packages()?,
    };
    let mut stale = Vec::new();
    for (path, content) in generate(&packages)? {
        let path = workspace::root().join("crates/aws-wire/models").join(path);
        if models.check {
            if comparable(&fs::read(&path).unwrap_or_default()) != comparable(&content) {
                stale.push(path.display().to_string());
            }
        } else {
            fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
        }
    }
    if !stale.is_empty() {
        bail!("not what botocore gives: {}\nhelp: run `cargo xtask models` and commit the result", stale.join(", "));
    }
    Ok(())
}

/// The files of `models/`: name and content.
fn generate(packages: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for (service, version, kept) in SERVICES {
        let source = packages.join("botocore/data").join(service).join(version).join("service-2.json.gz");
        let packed = fs::read(&source).with_context(|| format!("reading {}", source.display()))?;
        let model: Json = serde_json::from_reader(GzDecoder::new(packed.as_slice()))
            .with_context(|| format!("{} is not gzipped JSON", source.display()))?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&serde_json::to_vec(&kept.of(model.without_documentation()))?)?;
        files.push((format!("{service}-{version}.json.gz"), encoder.finish()?));
    }
    files.push(("NOTICE".to_owned(), notice(packages)?.into_bytes()));
    Ok(files)
}

/// JSON that keeps the order of members, which is the order of AWS's validation messages and XML elements.
#[derive(Clone)]
enum Json {
    Object(Vec<(String, Json)>),
    Array(Vec<Json>),
    Leaf(Value),
}

impl Json {
    /// Documentation is always a string; a member that happens to be called `documentation` is an object and stays.
    fn without_documentation(self) -> Self {
        match self {
            Self::Object(members) => Self::Object(
                members
                    .into_iter()
                    .filter(|(name, value)| !(name == "documentation" && matches!(value, Self::Leaf(_))))
                    .map(|(name, value)| (name, value.without_documentation()))
                    .collect(),
            ),
            Self::Array(elements) => Self::Array(elements.into_iter().map(Self::without_documentation).collect()),
            leaf @ Self::Leaf(_) => leaf,
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(members) => serializer.collect_map(members.iter().map(|(name, value)| (name, value))),
            Self::Array(elements) => elements.serialize(serializer),
            Self::Leaf(value) => value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Json;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("JSON")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Json::Object(members))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = list.next_element()? {
                    elements.push(element);
                }
                Ok(Json::Array(elements))
            }

            fn visit_str<E>(self, text: &str) -> Result<Json, E> {
                Ok(Json::Leaf(text.into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
                Ok(Json::Leaf(number.into()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
                Ok(Json::Leaf(number.into()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
                Ok(Json::Leaf(number.into()))
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Json, E> {
                Ok(Json::Leaf(truth.into()))
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Leaf(Value::Null))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

fn notice(packages: &Path) -> Result<String> {
    let info = fs::read_dir(packages)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find_map(|name| Some(name.strip_prefix("botocore-")?.strip_suffix(".dist-info")?.to_owned()))
        .with_context(|| format!("no botocore is installed in {}", packages.display()))?;
    let original = packages.join(format!("botocore-{info}.dist-info/NOTICE"));
    let original = fs::read_to_string(&original).with_context(|| format!("reading {}", original.display()))?;
    // The notice goes on with the parts of other libraries that botocore carries; none of them is here.
    let own = original.split("\n----").next().unwrap_or_default().trim_end();
    Ok(format!(
        "The service models in this directory are from botocore {info} (Apache License, Version 2.0),\n\
         with the documentation removed, by `cargo xtask models`. Its notice:\n\n{own}\n"
    ))
}

/// What two files must share: gzip's own bytes may differ between versions of the compressor.
fn comparable(content: &[u8]) -> Vec<u8> {
    let mut unpacked = Vec::new();
    match GzDecoder::new(content).read_to_end(&mut unpacked) {
        Ok(_) => unpacked,
        Err(_) => content.to_vec(),
    }
}

fn installed_packages() -> Result<PathBuf> {
    let library = workspace::tools().join("venv/lib");
    let missing = || format!("no Python packages in {}\nhelp: run `cargo xtask tools`", library.display());
    let python = fs::read_dir(&library)
        .with_context(missing)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python3")))
        .with_context(missing)?;
    Ok(python.join("site-packages"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_models_are_what_botocore_gives() {
        run(&Models { check: true, from: None }).unwrap();
    }

    #[test]
    fn members_keep_their_order_and_one_called_documentation_stays() {
        let model =
            r#"{"documentation":"<p/>","members":{"b":{"shape":"S"},"documentation":{"shape":"S"},"a":[1.5,null]}}"#;
        let stripped = serde_json::from_str::<Json>(model).unwrap().without_documentation();
        assert_eq!(
            serde_json::to_string(&stripped).unwrap(),
            r#"{"members":{"b":{"shape":"S"},"documentation":{"shape":"S"},"a":[1.5,null]}}"#
        );
    }
}
