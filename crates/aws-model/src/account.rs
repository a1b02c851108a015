//! AWS account ids.

use std::{fmt, str::FromStr};

/// A 12-digit AWS account id, leading zeros kept.
///
/// Source: AWS Account Management Reference Guide, "View AWS account identifiers".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId([u8; 12]);

/// The text is not an account id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not an AWS account id: it takes exactly 12 digits")]
pub struct InvalidAccountId(pub String);

impl AccountId {
    /// The twelve digits as text.
    pub fn as_str(&self) -> &str {
        // INVARIANT: only digits get in, so this is always UTF-8.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for AccountId {
    type Err = InvalidAccountId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match <[u8; 12]>::try_from(text.as_bytes()) {
            Ok(digits) if digits.iter().all(u8::is_ascii_digit) => Ok(Self(digits)),
            _ => Err(InvalidAccountId(text.to_owned())),
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for AccountId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for AccountId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_digits_round_trip_and_nothing_else_parses() {
        let id: AccountId = "000123456789".parse().unwrap();
        assert_eq!(id.to_string(), "000123456789");
        for bad in ["", "12345678901", "1234567890123", "12345678901a", "１23456789012"] {
            assert_eq!(bad.parse::<AccountId>(), Err(InvalidAccountId(bad.to_owned())));
        }
    }
}
