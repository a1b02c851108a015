//! A request as octets on a wire, for the SigV4 tests.

use std::fmt;

use aws_model::SecretBytes;
use aws_wire::sigv4::{Body, Claim, RequestParts, ScopedClaim, SignatureError};
use jiff::Timestamp;

/// An owned request.
#[derive(Clone)]
pub(crate) struct WireRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl WireRequest {
    /// Parses the head as HTTP/1 writes it, except that targets may hold spaces and headers may be folded.
    pub(crate) fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end_matches('\n'), ""));
        let mut lines = head.lines();
        let request_line = lines.next().unwrap().strip_suffix(" HTTP/1.1").unwrap();
        let (method, target) = request_line.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
        for line in lines {
            if line.starts_with(' ') {
                let (_, folded) = headers.last_mut().unwrap();
                folded.extend_from_slice(format!("\r\n{line}").as_bytes());
            } else {
                let (name, value) = line.split_once(':').unwrap();
                headers.push((name.to_owned(), value.as_bytes().to_vec()));
            }
        }
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: body.as_bytes().to_vec(),
        }
    }

    /// The headers as [`RequestParts`] wants them.
    pub(crate) fn header_slices(&self) -> Vec<(&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect()
    }

    /// The parts that a signature covers.
    pub(crate) fn parts<'a>(&'a self, headers: &'a [(&'a str, &'a [u8])]) -> RequestParts<'a> {
        RequestParts { method: &self.method, path: &self.path, query: &self.query, headers }
    }

    /// The body, to be hashed.
    pub(crate) fn body(&self) -> Body<'_> {
        Body::Bytes(&self.body)
    }

    /// The value of a header, by its name in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name))?;
        Some(std::str::from_utf8(value).unwrap())
    }

    /// The request as it was before it got the header.
    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name));
        self
    }

    /// The request with the header in place of earlier ones of that name.
    pub(crate) fn with_header(self, name: &str, value: &str) -> Self {
        let mut request = self.without_header(name);
        request.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        request
    }

    /// Reads the claim and verifies it, at the service that it says it is for.
    pub(crate) fn verify(&self, secret: &SecretBytes, now: Timestamp) -> Result<(), SignatureError> {
        let headers = self.header_slices();
        let parts = self.parts(&headers);
        for_its_own_service(Claim::from_request(&parts)?)?.verify(secret, &parts, self.body(), now)
    }
}

/// The claim at the service that it says it is for, in any region.
pub(crate) fn for_its_own_service(claim: Claim) -> Result<ScopedClaim, SignatureError> {
    let service = claim.service().to_owned();
    claim.scoped_to(&service, |_| true)
}

impl fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}?{}", self.method, self.path, self.query)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {}", value.escape_ascii())?;
        }
        write!(f, "\n{}", self.body.escape_ascii())
    }
}
