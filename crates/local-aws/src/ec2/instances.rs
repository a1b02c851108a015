//! Instances that were launched: told, and terminated.
//!
//! Source: Amazon EC2 API Reference, "DescribeInstances", "DescribeInstanceStatus", "TerminateInstances"; Amazon EC2 User
//! Guide, "Amazon EC2 instance state changes".

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, input, seconds},
    fault,
    filters::{Filters, Known, Walk, ids},
    fleets,
    keys::Held,
    narrow::{narrowed, walked},
    network,
    records::{Instance, InstanceState, Reason, Termination, Volume},
    spot,
    state::{Change, Realm},
    tags,
    volumes::extend,
};
use crate::ServiceError;

/// How long an instance is shutting down.
pub(super) const SHUTTING_DOWN: SignedDuration = SignedDuration::from_secs(1);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TerminateInstances {
    instance_ids: Vec<String>,
}

pub(super) fn describe(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] = &[
        ("architecture", "Architecture"),
        ("availability-zone", "Placement.AvailabilityZone"),
        ("block-device-mapping.device-name", "BlockDeviceMappings.DeviceName"),
        ("block-device-mapping.volume-id", "BlockDeviceMappings.Ebs.VolumeId"),
        ("client-token", "ClientToken"),
        ("iam-instance-profile.arn", "IamInstanceProfile.Arn"),
        ("iam-instance-profile.id", "IamInstanceProfile.Id"),
        ("image-id", "ImageId"),
        ("instance-id", "InstanceId"),
        ("instance-lifecycle", "InstanceLifecycle"),
        ("instance-state-code", "State.Code"),
        ("instance-state-name", "State.Name"),
        ("instance-type", "InstanceType"),
        ("instance.group-id", "SecurityGroups.GroupId"),
        ("instance.group-name", "SecurityGroups.GroupName"),
        ("key-name", "KeyName"),
        ("network-interface.network-interface-id", "NetworkInterfaces.NetworkInterfaceId"),
        ("private-dns-name", "PrivateDnsName"),
        ("private-ip-address", "PrivateIpAddress"),
        ("reason", "StateTransitionReason"),
        ("root-device-name", "RootDeviceName"),
        ("root-device-type", "RootDeviceType"),
        ("state-reason-code", "StateReason.Code"),
        ("subnet-id", "SubnetId"),
        ("virtualization-type", "VirtualizationType"),
        ("vpc-id", "VpcId"),
    ];
    let filters = Filters::of(&value, FILTERS)?;
    let realm = call.read();
    let walk = Walk::of(&value, 5)?;
    let told = asked_for(call, &realm, &value, &walk)?.map(|instance| (instance, told_now(call, &realm, instance)));
    let (kept, token) =
        walk.page(told.filter(|(_, told)| filters.let_through(told)), |(instance, _)| instance.id.clone());
    let mut reservations: Vec<(&str, Vec<Value>)> = Vec::new();
    for (instance, told) in kept {
        match reservations.iter_mut().find(|(id, _)| *id == instance.reservation) {
            Some((_, instances)) => instances.push(told),
            None => reservations.push((&instance.reservation, vec![told])),
        }
    }
    let reservations = reservations.into_iter().map(|(id, instances)| {
        json!({ "ReservationId": id, "OwnerId": call.account(), "Groups": [], "Instances": instances })
    });
    let mut answer = json!({ "Reservations": reservations.collect::<Vec<_>>() });
    extend(&mut answer, [("NextToken", token.map(Value::from))]);
    Ok(answer)
}

