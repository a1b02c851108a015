//! The tokens of a cluster that is not there: as its apiserver would sign them, by a key that lives as long as `up`.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use pod_identity::broker::AGENT_AUDIENCE;
use serde_json::{Value, json};

use super::{AGENT, LIFETIME, NAME, NAMESPACE, POD_AUDIENCE, Tokens};
use crate::failure::Failure;

/// Nobody is asked for its keys. Source: RFC 2606, section 2 (`.invalid`).
const ISSUER: &str = "https://claviger-up.invalid";
const KEY_ID: &str = "claviger-up";
/// Ids of objects that are nowhere.
const NODE_UID: &str = "11111111-1111-4111-8111-111111111111";
const POD_UID: &str = "22222222-2222-4222-8222-222222222222";
const AGENT_UID: &str = "33333333-3333-4333-8333-333333333333";

pub(super) fn tokens() -> Result<Tokens, Failure> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
        .map_err(|_| Failure::new("cannot make a key that signs pods' tokens"))?;
    Ok(Tokens {
        issuer: ISSUER.to_owned(),
        keys: key_set(&pair),
        of_pod: token(&pair, POD_AUDIENCE, NAME, POD_UID)?,
        of_agent: token(&pair, AGENT_AUDIENCE, AGENT, AGENT_UID)?,
        signed_by: "claviger up in the place of an apiserver",
    })
}

/// Source: RFC 7518, section 6.2.1 (the coordinates of a point; SEC 1, section 2.3.3, has an octet before both).
fn key_set(pair: &EcdsaKeyPair) -> Value {
    let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
    let (x, y) = point.split_at(point.len() / 2);
    let part = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
    json!({ "keys": [{ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KEY_ID, "x": part(x), "y": part(y) }] })
}

/// Source: Kubernetes documentation, "Managing Service Accounts" > "Schema for service account private claims".
fn token(pair: &EcdsaKeyPair, audience: &str, account: &str, pod_uid: &str) -> Result<String, Failure> {
    let now = Timestamp::now().as_second();
    let claims = json!({
        "iss": ISSUER, "sub": format!("system:serviceaccount:{NAMESPACE}:{account}"), "aud": [audience],
        "iat": now, "nbf": now, "exp": now + i64::from(LIFETIME),
        "kubernetes.io": {
            "namespace": NAMESPACE,
            "node": { "name": NAME, "uid": NODE_UID },
            "pod": { "name": account, "uid": pod_uid },
            "serviceaccount": { "name": account, "uid": pod_uid },
        },
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": "ES256", "kid": KEY_ID })), part(&claims));
    let signature =
        pair.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| Failure::new("cannot sign a pod's token"))?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
