//! The service-linked roles that launch for EC2.
//!
//! Source: Amazon EC2 User Guide, "Service-linked role for EC2 Fleet" and "Service-linked role for Spot Instance requests":
//! EC2 makes the role where it is not there, by the permission of whoever asks (`iam:CreateServiceLinkedRole`).

use authz::launch::ServiceLinked;
use serde_json::json;

use super::call::Call;
use crate::{CallContext, ServiceError};

/// EC2, as whoever it makes a role for.
const EC2: &str = "ec2.amazonaws.com";

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