pub(super) fn describe_status(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    const FILTERS: &[Known] = &[
        ("availability-zone", "AvailabilityZone"),
        ("instance-state-code", "InstanceState.Code"),
        ("instance-state-name", "InstanceState.Name"),
        ("instance-status.reachability", "InstanceStatus.Details.Status"),
        ("instance-status.status", "InstanceStatus.Status"),
        ("event.code", "Events.Code"),
        ("system-status.reachability", "SystemStatus.Details.Status"),
        ("system-status.status", "SystemStatus.Status"),
    ];
    let (now, realm) = (call.now(), call.read());
    let includes_all = value.get("IncludeAllInstances").and_then(Value::as_bool).unwrap_or_default();
    let filters = Filters::of(&value, FILTERS)?;
    let walk = Walk::of(&value, 5)?;
    let asked = asked_for(call, &realm, &value, &walk)?;
    let told = asked.filter(|instance| includes_all || instance.state(now) == InstanceState::Running).map(|instance| {
        let state = instance.state(now);
        let status = match state {
            InstanceState::Running => {
                json!({ "Status": "ok", "Details": [{ "Name": "reachability", "Status": "passed" }] })
            }
            _ => json!({ "Status": "not-applicable" }),
        };
        let told = json!({
            "AvailabilityZone": instance.zone,
            "Events": [],
            "InstanceId": instance.id,
            "InstanceState": told_state(state),
            "InstanceStatus": status,
            "SystemStatus": status,
        });
        (instance, told)
    });
    let (kept, token) =
        walk.page(told.filter(|(_, told)| filters.let_through(told)), |(instance, _)| instance.id.clone());
    let told: Vec<Value> = kept.into_iter().map(|(_, told)| told).collect();
    let mut answer = json!({ "InstanceStatuses": told });
    extend(&mut answer, [("NextToken", token.map(Value::from))]);
    Ok(answer)
}

/// Volumes that go with their instance are gone when it is terminated; the others are not attached any more.
pub(super) fn terminate(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let TerminateInstances { instance_ids } = input(value)?;
    end_all(call, &instance_ids, &Reason::of_user(call.now()))
}

/// Ends these, and answers as TerminateInstances does.
pub(super) fn end_all(call: &Call<'_>, ids: &[String], reason: &Reason) -> Result<Value, ServiceError> {
    let now = call.now();
    let done = now.checked_add(SHUTTING_DOWN).unwrap_or(now);
    let mut change = call.change();
    let found = ids.iter().map(|id| own(call, &change, id).cloned());
    let found = found.collect::<Result<Vec<_>, _>>()?;
    let (mut told, mut ended) = (Vec::new(), Vec::new());
    for instance in found {
        let before = instance.state(now);
        let is_over = matches!(before, InstanceState::ShuttingDown | InstanceState::Terminated);
        let after = if is_over { before } else { InstanceState::ShuttingDown };
        told.push(json!({
            "InstanceId": instance.id,
            "CurrentState": told_state(after),
            "PreviousState": told_state(before),
        }));
        if let Some(fleet) = instance.fleet.as_ref().filter(|_| !is_over) {
            fleets::lost(&mut change, fleet, done);
        }
        ended.extend(end(call, &mut change, &instance.id, reason.clone()));
    }
    change.commit();
    drop(ended);
    Ok(json!({ "TerminatingInstances": told }))
}

/// Ends an instance, if it has not ended. The grants that it had end when what is returned is dropped, which must be after
/// the change is made.
pub(super) fn end<'c>(call: &Call<'c>, change: &mut Change<'_>, id: &str, reason: Reason) -> Vec<Held<'c>> {
    let now = call.now();
    let done = now.checked_add(SHUTTING_DOWN).unwrap_or(now);
    let found = change
        .instances
        .get(id)
        .filter(|instance| !matches!(instance.state(now), InstanceState::ShuttingDown | InstanceState::Terminated));
    let Some(instance) = found.map(|instance| Instance::clone(instance)) else { return Vec::new() };
    let mut ended = Vec::new();
    let volumes: Vec<Volume> = of(change, &instance, now).into_iter().cloned().collect();
    for mut volume in volumes {
        ended.push(Held::taken(call, change, &mut volume));
        let goes = volume.attachment.take().is_some_and(|attachment| attachment.delete_on_termination);
        volume.gone = goes.then_some(done).or(volume.gone);
        change.put(volume);
    }
    if instance.is_spot {
        spot::closed(change, &instance, done);
    }
    change.put(Instance { termination: Some(Termination { asked: now, done, reason }), ..instance });
    ended
}

