//! An issuer's keys: a JWK Set.

use aws_lc_rs::signature::{ED25519, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    algorithm::{Algorithm, Algorithms, Scheme},
    encoding::decoded,
};

/// How many keys of either kind a set has at most.
///
/// Source: IAM User Guide, "Create an OpenID Connect (OIDC) identity provider in IAM" > "Prerequisites": 100 RSA and 100
/// EC keys.
const MOST_KEYS: usize = 100;

/// The keys of an issuer that can verify a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet(Vec<Key>);

/// A document that is no JWK Set, or none that is taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeySet {
    /// It is no JSON object with a list `keys`.
    #[error("it is no JWK Set: it is no JSON object with a list `keys`")]
    Form,
    /// There are too many.
    #[error("it has more than {MOST_KEYS} keys of one kind")]
    Many,
    /// There is no key in it that could verify a token.
    #[error("it has no RSA or EC key for signatures")]
    Empty,
}

/// A token whose signature was not found good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// No key of the set could have made it.
    #[error("the issuer has no such key")]
    NoSuchKey,
    /// The key that it names did not make it.
    #[error("the signature is not of the issuer's key")]
    Signature,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    id: Option<String>,
    /// The only algorithm that it is for, if it says one.
    only: Option<String>,
    material: Material,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ec { curve: &'static str, point: Vec<u8> },
    Ed25519 { point: Vec<u8> },
}

/// A JWK's members, as far as they matter.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    kid: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a JWK Set. Keys of kinds that AWS does not take, for other uses or with flaws are passed over, as RFC 7517,
    /// section 5, wants.
    ///
    /// # Errors
    /// [`InvalidKeySet`].
    pub fn parse(document: &[u8]) -> Result<Self, InvalidKeySet> {
        Self::parse_as(document, Algorithms::Aws)
    }

    /// The same, with keys for these algorithms.
    ///
    /// # Errors
    /// [`InvalidKeySet`].
    pub fn parse_as(document: &[u8], algorithms: Algorithms) -> Result<Self, InvalidKeySet> {
        let document: Value = serde_json::from_slice(document).map_err(|_| InvalidKeySet::Form)?;
        let keys = document.get("keys").and_then(Value::as_array).ok_or(InvalidKeySet::Form)?;
        let of_kind = |kind| keys.iter().filter(|key| key.get("kty").and_then(Value::as_str) == Some(kind)).count();
        if ["RSA", "EC", "OKP"].into_iter().any(|kind| of_kind(kind) > MOST_KEYS) {
            return Err(InvalidKeySet::Many);
        }
        let keys = keys.iter().filter_map(|key| Key::of(Jwk::deserialize(key).ok()?));
        let is_taken = |key: &Key| algorithms == Algorithms::All || !matches!(key.material, Material::Ed25519 { .. });
        let keys: Vec<Key> = keys.filter(is_taken).collect();
        if keys.is_empty() { Err(InvalidKeySet::Empty) } else { Ok(Self(keys)) }
    }

    pub(crate) fn verify(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Unverified> {
        let may_have_signed = |key: &&Key| id.is_none_or(|id| key.id.as_deref() == Some(id)) && key.is_for(algorithm);
        let mut found = Err(Unverified::NoSuchKey);
        for key in self.0.iter().filter(may_have_signed) {
            if key.verifies(algorithm, message, signature) {
                return Ok(());
            }
            found = Err(Unverified::Signature);
        }
        found
    }
}

impl Key {
    fn of(jwk: Jwk) -> Option<Self> {
        let verifies = jwk.key_ops.is_none_or(|operations| operations.iter().any(|one| one == "verify"));
        if !verifies || jwk.usage.is_some_and(|usage| usage != "sig") {
            return None;
        }
        let material = match &*jwk.kty {
            "RSA" => Material::Rsa { modulus: number(&jwk.n?)?, exponent: number(&jwk.e?)? },
            "EC" => {
                let (curve, length) = match &*jwk.crv? {
                    "P-256" => ("P-256", 32),
                    "P-384" => ("P-384", 48),
                    "P-521" => ("P-521", 66),
                    _ => return None,
                };
                // RFC 7518, section 6.2.1.2: coordinates have all their octets.
                let coordinate = |text: &str| decoded(text).filter(|octets| octets.len() == length);
                const UNCOMPRESSED: u8 = 4;
                let point = [vec![UNCOMPRESSED], coordinate(&jwk.x?)?, coordinate(&jwk.y?)?].concat();
                Material::Ec { curve, point }
            }
            // RFC 8037, section 2.
            "OKP" if jwk.crv.as_deref() == Some("Ed25519") => {
                Material::Ed25519 { point: decoded(&jwk.x?).filter(|octets| octets.len() == 32)? }
            }
            _ => return None,
        };
        Some(Self { id: jwk.kid, only: jwk.alg, material })
    }

    fn is_for(&self, algorithm: Algorithm) -> bool {
        let is_of_kind = match (&self.material, algorithm.scheme()) {
            (Material::Rsa { .. }, Scheme::Rsa(_)) | (Material::Ed25519 { .. }, Scheme::Ed25519) => true,
            (Material::Ec { curve, .. }, Scheme::Ec(wanted, _)) => *curve == wanted,
            _ => false,
        };
        is_of_kind && self.only.as_deref().is_none_or(|only| only == algorithm.name())
    }

    fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match (&self.material, algorithm.scheme()) {
            (Material::Rsa { modulus, exponent }, Scheme::Rsa(parameters)) => {
                RsaPublicKeyComponents { n: modulus, e: exponent }.verify(parameters, message, signature).is_ok()
            }
            (Material::Ec { point, .. }, Scheme::Ec(_, scheme)) => {
                UnparsedPublicKey::new(scheme, point).verify(message, signature).is_ok()
            }
            (Material::Ed25519 { point }, Scheme::Ed25519) => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signature).is_ok()
            }
            _ => false,
        }
    }
}

/// The octets of a number without leading zeros, which some issuers write though RFC 7518, section 2, forbids them.
fn number(text: &str) -> Option<Vec<u8>> {
    let octets = decoded(text)?;
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    octets.get(zeros..).filter(|octets| !octets.is_empty()).map(<[u8]>::to_vec)
}
