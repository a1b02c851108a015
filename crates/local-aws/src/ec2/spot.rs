//! Requests for Spot Instances, which `AWSServiceRoleForEC2Spot` launches.
//!
//! There is always capacity: a request is fulfilled as soon as it is answered. Its instance lives or dies by its keys like
//! any other, by what the service-linked role may.
//!
//! Sources: Amazon EC2 API Reference, "RequestSpotInstances", "DescribeSpotInstanceRequests", "CancelSpotInstanceRequests";
//! Amazon EC2 User Guide, "Spot Instance request status" and "Spot request states". That a request whose instance died by
//! its key says `bad-parameters` is assumed.

use std::collections::BTreeMap;

use authz::launch::{Launcher, ServiceLinked};
use aws_catalog::access::Ec2Kind;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    authorize,
    call::{Call, input, seconds},
    fault,
    filters::{Known, Listing, ids},
    launch::{plan_of, run},
    records::{Instance, InstanceState, SpotRequest},
    service_roles,
    state::{Change, Realm},
    tags::{self, TagSpecification},
    volumes::extend,
};
use crate::ServiceError;

/// How many instances one request asks for at most.
const MOST: i64 = 1000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RequestSpotInstances {
    client_token: Option<String>,
    instance_count: Option<i64>,
    launch_specification: Option<Value>,
    spot_price: Option<String>,
    r#type: Option<String>,
    #[serde(default)]
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Cancel {
    spot_instance_request_ids: Vec<String>,
}

pub(super) async fn request(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let asked: RequestSpotInstances = input(value.clone())?;
    if asked.r#type.as_deref() == Some("persistent") {
        return Err(fault::unsupported("The embedded AWS has Spot requests of the type one-time alone."));
    }
    let Some(specification) = asked.launch_specification else { return Err(fault::missing("LaunchSpecification")) };
    let count = asked.instance_count.unwrap_or(1);
    if !(1..=MOST).contains(&count) {
        return Err(fault::invalid(format!("InstanceCount must be between 1 and {MOST}.")));
    }
    let tags = tags::of_new(&asked.tag_specifications, Ec2Kind::SpotInstancesRequest)?;
    let mut complete = plan_of(call, run_of(&specification, None), &Launcher::SpotRequest)?.complete;
    for member in ["DryRun", "TagSpecifications"] {
        if let (Some(members), Some(given)) = (complete.as_object_mut(), value.get(member)) {
            members.insert(member.to_owned(), given.clone());
        }
    }
    authorize::authorize(call, "RequestSpotInstances", &complete)?;
    let token = asked.client_token.filter(|token| !token.is_empty());
    if let Some(before) = before(call, &call.read(), token.as_deref(), &value)? {
        return Ok(before);
    }
    service_roles::needed(call, &ServiceLinked::Spot)?;
    let mut ids = Vec::new();
    for index in 0..count {
        // With a token, one more call launches nothing again.
        let launched = token.as_ref().map(|token| format!("spot-{token}-{index}"));
        let id = format!("sir-{}", call.new_id("")?.get(..8).unwrap_or_default());
        let input = run_of(&specification, launched);
        // A role that may not launch is refused here: nobody can take a permission from it, so that no document tells of it.
        let (plan, launched) = run(call, &Launcher::SpotRequest, input, BTreeMap::new()).await?;
        let Some(instance) = launched.ids.into_iter().next() else { continue };
        let mut change = call.change();
        let Some(launched) = change.instances.get(&instance).map(|instance| Instance::clone(instance)) else {
            continue;
        };
        if let Some(faster) = launched.spot_request {
            ids.push(faster);
            continue;
        }
        change.put(Instance { spot_request: Some(id.clone()), ..launched });
        let (owner, region) = call.place();
        tags::put(call, &mut change, &id, &tags)?;
        change.put(SpotRequest {
            id: id.clone(),
            owner,
            region,
            client_token: token.clone(),
            created: call.now(),
            asked: value.clone().into(),
            price: asked.spot_price.clone(),
            zone: plan.subnet.zone.clone(),
            instance,
            cancelled: None,
            closed: None,
        });
        change.commit();
        ids.push(id);
    }
    let realm = call.read();
    let told = ids.iter().filter_map(|id| realm.spot_requests.get(id)).map(|request| told(call, &realm, request));
    Ok(json!({ "SpotInstanceRequests": told.collect::<Vec<_>>() }))
}

/// What the same token has asked for.
fn before(call: &Call<'_>, realm: &Realm, token: Option<&str>, value: &Value) -> Result<Option<Value>, ServiceError> {
    let Some(token) = token else { return Ok(None) };
    let mut found = realm.spot_requests.of(&call.place()).filter(|of| of.client_token.as_deref() == Some(token));
    let mut listed = Vec::new();
    if found.any(|of| *of.asked != *value) {
        return Err(fault::other_parameters(token));
    }
    let found = realm.spot_requests.of(&call.place()).filter(|of| of.client_token.as_deref() == Some(token));
    listed.extend(found.map(|request| told(call, realm, request)));
    Ok((!listed.is_empty()).then(|| json!({ "SpotInstanceRequests": listed })))
}

