//! Launching instances: RunInstances, and CreateFleet by it.
//!
//! ```text
//!   input, launch template --plan--> what is launched --authorize--> keys: a volume after another, each KMS call decided
//!                                                                     |
//!                                          instances and volumes <----'  one change, whatever became of the keys
//! ```
//!
//! The answer is told before anybody looks at the keys, as at AWS: an instance is pending, and a moment later it runs, or it
//! is terminated because of its key.
//!
//! Source: Amazon EC2 API Reference, "RunInstances"; Amazon EC2 User Guide, "Instance terminates immediately".

mod by_role;
mod fleet;
mod plan;

use std::collections::BTreeMap;

use authz::launch::{Launcher, Phase, ServiceLinked};
use aws_catalog::access::Ec2Kind;
use jiff::SignedDuration;
use serde_json::{Value, json};

use self::plan::PlannedVolume;
pub(super) use self::{
    by_role::run,
    fleet::{Asked, Launched, Shape, Wanted, create_fleet, launch_wanted},
    plan::{Plan, of as plan_of},
};
use super::{
    authorize,
    call::Call,
    instances,
    keys::{self, Held, OfVolume, Sealed},
    records::{Attachment, Instance, Once, Reason, Volume, tag_set},
    service_roles,
    state::Realm,
    tags, volumes,
};
use crate::{CallContext, ServiceError};

/// How long an instance is pending.
const SETTLING: SignedDuration = SignedDuration::from_secs(1);

/// What is told of an instance whose key is refused, or in no state for it.
///
/// Source: aws-ia/terraform-aws-eks-blueprints#2052 (code and message); that the transition's reason is the code is
/// assumed of `Server.InternalError`, of which the guide shows it so.
const INVALID_KEY: &str = "Client.InvalidKMSKey.InvalidState";
const INVALID_KEY_MESSAGE: &str = "The KMS key provided is in an incorrect state";

/// The tag of AWS's on the instances of a fleet.
const OF_FLEET: &str = "aws:ec2:fleet-id";

/// What a launch has made, before anybody is told of it.
struct Made<'c> {
    instance: Instance,
    volumes: Vec<Volume>,
    grants: Vec<Held<'c>>,
}

pub(super) async fn run_instances(call: &Call<'_>, value: Value) -> Result<Value, ServiceError> {
    let launcher = match call.behalf {
        Some(behalf) => behalf.launcher.clone(),
        None => Launcher::RunInstances(call.ctx.caller.principal.clone()),
    };
    // Who launches for somebody asks with tokens of its own.
    let once = Once::of(&value).filter(|_| call.behalf.is_none());
    let plan = Plan { once, ..plan::of(call, value, &launcher)? };
    authorize::authorize(call, "RunInstances", &plan.complete)?;
    let before = launched_before(call, &call.read(), &plan)?;
    let launched = match before {
        Some(before) => before,
        None => {
            if plan.is_spot {
                service_roles::needed(call, &ServiceLinked::Spot)?;
            }
            launch(call, &plan, call.behalf.map(|behalf| behalf.tags.clone()).unwrap_or_default()).await?
        }
    };
    Ok(launched.told(call.ctx))
}

/// What a plan has launched.
pub(super) struct Reservation {
    reservation: String,
    pub(super) ids: Vec<String>,
    told: Vec<Value>,
}

impl Reservation {
    /// As RunInstances answers it.
    fn told(&self, ctx: &CallContext<'_>) -> Value {
        json!({
            "ReservationId": self.reservation,
            "OwnerId": ctx.caller.account,
            "Groups": [],
            "Instances": self.told,
        })
    }
}

/// Launches what is planned, with these tags of AWS's on each instance.
pub(super) async fn launch(
    call: &Call<'_>,
    plan: &Plan,
    of_aws: BTreeMap<String, String>,
) -> Result<Reservation, ServiceError> {
    let fleet = of_aws.get(OF_FLEET).cloned();
    let mut of_instance = tags::of_new(&plan.tag_specifications, Ec2Kind::Instance)?;
    let of_volume = tags::of_new(&plan.tag_specifications, Ec2Kind::Volume)?;
    of_instance.extend(of_aws);
    of_instance.extend(plan.template.iter().flat_map(|(id, version)| {
        [("aws:ec2launchtemplate:id", id), ("aws:ec2launchtemplate:version", version)]
            .map(|(key, value)| (key.to_owned(), value.clone()))
    }));
    let reservation = call.new_id("r-")?;
    let mut launched = Vec::new();
    for index in 0..plan.count {
        launched.push(one(call, plan, &reservation, index).await?);
    }
    let mut change = call.change();
    if let Some(before) = launched_before(call, &change, plan)? {
        // Another call with the same token was faster, while this one's volumes came under their keys.
        return Ok(before);
    }
    let (mut told, mut ids, mut held) = (Vec::new(), Vec::new(), Vec::new());
    for Made { instance, volumes, grants } in launched {
        held.extend(grants);
        tags::put(call, &mut change, &instance.id, &of_instance)?;
        for volume in &volumes {
            tags::put(call, &mut change, &volume.id, &of_volume)?;
        }
        told.push(instances::told(call, &instance, &volumes.iter().collect::<Vec<_>>(), tag_set(&of_instance)));
        volumes.into_iter().for_each(|volume| change.put(volume));
        ids.push(instance.id.clone());
        change.put(Instance { fleet: fleet.clone(), ..instance });
    }
    held.into_iter().for_each(|held| held.kept(&mut change));
    change.commit();
    Ok(Reservation { reservation, ids, told })
}