/// The instances that an input names, or those of the account that a walk comes by.
fn asked_for<'r>(
    call: &Call<'_>,
    realm: &'r Realm,
    value: &Value,
    walk: &Walk,
) -> Result<Box<dyn Iterator<Item = &'r Instance> + 'r>, ServiceError> {
    let (now, place) = (call.now(), call.place());
    if let Some(ids) = ids(value, "InstanceIds") {
        if value.get("MaxResults").is_some() {
            return Err(fault::combination("The parameter instancesSet cannot be used with the parameter maxResults"));
        }
        let found = ids.iter().map(|id| own(call, realm, id)).collect::<Result<Vec<_>, _>>()?;
        return Ok(Box::new(found.into_iter()));
    }
    let found = narrowed(realm, &place, value, "instance-id");
    let walked = walked(&realm.instances, place, found, walk.behind());
    Ok(Box::new(walked.filter(move |instance| !is_forgotten(instance, now))))
}

/// An instance of the caller's account.
pub(super) fn own<'r>(call: &Call<'_>, realm: &'r Realm, id: &str) -> Result<&'r Instance, ServiceError> {
    let (account, region) = call.place();
    let found = realm.instances.get(id).filter(|of| of.owner == account && of.region == region);
    let found = found.filter(|instance| !is_forgotten(instance, call.now()));
    found.map(AsRef::as_ref).ok_or_else(|| fault::not_found(id))
}

fn is_forgotten(instance: &Instance, now: Timestamp) -> bool {
    instance.forgotten().is_some_and(|at| at <= now)
}

/// The volumes that an instance has.
pub(super) fn of<'r>(realm: &'r Realm, instance: &Instance, now: Timestamp) -> Vec<&'r Volume> {
    let volumes = instance.volumes.iter().filter_map(|id| realm.volumes.get(id)).map(AsRef::as_ref);
    let is_attached =
        |volume: &&Volume| volume.attached(now).is_some_and(|attachment| attachment.instance == instance.id);
    volumes.filter(is_attached).collect()
}

pub(super) fn told_state(state: InstanceState) -> Value {
    json!({ "Code": state.code(), "Name": state.name() })
}

/// An instance as answers have it.
pub(super) fn told_now(call: &Call<'_>, realm: &Realm, instance: &Instance) -> Value {
    told(call, instance, &of(realm, instance, call.now()), tags::told(call, realm, &instance.id))
}

