//! Access key ids that carry their account, as AWS's do.
//!
//! The sixteen characters behind the prefix are base32 of ten bytes, and the account's number stands in the first
//! six of them, shifted left by seven bits. Tools that read an account from a key id read ours, too.
//!
//! Source: IAM User Guide, "Unique identifiers" (the prefixes). AWS does not document the layout; Aidan Steele, "AWS
//! Access Key ID formats" (2020), and Tal Be'ery, "A short note on AWS KEY ID" (2023), describe it.

use aws_model::AccountId;

/// The alphabet of RFC 4648, section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What an access key is for, told by the id's first four letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// `AKIA`: lives until it is deleted.
    LongTerm,
    /// `ASIA`: part of a session, worth nothing without its token.
    Session,
}

impl KeyKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::LongTerm => "AKIA",
            Self::Session => "ASIA",
        }
    }
}

/// The id that carries `account` and the low 39 bits of `distinguisher`.
pub(crate) fn compose(kind: KeyKind, account: AccountId, distinguisher: u64) -> String {
    // 80 bits, most significant first: one that is always set, 40 of the account's number, 39 that tell keys apart.
    let bits = (1u128 << 79) | (u128::from(number(account)) << 39) | u128::from(distinguisher & ((1 << 39) - 1));
    let mut id = String::with_capacity(20);
    id.push_str(kind.prefix());
    id.push_str(&base32(bits, 16));
    id
}

/// The kind and account that an id carries; nothing when it is no id of this layout.
pub(crate) fn parse(id: &str) -> Option<(KeyKind, AccountId)> {
    let (kind, rest) = [KeyKind::LongTerm, KeyKind::Session]
        .into_iter()
        .find_map(|kind| id.strip_prefix(kind.prefix()).map(|rest| (kind, rest)))?;
    if rest.len() != 16 {
        return None;
    }
    let bits = rest.bytes().try_fold(0u128, |bits, letter| {
        let value = BASE32.iter().position(|known| *known == letter)?;
        Some((bits << 5) | value as u128)
    })?;
    let number = (bits >> 39) & ((1 << 40) - 1);
    // 40 bits reach beyond twelve digits; what does not fit is no account.
    format!("{number:012}").parse().ok().map(|account| (kind, account))
}

/// The low `letters` times five bits, most significant first.
pub(crate) fn base32(bits: u128, letters: u32) -> String {
    (0..letters)
        .rev()
        .map(|place| {
            let value = (bits >> (place * 5)) & 31;
            char::from(BASE32.get(value as usize).copied().unwrap_or(b'A'))
        })
        .collect()
}

fn number(account: AccountId) -> u64 {
    // INVARIANT: an account id is twelve digits, so it fits in 40 bits.
    account.as_str().parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_carries_its_account_and_kind() {
        for account in ["000000000000", "111122223333", "999999999999"] {
            let account: AccountId = account.parse().unwrap();
            for kind in [KeyKind::LongTerm, KeyKind::Session] {
                for distinguisher in [0, 1, u64::MAX] {
                    let id = compose(kind, account, distinguisher);
                    assert_eq!(id.len(), 20, "{id}");
                    assert_eq!(parse(&id), Some((kind, account)), "{id}");
                }
            }
        }
    }

    #[test]
    fn an_id_of_aws_is_read_as_its_finders_published_it() {
        let account = "609629065308".parse().unwrap();
        assert_eq!(parse("ASIAY34FZKBOKMUTVV7A"), Some((KeyKind::Session, account)));
    }

    #[test]
    fn what_is_no_such_id_carries_nothing() {
        for id in ["", "AKIA", "test", "AKIAIOSFODNN7EXAMPL", "AKIA0000000000000000", "AIDAQNZGKIQY56JQ7WML"] {
            assert_eq!(parse(id), None, "{id}");
        }
    }
}
