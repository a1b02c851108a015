//! What EC2 launches by service-linked roles of its own: RunInstances as a session of the role, decided by what the role may, and
//! written to the trail as the role's call. What the volumes ask of KMS is asked by the same session.
//!
//! Sources: AWS Managed Policy Reference, "AWSEC2FleetServiceRolePolicy" and "AWSEC2SpotServiceRolePolicy" (both allow
//! `ec2:RunInstances`, and `iam:PassRole` to EC2); Amazon EC2 User Guide, "Service-linked role for EC2 Fleet" and "Service-linked role
//! for Spot Instance requests". That the role is asked about whatever RunInstances takes of anybody is assumed.

use std::collections::BTreeMap;

use authz::launch::{FleetKind, Launcher, ServiceLinked};
use aws_wire::model::{self, ServiceId};
use serde_json::Value;

use super::{Plan, Reservation, launch, plan};
use crate::{
    ServiceError,
    ec2::{
        authorize,
        call::Call,
        fault,
        service_roles::{self, Acting},
    },
    trail::Trail,
};

const OPERATION: &str = "RunInstances";

/// What a RunInstances was planned to launch, and has.
pub(in crate::ec2) type Run = (Plan, Reservation);

/// The role that launches, where it is not who calls.
fn role(launcher: &Launcher) -> Option<ServiceLinked> {
    match launcher {
        Launcher::Fleet(FleetKind::Request | FleetKind::Maintain) => Some(ServiceLinked::Fleet),
        Launcher::SpotRequest => Some(ServiceLinked::Spot),
        _ => None,
    }
}

/// Launches by an input of RunInstances, as whoever launches, with these tags of AWS's on each instance.
pub(in crate::ec2) async fn run(
    call: &Call<'_>,
    launcher: &Launcher,
    input: Value,
    of_aws: BTreeMap<String, String>,
) -> Result<Run, ServiceError> {
    match role(launcher) {
        Some(role) => as_role(call, &role, launcher, input, of_aws).await,
        None => as_caller(call, launcher, input, of_aws).await,
    }
}

async fn as_role(
    call: &Call<'_>,
    role: &ServiceLinked,
    launcher: &Launcher,
    input: Value,
    of_aws: BTreeMap<String, String>,
) -> Result<Run, ServiceError> {
    let operation = model::service(ServiceId::Ec2).operation(OPERATION).ok_or_else(fault::internal)?;
    let acting = Acting::of(call, role)?;
    let ctx = acting.context(call.ctx);
    let parameters = Trail::parameters(ServiceId::Ec2, operation, &input);
    let ran = as_caller(&Call { ctx: &ctx, behalf: None, ..*call }, launcher, input, of_aws).await;
    let answer = ran.as_ref().map(|(_, reservation)| reservation.told(&ctx));
    acting.record(call, &ctx, operation, parameters, answer.as_ref().map_err(|refused| *refused));
    ran
}

async fn as_caller(
    call: &Call<'_>,
    launcher: &Launcher,
    input: Value,
    of_aws: BTreeMap<String, String>,
) -> Result<Run, ServiceError> {
    let plan = plan::of(call, input, launcher)?;
    authorize::authorize(call, OPERATION, &plan.complete)?;
    if plan.is_spot {
        service_roles::needed(call, &ServiceLinked::Spot)?;
    }
    let launched = launch(call, &plan, of_aws).await?;
    Ok((plan, launched))
}
