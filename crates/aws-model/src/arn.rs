//! Amazon Resource Names.

use std::{fmt, ops::Range, str::FromStr};

/// `arn:partition:service:region:account:resource`, parsed once.
///
/// Region and account may be empty (IAM's ARNs have no region, S3's neither). The resource keeps its colons.
///
/// Source: IAM User Guide, "IAM identifiers", section "IAM ARNs".
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    text: String,
    /// Where the four fields between `arn:` and the resource end.
    ends: [usize; 4],
}

/// The text is not an ARN.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not an ARN: it looks like `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`")]
pub struct InvalidArn(pub String);

impl Arn {
    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `aws`, `aws-cn`, ...
    pub fn partition(&self) -> &str {
        self.field("arn:".len()..self.ends[0])
    }

    /// The service's namespace, such as `kms`.
    pub fn service(&self) -> &str {
        self.field(self.ends[0] + 1..self.ends[1])
    }

    /// The region's code, or nothing for a global resource.
    pub fn region(&self) -> &str {
        self.field(self.ends[1] + 1..self.ends[2])
    }

    /// The account's id, or nothing.
    pub fn account(&self) -> &str {
        self.field(self.ends[2] + 1..self.ends[3])
    }

    /// Everything after the account.
    pub fn resource(&self) -> &str {
        self.field(self.ends[3] + 1..self.text.len())
    }

    fn field(&self, range: Range<usize>) -> &str {
        // INVARIANT: the ends are positions of `:` found when the text was parsed.
        self.text.get(range).unwrap_or_default()
    }
}

impl FromStr for Arn {
    type Err = InvalidArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || InvalidArn(text.to_owned());
        if !text.starts_with("arn:") || text.len() > 2048 || text.chars().any(char::is_control) {
            return Err(refuse());
        }
        let mut colons = text.match_indices(':').map(|(at, _)| at).skip(1);
        let mut next = || colons.next().ok_or_else(refuse);
        let arn = Self { ends: [next()?, next()?, next()?, next()?], text: text.to_owned() };
        if arn.partition().is_empty() || arn.service().is_empty() || arn.resource().is_empty() {
            return Err(refuse());
        }
        Ok(arn)
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl serde::Serialize for Arn {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> serde::Deserialize<'de> for Arn {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_apart_and_the_resource_keeps_its_colons() {
        let arn: Arn = "arn:aws:sts::111122223333:assumed-role/A/b:c".parse().unwrap();
        assert_eq!(
            (arn.partition(), arn.service(), arn.region(), arn.account(), arn.resource()),
            ("aws", "sts", "", "111122223333", "assumed-role/A/b:c")
        );
        assert_eq!(arn.to_string(), "arn:aws:sts::111122223333:assumed-role/A/b:c");
    }

    #[test]
    fn what_is_no_arn_is_refused() {
        for bad in [
            "",
            "arn",
            "arn:",
            "arn:aws:kms:r:a",
            "arn:aws:kms:r:a:",
            "arn::kms:r:a:x",
            "urn:aws:kms:r:a:x",
            "arn:aws:kms:r:a:x\n",
        ] {
            assert!(bad.parse::<Arn>().is_err(), "{bad:?}");
        }
    }
}
