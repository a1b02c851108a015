//! The service-linked roles that launch for EC2.
//!
//! Source: Amazon EC2 User Guide, "Service-linked role for EC2 Fleet" and "Service-linked role for Spot Instance requests":
//! EC2 makes the role where it is not there, by the permission of whoever asks (`iam:CreateServiceLinkedRole`).

use authz::launch::ServiceLinked;
use aws_model::{AccountId, Arn, Region};
use serde_json::json;

use super::{Ec2, call::Call, records::FleetKind};
use crate::{CallContext, ServiceError};

/// EC2, as whoever it makes a role for.
const EC2: &str = "ec2.amazonaws.com";

/// What uses the roles, by its ARN.
impl Ec2 {
    /// An account's requests for Spot Instances that are not over.
    pub(crate) fn open_spot_requests(&self, account: AccountId) -> Vec<Arn> {
        let realm = self.state.read();
        let open = realm.spot_requests.all().filter(|request| request.owner == account && request.closed.is_none());
        open.filter_map(|request| arn(&request.region, account, "spot-instances-request", &request.id)).collect()
    }

    /// An account's fleets that are kept: those that are deleted are not, nor those that were launched once.
    pub(crate) fn kept_fleets(&self, account: AccountId) -> Vec<Arn> {
        let realm = self.state.read();
        let kept = realm
            .fleets
            .all()
            .filter(|fleet| fleet.owner == account && fleet.kind != FleetKind::Instant && fleet.deletion.is_none());
        kept.filter_map(|fleet| arn(&fleet.region, account, "fleet", &fleet.id)).collect()
    }
}

fn arn(region: &Region, account: AccountId, kind: &str, id: &str) -> Option<Arn> {
    format!("arn:{}:ec2:{region}:{account}:{kind}/{id}", region.partition()).parse().ok()
}

/// Sees to it that a role is there.
///
/// # Errors
/// EC2's own, where the role is not there and the caller may not have it made.
pub(super) async fn needed(call: &Call<'_>, role: ServiceLinked) -> Result<(), ServiceError> {
    let account = call.account();
    // Of an open account everybody is there who is named.
    if call.ec2.authorizer.is_open(account) || call.ec2.iam.has_role(account, &role.role_name()) {
        return Ok(());
    }
    let ctx = CallContext {
        caller: call.ctx.caller,
        region: call.ctx.region,
        now: call.ctx.now,
        request_id: call.ctx.request_id,
        peer: None,
        notes: None,
        invoked_by: Some(EC2),
    };
    let made = call.ec2.iam.call(&ctx, "CreateServiceLinkedRole", json!({ "AWSServiceName": role.service() }));
    made.map(|_| ()).map_err(|error| {
        let what = match role {
            ServiceLinked::Fleet => "EC2 Fleet",
            ServiceLinked::Spot => "EC2 Spot Instances",
            ServiceLinked::AutoScaling(_) => "Auto Scaling",
        };
        tracing::debug!(%error, "a service-linked role was not made");
        let message =
            format!("The provided credentials do not have permission to create the service-linked role for {what}.");
        ServiceError::new("AuthFailure.ServiceLinkedRoleCreationNotPermitted", message).with_status(403)
    })
}
