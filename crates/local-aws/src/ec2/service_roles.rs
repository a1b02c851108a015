//! The service-linked roles that launch, and terminate, for EC2.
//!
//! Source: Amazon EC2 User Guide, "Service-linked role for EC2 Fleet" and "Service-linked role for Spot Instance requests":
//! EC2 makes the role where it is not there, by the permission of whoever asks (`iam:CreateServiceLinkedRole`). Spot Instances take
//! theirs however they are launched: Karpenter, "Troubleshooting" > "Missing Service Linked Role".

use authz::{
    launch::ServiceLinked,
    principal::{Principal, RoleSession},
};
use aws_model::{AccountId, Arn, Region};
use aws_wire::model::{self, Operation, ServiceId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Ec2, call::Call, fault, records::FleetKind};
use crate::{
    CallContext, Caller, ServiceError,
    accounts::assumed_role_arn,
    iam,
    trail::{Answered, Notes, Trail},
};

const OPERATION: &str = "CreateServiceLinkedRole";

/// EC2, as whoever it makes a role for. What the trail has there at AWS no document shows: assumed.
const EC2: &str = "ec2.amazonaws.com";

/// What uses the roles, by its ARN.
impl Ec2 {
    /// An account's requests for Spot Instances that are not over.
    pub(crate) fn open_spot_requests(&self, account: AccountId) -> Vec<Arn> {
        let realm = self.state.read();
        let open = realm.spot_requests.all().filter(|request| request.owner == account && request.closed.is_none());
        open.filter_map(|request| arn(&request.region, account, "spot-instances-request", &request.id)).collect()
    }

    /// An account's fleets that are kept: those that are deleted are not, unless their instances are yet to be ended, nor those that
    /// were launched once.
    pub(crate) fn kept_fleets(&self, account: AccountId) -> Vec<Arn> {
        let realm = self.state.read();
        let kept = realm.fleets.all().filter(|fleet| {
            fleet.owner == account
                && fleet.kind != FleetKind::Instant
                && (fleet.deletion.is_none() || fleet.due.is_some())
        });
        kept.filter_map(|fleet| arn(&fleet.region, account, "fleet", &fleet.id)).collect()
    }
}

fn arn(region: &Region, account: AccountId, kind: &str, id: &str) -> Option<Arn> {
    format!("arn:{}:ec2:{region}:{account}:{kind}/{id}", region.partition()).parse().ok()
}

/// Sees to it that a role is there: it is made at need, as the caller.
///
/// # Errors
/// EC2's own, where the role is not there and the caller may not have it made.
pub(super) fn needed(call: &Call<'_>, role: &ServiceLinked) -> Result<(), ServiceError> {
    if is_there(call, role) { Ok(()) } else { make(call, role) }
}

/// Of an open account everybody is there who is named.
fn is_there(call: &Call<'_>, role: &ServiceLinked) -> bool {
    let account = call.account();
    call.ec2.authorizer.is_open(account) || call.ec2.iam.has_role(account, &role.role_name())
}

fn make(call: &Call<'_>, role: &ServiceLinked) -> Result<(), ServiceError> {
    let modelled = model::service(ServiceId::Iam).operation(OPERATION).ok_or_else(fault::internal)?;
    let home = iam::home_region(call.ctx.region.partition());
    let (notes, id) = (Notes::default(), Uuid::new_v4().to_string());
    let ctx = CallContext {
        region: home.as_ref().unwrap_or(call.ctx.region),
        request_id: &id,
        peer: None,
        notes: Some(&notes),
        invoked_by: call.ctx.invoked_by.or(Some(EC2)),
        ..*call.ctx
    };
    let input = json!({ "AWSServiceName": role.service() });
    let parameters = Trail::parameters(ServiceId::Iam, modelled, &input);
    let made = call.ec2.iam.call(&ctx, OPERATION, input);
    call.ec2.trail.record(Answered {
        service: ServiceId::Iam,
        operation: modelled,
        context: &ctx,
        parameters,
        answer: made.as_ref(),
        noted: notes.take(),
    });
    made.map(drop).map_err(|_| refused(role))
}

/// The session of a role that EC2 launches as.
///
/// # Errors
/// EC2's own, where the account can have no such role.
fn session(call: &Call<'_>, role: &ServiceLinked) -> Result<Caller, ServiceError> {
    let (partition, account) = (call.ctx.region.partition(), call.account());
    let (service, name) = (role.service(), role.role_name());
    let arn = format!("arn:{partition}:iam::{account}:role/aws-service-role/{service}/{name}");
    let arn: Arn = arn.parse().map_err(|_| fault::internal())?;
    let session = RoleSession::of(arn.clone(), Some(session_name(role).to_owned()));
    Ok(Caller {
        user_id: format!("{}:{}", call.ec2.accounts.unique_id(&arn, "AROA"), session_name(role)),
        arn: assumed_role_arn(&arn, session_name(role)),
        principal: Principal::Session(Box::new(session)),
        ..Caller::root(account, "")
    })
}

/// EC2 that calls as a session of a role.
pub(super) struct Acting {
    caller: Caller,
    service: &'static str,
    notes: Notes,
    id: String,
}

impl Acting {
    /// # Errors
    /// EC2's own, where the account can have no such role.
    pub(super) fn of(call: &Call<'_>, role: &ServiceLinked) -> Result<Self, ServiceError> {
        let caller = session(call, role)?;
        Ok(Self { caller, service: role.service(), notes: Notes::default(), id: Uuid::new_v4().to_string() })
    }

    /// What the call of the role's is asked in, for one of somebody's.
    pub(super) fn context<'c>(&'c self, of: &CallContext<'c>) -> CallContext<'c> {
        CallContext {
            caller: &self.caller,
            request_id: &self.id,
            invoked_by: Some(self.service),
            peer: None,
            notes: Some(&self.notes),
            ..*of
        }
    }

    /// Has the event of the role's call written.
    pub(super) fn record(
        &self,
        call: &Call<'_>,
        context: &CallContext<'_>,
        operation: &'static Operation,
        parameters: Option<Box<str>>,
        answer: Result<&Value, &ServiceError>,
    ) {
        let noted = self.notes.take();
        let service = ServiceId::Ec2;
        call.ec2.trail.record(Answered { service, operation, context, parameters, answer, noted });
    }
}

/// What EC2 calls its sessions of its roles: assumed, no document shows them.
const fn session_name(role: &ServiceLinked) -> &'static str {
    match role {
        ServiceLinked::Fleet => "EC2Fleet",
        ServiceLinked::Spot => "EC2Spot",
        ServiceLinked::AutoScaling(_) => "AutoScaling",
    }
}

fn refused(role: &ServiceLinked) -> ServiceError {
    let what = match role {
        ServiceLinked::Fleet => "EC2 Fleet",
        ServiceLinked::Spot => "EC2 Spot Instances",
        ServiceLinked::AutoScaling(_) => "Auto Scaling",
    };
    let message =
        format!("The provided credentials do not have permission to create the service-linked role for {what}.");
    ServiceError::new("AuthFailure.ServiceLinkedRoleCreationNotPermitted", message).with_status(403)
}
