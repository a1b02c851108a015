//! Instances of fleets that are too many, or go with their fleet: TerminateInstances as a session of `AWSServiceRoleForEC2Fleet`,
//! decided by what the role may, and written to the trail as the role's call.
//!
//! Sources: Amazon EC2 User Guide, "EC2 Fleet prerequisites" > "Service-linked role for EC2 Fleet" (it terminates instances); AWS
//! Managed Policy Reference, "AWSEC2FleetServiceRolePolicy" (`ec2:TerminateInstances`, of instances with the tag of a fleet). That it is
//! one call of all instances is assumed.

use authz::launch::ServiceLinked;
use aws_wire::model::{self, ServiceId};
use serde_json::json;

use crate::{
    ServiceError,
    ec2::{authorize, call::Call, fault, instances, records::Reason, service_roles::Acting},
    trail::Trail,
};

const OPERATION: &str = "TerminateInstances";

/// Terminates these.
///
/// # Errors
/// What the role is refused; none of them ends then.
pub(super) fn as_role(call: &Call<'_>, ids: &[String]) -> Result<(), ServiceError> {
    let operation = model::service(ServiceId::Ec2).operation(OPERATION).ok_or_else(fault::internal)?;
    let acting = Acting::of(call, &ServiceLinked::Fleet)?;
    let ctx = acting.context(call.ctx);
    let input = json!({ "InstanceIds": ids });
    let as_role = Call { ctx: &ctx, behalf: None, ..*call };
    let answer = authorize::authorize(&as_role, OPERATION, &input)
        .and_then(|()| instances::end_all(&as_role, ids, &Reason::of_service(call.now())));
    let parameters = Trail::parameters(ServiceId::Ec2, operation, &input);
    acting.record(call, &ctx, operation, parameters, answer.as_ref());
    answer.map(drop)
}
