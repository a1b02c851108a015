//! The service-linked role by which EKS makes and keeps the parts of node groups.
//!
//! Source: Amazon EKS User Guide, "Using roles for Amazon EKS node groups".

use authz::principal::{Principal, RoleSession};
use aws_model::{AccountId, Arn, Region};
use aws_wire::model::{self, ServiceId};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Nodes;
use crate::{
    CallContext, Caller, ServiceError,
    accounts::assumed_role_arn,
    eks::{call::Call, fault},
    iam,
    trail::{Answered, Notes, Trail},
};

const SERVICE: &str = "eks-nodegroup.amazonaws.com";
pub(super) const ROLE: &str = "AWSServiceRoleForAmazonEKSNodegroup";
/// The name of its sessions, as CloudTrail shows them.
const SESSION: &str = "EKS";
/// Who makes the role for a caller.
pub(super) const EKS: &str = "eks.amazonaws.com";

/// Where the parts of a node group are, and when something is done with them.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) account: AccountId,
    pub(super) region: &'a Region,
    pub(super) now: Timestamp,
}

impl Nodes {
    /// Sees to it that the role is there: it is made at need, as the caller.
    pub(super) async fn has_role(&self, call: &Call<'_>) -> Result<(), ServiceError> {
        if self.iam.service_linked(call.account(), SERVICE, ROLE).is_some() {
            return Ok(());
        }
        let ctx = CallContext { invoked_by: Some(EKS), peer: None, ..*call.ctx };
        let made = self.ask_as(&ctx, ServiceId::Iam, "CreateServiceLinkedRole", json!({ "AWSServiceName": SERVICE }));
        made.await.map(drop).map_err(|refused| fault::invalid_request(refused.message()))
    }

    /// Calls a service as the role, and has the call's event written.
    pub(super) async fn ask(
        &self,
        at: At<'_>,
        service: ServiceId,
        operation: &str,
        input: Value,
    ) -> Result<Value, ServiceError> {
        let missing = || {
            let message = format!("The service-linked role {ROLE} is not there.");
            ServiceError::new("AccessDenied", message).with_status(403)
        };
        let role: Arn = self.iam.service_linked(at.account, SERVICE, ROLE).ok_or_else(missing)?;
        let caller = Caller {
            arn: assumed_role_arn(&role, SESSION),
            user_id: format!("{}:{SESSION}", self.accounts.unique_id(&role, "AROA")),
            principal: Principal::Session(Box::new(RoleSession::of(role, Some(SESSION.to_owned())))),
            ..Caller::root(at.account, "")
        };
        let ctx = CallContext {
            caller: &caller,
            region: at.region,
            now: at.now,
            request_id: "",
            invoked_by: Some(SERVICE),
            peer: None,
            notes: None,
        };
        self.ask_as(&ctx, service, operation, input).await
    }

    pub(super) async fn ask_as(
        &self,
        ctx: &CallContext<'_>,
        service: ServiceId,
        operation: &str,
        input: Value,
    ) -> Result<Value, ServiceError> {
        let modelled = model::service(service).operation(operation).ok_or_else(fault::internal)?;
        let home = (service == ServiceId::Iam).then(|| iam::home_region(ctx.region.partition())).flatten();
        let (notes, id) = (Notes::default(), Uuid::new_v4().to_string());
        let region = home.as_ref().unwrap_or(ctx.region);
        let ctx = CallContext { region, request_id: &id, notes: Some(&notes), ..*ctx };
        let parameters = Trail::parameters(service, modelled, &input);
        let answer = match service {
            ServiceId::Iam => self.iam.call(&ctx, operation, input),
            ServiceId::Ec2 => self.ec2.call(&ctx, operation, input).await,
            _ => self.autoscaling.call(&ctx, operation, input).await,
        };
        self.trail.record(Answered {
            service,
            operation: modelled,
            context: &ctx,
            parameters,
            answer: answer.as_ref(),
            noted: notes.take(),
        });
        answer
    }
}
