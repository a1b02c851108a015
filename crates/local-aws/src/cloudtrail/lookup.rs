//! LookupEvents.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{CloudTrail, token::Asked};
use crate::{
    caller::CallContext,
    error::ServiceError,
    trail::{self, Record},
};

/// How many events a page has when nobody says, which is also the most.
///
/// Source: AWS CloudTrail API Reference, "LookupEvents".
const PAGE: usize = 50;
/// How far back events are found.
const REACH: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How many events are looked at before others get their turn.
const AT_ONCE: usize = 512;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    #[serde(default)]
    lookup_attributes: Vec<Attribute>,
    start_time: Option<f64>,
    end_time: Option<f64>,
    event_category: Option<String>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_key: Key,
    attribute_value: String,
}

#[derive(Clone, Copy, Deserialize)]
enum Key {
    EventId,
    EventName,
    ReadOnly,
    Username,
    ResourceType,
    ResourceName,
    EventSource,
    AccessKeyId,
}

/// What is looked for.
struct Wanted<'a> {
    context: &'a CallContext<'a>,
    attribute: Option<&'a Attribute>,
    /// Whole seconds, as events have them.
    from: i64,
    to: i64,
}

impl CloudTrail {
    /// Newest first. A page goes on where the last one ended, so events that come meanwhile are on none of the later
    /// pages, and none comes twice.
    pub(super) async fn lookup_events(&self, context: &CallContext<'_>, input: Value) -> Result<Value, ServiceError> {
        let parameters = parameters(&input);
        let input: Input = serde_json::from_value(input)
            .map_err(|failed| ServiceError::new("SerializationException", failed.to_string()))?;
        let attribute = match input.lookup_attributes.as_slice() {
            [] => None,
            [attribute] => Some(attribute),
            _ => {
                return Err(invalid("InvalidLookupAttributesException", "Only one lookup attribute can be specified."));
            }
        };
        let wanted = Wanted::new(context, attribute, input.start_time, input.end_time)?;
        let asked = Asked::of(context.caller.account, context.region, &parameters);
        let mut before = match &input.next_token {
            None => u64::MAX,
            Some(token) => asked.before(token).ok_or_else(|| {
                invalid(
                    "InvalidNextTokenException",
                    "The token is none, or was returned for a request with other parameters.",
                )
            })?,
        };
        if input.event_category.is_some() {
            // Insights are of trails that enable them.
            return Ok(json!({ "Events": [] }));
        }
        let most = input.max_results.unwrap_or(PAGE).min(PAGE);
        let mut found: Vec<Record> = Vec::new();
        while found.len() <= most {
            let records = self.trail.older(before, AT_ONCE);
            let Some(last) = records.last() else { break };
            before = last.number;
            found.extend(records.into_iter().filter(|record| wanted.is(record)));
            tokio::task::yield_now().await;
        }
        let is_more = found.len() > most;
        found.truncate(most);
        let mut answer = json!({ "Events": found.iter().map(event).collect::<Vec<_>>() });
        if let (true, Some(last), Some(fields)) = (is_more, found.last(), answer.as_object_mut()) {
            fields.insert("NextToken".into(), asked.token(last.number).into());
        }
        Ok(answer)
    }
}

impl<'a> Wanted<'a> {
    fn new(
        context: &'a CallContext<'a>,
        attribute: Option<&'a Attribute>,
        start: Option<f64>,
        end: Option<f64>,
    ) -> Result<Self, ServiceError> {
        if let (Some(start), Some(end)) = (start, end)
            && start > end
        {
            let message = "The start time occurs after the end time.";
            return Err(invalid("InvalidTimeRangeException", message));
        }
        #[expect(clippy::cast_possible_truncation, reason = "what is out of range is at its end")]
        let (start, end) = (start.map(|at| at.ceil() as i64), end.map(|at| at.floor() as i64));
        let earliest = context.now.saturating_sub(REACH).unwrap_or(Timestamp::MIN).as_second();
        let from = start.map_or(earliest, |start| start.max(earliest));
        Ok(Self { context, attribute, from, to: end.unwrap_or(i64::MAX) })
    }

    fn is(&self, record: &Record) -> bool {
        let call = &record.call;
        let at = call.at.as_second();
        record.recipient == self.context.caller.account
            && call.region() == self.context.region
            && (self.from..=self.to).contains(&at)
            && self.attribute.is_none_or(|attribute| attribute.is_of(record))
    }
}

impl Attribute {
    fn is_of(&self, record: &Record) -> bool {
        let call = &record.call;
        let value = self.attribute_value.as_str();
        match self.attribute_key {
            Key::EventId => trail::id(record) == value,
            Key::EventName => call.name() == value,
            Key::ReadOnly => read_only(record) == value,
            Key::Username => user_name(record) == Some(value),
            Key::EventSource => trail::source(call) == value,
            Key::AccessKeyId => access_key_id(record) == Some(value),
            Key::ResourceType => trail::named(call).iter().any(|named| named.resource_type == value),
            Key::ResourceName => trail::named(call).iter().any(|named| named.resource_name == value),
        }
    }
}

fn event(record: &Record) -> Value {
    let call = &record.call;
    let mut event = json!({
        "EventId": trail::id(record),
        "EventName": call.name(),
        "ReadOnly": read_only(record),
        "EventTime": call.at.as_second(),
        "EventSource": trail::source(call),
        "Resources": trail::named(call),
        "CloudTrailEvent": trail::json(record),
    });
    if let Some(fields) = event.as_object_mut() {
        fields.extend(user_name(record).map(|name| ("Username".into(), name.into())));
        fields.extend(access_key_id(record).map(|id| ("AccessKeyId".into(), id.into())));
    }
    event
}

fn read_only(record: &Record) -> &'static str {
    if record.call.is_read_only() { "true" } else { "false" }
}

/// To another account than its own the caller has no name.
fn user_name(record: &Record) -> Option<&str> {
    record.call.identity.user_name().filter(|_| record.is_own())
}

fn access_key_id(record: &Record) -> Option<&str> {
    record.call.identity.access_key_id().filter(|_| record.is_own())
}

/// All that must stay as it is from page to page.
fn parameters(input: &Value) -> String {
    let members = ["LookupAttributes", "StartTime", "EndTime", "EventCategory"];
    let given: Vec<Option<&Value>> = members.iter().map(|member| input.get(member)).collect();
    json!(given).to_string()
}

fn invalid(code: &'static str, message: &str) -> ServiceError {
    ServiceError::new(code, message)
}
