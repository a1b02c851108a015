//! The signature algorithms that AWS takes.

use std::str::FromStr;

use aws_lc_rs::signature::{
    self, EcdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RsaParameters,
};

/// An algorithm of a token's signature.
///
/// No MAC is among them, and not `none`: whoever has the public keys could make such a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what RFC 7518 calls so")]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    ES256,
    ES384,
    ES512,
}

/// A token is signed in a way that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the algorithm `{0}` is not taken; sign with RS256, RS384, RS512, ES256, ES384 or ES512")]
pub struct UnknownAlgorithm(pub String);

/// What an algorithm takes as its key.
#[derive(Clone, Copy)]
pub(crate) enum Scheme {
    Rsa(&'static RsaParameters),
    Ec(&'static EcdsaVerificationAlgorithm),
}

impl Algorithm {
    /// Its name, as a header's `alg` has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::ES512 => "ES512",
        }
    }

    pub(crate) fn scheme(self) -> Scheme {
        match self {
            Self::RS256 => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            Self::RS384 => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            Self::RS512 => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA512),
            Self::ES256 => Scheme::Ec(&signature::ECDSA_P256_SHA256_FIXED),
            Self::ES384 => Scheme::Ec(&signature::ECDSA_P384_SHA384_FIXED),
            Self::ES512 => Scheme::Ec(&signature::ECDSA_P521_SHA512_FIXED),
        }
    }

    /// The curve that it is on, as a key's `crv` has it.
    pub(crate) const fn curve(self) -> Option<&'static str> {
        match self {
            Self::RS256 | Self::RS384 | Self::RS512 => None,
            Self::ES256 => Some("P-256"),
            Self::ES384 => Some("P-384"),
            Self::ES512 => Some("P-521"),
        }
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        let all = [Self::RS256, Self::RS384, Self::RS512, Self::ES256, Self::ES384, Self::ES512];
        let known = all.into_iter().find(|algorithm| algorithm.name() == text);
        known.ok_or_else(|| UnknownAlgorithm(text.chars().take(32).collect()))
    }
}
