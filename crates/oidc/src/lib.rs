//! ID tokens of OpenID Connect issuers: read, verified against the issuer's keys, typed.
//!
//! ```text
//!   text --parse--> Token --verify(KeySet)--> Claims --check_time(now, leeway)--> to be believed
//!                     |                 ^
//!                     '-- issuer() --> Discovery --> jwks_uri --> KeySet::parse
//! ```
//!
//! Functions of their arguments: who calls fetches the documents, keeps the keys and tells the time. What a claim means
//! for AWS (audiences, session tags) or for Kubernetes is not known here.
//!
//! Sources: RFC 7515 (JWS), RFC 7517 (JWK), RFC 7518 (JWA), RFC 7519 (JWT); OpenID Connect Core 1.0, section 2; OpenID
//! Connect Discovery 1.0, section 4. What AWS takes is taken, and more where it is asked for ([`Algorithms`]): AWS STS API Reference, "AssumeRoleWithWebIdentity",
//! `WebIdentityToken` ("signed using either RSA keys (RS256, RS384, or RS512) or ECDSA keys (ES256, ES384, or ES512)").

mod algorithm;
mod claims;
mod discovery;
mod encoding;
mod keys;
mod token;

pub use algorithm::{Algorithm, Algorithms, UnknownAlgorithm};
pub use claims::{Claims, InvalidClaim, OutOfTime};
pub use discovery::{Discovery, InvalidDiscovery};
pub use keys::{InvalidKeySet, KeySet, Unverified};
pub use token::{InvalidToken, Token};
