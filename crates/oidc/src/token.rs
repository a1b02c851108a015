//! A token's three parts.

use std::fmt;

use serde_json::{Map, Value};

use crate::{
    algorithm::{Algorithm, Algorithms, UnknownAlgorithm},
    claims::{Claims, InvalidClaim},
    encoding::decoded,
    keys::{KeySet, Unverified},
};

/// The longest token that is read.
///
/// Source: AWS STS API Reference, "AssumeRoleWithWebIdentity", `WebIdentityToken`: 20,000 characters.
const LONGEST: usize = 20_000;

/// A token that was read. What it says is not to be believed before [`verify`](Self::verify) hands it out.
#[derive(Clone)]
pub struct Token<'a> {
    algorithm: Algorithm,
    key_id: Option<String>,
    claims: Claims,
    signed: &'a str,
    signature: Vec<u8>,
}

/// A text that is no token, or none that is taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// It is too long.
    #[error("the token is longer than {LONGEST} characters")]
    Long,
    /// It is not of three parts of base64url, the first two of them JSON objects.
    #[error("the token is no signed JSON Web Token: {0}")]
    Form(&'static str),
    /// Its signature is of a kind that is not taken.
    #[error(transparent)]
    Algorithm(#[from] UnknownAlgorithm),
    /// A claim is absent or of the wrong type.
    #[error(transparent)]
    Claim(#[from] InvalidClaim),
}

impl<'a> Token<'a> {
    /// Reads a token in JWS Compact Serialization, signed as AWS takes it.
    ///
    /// # Errors
    /// [`InvalidToken`] tells what is wrong, without anything of the token but the names of its claims and its algorithm.
    pub fn parse(text: &'a str) -> Result<Self, InvalidToken> {
        Self::parse_as(text, Algorithms::Aws)
    }

    /// The same, signed by one of these algorithms.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_as(text: &'a str, algorithms: Algorithms) -> Result<Self, InvalidToken> {
        if text.len() > LONGEST {
            return Err(InvalidToken::Long);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(InvalidToken::Form("it has no signature"))?;
        let (header, payload) = signed.split_once('.').ok_or(InvalidToken::Form("it has not three parts"))?;
        let header = object(header).ok_or(InvalidToken::Form("its header is no JSON object"))?;
        let signature = decoded(signature).ok_or(InvalidToken::Form("its signature is not base64url"))?;
        // RFC 7515, section 4.1.11: what is marked as critical and not understood is to be refused.
        if header.contains_key("crit") {
            return Err(InvalidToken::Form("its header has critical extensions"));
        }
        let member = |name| header.get(name).and_then(Value::as_str);
        let algorithm = member("alg").ok_or(InvalidToken::Form("its header names no algorithm"))?;
        let algorithm = algorithms.named(algorithm)?;
        let key_id = match (header.get("kid"), member("kid")) {
            (None, _) => None,
            (Some(_), Some(id)) => Some(id.to_owned()),
            (Some(_), None) => return Err(InvalidToken::Form("its header's `kid` is no text")),
        };
        let claims = object(payload).ok_or(InvalidToken::Form("its claims are no JSON object"))?;
        Ok(Self { algorithm, key_id, claims: Claims::of(claims, algorithms)?, signed, signature })
    }

    /// Who is said to have issued it: whose keys verify it, or nobody's.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.claims.issuer
    }

    /// What it says, whoever wrote that: for who has no keys and leaves it to another to verify it.
    #[must_use]
    pub fn unverified(&self) -> &Claims {
        &self.claims
    }

    /// How it is signed.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Which of the issuer's keys is said to have signed it.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// What it says, if one of the keys signed that.
    ///
    /// # Errors
    /// [`Unverified`] tells whether the issuer has no such key, or the signature is not of it.
    pub fn verify(&self, keys: &KeySet) -> Result<&Claims, Unverified> {
        keys.verify(self.key_id(), self.algorithm, self.signed.as_bytes(), &self.signature)?;
        Ok(&self.claims)
    }
}

/// How it is signed and by which key, and nothing that it says: whoever has the text can be whom it is about.
impl fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { algorithm, key_id, .. } = self;
        f.debug_struct("Token").field("algorithm", algorithm).field("key_id", key_id).finish_non_exhaustive()
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    match serde_json::from_slice(&decoded(part)?).ok()? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}
