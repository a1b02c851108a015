//! The query: taken apart, and its canonical form.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::error::SignatureError;

/// Everything but RFC 3986's unreserved characters.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The parameters of a query, decoded, in the order of the wire.
pub(super) struct Query<'a>(Vec<(Octets<'a>, Octets<'a>)>);

/// Decoded, they need not be text.
type Octets<'a> = Cow<'a, [u8]>;

impl<'a> Query<'a> {
    /// Takes a raw query apart. A `+` is a space, as the services read it; a parameter without `=` has an empty value;
    /// empty parameters (`a=1&&b=2`) are none.
    pub(super) fn parse(raw: &'a str) -> Result<Self, SignatureError> {
        let pairs = raw.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    /// The values given for a name.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.0.iter().filter(move |(given, _)| &**given == name.as_bytes()).map(|(_, value)| &**value)
    }

    /// The one value given for a name, if it is text.
    pub(super) fn single(&self, name: &'static str) -> Result<Option<&str>, SignatureError> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (first, None) => Ok(first.and_then(|value| std::str::from_utf8(value).ok())),
            _ => Err(SignatureError::Repeated { what: name }),
        }
    }

    /// Adds a parameter.
    pub(super) fn push(&mut self, name: &'a str, value: &'a str) {
        self.0.push((Cow::Borrowed(name.as_bytes()), Cow::Borrowed(value.as_bytes())));
    }

    /// The canonical query: encoded, then sorted by name and value, without the parameters that `skip` names.
    pub(super) fn canonical(&self, skip: &[&str]) -> String {
        let mut pairs: Vec<(String, String)> = self
            .0
            .iter()
            .filter(|(name, _)| !skip.iter().any(|skipped| skipped.as_bytes() == &**name))
            .map(|(name, value)| (encode(name), encode(value)))
            .collect();
        pairs.sort_unstable();
        let mut out = String::new();
        for (name, value) in pairs {
            if !out.is_empty() {
                out.push('&');
            }
            out.push_str(&name);
            out.push('=');
            out.push_str(&value);
        }
        out
    }
}

/// One component, encoded as the canonical query wants it.
pub(super) fn encode(component: &[u8]) -> String {
    percent_encode(component, COMPONENT).to_string()
}

/// One component, decoded. An escape that is not one is refused: two readers would take it for different things.
fn decode(component: &str) -> Result<Octets<'_>, SignatureError> {
    if !component.contains(['%', '+']) {
        return Ok(Cow::Borrowed(component.as_bytes()));
    }
    let mut out = Vec::with_capacity(component.len());
    let mut rest = component.bytes();
    while let Some(octet) = rest.next() {
        match octet {
            b'+' => out.push(b' '),
            b'%' => match (rest.next(), rest.next()) {
                (Some(high), Some(low)) => match (hex_digit(high), hex_digit(low)) {
                    (Some(h), Some(l)) => out.push(h * 16 + l),
                    _ => return Err(malformed(&[b'%', high, low])),
                },
                (Some(high), None) => return Err(malformed(&[b'%', high])),
                (None, _) => return Err(malformed(b"%")),
            },
            plain => out.push(plain),
        }
    }
    Ok(Cow::Owned(out))
}

fn hex_digit(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn malformed(escape: &[u8]) -> SignatureError {
    SignatureError::MalformedQueryString { given: escape.iter().map(|octet| char::from(*octet)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(raw: &str) -> String {
        Query::parse(raw).unwrap().canonical(&[])
    }

    #[test]
    fn parameters_are_sorted_once_encoded() {
        assert_eq!(canonical("b=2&a=2&a=1&A=0"), "A=0&a=1&a=2&b=2");
        // `%C3` sorts before digits and letters: by the encoded octets, not by the decoded ones.
        assert_eq!(canonical("z=1&%C3%BC=2&1=3"), "%C3%BC=2&1=3&z=1");
        // `a-b` is not `a`: names are compared before the equals sign comes in.
        assert_eq!(canonical("a-b=1&a=2"), "a=2&a-b=1");
    }

    #[test]
    fn equivalent_spellings_become_one() {
        assert_eq!(canonical("a=+&b=%20&c=%2b"), "a=%20&b=%20&c=%2B");
        assert_eq!(canonical("a=%7e~&b=/"), "a=~~&b=%2F");
        assert_eq!(canonical("a&b=&&=c&=="), "=%3D&=c&a=&b=");
        assert_eq!(canonical("a=b=c"), "a=b%3Dc");
        assert_eq!(canonical(""), "");
    }

    #[test]
    fn a_broken_escape_gets_awss_message() {
        for (raw, message) in [
            ("a=%yy", "Illegal hex character in escape % pattern: %yy"),
            ("a=%2", "Incomplete trailing escape % sequence"),
            ("a%=1", "Incomplete trailing escape % sequence"),
        ] {
            assert_eq!(Query::parse(raw).err().map(|error| error.to_string()).as_deref(), Some(message), "{raw}");
        }
    }
}