/// What the same token has launched before.
///
/// Source: Amazon EC2 API Reference, "Ensuring idempotency in Amazon EC2 API requests".
fn launched_before(call: &Call<'_>, realm: &Realm, plan: &Plan) -> Result<Option<Reservation>, ServiceError> {
    let Some(token) = plan.client_token.as_deref() else { return Ok(None) };
    let instances: Vec<&Instance> = realm.launched_by(&call.place(), token).collect();
    let Some(first) = instances.first() else { return Ok(None) };
    if let Some(once) = &plan.once {
        once.is_as(first.once.as_ref())?;
    }
    Ok(Some(Reservation {
        reservation: first.reservation.clone(),
        ids: instances.iter().map(|instance| instance.id.clone()).collect(),
        told: instances.iter().map(|instance| instances::told_now(call, realm, instance)).collect(),
    }))
}

async fn one<'c>(call: &Call<'c>, plan: &Plan, reservation: &str, index: i64) -> Result<Made<'c>, ServiceError> {
    let (now, id) = (call.now(), call.new_id("i-")?);
    let settles = now.checked_add(SETTLING).unwrap_or(now);
    let mut made: Vec<(String, &PlannedVolume, Sealed<'_>)> = Vec::new();
    let mut is_refused = false;
    for planned in &plan.volumes {
        let volume = call.new_id("vol-")?;
        let sealed = match (is_refused, &planned.launch) {
            // What comes after the first refusal is not tried.
            (true, _) => Sealed::under(call, None),
            (false, Some(launch)) => {
                let source = planned.source.as_ref();
                let phases = &[Phase::Create, Phase::Attach];
                let of = OfVolume { volume: &volume, instance: Some(&id), source, phases };
                keys::seal(call, launch, of).await.unwrap_or_else(|refused| {
                    is_refused = true;
                    Sealed::under(call, refused.key)
                })
            }
            (false, None) => {
                is_refused = true;
                Sealed::under(call, None)
            }
        };
        made.push((volume, planned, sealed));
    }
    let (instance, mut grants) = (&id, Vec::new());
    let volumes: Vec<Volume> = made
        .into_iter()
        .map(|(id, planned, sealed)| {
            // Those of an instance that dies end here.
            let kept = if is_refused { Held::none(call.ec2) } else { sealed.grants };
            let volume = Volume {
                id,
                owner: call.account(),
                region: call.ctx.region.clone(),
                zone: plan.subnet.zone.clone(),
                size: planned.size,
                iops: volumes::iops(&planned.kind, planned.iops),
                throughput: volumes::throughput(&planned.kind, planned.throughput),
                kind: planned.kind.clone(),
                snapshot: planned.snapshot.clone(),
                key: sealed.key,
                data_key: sealed.data_key,
                grants: kept.grants(),
                created: now,
                ready: settles,
                attachment: Some(Attachment {
                    instance: instance.clone(),
                    device: planned.device.clone(),
                    at: now,
                    delete_on_termination: planned.delete_on_termination,
                    ends: None,
                }),
                gone: is_refused.then_some(settles),
                once: None,
            };
            grants.push(kept);
            volume
        })
        .collect();
    let instance = Instance {
        owner: call.account(),
        region: call.ctx.region.clone(),
        reservation: reservation.to_owned(),
        launch_index: index,
        client_token: plan.client_token.clone(),
        once: plan.once.clone(),
        image: plan.image.id.clone(),
        architecture: plan.image.architecture.clone(),
        root_device: plan.image.root_device.clone(),
        kind: plan.kind.clone(),
        zone: plan.subnet.zone.clone(),
        subnet: plan.subnet.id.clone(),
        address: plan.subnet.address(&id),
        interface: call.new_id("eni-")?,
        groups: plan.groups.clone(),
        profile: plan.profile.clone(),
        key_name: plan.key_name.clone(),
        is_spot: plan.is_spot,
        fleet: None,
        spot_request: None,
        metadata_options: plan.metadata_options.clone(),
        user_data: plan.user_data.clone(),
        volumes: volumes.iter().map(|volume| volume.id.clone()).collect(),
        launched: now,
        settles,
        fails: is_refused.then(|| Reason {
            code: INVALID_KEY.to_owned(),
            message: format!("{INVALID_KEY}: {INVALID_KEY_MESSAGE}"),
            transition: INVALID_KEY.to_owned(),
        }),
        stop: None,
        started: None,
        termination: None,
        id,
    };
    Ok(Made { instance, volumes, grants })
}
