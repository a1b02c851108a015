//! MD5, by which SDKs check that a message is the one that was sent. It protects nothing.
//!
//! Sources: RFC 1321; Amazon SQS Developer Guide, "Calculating the MD5 message digest for message attributes".

use serde_json::{Map, Value};

const TURNS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// The digest of some bytes, as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut state: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    // Up to the last eight bytes of a block, which have the length.
    padded.resize((padded.len() + 8).next_multiple_of(64) - 8, 0);
    padded.extend((bytes.len() as u64).wrapping_mul(8).to_le_bytes());
    for block in padded.chunks_exact(64) {
        let mut words = [0_u32; 16];
        for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        step(&mut state, &words);
    }
    state.iter().flat_map(|word| word.to_le_bytes()).map(|byte| format!("{byte:02x}")).collect()
}

fn step(state: &mut [u32; 4], words: &[u32; 16]) {
    let [mut a, mut b, mut c, mut d] = *state;
    for round in 0..64_u32 {
        let (mixed, word) = match round / 16 {
            0 => ((b & c) | (!b & d), round),
            1 => ((d & b) | (!d & c), 5 * round + 1),
            2 => (b ^ c ^ d, 3 * round + 5),
            _ => (c ^ (b | !d), 7 * round),
        };
        let word = words.get(word as usize % 16).copied().unwrap_or_default();
        let turns =
            TURNS.get(round as usize / 16).and_then(|of| of.get(round as usize % 4)).copied().unwrap_or_default();
        let sum = a.wrapping_add(mixed).wrapping_add(constant(round)).wrapping_add(word);
        (a, d, c, b) = (d, c, b, b.wrapping_add(sum.rotate_left(turns)));
    }
    for (kept, new) in state.iter_mut().zip([a, b, c, d]) {
        *kept = kept.wrapping_add(new);
    }
}

/// The whole part of 2^32 |sin(round + 1)|.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is below 2^32 and not negative")]
fn constant(round: u32) -> u32 {
    (f64::from(round + 1).sin().abs() * 4_294_967_296.0) as u32
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
    fn digests_are_those_of_the_rfc() {
        for (text, digest) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a",
            ),
        ] {
            assert_eq!(hex(text.as_bytes()), digest);
        }
        // Those around the end of a block, against Python's hashlib.
        assert_eq!(hex(&[b'a'; 55]), "ef1772b6dff9a122358552954ad0df65");
        assert_eq!(hex(&[b'a'; 56]), "3b0c8ac703f828b04c6c197006d17218");
        assert_eq!(hex(&[b'a'; 64]), "014842d480b571495a4a0363793f7367");
    }

    #[test]
    fn attributes_have_one_digest() {
        assert_eq!(of_attributes(&Map::new()), None);
        let attributes = json!({ "of": { "DataType": "String", "StringValue": "it" } });
        let digest = of_attributes(attributes.as_object().unwrap()).unwrap();
        let bytes = b"\0\0\0\x02of\0\0\0\x06String\x01\0\0\0\x02it";
        assert_eq!(digest, hex(bytes));
    }
}
