//! The parameters of a presigned request.

use std::time::Duration;

use super::{
    authorization::absent,
    error::{ExpiresProblem, SignatureError},
    query::Query,
};

/// The names, as services compare them: exactly.
pub(super) const X_AMZ_ALGORITHM: &str = "X-Amz-Algorithm";
pub(super) const X_AMZ_CREDENTIAL: &str = "X-Amz-Credential";
pub(super) const X_AMZ_DATE: &str = "X-Amz-Date";
pub(super) const X_AMZ_EXPIRES: &str = "X-Amz-Expires";
pub(super) const X_AMZ_SECURITY_TOKEN: &str = "X-Amz-Security-Token";
pub(super) const X_AMZ_SIGNATURE: &str = "X-Amz-Signature";
pub(super) const X_AMZ_SIGNED_HEADERS: &str = "X-Amz-SignedHeaders";
pub(super) const X_AMZ_CONTENT_SHA256: &str = "X-Amz-Content-Sha256";

/// The longest life of a presigned request.
///
/// Source: Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters": seven days, because a signing
/// key lives no longer.
pub(super) const MAX_EXPIRES: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What the query says.
#[derive(Debug)]
pub(super) struct PresignedQuery<'q> {
    pub(super) algorithm: &'q str,
    pub(super) credential: &'q str,
    pub(super) signed_headers: &'q str,
    pub(super) signature: &'q str,
    pub(super) date: &'q str,
    pub(super) expires: Option<Duration>,
    pub(super) token: Option<&'q str>,
}

impl<'q> PresignedQuery<'q> {
    /// Whether the query means to carry a signature.
    pub(super) fn is_in(query: &Query<'_>) -> bool {
        query.values(X_AMZ_ALGORITHM).next().is_some()
    }

    /// Collects the parameters.
    pub(super) fn of(query: &'q Query<'_>) -> Result<Self, SignatureError> {
        let given = |name| query.single(name).map(|value| value.filter(|value| !value.is_empty()));
        let (algorithm, credential) = (given(X_AMZ_ALGORITHM)?, given(X_AMZ_CREDENTIAL)?);
        let (signature, signed_headers, date) =
            (given(X_AMZ_SIGNATURE)?, given(X_AMZ_SIGNED_HEADERS)?, given(X_AMZ_DATE)?);
        let expires = query.single(X_AMZ_EXPIRES)?.map(parse_expires).transpose()?;
        let token = given(X_AMZ_SECURITY_TOKEN)?;
        match (algorithm, credential, signature, signed_headers, date) {
            (Some(algorithm), Some(credential), Some(signature), Some(signed_headers), Some(date)) => {
                Ok(Self { algorithm, credential, signed_headers, signature, date, expires, token })
            }
            (algorithm, credential, signature, signed_headers, date) => {
                let missing = absent([
                    (X_AMZ_ALGORITHM, algorithm),
                    (X_AMZ_CREDENTIAL, credential),
                    (X_AMZ_SIGNATURE, signature),
                    (X_AMZ_SIGNED_HEADERS, signed_headers),
                    (X_AMZ_DATE, date),
                ]);
                Err(SignatureError::MissingQueryParameters { missing })
            }
        }
    }
}

fn parse_expires(text: &str) -> Result<Duration, ExpiresProblem> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ExpiresProblem::NotANumber);
    }
    if digits.len() != text.len() {
        return Err(ExpiresProblem::Negative);
    }
    // What does not even fit is too long all the more.
    let expires = Duration::from_secs(digits.parse().unwrap_or(u64::MAX));
    if expires > MAX_EXPIRES { Err(ExpiresProblem::TooLong) } else { Ok(expires) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expires_has_bounds() {
        assert_eq!(parse_expires("0"), Ok(Duration::ZERO));
        assert_eq!(parse_expires("604800"), Ok(MAX_EXPIRES));
        for (text, problem) in [
            ("604801", ExpiresProblem::TooLong),
            ("99999999999999999999999999", ExpiresProblem::TooLong),
            ("-1", ExpiresProblem::Negative),
            ("", ExpiresProblem::NotANumber),
            ("-", ExpiresProblem::NotANumber),
            ("+1", ExpiresProblem::NotANumber),
            ("1.5", ExpiresProblem::NotANumber),
            ("１", ExpiresProblem::NotANumber),
        ] {
            assert_eq!(parse_expires(text), Err(problem), "{text}");
        }
    }
}
