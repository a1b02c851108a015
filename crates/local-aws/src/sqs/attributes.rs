//! A queue's attributes: those that are set, and what the others are.
//!
//! Source: Amazon SQS API Reference, "CreateQueue" > `Attributes` and "SetQueueAttributes".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{fault, state::read_policy};
use crate::ServiceError;

/// Numbers: the name, the least, the most, and what it is where nobody says.
const NUMBERS: [(&str, i64, i64, i64); 5] = [
    ("DelaySeconds", 0, 900, 0),
    ("MaximumMessageSize", 1024, 1_048_576, 1_048_576),
    ("MessageRetentionPeriod", 60, 1_209_600, 345_600),
    ("ReceiveMessageWaitTimeSeconds", 0, 20, 0),
    ("VisibilityTimeout", 0, 43_200, 30),
];

/// What only other kinds of queues have, or queues with keys.
const ABSENT: [&str; 8] = [
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "RedriveAllowPolicy",
    "RedrivePolicy",
];

/// Whether a queue can be given it, if perhaps not here.
pub(super) fn is_settable(name: &str) -> bool {
    let numbers = NUMBERS.iter().map(|(number, ..)| *number);
    numbers.chain(ABSENT).chain(["Policy", "SqsManagedSseEnabled"]).any(|known| known == name)
}

pub(super) fn unknown(name: &str) -> ServiceError {
    ServiceError::new("InvalidAttributeName", format!("Unknown Attribute {name}."))
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Attributes(BTreeMap<String, String>);

impl Attributes {
    /// These, with what an input sets.
    pub(super) fn with(&self, given: Option<&Map<String, Value>>) -> Result<Self, ServiceError> {
        let mut all = self.0.clone();
        for (name, value) in given.into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            match name.as_str() {
                "Policy" if value.is_empty() => drop(all.remove(name)),
                "Policy" => {
                    read_policy(value).map_err(|why| fault::invalid_value("Policy", &format!(" Reason: {why}")))?;
                    all.insert(name.clone(), value.to_owned());
                }
                "SqsManagedSseEnabled" if matches!(value, "true" | "false") => {
                    all.insert(name.clone(), value.to_owned());
                }
                "SqsManagedSseEnabled" => return Err(fault::invalid_value(name, " Reason: Must be true or false.")),
                _ if ABSENT.contains(&name.as_str()) => {
                    return Err(fault::unsupported(format!("The embedded AWS's queues have no {name}.")));
                }
                _ => {
                    let Some((_, least, most, _)) = NUMBERS.iter().find(|(known, ..)| known == name) else {
                        return Err(unknown(name));
                    };
                    let number = value.parse().ok().filter(|number: &i64| (*least..=*most).contains(number));
                    let number = number.ok_or_else(|| fault::invalid_value(name, ""))?;
                    all.insert(name.clone(), number.to_string());
                }
            }
        }
        Ok(Self(all))
    }

    /// Every attribute that can be set, with its value.
    pub(super) fn all(&self) -> BTreeMap<String, String> {
        let mut all: BTreeMap<String, String> =
            NUMBERS.iter().map(|(name, .., usual)| ((*name).to_owned(), usual.to_string())).collect();
        all.insert("SqsManagedSseEnabled".to_owned(), "true".to_owned());
        all.extend(self.0.clone());
        all
    }

    pub(super) fn policy(&self) -> Option<&str> {
        self.0.get("Policy").map(String::as_str)
    }

    fn number(&self, wanted: &str) -> i64 {
        let usual = NUMBERS.iter().find(|(name, ..)| *name == wanted).map_or(0, |(.., usual)| *usual);
        self.0.get(wanted).and_then(|text| text.parse().ok()).unwrap_or(usual)
    }

    pub(super) fn delay(&self) -> i64 {
        self.number("DelaySeconds")
    }

    pub(super) fn message_size(&self) -> usize {
        usize::try_from(self.number("MaximumMessageSize")).unwrap_or_default()
    }

    pub(super) fn retention(&self) -> i64 {
        self.number("MessageRetentionPeriod")
    }

    pub(super) fn wait(&self) -> i64 {
        self.number("ReceiveMessageWaitTimeSeconds")
    }

    pub(super) fn visibility(&self) -> i64 {
        self.number("VisibilityTimeout")
    }
}
