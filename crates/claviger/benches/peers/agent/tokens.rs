//! Pods' tokens, as an apiserver signs them.

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::RSA_PKCS1_SHA256,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

/// A cluster's key for tokens, and how many it has signed.
pub(super) struct Issuer {
    key: KeyPair,
    signed: usize,
}

impl Issuer {
    pub(super) fn new() -> Self {
        Self { key: KeyPair::generate(KeySize::Rsa2048).unwrap(), signed: 0 }
    }

    /// The token of a pod that there was not yet.
    pub(super) fn token(&mut self) -> String {
        self.signed += 1;
        let (number, now) = (self.signed, jiff::Timestamp::now().as_second());
        let id = |of: &str| format!("{of}{number:05}-7f1e-4d53-9a86-3c1d6a2b4e55");
        let header = json!({ "alg": "RS256", "kid": "Yv5-ohbzWm1ShkbFg9hSfGTlQ6ePJYNe2XfP0nBkq3A" });
        let claims = json!({
            "aud": ["pods.eks.amazonaws.com"], "exp": now + 86_400, "iat": now, "nbf": now,
            "iss": "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE", "jti": id("d9a"),
            "kubernetes.io": {
                "namespace": "shop",
                "node": { "name": "ip-10-0-12-34.us-west-2.compute.internal", "uid": id("0de") },
                "pod": { "name": format!("api-6d4b75cb6d-{number:05}"), "uid": id("90d") },
                "serviceaccount": { "name": "api", "uid": id("5ac") },
            },
            "sub": "system:serviceaccount:shop:api",
        });
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub(super) fn tokens(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.token()).collect()
    }
}
