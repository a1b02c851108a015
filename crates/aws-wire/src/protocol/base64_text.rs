//! Base64 as it stands on the wire, checked and measured without decoding it: what it holds may be secret, and a
//! check needs no copy.

/// The number of bytes that `text` holds; `None` when it is not canonical base64 (standard alphabet, padded).
pub(crate) fn decoded_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if !bytes.len().is_multiple_of(4) {
        return None;
    }
    let digits = match bytes {
        [digits @ .., b'=', b'='] | [digits @ .., b'='] => digits,
        digits => digits,
    };
    if !digits.iter().all(|&byte| digit(byte).is_some()) {
        return None;
    }
    // The bits of the last digit that padding leaves over must be zero, or one value would have many spellings.
    let last = digits.last().and_then(|&byte| digit(byte)).unwrap_or(0);
    let leftover = match bytes.len() - digits.len() {
        0 => 0,
        1 => last & 0b11,
        _ => last & 0b1111,
    };
    (leftover == 0).then_some(digits.len() * 3 / 4)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::decoded_length;

    proptest! {
        #[test]
        fn measures_what_the_base64_crate_encodes(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(decoded_length(&STANDARD.encode(&bytes)), Some(bytes.len()));
        }

        #[test]
        fn accepts_exactly_what_the_base64_crate_decodes(text in "[A-Da-d0-1+/=]{0,12}|\\PC{0,8}") {
            prop_assert_eq!(decoded_length(&text), STANDARD.decode(&text).ok().map(|bytes| bytes.len()));
        }
    }
}
