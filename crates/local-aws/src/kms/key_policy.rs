//! Key policies: the text as it was put, read once, with the unique ids of whom it named then.

use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use authz::{
    policy::{MalformedPolicy, Policy, PolicyKind},
    rules::Assumptions,
    text::SourceText,
    world::{ResourcePolicy, World},
};
use aws_model::KeyArn;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::authorization::{Authorizer, named};

/// A key policy that reads.
#[derive(Clone, Debug)]
pub(super) struct KeyPolicy {
    policy: Arc<Policy>,
    /// Of the users and roles that it names, by ARN; `None` before it is saved, and in states of before they were kept.
    saved_ids: Option<SavedIds>,
}

type SavedIds = BTreeMap<Box<str>, Box<str>>;

/// A row's. Before the ids were kept it was the text alone.
#[derive(Serialize, Deserialize)]
struct Saved<'k> {
    text: Cow<'k, str>,
    saved_ids: Cow<'k, SavedIds>,
}

impl KeyPolicy {
    pub(super) fn parse(text: &str, assumptions: &Assumptions) -> Result<Self, MalformedPolicy> {
        let source = SourceText::new("key policy", text);
        Policy::parse_under(source, PolicyKind::Key, assumptions)
            .map(|policy| Self { policy: Arc::new(policy), saved_ids: None })
    }

    /// The same, naming whom it names now.
    pub(super) fn saved(self, world: &World) -> Self {
        world.saved(self.policy).into()
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
        self.policy.source().text()
    }

    /// As KMS tells it: who is gone by the unique id.
    pub(super) fn told(&self, world: &World) -> String {
        named::told(world, &self.policy, |arn| self.saved_ids.as_ref()?.get(arn).map(|id| &**id))
    }

    pub(super) fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// As the model takes it.
    pub(super) fn of_model(&self, world: &World) -> ResourcePolicy {
        match &self.saved_ids {
            Some(saved_ids) => ResourcePolicy { policy: Arc::clone(&self.policy), saved_ids: saved_ids.clone() },
            None => world.saved(Arc::clone(&self.policy)),
        }
    }
}

impl From<ResourcePolicy> for KeyPolicy {
    fn from(ResourcePolicy { policy, saved_ids }: ResourcePolicy) -> Self {
        Self { policy, saved_ids: Some(saved_ids) }
    }
}

impl PartialEq for KeyPolicy {
    fn eq(&self, other: &Self) -> bool {
        let is_same_text = Arc::ptr_eq(&self.policy, &other.policy) || self.text() == other.text();
        is_same_text && self.saved_ids == other.saved_ids
    }
}

impl Serialize for KeyPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = Cow::Borrowed(self.text());
        match &self.saved_ids {
            Some(saved_ids) => Saved { text, saved_ids: Cow::Borrowed(saved_ids) }.serialize(serializer),
            None => text.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for KeyPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Kept)
    }
}

/// Reads either form, such that what is wrong is told with its place.
struct Kept;

impl<'de> Visitor<'de> for Kept {
    type Value = KeyPolicy;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key policy: its text, or `text` and `saved_ids`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<KeyPolicy, E> {
        let read = KeyPolicy::parse(text, &Authorizer::kept());
        read.map_err(|malformed| E::custom(format_args!("the key policy: {malformed}")))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<KeyPolicy, A::Error> {
        let Saved { text, saved_ids } = Saved::deserialize(MapAccessDeserializer::new(map))?;
        Ok(KeyPolicy { saved_ids: Some(saved_ids.into_owned()), ..self.visit_str(&text)? })
    }
}
