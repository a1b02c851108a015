//! ARNs of KMS keys.

use std::{fmt, str::FromStr};

use crate::{AccountId, Arn, Region};

/// The ARN of a KMS key (never of an alias): the region, the owning account and the key's id are known.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyArn {
    arn: Arn,
    region: Region,
    account: AccountId,
}

/// The text is not the ARN of a KMS key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not the ARN of a KMS key: it looks like `arn:aws:kms:REGION:ACCOUNT:key/KEY-ID`")]
pub struct InvalidKeyArn(pub String);

impl KeyArn {
    /// The ARN of the key `id` in an account and region.
    ///
    /// # Errors
    /// When `id` is empty or holds a character that no key id has.
    pub fn new(region: &Region, account: AccountId, id: &str) -> Result<Self, InvalidKeyArn> {
        format!("arn:{}:kms:{region}:{account}:key/{id}", region.partition()).parse()
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        self.arn.as_str()
    }

    /// The region the key lives in.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The account that owns the key.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// The key's id: a UUID, or `mrk-...` for a multi-Region key.
    pub fn key_id(&self) -> &str {
        self.arn.resource().strip_prefix("key/").unwrap_or_default()
    }

    /// Whether this is a multi-Region key, which its id tells.
    ///
    /// Source: AWS KMS Developer Guide, "How multi-Region keys work".
    pub fn is_multi_region(&self) -> bool {
        self.key_id().starts_with("mrk-")
    }
}

impl FromStr for KeyArn {
    type Err = InvalidKeyArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || InvalidKeyArn(text.to_owned());
        let arn: Arn = text.parse().map_err(|_| refuse())?;
        let region: Region = arn.region().parse().map_err(|_| refuse())?;
        let account = arn.account().parse().map_err(|_| refuse())?;
        let id = arn.resource().strip_prefix("key/").ok_or_else(refuse)?;
        let id_is_sound = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if arn.service() != "kms" || arn.partition() != region.partition().as_str() || !id_is_sound {
            return Err(refuse());
        }
        Ok(Self { arn, region, account })
    }
}

impl fmt::Display for KeyArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for KeyArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for KeyArn {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for KeyArn {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_arn_tells_region_account_and_id() {
        let text = "arn:aws:kms:us-west-2:444455556666:key/mrk-1234abcd12ab34cd56ef1234567890ab";
        let arn: KeyArn = text.parse().unwrap();
        assert_eq!(arn.region().as_str(), "us-west-2");
        assert_eq!(arn.account().as_str(), "444455556666");
        assert!(arn.is_multi_region());
        assert_eq!(arn.as_str(), text);
    }

    #[test]
    fn aliases_other_services_and_mixed_partitions_are_no_key_arns() {
        for bad in [
            "arn:aws:kms:us-west-2:444455556666:alias/a",
            "arn:aws:iam::444455556666:role/a",
            "arn:aws-cn:kms:us-west-2:444455556666:key/a",
            "arn:aws:kms:us-west-2:4444:key/a",
            "arn:aws:kms:us-west-2:444455556666:key/",
            "arn:aws:kms:us-west-2:444455556666:key/a/b",
        ] {
            assert!(bad.parse::<KeyArn>().is_err(), "{bad}");
        }
    }
}
