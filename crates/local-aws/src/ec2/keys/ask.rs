//! One call to KMS, as whoever EC2 makes it.

use authz::{
    launch::{self, Step},
    principal::{Principal, RoleSession},
};
use aws_model::Region;
use aws_wire::model::{self, ServiceId};
use serde_json::Value;
use uuid::Uuid;

use super::OfVolume;
use crate::{
    CallContext, Caller, ServiceError,
    accounts::assumed_role_arn,
    caller::Peer,
    ec2::{call::Call, fault},
    trail::{Answered, Notes, Trail},
};

/// EC2, as the trail and `kms:ViaService` know it.
const EC2: &str = "ec2.amazonaws.com";

/// Who calls, where, and through whom.
pub(super) struct By<'a> {
    /// Who calls, if it is not who calls EC2.
    caller: Option<Caller>,
    region: &'a Region,
    through: Option<&'static str>,
}

impl<'a> By<'a> {
    /// Whoever calls EC2, through it, in a region.
    pub(super) fn caller_in(region: &'a Region) -> Self {
        Self { caller: None, region, through: Some(EC2) }
    }

    /// Who makes the call of a step.
    pub(super) fn of(call: &Call<'a>, step: &Step, of: &OfVolume<'_>) -> Self {
        Self {
            caller: caller(call, step, of),
            region: call.ctx.region,
            through: (!step.request.through.is_empty()).then_some(EC2),
        }
    }

    /// Whether policies see the address of who has called EC2.
    fn is_told_from_where(&self, call: &Call<'_>) -> bool {
        self.caller.is_none() && !call.ec2.authorizer.assumptions().iam_key_source_ip_forwarded
    }

    /// Makes a call, and has its event written.
    pub(super) async fn ask(
        self,
        call: &Call<'_>,
        operation: &'static str,
        input: Value,
    ) -> Result<Value, ServiceError> {
        let modelled = model::service(ServiceId::Kms).operation(operation).ok_or_else(fault::internal)?;
        let (notes, id) = (Notes::default(), Uuid::new_v4().to_string());
        let ctx = CallContext {
            caller: self.caller.as_ref().unwrap_or(call.ctx.caller),
            region: self.region,
            now: call.ctx.now,
            request_id: &id,
            peer: call.ctx.peer.filter(|_| self.is_told_from_where(call)).map(address_of),
            notes: Some(&notes),
            invoked_by: self.through,
        };
        let parameters = Trail::parameters(ServiceId::Kms, modelled, &input);
        let answer = call.ec2.kms.call(&ctx, operation, input).await;
        call.ec2.trail.record(Answered {
            service: ServiceId::Kms,
            operation: modelled,
            context: &ctx,
            parameters,
            answer: answer.as_ref(),
            noted: notes.take(),
        });
        answer
    }
}

/// All but the address is EC2's.
fn address_of(peer: Peer<'_>) -> Peer<'_> {
    Peer { user_agent: None, referer: None, tls: None, host: None, ..peer }
}

/// Who calls, if it is not who launches: EC2's infrastructure, or a role that launches for a service.
fn caller(call: &Call<'_>, step: &Step, of: &OfVolume<'_>) -> Option<Caller> {
    let Principal::Session(session) = &step.request.principal else { return None };
    let is_own = matches!(&call.ctx.caller.principal, Principal::Session(own) if own.role == session.role);
    if is_own {
        return None;
    }
    let name = session.name.as_deref().filter(|name| *name != launch::NEW_INSTANCE).unwrap_or(of.for_whom());
    let role = session.role.resource().rsplit('/').next().unwrap_or_default();
    let account = call.account();
    // EC2's own role has no unique id: its sessions are told so by their names.
    let id = if role.starts_with("aws:") {
        format!("{account}:{role}")
    } else {
        call.ec2.accounts.unique_id(&session.role, "AROA")
    };
    Some(Caller {
        arn: assumed_role_arn(&session.role, name),
        user_id: format!("{id}:{name}"),
        principal: Principal::Session(Box::new(RoleSession::of(session.role.clone(), Some(name.to_owned())))),
        ..Caller::root(account, "")
    })
}
