//! Queues: made, named, changed, listed and deleted.
//!
//! Source: Amazon SQS API Reference, the page of each operation; Amazon SQS Developer Guide, "Amazon SQS standard queue quotas".

use aws_model::AccountId;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    Call, attributes, fault,
    state::{Name, Record},
};
use crate::{
    ServiceError,
    answer::{InvalidToken, Paging},
};

/// How many queues an account has in a region at most. AWS has no such quota.
const MOST: usize = 10_000;

/// How many queues a page has, where nobody says.
const PAGE: usize = 1000;

/// How long a purge keeps the next one off.
const PURGES_FOR: SignedDuration = SignedDuration::from_secs(60);

pub(super) fn create(call: &Call<'_>, input: Value) -> Result<Value, ServiceError> {
    let name = call.text(&input, "QueueName");
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.is_empty() || name.len() > 80 || !name.bytes().all(is_letter) {
        let why = if name.ends_with(".fifo") {
            return Err(fault::unsupported("The embedded AWS has standard queues alone."));
        } else {
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        };
        return Err(ServiceError::new("InvalidParameterValue", why));
    }
    let of = call.own(name);
    let attributes = Default::default();
    let given = input.get("Attributes").and_then(Value::as_object);
    let wanted = super::attributes::Attributes::with(&attributes, given)?;
    let mut realm = call.sqs.state.lock();
    if let Some(known) = realm.queues.get(&of) {
        // With no attributes, or with those that it has, it is the one that was asked for.
        let (is, asked) = (known.record.attributes.all(), wanted.all());
        let differs = given.into_iter().flatten().any(|(name, _)| is.get(name) != asked.get(name));
        if differs {
            let message = "A queue already exists with the same name and a different value for attribute(s).";
            return Err(ServiceError::new("QueueNameExists", message));
        }
        return Ok(json!({ "QueueUrl": call.url(&of) }));
    }
    let of_place = |known: &&Name| (known.account, &known.region) == (of.account, &of.region);
    if realm.queues.keys().filter(of_place).count() >= MOST {
        return Err(fault::unsupported(format!(
            "The embedded AWS has at most {MOST} queues of an account in a region."
        )));
    }
    let record = Record { of: of.clone(), attributes: wanted, created: call.now(), modified: call.now() };
    call.sqs.state.put(&mut realm, record);
    Ok(json!({ "QueueUrl": call.url(&of) }))
}

pub(super) fn get_url(call: &Call<'_>, input: Value) -> Result<Value, ServiceError> {
    let mut of = call.own(call.text(&input, "QueueName"));
    if let Some(owner) = input.get("QueueOwnerAWSAccountId").and_then(Value::as_str) {
        let owner: Result<AccountId, _> = owner.parse();
        of.account = owner.map_err(|_| fault::no_queue())?;
    }
    match call.sqs.state.lock().queues.contains_key(&of) {
        true => Ok(json!({ "QueueUrl": call.url(&of) })),
        false => Err(fault::no_queue()),
    }
}

pub(super) fn list(call: &Call<'_>, input: Value) -> Result<Value, ServiceError> {
    let prefix = call.text(&input, "QueueNamePrefix");
    let of = call.own("");
    let realm = call.sqs.state.lock();
    let found = realm.queues.keys().filter(|known| (known.account, &known.region) == (of.account, &of.region));
    let found = found.filter(|known| known.name.starts_with(prefix)).map(|known| (known.name.clone(), known));
    let most = input.get("MaxResults").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    if most.is_some_and(|most| !(1..=PAGE).contains(&most)) {
        return Err(fault::invalid_parameter(most.unwrap_or_default(), "MaxResults", "Must be between 1 and 1000."));
    }
    let after = input.get("NextToken").and_then(Value::as_str);
    let paging = Paging { most: most.unwrap_or(PAGE), after, token: "NextToken" };
    let page = paging.of("QueueUrls", found, |known| call.url(known).into());
    let mut page =
        page.map_err(|InvalidToken| fault::invalid_parameter(after.unwrap_or_default(), "NextToken", "It is none."))?;
    // Whoever asks for no page gets none, but the first.
    if let (None, Some(members)) = (most, page.as_object_mut()) {
        members.remove("NextToken");
    }
    Ok(page)
}

pub(super) fn get_attributes(call: &Call<'_>, input: Value) -> Result<Value, ServiceError> {
    let of = call.named(&input)?;
    let now = call.now();
    let mut realm = call.sqs.state.lock();
    call.sqs.state.expire(&mut realm, &of, now);
    let queue = realm.queues.get(&of).ok_or_else(fault::no_queue)?;
    let count =
        |is: &dyn Fn(&super::state::Held) -> bool| queue.messages.values().filter(|held| is(held)).count().to_string();
    let seconds = |at: Timestamp| at.as_second().to_string();
    let mut all = queue.record.attributes.all();
    all.extend(
        [
            ("ApproximateNumberOfMessages", count(&|held| held.visible <= now)),
            ("ApproximateNumberOfMessagesDelayed", count(&|held| held.visible > now && held.receives == 0)),
            ("ApproximateNumberOfMessagesNotVisible", count(&|held| held.visible > now && held.receives > 0)),
            ("CreatedTimestamp", seconds(queue.record.created)),
            ("LastModifiedTimestamp", seconds(queue.record.modified)),
            ("QueueArn", of.arn()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    let wanted: Vec<&str> = call.list(&input, "AttributeNames").collect();
    let is_known = |name: &str| name == "All" || all.contains_key(name) || attributes::is_settable(name);
    if let Some(odd) = wanted.iter().find(|name| !is_known(name)) {
        return Err(attributes::unknown(odd));
    }
    all.retain(|name, _| wanted.contains(&"All") || wanted.contains(&name.as_str()));
    Ok(if all.is_empty() { json!({}) } else { json!({ "Attributes": all }) })
}

pub(super) fn set_attributes(call: &Call<'_>, input: Value) -> Result<Value, ServiceError> {
    let of = call.named(&input)?;
    let mut realm = call.sqs.state.lock();
    let mut record = realm.queues.get(&of).ok_or_else(fault::no_queue)?.record.clone();
    record.attributes = record.attributes.with(input.get("Attributes").and_then(Value::as_object))?;
    record.modified = call.now();
    call.sqs.state.put(&mut realm, record);
    Ok(json!({}))
}

pub(super) fn purge(call: &Call<'_>, input: Value) -> Result<Value, ServiceError> {
    let of = call.named(&input)?;
    let now = call.now();
    let mut realm = call.sqs.state.lock();
    let queue = realm.queues.get_mut(&of).ok_or_else(fault::no_queue)?;
    if queue.purged.and_then(|at| at.checked_add(PURGES_FOR).ok()).is_some_and(|ends| now < ends) {
        let message = format!("Only one PurgeQueue operation on {} is allowed every 60 seconds.", of.name);
        return Err(ServiceError::new("PurgeQueueInProgress", message));
    }
    queue.purged = Some(now);
    call.sqs.state.purge(&mut realm, &of);
    Ok(json!({}))
}

pub(super) fn delete(call: &Call<'_>, input: Value) -> Result<Value, ServiceError> {
    let of = call.named(&input)?;
    let mut realm = call.sqs.state.lock();
    if !realm.queues.contains_key(&of) {
        return Err(fault::no_queue());
    }
    call.sqs.state.remove(&mut realm, &of);
    Ok(json!({}))
}
