//! MD5, by which SDKs check that a message is the one that was sent. It protects nothing.
//!
//! Source: Amazon SQS Developer Guide, "Calculating the MD5 message digest for message attributes".

use md5::Digest;
use serde_json::{Map, Value};

/// The digest of some bytes, as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    md5::Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of a message's attributes, if it has any.
pub(super) fn of_attributes(attributes: &Map<String, Value>) -> Option<String> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    if attributes.is_empty() {
        return None;
    }
    let sized = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes()[..], bytes].concat();
    let mut names: Vec<_> = attributes.iter().collect();
    names.sort_by_key(|(name, _)| *name);
    let mut encoded = Vec::new();
    for (name, attribute) in names {
        let text = |member: &str| attribute.get(member).and_then(Value::as_str);
        let kind = text("DataType").unwrap_or_default();
        let (transport, value) = match text("BinaryValue") {
            Some(binary) if kind.starts_with("Binary") => (2, BASE64_STANDARD.decode(binary).unwrap_or_default()),
            _ => (1, text("StringValue").unwrap_or_default().as_bytes().to_vec()),
        };
        encoded.extend(sized(name.as_bytes()));
        encoded.extend(sized(kind.as_bytes()));
        encoded.push(transport);
        encoded.extend(sized(&value));
    }
    Some(hex(&encoded))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn attributes_have_one_digest() {
        assert_eq!(of_attributes(&Map::new()), None);
        let attributes = json!({ "of": { "DataType": "String", "StringValue": "it" } });
        let digest = of_attributes(attributes.as_object().unwrap()).unwrap();
        let bytes = b"\0\0\0\x02of\0\0\0\x06String\x01\0\0\0\x02it";
        assert_eq!(digest, hex(bytes));
    }
}
