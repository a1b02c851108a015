//! An event as AWS's JSON.

use std::fmt::Write as _;

use aws_model::AccountId;
use aws_wire::model;
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Record,
    call::{Call, Material, Origin, Tls},
    identity::INTERNAL,
    resources::{self, Resource},
};

/// The current version of the format.
///
/// Source: AWS CloudTrail User Guide, "CloudTrail record contents", `eventVersion`.
const VERSION: &str = "1.11";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    event_version: &'static str,
    user_identity: Value,
    event_time: String,
    event_source: String,
    event_name: &'static str,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    request_parameters: Option<Value>,
    response_elements: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_event_data: Option<Value>,
    #[serde(rename = "requestID", skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(rename = "eventID")]
    event_id: String,
    read_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<Vec<Resource<'a>>>,
    event_type: &'static str,
    management_event: bool,
    recipient_account_id: AccountId,
    #[serde(rename = "sharedEventID", skip_serializing_if = "Option::is_none")]
    shared_event_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_event_details: Option<Value>,
    event_category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_details: Option<Value>,
}

/// The event as its recipient reads it.
pub(crate) fn json(record: &Record) -> String {
    let call = &*record.call;
    let facts = &call.facts;
    let is_by_service = facts.origin == Origin::Service;
    let failure = facts.failure.as_deref();
    let event = Event {
        event_version: VERSION,
        user_identity: user_identity(record),
        event_time: time(call.at),
        event_source: source(call),
        event_name: facts.operation,
        aws_region: facts.region.as_str(),
        source_ip_address: match (facts.invoked_by, facts.address) {
            (Some(service), _) => service.to_owned(),
            (None, Some(address)) => address.to_string(),
            (None, None) => INTERNAL.to_owned(),
        },
        user_agent: facts.invoked_by.or(call.agent.as_deref()).or(is_by_service.then_some(INTERNAL)),
        error_code: failure.map(|failure| &*failure.code),
        error_message: failure.map(|failure| &*failure.message),
        request_parameters: parsed(facts.parameters.as_deref()),
        response_elements: parsed(facts.answer.as_deref()),
        additional_event_data: additional(call),
        request_id: (!is_by_service).then(|| facts.id.to_string()),
        event_id: id(record),
        read_only: call.is_read_only(),
        resources: resources::of(call),
        event_type: if is_by_service { "AwsServiceEvent" } else { "AwsApiCall" },
        management_event: true,
        recipient_account_id: record.recipient,
        shared_event_id: (!call.other_accounts().is_empty()).then(|| derived(facts.id, SHARED).to_string()),
        service_event_details: is_by_service.then(|| key_details(call)),
        event_category: "Management",
        tls_details: facts.tls.as_deref().map(tls_details),
    };
    // Plain structs of text and JSON values: there is nothing in them that JSON refuses.
    serde_json::to_string(&event).unwrap_or_default()
}

/// Where the event comes from: `kms.amazonaws.com`.
pub(crate) fn source(call: &Call) -> String {
    format!("{}.amazonaws.com", model::service(call.facts.service).metadata().signing_name)
}

/// The event's own id, another one for each account and region that reads of the same call.
///
/// It follows from the request's id, so that a call need not make one up.
pub(crate) fn id(record: &Record) -> String {
    let facts = &record.call.facts;
    let recipient = record.recipient.as_str().bytes().fold(0_u128, |number, digit| number * 10 + u128::from(digit));
    let passed = u128::from(facts.origin == Origin::Passed);
    derived(facts.id, (2 * recipient + passed + 1).wrapping_mul(SPREAD)).to_string()
}

/// 2^128 divided by the golden ratio: different small numbers times this differ in many bits.
const SPREAD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
const SHARED: u128 = 0x5ce1_07fa_a5d5_1a27_3bd3_9cb9_4ba0_ee15;

/// An id of the same version that is another for each salt.
fn derived(id: Uuid, salt: u128) -> Uuid {
    const FREE: u128 = 0xffff_ffff_ffff_0fff_3fff_ffff_ffff_ffff;
    Uuid::from_u128(id.as_u128() ^ (salt & FREE))
}

fn user_identity(record: &Record) -> Value {
    let call = &record.call;
    if !record.is_own() {
        return call.identity.abroad();
    }
    let mut identity = call.identity.whole();
    if let (Origin::Passed, Some(fields)) = (call.facts.origin, identity.as_object_mut()) {
        fields.insert("invokedBy".into(), source(call).into());
    }
    // Source: AWS CloudTrail User Guide, "CloudTrail userIdentity element", `invokedBy`; "CloudTrail record contents",
    // `sourceIPAddress`: the service's name where a service calls.
    if let (Some(service), Some(fields)) = (call.facts.invoked_by, identity.as_object_mut()) {
        fields.insert("invokedBy".into(), service.into());
    }
    identity
}

fn additional(call: &Call) -> Option<Value> {
    let facts = &call.facts;
    let mut data = Map::new();
    for (name, material) in &facts.materials {
        let text = match material {
            Material::Text(text) => text.to_string(),
            Material::Bytes(bytes) => bytes.iter().fold(String::new(), |mut text, byte| {
                // A String takes everything.
                let _ = write!(text, "{byte:02x}");
                text
            }),
        };
        data.insert((*name).to_owned(), text.into());
    }
    data.extend(facts.grant.as_ref().map(|grant| ("grantId".to_owned(), grant.to_string().into())));
    (!data.is_empty()).then_some(data.into())
}

/// Source: AWS CloudTrail User Guide, "CloudTrail record contents", `tlsDetails`.
fn tls_details(tls: &Tls) -> Value {
    let mut details = json!({ "tlsVersion": tls.session.version, "cipherSuite": tls.session.cipher_suite });
    if let (Some(host), Some(fields)) = (&tls.host, details.as_object_mut()) {
        fields.insert("clientProvidedHostHeader".into(), host.to_string().into());
    }
    details
}

fn key_details(call: &Call) -> Value {
    let key = call.facts.touched.first().and_then(|touched| touched.arn.rsplit('/').next());
    json!({ "keyId": key })
}

fn parsed(text: Option<&str>) -> Option<Value> {
    text.and_then(|text| serde_json::from_str(text).ok())
}

/// `2026-11-30T01:02:03Z`
pub(crate) fn time(at: Timestamp) -> String {
    let whole = TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Trunc);
    at.round(whole).unwrap_or(at).to_string()
}
