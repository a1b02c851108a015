//! Why a signature is refused, in AWS's own words.

use std::fmt;

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_STANDARD};

use super::time::SigningTime;

/// Why a request is not authentic. `Display` is the message that AWS sends.
///
/// The codes differ between protocols (`IncompleteSignature` of Query is `IncompleteSignatureException` of JSON), so
/// they are the server's. The comments name the Query one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// `MissingAuthenticationToken`: neither an `Authorization` header of SigV4 nor a presigned query.
    #[error("Request is missing Authentication Token")]
    MissingAuthenticationToken,

    /// `SignatureDoesNotMatch`: signed in the header and in the query.
    #[error("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")]
    SignedTwice,

    /// `IncompleteSignature`: a word of the `Authorization` header has no `=`.
    ///
    /// AWS used to repeat the header; it sends its hash now, because people put passwords there.
    #[error(
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with \
         Base64): '{authorization}'."
    )]
    NotKeyValue {
        /// The header's hash.
        authorization: HashedHeader,
    },

    /// `IncompleteSignature`: what the `Authorization` header, or the request beside it, lacks.
    #[error(
        "{}(Hashed with SHA-256 and encoded with Base64) Authorization={authorization}",
        missing_in_header(missing, *date_missing)
    )]
    MissingHeaderParameters {
        /// Of `Credential`, `Signature` and `SignedHeaders`, those that are absent.
        missing: Vec<&'static str>,
        /// Whether there is neither an `X-Amz-Date` nor a `Date` header.
        date_missing: bool,
        /// The header's hash.
        authorization: HashedHeader,
    },

    /// `IncompleteSignature`: the query parameters that a presigned request lacks.
    #[error("{}Re-examine the query-string parameters.", missing_in_query(missing))]
    MissingQueryParameters {
        /// Those that are absent, in AWS's order.
        missing: Vec<&'static str>,
    },

    /// `IncompleteSignature`: the same thing twice, so that two readers could take different ones.
    ///
    /// AWS documents no message for this.
    #[error("'{what}' may be given only once.")]
    Repeated {
        /// The header or parameter.
        what: &'static str,
    },

    /// `IncompleteSignature`: an algorithm that is not spoken here.
    #[error("Unsupported AWS 'algorithm': '{given}'.")]
    UnsupportedAlgorithm {
        /// What was asked for.
        given: String,
    },

    /// `IncompleteSignature`: the date cannot be read.
    #[error("Date must be in ISO-8601 'basic format'. Got '{given}'. See http://en.wikipedia.org/wiki/ISO_8601")]
    MalformedDate {
        /// What was sent.
        given: String,
    },

    /// `IncompleteSignature`: the credential has not five elements. AWS repeats it; whoever takes the secret for the
    /// id finds it here, so this message goes to the signer and to no log.
    #[error(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{given}'"
    )]
    MalformedCredential {
        /// What was sent.
        given: String,
    },

    /// `SignatureDoesNotMatch`: `host` is not signed.
    #[error("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")]
    HostNotSigned,

    /// `SignatureDoesNotMatch`: an `x-amz-*` header was sent and not signed.
    #[error("'{name}' must be a 'SignedHeader' in the AWS Authorization.")]
    HeaderNotSigned {
        /// Its name in lower case.
        name: String,
    },

    /// `SignatureDoesNotMatch`: the key is derived for something else.
    #[error("{}", ScopeProblem::all(problems))]
    WrongScope {
        /// All that is wrong, in AWS's order.
        problems: Vec<ScopeProblem>,
    },

    /// `SignatureDoesNotMatch`: signed too long ago.
    #[error("Signature expired: {signed} is now earlier than {limit} ({now} - 15 min.)")]
    Expired {
        /// The moment of signing.
        signed: SigningTime,
        /// The earliest moment that is taken.
        limit: SigningTime,
        /// The service's clock.
        now: SigningTime,
    },

    /// `SignatureDoesNotMatch`: signed in the future.
    #[error("Signature not yet current: {signed} is still later than {limit} ({now} + 15 min.)")]
    NotYetCurrent {
        /// The moment of signing.
        signed: SigningTime,
        /// The latest moment that is taken.
        limit: SigningTime,
        /// The service's clock.
        now: SigningTime,
    },

    /// `AccessDenied` of S3: a presigned request has outlived its `X-Amz-Expires`.
    #[error("Request has expired")]
    PresignedExpired {
        /// When it expired.
        expired: SigningTime,
        /// The service's clock.
        now: SigningTime,
    },

    /// `AuthorizationQueryParametersError` of S3: `X-Amz-Expires` is out of bounds.
    #[error("{0}")]
    Expires(#[from] ExpiresProblem),

    /// `MalformedQueryString`: an escape of the query is not one.
    #[error("{}", escape_message(given))]
    MalformedQueryString {
        /// The escape as far as it goes, with its `%`.
        given: String,
    },

    /// `XAmzContentSHA256Mismatch` of S3: the header is not the hash of the body.
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    ContentSha256Mismatch,

    /// `SignatureDoesNotMatch`: the signature is not the one that the key makes over this request.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details."
    )]
    Mismatch(Box<Mismatch>),
}

