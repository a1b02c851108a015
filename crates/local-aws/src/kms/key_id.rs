//! The ids of keys and of their material.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// A key's id: a UUID, or for a multi-Region key `mrk-` and 32 hexadecimal digits.
///
/// Source: AWS KMS Developer Guide, "Key identifiers (KeyId)".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct KeyId {
    uuid: Uuid,
    multi_region: bool,
}

/// The id of one version of a key's material: 64 hexadecimal digits.
///
/// Source: botocore's model of KMS, shape `BackingKeyIdType`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct MaterialId([u8; 32]);

/// The text is no id of a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotAKeyId;

impl KeyId {
    pub(super) fn new(multi_region: bool) -> Self {
        Self { uuid: Uuid::new_v4(), multi_region }
    }

    pub(super) fn from_parts(uuid: [u8; 16], multi_region: bool) -> Self {
        Self { uuid: Uuid::from_bytes(uuid), multi_region }
    }

    pub(super) fn uuid_bytes(&self) -> &[u8; 16] {
        self.uuid.as_bytes()
    }

    pub(super) fn is_multi_region(self) -> bool {
        self.multi_region
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.multi_region { write!(f, "mrk-{}", self.uuid.as_simple()) } else { self.uuid.as_hyphenated().fmt(f) }
    }
}

impl FromStr for KeyId {
    type Err = NotAKeyId;

    fn from_str(text: &str) -> Result<Self, NotAKeyId> {
        let (digits, multi_region, len) = match text.strip_prefix("mrk-") {
            Some(digits) => (digits, true, uuid::fmt::Simple::LENGTH),
            None => (text, false, uuid::fmt::Hyphenated::LENGTH),
        };
        // KMS takes one spelling only: this length, lower case.
        if digits.len() != len || digits.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(NotAKeyId);
        }
        let uuid = Uuid::try_parse(digits).map_err(|_| NotAKeyId)?;
        Ok(Self { uuid, multi_region })
    }
}

impl MaterialId {
    pub(super) const LEN: usize = 32;

    pub(super) fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Display for MaterialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for MaterialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MaterialId {
    type Err = NotAKeyId;

    fn from_str(text: &str) -> Result<Self, NotAKeyId> {
        if text.len() != 2 * Self::LEN || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(NotAKeyId);
        }
        let mut bytes = [0; Self::LEN];
        for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
            let digits = text.get(at..at + 2).ok_or(NotAKeyId)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| NotAKeyId)?;
        }
        Ok(Self(bytes))
    }
}

impl serde::Serialize for MaterialId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for MaterialId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(|NotAKeyId| serde::de::Error::custom("not a key-material id"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_as_aws_prints_them_and_parse_back() {
        for multi_region in [false, true] {
            let id = KeyId::new(multi_region);
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(id.to_string().starts_with("mrk-"), multi_region);
        }
    }

    #[test]
    fn other_spellings_are_no_ids() {
        for bad in [
            "fake-key-id",
            "134f2428cec14b25a1ae9048164dba47",
            "mrk-fake-key-id",
            "mrk-1234abcd-12ab-34cd-56ef-1234567890ab",
            "1234ABCD-12ab-34cd-56ef-1234567890ab",
            "{1234abcd-12ab-34cd-56ef-1234567890}",
            "",
        ] {
            assert_eq!(bad.parse::<KeyId>(), Err(NotAKeyId), "{bad}");
        }
    }

    #[test]
    fn material_ids_round_trip() {
        let id = MaterialId::from_bytes([0xa5; 32]);
        assert_eq!(id.to_string(), "a5".repeat(32));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("A5".repeat(32).parse::<MaterialId>().is_err());
    }
}
