//! EC2's instance types: what DescribeInstanceTypes answers of them, and where they are offered.
//!
//! The offerings are unpacked when they are first asked for, and stay; descriptions are unpacked whenever they are read.
//!
//! Source: `data/instance-types/README.md`.

use std::{io::Read as _, sync::LazyLock};

use flate2::bufread::GzDecoder;
use serde::Deserialize;
use serde_json::Value;

static OFFERINGS: &[u8] = include_bytes!("../data/instance-types/offerings.json.gz");
static DESCRIPTIONS: &[u8] = include_bytes!("../data/instance-types/types.jsonl.gz");

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the bytes are part of the binary, and a test unpacks them")]
    serde_json::from_reader(GzDecoder::new(OFFERINGS)).expect("the embedded offerings are JSON")
});

#[derive(Debug, Deserialize)]
struct Catalog {
    zones: Vec<(Box<str>, Vec<Box<str>>)>,
    places: Vec<Vec<usize>>,
    types: Vec<InstanceType>,
}

/// An instance type.
#[derive(Debug, Deserialize)]
#[serde(from = "(Box<str>, Vec<Box<str>>, usize)")]
pub struct InstanceType {
    name: Box<str>,
    architectures: Vec<Box<str>>,
    places: usize,
}

impl From<(Box<str>, Vec<Box<str>>, usize)> for InstanceType {
    fn from((name, architectures, places): (Box<str>, Vec<Box<str>>, usize)) -> Self {
        Self { name, architectures, places }
    }
}

/// All of them, by name.
#[must_use]
pub fn all() -> &'static [InstanceType] {
    &CATALOG.types
}

/// The type with this name, if there is one.
#[must_use]
pub fn instance_type(name: &str) -> Option<&'static InstanceType> {
    let at = all().binary_search_by(|known| known.name().cmp(name)).ok()?;
    all().get(at)
}

/// What DescribeInstanceTypes answers of a type, not read yet.
#[derive(Debug)]
pub struct Description(String);

impl Description {
    /// It as the answer has it.
    #[must_use]
    pub fn read(&self) -> Value {
        #[expect(clippy::expect_used, reason = "the bytes are part of the binary, and a test reads every description")]
        serde_json::from_str(&self.0).expect("the embedded descriptions are JSON")
    }
}

/// The types after this name, or all, in their order.
pub fn described_after(name: Option<&str>) -> impl Iterator<Item = (&'static InstanceType, Description)> {
    let first = name.map_or(0, |name| all().partition_point(|known| known.name() <= name));
    let mut packed = DESCRIPTIONS;
    // What is passed over is unpacked as well: where a member begins is known when the one before has ended.
    let members = std::iter::from_fn(move || {
        if packed.is_empty() {
            return None;
        }
        let mut member = GzDecoder::new(packed);
        let mut lines = String::new();
        #[expect(clippy::expect_used, reason = "the same")]
        member.read_to_string(&mut lines).expect("the embedded descriptions are text");
        packed = member.into_inner();
        let lines: Vec<String> = lines.lines().map(str::to_owned).collect();
        Some(lines)
    });
    all().iter().zip(members.flatten().map(Description)).skip(first)
}

/// The regions that are known, by name.
pub fn regions() -> impl Iterator<Item = &'static str> {
    CATALOG.zones.iter().map(|(region, _)| region.as_ref())
}

/// The ids of a region's availability zones, in their order; none where the region is not known.
pub fn zone_ids(region: &str) -> impl Iterator<Item = &'static str> {
    let of_region = CATALOG.zones.binary_search_by(|(known, _)| known.as_ref().cmp(region)).ok();
    of_region.and_then(|at| CATALOG.zones.get(at)).into_iter().flat_map(|(_, zones)| zones.iter().map(AsRef::as_ref))
}

impl InstanceType {
    /// Its name: `m5.large`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The architectures of the images that it runs: `x86_64`, `arm64`.
    pub fn architectures(&self) -> impl Iterator<Item = &str> {
        self.architectures.iter().map(AsRef::as_ref)
    }

    /// Whether it is offered in the availability zone with this id.
    #[must_use]
    pub fn is_offered_in(&self, zone_id: &str) -> bool {
        let mut zones = CATALOG.zones.iter().flat_map(|(_, zones)| zones);
        let place = zones.position(|known| known.as_ref() == zone_id);
        let places = CATALOG.places.get(self.places);
        place.zip(places).is_some_and(|(place, places)| places.binary_search(&place).is_ok())
    }
}
