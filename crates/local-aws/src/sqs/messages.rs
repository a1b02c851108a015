//! Messages: sent, received and deleted.
//!
//! Sources: Amazon SQS API Reference, the page of each operation; Amazon SQS Developer Guide, "Amazon SQS message quotas",
//! "Amazon SQS visibility timeout" and "Amazon SQS short and long polling".

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{
    Call, digest, fault,
    state::{Full, Held, Message, Name, Realm, size},
};
use crate::{ServiceError, sealing::random_bytes};

/// How many messages of a queue may be in flight.
const MOST_IN_FLIGHT: usize = 120_000;

/// How long a wait for a message whose time comes is at least: a clock may stand just before it.
const SOON: std::time::Duration = std::time::Duration::from_millis(10);

pub(super) fn send(call: &Call<'_>, input: Value) -> Result<Value, ServiceError> {
    let of = call.named(&input)?;
    for absent in ["MessageDeduplicationId", "MessageGroupId", "MessageSystemAttributes"] {
        if input.get(absent).is_some() {
            return Err(fault::unsupported(format!("The embedded AWS's queues have no {absent}.")));
        }
    }
    let body = call.text(&input, "MessageBody");
    let is_taken = |letter: char| matches!(letter, '\u{9}' | '\u{a}' | '\u{d}' | '\u{20}'..='\u{fffd}' | '\u{10000}'..);
    if !body.chars().all(is_taken) {
        return Err(ServiceError::new("InvalidMessageContents", "Invalid characters found."));
    }
    if body.is_empty() {
        return Err(ServiceError::new("MissingParameter", "The request must contain the parameter MessageBody."));
    }
    let attributes = input.get("MessageAttributes").and_then(Value::as_object).cloned().unwrap_or_default();
    check_attributes(&attributes)?;
    let now = call.now();
    let mut realm = call.sqs.state.lock();
    call.sqs.state.expire(&mut realm, &of, now);
    let settings = &realm.queues.get(&of).ok_or_else(fault::no_queue)?.record.attributes;
    let most = settings.message_size();
    if size(body, &attributes) > most {
        let why = format!("One or more parameters are invalid. Reason: Message must be shorter than {most} bytes.");
        return Err(ServiceError::new("InvalidParameterValue", why));
    }
    let delay = input.get("DelaySeconds").and_then(Value::as_i64);
    if let Some(delay) = delay.filter(|delay| !(0..=900).contains(delay)) {
        return Err(fault::invalid_parameter(delay, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900."));
    }
    let delayed = now.checked_add(SignedDuration::from_secs(delay.unwrap_or(settings.delay()))).unwrap_or(now);
    let message = Message {
        id: uuid::Uuid::new_v4().to_string(),
        body: body.to_owned(),
        attributes,
        sender: call.ctx.caller.user_id.clone(),
        sent: now,
        delayed,
    };
    let mut told = json!({ "MessageId": message.id, "MD5OfMessageBody": digest::hex(body.as_bytes()) });
    if let (Some(digest), Some(members)) = (digest::of_attributes(&message.attributes), told.as_object_mut()) {
        members.insert("MD5OfMessageAttributes".to_owned(), digest.into());
    }
    call.sqs.state.send(&mut realm, &of, message).map_err(|Full| {
        ServiceError::new(
            "RequestThrottled",
            "The queues of the embedded AWS are full: receive and delete what is there.",
        )
    })?;
    Ok(told)
}

fn check_attributes(attributes: &Map<String, Value>) -> Result<(), ServiceError> {
    if attributes.len() > 10 {
        let message = format!("Number of message attributes [{}] exceeds the allowed maximum [10].", attributes.len());
        return Err(ServiceError::new("InvalidParameterValue", message));
    }
    for (name, attribute) in attributes {
        let kind = attribute.get("DataType").and_then(Value::as_str).unwrap_or_default();
        let member = if kind.starts_with("Binary") { "BinaryValue" } else { "StringValue" };
        let is_known = ["String", "Number", "Binary"].iter().any(|known| kind.split('.').next() == Some(known));
        if !is_known || attribute.get(member).and_then(Value::as_str).is_none_or(str::is_empty) {
            let message =
                format!("The message attribute '{name}' must contain a non-empty type and value of that type.");
            return Err(ServiceError::new("InvalidParameterValue", message));
        }
    }
    Ok(())
}

/// Waits until there is something to receive, for as long as was asked.
pub(super) async fn receive(call: &Call<'_>, input: Value) -> Result<Value, ServiceError> {
    let of = call.named(&input)?;
    let asked = Asked::of(call, &input, &of)?;
    let mut stops = call.sqs.state.stops.subscribe();
    let mut moves = call.sqs.clock.moves();
    let ends = call.sqs.clock.now().checked_add(SignedDuration::from_secs(asked.wait)).unwrap_or(call.now());
    let gives_up = tokio::time::Instant::now() + std::time::Duration::from_secs(asked.wait.unsigned_abs());
    loop {
        let now = call.sqs.clock.now();
        let (received, next, mut news) = {
            let mut realm = call.sqs.state.lock();
            call.sqs.state.expire(&mut realm, &of, now);
            let news = realm.queues.get(&of).ok_or_else(fault::no_queue)?.news.subscribe();
            let (received, next) = take(&mut realm, &of, &asked, now)?;
            (received, next, news)
        };
        let is_over = tokio::time::Instant::now() >= gives_up || now >= ends || *stops.borrow();
        if !received.is_empty() {
            return Ok(json!({ "Messages": received }));
        }
        if is_over {
            return Ok(json!({}));
        }
        // A clock that stands still is waited for by the machine's time, which the caller's patience is of.
        let next = next.map(|at| std::time::Duration::try_from(at.duration_since(now)).unwrap_or_default().max(SOON));
        let until = next.map_or(gives_up, |next| gives_up.min(tokio::time::Instant::now() + next));
        tokio::select! {
            _ = tokio::time::sleep_until(until) => {}
            _ = news.changed() => {}
            _ = moves.changed() => {}
            _ = stops.changed() => {}
        }
    }
}

/// What a call asks of a queue.
struct Asked {
    most: usize,
    visibility: i64,
    wait: i64,
    system: Vec<String>,
    own: Vec<String>,
}

impl Asked {
    fn of(call: &Call<'_>, input: &Value, of: &Name) -> Result<Self, ServiceError> {
        let realm = call.sqs.state.lock();
        let settings = &realm.queues.get(of).ok_or_else(fault::no_queue)?.record.attributes;
        let number = |name: &'static str, range: std::ops::RangeInclusive<i64>, usual: i64| {
            let given = input.get(name).and_then(Value::as_i64).unwrap_or(usual);
            let why = format!("Must be between {} and {}, if provided.", range.start(), range.end());
            if range.contains(&given) { Ok(given) } else { Err(fault::invalid_parameter(given, name, &why)) }
        };
        let texts = |name: &str| call.list(input, name).map(str::to_owned).collect::<Vec<_>>();
        Ok(Self {
            most: usize::try_from(number("MaxNumberOfMessages", 1..=10, 1)?).unwrap_or(1),
            visibility: number("VisibilityTimeout", 0..=43_200, settings.visibility())?,
            wait: number("WaitTimeSeconds", 0..=20, settings.wait())?,
            system: [texts("AttributeNames"), texts("MessageSystemAttributeNames")].concat(),
            own: texts("MessageAttributeNames"),
        })
    }
}

/// The messages that may be received now, and when the next one may be.
fn take(
    realm: &mut Realm,
    of: &Name,
    asked: &Asked,
    now: Timestamp,
) -> Result<(Vec<Value>, Option<Timestamp>), ServiceError> {
    let queue = realm.queues.get_mut(of).ok_or_else(fault::no_queue)?;
    if queue.messages.len() > MOST_IN_FLIGHT {
        let in_flight = queue.messages.values().filter(|held| held.receives > 0 && held.visible > now).count();
        if in_flight >= MOST_IN_FLIGHT {
            let message = format!("More than {MOST_IN_FLIGHT} messages of the queue are in flight.");
            return Err(ServiceError::new("OverLimit", message));
        }
    }
    let again = now.checked_add(SignedDuration::from_secs(asked.visibility)).unwrap_or(now);
    let (mut received, mut next) = (Vec::new(), None);
    for (at, held) in &mut queue.messages {
        if held.visible > now {
            next = Some(next.map_or(held.visible, |next: Timestamp| next.min(held.visible)));
            continue;
        }
        if received.len() >= asked.most {
            break;
        }
        held.visible = again;
        held.receives += 1;
        held.first_received.get_or_insert(now);
        let receipt = new_receipt(*at)?;
        received.push(told(held, &receipt, asked));
        held.receipt = Some(receipt);
    }
    Ok((received, next))
}

fn told(held: &Held, receipt: &str, asked: &Asked) -> Value {
    let message = &held.message;
    let millis = |at: Timestamp| at.as_millisecond().to_string();
    let mut attributes = Map::new();
    for (name, value) in [
        ("ApproximateFirstReceiveTimestamp", held.first_received.map_or_else(String::new, millis)),
        ("ApproximateReceiveCount", held.receives.to_string()),
        ("SenderId", message.sender.clone()),
        ("SentTimestamp", millis(message.sent)),
    ] {
        if asked.system.iter().any(|wanted| wanted == "All" || wanted == name) {
            attributes.insert(name.to_owned(), value.into());
        }
    }
    let is_wanted = |name: &str| {
        asked.own.iter().any(|wanted| match wanted.strip_suffix(".*") {
            Some(prefix) => name.starts_with(prefix),
            None => wanted == "All" || wanted == name,
        })
    };
    let own: Map<String, Value> = message
        .attributes
        .iter()
        .filter(|(name, _)| is_wanted(name))
        .map(|(name, of)| (name.clone(), of.clone()))
        .collect();
    let mut told = json!({
        "MessageId": message.id,
        "ReceiptHandle": receipt,
        "MD5OfBody": digest::hex(message.body.as_bytes()),
        "Body": message.body,
    });
    if let Some(members) = told.as_object_mut() {
        if !attributes.is_empty() {
            members.insert("Attributes".to_owned(), attributes.into());
        }
        if let Some(digest) = digest::of_attributes(&own) {
            members.insert("MD5OfMessageAttributes".to_owned(), digest.into());
            members.insert("MessageAttributes".to_owned(), own.into());
        }
    }
    told
}

/// A receipt names the message, and nothing else can be made of it.
fn new_receipt(at: u64) -> Result<String, ServiceError> {
    let drawn = random_bytes(24).map_err(|_| fault::internal())?;
    Ok(BASE64_STANDARD.encode([&at.to_be_bytes()[..], drawn.expose()].concat()))
}

/// The message that a receipt is of.
fn received(receipt: &str) -> Result<u64, ServiceError> {
    let bytes = BASE64_STANDARD.decode(receipt).ok().filter(|bytes| bytes.len() == 32);
    let at = bytes.as_deref().and_then(|bytes| bytes.first_chunk::<8>().copied());
    at.map(u64::from_be_bytes).ok_or_else(|| fault::invalid_receipt(receipt))
}

pub(super) fn delete(call: &Call<'_>, input: Value) -> Result<Value, ServiceError> {
    let of = call.named(&input)?;
    delete_one(call, &of, call.text(&input, "ReceiptHandle"))?;
    Ok(json!({}))
}

/// A receipt that a later one has followed deletes nothing, and one of a message that is gone is no error.
fn delete_one(call: &Call<'_>, of: &Name, receipt: &str) -> Result<(), ServiceError> {
    let at = received(receipt)?;
    let mut realm = call.sqs.state.lock();
    let queue = realm.queues.get(of).ok_or_else(fault::no_queue)?;
    if queue.messages.get(&at).is_some_and(|held| held.receipt.as_deref() == Some(receipt)) {
        call.sqs.state.delete(&mut realm, of, &[at]);
    }
    Ok(())
}

pub(super) fn delete_batch(call: &Call<'_>, input: Value) -> Result<Value, ServiceError> {
    let of = call.named(&input)?;
    if !call.sqs.state.lock().queues.contains_key(&of) {
        return Err(fault::no_queue());
    }
    let entries: Vec<&Value> = input.get("Entries").and_then(Value::as_array).into_iter().flatten().collect();
    if entries.is_empty() {
        let message = "There should be at least one DeleteMessageBatchRequestEntry in the request.";
        return Err(ServiceError::new("EmptyBatchRequest", message));
    }
    if entries.len() > 10 {
        let message = format!("Maximum number of entries per request are 10. You have sent {}.", entries.len());
        return Err(ServiceError::new("TooManyEntriesInBatchRequest", message));
    }
    let mut ids: Vec<&str> = entries.iter().map(|entry| call.text(entry, "Id")).collect();
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if ids.iter().any(|id| id.is_empty() || id.len() > 80 || !id.bytes().all(is_letter)) {
        let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 \
                       letters long.";
        return Err(ServiceError::new("InvalidBatchEntryId", message));
    }
    ids.sort_unstable();
    if let Some([twice, _]) = ids.array_windows::<2>().find(|[one, other]| one == other) {
        return Err(ServiceError::new("BatchEntryIdsNotDistinct", format!("Id {twice} repeated.")));
    }
    let (mut deleted, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let id = call.text(entry, "Id");
        match delete_one(call, &of, call.text(entry, "ReceiptHandle")) {
            Ok(()) => deleted.push(json!({ "Id": id })),
            Err(error) => failed.push(json!({
                "Id": id, "Code": error.code(), "Message": error.message(), "SenderFault": true,
            })),
        }
    }
    Ok(json!({ "Successful": deleted, "Failed": failed }))
}

pub(super) fn change_visibility(call: &Call<'_>, input: Value) -> Result<Value, ServiceError> {
    let of = call.named(&input)?;
    let receipt = call.text(&input, "ReceiptHandle");
    let (at, now) = (received(receipt)?, call.now());
    let seconds = input.get("VisibilityTimeout").and_then(Value::as_i64).unwrap_or_default();
    if !(0..=43_200).contains(&seconds) {
        return Err(fault::invalid_parameter(seconds, "VisibilityTimeout", "Must be between 0 and 43200."));
    }
    let mut realm = call.sqs.state.lock();
    let queue = realm.queues.get_mut(&of).ok_or_else(fault::no_queue)?;
    let held =
        queue.messages.get_mut(&at).filter(|held| held.visible > now && held.receipt.as_deref() == Some(receipt));
    let Some(held) = held else {
        return Err(ServiceError::new("MessageNotInflight", "The specified message isn't in flight."));
    };
    held.visible = now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now);
    queue.news.send_replace(());
    Ok(json!({}))
}
