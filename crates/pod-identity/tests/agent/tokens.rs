//! Tokens that look like a cluster's. Nobody verifies them here.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// Claims of a pod of the service account `shop/NAME`.
pub(crate) fn claims(name: &str, issued: i64, expires: i64) -> Value {
    json!({
        "iss": "https://oidc.example.com/demo",
        "sub": format!("system:serviceaccount:shop:{name}"),
        "aud": ["pods.eks.amazonaws.com"],
        "iat": issued, "nbf": issued, "exp": expires,
        "kubernetes.io": {
            "namespace": "shop",
            "serviceaccount": { "name": name, "uid": "a" },
            "pod": { "name": format!("{name}-0"), "uid": format!("uid-of-{name}") },
        },
    })
}

/// A token with these claims, and a signature of nobody.
pub(crate) fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.AAAA", part(&json!({ "alg": "RS256", "kid": "one" })), part(claims))
}

/// A token of a pod of `shop/NAME`, for a day from now on.
pub(crate) fn of(name: &str) -> String {
    let now = jiff::Timestamp::now().as_second();
    unsigned(&claims(name, now - 10, now + 86_400))
}