/// The same, with its volumes and tags.
pub(super) fn told(call: &Call<'_>, instance: &Instance, volumes: &[&Volume], tags: Value) -> Value {
    let now = call.now();
    let state = instance.state(now);
    let reason = instance.reason(now);
    let mut told = json!({
        "AmiLaunchIndex": instance.launch_index,
        "Architecture": instance.architecture,
        "BlockDeviceMappings": [],
        "CapacityReservationSpecification": { "CapacityReservationPreference": "open" },
        "ClientToken": instance.client_token.as_deref().unwrap_or_default(),
        "EbsOptimized": false,
        "EnaSupport": true,
        "EnclaveOptions": { "Enabled": false },
        "HibernationOptions": { "Configured": false },
        "Hypervisor": "xen",
        "ImageId": instance.image,
        "InstanceId": instance.id,
        "InstanceType": instance.kind,
        "LaunchTime": seconds(instance.started.unwrap_or(instance.launched)),
        "MaintenanceOptions": { "AutoRecovery": "default" },
        "MetadataOptions": instance.metadata_options,
        "Monitoring": { "State": "disabled" },
        "NetworkInterfaces": [],
        "Placement": { "AvailabilityZone": instance.zone, "GroupName": "", "Tenancy": "default" },
        "PlatformDetails": "Linux/UNIX",
        "PrivateDnsName": "",
        "ProductCodes": [],
        "PublicDnsName": "",
        "RootDeviceName": instance.root_device,
        "RootDeviceType": "ebs",
        "SecurityGroups": [],
        "State": told_state(state),
        "StateTransitionReason": reason.map_or("", |reason| reason.transition.as_str()),
        "Tags": tags,
        "UsageOperation": "RunInstances",
        "UsageOperationUpdateTime": seconds(instance.launched),
        "VirtualizationType": "hvm",
    });
    let reason = reason.map(|reason| json!({ "Code": reason.code, "Message": reason.message }));
    extend(
        &mut told,
        [
            ("IamInstanceProfile", instance.profile.as_ref().map(|of| json!({ "Arn": of.arn, "Id": of.id }))),
            ("InstanceLifecycle", instance.is_spot.then(|| json!("spot"))),
            ("SpotInstanceRequestId", instance.spot_request.as_ref().map(|id| json!(id))),
            ("KeyName", instance.key_name.as_ref().map(|name| json!(name))),
            ("StateReason", reason),
        ],
    );
    // A terminated instance has let go of network and volumes.
    if state != InstanceState::Terminated {
        extend(&mut told, in_network(call, instance));
        extend(&mut told, [("BlockDeviceMappings", Some(volumes.iter().map(|volume| device(volume, now)).collect()))]);
    }
    told
}

fn device(volume: &Volume, now: Timestamp) -> Value {
    let attachment = volume.attachment.as_ref();
    json!({
        "DeviceName": attachment.map_or("", |attachment| attachment.device.as_str()),
        "Ebs": {
            "AttachTime": seconds(attachment.map_or(volume.created, |attachment| attachment.at)),
            "DeleteOnTermination": attachment.is_some_and(|attachment| attachment.delete_on_termination),
            "Status": attachment.map_or("attached", |attachment| volume.attaching(attachment, now)),
            "VolumeId": volume.id,
        },
    })
}

fn in_network(call: &Call<'_>, instance: &Instance) -> [(&'static str, Option<Value>); 7] {
    let vpc = network::vpc(call.account(), call.ctx.region);
    let name = network::host_name(&instance.address, call.ctx.region);
    let groups: Value = instance.groups.iter().map(|id| json!({ "GroupId": id, "GroupName": "default" })).collect();
    let interface = json!({
        "Attachment": {
            "AttachTime": seconds(instance.launched),
            "AttachmentId": format!("eni-attach-{}", instance.interface.trim_start_matches("eni-")),
            "DeleteOnTermination": true,
            "DeviceIndex": 0,
            "NetworkCardIndex": 0,
            "Status": "attached",
        },
        "Description": "",
        "Groups": groups,
        "InterfaceType": "interface",
        "Ipv6Addresses": [],
        "NetworkInterfaceId": instance.interface,
        "OwnerId": instance.owner,
        "PrivateDnsName": name,
        "PrivateIpAddress": instance.address,
        "PrivateIpAddresses": [{
            "Primary": true, "PrivateDnsName": name, "PrivateIpAddress": instance.address,
        }],
        "SourceDestCheck": true,
        "Status": "in-use",
        "SubnetId": instance.subnet,
        "VpcId": vpc,
    });
    [
        ("NetworkInterfaces", Some(json!([interface]))),
        ("PrivateDnsName", Some(json!(name))),
        ("PrivateIpAddress", Some(json!(instance.address))),
        ("SecurityGroups", Some(groups)),
        ("SourceDestCheck", Some(json!(true))),
        ("SubnetId", Some(json!(instance.subnet))),
        ("VpcId", Some(json!(vpc))),
    ]
}
