//! Whom a token of an identity provider vouches for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Whom a token of an identity provider vouches for. It stays with the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebIdentity {
    /// The ARN of the provider.
    pub provider: String,
    /// The token's `sub`.
    pub subject: String,
    /// For whom the token was issued.
    pub audience: String,
    /// The token's `amr`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
}

/// What else a token says, which counts while a session is asked for with it.
#[derive(Clone, Debug, Default)]
pub struct TokenClaims {
    /// Those that AWS has condition keys for, by the names that follow the issuer's there.
    pub(crate) conditions: BTreeMap<String, Vec<String>>,
    /// What is said of the session, as members of AssumeRole's input.
    pub(crate) session: Map<String, Value>,
}

impl WebIdentity {
    /// The issuer's URL without its scheme.
    fn issuer(&self) -> &str {
        self.provider.split_once(":oidc-provider/").map_or(&*self.provider, |(_, url)| url)
    }

    /// The issuer's condition keys and their values.
    ///
    /// Source: IAM User Guide, "IAM and AWS STS condition context keys" > "Available keys for AWS OIDC federation" and
    /// "Cross-service AWS OIDC federation context keys".
    pub(crate) fn condition_keys(&self, token: Option<&TokenClaims>) -> impl Iterator<Item = (String, Vec<String>)> {
        let own =
            [("sub", vec![self.subject.clone()]), ("aud", vec![self.audience.clone()]), ("amr", self.methods.clone())];
        let further = token.into_iter().flat_map(|token| &token.conditions);
        let further = further.map(|(name, values)| (name.as_str(), values.clone()));
        let all = own.into_iter().chain(further).filter(|(_, values)| !values.is_empty());
        all.map(|(name, values)| (format!("{}:{name}", self.issuer()), values))
    }
}
