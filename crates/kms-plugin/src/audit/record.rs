//! What one record says.

use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::{
    caller::CallerInfo,
    policy::{Refusal, RefusalClass},
    status::PublishedKey,
};

/// The apiserver's uids have 36 characters; what is longer is not hers, and must not fill the disk.
const LONGEST_TEXT: usize = 1024;

/// One seal, open or refusal.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) time: SystemTime,
    pub(crate) operation: &'static str,
    pub(crate) caller: CallerInfo,
    pub(crate) key: std::sync::Arc<str>,
    pub(crate) key_id: KeyId,
    /// The material that really sealed, where known.
    pub(crate) material: Option<String>,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

/// The key_id that was answered or asked for.
#[derive(Debug)]
pub(crate) enum KeyId {
    Published(PublishedKey),
    Requested(String),
    None,
}

#[derive(Debug)]
pub(crate) enum Outcome {
    Done,
    /// Answered by a call that another Decrypt had under way.
    Shared,
    Refused(Refusal),
    /// The caller went away, or ran out of time, before there was an answer.
    Abandoned,
}

/// The line, as it is written. The field names are part of the interface.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    operation: &'static str,
    api: &'static str,
    request_uid: &'a str,
    peer_pid: Option<i32>,
    peer_uid: u32,
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    material: Option<&'a str>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    shared: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    duration_us: u64,
}

impl Record {
    /// Appends the record as one line of JSON.
    pub(super) fn write_line(&self, line: &mut Vec<u8>) -> serde_json::Result<()> {
        let refusal = match &self.outcome {
            Outcome::Refused(refusal) => Some(refusal),
            Outcome::Done | Outcome::Shared | Outcome::Abandoned => None,
        };
        let content = Line {
            time: jiff::Timestamp::try_from(self.time).unwrap_or_default().to_string(),
            operation: self.operation,
            api: self.caller.api.as_str(),
            request_uid: clip(&self.caller.uid),
            peer_pid: self.caller.peer.pid,
            peer_uid: self.caller.peer.uid,
            key: &self.key,
            key_id: match &self.key_id {
                KeyId::Published(published) => Some(published.as_str()),
                KeyId::Requested(text) => Some(clip(text)),
                KeyId::None => None,
            },
            material: self.material.as_deref(),
            outcome: match &self.outcome {
                Outcome::Done | Outcome::Shared => "ok",
                Outcome::Refused(_) => "refused",
                Outcome::Abandoned => "abandoned",
            },
            shared: matches!(self.outcome, Outcome::Shared),
            class: refusal.map(|refusal| refusal.class).map(RefusalClass::as_str),
            reason: refusal.map(|refusal| refusal.message.as_str()),
            duration_us: u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
        };
        serde_json::to_writer(&mut *line, &content)?;
        line.push(b'\n');
        Ok(())
    }
}

fn clip(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST_TEXT)).unwrap_or_default()
}