/// Part of what is wrong with a credential scope.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[expect(missing_docs, reason = "the message is the documentation")]
pub enum ScopeProblem {
    #[error("Credential should be scoped to a valid region, not '{given}'. ")]
    Region { given: String },
    #[error("Credential should be scoped to correct service: '{expected}'. ")]
    Service { expected: String },
    #[error("Credential should be scoped with a valid terminator: 'aws4_request', not '{given}'. ")]
    Terminator { given: String },
    #[error(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{given}' != \
         '{expected}', from '{time}'."
    )]
    Date { given: String, expected: String, time: SigningTime },
}

/// What is wrong with `X-Amz-Expires`.
///
/// Source: Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters": up to seven days.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[expect(missing_docs, reason = "the message is the documentation")]
pub enum ExpiresProblem {
    #[error("X-Amz-Expires should be a number")]
    NotANumber,
    #[error("X-Amz-Expires must be non-negative")]
    Negative,
    #[error(
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than \
         604800 seconds"
    )]
    TooLong,
}

/// The strings that the signature should have been made over.
///
/// The canonical string repeats signed headers, a session token among them: `Debug` shows neither string.
#[derive(PartialEq, Eq)]
pub struct Mismatch {
    pub(super) canonical_request: Vec<u8>,
    pub(super) string_to_sign: String,
}

/// The SHA-256 of a header in Base64: enough for its sender to recognise, of no use to anyone else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashedHeader(String);

impl Mismatch {
    /// AWS's longer message, which several JSON services send to the signer: it shows both strings, and with them
    /// whatever the signed headers hold. For the answer to the signer, never for a log.
    pub fn explain(&self) -> String {
        format!(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String \
             for this request should have been\n'{}'\n\nThe String-to-Sign should have been\n'{}'\n",
            String::from_utf8_lossy(&self.canonical_request),
            self.string_to_sign
        )
    }
}

impl fmt::Debug for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mismatch { .. }")
    }
}

impl HashedHeader {
    pub(super) fn new(value: &[u8]) -> Self {
        Self(BASE64_STANDARD.encode(digest::digest(&digest::SHA256, value)))
    }
}

impl fmt::Display for HashedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ScopeProblem {
    fn all(problems: &[Self]) -> String {
        problems.iter().map(Self::to_string).collect()
    }
}

fn missing_in_header(missing: &[&str], date_missing: bool) -> String {
    let mut text: String =
        missing.iter().map(|name| format!("Authorization header requires '{name}' parameter. ")).collect();
    if date_missing {
        text.push_str("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ");
    }
    text
}

fn missing_in_query(missing: &[&str]) -> String {
    missing.iter().map(|name| format!("AWS query-string parameters must include '{name}'. ")).collect()
}

fn escape_message(given: &str) -> String {
    if given.len() < 3 {
        "Incomplete trailing escape % sequence".to_owned()
    } else {
        format!("Illegal hex character in escape % pattern: {given}")
    }
}
