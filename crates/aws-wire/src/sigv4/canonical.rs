//! The canonical request and the string to sign.

use aws_lc_rs::digest;

use super::{
    ALGORITHM, path,
    request::{RequestParts, lower_case},
    rules::PathRule,
    scope::CredentialScope,
    time::SigningTime,
};

/// A request in its canonical form.
#[derive(Debug)]
pub(super) struct Canonical {
    /// What is hashed into the string to sign. Octets: the values of headers need not be text.
    pub(super) octets: Vec<u8>,
    /// Whether every signed header was there. A signature over an absent header is never right, or a header with an
    /// empty value could be taken away.
    pub(super) complete: bool,
}

/// What the canonical request is made of beside the parts themselves.
pub(super) struct Ingredients<'a> {
    pub(super) path: PathRule,
    pub(super) canonical_query: &'a str,
    /// Lower case, sorted, each once.
    pub(super) signed_headers: &'a [String],
    pub(super) payload_hash: &'a str,
}

/// Writes the canonical request: IAM User Guide, "Create a signed AWS API request", step 1.
pub(super) fn request(parts: &RequestParts<'_>, ingredients: &Ingredients<'_>) -> Canonical {
    let Ingredients { path: rule, canonical_query, signed_headers, payload_hash } = ingredients;
    let mut octets = Vec::with_capacity(512);
    for line in [parts.method, &path::canonical(parts.path, *rule), canonical_query] {
        octets.extend_from_slice(line.as_bytes());
        octets.push(b'\n');
    }
    let complete = write_headers(&mut octets, parts, signed_headers);
    octets.push(b'\n');
    octets.extend_from_slice(signed_headers.join(";").as_bytes());
    octets.push(b'\n');
    octets.extend_from_slice(payload_hash.as_bytes());
    Canonical { octets, complete }
}

/// Writes the string to sign: step 3 of the same page.
pub(super) fn string_to_sign(time: SigningTime, scope: &CredentialScope, canonical_request: &[u8]) -> String {
    format!("{ALGORITHM}\n{time}\n{scope}\n{}", sha256_hex(canonical_request))
}

/// The SHA-256 in lower-case hexadecimal.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    bytes.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect()
}

/// One line for each signed header, values of the same name joined; tells whether all were there.
fn write_headers(out: &mut Vec<u8>, parts: &RequestParts<'_>, signed: &[String]) -> bool {
    // Headers by their rank among the signed ones: one pass over each, however many a hostile peer sends.
    let mut ranked: Vec<(usize, &[u8])> = parts
        .headers
        .iter()
        .filter_map(|(name, value)| {
            let name = lower_case(name);
            let rank = signed.binary_search_by(|signed| signed.as_str().cmp(&name));
            rank.ok().map(|rank| (rank, *value))
        })
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);

    let mut complete = true;
    let mut ranked = ranked.into_iter().peekable();
    for (rank, name) in signed.iter().enumerate() {
        out.extend_from_slice(name.as_bytes());
        let mut separator = b':';
        while let Some((_, value)) = ranked.next_if(|(of, _)| *of == rank) {
            out.push(separator);
            separator = b',';
            write_value(out, value);
        }
        if separator == b':' {
            complete = false;
            out.push(separator);
        }
        out.push(b'\n');
    }
    complete
}

/// A value without white space around it, and with each run of it inside turned into one space.
fn write_value(out: &mut Vec<u8>, value: &[u8]) {
    let mut words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    out.extend_from_slice(words.next().unwrap_or_default());
    for word in words {
        out.push(b' ');
        out.extend_from_slice(word);
    }
}
