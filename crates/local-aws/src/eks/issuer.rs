//! A cluster's own key, which signs tokens of its service accounts.
//!
//! An RSA key, as EKS's issuers have them, made with the cluster and kept sealed. What a state does not bring with it, a
//! state of former versions or one that was exported without its secrets, is made anew.

use std::collections::HashSet;

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    rsa::KeyPair,
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use aws_model::SecretBytes;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};

use super::{
    records::Cluster,
    state::{ISSUER_KEYS, Record as _},
};
use crate::{
    kms,
    store::{Batch, OpenError, Store},
};

pub(super) const ALGORITHM: &str = "RS256";

/// How an `RSAPublicKey` of RFC 8017, appendix A.1.1, begins and ends, whose modulus has 2048 bits and whose exponent is
/// 65537: the modulus stands between.
const BEFORE_MODULUS: &[u8] = &[0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00];
const BEHIND_MODULUS: &[u8] = &[0x02, 0x03, 0x01, 0x00, 0x01];

/// 65537 in base64.
const EXPONENT: &str = "AQAB";

pub(super) struct Key {
    pair: KeyPair,
    modulus: Vec<u8>,
    /// 40 hexadecimal digits, as EKS's keys have them.
    id: String,
    pkcs8: SecretBytes,
}

impl Key {
    /// The key of a private key in PKCS #8; `None` where it is none of those that clusters have.
    pub(super) fn read(pkcs8: SecretBytes) -> Option<Self> {
        let pair = KeyPair::from_pkcs8(pkcs8.expose()).ok()?;
        let public = pair.public_key().as_ref();
        let modulus = public.strip_prefix(BEFORE_MODULUS)?.strip_suffix(BEHIND_MODULUS)?.to_vec();
        let id = hex(digest(&SHA256, public).as_ref(), 20);
        Some(Self { pair, modulus, id, pkcs8 })
    }

    /// As it is kept.
    pub(super) fn pkcs8(&self) -> &SecretBytes {
        &self.pkcs8
    }

    /// The public half, as RFC 7517 and RFC 7518, section 6.3, have it.
    pub(super) fn jwk(&self) -> Value {
        let modulus = BASE64.encode(&self.modulus);
        json!({ "kty": "RSA", "n": modulus, "e": EXPONENT, "kid": self.id, "use": "sig", "alg": ALGORITHM })
    }

    /// A token in JWS Compact Serialization.
    pub(super) fn sign(&self, claims: &Value) -> Option<String> {
        let part = |value: &Value| BASE64.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": ALGORITHM, "kid": self.id })), part(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(format!("{signed}.{}", BASE64.encode(signature)))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

/// New keys for clusters whose rows came without theirs: tokens that the former ones signed are good no more.
///
/// # Errors
/// [`OpenError`] when the store cannot be read, or no key be made.
pub(crate) fn add_missing_keys(store: &Store) -> Result<(), OpenError> {
    let there: HashSet<String> = store.rows(ISSUER_KEYS)?.into_iter().map(|row| row.key).collect();
    let mut batch = Batch::new();
    for row in store.rows(Cluster::TABLE)?.into_iter().filter(|row| !there.contains(&row.key)) {
        batch.put(ISSUER_KEYS, row.key, kms::new_rsa_key().ok_or(OpenError::NoRandomness)?);
    }
    if !batch.is_empty() {
        store.write(batch);
    }
    Ok(())
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
