//! Signature Version 4: signing and verifying, in headers and presigned.
//!
//! ```text
//!   RequestParts ----> Claim::from_request   who says they signed, when, over which headers; not yet trusted
//!                        |
//!                        v
//!                      Claim::scoped_to, ScopedClaim::check_time   refused before the key is looked up, as AWS does
//!                        |  the caller looks the secret up
//!                        v
//!                      ScopedClaim::verify -> Ok    the octets are the ones that the key's holder signed
//!
//!   RequestParts ----> sign, presign          the same canonical form, the other way round
//! ```
//!
//! Source of the algorithm: IAM User Guide, "Create a signed AWS API request". AWS does not document every
//! message nor the order of its checks; those here are the ones that its services are seen to answer.

mod authorization;
mod canonical;
mod claim;
mod error;
mod key;
mod path;
mod presigned;
mod query;
mod request;
mod rules;
mod scope;
mod scoped;
mod sign;
mod time;
mod verify;

pub use claim::Claim;
pub use error::{ExpiresProblem, Mismatch, ScopeProblem, SignatureError};
pub use request::{Body, RequestParts};
pub use rules::{PathRule, PayloadRule, Rules, TokenRule};
pub use scoped::ScopedClaim;
pub use sign::{Credentials, Presigned, SignError, Signed, SigningParams, presign, sign};
pub use time::SigningTime;

/// The only algorithm spoken here: HMAC with SHA-256.
///
/// `AWS4-ECDSA-P256-SHA256` (SigV4A, for multi-Region access points) is refused by name.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The payload's hash when the body is not part of the signature.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The last element of every credential scope.
const TERMINATOR: &str = "aws4_request";
