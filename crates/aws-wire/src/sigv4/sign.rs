//! Signing, in headers and presigned.

use std::{fmt, time::Duration};

use aws_model::SecretBytes;
use jiff::Timestamp;

use super::{
    ALGORITHM, TERMINATOR, UNSIGNED_PAYLOAD,
    canonical::{self, Ingredients},
    claim::{CONTENT_SHA256_HEADER, DATE_HEADER, TOKEN_HEADER},
    error::{ExpiresProblem, SignatureError},
    key,
    presigned::{
        MAX_EXPIRES, X_AMZ_ALGORITHM, X_AMZ_CREDENTIAL, X_AMZ_DATE, X_AMZ_EXPIRES, X_AMZ_SECURITY_TOKEN,
        X_AMZ_SIGNATURE, X_AMZ_SIGNED_HEADERS,
    },
    query::{self, Query},
    request::{Body, RequestParts},
    rules::{PayloadRule, Rules, TokenRule},
    scope::CredentialScope,
    time::SigningTime,
};

/// Headers that are not signed: proxies change or drop them, or they carry the signature itself.
///
/// The AWS SDKs leave out at least these (aws-sigv4's `SigningSettings`, botocore's `SIGNED_HEADERS_BLACKLIST`).
const NEVER_SIGNED: [&str; 6] =
    ["authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"];

/// Who signs.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// The access key's id.
    pub access_key_id: &'a str,
    /// The access key's secret.
    pub secret: &'a SecretBytes,
    /// The session's token, with temporary credentials.
    pub session_token: Option<&'a SecretBytes>,
}

/// What a signature is made for.
#[derive(Clone, Copy, Debug)]
pub struct SigningParams<'a> {
    /// Who signs.
    pub credentials: Credentials<'a>,
    /// For which region.
    pub region: &'a str,
    /// For which service, by its signing name.
    pub service: &'a str,
    /// When.
    pub time: Timestamp,
    /// Usually [`Rules::for_service`].
    pub rules: Rules,
}

