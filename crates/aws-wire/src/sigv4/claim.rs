//! What a request says about who signed it.

use std::{borrow::Cow, fmt, time::Duration};

use aws_model::SecretBytes;
use jiff::Timestamp;

use super::{
    ALGORITHM,
    authorization::{Authorization, DateHeader},
    error::SignatureError,
    presigned::PresignedQuery,
    query::Query,
    request::{RequestParts, lower_case},
    scope::CredentialScope,
    time::SigningTime,
};

/// Who says they signed a request, when, for which region and service, and over which headers.
///
/// Nothing in it is true yet. A service first takes it as one for itself ([`scoped_to`](Self::scoped_to)), looks the
/// access key up, refuses it if it does not know it or if the session token is not that key's, and then verifies with
/// the key's secret.
pub struct Claim {
    pub(super) scope: CredentialScope,
    pub(super) time: SigningTime,
    pub(super) place: Place,
    /// Lower case, sorted, each once.
    pub(super) signed_headers: Vec<String>,
    pub(super) signature: String,
    pub(super) token: Option<SecretBytes>,
}

/// The header that dates a request.
pub(super) const DATE_HEADER: &str = "x-amz-date";

/// The header that carries a session token.
pub(super) const TOKEN_HEADER: &str = "x-amz-security-token";

/// The header that states the hash of the body.
pub(super) const CONTENT_SHA256_HEADER: &str = "x-amz-content-sha256";

/// Where the signature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Header,
    Query { expires: Option<Duration> },
}

impl Claim {
    /// Reads the claim from the `Authorization` header or from the query.
    ///
    /// # Errors
    /// Whatever can be told to be wrong with no secret and no clock, in AWS's order: no signature or two, parameters
    /// missing or given twice, the date, `host` or an `x-amz-*` header left unsigned, the algorithm, the credential.
    pub fn from_request(parts: &RequestParts<'_>) -> Result<Self, SignatureError> {
        let query = Query::parse(parts.query)?;
        match (Authorization::of(parts)?, PresignedQuery::is_in(&query)) {
            (Some(_), true) => Err(SignatureError::SignedTwice),
            (Some(authorization), false) => Self::from_header(parts, &authorization),
            (None, true) => Self::from_query(parts, &PresignedQuery::of(&query)?),
            (None, false) => Err(SignatureError::MissingAuthenticationToken),
        }
    }

    /// Whose key.
    pub fn access_key_id(&self) -> &str {
        &self.scope.access_key_id
    }

    /// The session token that came with the request, for the service to compare with the session's.
    pub fn session_token(&self) -> Option<&SecretBytes> {
        self.token.as_ref()
    }

    /// When it was signed.
    pub fn date(&self) -> Timestamp {
        self.time.timestamp()
    }

    /// The region of the credential scope.
    pub fn region(&self) -> &str {
        &self.scope.region
    }

    /// The service of the credential scope.
    pub fn service(&self) -> &str {
        &self.scope.service
    }

    /// Whether the signature stands in the query.
    pub fn is_presigned(&self) -> bool {
        matches!(self.place, Place::Query { .. })
    }

    fn from_header(parts: &RequestParts<'_>, header: &Authorization<'_>) -> Result<Self, SignatureError> {
        let (time, given) = match header.date {
            DateHeader::Amz(text) => (SigningTime::parse_basic(text), text),
            DateHeader::Http(text) => (SigningTime::parse_date_header(text), text),
        };
        let stated = Stated {
            time: time.ok_or_else(|| SignatureError::MalformedDate { given: given.to_owned() })?,
            signed_headers: header.signed_headers,
            algorithm: header.algorithm,
            credential: header.credential,
            signature: header.signature,
        };
        Self::checked(parts, stated, Place::Header, None)
    }

    fn from_query(parts: &RequestParts<'_>, query: &PresignedQuery<'_>) -> Result<Self, SignatureError> {
        let time = SigningTime::parse_basic(query.date);
        let stated = Stated {
            time: time.ok_or_else(|| SignatureError::MalformedDate { given: query.date.to_owned() })?,
            signed_headers: query.signed_headers,
            algorithm: query.algorithm,
            credential: query.credential,
            signature: query.signature,
        };
        Self::checked(parts, stated, Place::Query { expires: query.expires }, query.token)
    }

    /// The checks that both forms share.
    fn checked(
        parts: &RequestParts<'_>,
        stated: Stated<'_>,
        place: Place,
        query_token: Option<&str>,
    ) -> Result<Self, SignatureError> {
        let mut signed_headers: Vec<String> = stated.signed_headers.split(';').map(str::to_ascii_lowercase).collect();
        signed_headers.sort_unstable();
        signed_headers.dedup();
        if !is_signed(&signed_headers, "host") {
            return Err(SignatureError::HostNotSigned);
        }
        // The token is left to `verify`: some services take it unsigned.
        if let Some(name) = first_unsigned(parts, &signed_headers) {
            return Err(SignatureError::HeaderNotSigned { name });
        }
        if stated.algorithm != ALGORITHM {
            return Err(SignatureError::UnsupportedAlgorithm { given: stated.algorithm.to_owned() });
        }
        let scope = CredentialScope::parse(stated.credential)?;
        if parts.header_values(TOKEN_HEADER).nth(1).is_some() {
            return Err(SignatureError::Repeated { what: "X-Amz-Security-Token" });
        }
        let token = query_token.or_else(|| parts.header(TOKEN_HEADER));
        Ok(Self {
            scope,
            time: stated.time,
            place,
            signed_headers,
            signature: stated.signature.to_owned(),
            token: token.map(|token| SecretBytes::new(token.as_bytes().to_vec())),
        })
    }
}

/// What both forms state, before it is checked.
struct Stated<'a> {
    time: SigningTime,
    signed_headers: &'a str,
    algorithm: &'a str,
    credential: &'a str,
    signature: &'a str,
}

/// Access keys, scopes and header names may be shown; the token may not, and the signature need not.
impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("access_key_id", &self.scope.access_key_id)
            .field("scope", &self.scope.to_string())
            .field("time", &self.time.to_string())
            .field("signed_headers", &self.signed_headers)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// Whether a header is among the signed ones, which are sorted.
pub(super) fn is_signed(signed_headers: &[String], name: &str) -> bool {
    signed_headers.binary_search_by(|signed| signed.as_str().cmp(name)).is_ok()
}

/// The first `x-amz-*` header, the token aside, that was sent and not signed.
///
/// Source: IAM User Guide, "Create a signed AWS API request", step 1: the signed headers must include `host` and any
/// `x-amz-*` header of the request.
fn first_unsigned(parts: &RequestParts<'_>, signed_headers: &[String]) -> Option<String> {
    let names = parts.headers.iter().map(|(name, _)| lower_case(name));
    let mut amz = names.filter(|name| name.starts_with("x-amz-") && name != TOKEN_HEADER);
    amz.find(|name| !is_signed(signed_headers, name)).map(Cow::into_owned)
}
