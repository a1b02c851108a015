//! What a signature covers, as it stands on the wire.

use std::{borrow::Cow, fmt};

/// The parts of an HTTP request that a signature covers, as they stand on the wire.
#[derive(Clone, Copy)]
pub struct RequestParts<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path of the request target, still percent-encoded.
    pub path: &'a str,
    /// What follows the `?` of the request target, still percent-encoded; empty when there is none.
    pub query: &'a str,
    /// Names and values in the order of the wire; names in any case.
    ///
    /// With HTTP/2 the caller passes `:authority` on as `host`: that is what clients sign.
    pub headers: &'a [(&'a str, &'a [u8])],
}

/// The body, or what stands for it.
#[derive(Clone, Copy)]
pub enum Body<'a> {
    /// The octets themselves.
    Bytes(&'a [u8]),
    /// Their SHA-256, computed while they streamed by.
    Sha256([u8; 32]),
    /// Not part of the signature (`UNSIGNED-PAYLOAD`), where the service's [`Rules`](super::Rules) allow that.
    Unsigned,
}

impl<'a> From<&'a [u8]> for Body<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl RequestParts<'_> {
    /// The values of a header, in order. `name` is in lower case.
    pub(super) fn header_values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.headers.iter().filter(move |(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The first value of a header. `name` is in lower case. What is not text counts as an empty value: there is a
    /// header, and it says nothing right.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.header_values(name).next().map(|value| std::str::from_utf8(value).unwrap_or_default().trim())
    }
}

impl Body<'_> {
    /// The SHA-256 of the body in lower-case hexadecimal; `None` if the body is not signed.
    pub(super) fn sha256_hex(&self) -> Option<String> {
        match self {
            Self::Bytes(bytes) => Some(super::canonical::sha256_hex(bytes)),
            Self::Sha256(digest) => Some(super::canonical::hex(digest)),
            Self::Unsigned => None,
        }
    }
}

/// A header's name in lower case, as canonical forms have it; servers mostly hand it over that way.
pub(super) fn lower_case(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|octet| octet.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// Neither the query nor the headers are shown: both carry tokens.
impl fmt::Debug for RequestParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestParts").field("method", &self.method).field("path", &self.path).finish_non_exhaustive()
    }
}

/// The octets are not shown: the body of an Encrypt is plaintext.
impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes(<{} bytes>)", bytes.len()),
            Self::Sha256(_) => f.write_str("Sha256(..)"),
            Self::Unsigned => f.write_str("Unsigned"),
        }
    }
}