/// Headers to add to the request.
pub struct Signed {
    /// Names in lower case, and values. `authorization` is the last.
    pub headers: Vec<(&'static str, String)>,
    /// The signature alone, in lower-case hexadecimal.
    pub signature: String,
}

/// A query that carries the signature.
pub struct Presigned {
    /// The whole query, to stand behind the `?` in place of the request's own.
    pub query: String,
    /// The signature alone, in lower-case hexadecimal.
    pub signature: String,
}

/// Why a request cannot be signed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// Services refuse a signature that does not cover `host`.
    #[error("the request to sign has no `host` header: add it with the value that will be sent")]
    NoHost,
    /// The query has an escape that is not one.
    #[error("the query of the request to sign is malformed: {0}")]
    Query(#[source] SignatureError),
    /// The session token cannot stand in a header or in a query.
    #[error("the session token is not text")]
    TokenNotText,
    /// The service wants the body signed.
    #[error("the service does not take an unsigned payload: give the body or its hash")]
    UnsignedPayload,
    /// A presigned request cannot live that long.
    #[error(transparent)]
    Expires(#[from] ExpiresProblem),
}

/// Signs in headers: all that the parts hold, but for the few that proxies change.
///
/// `x-amz-date` and `x-amz-security-token` of the parts are replaced by those of `params`; so is
/// `x-amz-content-sha256` for S3, which wants it.
///
/// # Errors
/// [`SignError`]: the request cannot be signed as it is.
pub fn sign(parts: &RequestParts<'_>, body: Body<'_>, params: &SigningParams<'_>) -> Result<Signed, SignError> {
    let (time, token) = (SigningTime::new(params.time), params.token()?);
    let payload_hash = params.payload_hash(body)?;
    let mut added = vec![(DATE_HEADER, time.to_string())];
    if params.rules.payload == PayloadRule::MayBeUnsigned {
        added.push((CONTENT_SHA256_HEADER, payload_hash.clone()));
    }
    added.extend(token.map(|token| (TOKEN_HEADER, token.to_owned())));

    let is_replaced = |name: &str| added.iter().any(|(added, _)| name.eq_ignore_ascii_case(added));
    let is_signed = |name: &str| name != TOKEN_HEADER || params.rules.token == TokenRule::Signed;
    let kept = parts.headers.iter().filter(|(name, _)| !is_replaced(name)).copied();
    let new = added.iter().filter(|(name, _)| is_signed(name)).map(|(name, value)| (*name, value.as_bytes()));
    let headers: Vec<(&str, &[u8])> = kept.chain(new).collect();
    let parts = RequestParts { headers: &headers, ..*parts };
    let query = Query::parse(parts.query).map_err(SignError::Query)?;
    let signed_headers = signed_headers(&parts)?;
    let ingredients = Ingredients {
        path: params.rules.path,
        canonical_query: &query.canonical(&[]),
        signed_headers: &signed_headers,
        payload_hash: &payload_hash,
    };
    let (scope, signature) = params.signature(&parts, &ingredients, time);

    let authorization = format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
        scope.access_key_id,
        signed_headers.join(";")
    );
    added.push(("authorization", authorization));
    Ok(Signed { headers: added, signature })
}

/// Signs in the query, for `expires` from the moment of signing. Fractions of a second are dropped.
///
/// For S3 the body is left out, unless the parts hold its `x-amz-content-sha256`.
///
/// # Errors
/// [`SignError`]: the request cannot be signed as it is, or `expires` is more than seven days.
pub fn presign(
    parts: &RequestParts<'_>,
    body: Body<'_>,
    params: &SigningParams<'_>,
    expires: Duration,
) -> Result<Presigned, SignError> {
    if expires > MAX_EXPIRES {
        return Err(ExpiresProblem::TooLong.into());
    }
    let (time, token) = (SigningTime::new(params.time), params.token()?);
    let payload_hash = match params.rules.payload {
        PayloadRule::Signed => params.payload_hash(body)?,
        // Whoever will send the body may not be here to be asked for it.
        PayloadRule::MayBeUnsigned => parts.header(CONTENT_SHA256_HEADER).unwrap_or(UNSIGNED_PAYLOAD).to_owned(),
    };
    let signed_headers = signed_headers(parts)?;
    let (date, seconds, names) = (time.to_string(), expires.as_secs().to_string(), signed_headers.join(";"));
    let credential = format!("{}/{}", params.credentials.access_key_id, params.scope(time));

    let mut query = Query::parse(parts.query).map_err(SignError::Query)?;
    query.push(X_AMZ_ALGORITHM, ALGORITHM);
    query.push(X_AMZ_CREDENTIAL, &credential);
    query.push(X_AMZ_DATE, &date);
    query.push(X_AMZ_EXPIRES, &seconds);
    query.push(X_AMZ_SIGNED_HEADERS, &names);
    let (signed_token, late_token) = match params.rules.token {
        TokenRule::Signed => (token, None),
        TokenRule::AddedAfterSigning => (None, token),
    };
    if let Some(token) = signed_token {
        query.push(X_AMZ_SECURITY_TOKEN, token);
    }
    let mut canonical_query = query.canonical(&[]);
    let ingredients = Ingredients {
        path: params.rules.path,
        canonical_query: &canonical_query,
        signed_headers: &signed_headers,
        payload_hash: &payload_hash,
    };
    let (_, signature) = params.signature(parts, &ingredients, time);

    for (name, value) in [(X_AMZ_SECURITY_TOKEN, late_token), (X_AMZ_SIGNATURE, Some(signature.as_str()))] {
        if let Some(value) = value {
            canonical_query.push_str(&format!("&{name}={}", query::encode(value.as_bytes())));
        }
    }
    Ok(Presigned { query: canonical_query, signature })
}

impl SigningParams<'_> {
    fn scope(&self, time: SigningTime) -> CredentialScope {
        CredentialScope {
            access_key_id: self.credentials.access_key_id.to_owned(),
            date: time.date(),
            region: self.region.to_owned(),
            service: self.service.to_owned(),
            terminator: TERMINATOR.to_owned(),
        }
    }

    fn token(&self) -> Result<Option<&str>, SignError> {
        let token = self.credentials.session_token.map(|token| std::str::from_utf8(token.expose()));
        token.transpose().map_err(|_| SignError::TokenNotText)
    }

    fn payload_hash(&self, body: Body<'_>) -> Result<String, SignError> {
        match (self.rules.payload, body.sha256_hex()) {
            (_, Some(hash)) => Ok(hash),
            (PayloadRule::MayBeUnsigned, None) => Ok(UNSIGNED_PAYLOAD.to_owned()),
            (PayloadRule::Signed, None) => Err(SignError::UnsignedPayload),
        }
    }

    fn signature(
        &self,
        parts: &RequestParts<'_>,
        ingredients: &Ingredients<'_>,
        time: SigningTime,
    ) -> (CredentialScope, String) {
        let scope = self.scope(time);
        let canonical = canonical::request(parts, ingredients);
        let (name, key) = key::RECENT.find_or_derive(self.credentials.secret, &scope);
        let signature = key.sign(&canonical::string_to_sign(time, &scope, &canonical.octets));
        key::RECENT.remember(name, key);
        (scope, signature)
    }
}

/// The signature only: the headers carry the session token.
impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed").field("signature", &self.signature).finish_non_exhaustive()
    }
}

/// Nothing: whoever has the query can send the request.
impl fmt::Debug for Presigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presigned").finish_non_exhaustive()
    }
}

/// The names to sign: lower case, sorted, each once.
fn signed_headers(parts: &RequestParts<'_>) -> Result<Vec<String>, SignError> {
    let names = parts.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
    let mut names: Vec<String> = names.filter(|name| !NEVER_SIGNED.contains(&name.as_str())).collect();
    names.sort_unstable();
    names.dedup();
    if names.iter().any(|name| name == "host") { Ok(names) } else { Err(SignError::NoHost) }
}
