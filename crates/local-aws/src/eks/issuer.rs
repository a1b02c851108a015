//! A cluster's own key, which signs tokens of its service accounts.
//!
//! Nothing is kept of it: it follows from the one seed of all credentials, so the same state has it after a restart. It is
//! an EC key, where EKS's are RSA keys, since those do not follow from anything.

use aws_lc_rs::{
    agreement::{self, ECDH_P256},
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};

use super::records::Cluster;
use crate::accounts::Accounts;

pub(super) const ALGORITHM: &str = "ES256";

/// The length of a coordinate of the curve.
const COORDINATE: usize = 32;

pub(super) struct Key {
    pair: EcdsaKeyPair,
    point: Vec<u8>,
    /// 40 hexadecimal digits, as EKS's keys have them.
    id: String,
}

impl Key {
    /// The key of a cluster; `None` where the library fails.
    pub(super) fn of(accounts: &Accounts, cluster: &Cluster) -> Option<Self> {
        // Of the numbers of 256 bits one in four thousand millions is none of the curve's; the next one then is.
        (0..4).find_map(|attempt| {
            let secret = accounts.issuer_key(&format!("{}/{}/{attempt}", cluster.arn, cluster.issuer()));
            let private = agreement::PrivateKey::from_private_key(&ECDH_P256, secret.expose()).ok()?;
            let point = private.compute_public_key().ok()?.as_ref().to_vec();
            let pair = EcdsaKeyPair::from_private_key_and_public_key(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                secret.expose(),
                &point,
            );
            let id = hex(digest(&SHA256, &point).as_ref(), 20);
            Some(Self { pair: pair.ok()?, point, id })
        })
    }

    /// The public half, as RFC 7517 and RFC 7518, section 6.2, have it.
    pub(super) fn jwk(&self) -> Value {
        // Behind the byte that says that it is uncompressed.
        let mut coordinates =
            self.point.get(1..).unwrap_or_default().chunks(COORDINATE).map(|part| BASE64.encode(part));
        let (x, y) = (coordinates.next(), coordinates.next());
        json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": self.id, "use": "sig", "alg": ALGORITHM })
    }

    /// A token in JWS Compact Serialization.
    pub(super) fn sign(&self, claims: &Value) -> Option<String> {
        let part = |value: &Value| BASE64.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": ALGORITHM, "kid": self.id })), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).ok()?;
        Some(format!("{signed}.{}", BASE64.encode(signature)))
    }
}

/// An id in the form of a UUID that is the same each time for the same name.
pub(super) fn uid(name: &str) -> String {
    let bytes = digest(&SHA256, name.as_bytes());
    uuid::Builder::from_slice(bytes.as_ref().get(..16).unwrap_or_default())
        .map(|builder| builder.with_version(uuid::Version::Random).into_uuid().to_string())
        .unwrap_or_default()
}

fn hex(bytes: &[u8], most: usize) -> String {
    bytes.iter().take(most).map(|byte| format!("{byte:02x}")).collect()
}
