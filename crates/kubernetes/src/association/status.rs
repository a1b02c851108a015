//! The status of an object: what it is to be, and whether it is so.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    ACCEPTED,
    review::{Read, Verdict},
};

/// What is to be told of an object.
#[derive(Clone, Debug)]
pub(super) struct Telling {
    pub(super) uid: String,
    pub(super) resource_version: String,
    pub(super) status: Value,
    /// Reason and message, where it does not count.
    pub(super) warning: Option<(&'static str, String)>,
}

impl Verdict {
    fn reason(&self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Invalid(_) => "Invalid",
            Self::Conflict(_) => "Conflict",
        }
    }

    fn message(&self, read: &Read) -> String {
        match self {
            Self::Accepted => match read.remark() {
                Some(remark) => format!("The association counts. {remark}"),
                None => "The association counts.".to_owned(),
            },
            Self::Invalid(why) => why.clone(),
            Self::Conflict(elder) => {
                format!("`{elder}` is of the same namespace and service account, and elder: delete one of the two")
            }
        }
    }

    /// What is to be told, if it is not told already.
    pub(super) fn untold(&self, read: &Read, now: Timestamp) -> Option<Telling> {
        let wanted = Condition {
            status: if *self == Self::Accepted { "True" } else { "False" },
            reason: self.reason(),
            message: self.message(read),
        };
        let known = known(&read.status);
        let is = |member: &str, value: &str| known.and_then(|known| known.get(member)).is_some_and(|is| is == value);
        let is_told = is("status", wanted.status)
            && is("reason", wanted.reason)
            && is("message", &wanted.message)
            && read.status.get("observedGeneration") == Some(&read.generation.into())
            && read.status.get("associationId").is_some_and(|id| *id == read.id);
        if is_told {
            return None;
        }
        let since = known.filter(|_| is("status", wanted.status)).and_then(|known| known.get("lastTransitionTime"));
        let since = since.cloned().unwrap_or_else(|| json!(whole_seconds(now)));
        let warning = (*self != Self::Accepted).then(|| (wanted.reason, wanted.message.clone()));
        Some(Telling {
            uid: read.uid.clone(),
            resource_version: read.resource_version.clone(),
            status: wanted.status_of(read, &since),
            warning,
        })
    }
}

struct Condition {
    status: &'static str,
    reason: &'static str,
    message: String,
}

impl Condition {
    fn status_of(&self, read: &Read, since: &Value) -> Value {
        json!({
            "observedGeneration": read.generation,
            "associationId": read.id,
            "conditions": [{
                "type": ACCEPTED,
                "status": self.status,
                "reason": self.reason,
                "message": self.message,
                "lastTransitionTime": since,
                "observedGeneration": read.generation,
            }],
        })
    }
}

fn known(status: &Value) -> Option<&Value> {
    let conditions = status.get("conditions").and_then(Value::as_array)?;
    conditions.iter().find(|condition| condition.get("type").is_some_and(|kind| kind == ACCEPTED))
}

/// As Kubernetes writes times.
fn whole_seconds(now: Timestamp) -> String {
    Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}
