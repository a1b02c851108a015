//! Key policies: the text as it was put, read once.

use std::sync::Arc;

use authz::{
    policy::{MalformedPolicy, Policy, PolicyKind},
    rules::Assumptions,
    text::SourceText,
};
use aws_model::KeyArn;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::authorization::Authorizer;

/// A key policy that reads.
#[derive(Clone, Debug)]
pub(super) struct KeyPolicy(Arc<Policy>);

impl KeyPolicy {
    pub(super) fn parse(text: &str, assumptions: &Assumptions) -> Result<Self, MalformedPolicy> {
        let source = SourceText::new("key policy", text);
        Policy::parse_under(source, PolicyKind::Key, assumptions).map(|policy| Self(Arc::new(policy)))
    }

    /// The policy that gives a key to its account.
    ///
    /// Source: AWS KMS Developer Guide, "Default key policy"; laid out as AWS answers it.
    pub(super) fn default_of(arn: &KeyArn) -> Result<Self, MalformedPolicy> {
        let root = format!("arn:{}:iam::{}:root", arn.region().partition(), arn.account());
        let text = format!(
            r#"{{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "{root}"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"#
        );
        Self::parse(&text, &Assumptions::default())
    }

    /// As it was put.
    pub(super) fn text(&self) -> &str {
        self.0.source().text()
    }

    pub(super) fn policy(&self) -> &Arc<Policy> {
        &self.0
    }
}

impl From<Arc<Policy>> for KeyPolicy {
    fn from(policy: Arc<Policy>) -> Self {
        Self(policy)
    }
}

impl PartialEq for KeyPolicy {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.text() == other.text()
    }
}

impl Serialize for KeyPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}

impl<'de> Deserialize<'de> for KeyPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text, &Authorizer::kept())
            .map_err(|malformed| de::Error::custom(format_args!("the key policy: {malformed}")))
    }
}
