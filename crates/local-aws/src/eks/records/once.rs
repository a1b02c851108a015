//! By which a request is known that comes twice.
//!
//! Source: Amazon EKS API Reference, `clientRequestToken` of each operation that has it ("to ensure the idempotency of the
//! request"). What is answered to a token that comes with something else, it does not tell.

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The member of requests that has it.
const MEMBER: &str = "clientRequestToken";

/// A client's token, and what came with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept")]
pub(in crate::eks) struct Once {
    pub(in crate::eks) token: String,
    /// The operation, and the SHA-256 of all other members. Nobody knows of requests that were kept by their token alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<(String, String)>,
}

/// Once the token was all that was kept.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    Token(String),
    Whole { token: String, request: Option<(String, String)> },
}

impl From<Kept> for Once {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Token(token) => Self { token, request: None },
            Kept::Whole { token, request } => Self { token, request },
        }
    }
}

/// How a request is to one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::eks) enum Likeness {
    /// It has another token, or none, or is of another operation.
    Another,
    Same,
    /// It has the token, and asks for something else.
    OtherParameters,
}

impl Once {
    /// Of a request that has a token.
    pub(in crate::eks) fn of(operation: &str, input: &Value) -> Option<Self> {
        let mut rest = input.as_object()?.clone();
        let token = rest.remove(MEMBER)?.as_str().filter(|token| !token.is_empty())?.to_owned();
        let hash = digest(&SHA256, Value::Object(rest).to_string().as_bytes());
        let hash = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Some(Self { token, request: Some((operation.to_owned(), hash)) })
    }

    pub(in crate::eks) fn likeness(&self, before: &Self) -> Likeness {
        if self.token != before.token {
            return Likeness::Another;
        }
        match (&self.request, &before.request) {
            (Some((operation, _)), Some((former, _))) if operation != former => Likeness::Another,
            (Some((_, hash)), Some((_, former))) if hash != former => Likeness::OtherParameters,
            _ => Likeness::Same,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Likeness, Once};

    #[test]
    fn a_request_is_known_by_its_token_its_operation_and_what_it_asks_for() {
        let of = |operation, token: &str, name: &str| {
            Once::of(operation, &json!({ "clientRequestToken": token, "name": name })).unwrap()
        };
        let known = of("CreateCluster", "t", "a");
        assert_eq!(known.likeness(&of("CreateCluster", "t", "a")), Likeness::Same);
        assert_eq!(known.likeness(&of("CreateCluster", "t", "b")), Likeness::OtherParameters);
        assert_eq!(known.likeness(&of("CreateCluster", "u", "a")), Likeness::Another);
        assert_eq!(known.likeness(&of("UpdateAddon", "t", "a")), Likeness::Another);
        assert_eq!(Once::of("CreateCluster", &json!({ "name": "a" })), None);
        assert_eq!(Once::of("CreateCluster", &json!({ "clientRequestToken": "", "name": "a" })), None);
    }

    #[test]
    fn a_state_of_before_has_tokens_alone() {
        let before: Once = serde_json::from_value(json!("t")).unwrap();
        let now = Once::of("CreateCluster", &json!({ "clientRequestToken": "t", "name": "a" })).unwrap();
        assert_eq!(now.likeness(&before), Likeness::Same);
        let kept: Once = serde_json::from_value(serde_json::to_value(&now).unwrap()).unwrap();
        assert_eq!(kept, now);
    }
}
