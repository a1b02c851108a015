//! Regions and the partitions they lie in.

use std::{fmt, str::FromStr, sync::Arc};

/// A region's code, such as `us-west-2`.
///
/// Any well-formed code is taken, known today or not: AWS opens regions faster than tools are released.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(Arc<str>);

/// The partition of an ARN: a separate AWS with its own accounts and endpoints.
///
/// Source: AWS General Reference, "Amazon Resource Names (ARNs)"; the codes are botocore's `partitions.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Partition {
    /// `aws`
    Commercial,
    /// `aws-cn`
    China,
    /// `aws-us-gov`
    UsGov,
    /// `aws-eusc`, the European Sovereign Cloud
    EuSovereign,
    /// `aws-iso`, `aws-iso-b`, `aws-iso-e`, `aws-iso-f`
    Isolated(Isolated),
}

/// The air-gapped partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Isolated {
    /// `aws-iso`
    Iso,
    /// `aws-iso-b`
    B,
    /// `aws-iso-e`
    E,
    /// `aws-iso-f`
    F,
}

/// The text is not a region's code.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not an AWS region: it looks like `us-west-2`")]
pub struct InvalidRegion(pub String);

impl Region {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition that the region lies in, told by its prefix.
    pub fn partition(&self) -> Partition {
        const PREFIXES: [(&str, Partition); 7] = [
            ("cn-", Partition::China),
            ("us-gov-", Partition::UsGov),
            ("eusc-", Partition::EuSovereign),
            ("us-iso-", Partition::Isolated(Isolated::Iso)),
            ("us-isob-", Partition::Isolated(Isolated::B)),
            ("eu-isoe-", Partition::Isolated(Isolated::E)),
            ("us-isof-", Partition::Isolated(Isolated::F)),
        ];
        PREFIXES
            .iter()
            .find(|(prefix, _)| self.0.starts_with(prefix))
            .map_or(Partition::Commercial, |(_, partition)| *partition)
    }
}

impl Partition {
    /// The domain that the names of its endpoints end in.
    ///
    /// Source: AWS General Reference, "AWS service endpoints"; botocore, `partitions.json`, `dnsSuffix`.
    pub fn dns_suffix(self) -> &'static str {
        match self {
            Self::Commercial | Self::UsGov => "amazonaws.com",
            Self::China => "amazonaws.com.cn",
            Self::EuSovereign => "amazonaws.eu",
            Self::Isolated(Isolated::Iso) => "c2s.ic.gov",
            Self::Isolated(Isolated::B) => "sc2s.sgov.gov",
            Self::Isolated(Isolated::E) => "cloud.adc-e.uk",
            Self::Isolated(Isolated::F) => "csp.hci.ic.gov",
        }
    }

    /// The name as it stands in an ARN.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commercial => "aws",
            Self::China => "aws-cn",
            Self::UsGov => "aws-us-gov",
            Self::EuSovereign => "aws-eusc",
            Self::Isolated(Isolated::Iso) => "aws-iso",
            Self::Isolated(Isolated::B) => "aws-iso-b",
            Self::Isolated(Isolated::E) => "aws-iso-e",
            Self::Isolated(Isolated::F) => "aws-iso-f",
        }
    }
}

impl FromStr for Region {
    type Err = InvalidRegion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('-');
        let words = parts.clone().count();
        let number = parts.next_back().unwrap_or_default();
        let well_formed = words >= 3
            && text.len() <= 32
            && (1..=2).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_digit())
            && parts.all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()));
        if well_formed { Ok(Self(text.into())) } else { Err(InvalidRegion(text.to_owned())) }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for Region {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Region {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_shapes_parse_and_name_their_partition() {
        for (code, partition) in [
            ("us-west-2", "aws"),
            ("ap-southeast-7", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-east-1", "aws-us-gov"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            let region: Region = code.parse().unwrap();
            assert_eq!((region.as_str(), region.partition().as_str()), (code, partition));
        }
    }

    #[test]
    fn what_is_no_region_is_refused() {
        for bad in ["", "us", "us-west", "us-west-", "us-west-2a", "US-WEST-2", "us--2", "us_west_2", "a-b-123"] {
            assert!(bad.parse::<Region>().is_err(), "{bad}");
        }
    }
}