/// The input of RunInstances that a request's specification comes to.
fn run_of(specification: &Value, token: Option<String>) -> Value {
    let mut run = specification.clone();
    if let Some(members) = run.as_object_mut() {
        members.insert("MinCount".to_owned(), json!(1));
        members.insert("MaxCount".to_owned(), json!(1));
        members.insert("InstanceMarketOptions".to_owned(), json!({ "MarketType": "spot" }));
        members.extend(token.map(|token| ("ClientToken".to_owned(), json!(token))));
    }
    run
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] = &[
        ("instance-id", "InstanceId"),
        ("launch.image-id", "LaunchSpecification.ImageId"),
        ("launch.instance-type", "LaunchSpecification.InstanceType"),
        ("launched-availability-zone", "LaunchedAvailabilityZone"),
        ("spot-instance-request-id", "SpotInstanceRequestId"),
        ("spot-price", "SpotPrice"),
        ("state", "State"),
        ("status-code", "Status.Code"),
        ("type", "Type"),
    ];
    let realm = call.read();
    let listed: Vec<Value> = match ids(&value, "SpotInstanceRequestIds") {
        Some(ids) => {
            let found = ids.iter().map(|id| own(call, &realm, id).map(|request| told(call, &realm, request)));
            found.collect::<Result<_, _>>()?
        }
        None => realm.spot_requests.of(&call.place()).map(|request| told(call, &realm, request)).collect(),
    };
    let listing = Listing {
        ids: "SpotInstanceRequestIds",
        answer: "SpotInstanceRequests",
        id: "SpotInstanceRequestId",
        least: 5,
    };
    listing.of(&value, FILTERS, listed)
}

/// A request that is cancelled leaves its instance as it is.
pub(super) fn cancel(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let Cancel { spot_instance_request_ids } = input(value)?;
    let (now, mut change) = (call.now(), call.change());
    let found = spot_instance_request_ids.iter().map(|id| own(call, &change, id).cloned());
    let found = found.collect::<Result<Vec<_>, _>>()?;
    let mut told = Vec::new();
    for request in found {
        let request = SpotRequest { cancelled: request.cancelled.or(Some(now)), ..request };
        let (state, ..) = status(call, &change, &request);
        told.push(json!({ "SpotInstanceRequestId": request.id, "State": state }));
        change.put(request);
    }
    change.commit();
    Ok(json!({ "CancelledSpotInstanceRequests": told }))
}

/// That the instance of a request is ended.
pub(super) fn closed(change: &mut Change<'_>, instance: &Instance, at: Timestamp) {
    let found = instance.spot_request.as_ref().and_then(|id| change.spot_requests.get(id));
    if let Some(request) = found.map(|request| SpotRequest::clone(request)) {
        change.put(SpotRequest { closed: Some(at), ..request });
    }
}

fn own<'r>(call: &Call<'_>, realm: &'r Realm, id: &str) -> Result<&'r SpotRequest, ServiceError> {
    let (account, region) = call.place();
    let found = realm.spot_requests.get(id).filter(|of| of.owner == account && of.region == region);
    found.map(AsRef::as_ref).ok_or_else(|| fault::not_found(id))
}

/// A request's state, and its status: code and words.
fn status(call: &Call<'_>, realm: &Realm, request: &SpotRequest) -> (&'static str, &'static str, &'static str) {
    let instance = realm.instances.get(&request.instance);
    let state = instance.map_or(InstanceState::Terminated, |instance| instance.state(call.now()));
    let is_over = matches!(state, InstanceState::ShuttingDown | InstanceState::Terminated);
    let died = instance.is_some_and(|instance| instance.fails.is_some() && instance.termination.is_none());
    match (request.cancelled, is_over) {
        (Some(_), false) => (
            "cancelled",
            "request-canceled-and-instance-running",
            "Your Spot request is canceled, but your instance is still running.",
        ),
        (Some(_), true) => {
            ("cancelled", "instance-terminated-by-user", "Spot instance terminated due to user-initiated termination.")
        }
        (None, true) if died => {
            ("closed", "bad-parameters", "Your Spot request cannot be fulfilled: its instance could not be launched.")
        }
        (None, true) => {
            ("closed", "instance-terminated-by-user", "Spot instance terminated due to user-initiated termination.")
        }
        (None, false) if state == InstanceState::Pending => {
            ("open", "pending-fulfillment", "Your Spot request is pending fulfillment.")
        }
        (None, false) => ("active", "fulfilled", "Your Spot request is fulfilled."),
    }
}

fn told(call: &Call<'_>, realm: &Realm, request: &SpotRequest) -> Value {
    let (state, code, message) = status(call, realm, request);
    let mut specification = request.asked.get("LaunchSpecification").cloned().unwrap_or_else(|| json!({}));
    if let Some(members) = specification.as_object_mut() {
        let groups: Option<Value> = members.remove("SecurityGroupIds").and_then(|ids| {
            Some(ids.as_array()?.iter().map(|id| json!({ "GroupId": id, "GroupName": "default" })).collect())
        });
        members.insert("SecurityGroups".to_owned(), groups.unwrap_or_else(|| json!([])));
    }
    let updated = request.closed.or(request.cancelled).unwrap_or(request.created);
    let mut told = json!({
        "SpotInstanceRequestId": request.id,
        "CreateTime": seconds(request.created),
        "InstanceInterruptionBehavior": "terminate",
        "LaunchSpecification": specification,
        "ProductDescription": "Linux/UNIX",
        "State": state,
        "Status": { "Code": code, "Message": message, "UpdateTime": seconds(updated) },
        "Tags": tags::told(call, realm, &request.id),
        "Type": "one-time",
    });
    let has_instance = state != "open";
    extend(
        &mut told,
        [
            ("InstanceId", has_instance.then(|| json!(request.instance))),
            ("LaunchedAvailabilityZone", has_instance.then(|| json!(request.zone))),
            ("SpotPrice", request.price.as_ref().map(|price| json!(price))),
        ],
    );
    told
}
