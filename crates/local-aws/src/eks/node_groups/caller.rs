//! What EKS calls of other services for whoever makes or changes a node group, before it does anything itself.
//!
//! Sources: users who lacked the permissions (aws-controllers-k8s/community #2164: `ec2:DescribeSubnets` and
//! `iam:ListAttachedRolePolicies`; terraform-aws-modules/terraform-aws-eks #823: `iam:GetRole`; aws-samples/terraform-eks-code #13:
//! the launch template); eksctl, "Minimum IAM policies". The order of the calls is assumed, and so is that refusals have the code of
//! the one of `iam:GetRole`.

use aws_model::Arn;
use aws_wire::model::ServiceId;
use serde_json::{Value, json};

use super::{
    parts,
    role::{EKS, ROLE},
};
use crate::{
    CallContext, ServiceError,
    eks::{
        call::Call,
        fault,
        records::{NodeGroup, TemplateOf},
    },
};

/// Looks for EKS's role of node groups.
pub(super) async fn may_look_for_role(call: &Call<'_>) -> Result<(), ServiceError> {
    match ask(call, ServiceId::Iam, "GetRole", json!({ "RoleName": ROLE })).await {
        Err(refused) if is_denial(&refused) => Err(fault::invalid_request(format!(
            "Failed to validate if SLR: {ROLE} already exists due to missing permissions for 'iam:GetRole'"
        ))),
        _ => Ok(()),
    }
}

/// Looks at the role of the nodes, and at their subnets.
pub(super) async fn may_look_at(call: &Call<'_>, role: &Arn, subnets: &[String]) -> Result<(), ServiceError> {
    let name = role.resource().rsplit('/').next().unwrap_or_default();
    let policies = ask(call, ServiceId::Iam, "ListAttachedRolePolicies", json!({ "RoleName": name })).await;
    let subnets = match policies {
        Err(refused) if is_denial(&refused) => return Err(fault::invalid_request(refused.message())),
        _ => ask(call, ServiceId::Ec2, "DescribeSubnets", json!({ "SubnetIds": subnets })).await,
    };
    match subnets {
        Err(refused) if is_denial(&refused) => Err(fault::invalid_request(refused.message())),
        _ => Ok(()),
    }
}

/// Tries out a launch by the customer's template, without launching.
pub(super) async fn may_launch(call: &Call<'_>, group: &NodeGroup, of: &TemplateOf) -> Result<(), ServiceError> {
    let mut run = json!({
        "LaunchTemplate": { "LaunchTemplateId": of.id, "Version": of.version },
        "MinCount": 1, "MaxCount": 1, "DryRun": true, "SubnetId": group.subnets.first(),
    });
    if let Some(members) = run.as_object_mut() {
        let kind = group.instance_types.as_ref().and_then(|types| types.first());
        let image = parts::image(group, call.ctx.region);
        members.extend(kind.map(|kind| ("InstanceType".to_owned(), json!(kind))));
        members.extend(image.map(|image| ("ImageId".to_owned(), json!(image))));
    }
    match ask(call, ServiceId::Ec2, "RunInstances", run).await {
        Err(refused) if is_denial(&refused) => {
            let message = "You are not authorized to launch instances with this launch template.";
            Err(fault::invalid_request(format!("{message} {}", refused.message())))
        }
        _ => Ok(()),
    }
}

async fn ask(call: &Call<'_>, service: ServiceId, operation: &str, input: Value) -> Result<Value, ServiceError> {
    let ctx = CallContext { invoked_by: Some(EKS), peer: None, ..*call.ctx };
    call.nodes.ask_as(&ctx, service, operation, input).await
}

/// What else goes wrong is found out by the checks of what is asked for.
fn is_denial(refused: &ServiceError) -> bool {
    ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"].contains(&refused.code())
}
