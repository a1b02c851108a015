//! What a simulation is given beside the policies of an identity: another caller, the organization's levels, the policy and
//! the owner of the resources.
//!
//! Source: IAM API Reference, "SimulateCustomPolicy": `CallerArn`, `OrderedOrganizationPolicyInputList`, `ResourcePolicy`,
//! `ResourceOwner`.

use std::sync::Arc;

use authz::{
    policy::{Policy, PolicyKind},
    principal::Principal,
    world::{AttachedPolicy, Identity, Organization, OrganizationNode, OtherResource, PolicyOrigin, World},
};
use aws_model::{AccountId, Arn};
use serde::Deserialize;

use super::{
    super::{call::Call, documents::read, fault},
    SIMULATED,
    asked::Owner,
    refused_by_model,
};
use crate::ServiceError;

/// How many levels an organization has: its root, five organizational units below one another, and the account.
///
/// Source: AWS Organizations User Guide, "Quotas and service limits for AWS Organizations".
const LEVELS: usize = 7;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Given {
    caller_arn: Option<String>,
    #[serde(default)]
    ordered_organization_policy_input_list: Vec<Level>,
    resource_policy: Option<String>,
    resource_owner: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Level {
    #[serde(default)]
    service_control_policy_input_list: Vec<String>,
}

impl Given {
    /// Every policy but those of an identity.
    pub(super) fn documents(&self) -> impl Iterator<Item = &String> {
        let levels = self.ordered_organization_policy_input_list.iter();
        levels.flat_map(|level| &level.service_control_policy_input_list).chain(&self.resource_policy)
    }

    pub(super) fn resource_document(&self) -> Option<&str> {
        self.resource_policy.as_deref()
    }

    /// Who calls: the one whose policies are simulated, or another user as if it had them.
    ///
    /// Source: IAM API Reference, "SimulatePrincipalPolicy", `CallerArn` ("You can specify only the ARN of an IAM user";
    /// of which account is not said).
    pub(super) fn caller(&self, world: &mut World, source: Principal) -> Result<Principal, ServiceError> {
        let Some(text) = &self.caller_arn else { return Ok(source) };
        let caller: Arn = text.parse().map_err(|_| fault::invalid_arn(text))?;
        let of_source = match &source {
            Principal::Session(session) => session.role.clone(),
            Principal::User(arn) => arn.clone(),
            _ => return Err(fault::invalid_arn(text)),
        };
        if caller.service() != "iam" || !caller.resource().starts_with("user/") {
            return Err(fault::invalid_input(format!("Invalid caller ARN: {text}: it is of no IAM user.")));
        }
        if caller != of_source {
            let carried = world.identity(&of_source).cloned();
            as_if(world, &caller, carried).map_err(|refused| refused_by_model(&refused))?;
        }
        Ok(Principal::User(caller))
    }

    /// The levels of an organization, which bind the account from now on.
    pub(super) fn organization(&self, call: &Call<'_>, world: &mut World) -> Result<(), ServiceError> {
        let levels = &self.ordered_organization_policy_input_list;
        if levels.is_empty() {
            return Ok(());
        }
        if levels.len() > LEVELS {
            return Err(fault::invalid_input(format!(
                "OrderedOrganizationPolicyInputList has {} levels: an organization has {LEVELS} at most.",
                levels.len()
            )));
        }
        // No policy binds the management account, so that it is another one.
        let other = ["000000000000", "000000000001"].into_iter().find(|other| *other != call.account().as_str());
        let management = other.and_then(|other| other.parse().ok()).unwrap_or_else(|| call.account());
        let mut organization = Organization::new("o-simulated", management);
        let mut above: Option<String> = None;
        for (at, level) in (1..).zip(levels) {
            let policies = (1..).zip(&level.service_control_policy_input_list).map(|(number, document)| {
                let name = format!("OrderedOrganizationPolicyInputList.{at}.ServiceControlPolicyInputList.{number}");
                let policy = policy(call, &name, document, PolicyKind::ServiceControl)?;
                Ok(AttachedPolicy { origin: PolicyOrigin::Inline(name.into()), policy })
            });
            let service_control = Some(policies.collect::<Result<_, ServiceError>>()?);
            let id = match at {
                1 => "r-simulated".to_owned(),
                last if last == levels.len() => call.account().to_string(),
                _ => format!("ou-simulated-{at}"),
            };
            let node = OrganizationNode { id: id.as_str().into(), service_control, resource_control: None };
            organization.put_level(above.as_deref(), node).map_err(|refused| refused_by_model(&refused))?;
            above = Some(id);
        }
        if levels.len() == 1 {
            let id = call.account().as_str().into();
            let node = OrganizationNode { id, service_control: None, resource_control: None };
            organization.put_level(above.as_deref(), node).map_err(|refused| refused_by_model(&refused))?;
        }
        world.set_organization(Some(organization));
        Ok(())
    }

    /// Whose the resources are; those that are asked about have the policy from now on.
    pub(super) fn resource_policy(
        &self,
        call: &Call<'_>,
        world: &mut World,
        caller: &Arn,
        resources: &[String],
    ) -> Result<Owner, ServiceError> {
        let of_caller = caller.account().parse().map_err(|_| fault::invalid_arn(caller.as_str()))?;
        let account = match &self.resource_owner {
            Some(text) => owner(text).ok_or_else(|| fault::invalid_input(format!("Invalid resource owner: {text}")))?,
            None => of_caller,
        };
        let Some(document) = &self.resource_policy else { return Ok(Owner { account, has_policy: false }) };
        let is_user = caller.resource().starts_with("user/") && caller.resource() != format!("user/{SIMULATED}");
        if self.caller_arn.is_none() && !is_user {
            return Err(fault::invalid_input("A resource policy needs a CallerArn, which its principals can name."));
        }
        let policy = policy(call, "ResourcePolicy", document, PolicyKind::Resource)?;
        for resource in resources {
            let arn: Arn = resource.parse().map_err(|_| fault::invalid_arn(resource))?;
            if matches!(arn.service(), "kms" | "iam") {
                return Err(fault::invalid_input(format!(
                    "The embedded AWS's policy simulator takes no resource policy for {resource}: explain decides about \
                     keys and roles with their own."
                )));
            }
            let of_arn = arn.account().parse().unwrap_or(account);
            let policy = Some(world.saved(Arc::clone(&policy)));
            world.put_resource(of_arn, resource, OtherResource { policy, ..OtherResource::default() });
        }
        if resources.is_empty() {
            return Err(fault::invalid_input("A resource policy needs ResourceArns, which it is the policy of."));
        }
        Ok(Owner { account, has_policy: true })
    }
}

/// An account by its id or by the ARN of its root.
fn owner(text: &str) -> Option<AccountId> {
    let arn: Option<Arn> = text.parse().ok();
    let id = arn.as_ref().filter(|arn| arn.resource() == "root").map_or(text, |arn| arn.account());
    id.parse().ok()
}

/// Makes a user that carries what another user or role does, in place of what it carried.
fn as_if(world: &mut World, caller: &Arn, carried: Option<Identity>) -> Result<(), authz::world::ChangeError> {
    let tags = world.identity(caller).map(|known| known.tags.clone()).unwrap_or_default();
    let id = world.identity(caller).map_or_else(|| SIMULATED.to_owned(), |known| known.unique_id.to_string());
    world.put_user(caller, &id)?;
    world.set_identity_tags(caller, tags)?;
    let Some(Identity { policies, boundary, .. }) = carried else { return Ok(()) };
    for AttachedPolicy { origin, policy } in policies {
        match origin {
            PolicyOrigin::Managed(arn) => {
                if let Ok(arn) = arn.parse() {
                    world.attach_policy(caller, &arn)?;
                }
            }
            PolicyOrigin::Inline(name) => world.put_inline_policy(caller, &name, policy)?,
            PolicyOrigin::GroupInline { group, name } | PolicyOrigin::GroupManaged { group, arn: name } => {
                world.put_inline_policy(caller, &format!("group_{group}_{name}"), policy)?;
            }
        }
    }
    let boundary = boundary.and_then(|boundary| boundary.origin.name().parse().ok());
    world.set_boundary(caller, boundary.as_ref())
}

fn policy(call: &Call<'_>, name: &str, document: &str, kind: PolicyKind) -> Result<Arc<Policy>, ServiceError> {
    let read = read(name, document, kind, call.state.authorizer().assumptions());
    read.map(Arc::new).map_err(|malformed| fault::invalid_input(malformed.message()))
}
