//! The signature algorithms that are taken, by AWS and by who takes more.

use aws_lc_rs::signature::{
    self, EcdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters,
};

/// An algorithm of a token's signature.
///
/// No MAC is among them, and not `none`: whoever has the public keys could make such a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what RFC 7518 and RFC 8037 call so")]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    ES256,
    ES384,
    ES512,
    PS256,
    PS384,
    PS512,
    /// Of its curves, Ed25519.
    EdDSA,
}

/// Which of them are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithms {
    /// Those that AWS STS takes: RS* and ES*.
    Aws,
    /// All, for an issuer that need not suit AWS.
    All,
}

/// A token is signed in a way that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the algorithm `{name}` is not taken; sign with {}", .taken.told())]
pub struct UnknownAlgorithm {
    name: String,
    taken: Algorithms,
}

/// What an algorithm takes as its key.
#[derive(Clone, Copy)]
pub(crate) enum Scheme {
    Rsa(&'static RsaParameters),
    Ec(&'static str, &'static EcdsaVerificationAlgorithm),
    Ed25519,
}

impl Algorithm {
    const OF_AWS: [Self; 6] = [Self::RS256, Self::RS384, Self::RS512, Self::ES256, Self::ES384, Self::ES512];
    const OTHERS: [Self; 4] = [Self::PS256, Self::PS384, Self::PS512, Self::EdDSA];

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
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::EdDSA => "EdDSA",
        }
    }

    /// How it verifies; of an elliptic curve, also which, as a key's `crv` has it.
    pub(crate) fn scheme(self) -> Scheme {
        match self {
            Self::RS256 => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            Self::RS384 => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            Self::RS512 => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA512),
            Self::ES256 => Scheme::Ec("P-256", &signature::ECDSA_P256_SHA256_FIXED),
            Self::ES384 => Scheme::Ec("P-384", &signature::ECDSA_P384_SHA384_FIXED),
            Self::ES512 => Scheme::Ec("P-521", &signature::ECDSA_P521_SHA512_FIXED),
            Self::PS256 => Scheme::Rsa(&RSA_PSS_2048_8192_SHA256),
            Self::PS384 => Scheme::Rsa(&RSA_PSS_2048_8192_SHA384),
            Self::PS512 => Scheme::Rsa(&RSA_PSS_2048_8192_SHA512),
            Self::EdDSA => Scheme::Ed25519,
        }
    }
}

impl Algorithms {
    /// The algorithm that a header's `alg` names.
    pub(crate) fn named(self, text: &str) -> Result<Algorithm, UnknownAlgorithm> {
        let others: &[Algorithm] = if self == Self::All { &Algorithm::OTHERS } else { &[] };
        let known = Algorithm::OF_AWS.iter().chain(others).find(|algorithm| algorithm.name() == text);
        known.copied().ok_or_else(|| UnknownAlgorithm { name: text.chars().take(32).collect(), taken: self })
    }

    fn told(self) -> &'static str {
        match self {
            Self::Aws => "RS256, RS384, RS512, ES256, ES384 or ES512",
            Self::All => "RS256, RS384, RS512, ES256, ES384, ES512, PS256, PS384, PS512 or EdDSA",
        }
    }
}
