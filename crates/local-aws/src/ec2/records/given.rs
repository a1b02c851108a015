//! What was given, with user data in it: kept and told as it was given, never printed.
//!
//! User data has no cryptographic protection at AWS and here: whoever may describe it reads it (Amazon EC2 User Guide, "Run
//! commands when you launch an EC2 instance with user data input"). People put join tokens there all the same.

use std::{fmt, ops::Deref};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The member that has it, wherever it stands.
const MEMBER: &str = "UserData";

/// User data, in base64, as it was given.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::ec2) struct UserData(String);

/// An input, or a part of one.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::ec2) struct Given(Value);

impl UserData {
    pub(in crate::ec2) fn new(base64: String) -> Self {
        Self(base64)
    }

    pub(in crate::ec2) fn base64(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} characters of user data>", self.0.len())
    }
}

impl From<Value> for Given {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl Deref for Given {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", redacted(&self.0))
    }
}

fn redacted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let shown = members.iter().map(|(name, value)| match value {
                Value::String(text) if name == MEMBER => (name.clone(), format!("{:?}", UserData(text.clone())).into()),
                value => (name.clone(), redacted(value)),
            });
            Value::Object(shown.collect())
        }
        Value::Array(elements) => elements.iter().map(redacted).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn user_data_is_kept_and_not_printed() {
        let asked = json!({ "LaunchSpecification": { "ImageId": "ami-1", "UserData": "c2VjcmV0" } });
        let given = Given::from(asked.clone());
        let printed = format!("{given:?} {:?}", UserData::new("c2VjcmV0".to_owned()));
        assert!(
            printed.contains("ami-1") && printed.contains("8 characters") && !printed.contains("c2VjcmV0"),
            "{printed}"
        );
        assert_eq!(serde_json::to_value(&given).unwrap(), asked);
    }
}
