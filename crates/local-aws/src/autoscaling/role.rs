//! The service-linked role by which a group launches.
//!
//! Source: Amazon EC2 Auto Scaling User Guide, "Service-linked roles for Amazon EC2 Auto Scaling".

use authz::{
    launch::{Capacity, GroupTemplate, Launcher},
    principal::{Principal, RoleSession},
};
use aws_model::Arn;
use aws_wire::model::{self, ServiceId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{AutoScaling, Inner, call::Call, config::SERVICE, fault};
use crate::{
    CallContext, Caller, ServiceError,
    accounts::assumed_role_arn,
    iam,
    trail::{Answered, Notes, Trail},
};

/// The default role's name.
const ROLE: &str = "AWSServiceRoleForAutoScaling";

/// The name of its sessions, as CloudTrail shows them.
const SESSION: &str = "AutoScaling";

/// The role that a new group launches by: the one that is named, or the account's default one, which is made if it is not
/// there.
pub(super) fn of(call: &Call<'_>, named: Option<&str>) -> Result<Arn, ServiceError> {
    let Some(named) = named else { return default(call) };
    let name = named.rsplit('/').next().unwrap_or_default();
    let found = call.all.iam.service_linked(call.account(), SERVICE, name);
    found
        .filter(|found| found.as_str() == named)
        .ok_or_else(|| fault::validation("ARN specified for Service-Linked Role does not exist."))
}

fn default(call: &Call<'_>) -> Result<Arn, ServiceError> {
    let found = || call.all.iam.service_linked(call.account(), SERVICE, ROLE);
    if let Some(role) = found() {
        return Ok(role);
    }
    let home = iam::home_region(call.ctx.region.partition());
    let (notes, id) = (Notes::default(), Uuid::new_v4().to_string());
    let ctx = CallContext {
        region: home.as_ref().unwrap_or(call.ctx.region),
        request_id: &id,
        invoked_by: Some(SERVICE),
        notes: Some(&notes),
        ..*call.ctx
    };
    let input = json!({ "AWSServiceName": SERVICE });
    let operation = "CreateServiceLinkedRole";
    let modelled = model::service(ServiceId::Iam).operation(operation).ok_or_else(fault::internal)?;
    let parameters = Trail::parameters(ServiceId::Iam, modelled, &input);
    let answer = call.all.iam.call(&ctx, operation, input);
    call.all.trail.record(Answered {
        service: ServiceId::Iam,
        operation: modelled,
        context: &ctx,
        parameters,
        answer: answer.as_ref(),
        noted: notes.take(),
    });
    answer.map_err(|refused| fault::role_not_made(&refused))?;
    found().ok_or_else(fault::internal)
}

impl AutoScaling {
    /// The groups that launch by a role.
    pub(crate) fn using(&self, role: &Arn) -> Vec<Arn> {
        self.0.state.read().groups_by(role).map(|group| group.arn.clone()).collect()
    }
}

/// Whether a role is still there.
pub(super) fn is_there(all: &Inner, role: &Arn) -> bool {
    let name = role.resource().rsplit('/').next().unwrap_or_default();
    role.account().parse().is_ok_and(|account| all.iam.service_linked(account, SERVICE, name).is_some())
}

/// Who launches by a role.
pub(super) fn launcher(role: &Arn, is_spot: bool) -> Launcher {
    let name = role.resource().rsplit('/').next().unwrap_or_default();
    Launcher::AutoScaling {
        suffix: name.strip_prefix(ROLE).and_then(|rest| rest.strip_prefix('_')).map(Into::into),
        from: GroupTemplate::LaunchTemplate,
        capacity: if is_spot { Capacity::Spot } else { Capacity::OnDemand },
    }
}

/// The session of a role that Auto Scaling calls EC2 with.
pub(super) fn session(all: &Inner, role: &Arn) -> Option<Caller> {
    let account = role.account().parse().ok()?;
    let session = RoleSession::of(role.clone(), Some(SESSION.to_owned()));
    Some(Caller {
        arn: assumed_role_arn(role, SESSION),
        user_id: format!("{}:{SESSION}", all.accounts.unique_id(role, "AROA")),
        principal: Principal::Session(Box::new(session)),
        ..Caller::root(account, "")
    })
}

/// Calls EC2 as a group's role, and has the call's event written.
pub(super) async fn ask_ec2(
    all: &Inner,
    group: &super::records::Group,
    now: jiff::Timestamp,
    behalf: Option<&crate::ec2::Behalf>,
    operation: &str,
    input: Value,
) -> Result<Value, ServiceError> {
    let modelled = model::service(ServiceId::Ec2).operation(operation).ok_or_else(fault::internal)?;
    let caller = session(all, &group.role).ok_or_else(fault::internal)?;
    let (notes, id) = (Notes::default(), Uuid::new_v4().to_string());
    let ctx = CallContext {
        caller: &caller,
        region: &group.region,
        now,
        request_id: &id,
        invoked_by: Some(SERVICE),
        peer: None,
        notes: Some(&notes),
    };
    let parameters = Trail::parameters(ServiceId::Ec2, modelled, &input);
    let answer = all.ec2.call_for(&ctx, behalf, operation, input).await;
    all.trail.record(Answered {
        service: ServiceId::Ec2,
        operation: modelled,
        context: &ctx,
        parameters,
        answer: answer.as_ref(),
        noted: notes.take(),
    });
    answer
}
