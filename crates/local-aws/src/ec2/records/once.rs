//! What a client's token was used for: the same call again makes nothing, and another one is refused.
//!
//! Source: Amazon EC2 API Reference, "Ensuring idempotency in Amazon EC2 API requests".

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ServiceError, ec2::fault};

/// A client's token, and what came with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::ec2) struct Once {
    pub(in crate::ec2) token: String,
    /// SHA-256 of all other parameters.
    parameters: String,
}

impl Once {
    /// Of an input that has a token.
    pub(in crate::ec2) fn of(input: &Value) -> Option<Self> {
        let token = input.get("ClientToken").and_then(Value::as_str).filter(|token| !token.is_empty())?.to_owned();
        let mut rest = input.as_object()?.clone();
        rest.remove("ClientToken");
        rest.remove("DryRun");
        let hash = digest(&SHA256, Value::Object(rest).to_string().as_bytes());
        Some(Self { token, parameters: hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect() })
    }

    /// Refuses a token that came with something else before.
    pub(in crate::ec2) fn is_as(&self, before: Option<&Self>) -> Result<(), ServiceError> {
        match before {
            Some(before) if before.parameters != self.parameters => Err(fault::other_parameters(&self.token)),
            _ => Ok(()),
        }
    }
}
