//! The `Authorization` header.

use super::{
    claim::DATE_HEADER,
    error::{HashedHeader, SignatureError},
    request::RequestParts,
};

/// What the header says. `SignedHeaders` may be empty: the check for `host` tells that better.
#[derive(Debug)]
pub(super) struct Authorization<'a> {
    pub(super) algorithm: &'a str,
    pub(super) credential: &'a str,
    pub(super) signed_headers: &'a str,
    pub(super) signature: &'a str,
    pub(super) date: DateHeader<'a>,
}

/// Which header dates the request: `X-Amz-Date` goes before `Date`.
#[derive(Debug)]
pub(super) enum DateHeader<'a> {
    Amz(&'a str),
    Http(&'a str),
}

impl<'a> Authorization<'a> {
    /// Parses the header of a request; `None` if there is none of SigV4's.
    pub(super) fn of(parts: &'a RequestParts<'_>) -> Result<Option<Self>, SignatureError> {
        let mut values = parts.header_values("authorization");
        let Some(raw) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(SignatureError::Repeated { what: "Authorization" });
        }
        let Some(text) = std::str::from_utf8(raw).ok().map(str::trim).filter(|text| text.starts_with("AWS4-")) else {
            return Ok(None);
        };
        Self::parse(text, date(parts)?).map(Some)
    }

    fn parse(text: &'a str, date: Option<DateHeader<'a>>) -> Result<Self, SignatureError> {
        let hashed = || HashedHeader::new(text.as_bytes());
        // Commas and spaces both separate: some signers write one, some the other, most both.
        let mut words = text.split([',', ' ']).filter(|word| !word.is_empty());
        let algorithm = words.next().unwrap_or_default();
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for word in words {
            let Some((name, value)) = word.split_once('=') else {
                return Err(SignatureError::NotKeyValue { authorization: hashed() });
            };
            let (slot, what) = match name {
                "Credential" => (&mut credential, "Credential"),
                "SignedHeaders" => (&mut signed_headers, "SignedHeaders"),
                "Signature" => (&mut signature, "Signature"),
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(SignatureError::Repeated { what });
            }
        }
        let credential = credential.filter(|value| !value.is_empty());
        let signature = signature.filter(|value| !value.is_empty());
        match (credential, signed_headers, signature, date) {
            (Some(credential), Some(signed_headers), Some(signature), Some(date)) => {
                Ok(Self { algorithm, credential, signed_headers, signature, date })
            }
            (credential, signed_headers, signature, date) => Err(SignatureError::MissingHeaderParameters {
                missing: absent([
                    ("Credential", credential),
                    ("Signature", signature),
                    ("SignedHeaders", signed_headers),
                ]),
                date_missing: date.is_none(),
                authorization: hashed(),
            }),
        }
    }
}

/// The names that have no value, in the order given.
pub(super) fn absent<const N: usize>(parameters: [(&'static str, Option<&str>); N]) -> Vec<&'static str> {
    parameters.into_iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect()
}

fn date<'a>(parts: &'a RequestParts<'_>) -> Result<Option<DateHeader<'a>>, SignatureError> {
    if parts.header_values(DATE_HEADER).nth(1).is_some() {
        return Err(SignatureError::Repeated { what: "X-Amz-Date" });
    }
    let amz = parts.header(DATE_HEADER).map(DateHeader::Amz);
    Ok(amz.or_else(|| parts.header("date").map(DateHeader::Http)))
}
