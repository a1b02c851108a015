//! Verifying a claim.

use std::borrow::Cow;

use aws_model::SecretBytes;
use jiff::Timestamp;
use subtle::ConstantTimeEq;

use super::{
    UNSIGNED_PAYLOAD,
    canonical::{self, Ingredients},
    claim::{CONTENT_SHA256_HEADER, Place, TOKEN_HEADER, is_signed},
    error::{Mismatch, SignatureError},
    key,
    presigned::{X_AMZ_CONTENT_SHA256, X_AMZ_SECURITY_TOKEN, X_AMZ_SIGNATURE},
    query::Query,
    request::{Body, RequestParts},
    rules::{PayloadRule, TokenRule},
    scoped::ScopedClaim,
};

impl ScopedClaim {
    /// Verifies that whoever holds `secret` signed exactly this request, not more than 15 minutes from `now`.
    ///
    /// `parts` are those that the claim was read from.
    ///
    /// # Errors
    /// [`check_time`](Self::check_time)'s, [`SignatureError::HeaderNotSigned`] for an unsigned session token,
    /// [`SignatureError::ContentSha256Mismatch`], [`SignatureError::Mismatch`].
    pub fn verify(
        &self,
        secret: &SecretBytes,
        parts: &RequestParts<'_>,
        body: Body<'_>,
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        self.check_time(now)?;
        let Self { claim, rules } = self;
        let token_header = parts.header_values(TOKEN_HEADER).next();
        if token_header.is_some() && rules.token == TokenRule::Signed && !is_signed(&claim.signed_headers, TOKEN_HEADER)
        {
            return Err(SignatureError::HeaderNotSigned { name: TOKEN_HEADER.to_owned() });
        }

        let query = Query::parse(parts.query)?;
        let skipped: &[&str] = match (claim.place, rules.token) {
            (Place::Header, _) => &[],
            (Place::Query { .. }, TokenRule::Signed) => &[X_AMZ_SIGNATURE],
            (Place::Query { .. }, TokenRule::AddedAfterSigning) => &[X_AMZ_SIGNATURE, X_AMZ_SECURITY_TOKEN],
        };
        let canonical = canonical::request(
            parts,
            &Ingredients {
                path: rules.path,
                canonical_query: &query.canonical(skipped),
                signed_headers: &claim.signed_headers,
                payload_hash: &self.payload_hash(parts, &query, body)?,
            },
        );
        let string_to_sign = canonical::string_to_sign(claim.time, &claim.scope, &canonical.octets);

        let (name, key) = key::RECENT.find_or_derive(secret, &claim.scope);
        let expected = key.sign(&string_to_sign);
        let matches: bool = expected.as_bytes().ct_eq(claim.signature.as_bytes()).into();
        if !(matches && canonical.complete) {
            let mismatch = Mismatch { canonical_request: canonical.octets, string_to_sign };
            return Err(SignatureError::Mismatch(Box::new(mismatch)));
        }
        key::RECENT.remember(name, key);
        Ok(())
    }

    /// The payload's hash as the signer must have written it.
    fn payload_hash<'p>(
        &self,
        parts: &'p RequestParts<'_>,
        query: &'p Query<'_>,
        body: Body<'_>,
    ) -> Result<Cow<'p, str>, SignatureError> {
        let is_presigned = self.claim.is_presigned();
        let stated = match parts.header(CONTENT_SHA256_HEADER) {
            None if is_presigned => query.single(X_AMZ_CONTENT_SHA256)?,
            header => header,
        };
        let may_be_unsigned = self.rules.payload == PayloadRule::MayBeUnsigned;
        match (stated, body.sha256_hex()) {
            (Some(UNSIGNED_PAYLOAD), _) if may_be_unsigned => Ok(Cow::Borrowed(UNSIGNED_PAYLOAD)),
            (None, _) if may_be_unsigned && is_presigned => Ok(Cow::Borrowed(UNSIGNED_PAYLOAD)),
            (None, Some(computed)) => Ok(Cow::Owned(computed)),
            (Some(stated), Some(computed)) if stated == computed => Ok(Cow::Owned(computed)),
            _ => Err(SignatureError::ContentSha256Mismatch),
        }
    }
}
